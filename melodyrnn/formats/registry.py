"""The formats of melodies in files: suffixes, and the document that readers give and writers take.

Contents: NOTATION, Document.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from melodyrnn.formats.midi.parser import RawFile
    from melodyrnn.music.harmony import Harmony
    from melodyrnn.music.melody import Melody


NOTATION: Final = {
    ".abc": "abc", ".krn": "krn", ".kern": "krn", ".xml": "musicxml", ".musicxml": "musicxml", ".mxl": "mxl",
}  # fmt: skip
"""File suffix (lower case) → format."""


@dataclass(frozen=True, slots=True)
class Document:
    """A melody with its chords and the file that it came from."""

    melody: Melody
    chords: Harmony | None = None
    recipe: str = ""  # how melodyrnn made it, if it did
    source: RawFile | None = None  # every event of the MIDI file that it was read from
    warnings: tuple[str, ...] = ()  # damage, snapping, what was ignored: sentences for the user
