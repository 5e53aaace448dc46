"""Melodies that sit, and melodies that circle: what is drawn again.

Rules that forbid something at every note (a largest leap, chord tones) cost a melody nothing that stays where it is.
So among melodies side by side those that sit are favoured, and that is no mistake: given the rules they are probable.
But nobody asks for one. Of 12,806 melodies of the built-in corpora 7 sit. They are drawn again unless the caller
asks for an effort.

A melody circles when most of its bars are bars over again, or one stands three times running: a recurrent network
that has said a thing twice finds it likely a third time. In two of a hundred training melodies more than half of the
bars have stood before, in three of a thousand more than two thirds; in four of a thousand a bar stands thrice.

Contents: AGAIN, lively, sits, circles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.events.columns import columns
from melodyrnn.events.measures import repetition, thrice
from melodyrnn.events.tokenizer import encode

if TYPE_CHECKING:
    from melodyrnn.compose.sampling.filters import Indices
    from melodyrnn.music.melody import Melody

AGAIN: Final = 6
"""Times that a melody is composed anew for how it ends; thrice as often for how it goes. Rules may leave no other."""
_MOST: Final = 0.7  # share of the notes that one pitch may have
_FEW: Final = 3  # pitches of a melody
_NOTES: Final = 5  # from so many notes on a melody can be said to sit
_OVER_AGAIN: Final = 2 / 3  # share of the bars that may have stood before


def lively(rows: Indices) -> bool:
    """Whether a melody, rows (notes, 3) of rests, durations and pitches, moves: three pitches, none for 70 % of it."""
    return _moves(rows[:, 2])


def sits(melody: Melody, primed: int = 0) -> bool:
    """Whether the notes of a melody after its first `primed` stay where they are."""
    return not _moves(np.array([note.pitch for note in melody.notes[primed:]]))


def _moves(pitches: Indices) -> bool:
    if len(pitches) < _NOTES:
        return True
    _, counts = np.unique(pitches, return_counts=True)
    return bool(len(counts) >= _FEW and counts.max() <= _MOST * len(pitches))


def circles(melody: Melody) -> bool:
    """Whether more than two thirds of a melody's bars stood in it before, note for note, or one stands thrice."""
    told = columns(encode(melody))
    return repetition(told) > _OVER_AGAIN or thrice(told)
