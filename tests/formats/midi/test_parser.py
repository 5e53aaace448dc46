"""Every event of a file: kept in order, given back as it stood there, whatever else the track holds."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import TYPE_CHECKING

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from melodyrnn.errors import Unreadable
from melodyrnn.formats.midi.parser import MidiEvent, RawChunk, RawTrack
from melodyrnn.formats.midi.reader import read_document, read_midi
from melodyrnn.formats.midi.write import midi_bytes, payload_of
from melodyrnn.music.melody import Melody, Note

if TYPE_CHECKING:
    from pathlib import Path

EMPTY, END = bytes.fromhex("00ff2f00"), MidiEvent(0, 0xFF, b"\x2f")

# Everything that a track may hold. Left: as a file has it, with running status; right: the event.
EVERYTHING = [
    ("00 ff00 02 0007", 0, 0xFF, "00 0007"),  # sequence number
    ("00 ff01 05 68656c6c6f", 0, 0xFF, "01 68656c6c6f"),  # text
    ("00 ff02 03 a92032", 0, 0xFF, "02 a92032"),  # copyright
    ("00 ff03 04 466c7574", 0, 0xFF, "03 466c7574"),  # name
    ("00 ff20 01 03", 0, 0xFF, "20 03"),  # channel prefix
    ("00 ff21 01 00", 0, 0xFF, "21 00"),  # port
    ("00 ff51 03 07a120", 0, 0xFF, "51 07a120"),  # tempo
    ("00 ff54 05 4100000000", 0, 0xFF, "54 4100000000"),  # SMPTE offset
    ("00 ff58 04 03021808", 0, 0xFF, "58 03021808"),  # metre
    ("00 ff59 02 ff01", 0, 0xFF, "59 ff01"),  # key
    ("00 ff7f 03 00417a", 0, 0xFF, "7f 00417a"),  # a program's own
    ("00 ff4b 01 2a", 0, 0xFF, "4b 2a"),  # of a type that nobody defined
    ("00 f0 05 7e7f0901f7", 0, 0xF0, "7e7f0901f7"),  # SysEx: General MIDI on
    ("00 c0 28", 0, 0xC0, "28"),  # program
    ("00 b0 0764", 0, 0xB0, "0764"),  # volume
    ("00 0a40", 0, 0xB0, "0a40"),  # panorama, in running status
    ("60 e0 0040", 96, 0xE0, "0040"),  # pitch bend
    ("00 ff05 03 6c6120", 96, 0xFF, "05 6c6120"),  # lyric
    ("00 90 3c50", 96, 0x90, "3c50"),
    ("8100 3c00", 224, 0x90, "3c00"),  # running status, and a time of two bytes
    ("00 3e50", 224, 0x90, "3e50"),
    ("10 a0 3e33", 240, 0xA0, "3e33"),  # pressure of a key
    ("10 d0 44", 256, 0xD0, "44"),  # pressure of the channel
    ("00 45", 256, 0xD0, "45"),  # of which running status needs a single byte
    ("00 ff06 01 41", 256, 0xFF, "06 41"),  # marker
    ("00 80 3e40", 256, 0x80, "3e40"),
    ("00 91 4050", 256, 0x91, "4050"),  # another channel
    ("60 81 4040", 352, 0x81, "4040"),
    ("00 f0 02 4310", 352, 0xF0, "4310"),  # SysEx in two packets
    ("818000 f7 02 4cf7", 16736, 0xF7, "4cf7"),
    ("00 f3 05", 16736, 0xF3, "05"),  # no place in a file, but of a known length
    ("00 f8", 16736, 0xF8, ""),
    ("00 ff01 00", 16736, 0xFF, "01"),  # an empty text
    ("8360 ff2f 00", 17216, 0xFF, "2f"),  # End-of-Track behind some silence
]
DUMP = bytes.fromhex("".join(dump for dump, *_ in EVERYTHING))
EVENTS = tuple(MidiEvent(tick, status, bytes.fromhex(data)) for _, tick, status, data in EVERYTHING)


def smf(*payloads: bytes, kind: int = 1, division: int = 96) -> bytes:
    """A file of tracks."""
    head = b"MThd\0\0\0\6" + b"".join(value.to_bytes(2) for value in (kind, len(payloads), division))
    return head + b"".join(b"MTrk" + len(payload).to_bytes(4) + payload for payload in payloads)


def without_running_status(payload: bytes) -> bytes:
    """The same by a reader of this test's own: every channel message gets its status byte."""
    out, status, at = bytearray(), 0, 0
    while at < len(payload):
        start = at
        while payload[at] > 0x7F:
            at += 1
        at += 1
        out += payload[start:at]
        if payload[at] in {0xF0, 0xF7, 0xFF}:
            start, at = at, at + 1 + (payload[at] == 0xFF)
            size, at = payload[at], at + 1  # this test writes short ones
            at += size
            out += payload[start:at]
            continue
        if payload[at] > 0x7F:
            if payload[at] < 0xF0:
                status = payload[at]
            first, at = payload[at], at + 1
        else:
            first = status
        size = {0xF8: 0, 0xF3: 1}.get(first, 1 if 0xC0 <= first < 0xE0 else 2)
        out += bytes((first,)) + payload[at : at + size]
        at += size
    return bytes(out)


