"""From a path, bytes or a pipe to the track chunks of a MIDI file, behind guards.

Foreign files are handled with tongs: only a regular file is opened and never waited for, its size is
capped before it is read, and the container is split into its chunks here so that no reader behind it sees a
wrong length, an unknown chunk or a strange header.

Conventions
    where       how errors name the source: the path as given, '-' for bytes and pipes.
    division    the file's ticks a quarter, 1..32767.
    damage      sentences about what had to be put right; empty for a sound file.

Contents: read_bytes_of (source → bytes), Container, split_chunks (bytes → Container), plain_midi; the limit
MAX_MIDI_BYTES.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from melodyrnn.errors import Unreadable
from melodyrnn.formats.midi.parser import TRACK_END, RawChunk

MAX_MIDI_BYTES: Final = 64 * 2**20
_MAX_CHUNKS: Final = 65_535  # what a header can promise
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_HEADER: Final = struct.Struct(">IHHH")  # length, type, tracks, division

ByteSource = str | os.PathLike[str] | bytes | BinaryIO


class Container(NamedTuple):
    """A MIDI file split: its type, ticks a quarter, the payload of each track chunk, and the other chunks."""

    kind: int
    division: int
    tracks: tuple[bytes, ...]
    damage: tuple[str, ...]
    chunks: tuple[RawChunk, ...] = ()


def read_bytes_of(source: ByteSource, where: str) -> bytes:
    """Read all bytes of a source; raise Unreadable if it is no file of reasonable size."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        data = bytes(source)
    elif isinstance(source, (str, os.PathLike)):
        data = _fetch_file(source, where)
    else:
        data = _fetch_stream(source)
    if len(data) > MAX_MIDI_BYTES:
        raise Unreadable(where, "too-large", f"more than {MAX_MIDI_BYTES // 2**20} MB")
    if not data:
        raise Unreadable(where, "empty")
    return data


def _fetch_stream(stream: BinaryIO) -> bytes:
    """Read a stream, which may be a pipe that gives little at a time, to one byte over the limit."""
    parts: list[bytes] = []
    left = MAX_MIDI_BYTES + 1
    while left and (part := stream.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _fetch_file(path: str | os.PathLike[str], where: str) -> bytes:
    """Read a regular file; a FIFO or a device is refused without waiting for it."""
    try:
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise _refusal(error, path, where) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable(where, "special")
        if status.st_size > MAX_MIDI_BYTES:
            raise Unreadable(where, "too-large", f"more than {MAX_MIDI_BYTES // 2**20} MB")
        return _read_all(descriptor, status.st_size)
    except OSError as error:
        raise Unreadable(where, "unreadable", error.strerror or str(error)) from error
    finally:
        os.close(descriptor)


def _read_all(descriptor: int, size: int) -> bytes:
    """Read an open file of about this size, to one byte over the limit."""
    # A buffer for the largest file allowed would cost more than reading all that most files hold.
    parts = [os.read(descriptor, size + 1)]
    read = len(parts[0])
    if size and read == size:
        return parts[0]  # the end was reached: a regular file gives all that was asked for, or all there is
    while parts[-1] and read <= MAX_MIDI_BYTES:  # a file may grow, or not know its size
        parts.append(os.read(descriptor, min(2**20, MAX_MIDI_BYTES + 1 - read)))
        read += len(parts[-1])
    return b"".join(parts)


def _refusal(error: OSError | ValueError, path: str | os.PathLike[str], where: str) -> Unreadable:
    """Find the reason why a path could not be opened."""
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.ENOENT and not Path(path).is_symlink():
        return Unreadable(where, "missing")
    if number in {errno.ENOENT, errno.ELOOP, errno.ENXIO, errno.ENODEV, errno.EISDIR}:
        return Unreadable(where, "special")
    return Unreadable(where, "unreadable", getattr(error, "strerror", None) or str(error))


def split_chunks(data: bytes, where: str) -> Container:
    """Check the header, find the track chunks, put wrong lengths right. Raises Unreadable: no MIDI, SMPTE, cut off."""
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        data = _unwrapped(data)
    if data[:4] != b"MThd":
        raise Unreadable(where, "cut-short" if b"MThd".startswith(data) else "not-midi")
    if len(data) < 14:
        raise Unreadable(where, "cut-short", "the header is not complete")
    length, kind, promised, division = _HEADER.unpack_from(data, 4)
    if division >= 0x8000:
        raise Unreadable(where, "smpte", "export it with ticks per quarter note")
    if division == 0:
        raise Unreadable(where, "absurd-ticks", "0 ticks a quarter")
    damage: list[str] = []
    start = 8 + length
    if length < 6 or start > len(data):
        damage.append(f"its header says it is {length} bytes long")
        start = 14
    others: list[RawChunk] = []
    tracks = _tracks(data, start, damage, others)
    if kind > 2:
        damage.append(f"it is of type {kind}, which nobody defined")
    if kind == 2 and len(tracks) > 1:
        detail = f"type 2, {len(tracks)} separate patterns: export one of them as type 0 or 1"
        raise Unreadable(where, "polyphonic", detail)
    if len(tracks) != promised:
        damage.append(f"its header promises {promised} tracks, {len(tracks)} are there")
    return Container(kind, division, tuple(tracks), tuple(damage), tuple(others))


def plain_midi(data: bytes) -> bytes:
    """A MIDI file without the RIFF file around it, if it is in one."""
    return _unwrapped(data) if data[:4] == b"RIFF" else data


def _unwrapped(data: bytes) -> bytes:
    """The MIDI file in a RIFF file: what its chunk `data` holds, or all from the first header on if there is none."""
    start = 12
    while start + 8 <= len(data):
        name, begin = data[start : start + 4], start + 8
        end = begin + int.from_bytes(data[start + 4 : begin], "little")
        if name == b"data" and data[begin : begin + 4] == b"MThd":
            return data[begin:end]
        start = end + end % 2  # chunks begin at even places
    start = data.find(b"MThd", 12)
    return data[start:] if start >= 0 else b""


def _tracks(data: bytes, start: int, damage: list[str], others: list[RawChunk]) -> list[bytes]:
    """Cut the track chunks out, put unknown ones aside, and find the next track again after a wrong length."""
    tracks: list[bytes] = []
    chunks = 0
    while start + 8 <= len(data) and chunks < _MAX_CHUNKS:
        chunks += 1
        name, begin = data[start : start + 4], start + 8
        end = begin + int.from_bytes(data[start + 4 : begin])
        known = name == b"MTrk"
        if known and end <= len(data) and data[end - 3 : end] == TRACK_END:
            tracks.append(data[begin:end])
            start = end
            continue
        if not known and end <= len(data) and name.isascii() and name.decode().isprintable():
            # "Your programs should expect alien chunks and treat them as if they weren't there."
            others.append(RawChunk(name, data[begin:end], len(tracks)))
            start = end
            continue
        resume = _next_track(data, begin, end)
        damage.append(f"the chunk at byte {start} has a wrong length or is cut short")
        if known:
            tracks.append(data[begin:resume])
        start = resume
    return tracks


def _next_track(data: bytes, begin: int, end: int) -> int:
    """Find where a damaged chunk ends: at the next track, or at the end of the file."""
    if end <= len(data) and (end == len(data) or data[end : end + 4] == b"MTrk"):
        return end  # the length is right, the End-of-Track is missing
    following = data.find(b"MTrk", begin)
    return following if following >= 0 else len(data)
