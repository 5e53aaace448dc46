"""Compressed MusicXML, whole and damaged."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from melodyrnn.errors import Unreadable
from melodyrnn.formats.notation.text import unpacked

SCORE = "<score-partwise>" + "".join(f"<note n='{k * k}'/>" for k in range(60)) + "</score-partwise>"


def packed(container='<c><rootfile full-path="s.xml"/></c>', method=zipfile.ZIP_DEFLATED):
    """A compressed score."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("s.xml", SCORE)
    return made.getvalue()


def reason_or_text(data):
    """What comes of a file."""
    try:
        return unpacked(data, "t.mxl")
    except Unreadable as refused:
        return refused.reason


@pytest.mark.parametrize("encoding", ["foo", "utf-32", "shift_jis"])
def test_a_container_in_unknown_letters_names_nothing(encoding):
    """The score is found by its suffix then."""
    assert unpacked(packed(f'<?xml version="1.0" encoding="{encoding}"?><c/>'), "t.mxl") == SCORE


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=3), st.booleans())
def test_damage_is_refused_or_harmless(changes, deflated):
    """Whatever bytes change: the score, or a reason."""
    data = bytearray(packed(method=zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED))
    for place, value in changes:
        data[place % len(data)] = value
    outcome = reason_or_text(bytes(data))
    assert outcome in {"cut-short", "not-notation", "too-large", SCORE, '<c><rootfile full-path="s.xml"/></c>'}


def test_a_flipped_byte_in_what_is_packed_is_damage():
    """Deflate notices by itself, before the checksum is asked."""
    data = bytearray(packed())
    begin = data.index(b"s.xml") + 5
    reasons = set()
    for place in range(begin, begin + 60):
        changed = bytearray(data)
        changed[place] ^= 0xFF
        with pytest.raises(Unreadable) as refused:
            unpacked(bytes(changed), "t.mxl")
        reasons.add(refused.value.reason)
    assert reasons == {"cut-short"}


@pytest.mark.parametrize("change", [(8, 0x01), (10, zipfile.ZIP_BZIP2)])
def test_locked_or_packed_as_no_score_is(change):
    """Encrypted, or packed in another way: refused before anything is unpacked."""
    data = bytearray(packed())
    offset, value = change
    at = data.rindex(b"PK\x01\x02")  # the score's entry in the directory
    data[at + offset] = value
    with pytest.raises(Unreadable, match="encrypted") as refused:
        unpacked(bytes(data), "t.mxl")
    assert refused.value.reason == "not-notation"


def test_a_later_version_of_the_zip_format_is_named():
    """Such a file is whole: it is not called damaged."""
    data = bytearray(packed())
    data[data.index(b"PK\x01\x02") + 6] = 99  # the version that is needed to unpack the first entry
    with pytest.raises(Unreadable, match=r"version 9\.9") as refused:
        unpacked(bytes(data), "t.mxl")
    assert refused.value.reason == "not-notation"
