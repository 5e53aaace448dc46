"""What is told of a place besides its metre: rows of chords, the chords at onsets, ticks to the ends of phrases."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from melodyrnn.events.columns import columns
from melodyrnn.events.context import CHORDS_HEARD, NO_CHORD, QUALITY_CLASSES, chord_row, harmonic, phrase_ticks
from melodyrnn.events.tokenizer import encode
from melodyrnn.events.viewpoints import (
    AT_DURATION,
    AT_PITCH,
    AT_REST,
    TICKS_LEFT,
    chord_degree_row,
    root_row,
    ticks_left_row,
)
from melodyrnn.events.vocabulary import PITCHES
from melodyrnn.music.chords import chord_of
from melodyrnn.music.harmony import Harmony
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

KINDS = {
    "Cmaj7": "major seventh", "C7": "dominant", "C9": "dominant", "Cm7": "minor seventh", "Cm7b5": "half-diminished",
    "Cdim": "diminished", "Cdim7": "diminished", "Cm": "minor", "Caug": "augmented", "C": "major", "C6": "major",
    "Csus4": "suspended", "C5": "other",
}  # fmt: skip


@pytest.mark.parametrize(("symbol", "kind"), KINDS.items())
def test_a_chord_is_heard_as_its_class(symbol, kind):
    """The first class whose tones it has; on the tonic, and a fifth above another."""
    own = list(QUALITY_CLASSES).index(kind)
    assert chord_row(chord_of(symbol), 0) == 2 + own
    assert chord_row(chord_of(symbol), 5) == 2 + 7 * len(QUALITY_CLASSES) + own


def test_no_chord_has_a_row_of_its_own_and_all_stand_in_the_table():
    """N.C. is heard; the highest row is that of a root a semitone under the tonic."""
    assert chord_row(chord_of("N.C."), 3) == NO_CHORD
    rows = {chord_row(chord_of(root + "5"), 0) for root in "CDEFGAB"}
    assert max(rows) == CHORDS_HEARD - 1
    assert len(rows) == 7


def test_chords_at_onsets_before_the_first_between_and_after_the_last():
    """None sounds before and after; the ticks left count to the change, and 0 says that none comes."""
    chords = Harmony(((48, "C"), (48, "G7")), Metre(), onset=24)
    told = harmonic([0, 24, 60, 72, 119, 120, 500], chords, 0)
    c, g = (chord_row(chord_of(symbol), 0) for symbol in ("C", "G7"))
    assert told.chord.tolist() == [NO_CHORD, c, c, g, g, NO_CHORD, NO_CHORD]
    assert told.next_chord.tolist() == [c, g, g, NO_CHORD, NO_CHORD, NO_CHORD, NO_CHORD]
    assert told.chord_left.tolist() == [24, 48, 12, 48, 1, 0, 0]


def test_phrases_end_where_the_next_begins_the_last_with_the_melody():
    """Rests before the next phrase belong to the one before."""
    assert phrase_ticks([0, 24, 96, 120], 144, (96,)).tolist() == [96, 72, 48, 24]
    assert phrase_ticks([0, 200_000], 200_024, (200_000,)).tolist() == [65_535, 24]


def test_columns_tell_what_the_melody_and_its_file_tell_and_nothing_else():
    """Phrases of the melody, chords of the file, in the melody's key."""
    notes = tuple(Note(24 * k, 24, 62 + k % 5) for k in range(8))
    melody = Melody(notes, (Metre(),), Key(2), phrases=(96,))
    told = columns(encode(melody), 0, Harmony(((96, "D"), (96, "A7")), Metre()))
    assert told.phrase.tolist() == [96, 72, 48, 24] * 2
    assert told.harmony.chord.tolist() == [chord_row(chord_of("D"), 2)] * 4 + [chord_row(chord_of("A7"), 2)] * 4
    silent = columns(encode(Melody(notes, (Metre(),), Key(2))))
    assert silent.phrase is silent.harmony is None


def test_degrees_above_a_root():
    """Semitones from the root up, in any octave; row 0 where no chord is told or none sounds."""
    a_minor_in_c = chord_row(chord_of("Am"), 0)
    pitches = np.array([PITCHES.index(p) for p in (9, -3, 12, 16, 8)])
    assert chord_degree_row(pitches, np.full(5, a_minor_in_c)).tolist() == [1, 1, 4, 8, 12]
    assert chord_degree_row(pitches[:2], np.array([0, NO_CHORD])).tolist() == [0, 0]
    assert root_row(np.array([0, NO_CHORD, a_minor_in_c])).tolist() == [0, 0, 10]


@given(st.integers(0, 70_000))
def test_ticks_left_are_told_finely_where_the_end_is_near(ticks):
    """Rows rise with the ticks: one for now, sixteenths within a bar, quarters within eight."""
    row, later = ticks_left_row(np.array([ticks, ticks + 1])).tolist()
    assert 1 <= row <= later <= row + 1 < TICKS_LEFT + 1
    assert (row == 1) == (ticks == 0)
    assert ticks_left_row(np.array([ticks + 24]))[0] > row or ticks > 744


def test_what_is_known_early_is_known_later_in_the_same_columns():
    """The decoder lays out one array for all heads."""
    names = [list(views) for views in (AT_REST, AT_DURATION, AT_PITCH)]
    for early, late in itertools.pairwise(names):
        assert late[: len(early)] == early
