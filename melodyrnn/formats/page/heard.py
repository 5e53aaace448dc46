"""What a page plays: the notes as the MIDI bytes have them, and what sounds beneath.

Conventions
    Ticks are those of the grid, 24 a quarter, here with fractions: a swung or humanised note stands between two.

Contents: Sounded, melody_heard, beneath.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from melodyrnn.errors import OptionError, Unreadable
from melodyrnn.formats.midi.content import read_content
from melodyrnn.music.chords import chord_of
from melodyrnn.music.melody import TICKS_PER_QUARTER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from melodyrnn.formats.midi.content import RawNote
    from melodyrnn.formats.writing import Written
    from melodyrnn.music.melody import Melody

_DRUMS: Final = 9
_SOFT: Final = 48  # velocity of chords that are made of their symbols
_LOWEST_TONE, _LOWEST_BASS = 53, 41
_MOST: Final = 4_000  # notes beneath: more are another piece, and make the page large


class Sounded(NamedTuple):
    """One note that sounds."""

    onset: float
    length: float
    pitch: int
    velocity: int


def melody_heard(written: Written) -> list[Sounded]:
    """The notes of the melody one by one, with the times of its MIDI where they are found in it."""
    melody = written.melody
    voice = _voice_of(melody, _rows(written.midi))
    if voice is not None:
        return voice
    return [Sounded(note.onset, note.duration, note.pitch, note.velocity) for note in melody.notes]


def beneath(written: Written) -> list[Sounded]:
    """What else the MIDI holds but drums; where there is nothing else, the chords of the symbols."""
    rows = _rows(written.midi)
    pitches = [note.pitch for note in written.melody.notes]
    others = [row for key, row in rows.items() if key[1] != _DRUMS and [one.pitch for one in row] != pitches]
    found = sorted(note for row in others for note in row)[:_MOST]
    return found or list(_of_symbols(written.symbols, written.melody.end))


def _rows(midi: bytes) -> dict[tuple[int, int], list[Sounded]]:
    """The notes of each track and channel of a MIDI file; none of bytes that are no file."""
    if not midi:
        return {}
    try:
        content = read_content(midi)
    except Unreadable:
        return {}
    scale = TICKS_PER_QUARTER / content.raw.division if content.raw.division > 0 else 1.0
    rows: dict[tuple[int, int], list[Sounded]] = {}
    for number, track in enumerate(content.tracks):
        for row in track.notes.rows:
            rows.setdefault((number, row[4]), []).append(_sounding(row, scale))
    return rows


def _sounding(row: RawNote, scale: float) -> Sounded:
    onset, end, pitch, velocity, _ = row
    return Sounded(round(onset * scale, 3), round((end - onset) * scale, 3), pitch, velocity)


def _voice_of(melody: Melody, rows: Mapping[tuple[int, int], list[Sounded]]) -> list[Sounded] | None:
    """Those notes of a file that are the melody's, pitch by pitch."""
    pitches = [note.pitch for note in melody.notes]
    return next((row for row in rows.values() if [note.pitch for note in row] == pitches), None)


def _of_symbols(symbols: Mapping[int, str], end: int) -> Iterator[Sounded]:
    """Chords held from symbol to symbol, the bass lower."""
    for begin, until in pairwise([*sorted(symbols), end]):
        try:
            tones = chord_of(symbols[begin]).tones
        except OptionError:  # a symbol that is no chord is silent
            continue
        for place, tone in enumerate(tones):
            lowest = _LOWEST_TONE if place else _LOWEST_BASS
            yield Sounded(begin, until - begin, lowest + (tone - lowest) % 12, _SOFT)
