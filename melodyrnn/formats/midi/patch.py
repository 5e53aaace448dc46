"""A MIDI file written again with some of its notes changed: every other event stays where it was, and what it was.

Tracks in which nothing changes are copied byte for byte, and so is what stands between them. A track that changes keeps
its events, in their order; new notes begin behind what stands at their tick and end before it. It ends where it
did, or later where the music goes on. What is cut short is written as far as it could be read.

Conventions
    changes     counted by notes of the melody, as `Original.places` gives them.
    pitch       two notes of one pitch on one channel never sound together: a new one gives way to one that stays.

Contents: Changes, Patched, patched; free_channel.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from melodyrnn.formats.midi.original import (
    NotePair,
    Original,
    Place,
    SoundingNote,
    is_meta,
    paired,
    track_end,
    without_end,
)
from melodyrnn.formats.midi.parser import TRACK_END, MidiEvent, RawTrack
from melodyrnn.formats.midi.quantize import NOT_SUNG
from melodyrnn.formats.midi.write import payload_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_OFF, _STANDING, _ON = range(3)  # their order at one tick
_TEXT, _NAMES = 0x01, (0x00, 0x02, 0x03)  # what opens a track: its number, copyright and name
_TEMPO: Final = 0x51
_NAME: Final = 0x03
_RECIPE: Final = (b"melodyrnn ", NOT_SUNG.encode() + b"melodyrnn ")
_HEADER: Final = 14
_DRUMS: Final = 9  # channel
_NOBODY: Final[Mapping[int, SoundingNote]] = {}
_NOTHING: Final[Mapping[int, bytes]] = {}


class Changes(NamedTuple):
    """What is to be otherwise; the rest stays."""

    gone: frozenset[int] = frozenset()
    moved: Mapping[int, SoundingNote] = _NOBODY  # note → how it sounds now
    together: bool = False  # what sounds with a moved note in its voice goes along
    new: Sequence[SoundingNote] = ()
    end: int = 0  # file tick at which the music ends, if not before
    recipe: str | None = None  # takes the place of one that the file has; '' = none, None = as it is
    texts: Sequence[str] = ()  # other texts in the melody's track
    facts: Mapping[int, bytes] = _NOTHING  # type of meta event → what stands at the beginning for all of its type
    slower: float = 1.0  # what the microseconds a quarter of every tempo are times
    program: int | None = None  # General MIDI sound
    title: str = ""  # another name of the melody's track and of the whole
    tracks: Sequence[bytes] = ()  # payloads that are added


class Patched(NamedTuple):
    """A file, and what there was no room for."""

    data: bytes
    left_out: int = 0  # notes that stayed as they were, or away, for another of the pitch sounds there


def patched(original: Original, changes: Changes) -> Patched:
    """The file with its changes; nothing that is changed leaves all its bytes as they are."""
    if changes == Changes():
        return Patched(original.data)
    places = original.places()
    track, channel = original.home(places)
    sheets = _Sheets(original)
    for number in changes.gone:
        for place in places[number]:
            sheets[place.track].remove(place.pair)
    every = changes.moved.items()
    left_out = sum(not _move(sheets, places[number][0], sound, together=changes.together) for number, sound in every)
    home = sheets[track]
    left_out += sum(not home.add(channel, sound) for sound in changes.new)
    home.end = max(home.end, changes.end)
    if changes.program is not None:
        home.sound_as(channel, changes.program)
    for number, raw in enumerate(original.raw.tracks):
        if original.raw.warnings and not raw.payload.endswith(TRACK_END):
            sheets[number].end = sheets[number].was  # opened: a track that is cut short is written as far as it goes
        if changes.recipe is not None and any(mark in raw.payload for mark in _RECIPE):
            sheets[number].drop(lambda event: is_meta(event, _TEXT) and event.data[1:].startswith(_RECIPE))
    for text in (changes.recipe, *changes.texts):
        if text:
            home.open_with(_meta(_TEXT, (NOT_SUNG + text).encode()))
    _state(sheets, home, len(original.raw.tracks), changes)
    payloads = {number: sheet.payload() for number, sheet in sheets.items()}
    return Patched(_file(original, payloads, changes.tracks), left_out)


def _state(sheets: _Sheets, home: _Sheet, tracks: int, changes: Changes) -> None:
    """Tempo, metre, key and name as they are to be, whatever tracks said."""
    for sheet in (home, sheets[0]) if changes.title else ():
        sheet.name(changes.title)
    for number in range(tracks) if changes.slower != 1.0 else ():
        sheets[number].slow_down(changes.slower)
    for kind, content in changes.facts.items():
        for number in range(tracks):
            sheets[number].drop(lambda event, kind=kind: is_meta(event, kind))  # type: ignore[misc]
        sheets[0].open_with(_meta(kind, content))


def _move(sheets: _Sheets, place: Place, sound: SoundingNote, *, together: bool) -> bool:
    """Let a note sound otherwise, and what begins with it, if that is asked for, go that way; say whether it goes."""
    sheet, pair = sheets[place.track], place.pair
    late, louder = sound.onset - pair.sound.onset, sound.velocity - pair.sound.velocity
    for other in sheet.beginning_with(pair) if together else ():
        onset, end, pitch, velocity = other.sound
        end = max(onset + late + 1, end + sound.end - pair.sound.end)
        sheet.move(other, SoundingNote(onset + late, end, pitch, max(1, min(127, velocity + louder))))
    return sheet.move(pair, sound)


class _Sheets(dict[int, "_Sheet"]):
    """The tracks that are opened for changes, by number."""

    def __init__(self, original: Original) -> None:
        super().__init__()
        self._raw = original.raw

    def __missing__(self, number: int) -> _Sheet:
        self[number] = _Sheet(self._raw.tracks[number])
        return self[number]


class _Sheet:
    """A track on its way to other events."""

    def __init__(self, raw: RawTrack) -> None:
        every = raw.events
        self.was = self.end = track_end(every)
        self.events: list[MidiEvent | None] = list(without_end(every))  # None: gone
        self.pairs = paired(every)
        self._by_pitch: defaultdict[tuple[int, int], list[NotePair]] = defaultdict(list)
        for pair in self.pairs:
            self._by_pitch[pair.channel, pair.sound.pitch].append(pair)
        self.added: list[tuple[int, int, MidiEvent]] = []  # tick, order there, event
        self.openings: list[MidiEvent] = []
        self._gone: set[int] = set()  # note-ons of notes that are gone or moved
        self._held: list[
            tuple[int, SoundingNote]
        ] = []  # channel and sound of notes that have another pitch in their place
        self._blocks: dict[tuple[int, int], list[tuple[int, int]]] | None = None

    def remove(self, pair: NotePair) -> None:
        """Take a note out."""
        self._gone.add(pair.on)
        for number in (pair.on, pair.off):
            if number is not None:
                self.events[number] = None

    def move(self, pair: NotePair, sound: SoundingNote) -> bool:
        """Let a note sound otherwise: in its place, where only its pitch or velocity change; say whether that goes."""
        if pair.on in self._gone:
            return True
        if pair.off is not None and sound[:2] == pair.sound[:2]:
            if sound.pitch != pair.sound.pitch and self._would_part(pair, pair.off, sound.pitch):
                return False
            for number, loud in ((pair.on, sound.velocity), (pair.off, None)):
                tick, status, data = self.events[number] or (0, 0, b"")
                self.events[number] = MidiEvent(tick, status, bytes((sound.pitch, data[1] if loud is None else loud)))
            self._gone.add(pair.on)
            self._held.append((pair.channel, sound))
            return True
        self.remove(pair)
        self._sound(pair.channel, sound)
        return True

    def _would_part(self, pair: NotePair, off: int, pitch: int) -> bool:
        """Whether a note at another pitch would take the end of one that stays: the first to begin ends first."""
        later = len(self.events)
        others = ((one.on, later if one.off is None else one.off) for one in self._standing(pair.channel, pitch))
        return any(a < off and pair.on < b and (a < pair.on) != (b < off) for a, b in others)

    def _standing(self, channel: int, pitch: int) -> Iterator[NotePair]:
        """Notes of a pitch that stay."""
        return (one for one in self._by_pitch[channel, pitch] if one.on not in self._gone)

    def add(self, channel: int, sound: SoundingNote) -> bool:
        """Add a note where no other of its pitch sounds; say whether there is such a place."""
        start, end = sound.onset, sound.end
        for a, b in sorted(self._blocked().get((channel, sound.pitch), ())):
            if a <= start < b:
                start = b
            elif start < a < end:
                end = a
        if start >= end:
            return False
        self._sound(channel, sound._replace(onset=start, end=end))
        return True

    def beginning_with(self, pair: NotePair) -> Iterator[NotePair]:
        """Other notes of a voice that begin with one of it."""
        onset, channel = pair.sound.onset, pair.channel
        return (one for one in self.pairs if one.sound.onset == onset and one.channel == channel and one.on != pair.on)

    def sound_as(self, channel: int, program: int) -> None:
        """Give a channel another sound, from the beginning on."""
        status = 0xC0 | channel
        changes = [n for n, event in enumerate(self.events) if event is not None and event.status == status]
        for number in changes:
            event = self.events[number]
            self.events[number] = event and event._replace(data=bytes((program,)))
        if not changes:
            self.openings.append(MidiEvent(0, status, bytes((program,))))

    def name(self, title: str) -> None:
        """Give the track another name."""
        told = MidiEvent(0, 0xFF, bytes((_NAME,)) + title.encode("utf-8", "replace"))
        names = [number for number, event in enumerate(self.events) if event is not None and is_meta(event, _NAME)]
        if names and (first := self.events[names[0]]) is not None and first.tick == 0:
            self.events[names[0]] = told
        else:
            self.openings.insert(0, told)

    def open_with(self, event: MidiEvent) -> None:
        """Put an event at the beginning, behind the track's name."""
        self.openings.append(event)

    def drop(self, unwanted: Callable[[MidiEvent], bool]) -> None:
        """Take out events that a function knows."""
        self.events = [None if event is None or unwanted(event) else event for event in self.events]

    def slow_down(self, times: float) -> None:
        """Make every tempo so many times as slow."""
        for number, event in enumerate(self.events):
            if event is not None and is_meta(event, _TEMPO) and len(event.data) == 4:
                told = min(max(round(int.from_bytes(event.data[1:]) * times), 1), 0xFFFFFF)
                self.events[number] = event._replace(data=event.data[:1] + told.to_bytes(3))

    def payload(self) -> bytes:
        """The events as the payload of a track chunk."""
        names = 0
        while names < len(self.events) and _is_name(self.events[names]):
            names += 1
        standing = [(event.tick, _STANDING, event) for event in self.events[names:] if event is not None]
        ahead = [event for event in self.events[:names] if event is not None] + self.openings
        every = sorted([*standing, *self.added, *self._hanging()], key=lambda one: one[:2])
        end = max([self.end, *(tick for tick, _, _ in every)])
        return payload_of([*ahead, *(event for _, _, event in every), MidiEvent(end, 0xFF, b"\x2f")])

    def _blocked(self) -> dict[tuple[int, int], list[tuple[int, int]]]:
        """When notes that stay sound, by channel and pitch."""
        if self._blocks is None:
            self._blocks = {}
            standing = ((pair.channel, pair.sound) for pair in self.pairs if pair.on not in self._gone)
            for channel, sound in (*standing, *self._held):
                self._blocks.setdefault((channel, sound.pitch), []).append(sound[:2])
        return self._blocks

    def _sound(self, channel: int, sound: SoundingNote) -> None:
        onset, end, pitch, velocity = sound
        self.added.append((onset, _ON, MidiEvent(onset, 0x90 | channel, bytes((pitch, velocity)))))
        self.added.append((end, _OFF, MidiEvent(end, 0x80 | channel, bytes((pitch, 64)))))

    def _hanging(self) -> Iterator[tuple[int, int, MidiEvent]]:
        """What ends notes that only the track's end did, where the track goes on now."""
        for pair in self.pairs if self.end > self.was else ():
            if pair.off is None and pair.on not in self._gone:
                yield self.was, _OFF, MidiEvent(self.was, 0x80 | pair.channel, bytes((pair.sound.pitch, 64)))


