"""One track chunk → its events, read with patience: whatever the bytes are, this ends and keeps what it understood.

Conventions
    tick        the file's own tick (`division` a quarter), counted from the start of the file.
    damage      sentences about what had to be left out; empty for a sound track.

Where readers differ, the choice is: overlapping notes of one pitch close first in, first out; notes that
nobody closes end with the track; running status survives meta events; a number of more than four bytes,
a missing status byte or a data byte out of range ends the track there. Every step moves forward through
the bytes and nothing recurses, so time and memory are bounded by the size of the chunk.

Contents: RawTrack, parse_track, DamagedError; the limits MAX_EVENTS and MAX_NOTES.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from melodyrnn.errors import Unreadable

MAX_EVENTS: Final = 4_000_000
MAX_NOTES: Final = 500_000
_MAX_FACTS: Final = 100_000  # texts, tempos, metres and keys a track; no music has more, bombs do

TRACK_END: Final = b"\xff\x2f\x00"
_PROGRAM: Final = 0xC  # the upper half of the status byte of a program change

_DATA_BYTES: Final = {0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}
"""Data bytes of the channel messages that are passed over."""

_TEXT, _NAME, _END, _TEMPO, _METRE, _KEY = 0x01, 0x03, 0x2F, 0x51, 0x58, 0x59
_WORDS: Final = frozenset({_TEXT, 0x05, 0x06, 0x07})  # text, lyric, marker, cue: where programs put chord symbols
_MAX_WORDS, _LONGEST_WORD = 10_000, 64

_Sounding = dict[int, deque[tuple[int, int]]]
"""Notes that are on: channel × 128 + pitch → (onset, velocity), the earliest first."""

RawNote = tuple[int, int, int, int, int]
"""Onset, end (file ticks), pitch, velocity, channel (0..15)."""


@dataclass(slots=True)
class RawTrack:
    """What one track chunk holds; filled by its reader, then only read."""

    notes: list[RawNote] = field(default_factory=list)
    tempos: list[tuple[int, int]] = field(default_factory=list)  # tick, microseconds a quarter
    metres: list[tuple[int, int, int]] = field(default_factory=list)  # tick, numerator, denominator
    keys: list[tuple[int, int, int]] = field(default_factory=list)  # tick, sharps (flats < 0), 1 for minor
    name: bytes = b""
    texts: list[bytes] = field(default_factory=list)
    words: list[tuple[int, int, bytes]] = field(default_factory=list, compare=False)  # tick, kind, short text
    programs: dict[int, int] = field(default_factory=dict, compare=False)  # channel → its first General MIDI sound
    end: int = 0  # tick of End-of-Track, or of the last event when there is none
    events: int = 0
    damage: list[str] = field(default_factory=list)


class DamagedError(Exception):
    """The track cannot be followed beyond this byte."""


def parse_track(data: bytes, where: str, *, events: int = MAX_EVENTS) -> RawTrack:
    """Read a track chunk's payload and keep what can be understood.

    `events` is how many the file may still have. Raises Unreadable ('too-long') beyond the limits.
    """
    track = RawTrack()
    sounding: _Sounding = {}
    try:
        _walk(data, track, sounding, where, events)
    except IndexError:
        track.damage.append("has no End-of-Track")
    except DamagedError as error:
        track.damage.append(str(error))
    _close(track, sounding)
    return track


def _walk(data: bytes, track: RawTrack, sounding: _Sounding, where: str, limit: int) -> None:
    """Go through the events; IndexError means that the bytes ran out before End-of-Track."""
    # One loop on purpose, with the usual times of one or two bytes read in place: a call for each doubles the cost.
    position = status = tick = started = 0
    for track.events in range(limit):
        delta = data[position]
        position += 1
        if delta >= 0x80:
            low = data[position]
            if low < 0x80:
                delta, position = (delta & 0x7F) << 7 | low, position + 1
            else:
                delta, position = _number(data, position - 1)
        tick += delta
        byte = data[position]
        if byte >= 0x80:
            position += 1
            if byte >= 0xF0:
                track.end = tick
                position = _system(byte, data, position, track)
                if position < 0:
                    return
                continue
            status = byte
        if not 0x80 <= status < 0xA0:
            position += _skip(status, position, data, track)
            continue
        pitch, velocity = data[position], data[position + 1]
        position += 2
        if pitch > 127:
            raise DamagedError(f"holds the impossible pitch {pitch}")
        place = (status & 15) << 7 | pitch
        track.end = tick
        if status >= 0x90 and velocity:
            started += 1
            if started > MAX_NOTES:
                break
            sounding.setdefault(place, deque()).append((tick, min(velocity, 127)))
        elif waiting := sounding.get(place):
            onset, loudness = waiting.popleft()
            track.notes.append((onset, tick, pitch, loudness, status & 15))
    raise Unreadable(where, "too-long", f"more than {MAX_NOTES:,} notes or {MAX_EVENTS:,} events")


def _skip(status: int, position: int, data: bytes, track: RawTrack) -> int:
    """How many data bytes a channel message that says nothing of notes has; of them only a program is kept."""
    if status < 0x80:
        raise DamagedError(f"holds data without a status byte at byte {position}")
    if status >> 4 == _PROGRAM:
        track.programs.setdefault(status & 15, data[position] & 0x7F)
    return _DATA_BYTES[status >> 4]


def _number(data: bytes, position: int) -> tuple[int, int]:
    """Read a variable-length number of at most four bytes; return it and the place behind it."""
    value = 0
    for index in range(position, position + 4):
        byte = data[index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, index + 1
    raise DamagedError("holds a number of more than four bytes")


def _system(status: int, data: bytes, position: int, track: RawTrack) -> int:
    """Read a meta or system event after its status byte; return the place behind it (-1 after End-of-Track)."""
    if status not in {0xF0, 0xF7, 0xFF}:
        # System common and real-time messages do not belong in files; their lengths are known all the same.
        return position + {0xF1: 1, 0xF2: 2, 0xF3: 1}.get(status, 0)
    kind = -1
    if status == 0xFF:
        kind = data[position]
        position += 1
    length, position = _number(data, position)
    after = position + length
    if kind == _END:
        if data[after:].strip(b"\0"):
            track.damage.append("goes on after its End-of-Track")
        return -1
    if after > len(data):
        raise DamagedError("ends in the middle of an event")
    if kind in _WORDS and length <= _LONGEST_WORD and len(track.words) < _MAX_WORDS:
        track.words.append((track.end, kind, data[position:after]))
    if kind in {_TEXT, _NAME, _TEMPO, _METRE, _KEY}:
        if len(track.texts) + len(track.tempos) + len(track.metres) + len(track.keys) >= _MAX_FACTS:
            raise DamagedError(f"holds more than {_MAX_FACTS:,} texts, tempos or time signatures")
        _keep_fact(kind, data[position:after], track)
    return after


def _keep_fact(kind: int, body: bytes, track: RawTrack) -> None:
    """Keep a fact about the music; a body that is too short says nothing."""
    if kind == _NAME:
        track.name = track.name or body[:1000]
    elif kind == _TEXT:
        track.texts.append(body[:10_000])
    elif kind == _TEMPO and len(body) >= 3:
        track.tempos.append((track.end, int.from_bytes(body[:3])))
    elif kind == _METRE and len(body) >= 2:
        track.metres.append((track.end, body[0], 1 << min(body[1], 30)))
    elif kind == _KEY and len(body) >= 2:
        track.keys.append((track.end, body[0] - 256 if body[0] > 127 else body[0], body[1]))


def _close(track: RawTrack, sounding: _Sounding) -> None:
    """End the notes that nobody closed where the track ends, and put all in order."""
    left = [(onset, track.end, place & 127, loud, place >> 7) for place, on in sounding.items() for onset, loud in on]
    if left:
        track.damage.append(f"leaves {len(left)} note{'s' * (len(left) > 1)} sounding")
        track.notes.extend(left)
    track.notes.sort()
