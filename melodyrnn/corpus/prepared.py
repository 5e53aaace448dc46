"""A prepared corpus on disk: columns of integers, mapped into memory, and a manifest; and the cache of such corpora.

Conventions
    notes.*     one file a column, all melodies end to end; `starts` says where each begins.
    melodies.*  one file a column, one entry a melody. Text (names, titles) is UTF-8 end to end, with `*_ends`.
    left_out.jsonl   every tune that did not come in: name, reason (a key of errors.REASONS, or "benchmark"), detail.
    part        0 train, 1 validation, 2 test; a family is never divided.
    phrase, chord, next_chord, chord_left   as `events.context` has them, 0 throughout a melody of which nothing is
                told; files that are there only where the corpus has any (6 bytes a note).
    corpus      row of the style that a melody's corpus has, where several were prepared together; its own style may
                be another, that of a dance.

A folder is trusted as little as any file: sizes and offsets are checked against the manifest when it is opened. The
user's cache keeps the eight corpora used last under the hash of their stamps, each with a hash over its files; a
damaged one is not used, and a cache that cannot be written is never an error.

Contents: PARTS, NOTES, PHRASES, HARMONIES, MELODIES, TEMPO; Prepared, open_prepared, is_prepared, seed_of,
manifest_text; recall, keep (cache).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from melodyrnn.corpus.replacing import growing, put, settle
from melodyrnn.corpus.sources import names as built_in
from melodyrnn.corpus.stamp import MANIFEST, Report, contents
from melodyrnn.errors import CorpusError
from melodyrnn.events import vocabulary
from melodyrnn.events.columns import Columns
from melodyrnn.events.context import CHORDS_HEARD, Harmonic
from melodyrnn.events.viewpoints import STYLES
from melodyrnn.music.key import MODES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from melodyrnn.corpus.stamp import Stamp
    from melodyrnn.events.vocabulary import Indices

PREPARED_VERSION: Final = 2
PARTS: Final = ("train", "validation", "test")
NOTES: Final = {
    "rest": "u1", "duration": "u1", "pitch": "u1", "metre": "u1", "place": "<u2", "bar": "<u2", "bar_ticks": "<u2",
}  # fmt: skip
"""Columns of notes: name → dtype; 10 bytes a note."""
PHRASES: Final = {"phrase": "<u2"}
HARMONIES: Final = {"chord": "u1", "next_chord": "u1", "chord_left": "<u2"}
"""Columns of notes that a corpus has only where it has phrases, or chords."""
MELODIES: Final = {
    "starts": "<u8", "bars": "<u4", "mode": "u1", "tonic": "u1", "anchor": "<i2", "style": "u1", "corpus": "u1",
    "family": "<u4", "part": "u1", "name_ends": "<u8", "title_ends": "<u8",
}  # fmt: skip
"""Columns of melodies: name → dtype. `starts` has one entry more, the number of notes."""
TEMPO: Final = "<u2"
"""Quarters a minute, a column of melodies that corpora of 0.2.0 and before have not; 0 = not known."""
_BOUNDS: Final = {
    "rest": len(vocabulary.RESTS), "duration": len(vocabulary.DURATIONS), "pitch": len(vocabulary.PITCHES),
    "metre": vocabulary.OTHER_METRE + 1, "mode": len(MODES), "tonic": 12, "style": STYLES + 1, "part": len(PARTS),
    "chord": CHORDS_HEARD, "next_chord": CHORDS_HEARD,
}  # fmt: skip
_MAX_MANIFEST: Final = 10_000_000
_MOST_BARS: Final = 65_536  # a bar's number has two bytes
_MIDI: Final = 128
_MOST_LEFT_OUT: Final = 100_000  # characters of a line
_TEXTS: Final = ("name", "reason", "detail")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A prepared corpus. Arrays are views of the files; melody i is at row i everywhere."""

    folder: Path
    seed: int
    styles: tuple[str, ...]  # style row - 1 → name
    report: Report
    arrays: dict[str, NDArray[Any]]
    corpora: int = 0  # how many of the styles are corpora; they come first

    def __len__(self) -> int:
        return len(self.arrays["part"])

    def columns(self, i: int) -> Columns:
        """Melody i as the network reads it."""
        own = slice(int(self.arrays["starts"][i]), int(self.arrays["starts"][i + 1]))
        told: dict[str, Any] = {name: self.arrays[name][own].astype(np.int64) for name in NOTES}
        told |= {name: int(self.arrays[name][i]) for name in ("bars", "mode", "tonic", "anchor", "style")}
        phrase, harmony = self._told(PHRASES, own), self._told(HARMONIES, own)
        told["phrase"] = phrase[0] if phrase else None
        return Columns(**told, harmony=Harmonic(*harmony) if harmony else None)

    def _told(self, names: Mapping[str, str], own: slice) -> list[Indices]:
        """Columns of one melody's notes that not every melody has; none where it does not have them."""
        found = [self.arrays[name][own].astype(np.int64) for name in names if name in self.arrays]
        return found if found and found[0][0] else []

    @property
    def tempos(self) -> NDArray[np.int64]:
        """Quarters a minute of each melody; 0 where that is not known."""
        found = self.arrays.get("tempo")
        return np.zeros(len(self), np.int64) if found is None else found.astype(np.int64)

    def part(self, name: str) -> NDArray[np.int64]:
        """Indices of the melodies of 'train', 'validation' or 'test'."""
        return np.flatnonzero(self.arrays["part"] == PARTS.index(name))

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Notes of each melody."""
        starts = self.arrays["starts"].astype(np.int64)
        return starts[1:] - starts[:-1]

    @property
    def families(self) -> NDArray[np.uint32]:
        """Family of each melody: the index of its first member."""
        return self.arrays["family"]

    @property
    def names(self) -> list[str]:
        """What each melody was read from."""
        return self._texts("name")

    @property
    def titles(self) -> list[str]:
        """Title of each melody, "" where it has none."""
        return self._texts("title")

    def left_out(self) -> Iterator[dict[str, str]]:
        """Tunes that did not come in: name, reason, detail. Raises CorpusError."""
        try:
            with (self.folder / "left_out.jsonl").open(encoding="utf-8") as lines:
                while line := lines.readline(_MOST_LEFT_OUT):
                    row = json.loads(line)
                    _demand(self.folder, isinstance(row, dict) and all(isinstance(row.get(n), str) for n in _TEXTS))
                    yield row
        except OSError as problem:
            raise CorpusError(f"{self.folder}: left_out.jsonl cannot be read ({problem.strerror})") from None
        except (ValueError, RecursionError):
            raise CorpusError(f"{self.folder}: its left_out.jsonl is damaged; prepare the corpus again") from None

    def _texts(self, what: str) -> list[str]:
        text, ends = self.arrays[f"{what}s"], self.arrays[f"{what}_ends"].astype(np.int64)
        begins = np.concatenate(([0], ends))[: len(ends)]
        return [text[a:b].tobytes().decode("utf-8", "replace") for a, b in zip(begins, ends, strict=True)]


def open_prepared(folder: str | Path) -> Prepared:
    """Open a prepared corpus. Raises CorpusError when it is none, damaged or from another version."""
    folder = Path(folder)
    if not (folder / MANIFEST).is_file():
        settle(folder)
    told = _manifest(folder)
    melodies, notes = told["report"].melodies, told["report"].notes
    kept = NOTES | (PHRASES if told["report"].phrased else {}) | (HARMONIES if told["report"].harmonised else {})
    sizes = {f"notes.{name}": (dtype, notes) for name, dtype in kept.items()}
    sizes |= {f"melodies.{name}": (dtype, melodies + (name == "starts")) for name, dtype in MELODIES.items()}
    arrays = {file.split(".")[1]: _map(folder / file, dtype, count) for file, (dtype, count) in sizes.items()}
    if (tempo := folder / "melodies.tempo").is_file():
        arrays["tempo"] = _map(tempo, TEMPO, melodies)
    for text in ("name", "title"):
        ends = arrays[f"{text}_ends"].astype(np.int64)
        arrays[f"{text}s"] = _map(folder / f"melodies.{text}s", "u1", int(ends[-1]) if len(ends) else 0)
        _demand(folder, bool((np.diff(ends, prepend=0) >= 0).all()))
    starts = arrays["starts"].astype(np.int64)
    _demand(folder, starts[0] == 0 and starts[-1] == notes and bool((np.diff(starts) > 0).all()))
    for name, bound in _BOUNDS.items():
        _demand(folder, name not in arrays or not arrays[name].size or int(arrays[name].max()) < bound)
    _demand(folder, _agrees(arrays, starts, len(told["styles"]), told["corpora"]))
    _demand(folder, _tells(arrays, starts[:-1], PHRASES) == told["report"].phrased)
    _demand(folder, _tells(arrays, starts[:-1], HARMONIES) == told["report"].harmonised)
    return Prepared(folder, told["seed"], tuple(told["styles"]), told["report"], arrays, told["corpora"])


def _tells(arrays: Mapping[str, NDArray[Any]], begins: NDArray[np.int64], names: Mapping[str, str]) -> int:
    """How many melodies have these columns; -1 where one has them for some of its notes alone."""
    found = [arrays[name] for name in names if name in arrays and name != "chord_left"]
    if not found or not len(begins):
        return 0
    counts = {tuple(np.add.reduceat(column > 0, begins, dtype=np.int64).tolist()) for column in found}
    told, lengths = np.array(counts.pop()), np.diff(begins, append=len(found[0]))
    return int((told > 0).sum()) if not counts and ((told == 0) | (told == lengths)).all() else -1


def _agrees(arrays: Mapping[str, NDArray[Any]], starts: NDArray[np.int64], styles: int, corpora: int) -> bool:
    """Whether columns say of each melody what can be: notes within bars that last, counted upwards, of MIDI pitches."""
    if len(starts) < 2:  # an empty shard
        return True
    last = np.maximum.reduceat(arrays["bar"], starts[:-1])
    highest = arrays["anchor"].astype(np.int64) + vocabulary.PITCHES[0]
    highest += np.maximum.reduceat(arrays["pitch"], starts[:-1])
    inner = np.ones(len(arrays["bar"]) - 1, dtype=bool)
    inner[starts[1:-1] - 1] = False  # from one melody to the next
    sound = (
        (arrays["place"] < arrays["bar_ticks"]).all(),
        (arrays["bar"][1:] >= arrays["bar"][:-1])[inner].all(),
        (last < arrays["bars"]).all() and arrays["bars"].max() <= _MOST_BARS,
        (arrays["anchor"] >= 0).all() and (highest < _MIDI).all(),
        (arrays["family"] < len(arrays["family"])).all(),
        arrays["style"].max() <= styles,
        arrays["corpus"].max() <= corpora <= styles,
    )
    return all(map(bool, sound))


def is_prepared(folder: str | Path) -> bool:
    """Whether a folder is a prepared corpus, put right first; the name of a built-in corpus never is (./kinder is)."""
    if isinstance(folder, str) and folder in built_in():
        return False
    settle(folder)
    return (Path(folder) / MANIFEST).is_file()


def seed_of(folder: Path) -> int | None:
    """With which seed a prepared corpus was divided; None where that cannot be told."""
    try:
        seed: int = _manifest(folder)["seed"]
    except CorpusError:
        return None
    return seed


def manifest_text(seed: int, styles: tuple[str, ...], corpora: int, report: Report) -> str:
    """The manifest, readable by people as well; the first `corpora` styles are corpora."""
    versions = {"version": PREPARED_VERSION, "vocabulary": vocabulary.VOCABULARY_VERSION}
    told = {**versions, "seed": seed, "styles": styles, "corpora": corpora, "report": asdict(report)}
    return json.dumps(told, indent=1, sort_keys=True) + "\n"


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        if not path.is_file():
            raise CorpusError(f"{folder}: not a prepared corpus (it has no {MANIFEST}); make one with: corpus prepare")
        if path.stat().st_size > _MAX_MANIFEST:
            raise CorpusError(f"{folder}: its {MANIFEST} is too large to be one")
        told = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise CorpusError(f"{folder}: cannot be read ({problem.strerror})") from None
    except (ValueError, RecursionError):
        raise CorpusError(f"{folder}: its {MANIFEST} is damaged; prepare the corpus again") from None
    _demand(folder, isinstance(told, dict))
    if (told.get("version"), told.get("vocabulary")) != (PREPARED_VERSION, vocabulary.VOCABULARY_VERSION):
        raise CorpusError(f"{folder}: prepared by another version of melodyrnn; prepare the corpus again")
    report, styles = told.get("report"), told.get("styles")
    _demand(folder, isinstance(report, dict) and set(report) == {f.name for f in fields(Report)})
    _demand(folder, isinstance(styles, list) and len(styles) <= STYLES and all(isinstance(s, str) for s in styles))
    _demand(folder, type(told.get("seed")) is int and type(told.get("corpora")) is int)
    for one in fields(Report):
        found = report[one.name]
        _demand(folder, isinstance(found, dict) == str(one.type).startswith("dict"))
        counts = found.values() if isinstance(found, dict) else (found,)
        _demand(folder, all(type(count) is int and 0 <= count < 1 << 40 for count in counts))
    return {**told, "report": Report(**report)}


def _map(path: Path, dtype: str, count: int) -> NDArray[Any]:
    """Map a file that must hold just so many numbers."""
    if not path.is_file() or path.stat().st_size != count * np.dtype(dtype).itemsize:
        raise CorpusError(f"{path.parent}: {path.name} is missing or cut short; prepare the corpus again")
    if not count:
        return np.empty(0, dtype)
    return np.asarray(np.memmap(path, dtype, mode="r", shape=(count,)))


def _demand(folder: Path, sound: bool) -> None:  # noqa: FBT001 - one statement of a fact
    if not sound:
        raise CorpusError(f"{folder}: its parts contradict each other; prepare the corpus again")


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
