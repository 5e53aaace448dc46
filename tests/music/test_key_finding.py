"""Key finding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from melodyrnn.music.chords import progression
from melodyrnn.music.key import MODES, SCALES, Key
from melodyrnn.music.key_finding import find_key, find_key_of_chords, find_mode, pitch_class_durations
from melodyrnn.music.melody import Melody, Metre, Note


def line(pitches, duration=24):
    """A melody of equal notes."""
    return Melody(tuple(Note(duration * i, duration, p) for i, p in enumerate(pitches)))


TUNE = (60, 62, 64, 60, 60, 62, 64, 60, 64, 65, 67, 64, 65, 67, 67, 69, 67, 65, 64, 60, 60, 55, 60, 60, 55, 60)


@given(st.integers(-12, 24))
def test_the_key_goes_along_with_a_transposition(semitones):
    """Law: a transposed melody has the transposed key."""
    found = find_key(line(TUNE).transpose(semitones))
    assert found == Key(semitones % 12)


def test_a_minor_tune():
    """Minor is told from its relative major."""
    assert find_key(line((69, 71, 72, 71, 69, 68, 69, 76, 74, 72, 71, 69))) == Key(9, "minor")


def test_a_signature_limits_the_choice():
    """With a signature given only its two keys are possible, however the notes run."""
    assert find_key(line(TUNE), fifths=1) in {Key(7), Key(4, "minor")}


def test_nothing_has_no_key():
    """No notes, no key."""
    assert find_key(Melody(())) is None


@pytest.mark.parametrize("mode", MODES)
def test_modes_of_a_known_tonic(mode):
    """A whole scale names its mode."""
    assert find_mode(line([62 + step for step in SCALES[mode]]), 2) == Key(2, mode)


def test_an_ambiguous_mode_is_the_common_one():
    """A pentatonic song that fits several modes counts as major."""
    assert find_mode(line((60, 62, 64, 67, 69)), 0) == Key(0)


def test_durations_weigh():
    """Quarters for which each pitch class sounds."""
    weights = pitch_class_durations(Melody((Note(0, 48, 60), Note(48, 12, 72), Note(60, 24, 61))))
    assert weights.tolist() == [2.5, 1.0, *[0.0] * 10]


@pytest.mark.parametrize(
    ("chords", "key"),
    [
        ("Dm7 G7 | Cmaj7", Key(0)),
        ("Am F | C G", Key(9, "minor")),
        ("Eb Cm | Ab Bb", Key(3)),
        ("Cm Fm | G7 Cm", Key(0, "minor")),
        ("F#m D | A E", Key(6, "minor")),
        ("Em D | C B7", Key(4, "minor")),
        ("C5 G5", Key(0)),
        ("N.C.", None),
    ],
)
def test_a_progression_has_a_key(chords, key):
    """The scale that leaves out least; of relatives the one whose tonic chord stands at the edges."""
    assert find_key_of_chords(progression(chords, Metre())) == key
