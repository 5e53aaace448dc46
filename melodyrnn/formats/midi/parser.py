"""The bytes of a MIDI track → its events, all of them, whatever the bytes are. The one parser of MIDI.

Conventions
    payload     what a track chunk holds behind its name and length.
    tick        the file's own tick (`division` a quarter), counted from the start of the file.
    code        what kind of event: its status byte, running status filled in; 0xFF00 + type for a meta event.
    budget      an iterator that gives up after so many events: all tracks of a file share one.

Where parsers differ, the choice is: running status survives meta events and system messages; a number of more than
four bytes, a missing status byte or an impossible pitch ends the track there. Every step moves forward through the
bytes and nothing recurses, so time and memory are bounded by the size of the chunk.

A track keeps its payload, and makes its events when they are asked for by the same `scan` that finds its notes: most
readers want a melody, and a value an event would cost as much as all that is done about it. So nothing is lost,
what cannot be understood included.

Contents: MidiEvent, RawTrack, RawChunk, RawFile (what a file says, untouched); scan, Scan, cut_at_pitch, content (for
readers); TooManyEventsError; MAX_EVENTS, TRACK_END, the codes END_OF_TRACK, META and PROGRAM, and WITH_LENGTH.
"""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_EVENTS: Final = 4_000_000  # of a file
TRACK_END: Final = b"\xff\x2f\x00"
META: Final = 0xFF00
END_OF_TRACK: Final = META + 0x2F
PROGRAM: Final = 0xC0

WITH_LENGTH: Final = frozenset({0xF0, 0xF7, 0xFF})  # status bytes behind which a length stands
_SIZES: Final = tuple(
    {0xC: 1, 0xD: 1}.get(status >> 4, 2) if status < 0xF0 else {0xF1: 1, 0xF2: 2, 0xF3: 1}.get(status, 0)
    for status in range(256)
)
"""Status → data bytes of a message that does not say it itself. System common and real-time messages do not belong in
files; their sizes are known all the same."""


class MidiEvent(NamedTuple):
    """One event of a track, as its file has it."""

    tick: int
    status: int  # 0x80..0xEF a channel message, 0xF0..0xFE a system message, 0xFF a meta event
    data: bytes  # all behind the status byte, of a meta event its type first; lengths are left out


class RawTrack(NamedTuple):
    """A track as its file has it."""

    payload: bytes

    @property
    def events(self) -> tuple[MidiEvent, ...]:
        r"""All events in order, up to End-of-Track or the first that cannot be followed; they are made anew each time.

        >>> RawTrack(bytes.fromhex("00 903c50 18 3c00 00 ff2f00")).events[1:]
        (MidiEvent(tick=24, status=144, data=b'<\x00'), MidiEvent(tick=24, status=255, data=b'/'))
        """
        data = self.payload
        found = cut_at_pitch(scan(data, repeat(None)), data)
        rows = zip(found.ticks, found.codes, found.places, strict=True)
        return tuple(_event(tick, code, content(data, code, place)) for tick, code, place in rows)


class RawChunk(NamedTuple):
    """A chunk that is neither header nor track, as its file has it: Yamaha's XFIH and XFKM, for instance."""

    name: bytes  # four bytes
    payload: bytes
    before: int  # how many tracks stand before it


class RawFile(NamedTuple):
    """A MIDI file, untouched: every event of every track, other chunks, and what was wrong with it."""

    kind: int  # 0: one track, 1: tracks that sound together, 2: patterns
    division: int  # ticks a quarter
    tracks: tuple[RawTrack, ...]
    warnings: tuple[str, ...] = ()  # damage: sentences for the user
    chunks: tuple[RawChunk, ...] = ()  # that are no tracks


class Scan(NamedTuple):
    """The events of a payload, column by column, and what is wrong with it."""

    ticks: list[int]
    codes: list[int]
    places: list[int]  # where the data begin: the byte behind the status
    damage: str  # why the track could not be followed to its End-of-Track, or is not at its end there
    end: int  # tick of End-of-Track; when there is none, of the last event that is a note's, a meta or system event


_Columns = tuple[list[int], list[int], list[int]]
"""Ticks, codes and places on the way."""


class TooManyEventsError(Exception):
    """The budget is used up."""


class _DamagedError(Exception):
    """The track cannot be followed beyond this event."""


