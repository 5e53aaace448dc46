"""The quick ways through a MIDI file say what the patient way says, or give up."""

from __future__ import annotations

import random
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from melodyrnn.errors import Unreadable
from melodyrnn.music.melody import Melody, Metre, Note, NoteColumns
from melodyrnn.music.midi import Reading, midi_bytes, read_midi
from melodyrnn.music.midi_block import parse_block
from melodyrnn.music.midi_guard import take_apart
from melodyrnn.music.midi_plain import read_plain
from melodyrnn.music.midi_tolerant import parse_track
from melodyrnn.music.tonality import Key

BENCHMARK = Path(__file__).parents[3] / "shared" / "benchmark"
END = b"\x00\xff\x2f\x00"


def outcome(data: bytes, **options: object) -> Reading | tuple[str, str]:
    """What is read, or why not."""
    try:
        return read_midi(data, **options)
    except Unreadable as error:
        return error.reason, error.detail


def patiently(data: bytes, **options: object) -> Reading | tuple[str, str]:
    """The same by the patient reader alone."""
    with patch("melodyrnn.music.midi.read_plain", return_value=None), patch("melodyrnn.music.midi._LONG", 2**40):
        return outcome(data, **options)


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
@given(melodies(), st.booleans(), st.integers(0, 2**32), st.integers(0, 3))
def test_a_file_says_the_same_both_ways(melody: Melody, strict: bool, seed: int, flips: int) -> None:  # noqa: FBT001
    """Law: sound or damaged, a file gives the same reading or the same refusal."""
    data = flipped(midi_bytes(melody), seed, flips)
    assert outcome(data, strict=strict) == patiently(data, strict=strict)


@settings(deadline=None)
@given(payloads(), st.sampled_from((24, 96, 100, 480)), st.integers(0, 2**32), st.integers(0, 2))
def test_a_track_says_the_same_both_ways(payload: bytes, division: int, seed: int, flips: int) -> None:
    """Law: so does a track of any notes, and NumPy hears in it what the patient reader hears."""
    data = flipped(smf(payload, division), seed, flips) if flips else smf(payload, division)
    assert outcome(data) == patiently(data)
    for chunk in take_apart(smf(payload, division), "-").tracks:
        quick = parse_block(chunk)
        if quick is not None:
            assert quick == parse_track(chunk, "-")


@settings(deadline=None)
@given(melodies(), st.sampled_from((24, 96, 480)), st.booleans(), st.integers(0, 15))
def test_what_is_plain_is_known_as_plain(melody: Melody, division: int, running: bool, channel: int) -> None:  # noqa: FBT001
    """Lines in either notation, on any channel but that of drums, take the quick way.

    In running status a time whose first byte looks like the status is left to the patient reader.
    """
    out, now, doubtful = [], 0, False
    for note in melody.notes:
        on, off = 0x90 | channel, (0x90 if running else 0x80) | channel
        for tick, status, velocity in ((note.onset, on, note.velocity), (note.end, off, 0)):
            known = running and out
            step = number((tick - now) * division // 24)
            doubtful |= running and step[0] == on
            out.append(step + (b"" if known else bytes((status,))) + bytes((note.pitch, velocity)))
            now = tick
    payload = b"".join(out) + END
    plain = read_plain([payload], division)
    if doubtful and plain is None:
        return
    assert (plain is None) == (channel == 9)
    if plain is not None:
        assert plain.onsets == [note.onset for note in melody.notes]
        assert plain.durations == [note.duration for note in melody.notes]
        assert (bytes(plain.pitches), plain.end) == (bytes(n.pitch for n in melody.notes), now * division // 24)
    assert parse_block(payload) == parse_track(payload, "-")


@pytest.mark.skipif(not BENCHMARK.is_dir(), reason="the benchmark is not part of the repository")
def test_the_benchmark_says_the_same_both_ways() -> None:
    """Every tenth melody of the benchmark, whole and cut short."""
    files = sorted(BENCHMARK.glob("*/*.mid"))[::10]
    assert files
    for data in map(Path.read_bytes, files):
        assert read_plain(take_apart(data, "-").tracks, 480) is not None
        for part in (data, data[: len(data) // 2]):
            assert outcome(part) == patiently(part)


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
