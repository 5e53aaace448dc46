"""General MIDI sounds by name."""

import pretty_midi
import pytest

from melodyrnn.errors import OptionError
from melodyrnn.formats.midi.programs import PROGRAMS, program_of


@pytest.mark.parametrize(
    ("text", "number"),
    [("piano", 0), ("Violin", 40), ("flute", 73), ("tenor-sax", 66), ("church organ", 19), ("guitar", 24), ("cello",
    42),
     ("double bass", 43), ("french horn", 60), ("strings", 48), ("73", 73), ("0", 0), ("127", 127), ("timpani", 47)],
)  # fmt: skip
def test_by_name_or_number(text, number):
    """As people call them."""
    assert program_of(text) == number


def test_every_sound_has_its_number():
    """128 names; those of one word are pretty_midi's."""
    assert len(set(PROGRAMS)) == 128
    assert [program_of(name) for name in PROGRAMS] == list(range(128))
    theirs = [pretty_midi.program_to_instrument_name(number).lower() for number in range(128)]
    alike = [number for number, name in enumerate(PROGRAMS) if {*name.split()} & {*theirs[number].split()}]
    assert len(alike) > 90


@pytest.mark.parametrize(
    ("text", "said"),
    [("violn", "'violn' is not a General MIDI sound; the nearest that is: violin"), ("128",
    "128 is not between 0 and 127"),
     ("-1", "'-1' is not a General MIDI sound; write 0 to 127, or a name: piano, violin, flute"),
     ("qqq", "'qqq' is not a General MIDI sound; write 0 to 127, or a name: piano, violin, flute"),
     ("", "names no sound; write 0 to 127, or a name: piano, violin, flute")],
)  # fmt: skip
def test_what_is_none_is_refused(text, said):
    """With the nearest name, or what to write."""
    with pytest.raises(OptionError) as refused:
        program_of(text)
    assert str(refused.value) == f"program: {said}"
