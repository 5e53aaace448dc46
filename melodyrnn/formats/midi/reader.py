"""A MIDI file → one melody on the grid, and how it was found; melodies to and from pretty_midi.

    source → container (bytes, chunks) → content (what parser finds in each track) → track_choice (one voice) →
    quantize (the grid)

Conventions
    Times of a Melody are grid ticks (24 a quarter). Silence before the first note is its upbeat: a quarter
    upbeat in 4/4 is read and written as three quarters of silence. A file never raises anything but Unreadable.

Contents: Reading, read_midi; read_document, with its chords and events; to_pretty_midi, from_pretty_midi; the limits
MAX_MELODY and MAX_BARS.
"""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass
from operator import lt
from typing import TYPE_CHECKING, Final

from melodyrnn.errors import Unreadable
from melodyrnn.formats.midi.chords import chords_of, told_chords
from melodyrnn.formats.midi.content import Content, read_content
from melodyrnn.formats.midi.original import Original, track_of_recipe
from melodyrnn.formats.midi.quantize import (
    NOT_SUNG,
    Quantized,
    bar_lines,
    clean,
    grid,
    key_of_signatures,
    last_tick,
    opening,
    opening_tempo,
    quantize,
    set_up,
)
from melodyrnn.formats.midi.track_choice import TrackChoice, asked_for, choose_track, track_names, voices
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.formats.registry import Document
from melodyrnn.music.melody import TICKS_PER_QUARTER, Melody, Metre, NoteColumns

if TYPE_CHECKING:
    import pretty_midi

    from melodyrnn.formats.midi.container import ByteSource
    from melodyrnn.formats.midi.parser import RawFile
    from melodyrnn.music.harmony import Harmony


def to_pretty_midi(melody: Melody) -> pretty_midi.PrettyMIDI:
    """Give a melody to pretty_midi (times in seconds, one instrument)."""
    import pretty_midi  # noqa: PLC0415 (takes half a second; only the exchange needs it)

    return pretty_midi.PrettyMIDI(io.BytesIO(midi_bytes(melody)))


def from_pretty_midi(pm: pretty_midi.PrettyMIDI, *, track: str | None = None) -> Melody:
    """Take a melody from pretty_midi by the rules of `read_midi`; raise Unreadable."""
    buffer = io.BytesIO()
    pm.write(buffer)
    return read_midi(buffer.getvalue(), track=track, name="PrettyMIDI").melody


MAX_MELODY: Final = 20_000  # notes
MAX_BARS: Final = 20_000
_BESIDE: Final = 2  # ticks beside a bar line at which a first note is on it: less than a thirty-second
_MAX_TICK: Final = 2**30
_MAX_NOTICES: Final = 20
_RECIPE: Final = "melodyrnn "
_LONGEST_RECIPE: Final = 10_000  # characters: all options, and a prime of some pages


@dataclass(frozen=True, slots=True)
class Reading:
    """A melody and how it was found in its file."""

    melody: Melody
    track: str  # which voice was chosen, by which rule
    warnings: tuple[str, ...] = ()  # damage, snapping, what was ignored: sentences for the user
    snapped: int = 0  # notes that were not on the 24-per-quarter grid, or a quarter of a tick beside it
    recipe: str = ""  # how melodyrnn made the file, if it did
    program: int = 0  # General MIDI sound of the voice
    others: tuple[str, ...] = ()  # voices that the melody has nothing of
    source: RawFile | None = None  # every event of the file
    chords: Harmony | None = None  # that the file tells in words, where they were asked for
    original: Original | None = None  # the file, and where each note stands in it
    doubts: tuple[str, ...] = ()  # of the warnings those that are of the file itself: damage, which voice is read


