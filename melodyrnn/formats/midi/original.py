"""The file that a melody was read from: where each of its notes stands there, to the tick.

Conventions
    file tick   the file's own tick, from its beginning; a melody's tick is the grid's, moved by `shift`.
    sound       a note as it really sounds, nothing cut and nothing rounded.
    owned       notes of the line for which the grid had no room go with the note of the melody before them.

Contents: SoundingNote, Original; NotePair, paired (note-ons and note-offs that belong together), Place; track_end,
is_meta, without_end (events of a track); track_of_recipe, SOURCE_HASH.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict, deque
from typing import TYPE_CHECKING, Final, NamedTuple

from melodyrnn.formats.midi.parser import END_OF_TRACK, META
from melodyrnn.music.melody import TICKS_PER_QUARTER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from melodyrnn.formats.midi.content import Notes
    from melodyrnn.formats.midi.parser import MidiEvent, RawFile

SOURCE_HASH: Final = "source_hash"
"""The key by which a recipe tells the file that its notes were written into."""
_TRACK: Final = re.compile(r'"track":("(?:[^"\\]|\\.)*")')


class SoundingNote(NamedTuple):
    """How a note sounds."""

    onset: int  # file ticks
    end: int
    pitch: int
    velocity: int


class NotePair(NamedTuple):
    """A note-on, the note-off that ends it, and what they say; numbers of events in their track."""

    on: int
    off: int | None  # None: nobody ends it before the track ends
    channel: int
    sound: SoundingNote


class Place(NamedTuple):
    """Where a note of a melody stands in its file."""

    track: int  # from 0
    pair: NotePair


class Original(NamedTuple):
    """A MIDI file, and where the notes of the melody stand that was read from it."""

    raw: RawFile
    data: bytes  # all of it
    line: Notes  # the voice that was read, as a line, in file ticks
    left_out: tuple[int, ...]  # numbers of the line's notes that the melody has not
    shift: int  # grid ticks from a place in the file to the same place in the melody
    voices: tuple[tuple[int, int], ...]  # track (from 0) and channel of those that were read
    track: str | None = None  # by which track it was asked for
    program: int = 0  # General MIDI sound of the voice

    def tick(self, grid: float) -> int:
        """The file tick nearest to a tick of the melody, whole or not; negative before the file begins."""
        return int(((grid - self.shift) * self.raw.division / TICKS_PER_QUARTER + 0.5) // 1)

    def grid(self, tick: int) -> float:
        """A file tick as the melody counts, not rounded."""
        return tick * TICKS_PER_QUARTER / self.raw.division + self.shift

    @property
    def numbers(self) -> list[int]:
        """The line's note of each note of the melody."""
        out = set(self.left_out)
        return [number for number in range(self.line.size) if number not in out]

    def places(self) -> list[list[Place]]:
        """Where each note of the melody stands, and behind it those that it owns."""
        known = {track: _by_key(paired(self.raw.tracks[track].events)) for track in {t for t, _ in self.voices}}
        out, found = set(self.left_out), list[list[Place]]()
        for number, (onset, _, pitch, velocity, channel) in enumerate(self.line.rows):
            keys = [(track, (onset, pitch, velocity, channel)) for track, own in self.voices if own == channel]
            track, key = next((track, key) for track, key in keys if known[track][key])
            place = Place(track, known[track][key].popleft())
            if number in out and found:
                found[-1].append(place)
            else:
                found.append([place])
        return found

    def home(self, places: Sequence[Sequence[Place]]) -> tuple[int, int]:
        """Track and channel in which new notes stand: those of most notes of the melody."""
        counted = Counter((place.track, place.pair.channel) for owned in places for place in owned[:1])
        return max(counted, key=lambda voice: (counted[voice], [-part for part in voice]))


_Key = tuple[int, int, int, int]
"""Onset, pitch, velocity and channel of a note."""


def _by_key(pairs: Iterable[NotePair]) -> defaultdict[_Key, deque[NotePair]]:
    """Notes by what tells them, the longest of several first."""
    found: defaultdict[_Key, deque[NotePair]] = defaultdict(deque)
    for pair in sorted(pairs, key=lambda pair: -pair.sound.end):
        found[pair.sound.onset, pair.sound.pitch, pair.sound.velocity, pair.channel].append(pair)
    return found


def paired(events: Sequence[MidiEvent]) -> list[NotePair]:
    """The notes of a track as `content` pairs them: first in, first out; what nobody ends lasts to the track's end."""
    sounding: defaultdict[tuple[int, int], deque[int]] = defaultdict(deque)
    pairs: list[NotePair] = []
    for number, (_, status, data) in enumerate(events):
        if not 0x80 <= status < 0xA0:
            continue
        waiting = sounding[status & 15, data[0]]
        if status >= 0x90 and data[1]:
            waiting.append(number)
        elif waiting:
            pairs.append(_pair(events, waiting.popleft(), number))
    pairs += [_pair(events, on, None) for waiting in sounding.values() for on in waiting]
    return pairs


def _pair(events: Sequence[MidiEvent], on: int, off: int | None) -> NotePair:
    tick, status, data = events[on]
    end = track_end(events) if off is None else events[off].tick
    return NotePair(on, off, status & 15, SoundingNote(tick, end, data[0], min(data[1], 127)))


def track_end(events: Sequence[MidiEvent]) -> int:
    """File tick at which a track ends: its End-of-Track, else its last event."""
    return events[-1].tick if events else 0


def is_meta(event: MidiEvent, *kinds: int) -> bool:
    """Whether an event is a meta event of one of some types."""
    return event.status == 0xFF and event.data[0] in kinds


def without_end(events: Sequence[MidiEvent]) -> Iterator[MidiEvent]:
    """The events of a track but for its End-of-Track."""
    return (event for event in events if not is_meta(event, END_OF_TRACK - META))


def track_of_recipe(recipe: str) -> tuple[bool, str | None]:
    """Whether a recipe is that of a file whose notes stand among a stranger's, and the track that was asked for.

    >>> track_of_recipe('melodyrnn {"source_hash":"00","track":"Lead"}')
    (True, 'Lead')
    """
    told = _TRACK.search(recipe)
    try:
        track = json.loads(told[1]) if told else None
    except ValueError:  # no JSON: nobody's recipe
        track = None
    return f'"{SOURCE_HASH}":' in recipe, track