def _is_name(event: MidiEvent | None) -> bool:
    """Whether an event belongs to those that open a track; what is gone does."""
    return event is None or (event.tick == 0 and is_meta(event, *_NAMES))


def free_channel(original: Original) -> int:
    """A channel that nothing in the file is on, drums aside; the second where all are taken."""
    events = (event for track in original.raw.tracks for event in track.events)
    taken = {event.status & 15 for event in events if event.status < 0xF0} | {_DRUMS}
    return next((channel for channel in range(16) if channel not in taken), 1)


def _meta(kind: int, content: bytes) -> MidiEvent:
    return MidiEvent(0, 0xFF, bytes((kind,)) + content)


def _file(original: Original, payloads: Mapping[int, bytes], added: Sequence[bytes]) -> bytes:
    """The file with other tracks in the place of some, and others behind them."""
    raw = original.raw
    whole = [payloads.get(number, track.payload) for number, track in enumerate(raw.tracks)]
    kind = 1 if added and raw.kind == 0 else raw.kind
    numbers = (kind, len(whole) + len(added), raw.division)
    parts = _between(original)
    if parts is None:
        parts = [b"MThd" + (6).to_bytes(4) + bytes(6), *[b""] * len(whole)]
    head = parts[0][:8] + b"".join(number.to_bytes(2) for number in numbers) + parts[0][_HEADER:]
    chunks = (_chunk(payload) + behind for payload, behind in zip(whole, parts[1:], strict=True))
    return b"".join((head, *chunks, *map(_chunk, added)))


def _chunk(payload: bytes) -> bytes:
    return b"MTrk" + len(payload).to_bytes(4) + payload


def _between(original: Original) -> list[bytes] | None:
    """What stands before the first track, header and all, and behind each; None where the file is damaged."""
    data = _out_of_riff(original.data)
    place = 8 + int.from_bytes(data[4:8])
    parts, tracks = [data[:place]], iter(original.raw.tracks)
    while place + 8 <= len(data):
        begin = place + 8
        end = begin + int.from_bytes(data[place + 4 : begin])
        if data[place:begin][:4] == b"MTrk":
            track = next(tracks, None)
            if track is None or track.payload != data[begin:end]:
                return None
            parts.append(b"")
        else:
            parts[-1] += data[place:end]
        place = end
    parts[-1] += data[place:]
    sound = place <= len(data) and next(tracks, None) is None and len(parts[0]) >= _HEADER
    return parts if sound else None


def _out_of_riff(data: bytes) -> bytes:
    """The file itself, of one that lies in a RIFF file."""
    if data[:4] != b"RIFF":
        return data
    start = data.find(b"MThd")
    return data[start : start + int.from_bytes(data[start - 4 : start], "little")]