@pytest.mark.parametrize("division", [1, 24, 97, 220, 480, 32767])
@pytest.mark.parametrize("kind", [0, 1])
def test_every_event_is_kept(kind: int, division: int) -> None:
    """Controllers, bends, pressure, SysEx, all kinds of meta events: each as it stands in the file, byte by byte."""
    tracks, events = ((DUMP,), [EVENTS]) if kind == 0 else ((EMPTY, DUMP, DUMP), [(END,), EVENTS, EVENTS])
    source = read_midi(smf(*tracks, kind=kind, division=division), strict=True).source
    assert (source.kind, source.division, source.warnings) == (kind, division, ())
    assert [track.payload for track in source.tracks] == list(tracks)
    assert [track.events for track in source.tracks] == events


def test_events_are_written_as_they_stood() -> None:
    """Bytes equal up to running status, found out by a second reader."""
    written = payload_of(RawTrack(DUMP).events)
    assert written == without_running_status(DUMP)
    assert RawTrack(written).events == EVENTS


bits = st.integers(0, 127)
wide = st.builds(lambda *values: bytes(values), bits, bits)
bodies = st.binary(max_size=300)
metas = st.builds(lambda kind, body: bytes((kind,)) + body, bits.filter(lambda kind: kind != 0x2F), bodies)
datas = st.one_of(
    st.tuples(st.integers(0x80, 0xBF) | st.integers(0xE0, 0xEF), wide),
    st.tuples(st.integers(0xC0, 0xDF), bits.map(lambda value: bytes((value,)))),
    st.tuples(st.sampled_from((0xF0, 0xF7)), bodies),
    st.tuples(st.just(0xFF), metas),
)


@st.composite
def tracks_of_events(draw: st.DrawFn) -> tuple[MidiEvent, ...]:
    """Any events, and the End-of-Track."""
    now, found = 0, []
    for status, data in [*draw(st.lists(datas, max_size=30)), (0xFF, b"\x2f")]:
        now += draw(st.sampled_from((0, 1, 127, 128, 20_000, 3_000_000, 2**28 - 1)))
        found.append(MidiEvent(now, status, data))
    return tuple(found)


@given(tracks_of_events())
def test_what_is_written_is_read(events: tuple[MidiEvent, ...]) -> None:
    """Law: events → bytes → events."""
    assert RawTrack(payload_of(events)).events == events


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_have_events(junk: bytes, behind: bool) -> None:  # noqa: FBT001
    """Law: whatever a track holds, its events are in order, and those before the damage are there."""
    data = DUMP[:-4] + junk if behind else junk
    track = RawTrack(data)
    events = track.events
    assert all(a.tick <= b.tick for a, b in pairwise(events))
    assert track.payload == data
    if behind:
        assert events[: len(EVENTS) - 1] == EVENTS[:-1]


