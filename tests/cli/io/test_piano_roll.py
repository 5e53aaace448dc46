"""The piano roll: the whole melody, within the width, in every dress."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from melodyrnn.cli.io.piano_roll import draw_roll, pitch_name
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

ANSI = re.compile(r"\x1b\[[0-9;]*m")


@st.composite
def melodies(draw):
    """Any melody: notes in order, in some metre."""
    onset, notes = 0, []
    for _ in range(draw(st.integers(0, 40))):
        onset += draw(st.sampled_from([0, 0, 6, 24]))
        duration = draw(st.sampled_from([1, 6, 8, 24, 96]))
        notes.append(Note(onset, duration, draw(st.integers(0, 127))))
        onset += duration
    key = draw(st.sampled_from([None, Key(0), Key(6, "minor")]))
    return Melody(tuple(notes), (Metre(draw(st.sampled_from([2, 3, 4, 7])), 4),), key)


def test_a_scale_without_colour():
    """One line a pitch, highest first, onset and length told apart, bar lines where nothing sounds."""
    melody = Melody(tuple(Note(24 * k, 24, p) for k, p in enumerate((60, 62, 64, 65))), (Metre(2, 4),), Key(0))
    assert draw_roll(melody, width=40) == [
        "   F4 ·       ·   ■━━━",
        "   E4 ·       ■━━━",
        "   D4 ·   ■━━━·",
        "   C4 ■━━━    ·",
    ]


def test_ascii_where_blocks_cannot_be_shown():
    """A terminal without Unicode gets letters and dashes."""
    melody = Melody((Note(0, 12, 60), Note(96, 12, 60)))
    assert draw_roll(melody, unicode=False) == ["   C4 o-              o-"]
    assert all(line.isascii() for line in draw_roll(melody, unicode=False, colour=True))


def test_colour_tells_tonic_scale_and_stranger():
    """Two pitches share a line, each in its colour."""
    melody = Melody((Note(0, 6, 60), Note(6, 6, 62), Note(12, 6, 61)), key=Key(0))
    text = "\n".join(draw_roll(melody, colour=True))
    assert all(f"38;5;{colour}m" in text for colour in (220, 117, 210))
    assert len(text.splitlines()) == 2


@given(melodies(), st.integers(20, 120), st.booleans(), st.booleans())
def test_no_line_is_wider_than_asked(melody, width, colour, unicode):
    """Whatever the melody, the drawing fits and is short."""
    lines = draw_roll(melody, width=width, colour=colour, unicode=unicode)
    assert all(len(ANSI.sub("", line)) <= width for line in lines)
    assert bool(lines) == bool(melody.notes)


def test_a_long_melody_is_cut_and_says_so():
    """Two systems at most, then the number of bars that are left."""
    melody = Melody(tuple(Note(96 * k, 96, 60) for k in range(200)))
    lines = draw_roll(melody, width=60)
    assert len(lines) == 4
    assert lines[-1].strip() == f"and {200 - 2 * (53 // 2)} more bars"


def test_octaves_follow_the_letter():
    """Cb and B# belong to the octave of their letter."""
    assert pitch_name(59, Key(6)) == "B3"
    assert pitch_name(71, Key(11, "minor")) == "B4"
    assert pitch_name(60, Key(1)) == "C4"