def read_midi(
    source: ByteSource, *, track: str | None = None, strict: bool = False, name: str = "", chords: bool = False
) -> Reading:
    """Read one melody from a path, bytes or a binary stream (a pipe will do).

    `track` is the number (from 1, over the tracks that hold notes) or the name of a voice; `strict` refuses a
    damaged file, of which otherwise is kept what can be understood; `name` is how errors call the source. `chords`:
    with those that the file tells in words. Raises Unreadable.
    """
    return _read(read_content(source, name), track=track, strict=strict, chords=chords)


def read_document(source: ByteSource, *, track: str | None = None, strict: bool = False, name: str = "") -> Document:
    """Read a melody as `read_midi` does, its chords, where the file has any, and every event. Raises Unreadable."""
    content = read_content(source, name)
    reading = _read(content, track=track, strict=strict)
    try:
        chords = chords_of(content)
    except Unreadable:
        chords = None
    return Document(reading.melody, chords, reading.recipe, content.raw, reading.warnings, reading.original)


def _read(content: Content, *, track: str | None, strict: bool, chords: bool = False) -> Reading:
    """Make a melody of what a file says."""
    file = _File(content)
    choice = _choice(file, track=track, strict=strict)
    file.notices += choice.doubts
    placed = _line(choice, file)
    melody = _melody(placed.columns, choice.end, file, played=not placed.exact)
    original = Original(
        content.raw, content.data, choice.line, placed.left_out, file.shift, choice.voices, track, choice.program
    )
    line = placed.columns
    told = told_chords(content, line.onsets[-1] + line.durations[-1]) if chords else None
    if told is not None:  # the melody may stand elsewhere than in the file: silence before it is left out
        told = told._replace(onset=max(0, told.onset + melody.columns.onsets[0] - line.onsets[0]))
    return Reading(
        melody, choice.sentence, tuple(file.notices), placed.snapped, file.recipe, choice.program, choice.others,
        content.raw, told, original, (*content.raw.warnings[:_MAX_NOTICES], *choice.doubts),
    )  # fmt: skip


class _File:
    """What a file says beside its notes, and what is told of it."""

    __slots__ = ("damage", "division", "notices", "recipe", "shift", "texts", "tracks", "where")

    def __init__(self, content: Content) -> None:
        self.where, self.tracks = content.where, content.tracks
        self.division, self.damage = content.raw.division, content.raw.warnings
        self.notices = [*self.damage[:_MAX_NOTICES]]
        raw = [text for track in self.tracks for text in track.facts.texts[:1000]]
        self.texts = [clean(text, longest=_LONGEST_RECIPE).removeprefix(NOT_SUNG) for text in raw]
        self.recipe = next((text for text in self.texts if text.startswith(_RECIPE)), "")
        self.shift = 0  # grid ticks by which the melody is moved


def _choice(file: _File, *, track: str | None, strict: bool) -> TrackChoice:
    """Choose a line, if the file is sound enough."""
    if file.damage and (strict or not any(any(map(lt, raw.notes.onsets, raw.notes.ends)) for raw in file.tracks)):
        raise Unreadable(file.where, "cut-short", file.damage[0])
    found = voices(file.tracks, track_names(file.tracks))
    among, told = track_of_recipe(file.recipe) if file.recipe else (False, None)
    if track is None and told is not None:
        with suppress(Unreadable):  # another program may have changed its tracks
            asked_for(found, file.where, told)
            track = told
    return choose_track(found, file.where, track=track, ours=bool(file.recipe) and not among)


