"""What there is to read, and what comes of it: files, folders, shards, the built-in corpora; outcomes.

A built-in corpus is described by a TOML in `corpora/` (title, source, licence, how it is read, counts); its music comes
with music21, which is installed but not imported here. Nothing heavy is: a second run needs no more.

Conventions
    Source    one file to read. Its `name` is how people and messages call it.
    Outcome   one tune: a melody, or the reason why there is none (a key of errors.REASONS). Where a file
              holds several tunes, each outcome is called `name:number`.

Contents: Source, Shard, suffix_of, find_files, other_kinds; Outcome, source_of, of_another_kind;
CorpusInfo, names, describe_corpus, sources, songs_in, sources_of.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from melodyrnn.corpus.elsewhere import belonging, collections_of, remembered
from melodyrnn.errors import REASONS, CorpusError, Unreadable
from melodyrnn.formats.registry import INPUT_FORMATS
from melodyrnn.music.harmony import Harmony
from melodyrnn.music.melody_json import melody_from_json, melody_to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.corpus.elsewhere import Collection
    from melodyrnn.music.melody import Melody

_DEEPEST: Final = 64  # folders within folders
_TEXTS: Final = ("reason", "detail", "track", "style")  # of an outcome


class Source(NamedTuple):
    """A file to read, and how. Tens of thousands of these are made."""

    name: str
    path: str  # as the system has it
    format: str  # a value of INPUT_FORMATS; "" for a file of another kind
    track: str | None = None
    tonic_only: bool = False  # K: names a tonic, the mode is to be found (Essen)
    chords: bool = False  # its chords are wanted, not its melody
    harmony: bool = False  # ... with its melody
    sung: bool = False  # a melody without words is none (songs)
    longest_rest: int = 0  # bars that a silence lasts at most; longer ones are shortened; 0 = as they are

    def to_json(self) -> dict[str, Any]:
        """Describe it for a worker process."""
        return self._asdict() | {"path": os.fsencode(self.path).hex()}  # a file name need not be text

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Source:
        """Build it again on the other side."""
        return cls(**data | {"path": os.fsdecode(bytes.fromhex(data["path"]))})


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
    """Yield the files below a folder with a suffix of INPUT_FORMATS, in the order of names. Raises CorpusError.

    Pipes and folders of such names too: reading refuses them. Folders that lead back to one above are not entered.
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
        found.update(
            suffix_of(name) for name in names if not name.startswith(".") and suffix_of(name) not in INPUT_FORMATS
        )
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
        if suffix_of(name) in INPUT_FORMATS:
            yield top + name
        elif not name.startswith(".") and os.path.isdir(top + name):  # noqa: PTH112 - False for a link to itself
            yield from _walk(top + name, (*above, here))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one tune: a melody, with its chords where they are known (or these alone), or a reason."""

    name: str
    melody: Melody | None = None
    reason: str = ""  # a key of REASONS when there is no melody
    detail: str = ""
    warnings: tuple[str, ...] = ()
    track: str = ""  # which voice was taken, in words
    chords: Harmony | None = None  # beside a melody: those that sound with it
    style: str = ""  # what people call such a tune ("jig"), where its file says so

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
        for field in _TEXTS:
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
        texts = [data.get(field, "") for field in _TEXTS]
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
        return cls(data["name"], melody, texts[0], texts[1], tuple(notes), texts[2], chords, texts[3])


def source_of(path: str | Path, *, name: str = "", track: str | None = None) -> Source | Outcome:
    """Say how a file is read, by its suffix; a file of another kind is refused at once."""
    path = str(path)
    kind = INPUT_FORMATS.get(suffix_of(path))
    return of_another_kind(name or path) if kind is None else Source(name or path, path, kind, track)


def of_another_kind(name: str) -> Outcome:
    """Refuse a file that has no suffix of INPUT_FORMATS."""
    return Outcome(name, reason="not-notation", detail=f"its suffix must be one of {' '.join(INPUT_FORMATS)}")


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
    collections: tuple[Collection, ...] = ()  # where its music is to be got, which does not come with music21
    longest_rest: int = 0  # bars; see Source


def names() -> tuple[str, ...]:
    """Name the built-in corpora, in alphabetical order."""
    return tuple(sorted(path.stem for path in _shelf().glob("*.toml")))


def describe_corpus(name: str) -> CorpusInfo:
    """Look a built-in corpus up. Raises CorpusError: no such corpus; the message lists those there are."""
    import tomllib  # noqa: PLC0415 - a folder needs none of this

    if name not in names():
        raise CorpusError(f"{name}: no such corpus; the built-in ones are {', '.join(names())}, or name a folder")
    data = tomllib.loads((_shelf() / f"{name}.toml").read_text(encoding="utf-8"))
    read, counts = data["read"], data["counts"]
    return CorpusInfo(
        name, data["title"], data["about"], data["source"], data["licence"],
        read.get("folder", ""), tuple(read.get("files", ())), tuple(read.get("leave_out", ())), read["format"],
        read.get("track"), read.get("key") == "tonic", counts["melodies"], counts["notes"],
        collections_of(data.get("collection", ())), read.get("longest_rest", 0),
    )  # fmt: skip


def sources(name: str) -> list[Source]:
    """List a built-in corpus's files, in order. Raises CorpusError: no such corpus, or its music is not here."""
    info = describe_corpus(name)
    if info.collections:
        return songs_in(info, remembered(name))[0]
    folder = _music21() / info.folder
    left_out = {path for pattern in info.leave_out for path in folder.glob(pattern)}
    paths = sorted({path for pattern in info.files for path in folder.glob(pattern)} - left_out)
    if not paths:
        raise CorpusError(f"{name}: {folder} holds no {info.files[0]}; install the full music21 (pip install music21)")
    return [
        Source(f"{name}/{path.stem}", str(path), info.format, info.track, info.tonic_only, harmony=True)
        for path in paths
    ]


