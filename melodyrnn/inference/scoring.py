"""How surprising known melodies are to a network: teacher-forced bits, by the runtime that composes.

Conventions
    bits = -log2 P. One row per note and one for END; columns rest, duration, pitch.
    right = what came was the most probable value (the first of equals), same shape.

Contents: Scored, score, surprise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from melodyrnn.compose.sampling.filters import BITS
from melodyrnn.inference.teacher_forcing import follow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from melodyrnn.evaluation.knn_memory import Repertoire
    from melodyrnn.events.columns import Columns, Withheld
    from melodyrnn.inference.numpy_network import Indices, Logs, Network


@dataclass(frozen=True, slots=True)
class Scored:
    """One melody, note by note: arrays (notes + 1, 3), END in the rest of the last row; the rest of that row is 0."""

    bits: NDArray[np.float64]
    right: NDArray[np.bool_]


def surprise(
    network: Network, melodies: Sequence[Columns], withheld: Withheld | None = None
) -> list[NDArray[np.float64]]:
    """Score melodies: for each an array (notes + 1, 3) of bits, END in the rest of the last row.

    `withheld` hides conditions as in training; by default those that a held-out figure must not see.
    """
    return [scored.bits for scored in score(network, melodies, withheld)]


def score(
    network: Network,
    melodies: Sequence[Columns],
    withheld: Withheld | None = None,
    repertoire: Repertoire | None = None,
) -> list[Scored]:
    """Score melodies as `surprise` does, and say where the first choice was right; with a repertoire, recalling it."""
    shapes = [(len(m) + 1, 3) for m in melodies]
    out = [Scored(np.zeros(shape), np.zeros(shape, dtype=bool)) for shape in shapes]
    for which, stream, came in follow(network, melodies, withheld):
        rest, duration, _ = came
        asked = [stream.rest(), stream.duration(rest), stream.pitch(rest, duration)]
        if repertoire is not None:
            asked[2] = repertoire.pitch(asked[2], stream.state[-1, 0], rest, duration)
        bits = np.stack([_of(*pair) for pair in zip(asked, came, strict=True)], 1)
        right = np.stack([logs.argmax(1) == value for logs, value in zip(asked, came, strict=True)], 1)
        for k, row, hit in zip(which.tolist(), bits, right, strict=True):
            i = stream.notes
            values = 3 if i < len(melodies[k]) else 1  # after the last note only END is predicted
            out[k].bits[i, :values], out[k].right[i, :values] = row[:values], hit[:values]
    return out


def _of(logs: Logs, chosen: Indices) -> NDArray[np.float64]:
    return np.asarray(logs[np.arange(len(chosen)), chosen] * BITS)
