"""What musicians write for a control is read as they mean it."""

import pytest

from melodyrnn.cli import run
from melodyrnn.cli.io.console import Console
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import load_model
from melodyrnn.controls.options import options_of
from melodyrnn.errors import OptionError
from melodyrnn.music.chords import progression
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

BLUES = {9, 0, 2, 3, 4, 7}


@pytest.mark.parametrize("asked", [{"key": "A blues"}, {"scale": "A blues"}, {"key": "Am", "scale": "blues"}])
def test_a_scale_by_name_is_kept(asked):
    """The key that it names, or is told beside it, says which notes they are."""
    (made,) = generate(load_model("folk"), options_of(bars=4, seed=2, **asked))
    assert made.melody.key == Key(9, "minor")
    assert {note.pitch % 12 for note in made.melody.notes} <= BLUES


@pytest.mark.parametrize(
    ("asked", "key", "tones"),
    [
        ({"scale": "harmonic minor"}, Key(9, "minor"), {9, 11, 0, 2, 4, 5, 8}),
        ({"scale": "harmonic minor", "key": "E minor"}, Key(4, "minor"), {4, 6, 7, 9, 11, 0, 3}),
        ({"scale": "C D Eb F# G Ab B"}, Key(0, "minor"), {0, 2, 3, 6, 7, 8, 11}),
        ({"scale": "D E F# G A B C#"}, Key(2), {2, 4, 6, 7, 9, 11, 1}),
        ({"scale": "pentatonic"}, Key(0), {0, 2, 4, 7, 9}),
        ({"scale": "blues", "chords": "G C D G"}, Key(7), {7, 10, 0, 1, 2, 5}),
    ],
)
def test_a_scale_gives_the_key(asked, key, tones):
    """Where neither a key nor chords do: on its first note, or where the nearest mode has no signature."""
    (made,) = generate(load_model("folk"), options_of(bars=4, seed=2, **asked))
    assert made.melody.key == key
    assert {note.pitch % 12 for note in made.melody.notes} <= tones


def test_what_is_gone_on_from_keeps_its_key():
    """A scale without a tonic is that of the prime."""
    prime = Melody(tuple(Note(24 * k, 24, 67 + step) for k, step in enumerate((0, 2, 4, 7))), key=Key(7))
    (made,) = generate(load_model("folk"), options_of(bars=2, seed=2, scale="major pentatonic"), prime=prime)
    assert made.melody.key == Key(7)
    assert {note.pitch % 12 for note in made.melody.notes} <= {7, 9, 11, 2, 4}


def test_what_is_asked_for_itself_comes_first():
    """A key beside a scale that names another one stays the key."""
    assert options_of(key="C", scale="A blues").key == Key(0)
    assert options_of(key="A blues", scale="C D E G").scale == "C D E G"


def test_degrees_are_chords_of_the_key():
    """With a key that is asked for the chord track is written in symbols."""
    setting = options_of(chords="ii7 V7 | I", key="Bb", metre="4/4", chord_track=True).setting
    assert progression(setting.written_chords, Metre()) == progression("Cm7 F7 | Bb", Metre())
    with pytest.raises(OptionError, match="key"):
        options_of(chords="ii7 V7 | I", metre="4/4")


def test_the_others():
    """Voices, note values by their denominators, forms with spaces, numbers in words."""
    assert options_of(range="tenor").setting.compass == (48, 72)
    assert options_of(form="A A B A").form == "AABA"
    assert options_of(bars="eight").bars == 8
    assert options_of(key="a").key == options_of(key="A-minor").key == Key(9, "minor")


@pytest.mark.parametrize(("option", "ours"), [("--bpm", "--tempo"), ("--time", "--metre"), ("--signature", "--metre")])
def test_what_other_programs_call_it(option, ours, capsys):
    """The message says what it is called here."""
    assert run(["generate", option, "3/4"], Console.of_process()) == 2
    assert f"it is {ours} here" in capsys.readouterr().err
