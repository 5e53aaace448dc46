"""A melody as the judge of a two-sample test hears it: note by note, with what stood at this place some bars ago.

Conventions
    hearing     (notes, len(JUDGED)) rows of small tables.
    bars ago    at the same place of an earlier bar: row 0 = no note began there, 1 = another one, 2 = the same.

Contents: JUDGED, AGO, hearing; without_last (a melody cut short).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.events import viewpoints as vp
from melodyrnn.events.vocabulary import DURATIONS, PITCHES, RESTS, Indices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from melodyrnn.events.columns import Columns

AGO: Final = (1, 2, 4, 8)
"""Bars after which a bar is compared."""
_MOST_BARS: Final = 33  # bars 0 … 31; "32 or later" share a row
_MOST_LEFT: Final = 49  # notes to the end 0 … 47; more share a row
_COMPARED: Final = 3

_EACH: Final = ("rest", "duration", "pitch", "place", "bar", "metre", "bar_ticks")

JUDGED: Final = {
    "rest": len(RESTS),
    "duration": len(DURATIONS),
    "pitch": len(PITCHES),
    "interval": 2 * vp.WIDEST_INTERVAL + 2,
    "degree": 12,
    "place": vp.PLACES,
    "bar": _MOST_BARS,
    "to_end": _MOST_LEFT,
    **{f"{what}_{bars}": _COMPARED for bars in AGO for what in ("pitch", "duration")},
}
"""Views of a note, with their table sizes, in the order of the last axis of `hearing`."""


def hearing(melody: Columns) -> NDArray[np.int16]:
    """A melody's rows in each view of JUDGED, (notes, 16)."""
    notes = len(melody)
    interval = np.zeros(notes, np.int64)
    interval[1:] = vp.interval_row(np.diff(melody.pitch))
    views = [
        melody.rest, melody.duration, melody.pitch, interval, vp.degree(melody.pitch), vp.place_row(melody.place),
        np.minimum(melody.bar, _MOST_BARS - 1), np.minimum(np.arange(notes)[::-1], _MOST_LEFT - 1),
    ]  # fmt: skip
    for bars in AGO:
        before = _stood(melody, bars)
        views += [np.where(before < 0, 0, 1 + (own[before] == own)) for own in (melody.pitch, melody.duration)]
    return np.stack(views, -1).astype(np.int16)


def without_last(melody: Columns, notes: int) -> Columns:
    """A melody without its last so many notes; it ends in the bar of the last one that is left."""
    kept = {name: getattr(melody, name)[: len(melody) - notes] for name in _EACH}
    return replace(melody, **kept, bars=int(kept["bar"][-1]) + 1)


def _stood(melody: Columns, bars: int) -> Indices:
    """Which note began at the same place so many bars earlier, (notes,); -1 where none did."""
    places = list(zip(melody.bar.tolist(), melody.place.tolist(), strict=True))
    at = {where: k for k, where in enumerate(places)}
    return np.array([at.get((bar - bars, place), -1) for bar, place in places], np.int64)
