"""What a prepared corpus was made of, so that it is not made again when nothing has changed.

A stamp is a hash of the names, sizes and times (of writing, and of any change) of all files, of the options, and
of the source code that reads and prepares; looking at 20,000 files takes a fifth of a second, preparing them
eight seconds (`bench/scale.py`).

Contents: Stamp, stamp_of, read_stamp, write_stamp.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from melodyrnn.corpus.cache import sources_of
from melodyrnn.corpus.sources import Source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from melodyrnn.corpus.sources import Shard

NAME: Final = "stamp.json"
_LARGEST: Final = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Stamp:
    """Of which corpora, and in which state they were."""

    corpora: tuple[str, ...]  # names and absolute paths
    digest: str

    def for_today(self) -> Stamp:
        """A stamp that is like no other: the same corpora, to be read again."""
        return replace(self, digest="")


def stamp_of(
    corpora: Sequence[str | Path], options: Mapping[str, object], *, track: str | None, shard: Shard | None
) -> Stamp:
    """Look at all files of some corpora. Raises CorpusError for one that is none."""
    seen = hashlib.blake2b(repr((sorted(options.items()), track, shard)).encode(), digest_size=16)
    package = Path(__file__).resolve().parents[1]
    for path in sorted(path for room in ("music", "events", "corpus") for path in (package / room).glob("*.py")):
        seen.update(path.read_bytes())
    for corpus in corpora:
        for item in sources_of(corpus, track, shard):
            what: tuple[object, ...] = (item.name,)
            if isinstance(item, Source):
                try:
                    status = item.path.stat()
                    # The change time too: `touch -r` and `cp -p` put the other one back.
                    what += (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
                except (OSError, ValueError) as error:
                    what += (type(error).__name__,)
            seen.update(repr(what).encode("utf-8", "surrogatepass"))
    places = [str(Path(corpus).absolute() if Path(corpus).exists() else corpus) for corpus in corpora]
    return Stamp(tuple(places), seen.hexdigest())


def write_stamp(folder: Path, stamp: Stamp) -> None:
    """Leave a stamp in a prepared corpus."""
    (folder / NAME).write_text(json.dumps(asdict(stamp)) + "\n", encoding="utf-8")


def read_stamp(folder: Path) -> Stamp | None:
    """The stamp of a prepared corpus, None where there is none that can be read."""
    path = folder / NAME
    try:
        if path.stat().st_size > _LARGEST:
            return None
        told = json.loads(path.read_text(encoding="utf-8"))
        return Stamp(tuple(told["corpora"]), told["digest"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