def scan(data: bytes, budget: Iterable[object]) -> Scan:
    """Find the events of a payload, up to End-of-Track or as far as it can be followed. Raises TooManyEventsError."""
    columns: _Columns = ([], [], [])
    ticks, codes, places = columns
    try:
        stop = _walk(data, budget, columns)
    except IndexError:
        return _cut_short(columns, data, "has no End-of-Track")
    except _DamagedError as error:
        return _cut_short(columns, data, str(error))
    damage = "goes on after its End-of-Track" if data[stop:].strip(b"\0") else ""
    return Scan(ticks, codes, places, damage, ticks[-1])


def _cut_short(found: _Columns, data: bytes, damage: str) -> Scan:
    """End a scan at its last whole event; the track lasts until a meta or system event that is cut, all the same."""
    ticks, codes, places = found
    reached = ticks[-1] if codes and codes[-1] >= 0xF0 else 0
    if codes and _is_cut(data, codes[-1], places[-1]):
        del ticks[-1], codes[-1], places[-1]
    return Scan(ticks, codes, places, damage, max(reached, _last(ticks, codes)))


def _walk(data: bytes, budget: Iterable[object], found: _Columns) -> int:
    """Go from event to event; return the place behind End-of-Track. IndexError: the bytes ran out before it."""
    # One loop on purpose, with the usual times of one or two bytes read in place: a call for each doubles the cost.
    ticks, codes, places = found
    position = tick = status = 0
    for _ in budget:
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
        if byte < 0x80:
            if not status:
                raise _DamagedError(f"holds data without a status byte at byte {position}")
        else:
            position += 1
            if byte < 0xF0:
                status = byte
            else:
                ticks.append(tick)
                places.append(position)
                codes.append(byte)
                if byte == 0xFF:
                    codes[-1] = META + data[position]
                begin, length = _span(data, codes[-1], position)
                position = begin + length
                if codes[-1] == END_OF_TRACK:
                    return position
                if position > len(data) and byte in WITH_LENGTH:
                    raise _DamagedError("ends in the middle of an event")
                continue
        ticks.append(tick)
        codes.append(status)
        places.append(position)
        position += _SIZES[status]
    raise TooManyEventsError


def content(data: bytes, code: int, place: int) -> bytes:
    """The content of an event: its data bytes, or what stands behind its length."""
    if code >= META and data[place + 1] < 0x80:  # nearly always
        return data[place + 2 : place + 2 + data[place + 1]]
    begin, length = _span(data, code, place)
    return data[begin : begin + length]


def cut_at_pitch(found: Scan, data: bytes) -> Scan:
    """End a scan before the first note whose pitch is no data byte, if there is one."""
    for index, (code, place) in enumerate(zip(found.codes, found.places, strict=True)):
        if code < 0xA0 and data[place] > 0x7F:
            ticks, codes, places = (column[:index] for column in found[:3])
            return Scan(ticks, codes, places, f"holds the impossible pitch {data[place]}", _last(ticks, codes))
    return found


def _last(ticks: list[int], codes: list[int]) -> int:
    """Tick of the last event that is a note's, a meta or system event."""
    for index in range(len(codes) - 1, -1, -1):
        if not 0xA0 <= codes[index] < 0xF0:
            return ticks[index]
    return 0


def _is_cut(data: bytes, code: int, place: int) -> bool:
    """Whether the payload ends within an event."""
    try:
        begin, length = _span(data, code, place)
    except (IndexError, _DamagedError):
        return True
    return begin + length > len(data)


def _span(data: bytes, code: int, place: int) -> tuple[int, int]:
    """Where the content of an event begins, and how long it says it is."""
    if code < 0xF0 or (code < META and code not in WITH_LENGTH):
        return place, _SIZES[code]
    if code >= META:
        place += 1
    length = data[place]
    if length < 0x80:
        return place + 1, length
    length, begin = _number(data, place)
    return begin, length


def _number(data: bytes, position: int) -> tuple[int, int]:
    """Read a variable-length number of at most four bytes; return it and the place behind it."""
    value = 0
    for index in range(position, position + 4):
        byte = data[index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, index + 1
    raise _DamagedError("holds a number of more than four bytes")


def _event(tick: int, code: int, data: bytes) -> MidiEvent:
    """Make an event of its code."""
    return MidiEvent(tick, code, data) if code < META else MidiEvent(tick, 0xFF, bytes((code - META,)) + data)
