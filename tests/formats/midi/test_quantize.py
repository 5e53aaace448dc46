"""The small steps between file ticks and bytes and what a melody says."""

from melodyrnn.formats.midi.quantize import clean, grid, key_text, shortest_tempo
from melodyrnn.formats.midi.write import _number
from melodyrnn.music.key import Key


def test_the_nearest_grid_tick():
    """A half goes up."""
    assert (grid(480, 480), grid(50, 480), grid(110, 220)) == (24, 3, 12)


def test_a_tempo_of_few_decimals():
    """What is written as so many microseconds a quarter is read as the tempo that it was."""
    assert (shortest_tempo(618557), shortest_tempo(500000)) == (97.0, 120.0)


def test_texts():
    """A key as a text event; foreign bytes as one line for people."""
    assert key_text(Key(2, "dorian")) == "key: D dorian"
    assert clean(b"A \x1b[31mred\nrose \xff") == "A [31mred rose ÿ"
    assert clean("Flöte".encode()) == "Flöte"


def test_numbers_of_variable_length():
    """Seven bits a byte."""
    assert [_number(value).hex() for value in (0, 127, 480)] == ["00", "7f", "8360"]
