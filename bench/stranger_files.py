"""MIDI files as other programs and hands leave them, and what is in them: written and read by mido, nothing of ours.

A file is a function of its number: formats 0 and 1, divisions from 24 to 15,360 (odd ones among them), running status,
notes ended by note-off or by note-on of velocity 0, controllers, bends, pressure, SysEx, lyrics, markers, cue points,
tempo and key changes, drums, bass and chords beside the melody, chunks that nobody knows, tracks that go on in silence,
playing beside the grid, legato that overlaps.

Conventions
    note        (onset, end, pitch, velocity, channel), in the file's ticks; of one pitch the first to begin ends first.
    event       (tick, what mido says of it): all that is no note and no End-of-Track.

Contents: StrangerFile, stranger_file; Chunk, chunks_of (a file → its chunks); TrackFacts, facts_of (a track → notes and
events).
"""

from __future__ import annotations

import io
import random
from collections import defaultdict, deque
from typing import Final, NamedTuple

import mido

DIVISIONS: Final = (480, 960, 96, 120, 192, 384, 1024, 15_360, 24, 100, 220, 37, 59, 1001)
METRES: Final = ((4, 4), (3, 4), (6, 8), (2, 4))
NAMES: Final = ("Melody", "Vocals", "Voice", "Lead")
SCALE: Final = (0, 2, 4, 5, 7, 9, 11, 12)
BARS: Final = 6

Note = tuple[int, int, int, int, int]
Event = tuple[int, str]
_Timed = tuple[int, int, mido.Message | mido.MetaMessage]


class StrangerFile(NamedTuple):
    """A file, and what its writer knows of it."""

    data: bytes
    track: int  # which track chunk holds the melody, from 0
    channel: int
    voice: str  # how the command line names it: --track
    bar: int  # ticks of the file
    first: int  # tick at which the bar of the first note begins
    division: int
    played: bool


def stranger_file(number: int) -> StrangerFile:
    """The file of a number."""
    dice = random.Random(number)  # noqa: S311 - files, no secrets
    division, (over, under) = dice.choice(DIVISIONS), dice.choice(METRES)
    kind, played, silent = dice.choice((0, 1, 1)), dice.random() < 0.6, dice.choice((0, 0, 1, 2))
    bar = division * 4 * over // under
    channel = dice.choice([c for c in range(16) if c != 9])
    first = silent * bar
    melody = _melody(dice, division, (first, bar), channel, played=played)
    end = max(tick for tick, _, _ in melody) + dice.choice((0, 0, bar))
    conductor = _conductor(dice, (over, under), end)
    others = [_accompaniment(dice, division, c, end) for c in _others(dice, channel)]
    opening = [(0, 0, mido.MetaMessage("track_name", name=dice.choice(NAMES)))] if kind else []
    melody = [*opening, *_colour(dice, channel, end), *melody]
    if kind:
        order = [melody, *others]
        dice.shuffle(order)
        tracks = [conductor, *order]
        place, voice = tracks.index(melody), ""
        numbered = [track for track in tracks if any(m.type == "note_on" for _, _, m in track)]
        voice = str(numbered.index(melody) + 1)
    else:
        tracks, place = [[*conductor, *melody, *(event for track in others for event in track)]], 0
        channels = sorted({m.channel for _, _, m in tracks[0] if m.type == "note_on"})
        voice = str(channels.index(channel) + 1)
    data = _file(dice, kind, division, [_track(track, end + dice.choice((0, bar))) for track in tracks])
    return StrangerFile(data, place, channel, voice, bar, first, division, played)