@pytest.mark.parametrize("cut", range(len(DUMP)))
def test_a_cut_track_has_the_events_that_are_whole(cut: int) -> None:
    """Cut anywhere: no event is half there, none that is whole is missing."""
    events = RawTrack(DUMP[:cut]).events
    ends, at = [], 0
    for dump, *_ in EVERYTHING:
        at += len(bytes.fromhex(dump))
        ends.append(at)
    assert events == EVENTS[: sum(end <= cut for end in ends)]


def test_a_document_has_melody_chords_and_events() -> None:
    """What a file says in notes, its chords, and all of its events."""
    melody = Melody((Note(0, 24, 72), Note(48, 48, 74)), title="Tune")
    data = midi_bytes(melody, chords=((0, 96, (57, 60, 64)),), progression="Am", recipe="melodyrnn generate")
    document = read_document(data)
    assert document.melody == read_midi(data).melody
    assert document.chords.text() == "Am"
    assert (document.recipe, document.warnings) == ("melodyrnn generate", ())
    assert [len(track.events) for track in document.source.tracks] == [5, 7, 10]
    assert document.source == read_midi(data).source


def test_a_document_without_chords() -> None:
    """A melody alone has none; a file without a melody is no document."""
    assert read_document(midi_bytes(Melody((Note(0, 24, 72),)))).source.division == 480
    with pytest.raises(Unreadable, match="holds no notes"):
        read_document(smf(EMPTY))


def test_mido_finds_the_same_events(melody_files: list[Path]) -> None:
    """Every tenth file of the sets, track by track."""
    for path in melody_files[::10]:
        theirs = mido.MidiFile(path).tracks
        ours = read_midi(path).source.tracks
        assert len(ours) == len(theirs)
        for track, messages in zip(ours, theirs, strict=True):
            now, found = 0, []
            for message in messages:
                now += message.time
                status, *data = message.bytes()
                del data[1 : 2 * (status == 0xFF)]  # the length of a meta event, below 128
                found.append(MidiEvent(now, status, bytes(data)))
            assert track.events == tuple(found)


def test_mido_reads_what_was_written() -> None:
    """A track written of its events is the same to mido."""
    plain = midi_bytes(Melody(tuple(Note(30 * i, 24, 60 + i) for i in range(20))))
    for track in read_midi(plain).source.tracks:
        once, again = (
            [str(m) for m in mido.MidiFile(file=io.BytesIO(smf(body))).tracks[0]]
            for body in (track.payload, payload_of(track.events))
        )
        assert once == again


def test_chunks_that_are_no_tracks_are_kept_where_they_stood():
    """Yamaha's XF and others: the file can be put together again, byte for byte; none of them is damage."""
    sound = midi_bytes(Melody((Note(0, 24, 72),)))
    ends = [place for place in range(14, len(sound) + 1) if place == len(sound) or sound[place : place + 4] == b"MTrk"]
    alien = [
        name + len(body).to_bytes(4) + body for name, body in ((b"XFIH", b"A"), (b"XFKM", b""), (b"TAIL", b"C" * 9))
    ]
    data = sound[:14] + alien[0] + alien[1] + sound[14 : ends[1]] + alien[2] + sound[ends[1] :]
    source = read_midi(data, strict=True).source
    assert source.chunks == (RawChunk(b"XFIH", b"A", 0), RawChunk(b"XFKM", b"", 0), RawChunk(b"TAIL", b"C" * 9, 1))
    again = sound[:14]
    for place in range(len(source.tracks) + 1):
        told = [(chunk.name, chunk.payload) for chunk in source.chunks if chunk.before == place]
        told += [(b"MTrk", track.payload) for track in source.tracks[place : place + 1]]
        again += b"".join(name + len(body).to_bytes(4) + body for name, body in told)
    assert again == data
    assert read_midi(sound).source.chunks == ()
