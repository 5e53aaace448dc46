"""What one melody is like, in numbers.

Contents: compass, repetition, thrice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from melodyrnn.events.columns import Columns


def compass(melody: Columns) -> int:
    """Semitones from the lowest to the highest note."""
    return int(np.ptp(melody.pitch))


def repetition(melody: Columns) -> float:
    """Share of a melody's bars whose notes stood in an earlier bar: the same places, durations and pitches."""
    bars = _bars(melody)
    return 1 - len(set(bars.values())) / len(bars)


def thrice(melody: Columns) -> bool:
    """Whether a bar stands three times running, note for note."""
    bars = _bars(melody)
    return any(notes == bars.get(bar + 1) == bars.get(bar + 2) for bar, notes in bars.items())


def _bars(melody: Columns) -> dict[int, tuple[tuple[int, int, int], ...]]:
    """Place, duration and pitch of the notes of each bar in which one begins."""
    bars: dict[int, tuple[tuple[int, int, int], ...]] = {}
    rows = (melody.bar, melody.place, melody.duration, melody.pitch)
    for bar, place, duration, pitch in zip(*(row.tolist() for row in rows), strict=True):
        bars[bar] = (*bars.get(bar, ()), (place, duration, pitch))
    return bars
