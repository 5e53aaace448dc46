"""Written music out and back, and scores through music21."""

import io
import re
import zipfile
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from melodyrnn.errors import OptionError, Unreadable
from melodyrnn.formats.notation.layout import Piece, engrave, note_sign, spelled
from melodyrnn.formats.notation.music21_reader import read_notation, read_score, read_score_chords, write_notation
from melodyrnn.music.key import MODES, Key
from melodyrnn.music.melody import Melody, Metre, Note

KERN = (
    "**kern\t**kern\n*Ibass\t*Isoprn\n*k[b-]\t*k[b-]\n*M3/4\t*M3/4\n4FF\t4f\n"
    "=1\t=1\n2.F\t[2.a\n=2\t=2\n2.F\t4a]\n.\t2f\n*-\t*-\n"
)
D_MAJOR = Melody(
    tuple(Note(72 + 24 * i, 24, p) for i, p in enumerate((69, 74, 78, 73, 79, 66, 74))),
    key=Key(2),
    tempo=97.0,
    title="D",
)


@st.composite
def melodies(draw):
    """Any line of up to a few bars, on any tick, in any metre and key."""
    metre = Metre(draw(st.sampled_from((2, 3, 4, 5))), 4) if draw(st.booleans()) else Metre(6, 8)
    now, notes = draw(st.integers(0, metre.bar_ticks - 1)), []
    for rest, length, pitch in draw(
        st.lists(st.tuples(st.integers(0, 40), st.integers(1, 200), st.integers(30, 100)), min_size=1, max_size=12)
    ):
        now += rest if notes else 0
        notes.append(Note(now, length, pitch))
        now += length
    key = Key.signed(draw(st.integers(0, 11)), draw(st.sampled_from(MODES)), draw(st.integers(-7, 7)))
    return Melody(tuple(notes), (metre,), key, 120.0, "t", now)


def sounding(melody):
    """What the ear gets of a melody."""
    return [(n.onset, n.duration, n.pitch) for n in melody.notes]


@given(melodies())
@settings(max_examples=150, deadline=None)
def test_abc_out_and_back(melody):
    """Law: reading what was written gives the same notes, metre, key and end."""
    back = read_notation(write_notation(melody, "abc"), format="abc", name="t")
    assert (sounding(back), back.metres, back.key, back.end) == (
        sounding(melody),
        melody.metres,
        melody.key,
        melody.end,
    )
    assert str(back.key) == str(melody.key)


@given(melodies())
@settings(max_examples=100, deadline=None)
def test_every_piece_has_one_sign(melody):
    """Signs and dots add up to the ticks of each piece, and bars to the melody."""
    signs = {"whole": 96, "half": 48, "quarter": 24, "eighth": 12, "16th": 6, "32nd": 3, "64th": 1.5}
    lines = engrave(melody)
    for piece in (piece for line in lines for piece in line.pieces):
        sign, dots = note_sign(piece)
        assert signs[sign] * (1.5 if dots else 1) * (2 / 3 if piece.in_triplet else 1) == pytest.approx(piece.ticks)
    silence = melody.notes[0].onset if lines[0].upbeat else 0
    assert sum(piece.ticks for line in lines for piece in line.pieces) == melody.end - silence


def test_signs_and_spellings():
    """A dotted quarter, an eighth of a triplet; F#, Bb, and B# in seven sharps."""
    assert (note_sign(Piece(36, 60)), note_sign(Piece(8, 60, in_triplet=True))) == (("quarter", 1), ("eighth", 0))
    assert (spelled(66, Key(7)), spelled(70, Key(5)), spelled(60, Key(1, "major", 7))) == (
        ("F", 1, 4),
        ("B", -1, 4),
        ("B", 1, 3),
    )


@given(st.integers(0, 127), st.integers(0, 11), st.sampled_from(MODES))
def test_spelling_keeps_the_pitch(pitch, tonic, mode):
    """Letter, accidental and octave add up to the MIDI number."""
    letter, shift, octave = spelled(pitch, Key(tonic, mode))
    assert 12 * (octave + 1) + {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}[letter] + shift == pitch


def test_abc_text():
    """Upbeat, accidentals, ties over the bar line, triplets and a metre change, as people write them."""
    notes = (
        Note(72, 24, 67),
        Note(96, 120, 66),
        Note(216, 8, 65),
        Note(224, 8, 66),
        Note(232, 8, 67),
        Note(288, 72, 72),
    )
    melody = Melody(notes, (Metre(), Metre(3, 4, 288)), Key(7), 90.0, "A % tune\n")
    assert write_notation(melody, "abc").decode().splitlines() == [
        "%abc-2.1", "X:1", "T:A tune", "M:4/4", "L:1/8", "Q:1/4=90", "K:G",
        "G2 | F8- | F2 (3:2:3=F^FG z4 | [M:3/4]c6 |]",
    ]  # fmt: skip


