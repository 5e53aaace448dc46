"""What is told of a place besides its metre: how far the phrase still goes, and which chords sound.

Conventions
    ticks are those of a melody; arrays are (notes,), each value as it is at a note's onset.
    A phrase ends where the next one begins, the last one where the last note ends.
    Row 0 of a chord says that nothing is told, row NO_CHORD that no chord sounds (N.C., or before the first).
    Chords are heard in the key: a root is semitones above the tonic. Of a quality its class is heard.

Contents: QUALITY_CLASSES, NO_CHORD, CHORDS_HEARD, ROOT_CLASSES; MOST_TICKS_LEFT; chord_row; Harmonic, timeline,
harmonic; phrase_ticks.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from melodyrnn.music.chords import chord_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.music.chords import Chord
    from melodyrnn.music.harmony import Harmony

QUALITY_CLASSES: Final = {
    "major seventh": {4, 11}, "dominant": {4, 10}, "minor seventh": {3, 7, 10}, "half-diminished": {3, 6, 10},
    "diminished": {3, 6}, "minor": {3, 7}, "augmented": {4, 8}, "major": {4}, "suspended": {5}, "other": set(),
}  # fmt: skip
"""Class of a chord → semitones above the root that it must have; the first that fits is the class."""
NO_CHORD: Final = 1
CHORDS_HEARD: Final = 2 + 12 * len(QUALITY_CLASSES)
"""Rows of chords: NONE, NO_CHORD, then by root and class."""
_CLASSES: Final = tuple(QUALITY_CLASSES.values())
MOST_TICKS_LEFT: Final = 65_535  # of a phrase or chord: what two bytes of a prepared corpus hold


class Harmonic(NamedTuple):
    """Chords at the onsets of notes, rows (notes,), and the ticks until the chord changes (0 = no more change)."""

    chord: Indices
    next_chord: Indices
    chord_left: Indices


def chord_row(chord: Chord, tonic: int) -> int:
    """Row of a chord in a key.

    >>> chord_row(chord_of("G7"), 0) - chord_row(chord_of("C"), 0) == 7 * len(QUALITY_CLASSES) - 6
    True
    """
    if not chord.tones or chord.root < 0:
        return NO_CHORD
    above = {(tone - chord.root) % 12 for tone in chord.tones}
    kind = next(index for index, needed in enumerate(_CLASSES) if needed <= above)
    return 2 + (chord.root - tonic) % 12 * len(_CLASSES) + kind


def harmonic(onsets: Sequence[int], harmony: Harmony, tonic: int) -> Harmonic:
    """The chords of a file as its melody's notes meet them."""
    changes, rows = timeline(harmony, tonic)
    which = [bisect_right(changes, onset) for onset in onsets]
    left = [
        min(changes[k] - onset, MOST_TICKS_LEFT) if k < len(changes) else 0
        for k, onset in zip(which, onsets, strict=True)
    ]
    following = [rows[min(k + 1, len(rows) - 1)] for k in which]
    return Harmonic(np.array([rows[k] for k in which]), np.array(following), np.array(left))


def timeline(harmony: Harmony, tonic: int) -> tuple[list[int], list[int]]:
    """Ticks at which the chords change, and the rows that hold before the first of them and from each on."""
    rows = [NO_CHORD, *(_row_of(symbol, tonic) for _, symbol in harmony.spans), NO_CHORD]
    return list(accumulate((ticks for ticks, _ in harmony.spans), initial=harmony.onset)), rows


@lru_cache(maxsize=4096)
def _row_of(symbol: str, tonic: int) -> int:
    return chord_row(chord_of(symbol), tonic)


def phrase_ticks(onsets: Sequence[int], end: int, phrases: Sequence[int]) -> Indices:
    """Ticks from each note's onset to the end of its phrase, at least 1; `end` is where the last note ends.

    >>> phrase_ticks([0, 24, 48, 72], 96, (48,)).tolist()
    [48, 24, 48, 24]
    """
    ends = [*phrases, end]
    left = [ends[min(bisect_right(phrases, onset), len(phrases))] - onset for onset in onsets]
    return np.array([min(max(ticks, 1), MOST_TICKS_LEFT) for ticks in left])
