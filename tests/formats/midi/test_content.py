"""What a track says, with mido for a second opinion; damaged tracks, whatever their bytes."""

from __future__ import annotations

import io
import random
from pathlib import Path

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from melodyrnn.errors import REASONS, Unreadable
from melodyrnn.formats.midi.container import split_chunks
from melodyrnn.formats.midi.content import parse_track
from melodyrnn.formats.midi.reader import Reading, read_midi
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note, NoteColumns

END = b"\x00\xff\x2f\x00"


def outcome(data: bytes, **options: object) -> Reading | tuple[str, str]:
    """What is read, or why not."""
    try:
        return read_midi(data, **options)
    except Unreadable as error:
        return error.reason, error.detail


def by_mido(data: bytes) -> list[tuple[int, int, int, int, int]]:
    """The notes of a file's last track as mido's events have them: onset, end, pitch, velocity, channel."""
    sounding: dict[tuple[int, int], list[tuple[int, int]]] = {}
    notes, now = [], 0
    for message in mido.MidiFile(file=io.BytesIO(data)).tracks[-1]:
        now += message.time
        if message.type not in {"note_on", "note_off"}:
            continue
        waiting = sounding.setdefault((message.channel, message.note), [])
        if message.type == "note_on" and message.velocity:
            waiting.append((now, message.velocity))
        elif waiting:
            onset, velocity = waiting.pop(0)
            notes.append((onset, now, message.note, velocity, message.channel))
    notes += [(on, now, pitch, loud, channel) for (channel, pitch), left in sounding.items() for on, loud in left]
    return sorted(notes)


def number(value: int) -> bytes:
    """A variable-length number."""
    out = [value & 0x7F]
    while value := value >> 7:
        out.insert(0, 0x80 | value & 0x7F)
    return bytes(out)


def smf(payload: bytes, division: int) -> bytes:
    """A file of one track."""
    return b"MThd\0\0\0\6\0\0\0\1" + division.to_bytes(2) + b"MTrk" + len(payload).to_bytes(4) + payload


@st.composite
def melodies(draw: st.DrawFn) -> Melody:
    """A melody with rests, a metre, and perhaps a key."""
    steps = draw(
        st.lists(
            st.tuples(st.sampled_from((0, 0, 0, 1, 12, 700)), st.integers(1, 200), st.integers(0, 127)), min_size=1
        )
    )
    onset, notes = 0, []
    for rest, duration, pitch in steps:
        notes.append(Note(onset + rest, duration, pitch, 1 + pitch % 127))
        onset += rest + duration
    metre = draw(st.sampled_from((Metre(), Metre(3, 4), Metre(6, 8))))
    return Melody(tuple(notes), (metre,), draw(st.sampled_from((None, Key(2, "dorian"), Key(0)))), title="Tune")


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    """A track of any note events in either notation, with controllers in between."""
    running, out = b"", [b"\0\xff\x58\4\3\2\x18\x08", b"\0\xc0\7", b"\0\xb0\7\x64"][: draw(st.integers(0, 3))]
    times = st.sampled_from((0, 0, 1, 24, 96, 127, 128, 480, 20_000, 3_000_000))
    kinds = st.sampled_from((0x90, 0x90, 0x80, 0x91, 0xB0, 0xE0))
    for time, kind, pitch, value in draw(
        st.lists(st.tuples(times, kinds, st.integers(58, 62), st.sampled_from((0, 1, 80))))
    ):
        status = bytes((kind,))
        out.append(number(time) + (b"" if status == running else status) + bytes((pitch, value)))
        running = status if draw(st.booleans()) else b""
    return b"".join(out) + END


def flipped(data: bytes, seed: int, flips: int) -> bytes:
    """Some bytes changed, lengths kept."""
    rng, out = random.Random(seed), bytearray(data)  # noqa: S311 (music, not secrets)
    for _ in range(flips):
        at = rng.randrange(14, len(out))
        out[at] = rng.choice((0, 0x7F, 0x80, 0x90, 0xFF, out[at] ^ 1, out[at] ^ 0x80, rng.randrange(256)))
    return bytes(out)


