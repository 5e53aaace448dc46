"""What a prepared corpus was made of, so that it is not made again when nothing has changed.

A stamp is a hash of the names, sizes and times (of writing, and of any change) of all files, of the options, and
of the source code that reads and prepares. It lies in the prepared corpus together with a hash of what that corpus
holds, so that a damaged one is not taken for whole. Nothing heavy is imported here, NumPy included: a run that
finds nothing changed is to cost next to nothing (`bench/scale.py`).

Prepared corpora kept in the user's cache folder: what has not changed is neither read nor prepared again.

A corpus is kept under the hash of its stamp (what it was made of, see `stamp`), with a hash over its files: one that is
damaged, or was cut off by a power cut, is not used. The eight used last are kept. A cache that cannot be written is
never an error.

Contents: Stamp, stamp_of, read_stamp, write_stamp, unchanged, contents; recall, keep.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from melodyrnn.corpus.prepared import Prepared, open_prepared
from melodyrnn.corpus.replacing import growing, put
from melodyrnn.corpus.sources import sources_of
from melodyrnn.errors import CorpusError

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
    for path in sorted(path for room in ("music", "events", "corpus") for path in (package / room).glob("*.py")):
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


_FACTS: Final = "kept.json"
_MOST: Final = 8
_LARGEST_KEPT: Final = 1 << 30  # bytes; a larger corpus is for `corpus prepare`


def recall(stamp: Stamp, cache_dir: Path) -> tuple[Prepared, dict[str, int]] | None:
    """The corpus of a stamp and the facts kept with it; None where there is none, or a damaged one."""
    place = _place(stamp, cache_dir)
    try:
        told = json.loads((place / _FACTS).read_text(encoding="utf-8"))
        if told["sum"] != contents(place, without=_FACTS):
            return None
        os.utime(place)  # used last
        return open_prepared(place), {name: int(count) for name, count in told["facts"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, CorpusError):
        return None


def keep(prepared: Prepared, stamp: Stamp, facts: Mapping[str, int], cache_dir: Path) -> None:
    """Keep a copy for the next run, unless another day may bring something else."""
    files = sorted(prepared.folder.iterdir())
    if prepared.report.depends_on_the_day or sum(file.stat().st_size for file in files) > _LARGEST_KEPT:
        return
    place = _place(stamp, cache_dir)
    try:
        with growing(place) as part:
            for file in files:
                shutil.copyfile(file, part / file.name)
            (part / _FACTS).write_text(
                json.dumps({"sum": contents(part, without=_FACTS), "facts": dict(facts)}), encoding="utf-8"
            )
            put(part, place)
        others = sorted(place.parent.iterdir(), key=lambda folder: folder.stat().st_mtime_ns)
        for folder in others[:-_MOST]:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        return  # full, read-only, or another run tidies as well: the next run reads again


def _place(stamp: Stamp, cache_dir: Path) -> Path:
    name = hashlib.blake2b(repr((stamp.corpora, stamp.digest)).encode("utf-8", "surrogatepass"), digest_size=16)
    return cache_dir / "prepared" / name.hexdigest()
