"""Keys, metres and lengths as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from melodyrnn.errors import OptionError
from melodyrnn.music.compass import COMPASSES
from melodyrnn.music.key import MODES, SCALES, Key
from melodyrnn.music.parsing import (
    form_letters,
    note_values_of,
    parse_bars,
    parse_key,
    parse_key_and_scale,
    parse_metre,
    parse_upbeat,
    pitch_class,
    pitches_of,
    range_of,
    scale_of,
)
from melodyrnn.music.scales import NAMED_SCALES, mode_beside

SAID = "blues, minor pentatonic, harmonic minor, whole tone, hijaz, or its notes, C D Eb F# G Ab B"


@given(st.integers(0, 11), st.sampled_from(MODES))
def test_what_we_print_we_read(tonic, mode):
    """A key as `inspect` prints it is a key for --key."""
    assert parse_key(str(Key(tonic, mode))) == Key(tonic, mode)


@pytest.mark.parametrize(
    ("text", "key"),
    [("Am", Key(9, "minor")), ("a minor", Key(9, "minor")), ("F#", Key(6)), ("Bbm", Key(10, "minor")),
     ("B♭", Key(10)), ("E dorian", Key(4, "dorian")), ("C aeolian", Key(0, "minor")), ("Amin", Key(9, "minor")),
     ("A-minor", Key(9, "minor")), ("a-Moll", Key(9, "minor")), ("a", Key(9, "minor")), ("A", Key(9)), ("AM", Key(9)),
     ("c", Key(0, "minor")), ("f#", Key(6, "minor")), ("bb", Key(10, "minor")), ("A natural minor", Key(9, "minor")),
     ("C major scale", Key(0)), ("Es-Dur", Key(3)), ("fis-Moll", Key(6, "minor")), ("H-Dur", Key(11)), ("B-Dur",
     Key(10)),
     ("b-moll", Key(10, "minor")), ("B minor", Key(11, "minor")), ("F sharp minor", Key(6, "minor")), ("E-flat",
     Key(3)),
     ("la mineur", Key(9, "minor")), ("si bémol majeur", Key(10)), ("G mixo", Key(7, "mixolydian"))],
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


@pytest.mark.parametrize("text", ["", "-1", "many", "1.5", "٣", "bars", "thirty-eleven", "1e3"])
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
    assert keys == ["A minor", "F# major", "E dorian", "Bb minor", "C minor"]
    assert (parse_metre("6/8").bar_ticks, parse_metre("3/4").bar_ticks) == (72, 72)
    assert (parse_upbeat("1/4"), parse_upbeat("0"), parse_upbeat("free")) == (24, 0, None)
    assert (parse_bars("8"), parse_bars("free")) == (8, None)


@pytest.mark.parametrize(
    ("text", "key", "scale"),
    [
        ("A blues", "A minor", "A C D Eb E G"), ("Am blues", "A minor", "A C D Eb E G"),
        ("A minor pentatonic", "A minor", "A C D E G"), ("a-Moll-Pentatonik", "A minor", "A C D E G"),
        ("G pentatonic", "G major", "G A B D E"), ("D hijaz", "D phrygian", "D Eb F# G A Bb C"),
        ("E harmonic minor", "E minor", "E F# G A B C D#"), ("C lydian dominant", "C lydian", "C D E F# G A Bb"),
    ],
)  # fmt: skip
def test_a_key_may_name_a_scale(text, key, scale):
    """That is no mode: both are given, and a key alone is refused with the key that goes with it."""
    found, notes = parse_key_and_scale(text)
    assert (str(found), notes) == (key, scale_of(scale))
    assert scale_of(text) == notes
    with pytest.raises(OptionError, match=f"names a scale too, which is no key by itself; write {key}"):
        parse_key(text)


@pytest.mark.parametrize("text", ["Am", "a", "E dorian", "A minor", "Es-Dur"])
def test_a_mode_is_no_scale_beside_its_key(text):
    """Only the key is given."""
    assert parse_key_and_scale(text) == (parse_key(text), None)


def test_scales_by_name():
    """Relative to the key's tonic; each has one, upwards, and a mode beside it."""
    assert scale_of("blues", 9) == scale_of("A C D Eb E G")
    assert scale_of("Harmonic Minor", 2) == scale_of("D E F G A Bb C#")
    assert scale_of("whole-tone", 0) == scale_of("C D E F# G# A#")
    assert scale_of("hijaz", 2) == scale_of("D Eb F# G A Bb C")
    assert scale_of("dorian", 4) == scale_of("E dorian") == Key(4, "dorian").scale
    for name, steps in NAMED_SCALES.items():
        assert steps == tuple(sorted(set(steps))), name
        assert steps[0] == 0, name
        assert scale_of(name, 7) == tuple((7 + step) % 12 for step in steps), name
        assert mode_beside(name, steps) in SCALES, name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("blues", "'blues' begins on the tonic of a key: give the key as well (--key A), or write A blues"),
        ("blus", "'blus' is not a scale known here; the nearest that is: blues, or its notes, C D Eb F# G Ab B"),
        ("xyz", f"'xyz' is not a scale known here; write {SAID}"),
        ("C D X", "'X' is not a pitch; write F#4 or Bb3, or F# for every octave of it"),
        ("C4 D", "'C4' names an octave; write C"),
        ("", "names no pitch; write the notes of the scale: C D Eb F# G Ab B"),
    ],
)  # fmt: skip
def test_wrong_scales_are_refused(text, said):
    """What is to be written is said."""
    with pytest.raises(OptionError) as refused:
        scale_of(text)
    assert str(refused.value) == f"scale: {said}"


