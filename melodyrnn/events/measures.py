"""What one melody is like, in numbers.

Contents: compass, repetition.
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
    bars: dict[int, list[tuple[int, int, int]]] = {}
    rows = (melody.bar, melody.place, melody.duration, melody.pitch)
    for bar, place, duration, pitch in zip(*(row.tolist() for row in rows), strict=True):
        bars.setdefault(bar, []).append((place, duration, pitch))
    return 1 - len({tuple(notes) for notes in bars.values()}) / len(bars)
