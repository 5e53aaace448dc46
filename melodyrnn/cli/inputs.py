"""A melody from wherever the user points: a file of any format, or stdin.

MIDI and ABC are read here; **kern and MusicXML go through a child process with limits, for music21 can be
made to loop.

Contents: Input, read_melody.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from melodyrnn.errors import Unreadable

if TYPE_CHECKING:
    from melodyrnn.cli.console import Console
    from melodyrnn.music.melody import Melody

_SUFFIXES: Final = {".mid": "midi", ".midi": "midi", ".abc": "abc"}
_SLOW: Final = {".krn", ".kern", ".xml", ".musicxml", ".mxl"}


@dataclass(frozen=True, slots=True)
class Input:
    """A melody and how it was found."""

    name: str  # the file as the user called it, or '-'
    melody: Melody
    format: str
    track: str = ""  # which voice was taken, and why
    warnings: tuple[str, ...] = ()
    snapped: int = 0
    recipe: str = ""  # how melodyrnn made the file, if it did


def read_melody(console: Console, source: str, *, track: str | None = None, strict: bool = False) -> Input:
    """Read one melody from a file, or from stdin when `source` is '-'; raise Unreadable."""
    if source == "-":
        content = console.read()
        return _from_bytes(content, "-", track=track, strict=strict)
    path = Path(source)
    suffix = path.suffix.lower()
    if suffix in _SLOW:
        return _isolated(path, source, track=track)
    if _SUFFIXES.get(suffix) == "abc":
        return _abc(_content(path, source), source, track=track)
    return _midi(path, source, track=track, strict=strict)


def _content(path: Path, name: str) -> bytes:
    """The bytes of a regular file, behind the reader's limit on size."""
    from melodyrnn.music.midi_guard import fetch  # noqa: PLC0415 - each reader costs start-up time

    return fetch(path, name)


def _from_bytes(content: bytes, name: str, *, track: str | None, strict: bool) -> Input:
    """Read a melody whose format only its first bytes tell."""
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"X:", b"%abc")):
        return _abc(content, name, track=track)
    for mark, suffix in ((b"<", ".musicxml"), (b"PK\x03\x04", ".mxl"), (b"!!!", ".krn"), (b"**", ".krn")):
        if start.startswith(mark):
            return _parked(content, suffix, name, track=track)
    return _midi(content, name, track=track, strict=strict)


def _midi(source: Path | bytes, name: str, *, track: str | None, strict: bool) -> Input:
    from melodyrnn.music.midi import read_midi  # noqa: PLC0415

    found = read_midi(source, track=track, strict=strict, name=name)
    return Input(name, found.melody, "midi", found.track, found.warnings, found.snapped, found.recipe)


def _abc(content: bytes, name: str, *, track: str | None) -> Input:
    from melodyrnn.music.notation import read_score  # noqa: PLC0415

    found = next(read_score(content, format="abc", name=name, track=track))
    if isinstance(found, Unreadable):
        raise found
    return Input(name, found.melody, "abc", found.track, found.warnings, found.snapped)


def _parked(content: bytes, suffix: str, name: str, *, track: str | None) -> Input:
    """Read what came through a pipe by way of a temporary file, which a child process can open."""
    import tempfile  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="melodyrnn-") as folder:
        path = Path(folder) / f"stdin{suffix}"
        path.write_bytes(content)
        return _isolated(path, name, track=track)


def _isolated(path: Path, name: str, *, track: str | None) -> Input:
    """Read one score in a child process."""
    from melodyrnn.corpus.reading import read_many  # noqa: PLC0415
    from melodyrnn.corpus.sources import Outcome, source_of  # noqa: PLC0415

    source = source_of(path, name=name, track=track)
    outcome = source if isinstance(source, Outcome) else next(iter(read_many([source])))
    if outcome.melody is None:
        raise outcome.error
    return Input(name, outcome.melody, path.suffix[1:], outcome.track, outcome.warnings)
