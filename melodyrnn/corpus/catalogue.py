"""The corpora there are: the built-in ones, what they are and how they are read; folders; single files.

Each is described by a TOML in `corpora/` (title, source, licence, how it is read, counts). The music
itself is not ours to ship: it comes with music21, which is installed but not imported here.

Contents: CorpusInfo, names, describe, sources, sources_of.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from melodyrnn.corpus.files import FORMATS, Shard, Source, find_files, suffix_of
from melodyrnn.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class CorpusInfo:
    """A built-in corpus as its TOML describes it."""

    name: str
    title: str
    about: str
    source: str  # who collected and encoded it, with addresses
    licence: str
    folder: str  # inside music21's corpus
    files: tuple[str, ...]  # patterns of file names
    leave_out: tuple[str, ...]
    format: str
    track: str | None
    tonic_only: bool
    melodies: int  # measured with the music21 of constraints.txt
    notes: int


def names() -> tuple[str, ...]:
    """Name the built-in corpora, in alphabetical order."""
    return tuple(sorted(path.stem for path in _shelf().glob("*.toml")))


def describe(name: str) -> CorpusInfo:
    """Look a built-in corpus up.

    Raises:
        CorpusError: no such corpus; the message lists those there are.
    """
    import tomllib  # noqa: PLC0415 - a folder needs none of this

    if name not in names():
        raise CorpusError(f"{name}: no such corpus; the built-in ones are {', '.join(names())}, or name a folder")
    data = tomllib.loads((_shelf() / f"{name}.toml").read_text(encoding="utf-8"))
    read, counts = data["read"], data["counts"]
    return CorpusInfo(
        name, data["title"], data["about"], data["source"], data["licence"],
        read["folder"], tuple(read["files"]), tuple(read.get("leave_out", ())), read["format"],
        read.get("track"), read.get("key") == "tonic", counts["melodies"], counts["notes"],
    )  # fmt: skip


def sources(name: str) -> list[Source]:
    """List the files of a built-in corpus, in the order of their names.

    Raises:
        CorpusError: no such corpus, or music21 is installed without its collection.
    """
    info = describe(name)
    folder = _music21() / info.folder
    left_out = {path for pattern in info.leave_out for path in folder.glob(pattern)}
    paths = sorted({path for pattern in info.files for path in folder.glob(pattern)} - left_out)
    if not paths:
        raise CorpusError(f"{name}: {folder} holds no {info.files[0]}; install the full music21 (pip install music21)")
    return [Source(f"{name}/{path.stem}", str(path), info.format, info.track, info.tonic_only) for path in paths]


def sources_of(corpus: str | Path, track: str | None, shard: Shard | None) -> Iterator[Source]:
    """The files of a corpus, in order; raises CorpusError (at once) for one that is none."""
    shard = shard or Shard()
    if isinstance(corpus, str) and corpus in names():
        return (source for source in sources(corpus) if shard.holds(source.name))
    path = Path(corpus)
    if path.is_dir():
        own, top = find_files(path), len(str(path / "x")) - 1
        mine = own if shard.of == 1 else (f for f in own if shard.holds(f[top:]))
        return (Source(f, f, FORMATS[f[f.rfind(".") :].lower()], track) for f in mine)
    if path.is_file():
        alone = Source(str(path), str(path), FORMATS.get(suffix_of(path.name), ""), track)
        return iter([alone] if shard.holds(path.name) else [])
    raise CorpusError(f"{corpus}: neither a folder nor a built-in corpus ({', '.join(names())})")


def _shelf() -> Path:
    """The folder of TOMLs: inside the installed package, or beside it in the repository."""
    package = Path(__file__).resolve().parents[1]
    for place in (package / "corpora", package.parent / "corpora"):
        if (place / "kinder.toml").is_file():
            return place
    raise CorpusError(f"{package}: the descriptions of the built-in corpora are missing; install melodyrnn again")


def _music21() -> Path:
    """The collection inside the installed music21, found without importing it."""
    spec = importlib.util.find_spec("music21")
    if spec is None or not spec.submodule_search_locations:
        raise CorpusError("the built-in corpora come with music21; install it (pip install music21)")
    return Path(spec.submodule_search_locations[0]) / "corpus"
