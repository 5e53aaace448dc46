"""One sound track chunk → its events by NumPy: for chunks that are facts first and then nothing but notes.

Most melodies are such chunks. The facts at the head (texts, tempo, metres, program, controllers) are read as the
patient reader reads them. What follows, up to the End-of-Track, is one block of events of the form time, status,
two data bytes: the last byte of the time and the data bytes are below 128 and all others are not, so that every
third low byte ends a time, and all positions follow by counting. Each is then checked: a time of at most four
bytes, at most one byte between it and its data, the two data bytes side by side. A block that passes has one
reading only, which is the patient reader's, in half its time; what does not pass gives None, and another reader
takes it. A test holds the readers equal.

Conventions
    table       notes as rows onset, end (file ticks), pitch, velocity, channel: shape (5, notes), sorted by columns.

Contents: parse_block.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from melodyrnn.music.midi_plain import read_facts
from melodyrnn.music.midi_tolerant import MAX_NOTES, TRACK_END, DamagedError, RawTrack

NoteTable = NDArray[np.int64]

_LARGEST: Final = 4 * 2**20  # bytes: NumPy's intermediate arrays take some 30 times as much
_VALUES: Final = 0x7F


def parse_block(data: bytes) -> RawTrack | None:
    """Read a track chunk's payload; None: not so plain, or beyond the limits of the patient reader."""
    if not data.endswith(TRACK_END) or len(data) > _LARGEST:
        return None
    track = RawTrack()
    try:
        begin, tick, status = read_facts(data, track)
    except (IndexError, DamagedError):
        return None
    if track.damage:
        return None
    if status:
        block = np.frombuffer(data, np.uint8, len(data) - len(TRACK_END) - begin, begin)
        table = _notes(block, tick, track)
        if table is None:
            return None
        track.notes = list(zip(*table.tolist(), strict=True))
    return track


def _notes(block: NDArray[np.uint8], tick: int, track: RawTrack) -> NoteTable | None:
    """Notes of a block that ends with the time of the End-of-Track; also count its events and find its end."""
    low = np.flatnonzero(block <= _VALUES)
    events, extra = divmod(len(low), 3)
    if extra != 1 or low[-1] != len(block) - 1:
        return None
    times, first, second = low[::3], low[1::3], low[2::3]
    sizes = times.copy()  # of the times, in bytes
    sizes[1:] -= second
    sizes[0] += 1
    gaps = first - times[:-1]  # 1: no status byte, that of the event before holds
    longest = int(sizes.max())
    if longest > 4 or int(gaps.max()) > 2 or int((second - first).max()) > 1:
        return None
    deltas = block[times].astype(np.int64)
    for back in range(1, longest):
        deltas += np.where(sizes > back, block[times - back] & _VALUES, 0).astype(np.int64) << 7 * back
    ticks = deltas.cumsum()
    ticks += tick
    track.end = int(ticks[-1])
    track.events += events
    status = _status(block, first, gaps)
    if status is None:
        return None
    pitch, velocity = block[first], block[second]
    if int(status.max()) >= 0xA0:  # controllers between the notes
        notes = np.flatnonzero(status < 0xA0)
        return _pair(status[notes], ticks[notes], pitch[notes], velocity[notes])
    return _pair(status, ticks[:-1], pitch, velocity)


def _status(block: NDArray[np.uint8], first: NDArray[np.intp], gaps: NDArray[np.intp]) -> NDArray[np.uint8] | None:
    """The status byte that holds at each event; None when one has not two data bytes."""
    told = block[first - 1]
    if int(gaps.min()) == 1:
        told = told[np.maximum.accumulate(np.where(gaps == 2, np.arange(len(gaps)), 0))]
    if int(told.max()) >= 0xC0:
        longer = (told < 0xC0) | (told >= 0xE0) & (told < 0xF0)
        if not longer.all():
            return None
    return told


def _pair(
    status: NDArray[np.uint8], ticks: NDArray[np.int64], pitch: NDArray[np.uint8], velocity: NDArray[np.uint8]
) -> NoteTable | None:
    """Make notes of note-ons and note-offs, first in, first out; None when they do not come out even."""
    on = (status >= 0x90) & (velocity > 0)
    count = len(on) // 2
    if count > MAX_NOTES or 2 * count != len(on):
        return None
    begin, end = ticks[::2], ticks[1::2]
    channel = status & 15
    apart = pitch[::2] == pitch[1::2]
    apart &= on[::2] > on[1::2]
    apart &= begin < end
    if apart.all() and (channel == channel[0]).all():  # one line: each note ends before the next begins
        return np.array((begin, end, pitch[::2], velocity[::2], channel[::2]), np.int64)
    return _pair_up(on, ticks, channel * np.int64(128) + pitch, velocity)


def _pair_up(
    on: NDArray[np.bool_], ticks: NDArray[np.int64], place: NDArray[np.int64], velocity: NDArray[np.uint8]
) -> NoteTable | None:
    """Pair the k-th note-on of each place (channel and pitch) with its k-th note-off."""
    order = place.argsort(kind="stable")
    begins = on[order]
    ons, offs = order[begins], order[~begins]
    if len(ons) != len(offs) or not (place[ons] == place[offs]).all() or not (ons < offs).all():
        return None
    columns = ticks[ons], ticks[offs], place[ons] & 127, velocity[ons].astype(np.int64), place[ons] >> 7
    return np.array(columns)[:, np.lexsort(columns[::-1])]
