"""Which files a corpus has: the walk through a folder, shards of it, and what a file is called.

Nothing heavy is imported here: a second run over 20,000 unchanged files needs no more than this room's stamp.

Conventions
    Source    one file to read. Its `name` is how people and messages call it.

Contents: FORMATS, Source, Shard, suffix_of, find_files, other_kinds.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from melodyrnn.errors import CorpusError
from melodyrnn.formats.registry import NOTATION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMATS: Final = {".mid": "midi", ".midi": "midi", ".kar": "midi"} | NOTATION
"""File suffix (lower case) → format."""

_DEEPEST: Final = 64  # folders within folders


class Source(NamedTuple):
    """A file to read, and how. Tens of thousands of these are made."""

    name: str
    path: str  # as the system has it
    format: str  # a value of FORMATS; "" for a file of another kind
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
        path = os.fsdecode(bytes.fromhex(data["path"]))
        return cls(data["name"], path, data["format"], data["track"], data["tonic_only"], data["chords"])


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of a corpus, for a job array: which files it holds follows from their names."""

    index: int = 0  # from 0
    of: int = 1

    def __str__(self) -> str:
        """Write as --shard is written: 3/8."""
        return f"{self.index + 1}/{self.of}"

    def holds(self, name: str) -> bool:
        """Whether a file of this name (from the corpus folder on) belongs here."""
        digest = hashlib.blake2b(os.fsencode(name), digest_size=8).digest()
        return int.from_bytes(digest, "little") % self.of == self.index


def suffix_of(name: str) -> str:
    """The suffix of a file name or path in lower case, as pathlib has it, without making a path."""
    name = name[name.rfind(os.sep) + 1 :]
    dot = name.rfind(".")
    return name[dot:].lower() if 0 < dot < len(name) - 1 else ""


def find_files(folder: str | Path) -> Iterator[str]:
    """Walk a folder and those below it in the order of names; yield what has a suffix of FORMATS.

    Files that turn out to be pipes or folders are yielded too: reading refuses them by name. Folders
    that lead back to a folder above them are not entered.

    Raises:
        CorpusError: the folder itself cannot be listed.
    """
    name = os.fspath(folder)
    called = len("./") if name == "." else 0  # a file of this folder is called a.mid, as pathlib has it
    for path in _walk(name, ()):
        yield path[called:]


def other_kinds(folder: str | Path) -> Counter[str]:
    """Count what a folder and those below it hold that is of another kind, by suffix; hidden files aside."""
    found: Counter[str] = Counter()
    for _, below, names in os.walk(folder):
        below[:] = [name for name in below if not name.startswith(".")]
        found.update(suffix_of(name) for name in names if not name.startswith(".") and suffix_of(name) not in FORMATS)
    return found


def _walk(folder: str, above: tuple[tuple[int, int], ...]) -> Iterator[str]:
    try:
        # Tens of thousands of paths: texts cost a tenth of what objects do.
        status, names = os.stat(folder), sorted(os.listdir(folder))  # noqa: PTH116, PTH208
    except OSError as error:
        if above:
            return  # a folder below that may not be entered holds nothing for us
        raise CorpusError(f"{folder}: cannot be listed ({error.strerror}); name a folder of music files") from error
    here = (status.st_dev, status.st_ino)
    if here in above or len(above) > _DEEPEST:
        return
    top = os.path.join(folder, "")  # noqa: PTH118
    for name in names:
        if suffix_of(name) in FORMATS:
            yield top + name
        elif not name.startswith(".") and os.path.isdir(top + name):  # noqa: PTH112 - False for a link to itself
            yield from _walk(top + name, (*above, here))
