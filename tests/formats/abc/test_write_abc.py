"""What we write as ABC: repeats, the kind of tune, tempos in dotted beats; all of it comes back."""

from dataclasses import replace

import pytest

from bench.engraved import TWELVE, line
from melodyrnn.formats.notation.music21_reader import read_notation, read_score, read_score_chords
from melodyrnn.formats.notation.write import symbols_over, write_notation
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Metre

AABB = next(one.melody for one in TWELVE if one.name == "aabb")
_UPBEAT = "67:12 65:12 64:24 62:24 60:24 65:24 64:24 62:48 -:24 67:24 65:24 64:24 62:24 60:72 "
UPBEAT = line(_UPBEAT * 2 + "72:24 " * 16, Metre(), key=Key(0), at=72)
TWICE = line(_UPBEAT * 2, Metre(), key=Key(0), at=72)


def sounding(melody):
    """Onset, duration and pitch of each note."""
    return [(note.onset, note.duration, note.pitch) for note in melody.notes]


@pytest.mark.parametrize(("melody", "signs"), [(AABB, 2), (UPBEAT, 1), (TWICE, 1)])
def test_what_is_repeated_is_written_once(melody, signs):
    """Between repeat signs, from upbeat to upbeat; read again it is as long as it was."""
    text = write_notation(melody, "abc").decode()
    assert (text.count("|:"), text.count(":|")) == (signs, signs)
    back = read_notation(text.encode(), format="abc", name="t")
    assert (sounding(back), back.metres, back.upbeat) == (sounding(melody), melody.metres, melody.upbeat)


def test_the_repeats_of_others_are_read_once():
    """Nobody else says that we wrote it."""
    text = write_notation(AABB, "abc").decode().replace("%%abc-creator melodyrnn\n", "")
    assert read_notation(text.encode(), format="abc", name="t").bars == AABB.bars // 2


def test_nothing_is_said_where_nothing_is_repeated():
    """A text without repeats has no such line."""
    other = replace(AABB, notes=AABB.notes[: len(AABB.notes) // 4])
    assert "creator" not in write_notation(other, "abc").decode()


def test_what_is_low_has_its_clef_and_sounds_as_it_did():
    """In the bass clef; above it nothing is said of a clef."""
    low = line("40:24 45:24 52:24 45:24 " * 2, key=Key(9, "minor"))
    text = write_notation(low, "abc")
    assert b"K:Am clef=bass\n" in text
    assert sounding(read_notation(text, format="abc", name="t")) == sounding(low)
    assert b"clef" not in write_notation(AABB, "abc")


@pytest.mark.parametrize("key", [Key(0, "minor"), Key(9, "minor"), Key(0, "dorian")])
def test_a_raised_fourth_is_written_so_in_minor(key):
    """F sharp before G in C minor, as in A minor."""
    melody = line("66:24 67:24 72:24 67:24", key=key)
    assert "\n^F2 " in write_notation(melody, "abc").decode()


@pytest.mark.parametrize("melody", [AABB, UPBEAT])
def test_chords_come_again(melody):
    """They are read twice as well; over the first upbeat none sounds yet."""
    symbols = symbols_over("C | Am | Dm | G7", melody)
    data = write_notation(melody, "abc", symbols)
    assert b":|" in data
    found = read_score_chords(data, format="abc", name="t")
    assert symbols_over(found.text(), melody) == symbols


@pytest.mark.parametrize(
    ("metre", "tempo", "told"),
    [((6, 8), 174, "3/8=116"), ((9, 8), 120, "3/8=80"), ((6, 8), 100, "1/4=100"), ((6, 4), 90, "1/4=90"),
     ((3, 8), 90, "1/4=90"), ((4, 4), 97.25, "1/4=97.25"), ((12, 8), 97.5, "3/8=65")],
)  # fmt: skip
def test_tempos_count_the_beat(metre, tempo, told):
    """Dotted quarters in compound metres, where they say the same tempo to the digit."""
    data = write_notation(line("60:36 62:36", Metre(*metre), key=Key(0), tempo=tempo), "abc")
    assert f"\nQ:{told}\n" in data.decode()
    assert read_notation(data, format="abc", name="t").tempo == tempo


def test_the_kind_of_tune_is_said():
    """R: comes back as its style."""
    melody = replace(AABB, metres=(Metre(4, 4),))
    data = write_notation(melody, "abc", style="reel")
    assert "\nR:reel\n" in data.decode()
    assert next(iter(read_score(data, format="abc", name="t"))).style == "reel"
