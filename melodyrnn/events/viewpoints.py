"""What the network hears: several views of the same events, each a row of its own table.

Conventions
    All functions take integer arrays of any one shape, (melodies, notes) in training and (melodies,)
    in composing, and return arrays of that shape: there is one definition for both worlds.
    NONE (row 0) in a table means hidden or not there: before the first note, or a condition withheld.

Contents: HEARD (views of a finished note, the recurrent step's input); AT_REST, AT_DURATION, AT_PITCH (what is known
when each attribute of the next note is predicted); Hears, sizes, columns_heard (which of them a network hears);
place_row … ticks_left_row, degree, root_row, chord_degree_row (what a note is → its row in a view's table); level,
distance, match_row, apart_row (how an earlier place resembles this one, for the pointers).

Viewpoints of pitch: Conklin & Witten 1995; match lengths play the part of IDyOM's short-term model.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from melodyrnn.events.context import CHORDS_HEARD, NO_CHORD, QUALITY_CLASSES
from melodyrnn.events.vocabulary import DURATIONS, END, OTHER_METRE, PITCHES, RESTS, Indices
from melodyrnn.music.key import MODES

PLACES: Final = 193  # ticks since the bar line, 0..191; row 0 is NONE
BEATS: Final = 33  # sixteenths since the bar line, 0..31
WIDEST_INTERVAL: Final = 24  # intervals beyond two octaves are heard as two octaves
LONGEST_BARS: Final = 32  # "33 or more bars left" share a row
BAR_NUMBERS: Final = 33  # bars 0..31; "bar 32 or later" share a row
STYLES: Final = 32  # rows for corpus tags
SIXTEENTHS_LEFT: Final = 16  # up to so many sixteenths, ticks to an end are told by the sixteenth begun …
QUARTERS_LEFT: Final = 32  # … up to so many quarters by the quarter begun, and what is further is one class
TICKS_LEFT: Final = 2 + SIXTEENTHS_LEFT + QUARTERS_LEFT - SIXTEENTHS_LEFT // 4 + 1
"""Rows of the ticks to the end of a phrase or to the next chord: NONE, now, sixteenths, quarters, further."""

HEARD: Final = {
    "pitch": len(PITCHES) + 1,
    "degree": 13,
    "interval": 2 * WIDEST_INTERVAL + 2,
    "from_first": 2 * WIDEST_INTERVAL + 2,
    "duration": len(DURATIONS) + 1,
    "rest": len(RESTS) + 1,
    "place": PLACES,
    "metre_beat": (OTHER_METRE + 1) * BEATS,
    "mode": len(MODES) + 1,
    "style": STYLES + 1,
    "register": 129,
    "bars_left": LONGEST_BARS + 2,
    "phrase_left": TICKS_LEFT,
    "chord": CHORDS_HEARD,
    "chord_degree": 13,
}
"""Views of the note just heard, with their table sizes, in the order of the last axis of Batch.heard.

