"""The tables of the tokenizer, as data. They are fixed: every checkpoint can prime from every file.

Conventions
    value       what a musician would count: ticks (24 a quarter) or semitones above the anchor.
    index       the integer that stands for it, a row of the network's tables.

A change of any table is a new VOCABULARY_VERSION: a checkpoint of another version is refused by name.

Contents: DURATIONS, RESTS, END, PITCHES, METRES; nearest, metre_index; REST_TICKS, REST_OR_END_TICKS, DURATION_TICKS,
onsets_of (rows as ticks).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
"""Rows of the tables, or ticks, bars and counts of many melodies side by side."""

VOCABULARY_VERSION: Final = 1

DURATIONS: Final = (
    *range(1, 25),  # every tick up to a quarter
    *(t for t in range(26, 49) if t % 2 == 0 or t % 3 == 0),  # up to a half: eighth triplets and thirty-seconds
    *(t for t in range(50, 97) if t % 6 == 0 or t % 8 == 0),  # up to a whole: sixteenths and quarter triplets
    *range(108, 193, 12),  # up to two wholes: eighths
    *range(216, 385, 24),  # up to four wholes: quarters
)
"""Ticks a note may last, 1 to 384 (four whole notes)."""

RESTS: Final = (0, *DURATIONS)
"""Ticks of silence before a note. Before the first note: its onset, which is how an upbeat is said."""

END: Final = len(RESTS)
"""Index in the rest table that means: the melody is over. The network's rest softmax has END + 1 rows."""

PITCHES: Final = tuple(range(-36, 37))
"""Semitones above the anchor, which is a tonic: three octaves down to three octaves up."""

METRES: Final = (
    (4, 4), (2, 4), (3, 4), (6, 8), (2, 2), (3, 8), (9, 8), (12, 8), (3, 2), (4, 2),
    (5, 4), (6, 4), (7, 4), (5, 8), (7, 8), (4, 8), (2, 8), (8, 8), (1, 4), (9, 4), (12, 4), (11, 8), (10, 8), (6, 16),
)  # fmt: skip
"""Metres the network knows by name; any other is heard as OTHER_METRE, its bar length still true."""
OTHER_METRE: Final = len(METRES)


def nearest(table: tuple[int, ...], values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Index of the entry nearest to each value; the smaller one on a tie."""
    entries = np.asarray(table)
    upper = np.clip(np.searchsorted(entries, values), 1, len(entries) - 1)
    return np.where(values - entries[upper - 1] <= entries[upper] - values, upper - 1, upper)


def metre_index(numerator: int, denominator: int) -> int:
    """Row of a metre in the network's tables."""
    pair = (numerator, denominator)
    return METRES.index(pair) if pair in METRES else OTHER_METRE


REST_TICKS: Final = np.asarray(RESTS)
REST_OR_END_TICKS: Final = np.asarray((*RESTS, 0))
"""The same for rows of rests that may be END, which takes no time."""
DURATION_TICKS: Final = np.asarray(DURATIONS)


def onsets_of(rests: NDArray[np.integer], durations: NDArray[np.integer]) -> NDArray[np.int64]:
    """Ticks from the start at which notes begin, (…, n), of rows of their rests and durations.

    >>> onsets_of(np.array([RESTS.index(0), RESTS.index(12)]), np.array([DURATIONS.index(24)] * 2)).tolist()
    [0, 36]
    """
    lengths = DURATION_TICKS[durations]
    return np.asarray(np.cumsum(REST_OR_END_TICKS[rests] + lengths, -1) - lengths)
