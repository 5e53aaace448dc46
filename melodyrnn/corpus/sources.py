"""What is read and what comes of it: the values of this room, and the walk through a folder.

Conventions
    Source    one file to read. Its `name` is how people and messages call it; where a file holds
              several tunes, each outcome is called `name:number`.
    Outcome   one tune: a melody, or the reason why there is none (a key of errors.REASONS).

Contents: Source, Outcome, Shard, FORMATS, source_of, find_files.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from melodyrnn.errors import REASONS, CorpusError, Unreadable
from melodyrnn.music.harmony import Harmony
from melodyrnn.music.melody_json import melody_from_json, melody_to_json
from melodyrnn.music.notation import FORMATS as NOTATION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.music.melody import Melody

FORMATS: Final = {".mid": "midi", ".midi": "midi"} | NOTATION
"""File suffix (lower case) → format."""

_DEEPEST: Final = 64  # folders within folders


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read, and how."""

    name: str
    path: Path
    format: str  # a value of FORMATS
    track: str | None = None
    tonic_only: bool = False  # K: names a tonic, the mode is to be found (Essen)
    chords: bool = False  # its chords are wanted, not its melody

    def to_json(self) -> dict[str, Any]:
        """Describe it for a worker process."""
        return {
            "name": self.name,
            "path": os.fsencode(self.path).hex(),  # a file name need not be text
            "format": self.format,
            "track": self.track,
            "tonic_only": self.tonic_only,
            "chords": self.chords,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Source:
        """Build it again on the other side."""
        path = Path(os.fsdecode(bytes.fromhex(data["path"])))
        return cls(data["name"], path, data["format"], data["track"], data["tonic_only"], data["chords"])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one tune: a melody (or, where those were wanted, its chords) or a reason."""

    name: str
    melody: Melody | None = None
    reason: str = ""  # a key of REASONS when there is no melody
    detail: str = ""
    warnings: tuple[str, ...] = ()
    track: str = ""  # which voice was taken, in words
    chords: Harmony | None = None

    @property
    def error(self) -> Unreadable:
        """The refusal as the error that reading this file alone would raise."""
        return Unreadable(self.name, self.reason or "unreadable", self.detail)

    @classmethod
    def refusal(cls, name: str, error: Unreadable) -> Outcome:
        """A tune that cannot become a melody."""
        return cls(name, reason=error.reason, detail=error.detail)

    def to_json(self) -> dict[str, Any]:
        """Describe it with numbers, strings and lists only."""
        data: dict[str, Any] = {"name": self.name}
        if self.melody is not None:
            data["melody"] = melody_to_json(self.melody)
        if self.chords is not None:
            data["chords"] = self.chords.to_json()
        for field in ("reason", "detail", "track"):
            if getattr(self, field):
                data[field] = getattr(self, field)
        if self.warnings:
            data["warnings"] = list(self.warnings)
        return data

    @classmethod
    def from_json(cls, data: Any) -> Outcome:
        """Build it again; raise CorpusError when the data are damaged."""
        if not isinstance(data, dict) or not isinstance(data.get("name"), str):
            raise CorpusError("cached outcome: not an object with a name; delete the cache and read the corpus again")
        texts = [data.get(field, "") for field in ("reason", "detail", "track")]
        notes = data.get("warnings", [])
        melody = melody_from_json(data["melody"]) if "melody" in data else None
        try:
            chords = Harmony.from_json(data["chords"]) if "chords" in data else None
        except (KeyError, TypeError, ValueError):
            raise CorpusError(f"outcome {data['name']!r}: its chords are damaged; read the file again") from None
        found = melody is not None or chords is not None
        sound = all(isinstance(text, str) for text in [*texts, *notes]) and found == (texts[0] not in REASONS)
        if not sound:
            raise CorpusError(f"cached outcome {data['name']!r}: damaged; delete the cache and read the corpus again")
        return cls(data["name"], melody, texts[0], texts[1], tuple(notes), texts[2], chords)


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of a corpus, for a job array: which files it holds follows from their names."""

    index: int = 0  # from 0
    of: int = 1

    def holds(self, name: str) -> bool:
        """Whether a file of this name (from the corpus folder on) belongs here."""
        digest = hashlib.blake2b(os.fsencode(name), digest_size=8).digest()
        return int.from_bytes(digest, "little") % self.of == self.index


def source_of(path: Path, *, name: str = "", track: str | None = None) -> Source | Outcome:
    """Say how a file is read, by its suffix; a file of another kind is refused at once."""
    name = name or str(path)
    kind = FORMATS.get(suffix_of(path.name))
    if kind is None:
        return Outcome(name, reason="not-notation", detail=f"the suffix is none of {' '.join(FORMATS)}")
    return Source(name, path, kind, track)


def suffix_of(name: str) -> str:
    """The suffix of a file name in lower case, as pathlib has it, without making a path."""
    dot = name.rfind(".")
    return name[dot:].lower() if 0 < dot < len(name) - 1 else ""


def find_files(folder: Path) -> Iterator[Path]:
    """Walk a folder and those below it in the order of names; yield what has a suffix of FORMATS.

    Files that turn out to be pipes or folders are yielded too: reading refuses them by name. Folders
    that lead back to a folder above them are not entered.

    Raises:
        CorpusError: the folder itself cannot be listed.
    """
    yield from _walk(folder, ())


def _walk(folder: Path, above: tuple[tuple[int, int], ...]) -> Iterator[Path]:
    try:
        status = folder.stat()
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
    except OSError as error:
        if above:
            return  # a folder below that may not be entered holds nothing for us
        raise CorpusError(f"{folder}: cannot be listed ({error.strerror}); name a folder of music files") from error
    here = (status.st_dev, status.st_ino)
    if here in above or len(above) > _DEEPEST:
        return
    for name in names:
        if suffix_of(name) in FORMATS:
            yield folder / name
        elif not name.startswith(".") and (folder / name).is_dir():  # False for a link that leads round in a circle
            yield from _walk(folder / name, (*above, here))
