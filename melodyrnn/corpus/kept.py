"""Prepared corpora kept in the user's cache folder: what has not changed is neither read nor prepared again.

A corpus is kept under the hash of its stamp (what it was made of, see `stamp`), with a hash over its files: one that is
damaged, or was cut off by a power cut, is not used. The eight used last are kept. A cache that cannot be written is
never an error.

Contents: recall, keep.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from typing import TYPE_CHECKING, Final

from melodyrnn.corpus.prepared import Prepared, open_prepared
from melodyrnn.corpus.replacing import growing, put
from melodyrnn.corpus.stamp import contents
from melodyrnn.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from melodyrnn.corpus.stamp import Stamp

_FACTS: Final = "kept.json"
_MOST: Final = 8
_LARGEST: Final = 1 << 30  # bytes; a larger corpus is for `corpus prepare`


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
    if prepared.report.depends_on_the_day or sum(file.stat().st_size for file in files) > _LARGEST:
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
