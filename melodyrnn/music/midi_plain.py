"""A whole MIDI file read at once, where it is as plain as most melodies are: facts, and one track of note after note.

Plain is a sound file with notes in one track, on one channel that is not percussion, each closed before the next
begins, and all times on the grid. Its block of notes is cut by one regular expression into alternating times and
pairs of events. Every piece is checked, and bytes that are cut into lawful events from first to last can be cut in
no other way; so what is read is what the patient reader reads, in a third of its time. Whatever is not plain gives
None and goes the long way. A test holds the two ways equal.

Contents: PlainLine, read_plain, read_facts.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

from melodyrnn.music.melody import TICKS_PER_QUARTER
from melodyrnn.music.midi_line import DRUMS
from melodyrnn.music.midi_tolerant import PROGRAM, TRACK_END, DamagedError, RawTrack, keep_fact, number, system

if TYPE_CHECKING:
    from collections.abc import Sequence

_HIGH: Final = bytes(range(0x80, 0x100))
_VALUES: Final = 0x7F
_LARGEST: Final = 400_000  # bytes of a track: more notes than a melody may have
_FACTS: Final = frozenset({0x03, 0x51, 0x58, 0x59})  # name, tempo, metre, key
_MOST_FACTS: Final = 10_000  # events before the first note
_MOST_TIMES: Final = 20_000  # different times that are remembered

_Cut = tuple[list[int], list[int], bytes, bytes, int]


class PlainLine(NamedTuple):
    """The notes of a plain file, in grid ticks, and all else that its tracks say."""

    onsets: list[int]
    durations: list[int]
    pitches: bytes
    velocities: bytes
    end: int  # End-of-Track of the notes, file ticks
    name: bytes  # of their track
    program: int  # General MIDI sound of the notes
    tracks: list[RawTrack]  # without notes


def read_plain(payloads: Sequence[bytes], division: int) -> PlainLine | None:
    """Read the track chunks of a file; None when they are not plain. `division` is ticks a quarter."""
    tracks: list[RawTrack] = []
    found: PlainLine | None = None
    try:
        for payload in payloads:
            if len(payload) > _LARGEST or not payload.endswith(TRACK_END):
                return None
            track = RawTrack()
            tracks.append(track)
            begin, tick, status = read_facts(payload, track)
            if status:
                if found is not None or status < 0x90 or status & 15 == DRUMS:
                    return None
                onset, off = divmod(tick * TICKS_PER_QUARTER, division)
                cut = None if off else _cut(payload[begin : -len(TRACK_END)], status, _steps(division), onset)
                if cut is None:
                    return None
                onsets, durations, pitches, velocities, rest = cut
                track.end = (onsets[-1] + durations[-1]) * division // TICKS_PER_QUARTER + rest
                program = track.programs.get(status & 15, 0)
                found = PlainLine(onsets, durations, pitches, velocities, track.end, track.name, program, tracks)
    except (IndexError, KeyError, DamagedError):
        return None
    for track in tracks:
        if track.damage:
            return None
    return found


def read_facts(data: bytes, track: RawTrack) -> tuple[int, int, int]:
    """Read events up to the first that may be a note: where its time begins, the tick before it, and its status.

    Status is 0 when the track ends first. IndexError or DamagedError for what is not plain.
    """
    position = tick = 0
    for track.events in range(_MOST_FACTS):
        delta, after = data[position], position + 1
        if delta > _VALUES:
            delta, after = number(data, position)
        status = data[after]
        if status == 0xFF:
            tick += delta
            track.end = tick
            body = after + 3
            position = body + data[body - 1]
            if data[after + 1] in _FACTS and position < len(data) and data[body - 1] <= _VALUES:
                keep_fact(data[after + 1], data[body:position], track)  # nearly always
                continue
            position = system(status, data, after + 1, track)
            if position < 0:
                return len(data), tick, 0
        elif 0x80 <= status < 0xA0:
            return position, tick, status
        elif 0xA0 <= status < 0xF0:
            tick += delta
            if status >> 4 == PROGRAM:
                track.programs.setdefault(status & 15, data[after + 1] & 0x7F)
            position = after + (2 if 0xC0 <= status < 0xE0 else 3)
        else:
            break
    raise DamagedError("not plain")


def _cut(block: bytes, status: int, steps: _Steps, onset: int) -> _Cut | None:
    """Cut a block that begins and ends with a time: onsets, durations, pitches, velocities, the last time.

    `status` is that of its first event, `onset` the grid tick before it. KeyError for a time that is none or not on
    the grid; None for events that are not one note after the other.
    """
    for pattern in _patterns(status):
        pieces = pattern.split(block)
        if len(pieces) > 2:
            break
    else:
        return None
    last = pieces.pop()
    rest, size = number(last, 0)
    times = list(map(steps.__getitem__, pieces))
    durations = times[1::2]
    low = block.translate(None, _HIGH)
    pitches = low[1::6]
    if size != len(last) or 0 in durations or pitches != low[4::6]:
        return None
    times[0] += onset
    return list(accumulate(times))[::2], durations, pitches, low[2::6], rest


@cache
def _patterns(status: int) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """What stands between two times before notes: note-on, how long, note-off; with note-offs, or in running status."""
    on, off = re.escape(bytes((status,))), re.escape(bytes((status - 0x10,)))
    note, time = rb"[\x00-\x7f][\x01-\x7f]", rb"([\x80-\xff]{0,3}[\x00-\x7f])"
    return (
        re.compile(on + note + time + off + rb"[\x00-\x7f]{2}"),
        re.compile(on + rb"?" + note + time + on + rb"?[\x00-\x7f]\x00"),
    )


class _Steps(dict[bytes, int]):
    """Times in the bytes of a file → grid ticks; KeyError for what is no time, or not on the grid."""

    def __init__(self, division: int) -> None:
        super().__init__()
        self.division = division

    def __missing__(self, raw: bytes) -> int:
        ticks, size = number(raw, 0) if raw else (0, -1)
        step, off = divmod(ticks * TICKS_PER_QUARTER, self.division)
        if off or size != len(raw):
            raise KeyError(raw)
        if len(self) < _MOST_TIMES:
            self[raw] = step
        return step


@lru_cache(maxsize=8)
def _steps(division: int) -> _Steps:
    """What is known of the times of files of so many ticks a quarter."""
    return _Steps(division)
