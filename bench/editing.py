"""Infilling: do given bars come back as they were, and does what is new lead into what follows?

    python -m bench.editing --sets ../shared/benchmark --files 100 -m folk

Bars 3 and 4 of each file are composed anew in four ways: by `infill`; by `infill` with one particle, which only
knows when what follows begins; by `generate` after the same beginning, told the same number of bars, which does not
know what follows; and not at all. What then follows is scored, in bits per note.

Contents: measure, page.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.sections import write_section
from melodyrnn.compose.edit import infill
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import load_model
from melodyrnn.constraints.originality import index_of
from melodyrnn.controls.options import Options
from melodyrnn.evaluation.sets import find_seen
from melodyrnn.events.columns import columns
from melodyrnn.events.tokenizer import encode
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.inference.scoring import score
from melodyrnn.music.key_finding import find_key
from melodyrnn.music.melody import MOST_BARS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.compose.model import Model
    from melodyrnn.events.fingerprint import Index
    from melodyrnn.music.melody import Melody, Note

BARS = (2, 3)  # from 0
WAYS = ("given", "infill", "one particle", "continuation")
NEAR = 8  # notes that follow at once
TELL = 20  # seconds between reports


@dataclass(frozen=True, slots=True)
class Measured:
    """One file."""

    name: str
    kept: bool  # every given note came back, from the file that was written too
    near: dict[str, float]  # bits per note of the first notes that follow
    all: dict[str, float]  # … of all
    seconds: float  # of CPU, for infilling
    seen: bool  # the model has trained on it, or on a variant


def files_of(folder: Path, count: int) -> list[Path]:
    """So many files, as many from each set in turn."""
    sets = [sorted(sub.glob("*.mid")) for sub in sorted(folder.iterdir()) if sub.is_dir()]
    return [names[k] for k in range(max(map(len, sets), default=0)) for names in sets if k < len(names)][:count]


def measure(model: Model, paths: list[Path], effort: int, minutes: float) -> Iterator[Measured | None]:
    """Measure one file after another until the time is over; None for one with too few bars."""
    begun, index = time.monotonic(), index_of(model.checkpoint)
    for path in paths:
        if time.monotonic() - begun > 60 * minutes:
            return
        melody = read_midi(path.read_bytes()).melody
        melody = replace(melody, key=melody.key or find_key(melody))
        enough = BARS[-1] + 2 < melody.bars < MOST_BARS
        yield _measured(model, index, f"{path.parent.name}/{path.stem}", melody, effort) if enough else None


def _measured(model: Model, index: Index, name: str, melody: Melody, effort: int) -> Measured:
    window = (melody.bar_onset(BARS[0]), melody.bar_onset(BARS[-1] + 1))
    options = Options(seed=1, key=melody.key, effort=effort)
    start = time.process_time()
    filled = infill(model, melody, BARS, options).melody
    took = time.process_time() - start
    one = infill(model, melody, BARS, options.replace(effort=1)).melody
    made = {"given": melody, "infill": filled, "one particle": one, "continuation": _continued(model, melody, window)}
    written = read_midi(midi_bytes(filled)).melody
    kept = all(_outside(m, window) == _outside(melody, window) for m in (filled, written))
    later = sum(n.onset >= window[1] for n in melody.notes)
    scored = score(model.network, [columns(encode(m, melody.key)) for m in made.values()])
    bits = {way: one.bits.sum(1)[-1 - later : -1] for way, one in zip(made, scored, strict=True)}
    near, everything = ({w: float(b[:n].mean()) for w, b in bits.items()} for n in (NEAR, None))
    seen = any(find_seen(index, [columns(encode(melody, melody.key))], [name]))
    return Measured(name, kept, near, everything, took, seen)


def _continued(model: Model, melody: Melody, window: tuple[int, int]) -> Melody:
    """The melody with what `generate` composes in the window after the same beginning."""
    before = tuple(n for n in melody.notes if n.onset < window[0])
    after = tuple(n for n in melody.notes if n.onset >= window[1])
    if before:
        prime = replace(melody, notes=before, length=window[0])
        whole = next(generate(model, Options(seed=1, key=melody.key, bars=melody.bars - prime.bars), prime=prime))
    else:
        whole = next(generate(model, Options(seed=1, key=melody.key, metre=melody.metres[0], bars=melody.bars)))
    limit = after[0].onset
    new = tuple(
        replace(n, duration=min(n.duration, limit - n.onset))
        for n in whole.melody.notes
        if n not in before and window[0] <= n.onset < window[1]
    )
    return replace(melody, notes=(*before, *new, *after))


def _outside(melody: Melody, window: tuple[int, int]) -> list[Note]:
    return [n for n in melody.notes if not window[0] <= n.onset < window[1]]


def page(found: list[Measured], skipped: int, args: argparse.Namespace) -> str:
    """The section of docs/benchmarks.md."""
    sets = ", ".join(sorted({m.name.split("/", maxsplit=1)[0] for m in found}))
    kept, seconds = sum(m.kept for m in found), np.median([m.seconds for m in found])
    lines = [
        "## Editing",
        "",
        (
            f"`{args.model}`, bars 3 and 4 of {len(found)} melodies ({sets}; {skipped} more are too short or too "
            f"long), composed anew; effort {args.effort}. "
            f"`python -m bench.editing --files {args.files} --effort {args.effort}`"
        ),
        "",
        (
            f"Every note that begins in another bar came back as it was in {kept} of {len(found)}, and so it does from "
            f"the MIDI file written. Median {seconds:.2f} s of CPU a melody."
        ),
        "",
        f"| bars 3 and 4 | next {NEAR} notes | all that follows | dearer after than after infill, next {NEAR} |",
        "|---|---|---|---|",
    ]
    for way, said in zip(WAYS, ("as given", "infill", "infill, one particle", "plain continuation"), strict=True):
        near, everything = (np.array([getattr(m, name)[way] for m in found]) for name in ("near", "all"))
        gap = near - np.array([m.near["infill"] for m in found])
        error = gap.std(ddof=1) / np.sqrt(len(gap)) if len(gap) > 1 else float("nan")
        against = "" if way == "infill" else f"{gap.mean():+.2f} ± {error:.2f}, in {np.mean(gap > 0):.0%} of files"
        lines.append(f"| {said} | {near.mean():.2f} | {everything.mean():.2f} | {against} |")
    return "\n".join([
        *lines, "",
        (f"Bits per note, means over files; ± is one standard error. {sum(m.seen for m in found)} of the melodies, or "
        "variants of them, were trained on; what is composed anew is new all the same."),
    ])  # fmt: skip


def main() -> None:
    """Measure, print, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=Path, default=Path("../shared/benchmark"), help="a folder of folders of files")
    parser.add_argument("--files", type=int, default=100)
    parser.add_argument("-m", "--model", default="folk")
    parser.add_argument("--effort", type=int, default=16)
    parser.add_argument("--minutes", type=float, default=60, help="stop then, with what is measured")
    parser.add_argument("--page", action="store_true", help="write docs/benchmarks.md, section Editing")
    args = parser.parse_args()
    found: list[Measured] = []
    skipped, told = 0, time.monotonic()
    paths = files_of(args.sets, 2 * args.files)  # some are too short
    for one in measure(load_model(args.model), paths, args.effort, args.minutes):
        found, skipped = ([*found, one], skipped) if one else (found, skipped + 1)
        if time.monotonic() - told > TELL:
            told = time.monotonic()
            print(f"{len(found)} of {args.files}", flush=True)
        if len(found) == args.files:
            break
    text = page(found, skipped, args)
    print(text)
    if args.page:
        write_section("editing", text)


if __name__ == "__main__":
    main()
