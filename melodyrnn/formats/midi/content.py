"""What a MIDI file says about its music: notes, tempos, metres, keys, names and texts, track by track.

Conventions
    damage      sentences about what had to be left out; empty for a sound track.

Overlapping notes of one pitch close first in, first out; notes that nobody closes end with the track.

Contents: read_content (a source → Content), Content; parse_track (a payload → TrackContent), TrackContent,
Notes, RawNote, Facts; the limit MAX_NOTES.
"""

from __future__ import annotations

import os
from collections import defaultdict, deque
from itertools import repeat
from operator import lt
from typing import TYPE_CHECKING, Final, NamedTuple

from melodyrnn.errors import Unreadable
from melodyrnn.formats.midi.container import ByteSource, read_bytes_of, split_chunks
from melodyrnn.formats.midi.parser import (
    MAX_EVENTS,
    META,
    PROGRAM,
    RawFile,
    RawTrack,
    Scan,
    TooManyEventsError,
    content,
    cut_at_pitch,
    scan,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence, Sized

MAX_NOTES: Final = 500_000  # of a track
_MAX_FACTS: Final = 100_000  # of a track that are kept; no music has more, bombs do
_TEXT, _NAME, _LYRIC, _MARKER, _CUE = (META + kind for kind in (0x01, 0x03, 0x05, 0x06, 0x07))
_TEMPO, _METRE, _KEY = (META + kind for kind in (0x51, 0x58, 0x59))
_FACTS: Final = frozenset({_TEXT, _NAME, _LYRIC, _MARKER, _CUE, _TEMPO, _METRE, _KEY})
_MAX_WORDS, _LONGEST_WORD = 10_000, 64

RawNote = tuple[int, int, int, int, int]
"""Onset, end (file ticks), pitch, velocity, channel (0..15)."""


class Notes(NamedTuple):
    """Notes in order, field by field."""

    onsets: Sequence[int]  # file ticks
    ends: Sequence[int]
    pitches: Sequence[int]
    velocities: Sequence[int]  # 1..127
    channels: Sequence[int]  # 0..15
    is_line: bool = False  # known to be one line: each of some length, and ended when the next begins

    @classmethod
    def of_rows(cls, rows: Sequence[RawNote]) -> Notes:
        """Notes given one by one, in order."""
        columns = tuple(zip(*rows, strict=True)) or ((),) * 5
        return cls(columns[0], columns[1], columns[2], columns[3], columns[4])

    @property
    def rows(self) -> list[RawNote]:
        """The notes, one by one."""
        return list(zip(self.onsets, self.ends, self.pitches, self.velocities, self.channels, strict=True))

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.onsets)


_NO_NOTES: Final = Notes((), (), (), (), ())


class Facts(NamedTuple):
    """What one track says beside its notes, in order; what is too short to say anything is left out."""

    tempos: list[tuple[int, int]]  # tick, microseconds a quarter
    metres: list[tuple[int, int, int]]  # tick, numerator, denominator
    keys: list[tuple[int, int, int]]  # tick, sharps (flats < 0), 1 for minor
    names: list[bytes]
    texts: list[bytes]
    words: list[tuple[int, int, bytes]]  # tick, type of the meta event, short text: where chord symbols may stand
    programs: dict[int, int]  # channel → its first General MIDI sound


class TrackContent(NamedTuple):
    """What one track says."""

    notes: Notes
    facts: Facts
    end: int  # file tick
    damage: list[str]

    @property
    def name(self) -> bytes:
        """The first name that is not empty."""
        return next(filter(None, self.facts.names), b"")


class Content(NamedTuple):
    """What a file says, and the file itself."""

    where: str  # how errors call it
    raw: RawFile
    tracks: list[TrackContent]
    data: bytes  # the file's own


def read_content(source: ByteSource, name: str = "") -> Content:
    """Read all tracks of a path, bytes or a binary stream, within one budget of events. Raises Unreadable."""
    where = name or (os.fsdecode(source) if isinstance(source, (str, os.PathLike)) else "-")
    data = read_bytes_of(source, where)
    container = split_chunks(data, where)
    budget = repeat(None, MAX_EVENTS)
    tracks = [parse_track(payload, where, budget) for payload in container.tracks]
    damage = [f"track chunk {number} {what}" for number, track in enumerate(tracks, 1) for what in track.damage]
    sources = tuple(map(RawTrack, container.tracks))
    raw = RawFile(container.kind, container.division, sources, (*container.damage, *damage), container.chunks)
    return Content(where, raw, tracks, data)


