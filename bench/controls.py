"""Controls: are they kept over thousands of random combinations, do loops close, and how long does each take?

    python -m bench.controls --count 10000 --minutes 10    random requests; what is broken is counted
    python -m bench.controls --loops 6                     loops in every metre: their ends, and the seam's surprise
    python -m bench.controls --speed                       seconds of CPU for 8 bars, one control at a time

Request number k is drawn from the seed and k alone, so that a count that was stopped (time over, Ctrl-C) goes on
where it stood: --state FILE keeps it. "-m untrained" takes a small network with random weights: it leaves all the
keeping to the rules. With --page all figures in the state go to docs/benchmarks.md, section Controls.

Contents: promises, loops, speed.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import time
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mido
import numpy as np

from bench.sections import write_section
from melodyrnn.checkpoint.file import Card, Checkpoint, NetworkConfig, expected_shapes
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import load_model, model_of
from melodyrnn.controls.options import Options
from melodyrnn.errors import OptionError
from melodyrnn.evaluation.sets import read_melody_columns
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.inference.scoring import score
from melodyrnn.music.key import Key
from melodyrnn.music.melody import TICKS_PER_QUARTER, Melody, Metre
from tests.independent_checks import broken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.compose.model import Model

WISHES: dict[str, list[Any]] = {
    "in_scale": ["strict", "mostly"], "scale": ["C D Eb F# G Ab B", "C Eb F G Bb"], "forbid": ["F#", "C5 D"],
    "require": ["G4", "E", "C D"], "range": ["C4-A5", "G3-G4", "A4-E5"], "max_leap": [3, 5, 7, 12],
    "density": ["sparse", "medium", "dense", "4", "3-6"], "contour": ["arch", "wave", "0 2 5 3"],
    "durations": ["1/4 1/8", "1/8", "1/16 1/8 3/8"], "end": ["tonic", "open"],
    "form": ["AABA", "AABB", "AA'BA'", "AA+2", "AA-1BA-inv", "AA-retro"],
    "phrase": ["2", "1 2", "4"], "rests": ["sparse", "medium", "much", "15%"], "breathe": ["1", "2", "1.5", "1/2"],
    "role": ["bass", "lead", "riff"],
    "onsets": ["x..x..x.", "x.?.x.?.|x...x...", "x?"], "rhythm": ["1/4 1/8 1/8", "3/8 r1/8 1/4", "1/2 1/4 r1/4 1/1"],
    "pitches": ["C4 E4 G4 E4 F4 D4 B3 C4", "G4 A4 B4"], "motif": ["C5:1/4 D5:1/8 E5:1/8", "G4:1/8 r:1/8 E4:1/4"],
    "chords": ["Am F | G C", "C:1 G7:1"], "chord_tones": ["prefer", "rule"], "loop": [True],
    "key": [Key(9, "minor"), Key(2, "dorian"), Key(6)], "upbeat": [12, 24], "effort": [1, 2, 8],
}  # fmt: skip
METRES = [Metre(*m) for m in ((4, 4), (3, 4), (6, 8), (7, 8), (5, 4), (12, 8), (2, 4))]
EACH = 5  # melodies of a request: its plan is made once
TELL = 20  # seconds between reports


@dataclass(slots=True)
class Count:
    """How far a count has come."""

    melodies: int = 0
    requests: int = 0
    refused: int = 0
    violations: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    slowest: float = 0.0  # seconds of CPU to a first melody, or to a refusal


def untrained() -> Model:
    """A small network with random weights."""
    config = NetworkConfig(hidden=32, embed=24, head=24, keys=8)
    rng = np.random.default_rng(0)
    weights = {n: (rng.standard_normal(s) * 0.3).astype(np.float32) for n, s in expected_shapes(config).items()}
    return model_of(Checkpoint(config, Card(), weights))


def request(seed: int, number: int) -> Options:
    """Draw request number `number`. Raises OptionError where its wishes exclude each other as they stand."""
    dice = random.Random(f"{seed}/{number}")  # noqa: S311 - chance for measuring
    wishes = {name: dice.choice(WISHES[name]) for name in dice.sample(sorted(WISHES), dice.randint(0, 6))}
    if "form" in wishes:
        wishes["contrast"] = dice.choice([None, "low", "medium"])
    return Options(bars=dice.choice([1, 2, 4, 8]), metre=dice.choice(METRES), seed=EACH * number, **wishes)


def promises(model: Model, done: Count, count: int, seed: int, *, minutes: float) -> Iterator[None]:
    """Compose until so many melodies stand or the time is over; yield after each request."""
    begun, before = time.monotonic(), done.seconds
    while done.melodies < count and time.monotonic() - begun < 60 * minutes:
        _answer(model, seed, done)
        done.seconds = before + time.monotonic() - begun
        yield


def _answer(model: Model, seed: int, done: Count) -> None:
    """Compose one request's melodies and count."""
    found, number = Counter(done.violations), done.requests
    melodies = refused = 0
    begun = time.process_time()
    try:
        options = request(seed, number)
        for made in generate(model, options, EACH):
            melodies += 1
            done.slowest = max(done.slowest, time.process_time() - begun) if melodies == 1 else done.slowest
            for said in broken(options, made.melody):
                found[said.split(":")[0]] += 1
                print(options, said)
    except OptionError:
        refused = 1
        done.slowest = max(done.slowest, time.process_time() - begun)
    done.violations, done.melodies = dict(found), done.melodies + melodies
    done.requests, done.refused = number + 1, done.refused + refused


def said_of(done: Count) -> str:
    """A count in a sentence."""
    broken_ones = f"{sum(done.violations.values())} violations {done.violations or ''}".strip()
    return (
        f"{done.melodies:,} melodies of {done.requests - done.refused} requests: {broken_ones}; "
        f"{done.refused} requests refused before the first note; slowest answer {done.slowest:.1f} s of CPU"
    )


