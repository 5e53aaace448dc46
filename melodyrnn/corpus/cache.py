"""Corpora read once: the outcomes of reading, kept under the user's cache folder by content.

A corpus is a built-in name, a folder, or one file (a collection in ABC). What reading a file gave is
kept under a hash of its bytes, of the options and of the source code of the readers, so that a moved
or copied file is known again and a changed reader reads again; path, size and time of change spare
the hashing. Refusals are kept as well, except those that another day may not bring (timeout, memory,
crash, missing, unreadable).

Format: one SQLite file (its transactions are atomic and several programs may share it) holding
zlib-compressed JSON; nothing in it can run code. A damaged or unwritable cache is never an error:
the files are read instead.

Contents: load_corpus, user_cache.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import zlib
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from melodyrnn.corpus.reading import Limits, read_files
from melodyrnn.corpus.sources import Outcome, of_another_kind, sources_of
from melodyrnn.corpus.worker import read_source_bytes
from melodyrnn.errors import CorpusError, Unreadable
from melodyrnn.formats.registry import ISOLATED
from melodyrnn.system import user_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.corpus.sources import Shard, Source

_NOWHERE: Final = Path(os.devnull, "melodyrnn")
_PASSING: Final = frozenset({"timeout", "memory", "crash", "missing", "unreadable", "special"})
_COMMIT_EVERY: Final = 500  # files
_JSON: Final = json.JSONEncoder(separators=(",", ":")).encode
_MAX_BLOB: Final = 1 << 30
_SCHEMA: Final = """
    CREATE TABLE IF NOT EXISTS outcomes (key BLOB PRIMARY KEY, recipe TEXT, data BLOB) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS files
        (path TEXT, how TEXT, size INTEGER, time INTEGER, key BLOB, PRIMARY KEY (path, how));
"""


def load_corpus(
    corpus: str | Path,
    *,
    cache_dir: Path | None = None,
    jobs: int | None = None,
    limits: Limits | None = None,
    track: str | None = None,
    shard: Shard | None = None,
) -> Iterator[Outcome]:
    """Yield the outcome of every tune of a built-in corpus, a folder or a file; read only what is new.

    `cache_dir` defaults to the user's cache folder of this system. Raises CorpusError, at once, for what is no corpus.
    """
    items = sources_of(corpus, track, shard)
    limits = limits or Limits()
    return _load(items, _Store.open(cache_dir or user_cache()), jobs, limits)


def user_cache() -> Path:
    """The user's cache folder of this system; one that nothing can be written to where the user has no home."""
    return user_folder("cache") or _NOWHERE


@dataclass(slots=True)
class _Planned:
    """A file in its turn: known already (`key`), refused already (`outcome`), or to be read."""

    source: Source | None
    key: bytes | None = None
    outcome: Outcome | None = None
    known: bool = False


def _load(items: Iterator[Source], store: _Store, jobs: int | None, limits: Limits) -> Iterator[Outcome]:
    """Look every file up; read what is not known; yield all in order."""
    plan: deque[_Planned] = deque()

    def unknown() -> Iterator[Source]:
        for item in items:
            if not item.format:
                plan.append(_Planned(None, outcome=of_another_kind(item.name)))
                continue
            entry = _look_up(item, store, limits)
            plan.append(entry)
            if not entry.known:
                yield item

    try:
        for source, outcomes in read_files(unknown(), jobs=jobs, limits=limits):
            while plan[0].known or plan[0].outcome:
                yield from _recall(plan.popleft(), store, limits)
            entry = plan.popleft()
            if source is not None and entry.key is not None:
                store.put(entry.key, source, outcomes)
            yield from outcomes
        while plan:
            yield from _recall(plan.popleft(), store, limits)
    finally:
        store.close()


def _look_up(source: Source, store: _Store, limits: Limits) -> _Planned:
    """Find out whether a file is known: by path, size and time, else by content."""
    asked = source._replace(name="", path="", format="")
    how = json.dumps([_recipe(source.format), asked, limits.strict])
    try:
        status = os.stat(source.path)  # noqa: PTH116 - one of tens of thousands
        stamp = (status.st_size, status.st_mtime_ns)
        key = store.key_of_file(source.path, how, stamp)
        if key is None:
            content = read_source_bytes(source)
            key = hashlib.blake2b(content, digest_size=20, key=hashlib.blake2b(how.encode()).digest()).digest()
            store.remember_file(source.path, how, stamp, key)
    except (Unreadable, OSError, ValueError):
        return _Planned(source)  # reading will say what is wrong with it
    return _Planned(source, key, known=store.has(key))