def _melody(dice: random.Random, division: int, bars: tuple[int, int], channel: int, *, played: bool) -> list[_Timed]:
    """Notes on a grid of eighths and now and then sixteenths, as written or as a hand plays them."""
    first, bar = bars
    silent_off, legato = dice.random() < 0.5, played and dice.random() < 0.3
    loose = division * 0.04 if played else 0.0
    groove = [dice.gauss(0, loose) for _ in range(16)]
    found: list[_Timed] = []
    place, step = 0.0, dice.randrange(8)
    while place < BARS * bar:
        long = dice.choice((0.5, 0.5, 0.5, 1.0, 0.25)) * division
        if place % (division / 2) and long > division / 4:
            long = division / 4
        late = (
            groove[int(place * 4 / division) % 16] + dice.gauss(0, loose / 4)
            if place
            else abs(dice.gauss(0, loose / 4))
        )
        start = round(first + place + max(late, -place))
        gate = 1.1 if legato else dice.uniform(0.7, 0.98) if played else 1.0
        end = max(start + 1, round(start + long * gate if played else first + place + long))
        step = min(max(step + dice.choice((-2, -1, -1, 1, 1, 2)), 0), 7)
        pitch = 60 + SCALE[step]
        loud = round(dice.gauss(86, 8)) if played else 100
        if dice.random() > 0.08 or not found:
            found.append(
                (start, 2, mido.Message("note_on", channel=channel, note=pitch, velocity=max(1, min(127, loud))))
            )
            off = mido.Message("note_on", channel=channel, note=pitch, velocity=0)
            if not silent_off:
                off = mido.Message("note_off", channel=channel, note=pitch, velocity=dice.randrange(128))
            found.append((end, 0, off))
        place += long
    return found


def _colour(dice: random.Random, channel: int, end: int) -> list[_Timed]:
    """What a melody's track holds beside notes."""
    at = lambda: dice.randrange(end + 1)  # noqa: E731
    found: list[_Timed] = [(0, 1, mido.Message("control_change", channel=channel, control=0, value=dice.randrange(4)))]
    found.append((0, 1, mido.Message("program_change", channel=channel, program=dice.randrange(112))))
    for _ in range(dice.randrange(12)):
        found.append(
            (
                at(),
                1,
                mido.Message(
                    "control_change",
                    channel=channel,
                    control=dice.choice((1, 7, 10, 11, 64)),
                    value=dice.randrange(128),
                ),
            )
        )
        found.append((at(), 1, mido.Message("pitchwheel", channel=channel, pitch=dice.randrange(-8192, 8192))))
    for text in ("Glo", "ri-", "a") * dice.randrange(3):
        found += [(at(), 1, mido.MetaMessage("lyrics", text=text))]
    for _ in range(dice.randrange(3)):
        found.append(
            (at(), 1, mido.Message("sysex", data=[dice.randrange(128) for _ in range(dice.randrange(1, 200))]))
        )
        found.append((at(), 1, mido.Message("aftertouch", channel=channel, value=dice.randrange(128))))
        found.append((at(), 1, mido.Message("polytouch", channel=channel, note=dice.randrange(128), value=3)))
        found.append((at(), 1, mido.MetaMessage("cue_marker", text="cue")))
        found.append((at(), 1, mido.MetaMessage("sequencer_specific", data=(0x43, dice.randrange(128), 3))))
    return found


def _conductor(dice: random.Random, metre: tuple[int, int], end: int) -> list[_Timed]:
    """Tempo map, metre, key and markers."""
    found: list[_Timed] = [
        (0, 1, mido.MetaMessage("track_name", name="Song")),
        (0, 1, mido.MetaMessage("time_signature", numerator=metre[0], denominator=metre[1])),
        (0, 1, mido.MetaMessage("set_tempo", tempo=dice.randrange(300_000, 1_000_000))),
    ]
    if dice.random() < 0.5:
        found.append((0, 1, mido.MetaMessage("key_signature", key=dice.choice(("C", "Am", "Eb", "F#m")))))
    for _ in range(dice.randrange(6)):
        found.append((dice.randrange(end), 1, mido.MetaMessage("set_tempo", tempo=dice.randrange(300_000, 1_000_000))))
        found.append((dice.randrange(end), 1, mido.MetaMessage("marker", text=f"Vers {dice.randrange(9)} ä")))
    if dice.random() < 0.3:
        found.append((0, 1, mido.MetaMessage("smpte_offset", hours=1)))
    return found