def songs_in(info: CorpusInfo, folders: Sequence[Path]) -> tuple[list[Source], list[str]]:
    """The files of a corpus that lies in some folders, by name, each once; and the files there that are none of it.

    Raises CorpusError without a folder, or where none of its files is to be found.
    """
    found: dict[str, Source] = {}
    others: list[str] = []
    for folder in folders:
        paths = (path for path in find_files(folder) if INPUT_FORMATS[suffix_of(path)] == info.format)
        for path, name, collection in belonging(info.collections, paths):
            if collection is None:
                others.append(path)
                continue
            found.setdefault(name, Source(
                f"{info.name}/{name}", path, info.format, info.track, info.tonic_only,
                harmony=True, sung=collection.sung, longest_rest=info.longest_rest,
            ))  # fmt: skip
    if not found:
        where = " and ".join(one.repository for one in info.collections)
        told = f"; there is none of its files in {', '.join(map(str, folders))}" if folders else ""
        raise CorpusError(
            f"{info.name}: its music does not come with melodyrnn{told}: get {where}, "
            f"then: melodyrnn corpus build {info.name} --from FOLDER [--from FOLDER]"
        )
    return [found[name] for name in sorted(found)], others


def sources_of(corpus: str | Path, track: str | None, shard: Shard | None) -> Iterator[Source]:
    """The files of a corpus, in order; raises CorpusError (at once) for one that is none."""
    shard = shard or Shard()
    if isinstance(corpus, str) and corpus in names():
        return (source for source in sources(corpus) if shard.holds(source.name))
    path = Path(corpus)
    if path.is_dir():
        own, top = find_files(path), len(str(path / "x")) - 1
        mine = own if shard.of == 1 else (f for f in own if shard.holds(f[top:]))
        return (Source(f, f, INPUT_FORMATS[f[f.rfind(".") :].lower()], track, harmony=True) for f in mine)
    if path.is_file():
        alone = Source(str(path), str(path), INPUT_FORMATS.get(suffix_of(path.name), ""), track, harmony=True)
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
