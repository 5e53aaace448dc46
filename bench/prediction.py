"""The table of melody prediction: bits per pitch, ten folds, beside what is published.

    python -m bench.prediction                                 chorales and kinder, which come with music21
    python -m bench.prediction --sets ../shared/benchmark      every folder of MIDI files with a folds.json
    python -m bench.prediction --pretrain                      and the column that starts from folk melodies
    python -m bench.prediction --base base.safetensors         ... or from a model that has not seen the sets
    python -m bench.prediction --pretrain --tuned-only         that column alone; printed, not put into the page

The members of the ensemble differ in their seeds and in their cells (judge.crossvalidate.CELLS, in turn): networks of
one cell err alike (docs/log.md). The first of each cell has a column of its own. Where there are two figures, the
second is of the same networks recalling the melodies of the fold's training part (melodyrnn.evaluation.bits).

Figures of finished folds are kept in --cache, under a hash of the code that makes them, so a run that was stopped
goes on where it was. The table is printed and put into docs/benchmarks.md, between its markers.

What is measured: -log2 P of each pitch, given all earlier notes and its own onset and duration, over all notes of
the ten test folds, first notes and their octave included, P over all 73 pitches of the vocabulary (not
renormalised over a set's alphabet: the stricter way). Key and metre are known, phrase marks are not.

Sets that are not in --sets are the built-in corpora of that name in folds of our own, dealt by seed 0.
--pretrain trains on all built-in corpora; copies and variants of any melody of the sets are left out of it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import melodyrnn
from bench.sections import write_section
from melodyrnn.checkpoint.file import NetworkConfig, load, write_whole
from melodyrnn.corpus import sources as catalogue
from melodyrnn.corpus.cache import load_corpus
from melodyrnn.evaluation.cross_validation import (
    ENSEMBLE_CELLS,
    Base,
    Trial,
    assign,
    cross_validate,
    family_of,
    read_folds,
)
from melodyrnn.evaluation.sets import SEEN_NOTES, SEEN_SHARE, MelodySet, find_seen, read_melody_columns, read_set
from melodyrnn.events.fingerprint import Index
from melodyrnn.training.config import TrainingConfig

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from melodyrnn.corpus.sources import Outcome
    from melodyrnn.evaluation.bits import Judged

ROOT: Final = Path(__file__).resolve().parents[1]
_HEAD: Final = (
    "## Prediction",
    "",
    "Bits per pitch over ten folds, the fewer the better; what exactly, says `bench/prediction.py`.",
    "Behind the arrow: the same networks, recalling the melodies that they were trained on in the fold.",
    "",
)
PUBLISHED: Final = {
    "chorales": (2.347, 1.910),
    "kinder": (2.106, 1.738),
    "nova": (2.468, 2.198),
    "shanxi": (2.681, 2.303),
}
"""Pearce 2005, table 6.7: n-grams C*I, long- and short-term; IDyOM 1.7 on these folds: system C, phrase marks given."""
BUILT_IN: Final = ("chorales", "kinder")
FOLDS: Final = 10
TERMS: Final = ("rest", "duration", "pitch")
RECALLING: Final = " recalling"  # of the keys of networks that do


@dataclass(frozen=True, slots=True)
class Set:
    """A set and its folds."""

    melodies: MelodySet
    folds: dict[str, int]
    own_folds: bool


class Cache:
    """Finished folds: {key: {"notes", "rest", "duration", "pitch"}}, sums of bits; written after every fold."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found: dict[str, dict[str, float]] = json.loads(path.read_text()) if path.exists() else {}

    def put(self, key: str, judged: Sequence[Judged], seconds: float) -> None:
        """Keep a fold's figures."""
        sums = sum((j.bits.sum(0) for j in judged), start=0.0)
        figures = dict(zip(TERMS, sums.tolist(), strict=True))
        self.found[key] = {"notes": sum(j.notes for j in judged), "seconds": round(seconds, 1), **figures}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.path, json.dumps(self.found, indent=1, sort_keys=True).encode())

    def pooled(self, prefix: str, folds: Iterable[int]) -> dict[str, float] | None:
        """Bits per note over all folds; None while one is missing."""
        rows = [self.found.get(f"{prefix}/{fold}") for fold in folds]
        if any(row is None for row in rows):
            return None
        notes = sum(row["notes"] for row in rows if row)
        return {term: sum(row[term] for row in rows if row) / notes for term in TERMS}