Where the bars left are hidden, `bars_left` says the number of the bar, in BAR_NUMBERS rows more; a network without
them (Hears.bar_numbers) hears NONE there. The last three are for networks that hear phrases or harmony alone.
"""

AT_PITCH: Final = {
    **{k: HEARD[k] for k in ("place", "metre_beat", "bars_left", "phrase_left", "rest")}, "chord_left": TICKS_LEFT,
    **{k: HEARD[k] for k in ("duration", "mode", "chord")}, "next_chord": CHORDS_HEARD,
}  # fmt: skip
"""What is known when the pitch is predicted. It begins with what is known before, so that one array says it all."""
AT_DURATION: Final = {k: AT_PITCH[k] for k in ("place", "metre_beat", "bars_left", "phrase_left", "rest", "chord_left")}
AT_REST: Final = {k: AT_PITCH[k] for k in ("place", "metre_beat", "bars_left", "phrase_left")}

_OF_HARMONY: Final = ("chord", "next_chord", "chord_left", "chord_degree")

LEVELS: Final = 8
"""Match lengths 0, 1, 2, 3, 4, 5-6, 7-9, 10 and more."""
MATCHES: Final = LEVELS**3
DISTANCES: Final = 12
"""Bars between two places: 0, 1, 2, 3, 4, 5-7, 8, 9-11, 12, 13-15, 16, more."""
PLACES_APART: Final = DISTANCES * 8

_LEVEL_OF: Final = np.array([0, 1, 2, 3, 4, 5, 5, 6, 6, 6, 7])
_DISTANCE_OF: Final = np.array([0, 1, 2, 3, 4, 5, 5, 5, 6, 7, 7, 7, 8, 9, 9, 9, 10, 11])
LONGEST_MATCH: Final = len(_LEVEL_OF) - 1
"""A match of more notes is of the same class as one of so many."""
FURTHEST: Final = len(_DISTANCE_OF) - 1
"""Bars beyond which all distances are one class."""


def place_row(ticks: Indices) -> Indices:
    """Row of a place in the bar (ticks since the bar line)."""
    return np.minimum(ticks, PLACES - 2) + 1


def metre_beat_row(metre: Indices, ticks: Indices) -> Indices:
    """Row of a place heard within its metre, in sixteenths."""
    return metre * BEATS + np.minimum(ticks // 6, BEATS - 2) + 1


def interval_row(semitones: Indices) -> Indices:
    """Row of a melodic interval."""
    return np.minimum(np.maximum(semitones, -WIDEST_INTERVAL), WIDEST_INTERVAL) + WIDEST_INTERVAL + 1


def bars_left_row(bars: Indices) -> Indices:
    """Row of the number of bars left, the present one included; 0 or less is heard as 1."""
    return np.minimum(np.maximum(bars, 1), LONGEST_BARS + 1)


def bar_number_row(bar: Indices) -> Indices:
    """Row of the number of the bar, from 0, in the table of the bars left; for where those are hidden."""
    return np.minimum(bar, BAR_NUMBERS - 1) + HEARD["bars_left"]


def ticks_left_row(ticks: Indices) -> Indices:
    """Row of the ticks to the end of a phrase (0: it ends here), or to the next chord (0: there is none).

    >>> ticks_left_row(np.array([0, 1, 6, 7, 96, 97, 120, 121, 768, 769, 9999])).tolist()
    [1, 2, 2, 3, 17, 18, 18, 19, 45, 46, 46]
    """
    sixteenths, quarters = -(-ticks // 6), -(-ticks // 24) + SIXTEENTHS_LEFT - SIXTEENTHS_LEFT // 4
    return 1 + np.minimum(np.where(sixteenths > SIXTEENTHS_LEFT, quarters, sixteenths), TICKS_LEFT - 2)


class Hears(NamedTuple):
    """What a network hears besides what all do."""

    bar_numbers: bool = False  # of the bar, where it is not told how many are left
    phrases: bool = False
    harmony: bool = False


def sizes(views: dict[str, int], hears: Hears) -> dict[str, int]:
    """Table sizes of HEARD, AT_REST … for a network that hears so much."""
    told = {name: views[name] for name in (list(views)[k] for k in columns_heard(views, hears))}
    return told | {"bars_left": views["bars_left"] + BAR_NUMBERS} if hears.bar_numbers else told


def columns_heard(views: dict[str, int], hears: Hears) -> list[int]:
    """Which of HEARD, AT_REST … a network hears, by their numbers."""
    unheard = {*(() if hears.phrases else ("phrase_left",)), *(() if hears.harmony else _OF_HARMONY)}
    return [k for k, name in enumerate(views) if name not in unheard]


def degree(pitch: Indices) -> Indices:
    """Semitones above the tonic, 0..11, of a row of PITCHES."""
    return (pitch + PITCHES[0]) % 12


def root_row(chord: Indices) -> Indices:
    """Row of a chord's root: 1 + semitones above the tonic; 0 where no chord is told, or none sounds."""
    return np.where(chord > NO_CHORD, (chord - NO_CHORD - 1) // len(QUALITY_CLASSES) + 1, 0)


def chord_degree_row(pitch: Indices, chord: Indices) -> Indices:
    """Row of a pitch (row of PITCHES) above the root of a chord (row): 1 + semitones; 0 where there is no root."""
    root = root_row(chord)
    return np.where(root > 0, (degree(pitch) + 1 - root) % 12 + 1, 0)


def level(length: Indices) -> Indices:
    """Class of a match length."""
    return _LEVEL_OF[np.minimum(length, len(_LEVEL_OF) - 1)]


def distance(bars: Indices) -> Indices:
    """Class of a distance in bars."""
    return _DISTANCE_OF[np.minimum(np.maximum(bars, 0), len(_DISTANCE_OF) - 1)]


def match_row(pitch: Indices, interval: Indices, rhythm: Indices) -> Indices:
    """Row of three match lengths together: notes in a row that agreed in pitch, interval and rhythm."""
    return (level(pitch) * LEVELS + level(interval)) * LEVELS + level(rhythm)


def apart_row(bars: Indices, same_place: Indices, same_rest: Indices, same_duration: Indices) -> Indices:
    """Row of how far an earlier place lies back and what it shares with this one (0 or 1 each)."""
    return distance(bars) * 8 + same_place * 4 + same_rest * 2 + same_duration


RHYTHM_BASE: Final = END + 1
"""Rhythms are compared as one number, duration * RHYTHM_BASE + rest."""
