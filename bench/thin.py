"""What fine-tuning on few melodies is worth: a base and what `train --from` makes of it, on the rest of the set.

    python -m bench.thin --sets ../shared/benchmark --base base.safetensors

For each set (a folder of MIDI files with a folds.json) so many melodies are drawn, so many times, by a seed, and learnt
from as `melodyrnn train --from BASE` does. Base and result are judged by the rest of the set, without variants of what
was drawn and without what shares a long run of notes with it. The base must not have seen the set; melodies that it
has, by `find_seen`, are left out. `python -m bench.prediction --pretrain` trains such a base.

Figures are kept in --cache under a hash of the code, so a run that was stopped goes on where it was. The table is
printed and put into docs/benchmarks.md, between its markers.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from bench.prediction import ROOT, code_hash
from bench.sections import write_section
from melodyrnn.checkpoint.file import Checkpoint, load, write_whole
from melodyrnn.corpus.cache import load_corpus
from melodyrnn.corpus.prepare import prepare
from melodyrnn.evaluation.cross_validation import family_of
from melodyrnn.evaluation.sets import find_seen, read_melody_columns
from melodyrnn.events.fingerprint import Index
from melodyrnn.events.statistics import first_pitch, register_bits
from melodyrnn.system import deal
from melodyrnn.training.network import MelodyRNN
from melodyrnn.training.pipeline import Order, train_model
from melodyrnn.training.validation import measure
from melodyrnn.training.workers import join

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.corpus.sources import Outcome
    from melodyrnn.events.columns import Columns

SIZES: Final = (5, 10, 20, 40)
_HEAD: Final = (
    "## Fine-tuning on few melodies",
    "",
    "Bits a note (the first note's octave charged) on the rest of the set: of the base, which has seen none of it, and",
    "of what `train --from` it makes of so many melodies drawn from the set. Means over the draws.",
    "",
    "| set | melodies | base | fine-tuned | difference | worst draw | pitch alone | epochs kept |",
    "|---|---|---|---|---|---|---|---|",
)


@dataclass(frozen=True, slots=True)
class Task:
    """One draw."""

    folder: Path
    base: Path
    size: int
    draw: int

    @property
    def key(self) -> str:
        """Under which its figures are kept."""
        return f"{self.folder.name}/{self.size}/{self.draw}"


@dataclass(frozen=True, slots=True)
class Tunes:
    """A set, what the base has seen of it left out."""

    outcomes: list[Outcome]
    melodies: list[Columns]
    names: list[str]
    family: list[int]


@cache
def tunes_of(folder: Path, base: Path) -> Tunes:
    """Read a set."""
    told = [o for o in load_corpus(str(folder)) if o.melody is not None and o.melody.notes]
    melodies, names = [read_melody_columns(o.melody) for o in told if o.melody is not None], [o.name for o in told]
    seen = {s.index for s in find_seen(Index.from_tensors(load(base).fingerprints), melodies, names)}
    kept = [k for k in range(len(told)) if k not in seen]
    chosen = [melodies[k] for k in kept]
    return Tunes([told[k] for k in kept], chosen, [names[k] for k in kept], family_of(chosen))


def drawn(tunes: Tunes, size: int, draw: int) -> tuple[list[int], list[int]]:
    """Rows that are learnt from, and rows that have nothing to do with them."""
    rows = np.random.default_rng((size, draw)).permutation(len(tunes.names))[:size].tolist()
    index = Index.build((tunes.names[k], tunes.melodies[k]) for k in rows)
    akin = {s.index for s in find_seen(index, tunes.melodies, tunes.names)}
    families = {tunes.family[k] for k in rows}
    return rows, [k for k in range(len(tunes.names)) if k not in akin and tunes.family[k] not in families]


def measured(task: Task) -> dict[str, Any]:
    """Fine-tune as a user does, and judge."""
    torch.set_num_threads(1)
    began, tunes, base = time.monotonic(), tunes_of(task.folder, task.base), load(task.base)
    rows, rest = drawn(tunes, task.size, task.draw)
    with tempfile.TemporaryDirectory(prefix="melodyrnn-") as folder:
        prepared = prepare({task.folder.name: [tunes.outcomes[k] for k in rows]}, Path(folder) / "corpus")
        order = Order(output=Path(folder) / "m.safetensors", base=base, corpora=[task.folder.name])
        for _ in train_model(prepared, order, join()):
            continue
        tuned = load(order.output)
    melodies = [tunes.melodies[k] for k in rest]
    return {
        "base": bits(base, melodies), "tuned": bits(tuned, melodies), "melodies": len(prepared), "rest": len(rest),
        "epochs": tuned.card.facts.get("epochs_kept", -1.0), "folds": tuned.card.bits.get("total"),
        "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip


def bits(model: Checkpoint, melodies: Sequence[Columns]) -> list[float]:
    """Rest, duration and pitch, bits a note, the first note's octave charged by the model's own card."""
    network = MelodyRNN(model.config)
    network.load_state_dict({name: torch.from_numpy(np.array(w)) for name, w in model.float32().items()})
    told = measure(network, melodies)
    octaves = sum(register_bits(model.card.registers, first_pitch(m)) for m in melodies)
    return [told.rest, told.duration, told.pitch + octaves / sum(map(len, melodies))]


def row(name: str, size: int, found: Sequence[dict[str, Any]]) -> str:
    """A line of the table."""
    base, tuned = (np.array([one[which] for one in found]) for which in ("base", "tuned"))
    change = tuned - base
    gain, pitch, before, after = change.sum(1), change[:, 2].mean(), base.sum(1).mean(), tuned.sum(1).mean()
    figures = (f"{before:.3f}", f"**{after:.3f}**", f"{gain.mean():+.3f}", f"{gain.max():+.3f}",
               f"{pitch:+.3f}", ", ".join(f"{one['epochs']:.0f}" for one in found))  # fmt: skip
    return "| " + " | ".join((name, str(size), *figures)) + " |"


def arguments() -> Any:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="SET", help="only these sets")
    parser.add_argument("--sets", type=Path, required=True, help="folder of folders with MIDI files and a folds.json")
    parser.add_argument("--base", type=Path, required=True, help="a model that has not seen the sets")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="melodies to learn from")
    parser.add_argument("--draws", type=int, default=5, help="of so many melodies")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="draws at a time")
    parser.add_argument("--cache", type=Path, default=ROOT / "bench" / ".cache", help="where figures are kept")
    parser.add_argument("--dry", action="store_true", help="print the table, leave docs/benchmarks.md as it is")
    return parser.parse_args()


def all_measured(tasks: Sequence[Task]) -> Iterator[dict[str, Any]]:
    """A share of the tasks, one after another."""
    return map(measured, tasks)


def main() -> None:
    """Measure what is missing, then print and write the table."""
    asked, began = arguments(), time.monotonic()
    path, mark = asked.cache / "thin.json", f"{code_hash()}/{load(asked.base).digest}"
    cached: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    names = asked.names or sorted(p.parent.name for p in asked.sets.glob("*/folds.json"))
    rows = [(name, size) for size in asked.sizes for name in names]
    tasks = {at: [Task(asked.sets / at[0], asked.base, at[1], k) for k in range(asked.draws)] for at in rows}
    left = [task for some in tasks.values() for task in some if f"{mark}/{task.key}" not in cached]
    path.parent.mkdir(parents=True, exist_ok=True)
    for task, found in zip(left, deal(all_measured, left, asked.jobs), strict=True):
        cached[f"{mark}/{task.key}"] = found
        write_whole(path, json.dumps(cached, indent=1, sort_keys=True).encode())
        gain = sum(found["tuned"]) - sum(found["base"])
        print(f"{task.key}: {gain:+.3f} ({found['epochs']:.0f} epochs, {found['seconds']} s)", flush=True)
    lines = [row(*at, [cached[f"{mark}/{task.key}"] for task in tasks[at]]) for at in sorted(tasks)]
    print("\n".join(lines), f"\n{time.monotonic() - began:.0f} s")
    if not asked.dry:
        told = f"Made by `python -m bench.thin --sets {asked.sets} --base {asked.base.name}`."
        write_section("thin", "\n".join([*_HEAD, *lines, "", told]))


if __name__ == "__main__":
    main()