@settings(deadline=None)
@given(melodies(), st.integers(0, 2**32), st.integers(0, 3))
def test_strict_says_the_same_or_refuses(melody: Melody, seed: int, flips: int) -> None:
    """Law: a file that `strict` lets pass is sound, and read as it is without."""
    data = flipped(midi_bytes(melody), seed, flips)
    strict, lenient = outcome(data, strict=True), outcome(data)
    if flips == 0:
        assert isinstance(strict, Reading)
    assert strict == lenient or (isinstance(strict, tuple) and strict[0] == "cut-short")


@settings(deadline=None)
@given(payloads(), st.sampled_from((24, 96, 100, 480)))
def test_mido_finds_the_same_notes(payload: bytes, division: int) -> None:
    """Law: notes of any kind in either notation, with controllers in between, are those that mido has."""
    data = smf(payload, division)
    (chunk,) = split_chunks(data, "-").tracks
    assert parse_track(chunk, "-").notes.rows == by_mido(data)


@settings(deadline=None)
@given(payloads(), st.sampled_from((24, 96, 100, 480)), st.integers(0, 2**32), st.integers(1, 2))
def test_a_damaged_track_is_a_melody_or_a_reason(payload: bytes, division: int, seed: int, flips: int) -> None:
    """Law: whatever became of its bytes."""
    found = outcome(flipped(smf(payload, division), seed, flips))
    if isinstance(found, Reading):
        assert found.melody.notes
    else:
        assert found[0] in REASONS


@settings(deadline=None)
@given(melodies(), st.sampled_from((24, 96, 480)), st.booleans(), st.integers(0, 15))
def test_a_plain_line_is_read_note_by_note(melody: Melody, division: int, running: bool, channel: int) -> None:  # noqa: FBT001
    """Lines in either notation, on any channel but that of drums."""
    out, now = [], 0
    for note in melody.notes:
        on, off = 0x90 | channel, (0x90 if running else 0x80) | channel
        for tick, status, velocity in ((note.onset, on, note.velocity), (note.end, off, 0)):
            step = number((tick - now) * division // 24)
            out.append(step + (b"" if running and out else bytes((status,))) + bytes((note.pitch, velocity)))
            now = tick
    payload = b"".join(out) + END
    track = parse_track(payload, "-")
    ratio = division // 24
    assert track.notes.rows == [(n.onset * ratio, n.end * ratio, n.pitch, n.velocity, channel) for n in melody.notes]
    assert (track.end, track.damage) == (now * ratio, [])
    found = outcome(smf(payload, division))
    if channel == 9:
        assert found == ("drums-only", "")
    elif isinstance(found, Reading):  # else thousands of bars
        assert list(found.melody.columns.durations) == [n.duration for n in melody.notes]
        assert list(found.melody.columns.pitches) == [n.pitch for n in melody.notes]


def test_mido_finds_the_same_notes_in_real_melodies(melody_files: list[Path]) -> None:
    """Every tenth melody of the sets; cut short it is a melody or damaged."""
    for data in map(Path.read_bytes, melody_files[::10]):
        assert parse_track(split_chunks(data, "-").tracks[-1], "-").notes.rows == by_mido(data)
        half = outcome(data[: len(data) // 2])
        assert half.warnings if isinstance(half, Reading) else half[0] == "cut-short"


@settings(deadline=None)
@given(melodies())
def test_a_melody_of_columns_is_the_melody(melody: Melody) -> None:
    """Law: notes and columns say the same, and which of them a melody was made of cannot be told."""
    columns = melody.columns
    lazy = Melody.of_columns(columns, melody.metres, key=melody.key, tempo=melody.tempo, title=melody.title)
    assert (lazy.size, melody.size) == (len(melody.notes),) * 2
    assert lazy == melody
    assert hash(lazy) == hash(melody)
    assert lazy.notes is lazy.notes
    assert Melody(()).columns == NoteColumns((), (), (), ())
    with pytest.raises(AttributeError):
        lazy.nothing  # noqa: B018
