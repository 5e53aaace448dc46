"""The piano roll: the whole melody, within the width, in every dress."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from melodyrnn.cli.io.piano_roll import Roll, draw_roll, pitch_name
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
    """One line a pitch, highest first, onset and length told apart, bars numbered, their lines where nothing sounds."""
    melody = Melody(tuple(Note(24 * k, 24, p) for k, p in enumerate((60, 62, 64, 65))), (Metre(2, 4),), Key(0))
    assert draw_roll(melody, width=40) == [
        "      1       2",
        "   F4 ·       ·   ■━━━",
        "   E4 ·       ■━━━",
        "   D4 ·   ■━━━·",
        "   C4 ■━━━    ·",
    ]


def test_ascii_where_blocks_cannot_be_shown():
    """A terminal without Unicode gets letters and dashes."""
    melody = Melody((Note(0, 12, 60), Note(96, 12, 60)))
    assert draw_roll(melody, unicode=False) == ["      1               2", "   C4 o-              o-"]
    assert all(line.isascii() for line in draw_roll(melody, unicode=False, colour=True))


def test_colour_tells_tonic_scale_and_stranger():
    """Each pitch has its line and its colour."""
    melody = Melody((Note(0, 6, 60), Note(6, 6, 62), Note(12, 6, 61)), key=Key(0))
    text = "\n".join(draw_roll(melody, colour=True))
    assert all(f"38;5;{colour}m" in text for colour in (220, 117, 210))
    assert [line[:5].strip() for line in text.splitlines()] == ["", "D4", "C#4", "C4"]
    assert ANSI.sub("", text).splitlines() == draw_roll(melody)


@given(melodies(), st.integers(20, 120), st.booleans(), st.booleans())
def test_no_line_is_wider_than_asked(melody, width, colour, unicode):
    """Whatever the melody, the drawing fits and is short."""
    over = {"chords": {0: "Am", 24: "Dm7b5", 96: "F"}, "sections": ((0, "A"), (96, "B'"))}
    lines = draw_roll(melody, width=width, colour=colour, unicode=unicode, **over)
    assert all(len(ANSI.sub("", line)) <= width for line in lines)
    assert bool(lines) == bool(melody.notes)


def test_a_long_melody_is_cut_and_says_so():
    """Two systems at most, then the number of bars that are left."""
    melody = Melody(tuple(Note(96 * k, 96, 60) for k in range(200)))
    lines = draw_roll(melody, width=60)
    assert len(lines) == 6
    assert lines[-1].strip() == f"and {200 - 2 * (53 // 2)} more bars"


def test_repeated_notes_stand_apart_without_colour():
    """Each has its onset; two within a column are told by a sign of their own."""
    melody = Melody((Note(0, 24, 60), Note(24, 6, 60), Note(30, 6, 60), Note(36, 3, 60), Note(39, 9, 60)))
    assert draw_roll(melody)[1] == "   C4 ■━━━■■≡━"
    assert draw_roll(melody, unicode=False)[1] == "   C4 o---oo=-"


def test_chords_and_sections_stand_above_the_bars():
    """What does not fit beside its neighbour goes one line lower; what a file says steers no terminal."""
    melody = Melody(tuple(Note(24 * k, 24, 60 + k) for k in range(8)), (Metre(2, 4),))
    chords = {0: "Am", 12: "Dm7b5", 48: "F\x1b[31m", 96: "G"}
    assert draw_roll(melody, chords=chords, sections=((0, "A"), (96, "B")))[:4] == [
        "      [A]             [B]",
        "      Am      F [31m  G",
        "        Dm7b5",
        "      1       2       3       4",
    ]


def test_what_plays_is_marked():
    """The system that is heard, as high as any other, its column pointed at."""
    melody = Melody(tuple(Note(96 * k, 96, 60 + k % 2) for k in range(8)))
    roll = Roll(melody, width=40, chords={0: "C"})
    drawn = [roll.at(tick) for tick in (0, 100, 96 * 8 - 1)]
    assert {len(lines) for lines in drawn} == {roll.height}
    assert [line.index("▼") for lines in drawn for line in lines if "▼" in line] == [6, 14, 37]
    assert drawn[0][1].split() == ["1", "2", "3", "4"]
    assert drawn[2][1].split() == ["5", "6", "7", "8"]
    assert all("v" in "".join(Roll(melody, unicode=False).at(tick)) for tick in (0, 10_000))


def test_octaves_follow_the_letter():
    """Cb and B# belong to the octave of their letter."""
    assert pitch_name(59, Key(6)) == "B3"
    assert pitch_name(71, Key(11, "minor")) == "B4"
    assert pitch_name(60, Key(1)) == "C4"
