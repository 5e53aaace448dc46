"""What the network hears: several views of the same events, each a row of its own table.

Conventions
    All functions take integer arrays of any one shape, (melodies, notes) in training and (melodies,)
    in composing, and return arrays of that shape: there is one definition for both worlds.
    NONE (row 0) in a table means hidden or not there: before the first note, or a condition withheld.

Contents: HEARD (views of a finished note, the recurrent step's input); AT_REST, AT_DURATION, AT_PITCH (what is known
when each attribute of the next note is predicted); sizes; place_row … bar_number_row, degree (what a note is → its row
in a view's table); level, distance, match_row, apart_row (how an earlier place resembles this one, for the pointers).

Viewpoints of pitch: Conklin & Witten 1995; match lengths play the part of IDyOM's short-term model.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from melodyrnn.events.vocabulary import DURATIONS, END, OTHER_METRE, PITCHES, RESTS, Indices
from melodyrnn.music.key import MODES

PLACES: Final = 193  # ticks since the bar line, 0..191; row 0 is NONE
BEATS: Final = 33  # sixteenths since the bar line, 0..31
WIDEST_INTERVAL: Final = 24  # intervals beyond two octaves are heard as two octaves
LONGEST_BARS: Final = 32  # "33 or more bars left" share a row
BAR_NUMBERS: Final = 33  # bars 0..31; "bar 32 or later" share a row
STYLES: Final = 32  # rows for corpus tags

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
}
"""Views of the note just heard, with their table sizes, in the order of the last axis of Batch.heard.

Where the bars left are hidden, `bars_left` says the number of the bar, in BAR_NUMBERS rows more; a network without
them (NetworkConfig.bar_numbers) hears NONE there.
"""

AT_REST: Final = {k: HEARD[k] for k in ("place", "metre_beat", "bars_left")}
AT_DURATION: Final = {k: HEARD[k] for k in ("place", "metre_beat", "bars_left", "rest")}
AT_PITCH: Final = {k: HEARD[k] for k in ("place", "metre_beat", "bars_left", "rest", "duration", "mode")}

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


def sizes(views: dict[str, int], *, bar_numbers: bool) -> dict[str, int]:
    """Table sizes of HEARD, AT_REST … for a network that hears the numbers of bars, or does not."""
    return views | {"bars_left": views["bars_left"] + BAR_NUMBERS} if bar_numbers else views


def degree(pitch: Indices) -> Indices:
    """Semitones above the tonic, 0..11, of a row of PITCHES."""
    return (pitch + PITCHES[0]) % 12


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
