"""Sets of melodies to judge by: a file, a folder, or a built-in corpus, read into columns.

Conventions
    name        of a melody: its path within the folder ("a/007.mid", "tunes.abc:12"), or as the corpus calls it.
    A melody without a stated key is heard in the key that melodyrnn.music.keys finds.

Contents: MelodySet, read_set; Seen, find_seen (which of them a model has trained on).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from melodyrnn.errors import CorpusError, OptionError
from melodyrnn.events.columns import Columns, columns
from melodyrnn.events.tokenizer import encode
from melodyrnn.music.keys import find_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.events.fingerprint import Index, Run
    from melodyrnn.music.melody import Melody

PARTS: Final = ("train", "validation", "test")
SEEN_SHARE: Final = 0.4  # of a melody's notes in one run shared with a training tune: that tune, or a variant of it
SEEN_NOTES: Final = 24  # … or so many notes in a row, however long the melody


@dataclass(frozen=True, slots=True)
class MelodySet:
    """Melodies under one name."""

    name: str
    names: tuple[str, ...]  # one for each melody
    melodies: tuple[Columns, ...]
    refused: Counter[str]  # reason → files

    @property
    def notes(self) -> int:
        """Notes in all."""
        return sum(len(m) for m in self.melodies)

    def take(self, rows: Sequence[int]) -> MelodySet:
        """A choice of the melodies."""
        chosen = tuple(self.names[k] for k in rows), tuple(self.melodies[k] for k in rows)
        return MelodySet(self.name, *chosen, self.refused)


def read_set(path: str, *, part: str | None = None) -> MelodySet:
    """Read a file, a folder or a built-in corpus; of the latter only a `part` of PARTS, when one is named.

    Raises CorpusError when there is no melody in it, Unreadable for a single file that holds none.
    """
    from melodyrnn.corpus.cache import load_corpus  # noqa: PLC0415 - brings the readers with it
    from melodyrnn.corpus.catalogue import names as built_in  # noqa: PLC0415

    if part is not None and part not in PARTS:
        raise OptionError("part", f"{part} is none of {', '.join(PARTS)}")
    if path in built_in() and part is not None:
        return _part(path, part)
    refused: Counter[str] = Counter()
    named = []
    for outcome in load_corpus(path):
        if outcome.melody is None:
            if Path(path).is_file() and path not in built_in():
                raise outcome.error
            refused[outcome.reason] += 1
        else:
            named.append((_within(path, outcome.name), heard(outcome.melody)))
    if not named:
        raise CorpusError(f"{path}: holds no melody to judge by; `melodyrnn corpus check` tells the reasons")
    return MelodySet(Path(path).name or path, tuple(n for n, _ in named), tuple(m for _, m in named), refused)


def heard(melody: Melody) -> Columns:
    """A melody as the network reads it, in its own key or the one that is found."""
    return columns(encode(melody, melody.key or find_key(melody)))


@dataclass(frozen=True, slots=True)
class Seen:
    """A melody that shares too much with a training tune."""

    index: int  # in the set
    name: str
    run: Run


def find_seen(index: Index, melodies: Sequence[Columns], names: Sequence[str]) -> Iterator[Seen]:
    """Yield the melodies that a model has trained on, in any key or note value, whole or as a variant."""
    for k, (melody, name) in enumerate(zip(melodies, names, strict=True)):
        run = index.longest_run(melody)
        if run.length and (run.length >= SEEN_NOTES or run.length >= SEEN_SHARE * len(melody)):
            yield Seen(k, name, run)


def _within(path: str, name: str) -> str:
    """A melody's name without the folder that was asked for."""
    folder = f"{Path(path)}/"
    return name.removeprefix(folder) if Path(path).is_dir() else Path(name).name if Path(path).is_file() else name


def _part(name: str, part: str) -> MelodySet:
    raise NotImplementedError
