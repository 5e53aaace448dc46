"""Melodies as JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from melodyrnn.errors import CorpusError
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note
from melodyrnn.music.melody_json import melody_from_json, melody_to_json

MELODY = Melody((Note(72, 24, 60), Note(96, 12, 62, 99)), (Metre(), Metre(3, 4, 96)), Key(9, "minor"), 97.5, "é", 192)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3), lambda x: st.lists(x, max_size=4)
)


def test_out_and_back():
    """Law: through JSON text and back, nothing changes."""
    assert melody_from_json(json.loads(json.dumps(melody_to_json(MELODY)))) == MELODY


def test_the_finest_metre_that_midi_can_say():
    """A file may count in sixty-fourths: what reading lets through, a cache and a worker must let through too."""
    melody = Melody((Note(0, 3, 60),), (Metre(2, 64),))
    assert melody_from_json(melody_to_json(melody)) == melody


@given(st.sampled_from(sorted(melody_to_json(MELODY))), JUNK)
def test_junk_is_refused_or_valid(field, junk):
    """Whatever stands in a field, the result is a melody that can be written again, or a CorpusError."""
    data = melody_to_json(MELODY) | {field: junk}
    try:
        melody = melody_from_json(data)
    except CorpusError:
        with pytest.raises(CorpusError, match=field):
            melody_from_json(data)
    else:
        assert melody_from_json(melody_to_json(melody)) == melody


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("notes", [0, 24, 60]),
        ("notes", [0, 24, 128, 80]),
        ("notes", [0, 24, 60, 80, 12, 24, 60, 80]),
        ("notes", [True, 24, 60, 80]),
        ("metres", []),
        ("metres", [4, 3, 0]),
        ("metres", [4, 4, 24]),
        ("key", [12, "major"]),
        ("tempo", 0),
        ("tempo", 10**400),
        ("tempo", float("nan")),
        ("length", -1),
    ],
)
def test_wrong_numbers_are_named(field, value):
    """The message names the field."""
    with pytest.raises(CorpusError, match=field):
        melody_from_json(melody_to_json(MELODY) | {field: value})


def test_only_objects():
    """A list is no melody."""
    with pytest.raises(CorpusError):
        melody_from_json([1, 2])
