"""Chord symbols over a melody, written and read again."""

import pytest

from melodyrnn.errors import OptionError
from melodyrnn.formats.notation.music21_reader import read_notation, read_score_chords, write_notation
from melodyrnn.formats.notation.write import harmony_element, symbols_over
from melodyrnn.music.chords import QUALITIES, chord_of
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

LONG = Melody((Note(0, 96, 69), Note(96, 36, 72), Note(132, 60, 71), Note(192, 96, 69)), (Metre(),), Key(9, "minor"))
UPBEAT = Melody((Note(72, 24, 67), Note(96, 72, 72), Note(168, 24, 71), Note(192, 96, 72)), (Metre(),), Key(0))
TRIPLETS = Melody(tuple(Note(8 * k, 8, 60 + k % 5) for k in range(24)), (Metre(),), Key(0))


@pytest.mark.parametrize("form", ["abc", "musicxml"])
@pytest.mark.parametrize("melody", [LONG, UPBEAT, TRIPLETS])
@pytest.mark.parametrize("text", ["Am F | G7/B C", "Am:1 F:3", "C G Am", "Dm7b5 N.C. | Bb13"])
def test_out_and_back(melody, text, form):
    """The notes are as without chords, and the chords where they were, in the middle of notes and rests too."""
    symbols = symbols_over(text, melody)
    data = write_notation(melody, form, symbols)
    without = write_notation(melody, form)
    read = [read_notation(told, format=form, name="t") for told in (data, without)]
    assert read[0].notes == read[1].notes
    assert read[0].metres == melody.metres
    found = read_score_chords(data, format=form, name="t")
    again = symbols_over(found.text(), melody)
    wanted = {tick: chord_of(symbol).tones for tick, symbol in symbols.items()}
    assert {tick: chord_of(symbol).tones for tick, symbol in again.items()} == wanted


@pytest.mark.parametrize("quality", list(QUALITIES))
def test_every_quality_is_said(quality):
    """A kind of MusicXML's, with its text as it was written."""
    element = harmony_element(f"Eb{quality}/G")
    assert element.find("root/root-step").text == "E"
    assert element.find("root/root-alter").text == "-1"
    assert element.find("kind").get("text") == quality
    assert element.find("bass/bass-step").text == "G"


def test_no_chord():
    """Is said as none, under its own name."""
    element = harmony_element("N.C.")
    assert (element.find("kind").text, element.find("kind").get("text")) == ("none", "N.C.")
    with pytest.raises(OptionError, match="not a chord symbol"):
        harmony_element("H7")


def test_a_symbol_stands_where_the_chord_changes():
    """Not over every bar that it lasts."""
    assert symbols_over("Am | Am | F C", LONG) == {0: "Am", 192: "F", 240: "C"}
    assert symbols_over("Am", UPBEAT) == {96: "Am"}
    assert symbols_over("Am", UPBEAT, begin=0) == {0: "Am"}
