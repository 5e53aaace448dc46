"""Bits per note on melodies that were not learnt from: of a network, and of counting alone.

Unigram and bigram predictors are the floor that a network must leave behind: each attribute (rest, duration, pitch)
from nothing, or from the same attribute of the note before, backed off to the unigram (Witten-Bell weights). END is
counted in the rest; answers are hidden.

Contents: baselines; measure, and measured, the same some batches at a time.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from melodyrnn.events.vocabulary import DURATIONS, END, PITCHES
from melodyrnn.training.batches import heldout
from melodyrnn.training.events import Bits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from melodyrnn.events.columns import Columns
    from melodyrnn.training.workers import Workers

SIZES = {"rest": END + 1, "duration": len(DURATIONS), "pitch": len(PITCHES)}


def baselines(train: Iterable[Columns], heldout: Sequence[Columns]) -> dict[str, dict[str, float]]:
    """Bits per note of unigram and bigram on held-out melodies: {"unigram": {"rest": …, "total": …}, …}."""
    counts = {name: np.zeros((size + 1, size)) for name, size in SIZES.items()}
    for melody in train:
        for name, table in counts.items():
            np.add.at(table, _pairs(melody, name), 1)
    notes = sum(len(m) for m in heldout)
    bits: dict[str, dict[str, float]] = {"unigram": {}, "bigram": {}}
    for name, table in counts.items():
        unigram = (table.sum(0) + 0.1) / (table.sum(0) + 0.1).sum()
        seen, kinds = table.sum(1, keepdims=True), (table > 0).sum(1, keepdims=True)
        bigram = (table + kinds * unigram) / np.maximum(seen + kinds, 1)
        bigram[seen[:, 0] == 0] = unigram
        where = [_pairs(m, name) for m in heldout]
        bits["unigram"][name] = -sum(float(np.log2(unigram[now]).sum()) for _, now in where) / max(1, notes)
        bits["bigram"][name] = -sum(float(np.log2(bigram[pair]).sum()) for pair in where) / max(1, notes)
    return {kind: {**terms, "total": sum(terms.values())} for kind, terms in bits.items()}


def _pairs(melody: Columns, name: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every value of an attribute after the value before it; the row `size` stands before the first."""
    values: NDArray[np.int64] = getattr(melody, name)
    if name == "rest":
        values = np.append(values, END)
    return np.concatenate(([SIZES[name]], values[:-1])), values


def measure(network: nn.Module, melodies: Sequence[Columns], positions: int = 4096) -> Bits:
    """Bits per note of a network on melodies, answers hidden."""
    bits = Bits(0.0, 0.0, 0.0)
    for bits, _ in measured(network, melodies, positions):  # noqa: B007 - the last one counts
        continue
    return bits


def measured(
    network: nn.Module, melodies: Sequence[Columns], positions: int = 4096, workers: Workers | None = None
) -> Iterator[tuple[Bits, int]]:
    """`measure` some batches at a time, side by side where there are workers: bits so far, and melodies left."""
    network.eval()
    total, notes = np.zeros(3), 0
    batches, left = _batches(melodies, positions), len(melodies)
    at_once = 1 if workers is None else workers.of
    for start in range(0, len(batches), at_once):
        some = batches[start : start + at_once]
        work = partial(_nats, network, some)
        for nats in [work(0)] if workers is None else workers.each(work):
            total += nats
        notes += sum(len(m) for batch in some for m in batch)
        left -= sum(map(len, some))
        yield Bits(*(total / max(1, notes) / math.log(2)).tolist()), left


def _batches(melodies: Sequence[Columns], positions: int) -> list[list[Columns]]:
    """Melodies of like length together, the longest first."""
    order = sorted(range(len(melodies)), key=lambda i: len(melodies[i]))
    batches = []
    while order:
        longest = len(melodies[order[-1]]) + 1
        batches.append([melodies[order.pop()] for _ in range(min(len(order), max(1, positions // longest)))])
    return batches


def _nats(network: nn.Module, batches: Sequence[Sequence[Columns]], which: int) -> NDArray[np.float64]:
    """What one batch of several costs, (3,); nothing if there are not so many."""
    if which >= len(batches):
        return np.zeros(3)
    device = next(network.parameters()).device
    with torch.no_grad():
        surprise = network(type(batch := heldout(batches[which]))(*(t.to(device) for t in batch)))
    return np.array([float(term.sum(dtype=torch.float64)) for term in surprise])
