"""What a prepared corpus was made of and what became of it: known without preparing it again.

A stamp is a hash of the names, sizes and times (of writing, and of any change) of all files, of the options, and of the
source code that reads and prepares. It lies in the prepared corpus with a hash of what that holds, so that a damaged
one is not taken for whole. Nothing heavy is imported here, NumPy included: finding nothing changed must cost little.

Contents: MANIFEST, Report, read_report; Stamp, stamp_of, write_stamp, read_stamp, unchanged, contents.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from melodyrnn.corpus.sources import sources_of
from melodyrnn.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from melodyrnn.corpus.sources import Shard

MANIFEST: Final = "manifest.json"
_PASSING: Final = frozenset({"timeout", "memory", "crash", "unreadable"})


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the tunes that were offered."""

    offered: int  # tunes
    melodies: int  # that came in
    notes: int
    refused: dict[str, int]  # reason → tunes
    duplicates: int  # tunes left out because the same melody is in already
    excluded: int  # tunes left out because they are copies or variants of melodies that must stay unseen
    families: int  # tune families, single melodies included
    related: int  # melodies that share their family with another
    snapped: int  # values of tunes that are fit, copies too, that went to the nearest entry of a table
    parts: dict[str, int]  # part → melodies
    styles: dict[str, int]  # style name → melodies
    phrased: int  # melodies whose phrases are told
    harmonised: int  # melodies whose chords are told

    @property
    def depends_on_the_day(self) -> bool:
        """Whether a tune was refused for a reason that another day may not bring."""
        return not _PASSING.isdisjoint(self.refused)


def read_report(folder: Path) -> Report:
    """The report of a prepared corpus that is known to be whole (`stamp.unchanged`). Raises CorpusError."""
    try:
        return Report(**json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["report"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CorpusError(f"{folder}: its {MANIFEST} is damaged; prepare the corpus again") from error


NAME: Final = "stamp.json"
_LARGEST: Final = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Stamp:
    """Of which corpora, and in which state they were."""

    corpora: tuple[str, ...]  # names and absolute paths
    digest: str
    shard: str = ""  # "3/8": the third of eight parts; "" = all of it

    def for_today(self) -> Stamp:
        """A stamp that is like no other: the same corpora, to be read again."""
        return replace(self, digest="")


def stamp_of(
    corpora: Sequence[str | Path], options: Mapping[str, object], *, track: str | None, shard: Shard | None
) -> Stamp:
    """Look at all files of some corpora. Raises CorpusError for one that is none."""
    seen = hashlib.blake2b(repr((sorted(options.items()), track, shard)).encode(), digest_size=16)
    package = Path(__file__).resolve().parents[1]
    rooms = ("music", "formats", "events", "corpus")
    for path in sorted(path for room in rooms for path in (package / room).rglob("*.py")):
        seen.update(path.read_bytes())
    for corpus in corpora:
        for item in sources_of(corpus, track, shard):
            try:
                status = os.stat(item.path)  # noqa: PTH116 - one of tens of thousands
                # The change time too: `touch -r` and `cp -p` put the other one back.
                facts = f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
            except (OSError, ValueError) as error:
                facts = type(error).__name__
            seen.update(f"{item.name}\0{facts}\0".encode("utf-8", "surrogatepass"))
    places = [str(Path(corpus).absolute() if Path(corpus).exists() else corpus) for corpus in corpora]
    return Stamp(tuple(places), seen.hexdigest(), "" if shard is None else str(shard))


def write_stamp(folder: Path, stamp: Stamp) -> None:
    """Leave a stamp in a prepared corpus, all files of which are there."""
    told = {**asdict(stamp), "contents": contents(folder, without=NAME)}
    (folder / NAME).write_text(json.dumps(told) + "\n", encoding="utf-8")


def read_stamp(folder: Path) -> Stamp | None:
    """The stamp of a prepared corpus, None where there is none that can be read."""
    try:
        told = _told(folder)
        shard = str(told.get("shard", ""))
        if shard and not re.fullmatch(r"[0-9]{1,6}/[0-9]{1,6}", shard):
            return None
        return Stamp(tuple(told["corpora"]), told["digest"], shard)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def unchanged(folder: Path, stamp: Stamp) -> bool:
    """Whether a folder holds a whole corpus that was prepared of what `stamp` says."""
    if read_stamp(folder) != stamp:
        return False
    try:
        return bool(_told(folder)["contents"] == contents(folder, without=NAME))
    except (OSError, KeyError):
        return False


def contents(folder: Path, *, without: str) -> str:
    """A hash over all files of a folder but one. Raises OSError."""
    seen = hashlib.blake2b(digest_size=16)
    for file in sorted(folder.iterdir()):
        if file.name != without:
            seen.update(repr((file.name, file.stat().st_size)).encode())
            with file.open("rb") as content:
                while block := content.read(1 << 20):
                    seen.update(block)
    return seen.hexdigest()


def _told(folder: Path) -> dict[str, Any]:
    path = folder / NAME
    if path.stat().st_size > _LARGEST:
        raise ValueError(f"{path}: too large for a stamp")
    told = json.loads(path.read_text(encoding="utf-8"))
    return dict(told)
