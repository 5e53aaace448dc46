"""Keys, metres and lengths as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from melodyrnn.errors import OptionError
from melodyrnn.music.key import MODES, Key
from melodyrnn.music.parsing import (
    parse_bars,
    parse_key,
    parse_metre,
    parse_upbeat,
    pitch_class,
    pitches_of,
    range_of,
    scale_of,
)


@given(st.integers(0, 11), st.sampled_from(MODES))
def test_what_we_print_we_read(tonic, mode):
    """A key as `inspect` prints it is a key for --key."""
    assert parse_key(str(Key(tonic, mode))) == Key(tonic, mode)


@pytest.mark.parametrize(
    ("text", "key"),
    [("Am", Key(9, "minor")), ("a minor", Key(9, "minor")), ("F#", Key(6)), ("Bbm", Key(10, "minor")),
     ("B♭", Key(10)), ("E dorian", Key(4, "dorian")), ("C aeolian", Key(0, "minor"))],
)  # fmt: skip
def test_keys(text, key):
    """Letters, signs, m for minor, modes by name."""
    assert parse_key(text) == key


@pytest.mark.parametrize("name", ["Gb major", "F# major", "Eb minor", "D# minor", "Cb major", "C# major", "D# dorian"])
def test_a_key_is_spelled_as_it_was_written(name):
    """Two names of what sounds the same stay two names."""
    assert str(parse_key(name)) == name


@pytest.mark.parametrize("text", ["", "H", "C###", "E dorianish", "Am dorian", "1", "\x1b[31mC"])
def test_wrong_keys_are_refused(text):
    """The error shows what can be written."""
    with pytest.raises(OptionError, match=r"^key: .* is not a key; write Am, F#, Bb minor or E dorian \(modes: major,"):
        parse_key(text)


@pytest.mark.parametrize("text", ["", "4", "0/4", "4/0", "4/3", "x/4", "3/4/4", "-3/4"])
def test_wrong_metres_are_refused(text):
    """The error shows what can be written."""
    with pytest.raises(OptionError, match=r"is not a metre; write 4/4, 3/4, 6/8 or 5/4$"):
        parse_metre(text)


@pytest.mark.parametrize("text", ["", "1", "1/0", "1/7", "-1/4", "nan"])
def test_wrong_upbeats_are_refused(text):
    """A length that the grid does not have is no upbeat."""
    with pytest.raises(OptionError, match=r"is not a note value; write 1/4, 1/8, 0 or free$"):
        parse_upbeat(text)


@pytest.mark.parametrize("text", ["", "-1", "eight", "1.5", "٣"])
def test_wrong_bars_are_refused(text):
    """A number, or the word."""
    with pytest.raises(OptionError, match=r"is not a number of bars; write 8, or free for as many as come$"):
        parse_bars(text)


def test_pitches_scales_and_ranges():
    """A name without an octave is that note in every octave; a scale goes up from its first note."""
    assert sorted(pitches_of("F#4")) == [66]
    assert sorted(pitches_of("Bb"))[:3] == [10, 22, 34]
    assert (pitch_class("Eb"), pitch_class("Cb")) == (3, 11)
    assert scale_of("C D Eb F# G Ab B") == (0, 2, 3, 6, 7, 8, 11)
    assert range_of("C4-A5") == (60, 81)


def test_keys_metres_upbeats_and_bars():
    """What may be written for each, in ticks and numbers; 'free' leaves it to the network."""
    keys = [str(parse_key(text)) for text in ("Am", "F#", "E dorian", "Bb minor", "c")]
    assert keys == ["A minor", "F# major", "E dorian", "Bb minor", "C major"]
    assert (parse_metre("6/8").bar_ticks, parse_metre("3/4").bar_ticks) == (72, 72)
    assert (parse_upbeat("1/4"), parse_upbeat("0"), parse_upbeat("free")) == (24, 0, None)
    assert (parse_bars("8"), parse_bars("free")) == (8, None)
