"""What hangs on one beam, and which clef fits."""

import pytest

from bench.engraved import line
from melodyrnn.formats.notation.beams import beams_of, clef_of
from melodyrnn.formats.notation.layout import engrave
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Metre

SIGNS = {"begin": "[", "continue": "-", "end": "]", "forward hook": ">", "backward hook": "<"}


def told(text, *metres, at=0):
    """A bar a word, a note a comma: `[[` begins two beams."""
    bars = beams_of(engrave(line(text, *metres, key=Key(0), at=at)))
    return " ".join(",".join("".join(SIGNS[word] for word in piece) for piece in bar) for bar in bars)


@pytest.mark.parametrize(
    ("text", "metre", "beams"),
    [
        ("60:12 " * 8, (4, 4), "[,-,-,],[,-,-,]"),
        ("60:12 " * 6, (3, 4), "[,-,-,-,-,]"),
        ("60:36 60:12 60:12 60:12", (3, 4), ",,[,]"),
        ("60:12 60:12 60:12 60:12 60:24", (3, 4), "[,],[,],"),
        ("60:6 60:6 60:12 60:12", (3, 8), "[[,-],-,]"),
        ("60:12 " * 6, (6, 8), "[,-,],[,-,]"),
        ("60:12 " * 9, (9, 8), "[,-,],[,-,],[,-,]"),
        ("60:12 60:6 60:6 60:12 60:12 60:48", (4, 4), "[,-[,]],[,],"),
        ("60:18 60:6 60:6 60:18 60:48", (4, 4), "[,]<,[>,],"),
        ("60:18 60:6 60:12 60:36", (6, 8), "[,-<,],"),
        ("60:12 -:12 60:12 60:12 60:48", (4, 4), ",,[,],"),
        ("60:8 60:8 60:8 60:24 60:48", (4, 4), "[,-,],,"),
        ("60:3 60:3 60:6 60:12 60:72", (4, 4), "[[[,--],-],],"),
    ],
)
def test_notes_hang_together_as_the_beat_goes(text, metre, beams):
    """Eighths by the half bar or the dotted beat, shorter notes by the beat; rests and long notes end a beam."""
    assert told(text, Metre(*metre)) == beams


def test_an_upbeat_is_beamed_by_its_place_in_the_bar():
    """Three eighths before a bar of four: the first is the end of a beat."""
    assert told("60:12 60:12 60:12 60:96", Metre(), at=60).split()[0] == "[,-,]"
    assert told("60:6 60:6 60:6 60:96", Metre(), at=78).split()[0] == "[[,--,]]"


@pytest.mark.parametrize(
    ("held", "beams"),
    [
        ("60:36 60:24 60:24", "[,-,],[,],[,]"),
        ("60:24 60:24 60:36", "[,],[,],[,-,]"),
        ("60:24 60:36 60:24", "[,],[,-,],[,]"),
    ],
)
def test_seven_eighths_are_counted_as_the_melody_has_them(held, beams):
    """The notes of one bar say how the eighths of another are grouped."""
    assert told(f"{'60:12 ' * 7} {held}", Metre(7, 8)).split()[0] == beams


@pytest.mark.parametrize(
    ("pitches", "clef"),
    [
        ((60, 72), ("G", 2, 0)),
        ((40, 52), ("F", 4, 0)),
        ((57, 69), ("G", 2, 0)),
        ((96, 103), ("G", 2, 1)),
        ((24, 33), ("F", 4, -1)),
    ],
)
def test_the_clef_has_the_fewest_ledger_lines(pitches, clef):
    """Treble and bass first; an octave clef where it spares many."""
    melody = line(" ".join(f"{pitch}:24" for pitch in pitches), key=Key(0))
    assert clef_of(melody, Key(0))[:3] == clef
