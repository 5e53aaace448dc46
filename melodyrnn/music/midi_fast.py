"""One track chunk → its events by symusic: about four times faster than midi_tolerant, for long chunks that are sound.

symusic is fast but lies quietly: its 32-bit ticks wrap, it leaves out notes that nobody closes, forgets
channels, texts, the first of several programs and where the track ends, and takes system messages and facts of odd
lengths in its own way. So the chunk goes in with a tail of our own: instead of its End-of-Track a marker, and one
tick later a note-off for every pitch. The marker comes back with the tick of the End-of-Track; a note that ends
behind it was never closed. Whatever is not plainly sound gives None, and midi_tolerant reads it: same results, in its
own time. A test holds the two readers equal.

Contents: parse_sound_track; MIN_BYTES, from which on it pays: importing symusic costs 65 ms beyond NumPy, as much as
the patient reader needs for fifty ordinary melodies, so that a phrase that primes the network is not worth it.
"""

from __future__ import annotations

import re
import struct
from itertools import repeat
from typing import Any, Final

from melodyrnn.music.midi_plain import read_facts
from melodyrnn.music.midi_tolerant import TRACK_END, DamagedError, RawTrack

MIN_BYTES: Final = 4096
_DRUMS: Final = 9
_SENTINEL: Final = "melodyrnn: the track ends here"
_TAIL: Final = b"\xff\x06" + bytes((len(_SENTINEL),)) + _SENTINEL.encode() + b"\x01"
_CLOSERS: Final = tuple(
    bytes((0x90 | channel,)) + b"\x00".join(bytes((pitch, 0)) for pitch in range(128)) + b"\x00"
    for channel in range(16)
)
"""For each channel: a note-on of velocity 0 for every pitch, in running status, and the time before what follows."""

_HIGH: Final = bytes(byte >> 7 for byte in range(256))
_TEXTS: Final = re.compile(rb"\xff([\x01\x03])([\x00-\xff])", re.DOTALL)
_ODD: Final = re.compile(rb"[\xf0-\xfe]|\xff(?:\x51[^\x03]|\x58[^\x04]|\x59[^\x02])")
"""System messages, which no melody needs, and tempos, metres and keys of another length than the standard's."""

_PROGRAMS: Final = re.compile(rb"[\xc0-\xcf]")
_SAFE_TICKS: Final = 2**30


def parse_sound_track(data: bytes, division: int) -> RawTrack | None:
    """Read a track chunk's payload by symusic; None when it is not plainly sound or not of one channel."""
    track = RawTrack()
    plain = data.endswith(TRACK_END) and not _ODD.search(data) and _cannot_wrap(data)
    if not plain or not _read_texts(data, track) or not _read_program(data, track):
        return None
    closers = b"".join(_CLOSERS[status & 15] for status in range(0x90, 0xA0) if status in data)
    payload = data[: -len(TRACK_END)] + _TAIL + closers + TRACK_END
    head = struct.pack(">4sIHHH4sI", b"MThd", 6, 0, 1, division, b"MTrk", len(payload))
    from symusic import Score  # noqa: PLC0415 (65 ms: only long files are worth it)

    try:
        score: Any = Score.from_midi(head + payload)  # its stubs know no attributes
        alone = len(score.tracks) == 1 and len(score.tracks[0].notes) > 0
        if not alone or not score.markers or score.markers[-1].text != _SENTINEL:
            return None
    except (RuntimeError, ValueError):  # what symusic raises on damage; UnicodeDecodeError is a ValueError
        return None
    track.end = score.markers[-1].time
    columns = score.tracks[0].notes.numpy()
    onsets, lengths = columns["time"], columns["duration"]
    if int(onsets.min()) < 0 or int(lengths.min()) < 0 or int((onsets + lengths).max()) > track.end:
        return None
    channel = _DRUMS if score.tracks[0].is_drum else 0
    ends, pitches, velocities = onsets + lengths, columns["pitch"], columns["velocity"]
    rows = zip(onsets.tolist(), ends.tolist(), pitches.tolist(), velocities.tolist(), repeat(channel), strict=False)
    track.notes = sorted(rows)
    track.tempos = [(tempo.time, tempo.mspq) for tempo in score.tempos]
    track.metres = [(metre.time, metre.numerator, metre.denominator) for metre in score.time_signatures]
    track.keys = [(key.time, key.key, key.tonality) for key in score.key_signatures]
    track.events = 2 * len(track.notes)
    return track


def _cannot_wrap(data: bytes) -> bool:
    """Say whether the times of a chunk stay small for sure, by counting its long variable-length numbers.

    A number of four bytes shows as three high bytes in a row, one of three bytes as two; texts may look like
    them, which costs time and not truth.
    """
    high = data.translate(_HIGH)
    if b"\1\1\1" in high:
        return False
    return high.count(b"\1\1") * 2**21 + len(data) // 2 * 2**14 < _SAFE_TICKS


def _read_texts(data: bytes, track: RawTrack) -> bool:
    """Find name and texts, which symusic does not keep for every track; False when one is too long to be sure."""
    for match in _TEXTS.finditer(data):
        length = match[2][0]
        if length > 127:
            return False
        body = data[match.end() : match.end() + length]
        if match[1] == b"\x01":
            track.texts.append(body)
        else:
            track.name = track.name or body
    return True


def _read_program(data: bytes, track: RawTrack) -> bool:
    """Read the program that stands before the notes; False when there may be another one among them."""
    facts = RawTrack()
    try:
        begin, _, status = read_facts(data, facts)
    except (IndexError, DamagedError):
        return False
    track.programs = facts.programs
    return bool(status) and not _PROGRAMS.search(data, begin)
