"""Chord symbols over a melody, written and read again."""

import pytest

from melodyrnn.errors import OptionError, Unreadable
from melodyrnn.formats.notation.music21_reader import read_notation, read_score_chords, write_notation
from melodyrnn.formats.notation.write import harmony_element, symbols_over
from melodyrnn.music.chord_symbols import QUALITIES
from melodyrnn.music.chords import chord_of
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

LONG = Melody((Note(0, 96, 69), Note(96, 36, 72), Note(132, 60, 71), Note(192, 96, 69)), (Metre(),), Key(9, "minor"))
UPBEAT = Melody((Note(72, 24, 67), Note(96, 72, 72), Note(168, 24, 71), Note(192, 96, 72)), (Metre(),), Key(0))
TRIPLETS = Melody(tuple(Note(8 * k, 8, 60 + k % 5) for k in range(24)), (Metre(),), Key(0))


@pytest.mark.parametrize("form", ["abc", "musicxml"])
@pytest.mark.parametrize("melody", [LONG, UPBEAT, TRIPLETS])
@pytest.mark.parametrize(
    "text", ["Am F | G7/B C", "Am:1 F:3", "C G Am", "Dm7b5 N.C. | Bb13", "G7alt Cmaj7#11 | F13(#11) E7b9sus4"]
)
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
        harmony_element("X7")


def test_a_symbol_stands_where_the_chord_changes():
    """Not over every bar that it lasts."""
    assert symbols_over("Am | Am | F C", LONG) == {0: "Am", 192: "F", 240: "C"}
    assert symbols_over("Am", UPBEAT) == {96: "Am"}
    assert symbols_over("Am", UPBEAT, begin=0) == {0: "Am"}


@pytest.mark.parametrize("kind", ['<kind text="7xyz">other</kind>', "<kind>other</kind>"])
def test_symbols_that_cannot_be_read_are_told(kind):
    """With their bars; the chord before goes on."""
    score = write_notation(LONG, "musicxml", {0: "Am", 96: "G7"}).decode()
    score = score.replace('<kind text="7">dominant</kind>', kind)
    found = read_score_chords(score, format="musicxml", name="t")
    assert found.spans == ((288, "Am"),)
    assert found.left_out.startswith("'G ")
    assert found.left_out.endswith("in bar 2")
    assert found.source == f"its chord symbols, without {found.left_out}"


def test_the_text_of_a_kind_is_read_where_the_kind_says_less():
    """Programs write what they have no kind for as other."""
    score = write_notation(LONG, "musicxml", {0: "Am", 96: "G7"}).decode()
    score = score.replace('<kind text="7">dominant</kind>', '<kind text="7alt">other</kind>')
    assert read_score_chords(score, format="musicxml", name="t").spans[1][1] == "G7alt"


def test_words_between_quotes_are_told_in_abc():
    """Annotations, which say where they stand, are none."""
    tune = 'X:1\nM:4/4\nL:1/4\nK:C\n"C"C4|"Cfoo"C4|"^ad lib""Slow""Fine""C7alt"C4|\n'
    found = read_score_chords(tune, format="abc", name="t")
    assert (found.spans, found.left_out) == (((192, "C"), (96, "C7alt")), "'Cfoo' in bar 2")
    with pytest.raises(Unreadable, match="among its chord symbols 'Cfoo' in bar 2, 'Gx7' in bar 3 cannot be read"):
        read_score_chords(tune.replace('"C"', "").replace("C7alt", "Gx7"), format="abc", name="t")