def _recall(entry: _Planned, store: _Store, limits: Limits) -> Iterator[Outcome]:
    """The outcomes of a file that is known; should the cache be damaged, read the file after all."""
    if entry.outcome is not None:
        yield entry.outcome
    elif entry.source is not None:
        outcomes = store.get(entry.key, entry.source)
        if outcomes is None:
            outcomes = [outcome for _, found in read_files([entry.source], jobs=1, limits=limits) for outcome in found]
        yield from outcomes


@cache
def _recipe(form: str) -> str:
    """A hash of the source code that reads a format: another reader, another result."""
    package = Path(__file__).resolve().parents[1]
    patterns = ("music/*.py", "formats/*.py", "formats/midi/*.py" if form == "midi" else "formats/notation/*.py")
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(path for pattern in patterns for path in package.glob(pattern)):
        digest.update(path.read_bytes())
    if form in ISOLATED:
        from importlib.metadata import version  # noqa: PLC0415

        digest.update(version("music21").encode())
    return f"{form}-{digest.hexdigest()}"


@dataclass(slots=True)
class _Store:
    """The SQLite file; once anything is wrong with it, it forgets everything and stays silent."""

    database: sqlite3.Connection | None
    pending: int = field(default=0)

    @classmethod
    def open(cls, folder: Path) -> _Store:
        """Open or make the store; a damaged file is thrown away."""
        path = folder / "readings.sqlite"
        for _ in range(2):
            try:
                folder.mkdir(parents=True, exist_ok=True)
                return cls(_opened(path))
            except sqlite3.OperationalError:  # locked, read-only, no room: not damaged
                return cls(None)
            except sqlite3.DatabaseError:
                with suppress(OSError):  # damaged, and not ours to throw away: the second time ends it
                    path.unlink(missing_ok=True)
            except OSError:
                return cls(None)
        return cls(None)

    def _run(self, statement: str, *values: Any) -> list[Any]:
        if self.database is None:
            return []
        try:
            return self.database.execute(statement, values).fetchall()
        except sqlite3.Error:
            self.database.close()
            self.database = None
            return []

    def key_of_file(self, path: str, how: str, stamp: tuple[int, int]) -> bytes | None:
        """The key of an unchanged file."""
        rows = self._run(
            "SELECT key FROM files WHERE path = ? AND how = ? AND size = ? AND time = ?", _name(path), how, *stamp
        )
        return rows[0][0] if rows else None

    def remember_file(self, path: str, how: str, stamp: tuple[int, int], key: bytes) -> None:
        """Note the key of a file; spares the hashing next time."""
        self._run("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", _name(path), how, *stamp, key)

    def has(self, key: bytes) -> bool:
        """Whether the outcomes for a key are kept."""
        return bool(self._run("SELECT 1 FROM outcomes WHERE key = ?", key))

    def get(self, key: bytes | None, source: Source) -> list[Outcome] | None:
        """The outcomes for a key, under the names of this source; None when missing or damaged."""
        rows = self._run("SELECT data FROM outcomes WHERE key = ?", key)
        try:
            unpacker = zlib.decompressobj()
            text = unpacker.decompress(rows[0][0], _MAX_BLOB)
            outcomes = [Outcome.from_json(data) for data in json.loads(text)]
        except (IndexError, TypeError, ValueError, zlib.error, RecursionError, CorpusError):
            return None
        return [replace(outcome, name=source.name + outcome.name) for outcome in outcomes]

    def put(self, key: bytes, source: Source, outcomes: list[Outcome]) -> None:
        """Keep outcomes, unless one is a matter of the day."""
        if any(outcome.reason in _PASSING for outcome in outcomes):
            return
        rows = [replace(outcome, name=outcome.name.removeprefix(source.name)).to_json() for outcome in outcomes]
        if self.pending == 0:  # what other readers made of these formats is of no use any more
            recipe = _recipe(source.format)
            self._run("DELETE FROM outcomes WHERE recipe LIKE ? AND recipe != ?", f"{source.format}-%", recipe)
        data = zlib.compress(_JSON(rows).encode(), 1)
        self._run("INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?)", key, _recipe(source.format), data)
        self.pending += 1
        if self.database is not None and self.pending % _COMMIT_EVERY == 0:
            self._run("COMMIT")

    def close(self) -> None:
        """Commit and close."""
        if self.database is not None:
            if self.database.in_transaction:
                self._run("COMMIT")
            if self.database is not None:
                self.database.close()


def _opened(path: Path) -> sqlite3.Connection:
    """The database of a file; raise sqlite3.Error, with nothing left open."""
    database = sqlite3.connect(path, timeout=30.0)
    try:
        database.executescript(_SCHEMA)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _name(path: str) -> str:
    """The absolute path as text that SQLite takes, whatever bytes the name has."""
    return str(Path(path).absolute()).encode("utf-8", "surrogateescape").decode("latin-1")
