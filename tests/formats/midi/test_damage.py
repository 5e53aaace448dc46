"""Damaged, hostile and odd MIDI: each kind ends as a melody with a warning or as Unreadable with its reason."""

from __future__ import annotations

import io
import os
import random
import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from melodyrnn.errors import REASONS, Unreadable
from melodyrnn.formats.midi.container import MAX_MIDI_BYTES, split_chunks
from melodyrnn.formats.midi.content import MAX_NOTES, parse_track
from melodyrnn.formats.midi.reader import Reading, read_midi
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

if TYPE_CHECKING:
    from pathlib import Path

TUNE = Melody(tuple(Note(24 * i, 24, 60 + i) for i in range(8)), (Metre(3, 4),), Key(0), 100.0, "Tune")
SOUND = midi_bytes(TUNE)
END = b"\x00\xff\x2f\x00"
C4 = b"\x00\x90\x3c\x50\x60\x80\x3c\x40"


def chunk(payload: bytes, *, length: int | None = None, name: bytes = b"MTrk") -> bytes:
    """A chunk that may lie about its length."""
    return name + struct.pack(">I", len(payload) if length is None else length) + payload


def smf(*chunks: bytes, kind: int = 1, count: int | None = None, division: int = 96) -> bytes:
    """A header and chunks as they are given."""
    return b"MThd" + struct.pack(">IHHH", 6, kind, len(chunks) if count is None else count, division) + b"".join(chunks)


def sound(data: bytes, **options: bool) -> list[int]:
    """The pitches that are read."""
    return [note.pitch for note in read_midi(data, **options).melody.notes]


def outcome(data: bytes) -> Reading | str:
    """What is read, or the reason why not."""
    try:
        return read_midi(data)
    except Unreadable as error:
        return error.reason


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    """A RIFF file of MIDI; chunks begin at even places."""
    parts = (name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2) for name, body in chunks)
    body = b"RMID" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


RIFF = riff((b"data", SOUND))
BEFORE = riff((b"LIST", b"INFOINAM\x05\0\0\0MThd!"), (b"data", SOUND))  # a title that looks like a header
BEHIND = riff((b"data", SOUND), (b"LIST", b"INFOICOP\x04\0\0\0MTrk"), (b"DLS ", bytes(99)))
UNEVEN = riff((b"DISP", b"odd"), (b"data", SOUND[:-4] + b"\0" + SOUND[-3:])) + b"\x80more"
LYING = RIFF[:4] + b"\xff\xff\xff\xff" + RIFF[8:16] + b"\xff\xff\xff\x7f" + RIFF[20:]
LONG_HEADER = b"MThd" + struct.pack(">I", 10) + SOUND[8:14] + b"more" + SOUND[14:]
ALIEN = SOUND[:14] + chunk(b"whatever", name=b"XFIH") + SOUND[14:]


@pytest.mark.parametrize("data", [RIFF, BEFORE, BEHIND, UNEVEN, LYING, LONG_HEADER, ALIEN])
def test_odd_but_lawful_files_are_read_whole(data: bytes) -> None:
    """What the specification allows is no damage, even for `strict`."""
    assert read_midi(data, strict=True).melody == TUNE


BAD = [
    ("header-length", b"MThd\x7f\xff\xff\xff" + SOUND[8:], [60 + i for i in range(8)], "says it is 2147483647 bytes"),
    ("type-9", SOUND[:9] + b"\x09" + SOUND[10:], [60 + i for i in range(8)], "of type 9"),
    ("more-promised", SOUND[:11] + b"\x05" + SOUND[12:], [60 + i for i in range(8)], "promises 5 tracks, 2 are there"),
    ("no-end", smf(chunk(C4)), [60], "has no End-of-Track"),
    ("length-too-long", smf(chunk(C4 + END, length=999)), [60], "has a wrong length or is cut short"),
    ("length-too-short", smf(chunk(C4 + END, length=5)), [60], "has a wrong length or is cut short"),
    ("length-0", smf(chunk(C4 + END, length=0), chunk(END)), [60], "has a wrong length or is cut short"),
    ("length-into-next", smf(chunk(END, length=6), chunk(C4 + END)), [60], "has a wrong length or is cut short"),
    ("endless-number", smf(chunk(C4 + b"\xff" * 1000)), [60], "number of more than four bytes"),
    ("open-sysex", smf(chunk(C4 + b"\x00\xf0\x84\x00abc")), [60], "ends in the middle of an event"),
    (
        "no-status",
        smf(chunk(C4 + b"\x00\xff\x01\x00" + END) + chunk(b"\x00\x3c\x50" + END)),
        [60],
        "without a status byte",
    ),
    ("bad-pitch", smf(chunk(C4 + b"\x00\x90\xc3\x10" + END)), [60], "impossible pitch 195"),
    ("unclosed", smf(chunk(C4 + b"\x00\x90\x3e\x50\x60\xff\x2f\x00")), [60, 62], "leaves 1 note sounding"),
    ("after-the-end", smf(chunk(C4 + END + b"garbage" + END)), [60], "goes on after its End-of-Track"),
]