def loops(model: Model, count: int) -> list[str]:
    """Loops of 8 bars in every metre, as rows of a table."""
    rows = []
    for metre in METRES:
        made = [m.melody for m in generate(model, Options(bars=8, loop=True, metre=metre, seed=1), count)]
        ended = sum(_end_of_track(m) == [8 * metre.bar_ticks] for m in made)
        full = sum(m.notes[-1].end == m.end == 8 * metre.bar_ticks for m in made)
        seams, inner = _seams(model, made)
        low, high = np.percentile(inner, [5, 95])
        rows.append(
            f"| {metre} | {ended} of {count} | {full} of {count} | {seams.mean():.2f} | {inner.mean():.2f} "
            f"({low:.2f} to {high:.2f}) | {np.mean(seams <= high):.0%} |"
        )
        print(rows[-1], flush=True)
    return rows


def _end_of_track(melody: Melody) -> list[float]:
    """Ticks (24 a quarter) at which End-of-Track stands in each track that holds notes."""
    file = mido.MidiFile(file=io.BytesIO(midi_bytes(melody)))
    tracks = [t for t in file.tracks if any(m.type == "note_on" for m in t)]
    return sorted({sum(m.time for m in t) * TICKS_PER_QUARTER / file.ticks_per_beat for t in tracks})


def _seams(model: Model, melodies: list[Melody]) -> tuple[np.ndarray, np.ndarray]:
    """Bits of the first note of the second time round, and of the first notes after inner bar lines."""
    twice = [
        replace(m, notes=m.notes + tuple(replace(n, onset=n.onset + m.end) for n in m.notes), length=2 * m.end)
        for m in melodies
    ]
    seams, inner = [], []
    scored = score(model.network, [read_melody_columns(m) for m in twice])
    for melody, one in zip(melodies, scored, strict=True):
        bars = [melody.place(n.onset)[0] for n in melody.notes]
        total, count = one.bits.sum(1), len(melody.notes)
        seams.append(total[count])
        inner += [total[k + 1] for k, (a, b) in enumerate(pairwise(bars)) if a != b]
    return np.array(seams), np.array(inner)


def speed(model: Model) -> None:
    """Seconds of CPU for one melody of 8 bars, one control at a time."""
    for name, values in {"nothing": [None], **WISHES}.items():
        if name in {"upbeat", "effort", "key", "chord_tones"}:
            continue
        start = time.process_time()
        made = next(generate(model, Options(seed=1, **({} if name == "nothing" else {name: values[0]}))))
        took = time.process_time() - start
        print(f"{name:10} {values[0]!s:18} {took:5.2f} s, {len(made.melody.notes)} notes, price {made.price:5.1f} bits")


def page(state: dict[str, Any]) -> str:
    """The section of docs/benchmarks.md."""
    lines = [
        "## Controls",
        "",
        (
            "Random combinations of up to six controls, bars and metres; every melody is looked at by "
            "`tests.independent_checks`, which shares nothing with the look-ahead that keeps them. `untrained` is a "
            "small network with random weights, which leaves all the keeping to the rules. "
            "`python -m bench.controls --count 10000 --state FILE --page`"
        ),
        "",
        *(f"- `{name}`: {said_of(Count(**done))}." for name, done in state["counts"].items()),
    ]
    if state["loops"]:
        model, count, rows = state["loops"]
        lines += [
            "",
            (
                f"Loops of 8 bars by `{model}`, {count} in each metre, each scored twice in a row: bits of the first "
                "note of the second time, and of the first notes after the inner bar lines of the first (5th to 95th "
                f"percentile). `python -m bench.controls --loops {count} --state FILE --page`"
            ),
            "",
            "| metre | End-of-Track on the bar line | last bar full | seam | inner bar lines | seams below the 95th |",
            "|---|---|---|---|---|---|",
            *rows,
        ]
    return "\n".join(lines)


def main() -> None:
    """Print figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-m", "--model", default="folk")
    parser.add_argument("--count", type=int, default=0, help="melodies of random requests")
    parser.add_argument("--minutes", type=float, default=60, help="stop counting then")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--loops", type=int, default=0, help="loops in each metre")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--state", type=Path, help="keep figures here, and go on from them")
    parser.add_argument("--page", action="store_true", help="write the section")
    args = parser.parse_args()
    model = untrained() if args.model == "untrained" else load_model(args.model)
    state: dict[str, Any] = {"counts": {}, "loops": None}
    if args.state and args.state.exists():
        state |= json.loads(args.state.read_text())
    if args.speed:
        speed(model)
    if args.count:
        _count(model, state, args)
    if args.loops:
        state["loops"] = (args.model, args.loops, loops(model, args.loops))
        _keep(state, args.state)
    if args.page:
        write_section("controls", page(state))


def _count(model: Model, state: dict[str, Any], args: argparse.Namespace) -> None:
    """Count promises, telling how far it has come; Ctrl-C ends it without loss."""
    done, told = Count(**state["counts"].get(args.model, {})), 0.0
    try:
        for _ in promises(model, done, args.count, args.seed, minutes=args.minutes):
            if done.seconds - told > TELL:
                told = done.seconds
                print(said_of(done), flush=True)
                _keep(state, args.state, args.model, done)
    except KeyboardInterrupt:
        print("stopped")
    _keep(state, args.state, args.model, done)
    print(said_of(done), flush=True)


def _keep(state: dict[str, Any], path: Path | None, name: str = "", done: Count | None = None) -> None:
    if done is not None:
        state["counts"][name] = asdict(done)
    if path:
        path.write_text(json.dumps(state))


if __name__ == "__main__":
    main()