def test_musicxml_out_and_back():
    """music21 reads the same melody; no accidental is printed in D major."""
    data = write_notation(D_MAJOR, "musicxml")
    back = read_notation(data, format="musicxml", name="t")
    assert (sounding(back), back.key, back.metres) == (sounding(D_MAJOR), D_MAJOR.key, D_MAJOR.metres)
    assert (back.tempo, back.title, back.upbeat) == (97.0, "D", 24)
    assert b"<accidental>" not in data


def test_musicxml_marks_what_the_key_does_not_say():
    """A note outside the scale carries its accidental once a bar."""
    melody = Melody((Note(0, 24, 65), Note(24, 24, 65), Note(96, 24, 66)), key=Key(2))
    data = write_notation(melody, "musicxml").decode()
    assert data.count("<accidental>natural</accidental>") == data.count("<accidental>") == 1


def test_a_compressed_score():
    """.mxl: the file that the container names."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("META-INF/container.xml", '<c><rootfile full-path="inner.xml"/></c>')
        archive.writestr("inner.xml", write_notation(D_MAJOR, "musicxml"))
    assert sounding(read_notation(packed.getvalue(), format="mxl", name="t")) == sounding(D_MAJOR)


def test_a_zip_bomb_is_not_unpacked():
    """Sizes are checked before anything is unpacked."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", b" " * (65 << 20))
    with pytest.raises(Unreadable) as caught:
        read_notation(packed.getvalue(), format="mxl", name="bomb.mxl")
    assert caught.value.reason == "too-large"


@pytest.mark.parametrize(
    ("data", "form", "reason"),
    [
        (b"PK\x03\x04 broken", "mxl", "cut-short"),
        (b"<html></html>", "musicxml", "not-notation"),
        (b"<score-partwise>", "musicxml", "not-notation"),
        (b"nothing", "krn", "not-notation"),
    ],
)
def test_what_is_no_score_is_refused(data, form, reason):
    """Whatever music21 raises becomes a refusal with a reason."""
    with pytest.raises(Unreadable) as caught:
        read_notation(data, format=form, name="t")
    assert caught.value.reason in {reason, "no-notes"}


def test_a_part_for_a_transposing_instrument_is_read_as_it_sounds():
    """A clarinet in B flat sounds a tone lower than it is written, and so do its key and its chords."""
    written = write_notation(D_MAJOR, "musicxml").decode()
    place = written.index("</attributes>")
    part = "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose>"
    harmony = "<harmony><root><root-step>D</root-step></root><kind>major</kind></harmony>"
    clarinet = written[:place] + part + "</attributes>" + harmony + written[place + len("</attributes>") :]
    melody = read_notation(clarinet.encode(), format="musicxml", name="t")
    assert melody.key == Key(0)
    assert [n.pitch + 2 for n in melody.notes] == [n.pitch for n in D_MAJOR.notes]
    assert read_score_chords(clarinet.encode(), format="musicxml", name="t").spans[0][1] == "C"


def test_kern_with_two_parts():
    """The highest part is read, ties are merged, the key is found for the signature."""
    (reading,) = read_score(KERN, format="krn", name="t")
    assert sounding(reading.melody) == [(48, 24, 65), (72, 96, 69), (168, 48, 65)]
    assert (str(reading.melody.key), str(reading.melody.metres[0])) == ("F major", "3/4")


def test_a_part_is_chosen_by_number():
    """`track` counts the parts of the score from 1; a number too high names those there are."""
    labels = {read_notation(KERN, format="krn", name="t", track=n).notes[0].pitch for n in ("1", "2")}
    assert labels == {41, 65}
    with pytest.raises(Unreadable) as caught:
        read_notation(KERN, format="krn", name="t", track="9")
    assert caught.value.reason == "no-track"


def test_formats_that_are_not_written():
    """The error names the formats that are."""
    with pytest.raises(OptionError, match="abc or musicxml"):
        write_notation(D_MAJOR, "pdf")
    with pytest.raises(OptionError, match="no notes"):
        write_notation(Melody(()), "abc")


def test_of_two_voices_on_a_staff_the_upper_one_is_read():
    """What begins under a note that still sounds is not heard; nor does it cut that note."""
    melody = Melody((Note(0, 96, 69), Note(96, 48, 74), Note(144, 48, 72)), key=Key(0))
    written = write_notation(melody, "musicxml").decode()
    divisions = int(re.search(r"<divisions>(\d+)<", written)[1])
    second = (
        f"<backup><duration>{4 * divisions}</duration></backup>"
        f"<forward><duration>{divisions}</duration></forward>"
        f"<note><pitch><step>C</step><octave>4</octave></pitch><duration>{divisions}</duration><voice>2</voice></note>"
    )
    both = written.replace("</measure>", second + "</measure>", 1)
    back = read_notation(both.encode(), format="musicxml", name="t")
    assert sounding(back) == sounding(melody)


@pytest.mark.parametrize("tempo", [4, 9.5, 700, 1000])
@pytest.mark.parametrize("form", ["abc", "musicxml"])
def test_every_tempo_that_is_composed_in_is_read(tempo, form):
    """Slow and quick ones too."""
    back = read_notation(write_notation(replace(D_MAJOR, tempo=float(tempo)), form), format=form, name="t")
    assert back.tempo == tempo