def parse_track(data: bytes, where: str, budget: Iterable[object] | None = None) -> TrackContent:
    """Keep what a track's payload says; its events take from the file's `budget`. Raises Unreadable ('too-long')."""
    facts = Facts([], [], [], [], [], [], {})
    damage: list[str] = []
    try:
        found = scan(data, repeat(None, MAX_EVENTS) if budget is None else budget)
        first = _keep_facts(facts, found, data)
        notes = _line(found, first, data)
        if notes is None:
            found = cut_at_pitch(found, data)
            damage += [found.damage] if found.damage else []
            notes = _pair(found, data, damage)
            if _keep_facts(facts, found, data, first, among_notes=True) < len(found.codes):
                damage.append(f"holds more than {_MAX_FACTS:,} texts, tempos or time signatures")
    except TooManyEventsError:
        raise Unreadable(where, "too-long", f"more than {MAX_NOTES:,} notes or {MAX_EVENTS:,} events") from None
    return TrackContent(notes, facts, found.end, damage)


def _keep_facts(facts: Facts, found: Scan, data: bytes, first: int = 0, *, among_notes: bool = False) -> int:
    """Keep what events say of the music, from `first` up to a note or all the way; return the index that ended it."""
    codes = found.codes
    for index in range(first, len(codes)):
        code = codes[index]
        if code < 0xA0:
            if not among_notes:
                return index
        elif code in _FACTS:
            if index > _MAX_FACTS and _count(facts) > _MAX_FACTS:
                return index
            _keep_fact(facts, found.ticks[index], code, content(data, code, found.places[index]))
        elif code & 0xFFF0 == PROGRAM:
            facts.programs.setdefault(code & 15, data[found.places[index]] & 0x7F)
    return len(codes)


def _count(facts: Facts) -> int:
    """How many facts are kept."""
    columns: tuple[Sized, ...] = facts
    return sum(map(len, columns))


def _keep_fact(facts: Facts, tick: int, code: int, body: bytes) -> None:
    """Keep what a meta event says."""
    if code == _NAME:
        facts.names.append(body[:1000])
    elif code == _TEMPO:
        if len(body) >= 3:
            facts.tempos.append((tick, int.from_bytes(body[:3])))
    elif code == _METRE:
        if len(body) >= 2:
            facts.metres.append((tick, body[0], 1 << min(body[1], 30)))
    elif code == _KEY:
        if len(body) >= 2:
            facts.keys.append((tick, body[0] - 256 if body[0] > 127 else body[0], body[1]))
    else:
        if code == _TEXT:
            facts.texts.append(body[:10_000])
        if len(body) <= _LONGEST_WORD and len(facts.words) < _MAX_WORDS:
            facts.words.append((tick, code - META, body))


def _line(found: Scan, first: int, data: bytes) -> Notes | None:
    """The notes of a sound track that from its first note to its end is a line on one channel; None if it is no such.

    Most tracks are: note-ons and note-offs by turns, each note ended before the next begins.
    """
    ticks, codes, places = found.ticks, found.codes, found.places
    if not found.damage and first == len(codes):
        return _NO_NOTES
    ons, offs, count = slice(first, -1, 2), slice(first + 1, -1, 2), (len(codes) - first) // 2
    if found.damage or count > MAX_NOTES or first + 2 * count + 1 != len(codes):
        return None
    on, off = codes[first], codes[first + 1]
    if not 0x90 <= on < 0xA0 or codes[ons].count(on) != count or codes[offs].count(off) != count:
        return None
    pitches, closed = [data[place] for place in places[ons]], [data[place] for place in places[offs]]
    velocities = [data[place + 1] for place in places[ons]]
    if pitches != closed or 0 in velocities or not bytes(pitches + velocities).isascii():
        return None
    if off != on - 0x10 and (off != on or any(data[place + 1] for place in places[offs])):
        return None
    notes = Notes(ticks[ons], ticks[offs], pitches, velocities, [on & 15] * count, is_line=True)
    return notes if all(map(lt, notes.onsets, notes.ends)) else None


def _pair(found: Scan, data: bytes, damage: list[str]) -> Notes:
    """Pair note-ons and note-offs of any kind; what is left sounding is damage, and ends with the track."""
    sounding: defaultdict[int, deque[tuple[int, int]]] = defaultdict(deque)  # channel × 128 + pitch → onset, velocity
    rows: list[RawNote] = []
    started = 0
    for tick, code, place in zip(found.ticks, found.codes, found.places, strict=True):
        if code >= 0xA0:
            continue
        pitch, velocity = data[place], data[place + 1]
        waiting = sounding[(code & 15) << 7 | pitch]
        if code >= 0x90 and velocity:
            started += 1
            if started > MAX_NOTES:
                raise TooManyEventsError
            waiting.append((tick, min(velocity, 127)))
        elif waiting:
            onset, loudness = waiting.popleft()
            rows.append((onset, tick, pitch, loudness, code & 15))
    left = [(on, found.end, key & 127, loud, key >> 7) for key, waiting in sounding.items() for on, loud in waiting]
    if left:
        damage.append(f"leaves {len(left)} note{'s' * (len(left) > 1)} sounding")
    return Notes.of_rows(sorted(rows + left))
