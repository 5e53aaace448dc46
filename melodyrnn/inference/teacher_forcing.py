"""Known melodies heard by a network, many side by side, with what it expects before every note.

Contents: follow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.events.columns import Columns, Withheld, answers_hidden
from melodyrnn.events.vocabulary import END
from melodyrnn.inference.bar_grid import of_columns
from melodyrnn.inference.decoder import Stream, Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.inference.numpy_network import Indices, Network

SIDE_BY_SIDE: Final = 120  # melodies heard together: enough to fill the products, little memory


def follow(
    network: Network, melodies: Sequence[Columns], withheld: Withheld | None = None
) -> Iterator[tuple[Indices, Stream, tuple[Indices, Indices, Indices]]]:
    """Hear melodies side by side: at every position which they are (R,), the stream, and rest, duration, pitch (R,).

    The stream stands before what comes. After a melody's last note END comes once; its duration and pitch say nothing.
    """
    withheld = withheld or answers_hidden(len(melodies))
    order = sorted(range(len(melodies)), key=lambda k: -len(melodies[k]))  # long ones first: the rest drop out
    for start in range(0, len(order), SIDE_BY_SIDE):
        which = np.array(order[start : start + SIDE_BY_SIDE])
        chosen = [melodies[k] for k in which]
        stream = Stream(network, _told(chosen, withheld, which), of_columns(chosen))
        going = len(chosen)
        for i in range(len(chosen[0]) + 1):
            while len(chosen[going - 1]) < i:
                going -= 1
            if going < len(stream):
                stream = stream.take(np.arange(going))
            rest = np.array([m.rest[i] if i < len(m) else END for m in chosen[:going]])
            duration, pitch = (_column(chosen[:going], name, i) for name in ("duration", "pitch"))
            yield which[:going], stream, (rest, duration, pitch)
            stream.hear(rest, duration, pitch)


def _column(melodies: list[Columns], name: str, i: int) -> Indices:
    return np.array([getattr(m, name)[i] if i < len(m) else 0 for m in melodies])


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
