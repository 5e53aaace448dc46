"""Melody → the bytes of a Standard MIDI File that players and DAWs are happy with.

Type 1, 480 ticks a quarter. Track 0 conducts: title, texts, tempo, key and time signatures. Track 1 is the
melody: name, program change, notes, End-of-Track exactly where the music ends, or, for a loop, on the bar
line at or after. Track 2 holds the chords if there are any. The same arguments give the same bytes.

The bytes are packed here and not by mido: importing mido takes about 60 ms, half of what `generate` may cost
over NumPy itself, and a file of this shape is 60 lines. The tests read files back with mido and pretty_midi.

Conventions
    event       (tick, order, bytes): file ticks; at one tick note-offs stand before note-ons.

Contents: midi_bytes, PPQ; payload_of (the events of a track that was read → its bytes), tracks_bytes (of a
file); chord_payload (a track of chords for another file).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from melodyrnn.errors import OptionError
from melodyrnn.formats.midi.parser import WITH_LENGTH, MidiEvent
from melodyrnn.formats.midi.quantize import NOT_SUNG, key_text
from melodyrnn.music.chords import CHORDS
from melodyrnn.music.melody import TICKS_PER_QUARTER, Melody

if TYPE_CHECKING:
    from melodyrnn.music.key import Key

PPQ: Final = 480
_SCALE: Final = PPQ // TICKS_PER_QUARTER
_SLOWEST: Final = 60e6 / 0xFFFFFF  # quarters a minute: a tempo event has three bytes

Chords = Sequence[tuple[int, int, tuple[int, ...]]]
_Event = tuple[int, int, bytes]


def midi_bytes(
    melody: Melody,
    *,
    program: int = 0,
    track_name: str = "",
    loop: bool = False,
    recipe: str = "",
    chords: Chords = (),
    progression: str = "",
    timing: Sequence[tuple[int, int]] = (),
    chord_timing: Sequence[tuple[int, int]] = (),
) -> bytes:
    """Write a melody as a MIDI file.

    `program` is the General MIDI sound 0..127; `loop` ends the file on a bar line; `recipe` is kept as a text
    event; `chords` are (onset, duration, pitches) in grid ticks, `progression` the text that they were
    written as, which is kept beside them; `timing` and `chord_timing`, where there are any, say (start, end)
    of each note and chord in file ticks instead of the grid's. Raises OptionError for what a file cannot say.
    """
    if not 0 <= program <= 127:
        raise OptionError("program", f"{program} is not between 0 and 127")
    bar, rest = melody.place(melody.end)
    end = melody.bar_onset(bar + 1) if loop and rest else melody.end
    tracks = [_conductor(melody, recipe), _melody_track(melody, track_name or "Melody", program, timing)]
    if chords:
        tracks.append(_chord_track(chords, (1, program), progression, chord_timing))
    # The conductor and a chord track end with the music too: some programs take the longest track as the length.
    payloads = [_payload(events, end * _SCALE) for events in tracks]
    chunks = [b"MTrk" + len(payload).to_bytes(4) + payload for payload in payloads]
    header = b"MThd" + b"".join(value.to_bytes(size) for value, size in ((6, 4), (1, 2), (len(chunks), 2), (PPQ, 2)))
    return header + b"".join(chunks)


def payload_of(events: Iterable[MidiEvent]) -> bytes:
    """Write events of a track as the payload of its chunk: those of a file as they stood there, but for running status.

    >>> from melodyrnn.formats.midi.parser import RawTrack
    >>> payload_of(RawTrack(bytes.fromhex("00 903c50 18 3c00 00 ff2f00")).events).hex(" ", 4)
    '00903c50 18903c00 00ff2f00'
    """
    parts: list[bytes] = []
    now = 0
    for tick, status, data in events:
        # A meta event says its length behind its type, SysEx before its content, all others are as long as they are.
        head, body = (data[:1], data[1:]) if status == 0xFF else (b"", data)
        size = _number(len(body)) if status in WITH_LENGTH else b""
        parts.append(b"".join((_number(tick - now), bytes((status,)), head, size, body)))
        now = tick
    return b"".join(parts)


def tracks_bytes(tracks: Sequence[Sequence[MidiEvent]]) -> bytes:
    """A file of tracks whose events, in order, each end with End-of-Track; 480 ticks a quarter."""
    chunks = (b"MTrk" + len(payload).to_bytes(4) + payload for payload in map(payload_of, tracks))
    head = b"".join(value.to_bytes(size) for value, size in ((6, 4), (1, 2), (len(tracks), 2), (PPQ, 2)))
    return b"MThd" + head + b"".join(chunks)


def _conductor(melody: Melody, recipe: str) -> list[_Event]:
    """Title, texts, tempo, key and time signatures."""
    if not (math.isfinite(melody.tempo) and melody.tempo >= _SLOWEST and round(60e6 / melody.tempo) > 0):
        raise OptionError("tempo", f"{melody.tempo:g} quarters a minute cannot be written to MIDI; try 120")
    facts = [_text(0x03, melody.title)] if melody.title else []
    if recipe:
        facts.append(_text(0x01, NOT_SUNG + recipe))
    facts.append(_meta(0x51, round(60e6 / melody.tempo).to_bytes(3)))
    if melody.key is not None:
        facts.append(_signature(melody.key))
        if melody.key.mode not in {"major", "minor"}:
            facts.append(_text(0x01, NOT_SUNG + key_text(melody.key)))
    events: list[_Event] = [(0, order, fact) for order, fact in enumerate(facts)]
    for metre in melody.metres:
        clocks = min(metre.beat_ticks, 255)  # a MIDI clock is 1/24 of a quarter: our tick
        power = metre.denominator.bit_length() - 1
        if not 0 < metre.numerator < 256 or 1 << power != metre.denominator:
            raise OptionError("metre", f"{metre} cannot be written to MIDI")
        body = bytes((metre.numerator, power, max(clocks, 1), 8))
        events.append((metre.onset * _SCALE, len(facts), _meta(0x58, body)))
    return events


def _signature(key: Key) -> bytes:
    """A key signature. It knows major and minor only: other modes are written as their relative major, and named."""
    return _meta(0x59, bytes((key.fifths % 256, key.mode == "minor")))


def _melody_track(melody: Melody, name: str, program: int, timing: Sequence[tuple[int, int]]) -> list[_Event]:
    """Name, key signature, program change and notes, on channel 1."""
    events: list[_Event] = [(0, -3, _text(0x03, name)), (0, -1, bytes((0xC0, program)))]
    if melody.key is not None:  # again: MuseScore 3 guesses the key of a track that does not say it itself
        events.append((0, -2, _signature(melody.key)))
    times = timing or [(note.onset * _SCALE, note.end * _SCALE) for note in melody.notes]
    if len(times) != len(melody.notes):
        raise OptionError("timing", f"{len(times)} times for {len(melody.notes)} notes")
    for note, (start, end) in zip(melody.notes, times, strict=True):
        if not (0 <= note.pitch <= 127 and 1 <= note.velocity <= 127 and 0 <= start < end):
            raise OptionError("melody", f"{note} cannot be written to MIDI")
        events.extend(_sound(start, end, (0, note.pitch, note.velocity)))
    return events


def chord_payload(
    chords: Chords, voice: tuple[int, int], progression: str, timing: Sequence[tuple[int, int]], end: int
) -> bytes:
    """The track of chords alone, for a file of any division: `timing` and `end` in its ticks, channel and program."""
    return _payload(_chord_track(chords, voice, progression, timing), end)


def _chord_track(
    chords: Chords, voice: tuple[int, int], progression: str, timing: Sequence[tuple[int, int]]
) -> list[_Event]:
    """A track of its own, softer than the melody; `generate --chords` reads the text again."""
    channel, program = voice
    events: list[_Event] = [(0, -3, _text(0x03, "Chords")), (0, -1, bytes((0xC0 | channel, program)))]
    if progression:
        events.append((0, -2, _text(0x01, NOT_SUNG + CHORDS + " ".join(progression.split()))))
    times = timing or [(onset * _SCALE, (onset + duration) * _SCALE) for onset, duration, _ in chords]
    if len(times) != len(chords):
        raise OptionError("chord-timing", f"{len(times)} times for {len(chords)} chords")
    for (onset, duration, pitches), (start, end) in zip(chords, times, strict=True):
        for pitch in pitches:
            if not (0 <= pitch <= 127 and 0 <= start < end):
                raise OptionError("chords", f"{(onset, duration, pitches)} cannot be written to MIDI")
            events.extend(_sound(start, end, (channel, pitch, 56)))
    return events


def _sound(start: int, end: int, voice: tuple[int, int, int]) -> tuple[_Event, _Event]:
    """The two events of a note, in file ticks; `voice` is channel, pitch, velocity."""
    channel, pitch, velocity = voice
    return (start, 1, bytes((0x90 | channel, pitch, velocity))), (end, 0, bytes((0x80 | channel, pitch, 64)))


def _payload(events: list[_Event], end: int) -> bytes:
    """Put events in order, write the time between them, and end the track at `end` or after its last event."""
    parts: list[bytes] = []
    now = 0
    for tick, _, body in sorted(events):
        parts.append(_number(tick - now) + body)
        now = tick
    parts.append(_number(max(end - now, 0)) + _meta(0x2F, b""))
    return b"".join(parts)


def _number(value: int) -> bytes:
    """Write a variable-length number: seven bits a byte, all but the last with the highest bit set."""
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(0x80 | value & 0x7F)
    return bytes(reversed(out))


def _meta(kind: int, body: bytes) -> bytes:
    """Write a meta event."""
    return bytes((0xFF, kind)) + _number(len(body)) + body


def _text(kind: int, text: str) -> bytes:
    """Write a text event; what has no bytes (lone surrogates) becomes '?'."""
    return _meta(kind, text.encode("utf-8", errors="replace"))