@pytest.mark.parametrize(
    ("text", "notes"),
    [("tenor", "C3-C5"), ("Soprano", "C4-C6"), ("alto", "F3-F5"), ("bass", "E2-E4"), ("violin", "G3-E7"), ("flute",
    "C4-C7"),
     ("alto saxophone", "Db3-Ab5"), ("tenor voice", "C3-C5"), ("C4 – A5", "C4-A5"), ("C4 to A5", "C4-A5"), ("C4 A5",
     "C4-A5"),
     ("C4..A5", "C4-A5"), ("mezzo soprano", "A3-A5"), ("whistle", "D5-D7"), ("fiddle", "G3-B5"),
     ("viola da gamba", "D2-D5"),     ("low whistle", "D4-D6"), ("singer", "C3-C5")],
)  # fmt: skip
def test_ranges_of_voices_and_instruments(text, notes):
    """By their names, and notes however they are joined."""
    assert range_of(text) == range_of(notes)


def test_every_compass_is_a_range():
    """An octave or more."""
    for name in COMPASSES:
        low, high = range_of(name)
        assert high - low >= 12, name
    with pytest.raises(OptionError, match=r"C4-A5, or a voice or an instrument: tenor, violin$"):
        range_of("spoon")


def test_numbers_lengths_and_forms_in_words():
    """Bars, note values without 1/, sections with blanks between them."""
    bars = [parse_bars(text) for text in ("eight", "Thirty-two", "8 bars", "sixteen bars", "twelve", "free")]
    assert bars == [8, 32, 8, 16, 12, None]
    assert note_values_of("8 16") == note_values_of("1/8, 1/16") == note_values_of("eighths sixteenth") == (12, 6)
    assert note_values_of("4. 1/4. 3/8 8t 1") == (36, 8, 96)
    forms = [form_letters(text) for text in ("A A B A", "A, A’, B", "a-a-b-a", "AABA", "AA BB", "sonata form")]
    assert forms == ["AABA", "AA'B", "AABA", "AABA", "AABB", "sonata form"]
    for text in ("1/7", "8 x", "0", "1/0"):
        with pytest.raises(OptionError, match="is not a note value of the grid; write 1/4 1/8 3/8"):
            note_values_of(text)
    with pytest.raises(OptionError, match="names no note value"):
        note_values_of(" ")


@given(st.text("ABCDEFGHabcdefgh#b♯♭ -mindurolt ", max_size=14))
def test_any_text_is_a_key_or_refused(text):
    """Nothing but OptionError."""
    try:
        key, scale = parse_key_and_scale(text)
    except OptionError:
        return
    assert scale is None or scale[0] == key.tonic
