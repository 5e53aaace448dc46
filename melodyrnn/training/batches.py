"""Columns → padded batches. What stands in a step is a function of (seed, epoch, step) and nothing else.

That is why an interrupted training continues bit for bit, and why any number of processes sees the same
data: each takes its own rows of the same batch, and its own rows of the same dropout.

Contents: Share, Span, spans, plan_epoch, cut (a span as a melody); withheld, dropped; tensors, heldout, training_step.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from melodyrnn.events.columns import Batch, Columns, Withheld, answers_hidden, collate
from melodyrnn.events.context import Harmonic
from melodyrnn.events.viewpoints import HEARD, columns_heard
from melodyrnn.events.vocabulary import RESTS, nearest
from melodyrnn.training.network import Dropped, Inputs

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from melodyrnn.checkpoint.file import NetworkConfig
    from melodyrnn.training.config import TrainingConfig


class Share(NamedTuple):
    """Which rows of every batch are ours: row r of `of` processes."""

    rank: int = 0
    of: int = 1

    def rows(self, melodies: int) -> list[int]:
        """Our rows of a step of so many melodies; rows from `melodies` on are there for equal shares alone."""
        return list(range(self.rank, -(-melodies // self.of) * self.of, self.of))


class Span(NamedTuple):
    """A melody, or a piece of a long one: notes start … stop-1 of melody `melody`."""

    melody: int
    start: int
    stop: int


def spans(lengths: NDArray[np.int64], longest: int) -> list[Span]:
    """Cut melodies longer than `longest` notes into pieces of nearly equal length."""
    pieces = []
    for index, length in enumerate(lengths.tolist()):
        parts = -(-length // longest)
        cuts = [length * k // parts for k in range(parts + 1)]
        pieces += [Span(index, a, b) for a, b in pairwise(cuts)]
    return pieces


def plan_epoch(pieces: Sequence[Span], positions: int, seed: int, epoch: int) -> list[list[Span]]:
    """Order an epoch: pieces of like length together, steps of at most `positions` padded positions."""
    rng = np.random.default_rng((seed, epoch))
    lengths = np.array([p.stop - p.start + 1 for p in pieces])
    order = np.argsort(lengths * rng.uniform(0.95, 1.05, len(pieces)), kind="stable")
    steps: list[list[Span]] = []
    widest = 0
    for i in order:
        widest = max(widest, int(lengths[i]))
        if not steps or widest * (len(steps[-1]) + 1) > positions:
            steps.append([])
            widest = int(lengths[i])
        steps[-1].append(pieces[i])
    return [steps[i] for i in rng.permutation(len(steps))]


def cut(melody: Columns, span: Span) -> Columns:
    """The notes of a span as a melody of their own, starting in its own bar; what it is not told is how it goes on."""
    if (span.start, span.stop) == (0, len(melody)):
        return melody
    inside = slice(span.start, span.stop)
    first = int(melody.bar[span.start])
    rest = melody.rest[inside].copy()
    rest[0] = nearest(RESTS, melody.place[span.start : span.start + 1])[0]
    arrays = {n: getattr(melody, n)[inside] for n in ("duration", "pitch", "place", "metre", "bar_ticks")}
    phrase = None if melody.phrase is None else melody.phrase[inside]
    harmony = None if melody.harmony is None else Harmonic(*(column[inside] for column in melody.harmony))
    return replace(
        melody, rest=rest, bar=melody.bar[inside] - first, bars=melody.bars - first, **arrays,
        phrase=phrase, harmony=harmony, begins=span.start == 0, ends=span.stop == len(melody),
    )  # fmt: skip


def withheld(recipe: TrainingConfig, melodies: int, rng: np.random.Generator) -> Withheld:
    """Draw which conditions each melody of a training step is told.

    Those that came later have numbers of their own: what is drawn from `rng` is what was drawn before there were such.
    """
    chance = np.concatenate((rng.random((4, melodies)), rng.spawn(1)[0].random((2, melodies))))
    hidden = (
        recipe.hide_bars, recipe.hide_style, recipe.hide_mode, recipe.hide_register, recipe.hide_phrases,
        recipe.hide_harmony,
    )  # fmt: skip
    return Withheld(*(row < rate for row, rate in zip(chance, hidden, strict=True)))


def dropped(
    recipe: TrainingConfig, config: NetworkConfig, melodies: int, rng: np.random.Generator, rows: list[int]
) -> Dropped:
    """Draw a step's dropout for all its melodies and keep some rows."""

    def draw(width: int, rate: float) -> torch.Tensor:
        kept = (rng.random((melodies, 1, width), dtype=np.float32) >= rate).astype(np.float32)
        return torch.from_numpy((kept / np.float32(1 - rate))[rows])

    heads, views = [draw(config.head, recipe.drop_head) for _ in range(3)], len(columns_heard(HEARD, config.hears))
    return Dropped(draw(views, recipe.drop_views), draw(config.hidden, recipe.drop_state), *heads)


def tensors(batch: Batch) -> Inputs:
    """A Batch as torch tensors, without copying."""
    return Inputs(*(torch.from_numpy(np.ascontiguousarray(getattr(batch, name))) for name in Inputs._fields))


def heldout(melodies: Sequence[Columns], told: Collection[str] = ()) -> Inputs:
    """A batch for measuring: answers hidden but what is `told` (fields of Withheld), nothing dropped."""
    return tensors(collate(melodies, answers_hidden(len(melodies), told)))


def training_step(
    melodies: Sequence[Columns], recipe: TrainingConfig, config: NetworkConfig, step: int, share: Share
) -> tuple[Inputs, Dropped]:
    """Our share of a training step: inputs and dropout, both drawn from (seed, step) for the whole step.

    A row that stands for no melody (`Share.rows`) is a copy of the first; it is for the caller to count it as nothing.
    """
    rng = np.random.default_rng((recipe.seed, 7, step))
    own = [row if row < len(melodies) else 0 for row in share.rows(len(melodies))]
    hidden = withheld(recipe, len(melodies), rng).select(own)
    drop = dropped(recipe, config, len(melodies), rng, own)
    return tensors(collate([melodies[row] for row in own], hidden)), drop
