"""How surprising known melodies are to a network: teacher-forced bits, by the runtime that composes.

Conventions
    bits = -log2 P. One row per note and one for END; columns rest, duration, pitch.
    right = what came was the most probable value (the first of equals), same shape.

Contents: Scored, score, surprise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.compose.stream import Stream, Told
from melodyrnn.compose.timeline import of_columns
from melodyrnn.events.columns import Columns, Withheld, measured
from melodyrnn.events.vocabulary import END

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from melodyrnn.compose.runtime import Indices, Logs, Network

SIDE_BY_SIDE: Final = 120  # melodies scored together: enough to fill the products, little memory
_BITS: Final = -1 / np.log(2)


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


def score(network: Network, melodies: Sequence[Columns], withheld: Withheld | None = None) -> list[Scored]:
    """Score melodies as `surprise` does, and say where the network's first choice was right."""
    withheld = withheld or measured(len(melodies))
    order = sorted(range(len(melodies)), key=lambda k: -len(melodies[k]))  # long ones first: the rest drop out
    shapes = [(len(m) + 1, 3) for m in melodies]
    out = [Scored(np.zeros(shape), np.zeros(shape, dtype=bool)) for shape in shapes]
    for start in range(0, len(order), SIDE_BY_SIDE):
        _score(network, melodies, withheld, order[start : start + SIDE_BY_SIDE], out)
    return out


def _score(
    network: Network, melodies: Sequence[Columns], withheld: Withheld, which: list[int], out: list[Scored]
) -> None:
    """Score these melodies, longest first, into `out`."""
    chosen = [melodies[k] for k in which]
    stream = Stream(network, _told(chosen, withheld, np.array(which)), of_columns(chosen))
    going = len(chosen)
    for i in range(len(chosen[0]) + 1):
        while going and len(chosen[going - 1]) < i:
            going -= 1
        if going < len(stream):
            stream = stream.take(np.arange(going))
        rest = np.array([m.rest[i] if i < len(m) else END for m in chosen[:going]])
        duration, pitch = (_column(chosen[:going], name, i) for name in ("duration", "pitch"))
        asked = (stream.rest(), stream.duration(rest), stream.pitch(rest, duration))
        came = (rest, duration, pitch)
        bits = np.stack([_of(*pair) for pair in zip(asked, came, strict=True)], 1)
        right = np.stack([logs.argmax(1) == value for logs, value in zip(asked, came, strict=True)], 1)
        for k, m, row, hit in zip(which, chosen, bits, right, strict=False):
            values = 3 if i < len(m) else 1  # after the last note only END is predicted
            out[k].bits[i, :values], out[k].right[i, :values] = row[:values], hit[:values]
        stream.hear(rest, duration, pitch)


def _column(melodies: list[Columns], name: str, i: int) -> Indices:
    return np.array([getattr(m, name)[i] if i < len(m) else 0 for m in melodies])


def _of(logs: Logs, chosen: Indices) -> NDArray[np.float64]:
    return np.asarray(logs[np.arange(len(chosen)), chosen] * _BITS)


def _told(melodies: list[Columns], withheld: Withheld, which: Indices) -> Told:
    """What these melodies' network may know."""
    mode = np.array([m.mode + 1 for m in melodies])
    style = np.array([m.style for m in melodies])
    register = np.array([min(max(m.anchor + 1, 1), 128) for m in melodies])
    bars = np.array([m.bars for m in melodies])
    return Told(
        np.where(withheld.mode[which], 0, mode),
        np.where(withheld.style[which], 0, style),
        np.where(withheld.register[which], 0, register),
        np.where(withheld.bars_left[which], 0, bars),
    )
