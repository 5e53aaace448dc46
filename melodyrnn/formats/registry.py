"""The one table of formats, and the document that readers give and writers take.

Contents: Format, FORMATS; read off the table: INPUT_FORMATS, OUTPUT_FORMATS, OUTPUT_SUFFIXES, ISOLATED; Document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from melodyrnn.formats.midi.original import Original
    from melodyrnn.formats.midi.parser import RawFile
    from melodyrnn.music.harmony import Harmony
    from melodyrnn.music.melody import Melody


class Format(NamedTuple):
    """A kind of file. Suffixes are lower case."""

    name: str
    reads: tuple[str, ...]  # suffixes of files that are read
    writes: tuple[str, ...] = ()  # suffixes of files that are written; the first where none is named
    isolated: bool = False  # read by music21, in a child with limits


FORMATS: Final = (
    Format("midi", (".mid", ".midi", ".kar", ".rmi"), (".mid", ".midi")),
    Format("musicxml", (".musicxml", ".xml"), (".musicxml", ".xml"), isolated=True),
    Format("mxl", (".mxl",), isolated=True),
    Format("abc", (".abc",), (".abc",)),
    Format("krn", (".krn", ".kern"), isolated=True),
)
INPUT_FORMATS: Final = {suffix: one.name for one in FORMATS for suffix in one.reads}
"""Suffix of a file that is read → format."""
OUTPUT_FORMATS: Final = {one.name: one.writes[0] for one in FORMATS if one.writes}
"""Format that is written → its suffix."""
OUTPUT_SUFFIXES: Final = {suffix: one.name for one in FORMATS for suffix in one.writes}
"""Suffix of a file that is written → format."""
ISOLATED: Final = frozenset(one.name for one in FORMATS if one.isolated)
"""Formats that are read in a child with limits."""


class Document(NamedTuple):
    """A melody with its chords and the file that it came from."""

    melody: Melody
    chords: Harmony | None = None
    recipe: str = ""  # how melodyrnn made it, if it did
    source: RawFile | None = None  # every event of the MIDI file that it was read from
    warnings: tuple[str, ...] = ()  # damage, snapping, what was ignored: sentences for the user
    original: Original | None = None  # that file, and where the notes of the melody stand in it
