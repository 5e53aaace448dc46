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
from melodyrnn.music.melody import Metre

BLUES = {9, 0, 2, 3, 4, 7}


@pytest.mark.parametrize("asked", [{"key": "A blues"}, {"scale": "A blues"}, {"key": "Am", "scale": "blues"}])
def test_a_scale_by_name_is_kept(asked):
    """The key that it names, or is told beside it, says which notes they are."""
    (made,) = generate(load_model("folk"), options_of(bars=4, seed=2, **asked))
    assert made.melody.key == Key(9, "minor")
    assert {note.pitch % 12 for note in made.melody.notes} <= BLUES


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