def _others(dice: random.Random, channel: int) -> list[int]:
    """Channels of what is played beside the melody."""
    free = [c for c in range(16) if c != channel]
    return dice.sample(free, dice.randrange(4))


def _accompaniment(dice: random.Random, division: int, channel: int, end: int) -> list[_Timed]:
    """Chords low down, or drums."""
    found: list[_Timed] = [(0, 1, mido.Message("program_change", channel=channel, program=dice.randrange(112)))]
    for start in range(0, end, division * dice.choice((1, 2, 4))):
        for pitch in dice.sample(range(30, 50), dice.randrange(1, 4)):
            found.append(
                (start, 2, mido.Message("note_on", channel=channel, note=pitch, velocity=dice.randrange(1, 128)))
            )
            found.append((start + division // 2 + 1, 0, mido.Message("note_off", channel=channel, note=pitch)))
    return found


def _track(events: list[_Timed], end: int) -> bytes:
    """Events as mido writes a track; the payload of its chunk."""
    track, now = mido.MidiTrack(), 0
    for tick, _, message in sorted(events, key=lambda one: one[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=max(0, end - now)))
    buffer = io.BytesIO()
    mido.MidiFile(type=0, tracks=[track], charset="utf-8").save(file=buffer)
    return buffer.getvalue()[22:]


def _file(dice: random.Random, kind: int, division: int, payloads: list[bytes]) -> bytes:
    """Chunks put together, with one of no known kind here and there."""
    parts = [b"MThd" + (6).to_bytes(4) + b"".join(n.to_bytes(2) for n in (kind, len(payloads), division))]
    for payload in payloads:
        parts.append(b"MTrk" + len(payload).to_bytes(4) + payload)
        if dice.random() < 0.2:
            alien = bytes(dice.randrange(256) for _ in range(dice.randrange(40)))
            parts.append(b"XFIH" + len(alien).to_bytes(4) + alien)
    return b"".join(parts)


class Chunk(NamedTuple):
    """A chunk of a file."""

    name: bytes
    payload: bytes


def chunks_of(data: bytes) -> list[Chunk]:
    """All chunks of a file, the header first."""
    found, place = [], 0
    while place + 8 <= len(data):
        size = int.from_bytes(data[place + 4 : place + 8])
        found.append(Chunk(data[place : place + 4], data[place + 8 : place + 8 + size]))
        place += 8 + size
    return found


class TrackFacts(NamedTuple):
    """What is in a track."""

    notes: list[Note]
    events: list[Event]
    end: int  # tick of End-of-Track


def facts_of(payload: bytes) -> TrackFacts:
    """Read a track with mido."""
    header = b"MThd" + (6).to_bytes(4) + b"\0\0\0\1\1\xe0"
    file = mido.MidiFile(file=io.BytesIO(header + b"MTrk" + len(payload).to_bytes(4) + payload))
    sounding: defaultdict[tuple[int, int], deque[tuple[int, int]]] = defaultdict(deque)
    notes, events, now = list[Note](), list[Event](), 0
    for message in file.tracks[0]:
        now += message.time
        if message.type == "note_on" and message.velocity:
            sounding[message.channel, message.note].append((now, message.velocity))
        elif message.type in {"note_on", "note_off"}:
            if waiting := sounding[message.channel, message.note]:
                onset, loud = waiting.popleft()
                notes.append((onset, now, message.note, loud, message.channel))
        elif message.type != "end_of_track":
            told = sorted((name, value) for name, value in vars(message).items() if name != "time")
            events.append((now, f"{message.type} {told}"))
    for (channel, pitch), waiting in sounding.items():
        notes += [(onset, now, pitch, loud, channel) for onset, loud in waiting]
    return TrackFacts(notes, events, now)
