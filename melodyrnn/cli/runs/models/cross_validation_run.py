"""What `melodyrnn evaluate --cross-validate` does: folds trained side by side, told as they come.

Contents: CrossValidationRequest, run_cross_validation.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from melodyrnn._version import __version__
from melodyrnn.checkpoint.card import CELLS, check_config
from melodyrnn.checkpoint.file import find, load
from melodyrnn.cli.io import Terminated
from melodyrnn.cli.io.console import amount
from melodyrnn.cli.io.journal import Journal, key_of
from melodyrnn.cli.runs.models.evaluation_run import Row, row_facts, sets_of, show, untested
from melodyrnn.errors import CheckpointError, OptionError
from melodyrnn.evaluation.bits import pool
from melodyrnn.evaluation.cross_validation import (
    Base,
    Trial,
    assign,
    count_folds,
    cross_validate,
    divided,
    family_of,
    read_folds,
)
from melodyrnn.evaluation.kept_folds import asked_of, fold_from_plain, fold_to_plain
from melodyrnn.evaluation.sets import shared
from melodyrnn.evaluation.told import TELLABLE, tellers
from melodyrnn.system import processors
from melodyrnn.training.config import defaults, fine_tuning, told_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from melodyrnn.checkpoint.file import Checkpoint
    from melodyrnn.cli.io.console import Console
    from melodyrnn.evaluation.bits import Judged
    from melodyrnn.evaluation.cross_validation import FoldJudged
    from melodyrnn.evaluation.sets import MelodySet


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossValidationRequest:
    """The options of cross-validation as the user gave them."""

    paths: Sequence[str]
    part: str | None
    track: str | None
    folds: int
    file: Path | None
    base: str | None
    drop_seen: bool
    members: int
    cell: str | None
    hidden: int | None
    epochs: int | None
    seed: int
    jobs: int | None
    state: Path | None = None
    told: Sequence[str] = ()  # of evaluation.told.TELLABLE


def run_cross_validation(console: Console, asked: CrossValidationRequest) -> None:
    """Cross-validate each set and print the pooled figures."""
    sets = sets_of(console, asked.paths, asked.part, seed=asked.seed, track=asked.track)
    if asked.members < 1:
        raise OptionError("--members", "an ensemble has at least 1 network")
    cells = _cells(asked.cell, asked.members)
    for what in asked.told:
        if what not in TELLABLE:
            raise OptionError("--with", f"{what}: must be one of {', '.join(TELLABLE)}")
        if silent := next((s for s in sets if not tellers(s.melodies, what)), None):
            raise OptionError("--with", f"{silent.name}: no melody tells of its {what}")
    base = None if asked.base is None else load(find(asked.base))
    if base is not None and asked.hidden is not None:
        raise OptionError("--hidden", "a model that is fine-tuned keeps its size")
    if base is not None and asked.cell is not None:
        raise OptionError("--cell", "a model that is fine-tuned keeps its cell")
    seen = [set() if base is None else untested(console, base, s, drop=asked.drop_seen) for s in sets]
    rows: list[Row] = []
    state = None if asked.state is None else Journal.open(asked.state)
    try:
        for melodies, known in zip(sets, seen, strict=True):
            rows += _rows(console, melodies, asked, cells, base, known, state)
    finally:
        if state is not None:
            state.close()
    show(console, rows)


def _cells(text: str | None, members: int) -> tuple[str, ...] | None:
    """Read the cells of the members, as lstm,gru; None for what suits. Raises OptionError."""
    cells = None if text is None else tuple(text.split(","))
    for cell in cells or ():
        if cell not in CELLS:
            raise OptionError("--cell", f"{cell}: must be one of {', '.join(CELLS)}")
    if len(cells or ()) > members:
        raise OptionError("--cell", f"{text} are cells of {len(cells or ())} networks; --members says {members}")
    return cells


def _rows(
    console: Console, melodies: MelodySet, asked: CrossValidationRequest, cells: tuple[str, ...] | None,
    base: Checkpoint | None, seen: set[str], state: Journal | None,
) -> Iterator[Row]:  # fmt: skip
    """Train all folds of a set; its figures under each network and, where there are several, under all together."""
    folds, count, tested = _divided(console, melodies, asked, seen)
    trial = replace(_trial(melodies, asked, base, count), cells=cells, told=tuple(asked.told))
    judged = list(_judged(console, melodies, folds, trial, asked, seen, state))
    facts = {"folds": tested, "members": asked.members, "from": asked.base, "seed": asked.seed}
    for member, cell in enumerate(judged[0].cells):
        name = melodies.name if asked.members == 1 else f"{melodies.name}, {cell}"
        own = {**facts, "members": 1, "cell": cell, "seed": asked.seed + member}
        yield from _pair(name, own, *zip(*((f.members[member], f.recalling[member]) for f in judged), strict=True))
    for way in judged[0].told:
        yield Row(f"{melodies.name}, {way}", [j for f in judged for j in f.told[way]], whole=False, more={"way": way})
    if asked.members > 1:
        name = f"{melodies.name}, {amount(asked.members, 'network')}"
        yield from _pair(name, facts, *zip(*((f.ensemble, f.ensemble_recalling) for f in judged), strict=True))


def _divided(
    console: Console, melodies: MelodySet, asked: CrossValidationRequest, seen: set[str]
) -> tuple[dict[str, int], int, int]:
    """Which fold each melody is in, how many folds there are, and how many with melodies to test; tell it."""
    family = family_of(melodies.melodies)
    if asked.file is None:
        folds = assign(melodies.names, family, asked.folds, asked.seed)
    else:
        folds = read_folds(asked.file, melodies.name, melodies.names)
        if apart := divided(family, [folds[name] for name in melodies.names]):
            told = f"{apart} of {amount(len(family), 'melody')} have a copy or a variant in another fold"
            console.warn(f"{asked.file}: {told}, from which their network has learnt")
        if (there := count_folds(asked.file, melodies.name)) != asked.folds:
            console.warn(f"{asked.file}: tells {amount(there, 'fold')}, not {asked.folds}")
    count = len(set(folds.values()))
    tested = len({fold for name, fold in folds.items() if name not in seen})
    jobs = min(asked.jobs or processors(), tested)
    some = "" if tested == count else f", {tested} of them with melodies to test"
    console.say(
        f"{melodies.name}: {amount(len(melodies.names), 'melody')} in {amount(count, 'fold')}{some}, {jobs} at a time"
    )
    if alike := shared(melodies, folds):
        console.say(f"{melodies.name}: {alike} of them share a long run of notes with one of another fold")
    return folds, count, tested


def _judged(
    console: Console, melodies: MelodySet, folds: Mapping[str, int], trial: Trial, asked: CrossValidationRequest,
    seen: set[str], state: Journal | None,
) -> Iterator[FoldJudged]:  # fmt: skip
    """What comes of each fold, told as it comes; a state has those of a run that was stopped, and keeps the others."""
    wanted = sorted({fold for name, fold in folds.items() if name not in seen})
    key = "" if state is None else key_of([__version__, asked_of(melodies, folds, trial, seen)])
    kept = {} if state is None else {done.fold: done for done in map(fold_from_plain, state.of(key))}
    if kept:
        console.say(f"{melodies.name}: {len(kept)} of {amount(len(wanted), 'fold')} are in {asked.state} already")
    elif state is not None and state.lines:
        console.warn(f"{asked.state}: holds no folds of {melodies.name} as it is asked for now; they stay there")
    left, began = [fold for fold in wanted if fold not in kept], time.monotonic()
    jobs = min(asked.jobs or processors(), max(1, len(left)))
    new = cross_validate(melodies.melodies, melodies.names, folds, trial, jobs=jobs, only=left, untested=seen)
    there = len(kept)
    try:
        for fold in wanted:
            if fold in kept:
                done, how = kept[fold], "kept"
            else:
                done = next(new)
                if state is not None:
                    state.add(key, fold_to_plain(done))
                there, how = there + 1, f"{time.monotonic() - began:.0f} s"
            _tell(console, melodies.name, done, asked, how)
            yield done
    except (KeyboardInterrupt, Terminated):
        if state is not None:
            told = f"{there} of {amount(len(wanted), 'fold')} are in {asked.state}; the same command goes on"
            console.say(f"{melodies.name}: {told}")
        raise


def _tell(console: Console, name: str, done: FoldJudged, asked: CrossValidationRequest, how: str) -> None:
    """A line for a fold on stderr, and one of JSON where that is asked for."""
    bits = pool(done.single)
    console.say(
        f"{name} fold {done.fold}: {bits.pitch:.3f} bits a pitch, {bits.total:.3f} a note "
        f"({amount(bits.melodies, 'melody')}, {how})"
    )
    if console.json:
        facts = {"fold": done.fold, "members": asked.members}
        alone, recalling = (
            row_facts(Row(name, judged, whole=False, more=facts)) for judged in (done.ensemble, done.ensemble_recalling)
        )
        console.record(alone | {"recalling": {what: recalling[what] for what in ("bits", "perplexity", "accuracy")}})


def _pair(
    name: str, facts: Mapping[str, object], alone: Sequence[list[Judged]], recalling: Sequence[list[Judged]]
) -> Iterator[Row]:
    """Two rows of figures, fold by fold: by itself, and recalling the melodies it was trained on."""
    yield Row(name, [j for fold in alone for j in fold], more={**facts, "recalling": False})
    yield Row(f"{name}, recalling", [j for fold in recalling for j in fold], more={**facts, "recalling": True})


def _trial(melodies: MelodySet, asked: CrossValidationRequest, base: Checkpoint | None, folds: int) -> Trial:
    """How to train; the sizes follow the part that a fold trains on unless the user says otherwise."""
    trial = Trial(members=asked.members, seed=asked.seed, base=None if base is None else Base.of(base))
    size, notes = (count * (folds - 1) // folds for count in (len(melodies.names), melodies.notes))
    config, recipe = defaults(size, notes, told=told_by(melodies.melodies))
    if base is not None:
        recipe = fine_tuning(size, notes)
    if asked.epochs is not None:
        recipe = replace(recipe, epochs=asked.epochs)
        recipe.check()
        trial = replace(trial, recipe=recipe)
    if asked.hidden is not None:
        few = {name: min(getattr(config, name), asked.hidden) for name in ("embed", "head", "keys")}
        config = replace(config, hidden=asked.hidden, **few)
        try:
            check_config(config)
        except CheckpointError as problem:
            raise OptionError("--hidden", str(problem).removeprefix("config: ")) from problem
        trial = replace(trial, config=config)
    return trial
