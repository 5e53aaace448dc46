"""Teacher forcing: how surprising known melodies are to a network, by the code that composes.

Conventions
    bits = -log2 P. One row per note and one for END; columns rest, duration, pitch.
    right = what came was the most probable value (the first of equals), same shape.

Contents: PitchMemory; teacher_force; Scored, score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from melodyrnn.events.columns import answers_hidden, told_rows
from melodyrnn.events.vocabulary import END
from melodyrnn.inference.decoder import Conditions, Decoder, of_columns
from melodyrnn.inference.numpy_network import BITS
from melodyrnn.inference.told import context_of_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from melodyrnn.events.columns import Columns, Withheld
    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.inference.numpy_network import Floats, Logs, Network


class PitchMemory(Protocol):
    """A memory of other melodies, asked for pitches beside the network (evaluation.knn_memory)."""

    def pitch(self, logs: Logs, states: Floats, rest: Indices, duration: Indices) -> Logs:
        """Log-probabilities of pitches, those recalled mixed in."""


SCORED_TOGETHER: Final = 120  # melodies heard together: enough to fill the products, little memory


def teacher_force(
    network: Network, melodies: Sequence[Columns], withheld: Withheld | None = None
) -> Iterator[tuple[Indices, Decoder, tuple[Indices, Indices, Indices]]]:
    """Hear melodies side by side: at every position which they are (R,), the decoder, and rest, duration, pitch (R,).

    The decoder stands before what comes. After a melody's last note END comes once; its duration and pitch say nothing.
    """
    withheld = withheld or answers_hidden(len(melodies))
    order = sorted(range(len(melodies)), key=lambda k: -len(melodies[k]))  # long ones first: the rest drop out
    for start in range(0, len(order), SCORED_TOGETHER):
        which = np.array(order[start : start + SCORED_TOGETHER])
        chosen = [melodies[k] for k in which]
        hidden = withheld.select(which)
        context = context_of_columns(chosen, hidden)
        decoder = Decoder(network, _told(chosen, hidden), of_columns(chosen), context=context)
        going = len(chosen)
        for i in range(len(chosen[0]) + 1):
            while len(chosen[going - 1]) < i:
                going -= 1
            if going < len(decoder):
                decoder = decoder.select(np.arange(going))
            rest = np.array([m.rest[i] if i < len(m) else END for m in chosen[:going]])
            duration, pitch = (_column(chosen[:going], name, i) for name in ("duration", "pitch"))
            yield which[:going], decoder, (rest, duration, pitch)
            decoder.step(rest, duration, pitch)


def _column(melodies: list[Columns], name: str, i: int) -> Indices:
    return np.array([getattr(m, name)[i] if i < len(m) else 0 for m in melodies])


def _told(melodies: list[Columns], withheld: Withheld) -> Conditions:
    """What these melodies' network may know."""
    rows = told_rows(melodies, withheld)
    bars = np.where(withheld.bars_left, 0, [m.bars for m in melodies])
    return Conditions(rows["mode"], rows["style"], rows["register"], bars)


@dataclass(frozen=True, slots=True)
class Scored:
    """One melody, note by note: arrays (notes + 1, 3), END in the rest of the last row; the rest of that row is 0."""

    bits: NDArray[np.float64]
    right: NDArray[np.bool_]


def score(
    network: Network, melodies: Sequence[Columns], withheld: Withheld | None = None, memory: PitchMemory | None = None
) -> list[Scored]:
    """Score melodies note by note; with a memory, asking it.

    `withheld` hides conditions as in training; by default those that a held-out figure must not see.
    """
    shapes = [(len(m) + 1, 3) for m in melodies]
    out = [Scored(np.zeros(shape), np.zeros(shape, dtype=bool)) for shape in shapes]
    for which, decoder, came in teacher_force(network, melodies, withheld):
        rest, duration, _ = came
        asked = [decoder.rest(), decoder.duration(rest), decoder.pitch(rest, duration)]
        if memory is not None:
            asked[2] = memory.pitch(asked[2], decoder.state[-1, 0], rest, duration)
        pairs, rows = list(zip(asked, came, strict=True)), np.arange(len(rest))
        bits = np.stack([logs[rows, value] * BITS for logs, value in pairs], 1)
        right = np.stack([logs.argmax(1) == value for logs, value in pairs], 1)
        for k, row, hit in zip(which.tolist(), bits, right, strict=True):
            i = decoder.notes
            values = 3 if i < len(melodies[k]) else 1  # after the last note only END is predicted
            out[k].bits[i, :values], out[k].right[i, :values] = row[:values], hit[:values]
    return out
