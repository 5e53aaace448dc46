"""Melodies: how keys are spelled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from melodyrnn.compose.plain import options_from, options_to_plain
from melodyrnn.controls.options import Options
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.formats.notation.music21_reader import read_notation, write_notation
from melodyrnn.music.key import MODES, Key
from melodyrnn.music.melody import Melody, Note
from melodyrnn.music.melody_json import melody_from_json, melody_to_json

keys = st.builds(Key.signed, st.integers(0, 11), st.sampled_from(MODES), st.integers(-7, 7))


@given(keys)
def test_the_spelling_of_a_key_lasts(key):
    """Law: a file, a cache and a recipe keep the name of a key, Gb major as well as F# major."""
    melody = Melody((Note(0, 24, 60),), key=key)
    assert str(read_midi(midi_bytes(melody)).melody.key) == str(key)
    assert str(melody_from_json(melody_to_json(melody)).key) == str(key)
    assert str(options_from(options_to_plain(Options(key=key))).key) == str(key)
    assert abs(key.fifths) <= 7


@pytest.mark.parametrize("name", ["Gb", "F#", "Cb", "C#"])
def test_written_music_keeps_the_spelling_of_a_key(name):
    """MusicXML says the signature that the key was named with."""
    data = write_notation(Melody((Note(0, 24, 60),), key=Key.named(name)), "musicxml")
    assert str(read_notation(data, format="musicxml", name="t").key) == f"{name} major"


def test_a_key_is_equal_however_it_is_spelled():
    """What sounds the same is the same to everything that is learnt or looked up."""
    assert Key.named("Gb") == Key.named("F#") == Key(6)
    assert hash(Key.named("Gb")) == hash(Key(6))


def test_a_transposed_key_is_spelled_anew():
    """The signature goes with an octave, not with another step."""
    melody = Melody((Note(0, 24, 60),), key=Key.named("Gb"))
    assert [str(melody.transpose(by).key) for by in (12, 1, -1)] == ["Gb major", "G major", "F major"]
