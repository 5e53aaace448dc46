"""What is written once between repeat signs comes back as it was."""

from dataclasses import replace

import pytest

from bench.engraved import TWELVE, line
from melodyrnn.formats.notation.music21_reader import read_notation, read_score_chords
from melodyrnn.formats.notation.repeats import literal_repeats
from melodyrnn.formats.notation.write import symbols_over, write_notation
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Metre, Note

AABB = next(one.melody for one in TWELVE if one.name == "aabb")
OTHER = replace(AABB, notes=(*AABB.notes[:-1], replace(AABB.notes[-1], pitch=74)))
_UPBEAT = "67:12 65:12 64:24 62:24 60:24 65:24 64:24 62:48 -:24 67:24 65:24 64:24 62:24 60:72 "
UPBEAT = line(_UPBEAT * 2 + "72:24 " * 16, Metre(), key=Key(0), at=72)


def sounding(melody):
    """Onset, duration and pitch of each note."""
    return [(note.onset, note.duration, note.pitch) for note in melody.notes]


def measures(data):
    """How many bars are printed, and how many repeat signs of each kind."""
    text = data.decode()
    return text.count("<measure"), text.count('direction="forward"'), text.count('direction="backward"')


def test_a_form_of_two_sections_is_written_once():
    """|: A :|: B :|, sixteen bars in eight; what another program repeats is read once through."""
    data = write_notation(AABB, "musicxml")
    assert measures(data) == (8, 1, 2)
    back = read_notation(data, format="musicxml", name="t")
    assert (sounding(back), back.metres, back.end) == (sounding(AABB), AABB.metres, AABB.end)
    others = data.replace(b">melodyrnn<", b">MuseScore 3<")
    assert read_notation(others, format="musicxml", name="t").bars == 8


def test_one_other_note_is_another_section():
    """B and another B stand both."""
    assert [one.start for one in literal_repeats(OTHER, {})] == [0]
    back = read_notation(write_notation(OTHER, "musicxml"), format="musicxml", name="t")
    assert sounding(back) == sounding(OTHER)


def test_a_tune_with_an_upbeat_is_repeated_within_the_bar():
    """Its last bar ends short, and the upbeat belongs to what is repeated."""
    (found,) = literal_repeats(UPBEAT, {})
    assert (found.start, found.again % 96) == (72, 72)
    data = write_notation(UPBEAT, "musicxml")
    assert measures(data)[1:] == (0, 1)
    back = read_notation(data, format="musicxml", name="t")
    assert (sounding(back), back.metres) == (sounding(UPBEAT), UPBEAT.metres)


@pytest.mark.parametrize(
    ("chords", "folded"), [("C | Am | Dm | G7", True), ("C | Am | Dm | G7 | Em | Am | Dm | G7", False)]
)
def test_chords_have_to_come_again_too(chords, folded):
    """They are part of what is repeated, and come back with it."""
    symbols = symbols_over(chords, AABB)
    data = write_notation(AABB, "musicxml", symbols)
    assert (measures(data)[0] == 8) is folded
    found = read_score_chords(data, format="musicxml", name="t")
    assert symbols_over(found.text(), AABB) == symbols


def test_a_note_over_the_seam_is_in_the_way():
    """Nothing is folded where a note sounds from one pass into the next."""
    notes = tuple(n for n in AABB.notes if n.onset != 384)
    held = replace(AABB, notes=tuple(replace(n, duration=n.duration + 24) if n.end == 384 else n for n in notes))
    assert all(one.start != 0 for one in literal_repeats(held, {}))


@pytest.mark.parametrize(
    ("metre", "tempo", "mark"), [((6, 8), 97.0, "64.7"), ((9, 8), 120.0, "80"), ((4, 4), 97.25, "97.2")]
)
def test_metronome_marks_count_the_beat_and_are_read_to_the_digit(metre, tempo, mark):
    """Dotted quarters in compound metres, rounded on paper alone."""
    melody = line("60:36 62:36", Metre(*metre), key=Key(0), tempo=tempo)
    data = write_notation(melody, "musicxml").decode()
    assert f"<per-minute>{mark}</per-minute>" in data
    assert ("<beat-unit-dot" in data) is (metre[1] == 8)
    assert read_notation(data.encode(), format="musicxml", name="t").tempo == tempo


def test_a_chord_within_a_note_does_not_split_it():
    """It stands so many divisions after the note's beginning."""
    melody = replace(AABB, notes=(Note(0, 96, 60), Note(96, 96, 62)), length=192)
    data = write_notation(melody, "musicxml", {0: "C", 48: "F", 72: "G"}).decode()
    assert data.count("<note") == 2
    assert data.count("<offset>") == 2
    assert "<tie" not in data
