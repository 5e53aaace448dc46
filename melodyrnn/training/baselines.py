"""What counting alone achieves: unigram and bigram predictors, the floor that a network must leave behind.

Each attribute of the event (rest, duration, pitch) is predicted from nothing (unigram) or from the same
attribute of the note before, backed off to the unigram (bigram, Witten-Bell weights). Bits per note; END
is counted in the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from melodyrnn.events.vocabulary import DURATIONS, END, PITCHES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from melodyrnn.events.columns import Columns

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
