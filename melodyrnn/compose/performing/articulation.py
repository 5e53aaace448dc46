"""Articulation: what the network hears of notes that are let go a little early, and of notes played by hand.

Sequencers write a quarter of 94 % or 80 %, hands play beside the beat and let legato ring on. A network that hears the
splinters of silence goes on beside the beat. So a melody that is to be continued is heard with its notes held and on
the next line, as somebody who takes down a melody would write them; the notes themselves stay as they were given.
Where hardly any note reaches the next (a plucked sound), the onsets alone are the rhythm, and each note is heard up to
the next one, within its beat.

Conventions
    lines       places in a bar where a note may end: the bar line, beats, eighths … down to thirty-seconds and triplets
                of sixteenths. No note is held across a bar line, or into the next note.

Contents: Touch, sustained, quantized.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from melodyrnn.events.vocabulary import DURATIONS

if TYPE_CHECKING:
    from melodyrnn.music.melody import Melody, Note

SHORTEST_REST: Final = 3  # ticks: a thirty-second
SHARE: Final = 4  # one part in so many of the time to the next onset is silent at most, where notes are let go early
_EIGHTH: Final = 12  # ticks
_SIXTEENTHS: Final = (0, 6, 12)  # places in an eighth
_TRIPLETS: Final = (0, 4, 8, 12)
_PAIRS: Final = 4  # notes that lead on to another, from which a plucked line can be told from a few rests
_REACHED: Final = 0.25  # share of them that may sound up to the next, at most, in a plucked line
_MOST: Final = 0.6  # share of them that are silent for …
_APART: Final = 5  # … one part in so many of the time to the next, at least
_FINER: Final = (12, 6, 8, 4, 3)  # ticks between lines within a beat, coarse to fine


class Touch(Enum):
    """How the notes of a melody are let go."""

    WRITTEN = "as they stand"
    EARLY = "most a little before the next"
    PLUCKED = "nearly all long before the next"


def sustained(melody: Melody) -> Melody:
    """The same melody, each note held over the silence that is articulation and not a rest.

    That is a silence shorter than a thirty-second; where most notes that lead on to another are let go early,
    one of up to a quarter of the time from the note's onset to what it leads to; in a plucked line any in a beat too.
    """
    if not melody.notes:
        return melody
    touch = _touch(melody.notes)
    onsets = (*(note.onset for note in melody.notes[1:]), None)
    ends = [_until(melody, note, following, touch) for note, following in zip(melody.notes, onsets, strict=True)]
    notes = tuple(_longer(note, end) for note, end in zip(melody.notes, ends, strict=True))
    over = max(ends[-1], _line(melody, 0, melody.length, Touch.WRITTEN) if melody.length else 0)
    return replace(melody, notes=notes, length=over if melody.length or over > notes[-1].end else 0)


def quantized(melody: Melody, *, within_bars: bool = False) -> Melody:
    """The same melody, onsets that lie on no thirty-second and no triplet on the line that is meant, if that is free.

    Lines are eighths and sixteenths, or triplets where the melody has more of these. An end that rings on over a line
    by less than a thirty-second, the last one's by one, is on it. `within_bars`: no onset crosses a bar line.
    """
    if not melody.notes:
        return melody
    onsets = _onsets(melody, within_bars=within_bars)
    nexts = (*onsets[1:], None)
    moved = [
        note if onset < note.end else replace(note, onset=onset)  # a short one as a whole
        for note, onset in zip(melody.notes, onsets, strict=True)
    ]
    ends = [_stopped(melody, note, following) for note, following in zip(moved, nexts, strict=True)]
    notes = tuple(
        replace(note, onset=onset, duration=end - onset) for note, onset, end in zip(moved, onsets, ends, strict=True)
    )
    over = melody.place(melody.length)[1] % _EIGHTH  # the end of the music rings on with its last note
    rings = 0 < over <= SHORTEST_REST and melody.length - over >= notes[-1].end
    return replace(melody, notes=notes, length=melody.length - over if rings else melody.length)


def _onsets(melody: Melody, *, within_bars: bool) -> list[int]:
    """Where notes are meant to begin, in order: a move into the note before, or the one after, is none."""
    places = [melody.place(note.onset)[1] for note in melody.notes]
    triplets = sum(p % 12 in {4, 8} for p in places) > sum(p % 12 in {3, 6, 9} for p in places)
    lines = _TRIPLETS if triplets else _SIXTEENTHS
    played = [note.onset for note in melody.notes]
    onsets: list[int] = []
    for place, onset, following in zip(places, played, (*played[1:], None), strict=True):
        meant = onset + _beside(place, lines)
        free = (not onsets or onsets[-1] < meant) and (following is None or meant < following)
        free = free and not (within_bars and melody.place(meant)[0] != melody.place(onset)[0])
        onsets.append(meant if free else onset)
    return onsets


def _beside(place: int, lines: tuple[int, ...]) -> int:
    """Ticks from a place in a bar to the line that is meant; 0 where it is on one, fine as that may be."""
    if place % 3 == 0 or place % 4 == 0:
        return 0
    return min((line - place % _EIGHTH for line in lines), key=abs)


def _stopped(melody: Melody, note: Note, following: int | None) -> int:
    """Tick at which a note ends that does not ring on over a line, or into the next one."""
    end = note.end if following is None else min(note.end, following)
    over = melody.place(end)[1] % _EIGHTH
    rings = 0 < over < SHORTEST_REST + (following is None) and end != following
    return end - over if rings and note.duration - over >= _EIGHTH // 2 else end


def _longer(note: Note, end: int) -> Note:
    """A note held up to a tick, or to the last before it at which the tables can have it end."""
    duration = DURATIONS[max(0, bisect_right(DURATIONS, end - note.onset) - 1)]
    return note if duration <= note.duration else replace(note, duration=duration)


def _touch(notes: tuple[Note, ...]) -> Touch:
    """How most notes that lead on to another are let go."""
    silences = [(after.onset - note.end, after.onset - note.onset) for note, after in pairwise(notes)]
    joined = [silence for silence, time in silences if silence * SHARE <= time]
    reached = sum(silence <= 0 for silence, _ in silences)
    apart = sum(_APART * silence >= time for silence, time in silences)
    if len(silences) >= _PAIRS and reached <= _REACHED * len(silences) and apart >= _MOST * len(silences):
        return Touch.PLUCKED
    return Touch.EARLY if 2 * sum(silence > 0 for silence in joined) > len(joined) else Touch.WRITTEN


def _until(melody: Melody, note: Note, following: int | None, touch: Touch) -> int:
    """Tick up to which a note is heard; `following` is the onset of the next one."""
    if following is not None:
        bar_line = melody.bar_onset(melody.place(note.end - 1)[0] + 1)
        if following <= bar_line and _is_held(melody, note.onset, note.end, following, touch):
            return following
    return _line(melody, note.onset, note.end, touch)


def _line(melody: Melody, onset: int, end: int, touch: Touch) -> int:
    """The coarsest line at or after the end of a note up to which it is held."""
    bar = melody.place(end - 1)[0]
    begin, over = melody.bar_onset(bar), melody.bar_onset(bar + 1)
    if touch is Touch.WRITTEN and any((end - begin) % ticks == 0 for ticks in _FINER):
        return end
    beat = melody.metre_at(begin).beat_ticks
    lines = (over, *(begin - (begin - end) // ticks * ticks for ticks in (beat, *_FINER) if ticks))
    return next((line for line in lines if line <= over and _is_held(melody, onset, end, line, touch)), end)


def _is_held(melody: Melody, onset: int, end: int, until: int, touch: Touch) -> bool:
    """Whether the silence from the end of a note up to a tick is articulation."""
    silence, time = until - end, until - onset
    if touch is Touch.PLUCKED and time <= melody.metre_at(onset).beat_ticks:
        return True
    return silence < SHORTEST_REST or (touch is not Touch.WRITTEN and silence * SHARE <= time)
