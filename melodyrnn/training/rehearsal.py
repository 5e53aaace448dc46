"""How long to fine-tune on few melodies: tried in folds of them first, from the base, each fold judged by the others.

A handful of melodies is learnt by heart in a few steps, and none can be spared to say when. So each fold is held out
once (k-fold, Stone 1974), the base and every epoch's weights are judged by it, and the whole is then trained for as
many epochs as cost the fewest bits in all folds; none if the base was not beaten.

Contents: dealt (melodies → folds), parted (what a fold learns from and is judged by), added, chosen.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from melodyrnn.training.events import Bits, Chosen, Split

if TYPE_CHECKING:
    from collections.abc import Sequence

Table = tuple[tuple[float, ...], ...]
"""Bits of rest, duration and pitch, summed over the held-out notes of folds: of the base, then after each epoch."""


def dealt(family: Sequence[int], folds: int, seed: int) -> list[int]:
    """Deal melodies to folds of nearly equal size, seeded, each family to one; [] where there are no two families."""
    folds = min(folds, len(set(family)))
    if folds < 2:
        return []
    sizes, count, fold_of = [0] * folds, Counter(family), dict[int, int]()
    for k in np.random.default_rng((seed, 11)).permutation(len(family)).tolist():
        if family[k] not in fold_of:
            fold_of[family[k]] = least = sizes.index(min(sizes))
            sizes[least] += count[family[k]]
    return [fold_of[own] for own in family]


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