def read_sets(folder: Path | None, wanted: Sequence[str]) -> dict[str, Set]:
    """The sets asked for: folders with a folds.json, else built-in corpora in folds of our own."""
    there = sorted(p.parent.name for p in folder.glob("*/folds.json")) if folder else []
    sets = {}
    for name in wanted or sorted({*there, *BUILT_IN}):
        if folder is not None and name in there:
            melodies = read_set(str(folder / name))
            sets[name] = Set(melodies, read_folds(folder / name / "folds.json", name, melodies.names), own_folds=False)
        else:
            melodies = read_set(name)
            sets[name] = Set(melodies, assign(melodies.names, family_of(melodies.melodies), FOLDS, 0), own_folds=True)
    return sets


def code_hash() -> str:
    """A hash of all code that figures depend on."""
    package, digest = Path(melodyrnn.__file__).parent, hashlib.blake2b(digest_size=6)
    for room in ("events", "learn", "compose"):
        for path in sorted((package / room).glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def kinds_of(members: int) -> list[str]:
    """What is measured of an ensemble: each member, then all together where there are several."""
    return [f"{ENSEMBLE_CELLS[k % len(ENSEMBLE_CELLS)]}-{k}" for k in range(members)] + ["ensemble"] * (members > 1)


def measure(sets: dict[str, Set], trial: Trial, kinds: Sequence[str], cache: Cache, mark: str, jobs: int) -> None:
    """Train the folds that are not in the cache; `kinds` name the members and, last, the ensemble of several."""
    for name, one in sets.items():
        prefixes = [f"{mark}/{name}/{fingerprint(one)}/{kind}" for kind in kinds]
        every = [p + more for p in prefixes for more in ("", RECALLING)]
        left = [f for f in sorted(set(one.folds.values())) if any(f"{p}/{f}" not in cache.found for p in every)]
        began = time.monotonic()
        for done in cross_validate(one.melodies.melodies, one.melodies.names, one.folds, trial, jobs=jobs, only=left):
            alone, recalling = (*done.members, done.ensemble), (*done.recalling, done.ensemble_recalling)
            for prefix, *judged in zip(prefixes, alone, recalling, strict=False):
                cache.put(f"{prefix}/{done.fold}", judged[0], time.monotonic() - began)
                cache.put(f"{prefix}{RECALLING}/{done.fold}", judged[1], time.monotonic() - began)
            rows = [cache.found[f"{prefix}/{done.fold}"] for prefix in every]
            both = [f"{row['pitch'] / row['notes']:.3f}" for row in rows]
            bits = (f"{kind} {a} {b}" for kind, a, b in zip(kinds, both[::2], both[1::2], strict=True))
            print(f"{name} fold {done.fold}, bits a pitch: {', '.join(bits)}", flush=True)


def fingerprint(one: Set) -> str:
    """Name a set with its folds."""
    told = repr([(n, one.folds[n], len(m)) for n, m in zip(one.melodies.names, one.melodies.melodies, strict=True)])
    return hashlib.blake2b(told.encode(), digest_size=4).hexdigest()


def pretrain(sets: dict[str, Set], path: Path, trial: Trial) -> None:
    """Train a base on the built-in corpora without the sets' melodies and their variants; resumable."""
    from melodyrnn.corpus.prepare import prepare  # noqa: PLC0415
    from melodyrnn.training.events import Evaluated  # noqa: PLC0415
    from melodyrnn.training.pipeline import Made, Order, train_model  # noqa: PLC0415
    from melodyrnn.training.workers import join  # noqa: PLC0415

    tunes = [(n, m) for one in sets.values() for n, m in zip(one.melodies.names, one.melodies.melodies, strict=True)]
    index = Index.build(tunes)
    path.parent.mkdir(parents=True, exist_ok=True)
    corpora = catalogue.names()
    clean = {name: _without(load_corpus(name), index) for name in corpora}
    prepared = prepare(clean, path.with_suffix(".corpus"), exclude=[])
    state = path.with_name(path.name + ".state")
    order = Order(
        output=path, corpora=corpora, resume=state.exists(), command="python -m bench.prediction --pretrain",
        sizes={n: getattr(trial.config, n) for n in ("hidden", "embed", "head", "keys")} if trial.config else {},
        settings={"epochs": trial.recipe.epochs} if trial.recipe else {},
    )  # fmt: skip
    for event in train_model(prepared, order, join()):
        if isinstance(event, Evaluated):
            print(f"pre-training epoch {event.epoch + 1}: {event.heldout.total:.3f} bits a note", flush=True)
        elif isinstance(event, Made):
            print(f"{path}: {event.card.melodies:,} melodies, {event.card.bits.get('total', 0):.3f} bits a test note")


def _without(outcomes: Iterable[Outcome], index: Index) -> Iterator[Outcome]:
    """Leave out what shares a long run with a tune of the sets, by the rule of `find_seen` from both sides."""
    lengths = dict(zip(index.names, (index.starts[1:] - index.starts[:-1]).tolist(), strict=True))
    for outcome in outcomes:
        if outcome.melody is None or not outcome.melody.notes:
            continue
        melody = read_melody_columns(outcome.melody)
        run = index.longest_run(melody)
        least = min(SEEN_NOTES, SEEN_SHARE * len(melody), SEEN_SHARE * lengths.get(run.tune, len(melody)))
        if not run.length or run.length < least:
            yield outcome


def unseen(sets: dict[str, Set], base: Path) -> dict[str, Set]:
    """The sets without melodies that the base has trained on; says how many those are."""
    index, kept = Index.from_tensors(load(base).fingerprints), {}
    for name, one in sets.items():
        seen = {s.index for s in find_seen(index, one.melodies.melodies, one.melodies.names)}
        if seen:
            print(f"{name}: {len(seen)} of {len(one.melodies.names)} melodies are in {base}; left out", flush=True)
        rows = [k for k in range(len(one.melodies.names)) if k not in seen]
        kept[name] = replace(one, melodies=one.melodies.take(rows)) if rows else one
    return kept


def table(
    sets: dict[str, Set], columns: dict[str, dict[str, dict[str, float] | None]], members: int, tuned: dict[str, Set]
) -> list[str]:
    """The table in Markdown, alone → recalling; a dash where nothing was measured, or a fold is missing."""
    others = [kind for kind in ("gru-1", "rnn-2") if kind in columns]
    kinds = (*others, "ensemble", "tuned")
    heads = ("set", "melodies", "notes", "n-grams C\\*I, published", "IDyOM C, these folds", "one LSTM",
             *(f"one {kind[:3].upper()}" for kind in others), f"{members} networks" if members > 1 else "ensemble",
             "pre-trained, fine-tuned", "one LSTM: rest", "duration", "total")  # fmt: skip
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for name, one in sets.items():
        published = [f"{value:.3f}" for value in PUBLISHED.get(name, ())] or ["–", "–"]
        found = [columns[kind].get(name) for kind in ("lstm-0", *kinds)]
        recalled = [columns[kind + RECALLING].get(name) for kind in ("lstm-0", *kinds)]
        pitches = [
            "–" if alone is None or recalling is None else f"**{alone['pitch']:.3f}** → **{recalling['pitch']:.3f}**"
            for alone, recalling in zip(found, recalled, strict=True)
        ]
        if name in tuned and len(tuned[name].melodies.names) < len(one.melodies.names):
            pitches[-1] += f" ({len(tuned[name].melodies.names)} melodies)"
        rest = ["–"] * 3 if found[0] is None else [
            f"{found[0]['rest']:.3f}", f"{found[0]['duration']:.3f}", f"{sum(found[0].values()):.3f}"
        ]  # fmt: skip
        size = [f"{len(one.melodies.names):,}", f"{one.melodies.notes:,}"]
        lines.append("| " + " | ".join([name + "\\*" * one.own_folds, *size, *published, *pitches, *rest]) + " |")
    if any(one.own_folds for one in sets.values()):
        lines.append("\n\\* the built-in corpus in folds of our own (seed 0): near, but not on the folds of the others")
    return lines


def arguments() -> Any:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="SET", help="only these sets")
    parser.add_argument("--sets", type=Path, help="folder of folders with MIDI files and a folds.json")
    parser.add_argument("--members", type=int, default=len(ENSEMBLE_CELLS), help="networks of the ensemble, at least 1")
    parser.add_argument("--pretrain", action="store_true", help="train the base for the last column")
    parser.add_argument("--base", type=Path, help="a base that is there already")
    parser.add_argument("--tuned-only", action="store_true", help="leave out what is trained in the fold alone")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="folds at a time")
    parser.add_argument("--cache", type=Path, default=ROOT / "bench" / ".cache", help="where finished folds are kept")
    parser.add_argument("--quick", action="store_true", help="tiny networks: does the command work?")
    parser.add_argument("--dry", action="store_true", help="print the table, leave docs/benchmarks.md as it is")
    return parser.parse_args()


