"""Where phrases begin, by what a score shows of their ends.

Conventions
    What shows an end stands with the last note and goes where that goes: what is left out with an earlier ending says
    nothing, a note tied on ends where the last of its pieces does, and grace notes bear none.
    LINE     a line of the source ends: the verse of a song, four or eight bars of a dance
    PAUSE    a section ends, a singer rests, a verse ends by its punctuation
    SIGN     somebody wrote it: breath mark, caesura, fermata, a phrase's bracket
    Of phrases shorter than a bar (or than four quarters) those stay that a SIGN ends; others go on into the next.

Contents: LINE, PAUSE, SIGN, phrase_onsets; lines_tell.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from melodyrnn.music.melody import TICKS_PER_QUARTER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.music.melody import Melody

LINE: Final = 1
PAUSE: Final = 2
SIGN: Final = 3
_SHORTEST: Final = 4 * TICKS_PER_QUARTER
_LAID_OUT: Final = 4  # bars of a line: programs write as many, and what is left in the last


def phrase_onsets(melody: Melody, ends: Sequence[int]) -> tuple[int, ...]:
    """Onsets of the notes that begin a phrase, the first aside; `ends` says of each note what shows that one ends."""
    notes = melody.notes
    begins = [(_with_upbeat(melody, n) if end == LINE else n, end) for n, end in enumerate(ends[:-1], 1) if end]
    kept: list[tuple[int, int]] = []
    last = notes[0].onset
    for n, end in begins:
        onset = notes[n].onset
        if onset > last and (end == SIGN or onset - last >= _shortest(melody, last)):
            kept.append((onset, end))
            last = onset
    if kept and kept[-1][1] != SIGN and notes[-1].end - last < _shortest(melody, last):
        kept.pop()
    return tuple(onset for onset, _ in kept)


def _shortest(melody: Melody, tick: int) -> int:
    return min(melody.metre_at(tick).bar_ticks, _SHORTEST)


def _with_upbeat(melody: Melody, first: int) -> int:
    """The note that begins a line as it is sung: an upbeat as long as the tune's, printed on the line before.

    Only after a note that is longer than all of it: running notes have no upbeat.
    """
    notes, upbeat = melody.notes, melody.upbeat
    if not upbeat or melody.place(notes[first].onset)[1]:
        return first
    n = first
    while n > 1 and notes[n - 1].onset >= notes[first].onset - upbeat:
        n -= 1
    longest = max((note.duration for note in notes[n:first]), default=0)
    fits = notes[n].onset == notes[first].onset - upbeat and notes[n - 1].duration > longest
    return n if fits else first


def lines_tell(ends: Sequence[Fraction], bar: Fraction) -> bool:
    """Whether lines of music that end there (quarters) are phrases, not what a program puts on a line.

    No: one line; a bar on each; as many bars on each, four or more, and what is left in the last.
    """
    lengths = [last - first for first, last in pairwise([Fraction(), *ends]) if last > first]
    if len(lengths) < 2 or max(lengths) <= bar:
        return False
    bars = {length // bar for length in lengths[:-1]}
    laid_out = len(bars) == 1 and min(bars) >= _LAID_OUT and lengths[-1] <= (min(bars) - 1) * bar
    return not laid_out
