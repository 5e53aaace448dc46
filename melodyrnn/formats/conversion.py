"""A melody that was read → what writers take: its chords over it, and how it is played.

Contents: written_from, written_from_midi; symbols_along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from melodyrnn.errors import OptionError
from melodyrnn.formats.midi.container import plain_midi
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.formats.registry import BY_NAME
from melodyrnn.formats.writing import Written
from melodyrnn.music.chords import chord_notes
from melodyrnn.music.harmony import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.music.harmony import Harmony
    from melodyrnn.music.melody import Melody


def written_from(
    melody: Melody, form: str, *, chords: Harmony | None = None, data: bytes = b"", program: int = 0
) -> Written:
    """What the writer of a format takes of a melody; `data`: the MIDI file that it was read from, played as it is."""
    row = BY_NAME[form]
    midi = b""
    if row.played:
        midi = plain_midi(data) if data else _played(melody, chords, program)
    return Written(
        melody=melody, midi=midi, symbols=dict(symbols_along(melody, chords)) if row.noted and chords else {}
    )


def written_from_midi(data: bytes, form: str, name: str) -> Written:
    """The same of a MIDI file alone. Raises Unreadable."""
    found = read_midi(data, name=name, chords=True)
    return written_from(found.melody, form, chords=found.chords, data=data, program=found.program)


def _played(melody: Melody, chords: Harmony | None, program: int) -> bytes:
    """A MIDI file of a melody, its chords on a track of their own."""
    text, notes = "", tuple[tuple[int, int, tuple[int, ...]], ...]()
    if chords is not None:
        text = chords._replace(spans=tuple(_filled(melody, chords)), padded=False).text(melody.metres[0])
        try:
            notes = chord_notes(text, melody, begin=chords.onset)
        except OptionError:  # the metre changes, and chords with it: no text says where they stand
            text = ""
    return midi_bytes(melody, program=program, chords=notes, progression=text)


def _filled(melody: Melody, chords: Harmony) -> Iterator[tuple[int, str]]:
    """The chords of a harmony up to the end of a melody, and silence where they are over before."""
    at = chords.onset
    for ticks, symbol in chords.spans:
        if at >= melody.end:
            return
        yield min(ticks, melody.end - at), symbol
        at += ticks
    if at < melody.end:
        yield melody.end - at, SILENT


def symbols_along(melody: Melody, chords: Harmony) -> Iterator[tuple[int, str]]:
    """Tick and symbol wherever the chord changes; that nothing sounds is told behind a chord alone."""
    at, last = chords.onset, SILENT
    for ticks, symbol in _filled(melody, chords):
        if symbol != last:
            yield at, symbol
        at, last = at + ticks, symbol