def main() -> None:
    """Measure what is missing, then print and write the table."""
    asked = arguments()
    if asked.tuned_only and not (asked.pretrain or asked.base):
        raise SystemExit("--tuned-only needs --pretrain or --base")
    sets = read_sets(asked.sets, asked.names)
    cache, code = Cache(asked.cache / "prediction.json"), code_hash()
    trial, kinds = Trial(members=asked.members, cells=ENSEMBLE_CELLS), kinds_of(asked.members)
    if asked.quick:
        trial = replace(
            trial, config=NetworkConfig(hidden=16, embed=16, head=16, keys=8), recipe=TrainingConfig(epochs=1)
        )
    mark = f"{code}/{'quick' if asked.quick else 'full'}-{asked.members}"
    if not asked.tuned_only:
        measure(sets, trial, kinds, cache, mark, asked.jobs)
    tuned, tuned_mark = {}, ""
    if asked.pretrain or asked.base:
        base = asked.base or asked.cache / f"base{'-quick' * asked.quick}.safetensors"
        if not base.exists():
            pretrain(sets, base, trial)
        checkpoint = load(base)
        tuned, tuned_mark = unseen(sets, base), f"{code}/tuned-{checkpoint.digest}-{asked.quick}"
        trial = Trial(base=Base.of(checkpoint), recipe=TrainingConfig(epochs=1) if asked.quick else None)
        measure(tuned, trial, ["tuned"], cache, tuned_mark, asked.jobs)
    where = {**dict.fromkeys({*kinds, "ensemble"}, (sets, mark)), "tuned": (tuned, tuned_mark)}
    columns = {
        kind + more: {
            name: cache.pooled(f"{at}/{name}/{fingerprint(one)}/{kind}{more}", set(one.folds.values()))
            for name, one in some.items()
        }
        for kind, (some, at) in where.items()
        for more in ("", RECALLING)
    }
    lines = table(sets, columns, asked.members, tuned)
    print("\n".join(lines))
    if not (asked.dry or asked.quick or asked.tuned_only):
        told = [f"--sets {asked.sets}" if asked.sets else "", "--pretrain" if asked.pretrain else "",
                f"--base {asked.base.name}" if asked.base else "", *asked.names]  # fmt: skip
        command = " ".join(["python -m bench.prediction", *filter(None, told)])
        write_section("prediction", "\n".join([*_HEAD, *lines, "", f"Made by `{command}`."]))


if __name__ == "__main__":
    main()