@pytest.mark.parametrize(("data", "pitches", "warning"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_what_parsed_is_kept(data: bytes, pitches: list[int], warning: str) -> None:
    """Damage costs what it hit and is said; `strict` refuses it."""
    reading = read_midi(data)
    assert [note.pitch for note in reading.melody.notes] == pitches
    assert any(warning in sentence for sentence in reading.warnings)
    with pytest.raises(Unreadable) as caught:
        read_midi(data, strict=True)
    assert caught.value.reason == "cut-short"


REFUSED = [
    ("empty", b"", "empty"),
    ("jpeg", b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(100), "not-midi"),
    ("html", b"<!doctype html><title>404</title>", "not-midi"),
    ("zip", b"PK\x03\x04" + bytes(50), "not-midi"),
    ("wave", b"RIFF\x24\x00\x00\x00WAVEfmt ", "not-midi"),
    ("riff-without-midi", b"RIFF\x24\x00\x00\x00RMIDdata", "cut-short"),
    ("first-letters", b"MT", "cut-short"),
    ("header-only", SOUND[:14], "cut-short"),
    ("smpte", smf(chunk(C4 + END), division=0xE728), "smpte"),
    ("division-0", smf(chunk(C4 + END), division=0), "absurd-ticks"),
    ("type-2", smf(chunk(C4 + END), chunk(C4 + END), kind=2), "polyphonic"),
    ("no-tracks", smf(count=0), "no-notes"),
    ("far-away", smf(chunk(b"\xff\xff\xff\x7f\xff\x01\x00" * 9 + C4 + END)), "absurd-ticks"),
    ("wrapping", smf(chunk(b"\xff\xff\xff\x7f\x90\x3c\x50" * 100 + END)), "absurd-ticks"),
    ("bar-bomb", smf(chunk(C4 + b"\x87\xff\xff\x7f\x90\x3c\x50\x60\x80\x3c\x40" + END)), "too-long"),
    ("million-notes", smf(chunk(b"\x00\x90\x3c\x50" * (MAX_NOTES + 1) + END)), "too-long"),
    ("long-melody", smf(chunk(b"\x00\x90\x3c\x50\x04\x3c\x00" * 20_001 + END)), "too-long"),
]


@pytest.mark.parametrize(("data", "reason"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_is_no_melody_is_refused(data: bytes, reason: str) -> None:
    """Each kind of file that holds no melody has its reason."""
    with pytest.raises(Unreadable) as caught:
        read_midi(data)
    assert (caught.value.where, caught.value.reason) == ("-", reason)


def test_padding_is_no_music() -> None:
    """An End-of-Track hours after the last note neither counts as silence nor makes the melody too long."""
    reading = read_midi(smf(chunk(C4 + b"\xff\xff\xff\x7f\xff\x2f\x00")))
    assert (reading.melody.length, reading.melody.bars, reading.warnings) == (0, 1, ())


def test_type_2_of_one_track_is_a_melody() -> None:
    """One pattern is one song."""
    assert sound(smf(chunk(C4 + END), kind=2), strict=True) == [60]


@pytest.mark.parametrize("end", range(len(SOUND)))
def test_every_truncation(end: int) -> None:
    """A file cut anywhere gives the notes that are left, in order, or a reason."""
    reading = outcome(SOUND[:end])
    if isinstance(reading, str):
        assert reading in {"empty", "cut-short"}
    else:
        assert [note.pitch for note in reading.melody.notes] == [60 + i for i in range(len(reading.melody.notes))]
        assert reading.warnings


@given(st.binary(max_size=200), st.integers(0, 200), st.integers(0, 3))
def test_any_bytes(junk: bytes, at: int, kind: int) -> None:
    """Whatever the bytes are, there is a melody or a reason."""
    data = (junk, SOUND[:at] + junk, SOUND[:at] + junk + SOUND[at:], smf(chunk(junk), chunk(C4 + END)))[kind]
    reading = outcome(data)
    if isinstance(reading, str):
        assert reading in REASONS
    else:
        melody = reading.melody
        assert melody.notes
        assert all(a.end <= b.onset for a, b in zip(melody.notes, melody.notes[1:], strict=False))
        assert all(n.duration > 0 and 0 <= n.pitch < 128 and 0 < n.velocity < 128 for n in melody.notes)
        assert 0 <= melody.notes[0].onset < melody.metres[0].bar_ticks
        assert all(melody.place(metre.onset)[1] == 0 for metre in melody.metres)


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 60))
def test_overlapping_notes_of_a_damaged_track(seed: int, flips: int) -> None:
    """Sound, all notes are there, first in, first out; damaged, each is a note still, and they are in order."""
    rng = random.Random(seed)  # noqa: S311 (music, not secrets)
    at, notes = 0, []
    for _ in range(rng.randint(1, 40)):
        at += rng.randint(0, 30)
        notes.append(Note(at, rng.randint(1, 60), rng.randint(30, 90), rng.randint(1, 127)))  # they may overlap
    payload = bytearray(split_chunks(midi_bytes(Melody(tuple(notes))), "-").tracks[1])
    for _ in range(flips // 20):
        payload[rng.randrange(len(payload))] = rng.randrange(256)
    track = parse_track(bytes(payload), "-")
    assert track.notes.rows == sorted(track.notes.rows)
    assert all(
        0 <= on <= end <= track.end and pitch < 128 and 0 < loud < 128 for on, end, pitch, loud, _ in track.notes.rows
    )
    if flips < 20:
        assert track.damage == []
        assert sorted((on, pitch) for on, _, pitch, *_ in track.notes.rows) == sorted(
            (20 * n.onset, n.pitch) for n in notes
        )
        assert sorted(end for _, end, *_ in track.notes.rows) == sorted(20 * n.end for n in notes)


@pytest.mark.parametrize(
    ("tail", "notes", "damage"),
    [
        (b"\x00\x90\x3e\x50\x60\xff\x2f\x00", [(96, 192, 62, 80, 0)], ["leaves 1 note sounding"]),
        (b"\x00\x91\x3e\x50\x60\x81\x3e\x00" + END, [(96, 192, 62, 80, 1)], []),  # a second channel
        (b"", [], ["has no End-of-Track"]),
        (b"\x00\xf6\x00\x90\x3e\x50\x60\x80\x3e\x00" + END, [(96, 192, 62, 80, 0)], []),  # a system message
        (b"\x00\xff\x58\x06\x03\x02\x18\x08\x00\x00" + END, [], []),  # a metre of six bytes
        (b"\x00\xc0\x05" + END, [], []),  # a program behind the notes
    ],
)
def test_odd_ends_of_a_track(tail: bytes, notes: list[tuple[int, ...]], damage: list[str]) -> None:
    """What other readers leave out or take otherwise: all is kept, and damage said."""
    track = parse_track(C4 + tail, "-")
    assert track.notes.rows == [(0, 96, 60, 80, 0), *notes]
    assert track.damage == damage


def test_a_program_and_a_metre_behind_the_notes_are_found() -> None:
    """The first program of a channel counts wherever it stands; of a metre of six bytes the first two."""
    assert parse_track(C4 + b"\x00\xc0\x05\x00\xc0\x06" + END, "-").facts.programs == {0: 5}
    assert parse_track(C4 + b"\x00\xff\x58\x06\x03\x02\x18\x08\x00\x00" + END, "-").facts.metres == [(96, 3, 4)]


def test_a_track_of_a_lyric_alone_has_no_notes() -> None:
    """Words without notes."""
    track = parse_track(b"\x00\xff\x05\x01a" + END, "-")
    assert (track.notes.rows, track.facts.words, track.damage) == ([], [(0, 5, b"a")], [])


def test_long_tracks_are_read_the_same() -> None:
    """A long melody comes back whole, texts and length too."""
    notes = tuple(Note(30 * i, 24, 40 + i % 50, 1 + i % 127) for i in range(2000))
    melody = Melody(notes, title="Long", length=notes[-1].end + 42)
    assert read_midi(midi_bytes(melody), strict=True).melody == melody


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    """Folders, pipes, devices, broken and looping links are refused by name and never waited for."""
    (tmp_path / "folder.mid").mkdir()
    os.mkfifo(tmp_path / "pipe.mid")
    (tmp_path / "loop.mid").symlink_to(tmp_path / "loop.mid")
    (tmp_path / "broken.mid").symlink_to(tmp_path / "nowhere")
    (tmp_path / "zero.mid").symlink_to("/dev/zero")
    for name in ("folder", "pipe", "loop", "broken", "zero"):
        with pytest.raises(Unreadable, match="not a regular file") as caught:
            read_midi(tmp_path / f"{name}.mid")
        assert caught.value.where == str(tmp_path / f"{name}.mid")
    for path, reason in ((tmp_path / "none.mid", "missing"), ("a\0b", "unreadable"), ("x" * 5000, "unreadable")):
        with pytest.raises(Unreadable) as caught:
            read_midi(path)
        assert caught.value.reason == reason


def test_file_without_permission(tmp_path: Path) -> None:
    """A file that may not be read is unreadable (root may read everything)."""
    path = tmp_path / "a.mid"
    path.write_bytes(SOUND)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(Unreadable, match="the system refuses to read it"):
        read_midi(path)


def test_too_large_is_not_read(tmp_path: Path) -> None:
    """A file over the limit is refused by its size, a stream after the limit."""
    path = tmp_path / "sparse.mid"
    with path.open("wb") as file:
        file.truncate(MAX_MIDI_BYTES + 1)
    with pytest.raises(Unreadable, match="larger than the reader's limit"):
        read_midi(path)
    with path.open("rb") as file, pytest.raises(Unreadable, match="larger than the reader's limit"):
        read_midi(io.BytesIO(file.read()))
