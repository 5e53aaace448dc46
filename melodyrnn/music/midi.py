"""MIDI files ⇄ melodies: what the rest of the program imports.

Reading    source → midi_guard (bytes, chunks) → midi_fast or midi_tolerant (tracks) → midi_line (one voice)
           → midi_frame (the grid).
Writing    midi_write.
Exchange   pretty_midi, the format of the Python music world, imported only when asked for.

Conventions
    Times of a Melody are grid ticks (24 a quarter). Silence before the first note is its upbeat: a quarter
    upbeat in 4/4 is read and written as three quarters of silence. A file never raises anything but Unreadable.

Contents: Reading, read_midi, midi_bytes, to_pretty_midi, from_pretty_midi.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from melodyrnn.errors import Unreadable
from melodyrnn.music.melody import TICKS_PER_QUARTER, Melody, Note
from melodyrnn.music.midi_fast import MIN_BYTES, parse_sound_track
from melodyrnn.music.midi_frame import NOTE, bar_lines, clean, key_of, on_grid, opening, tempo_of
from melodyrnn.music.midi_guard import Container, Source, fetch, take_apart
from melodyrnn.music.midi_line import Choice, choose, voices
from melodyrnn.music.midi_tolerant import MAX_EVENTS, RawTrack, parse_track
from melodyrnn.music.midi_write import midi_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pretty_midi

__all__ = ["MAX_BARS", "MAX_MELODY", "Reading", "from_pretty_midi", "midi_bytes", "read_midi", "to_pretty_midi"]

MAX_MELODY: Final = 20_000  # notes
MAX_BARS: Final = 20_000
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
    snapped: int = 0  # notes that were not exactly on the 24-per-quarter grid
    recipe: str = ""  # how melodyrnn made the file, if it did


def read_midi(source: Source, *, track: str | None = None, strict: bool = False, name: str = "") -> Reading:
    """Read one melody from a path, bytes or a binary stream (a pipe will do).

    `track` is the number (from 1, over the tracks that hold notes) or the name of a voice; `strict` refuses a
    damaged file, of which otherwise is kept what can be understood; `name` is how errors call the source.
    Raises Unreadable.
    """
    where = name or (os.fsdecode(source) if isinstance(source, (str, os.PathLike)) else "-")
    container = take_apart(fetch(source, where), where)
    tracks = _tracks(container, where)
    damage = [*container.damage]
    for number, raw in enumerate(tracks, 1):
        damage.extend(f"track chunk {number} {problem}" for problem in raw.damage)
    if damage and (strict or not any(note[0] < note[1] for raw in tracks for note in raw.notes)):
        raise Unreadable(where, "cut-short", damage[0])
    notices = damage[:_MAX_NOTICES]
    texts = [clean(t, longest=_LONGEST_RECIPE).removeprefix(NOTE) for raw in tracks for t in raw.texts[:1000]]
    recipe = next((text for text in texts if text.startswith(_RECIPE)), "")
    found = voices(tracks, [clean(raw.name) for raw in tracks])
    choice = choose(found, where, track=track, ours=bool(recipe))
    melody, snapped = _melody(choice, tracks, container.division, where, notices)
    melody = replace(
        melody, title=clean(tracks[0].name), key=key_of([k for t in tracks for k in t.keys], texts, notices)
    )
    return Reading(melody, choice.sentence, tuple(notices), snapped, recipe)


def _tracks(container: Container, where: str) -> list[RawTrack]:
    """Read all track chunks of a file within one budget of events: long sound ones by symusic."""
    tracks: list[RawTrack] = []
    left = MAX_EVENTS
    for payload in container.tracks:
        quick = parse_sound_track(payload, container.division) if len(payload) >= MIN_BYTES else None
        tracks.append(quick or parse_track(payload, where, events=left))
        left -= tracks[-1].events
    return tracks


def _melody(
    choice: Choice, tracks: Sequence[RawTrack], division: int, where: str, notices: list[str]
) -> tuple[Melody, int]:
    """Put the chosen line on the grid and in its bars; say how many notes were snapped (key and title come later)."""
    line = choice.line
    if not line:
        raise Unreadable(where, "no-notes", "those that it has last no time")
    if line[-1][1] >= _MAX_TICK:
        raise Unreadable(where, "absurd-ticks", f"a note ends at tick {line[-1][1]:,}")
    if len(line) > MAX_MELODY:
        raise Unreadable(where, "too-long", f"{len(line):,} notes, {MAX_MELODY:,} at most")
    placed, snapped = on_grid(line, division)
    if choice.hidden:
        notices.append(f"{_notes(choice.hidden)} left out: together with a higher note, or without length")
    if snapped:
        notices.append(f"{snapped} of {_notes(len(line))} moved to the 24-per-quarter grid")
    if len(placed) < len(line):
        notices.append(f"{_notes(len(line) - len(placed))} left out: too close together for the grid")
    stop = placed[-1][1]
    end = _music_end(choice.end, division, stop)
    metres = bar_lines((m for raw in tracks for m in raw.metres), division, end or stop, notices)
    shift, metres = opening(placed[0][0], metres, notices)
    notes = tuple([Note(start + shift, till - start, pitch, loud) for start, till, pitch, loud in placed])
    tempo = tempo_of([t for raw in tracks for t in raw.tempos], notices)
    melody = Melody(notes, metres, tempo=tempo, length=end and end + shift)
    if melody.length >= notes[-1].end + 2 * melody.metre_at(notes[-1].end - 1).bar_ticks:
        # A track that its program padded: that silence is not music.
        melody = replace(melody, length=0, metres=tuple(m for m in metres if m.onset < notes[-1].end))
    if melody.bars > MAX_BARS:
        raise Unreadable(where, "too-long", f"{melody.bars:,} bars, {MAX_BARS:,} at most")
    return melody, snapped


def _notes(count: int) -> str:
    """Count notes in words: 1 note, 2 notes."""
    return f"{count} note{'s' * (count != 1)}"


def _music_end(tick: int, division: int, stop: int) -> int:
    """Where the music ends in grid ticks: End-of-Track, if it lies on the grid behind the last note, else 0."""
    end, off = divmod(tick * TICKS_PER_QUARTER, division)
    return end if not off and end > stop else 0


def to_pretty_midi(melody: Melody) -> pretty_midi.PrettyMIDI:
    """Give a melody to pretty_midi (times in seconds, one instrument)."""
    import pretty_midi  # noqa: PLC0415 (takes half a second; only the exchange needs it)

    return pretty_midi.PrettyMIDI(io.BytesIO(midi_bytes(melody)))


def from_pretty_midi(pm: pretty_midi.PrettyMIDI, *, track: str | None = None) -> Melody:
    """Take a melody from pretty_midi by the rules of `read_midi`; raise Unreadable."""
    buffer = io.BytesIO()
    pm.write(buffer)
    return read_midi(buffer.getvalue(), track=track, name="PrettyMIDI").melody