def _line(choice: TrackChoice, file: _File) -> Quantized:
    """Put the chosen line on the grid."""
    line = choice.line
    if not line.size:
        raise Unreadable(file.where, "no-notes", "those that it has last no time")
    if line.ends[-1] >= _MAX_TICK:
        raise Unreadable(file.where, "absurd-ticks", f"a note ends at tick {line.ends[-1]:,}")
    if line.size > MAX_MELODY:
        raise Unreadable(file.where, "too-long", f"{line.size:,} notes, {MAX_MELODY:,} at most")
    placed = quantize(line, file.division)
    snapped, columns = placed.snapped, placed.columns
    if choice.hidden:
        file.notices.append(f"{_notes(choice.hidden)} left out: together with a higher note, or without length")
    shorter = sum(grid(now, file.division) < grid(once, file.division) for now, once in choice.cut)
    if shorter:
        file.notices.append(f"{_notes(shorter)} cut where the next begins")
    if snapped:
        file.notices.append(f"{snapped} of {_notes(line.size)} moved to the 24-per-quarter grid")
    if len(columns.onsets) < line.size:
        file.notices.append(f"{_notes(line.size - len(columns.onsets))} left out: too close together for the grid")
    return placed


def _melody(line: NoteColumns, end: int, file: _File, *, played: bool) -> Melody:
    """Frame a line: its bars, tempo, key and title, and where the music ends (`end`: End-of-Track, file ticks)."""
    stop = line.onsets[-1] + line.durations[-1]
    length = _music_end(end, file.division, stop)
    signatures = [m for raw in file.tracks for m in raw.facts.metres]
    first = last_tick(line.onsets[0] + (_BESIDE if played else 0), file.division)  # what comes later is a change
    if origin := set_up(signatures, file.division, line.onsets[0]):
        file.notices.append("silence before the time signature of the first note left out")
        line = line._replace(onsets=[onset - origin for onset in line.onsets])
        stop, length = stop - origin, length and length - origin
    metres = bar_lines(signatures, file.division, length or stop, file.notices, origin)
    if played:  # by hand, beside the grid
        line = _opened(line, metres, file.notices)
    shift, metres = opening(line.onsets[0], metres, file.notices)
    if shift:
        line = line._replace(onsets=[onset + shift for onset in line.onsets])
        stop, length = stop + shift, length and length + shift
    file.shift = shift - origin
    tempo = opening_tempo([t for raw in file.tracks for t in raw.facts.tempos], first, file.notices)
    key = key_of_signatures([k for raw in file.tracks for k in raw.facts.keys], first, file.texts, file.notices)
    if length and length >= stop + 2 * Melody((), metres).metre_at(stop - 1).bar_ticks:
        # A track that its program padded: that silence is not music.
        length, metres = 0, tuple(m for m in metres if m.onset < stop)
    if (length or stop) > MAX_BARS and (bars := Melody((), metres, length=length or stop).bars) > MAX_BARS:
        raise Unreadable(file.where, "too-long", f"{bars:,} bars, {MAX_BARS:,} at most")
    return Melody.of_columns(line, metres, key=key, tempo=tempo, title=clean(file.tracks[0].name), length=length)


def _opened(line: NoteColumns, metres: tuple[Metre, ...], notices: list[str]) -> NoteColumns:
    """A first note played a little before or after a bar line is on it, or the bars would be counted from elsewhere."""
    first, length = line.onsets[0], line.durations[0]
    if first < metres[0].bar_ticks - _BESIDE and (first == 0 or first > _BESIDE):
        return line  # nearly always
    empty = Melody((), metres)
    bar, place = empty.place(first)
    late = place if place <= _BESIDE else place - (empty.bar_onset(bar + 1) - empty.bar_onset(bar))
    if not late or abs(late) > _BESIDE or length + late < 1:
        return line
    notices.append(f"the first note moved onto its bar line, {'after' if late > 0 else 'before'} which it was played")
    onsets, durations = [first - late, *line.onsets[1:]], [length + late, *line.durations[1:]]
    return line._replace(onsets=onsets, durations=durations)


def _notes(count: int) -> str:
    """Count notes in words: 1 note, 2 notes."""
    return f"{count} note{'s' * (count != 1)}"


def _music_end(tick: int, division: int, stop: int) -> int:
    """Where the music ends in grid ticks: End-of-Track, if it lies on the grid behind the last note, else 0."""
    end, off = divmod(tick * TICKS_PER_QUARTER, division)
    return end if not off and end > stop else 0
