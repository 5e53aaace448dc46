"""The one table of formats, and the document that readers give and writers take.

Contents: Format, FORMATS; read off the table: BY_NAME, INPUT_FORMATS, OUTPUT_FORMATS, OUTPUT_SUFFIXES, PLAYED,
KEPT, ISOLATED; own_reader (what a row names), format_of (a file's first bytes); Document.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from melodyrnn.formats.midi.original import Original
    from melodyrnn.formats.midi.parser import RawFile
    from melodyrnn.music.harmony import Harmony
    from melodyrnn.music.melody import Melody


class Format(NamedTuple):
    """A kind of file. Suffixes are lower case; functions are written module:function, below `formats`."""

    name: str
    reads: tuple[str, ...]  # suffixes of files that are read; the first is that of what comes through a pipe
    writes: tuple[str, ...] = ()  # suffixes of files that are written; the first where none is named
    isolated: bool = False  # read in a child with limits, with music21
    begins: tuple[bytes, ...] = ()  # how a file begins, byte order mark and spaces aside: known so without a name
    reader: str = ""  # (bytes or text, name=, track=, tonic_only=, tune=, harmony=) → ScoreReading or Unreadable
    chords: str = ""  # (bytes or text, name=, track=) → Harmony; where both are empty music21 reads
    writer: str = ""  # (Written, name of the format, Manner) → bytes, see `formats.writing`
    gathers: str = ""  # ([Written …], name of the format, Manner) → bytes: one file that holds many melodies
    played: bool = False  # what is written holds how it is played: velocities, timing, sounds, other tracks
    noted: bool = False  # ... holds chord symbols
    keeps: bool = False  # ... keeps its recipe
    needs: tuple[str, ...] = ()  # modules that its writer imports and that may not be installed
    wishes: tuple[str, ...] = ()  # modules without which something is left out of what is written
    extra: str = ""  # ... which pip install 'melodyrnn[EXTRA]' brings


FORMATS: Final = (
    Format(
        "midi", (".mid", ".midi", ".kar", ".rmi"), (".mid", ".midi"), begins=(b"MThd", b"RIFF"),
        writer="writing:as_played", played=True, keeps=True,
    ),
    Format(
        "musicxml", (".musicxml", ".xml"), (".musicxml", ".xml"), isolated=True, begins=(b"<",),
        writer="notation.write:write_score", noted=True,
    ),
    Format("mxl", (".mxl",), isolated=True, begins=(b"PK\x03\x04",)),
    Format(
        "abc", (".abc",), (".abc",), begins=(b"X:", b"%abc"),
        reader="abc.abc_book:read_abc_tunes", chords="abc.abc_book:read_abc_chords",
        writer="notation.write:write_score", noted=True,
    ),
    Format("krn", (".krn", ".kern"), isolated=True, begins=(b"!!!", b"**")),
    Format(
        "svg", (), (".svg",), writer="engraving.picture:write_svg", noted=True, needs=("verovio",), extra="score",
    ),
    Format(
        "png", (), (".png",), writer="engraving.picture:write_png", noted=True, needs=("verovio", "resvg_py"),
        extra="score",
    ),
    Format("pdf", (), (".pdf",), writer="engraving.pdf:write_pdf", noted=True, needs=("verovio",), extra="score"),
    Format(
        "html", (), (".html", ".htm"), writer="page.page:write_page", gathers="page.page:write_pages", played=True,
        noted=True, keeps=True, wishes=("verovio",), extra="score",
    ),
    Format("wav", (), (".wav",), writer="audio.wav:write_wav", played=True, needs=("midirenderer",), extra="sound"),
    Format(
        "flac", (), (".flac",), writer="audio.flac:write_flac", played=True, needs=("midirenderer", "soundfile"),
        extra="sound",
    ),
)  # fmt: skip
"""All formats. MIDI, whose files hold more than scores do, is read by `formats.midi.reader` and is no score."""
BY_NAME: Final = {one.name: one for one in FORMATS}
"""Format → its row."""
INPUT_FORMATS: Final = {suffix: one.name for one in FORMATS for suffix in one.reads}
"""Suffix of a file that is read → format."""
OUTPUT_FORMATS: Final = {one.name: one.writes[0] for one in FORMATS if one.writes}
"""Format that is written → its suffix."""
OUTPUT_SUFFIXES: Final = {suffix: one.name for one in FORMATS for suffix in one.writes}
"""Suffix of a file that is written → format."""
PLAYED: Final = frozenset(one.name for one in FORMATS if one.played)
"""Formats that hold how a melody is played."""
KEPT: Final = frozenset(one.name for one in FORMATS if one.keeps)
"""Formats that keep how a melody was made."""
ISOLATED: Final = frozenset(one.name for one in FORMATS if one.isolated)
"""Formats that are read in a child with limits."""


def own_reader(form: str, *, chords: bool = False) -> Callable[..., Any] | None:
    """The function that reads a format's melodies, or its chords, imported when first used; None where music21 does."""
    row = BY_NAME.get(form)
    name = (row.chords if chords else row.reader) if row else ""
    if not name:
        return None
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(import_module(f"melodyrnn.formats.{module}"), function)
    return found


def format_of(start: bytes) -> str:
    """The format of a file by its first bytes; "" where none begins so."""
    start = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    return next((one.name for one in FORMATS if one.begins and start.startswith(one.begins)), "")


class Document(NamedTuple):
    """A melody with its chords and the file that it came from."""

    melody: Melody
    chords: Harmony | None = None
    recipe: str = ""  # how melodyrnn made it, if it did
    source: RawFile | None = None  # every event of the MIDI file that it was read from
    warnings: tuple[str, ...] = ()  # damage, snapping, what was ignored: sentences for the user
    original: Original | None = None  # that file, and where the notes of the melody stand in it
