"""fit(): trains a network and yields what happens as events; few melodies are rehearsed in folds first.

Conventions
    bits        as in training.events; held-out figures hide the answers.
    state       OUTPUT.state, beside the output: written every `save_every` seconds, after each epoch (of a fold: after
                the last) and when asked to stop; gone when the model is written. `resume=True` continues bit for bit.
    rehearsal   a handful of melodies is learnt by heart in a few steps, and none can be spared to say when. So each
                fold is held out once (k-fold, Stone 1974), the base and every epoch's weights are measured on it, and
                the whole is trained for as many epochs as cost the fewest bits; none if the base was not beaten.

Optimiser: AdamW (Loshchilov & Hutter 2019), one-cycle rate, gradient clipping; the exponential average of the weights
(Polyak & Juditsky 1992) at its best held-out figure is kept.

Contents: dealt (melodies → folds), parted (a fold's split), added, chosen (the epochs of least cost); fit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from melodyrnn.corpus.duplicates import deal_families
from melodyrnn.errors import CorpusError, TrainingError
from melodyrnn.training.events import (
    Bits,
    Chosen,
    Finished,
    Saved,
    Split,
    Started,
    Stepped,
    Stopped,
    TrainingEvent,
    TrainingPlan,
    Tried,
)
from melodyrnn.training.state import Progress, read_state
from melodyrnn.training.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from melodyrnn.training.workers import Team

Table = tuple[tuple[float, ...], ...]
"""Bits of rest, duration and pitch, summed over the held-out notes of folds: of the base, then after each epoch."""


def dealt(family: Sequence[int], folds: int, seed: int) -> list[int]:
    """Deal melodies to folds of nearly equal size, seeded, each family to one; [] where there are no two families."""
    folds = min(folds, len(set(family)))
    if folds < 2:
        return []
    return deal_families(family, folds, np.random.default_rng((seed, 11)))


def parted(split: Split, folds: Sequence[int], fold: int) -> Split:
    """What a fold learns from, and what it is judged by; without validation melodies when all folds are done."""
    told = [(split.train[k], own) for k, own in enumerate(folds)]
    return Split([m for m, own in told if own != fold], [m for m, own in told if own == fold])


def added(table: Table, notes: int, base: Bits, history: Table) -> Table:
    """The table with one more fold of so many held-out notes; `history` as the run keeps it."""
    rows = np.array([base, *(row[2:] for row in history)]) * notes
    return tuple(tuple(row) for row in (np.array(table or np.zeros_like(rows)) + rows).tolist())


def chosen(table: Table, folds: int, notes: int) -> Chosen:
    """After how many epochs the folds cost the fewest bits; the fewer epochs where that is the same."""
    bits = [Bits(*(np.array(row) / notes).tolist()) for row in table]
    epochs = int(np.argmin([b.total for b in bits]))
    return Chosen(folds, epochs, len(table) - 1, bits[0], bits[epochs])


def fit(
    split: Split, plan: TrainingPlan, team: Team, stop: Callable[[], bool] = lambda: False
) -> Iterator[TrainingEvent]:
    """Train; yield what happens, Finished or Stopped last.

    `stop` is asked after each step. Raises TrainingError when the loss is no longer a number or a process of
    the team is gone (the last state is kept), CorpusError without melodies, OptionError for a recipe that
    cannot work, CheckpointError when a state or the weights to start from do not fit.
    """
    if not len(split.train):
        raise CorpusError("there is no melody to train on")
    plan.recipe.check()
    few = plan.recipe.folds if plan.start is not None else 0
    folds = dealt(plan.family or range(len(split.train)), few, plan.recipe.seed)
    try:
        if folds:
            yield from _rehearsed(split, plan, team, folds, stop)
        else:
            yield from _fitted(Trainer(split, plan, team), plan.recipe.epochs, stop)
    except RuntimeError as error:
        if not team.lost(error):
            raise
        raise TrainingError(
            "another process of the training is gone; what was saved is kept: --resume goes on from it, "
            "and torchrun --max-restarts does so by itself"
        ) from error


def _fitted(run: Trainer, epochs: int, stop: Callable[[], bool]) -> Iterator[TrainingEvent]:
    """Epoch after epoch, until the last, the end of patience, or a wish to stop."""
    with run.workers:
        yield run.started()
        while run.place.epoch < epochs and not run.out_of_patience:
            for event in run.epoch(stop):
                yield event
                if isinstance(event, Stopped):
                    return
        yield Finished(run.kept(), run.place.best, run.place.best_epoch, run.place.history)


def _rehearsed(
    split: Split, plan: TrainingPlan, team: Team, folds: Sequence[int], stop: Callable[[], bool]
) -> Iterator[TrainingEvent]:
    """Fold after fold, each held out once; then all melodies, for as many epochs as the folds say."""
    count, notes = max(folds) + 1, sum(len(split.train[k]) for k in range(len(folds)))
    place = read_state(plan.state).place if plan.resume and plan.state is not None else Progress()
    begun, table, told, epochs = min(place.fold, count), place.tried, None, plan.recipe.epochs
    for fold in range(begun, count + 1):
        own = replace(plan, resume=plan.resume and fold == begun)
        run = Trainer(parted(split, folds, fold), own, team, Progress(fold=fold, tried=table))
        if fold == count:
            told = chosen(table, count, notes)
            epochs = int(team.total(told.epochs if team.is_main else 0))  # the leader's, should sums differ
        for event in _fitted(run, epochs, stop):
            if isinstance(event, Started):
                yield from [replace(event, melodies=len(folds), notes=notes)] if fold == begun else []
                yield from [told] if told is not None else []
            elif told is not None or isinstance(event, Stepped | Saved | Stopped):
                if isinstance(event, Stepped):  # what is told is the progress of all runs
                    yield replace(event, progress=(fold + event.progress) / (count + 1))
                else:
                    yield event
            if isinstance(event, Stopped):
                return
        if told is None:
            base, place = run.judged_base(), run.place
            table = added(table, sum(map(len, run.split.validation)), base, place.history)
            yield Tried(fold + 1, count, base.total, place.best, place.best_epoch + 1)
