"""Sets of melodies to judge by: a file, a folder, a prepared or a built-in corpus, read into columns.

Conventions
    name        of a melody: its path within the folder ("a/007.mid", "tunes.abc:12"), or as the corpus calls it.
    A melody without a stated key is heard in the key that melodyrnn.music.key_finding finds.

Contents: MelodySet, read_set, parts_as_trained; Seen, find_seen (which of them a model has trained on), shared
(between folds).
"""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from melodyrnn.corpus.prepared import PARTS, is_prepared, open_prepared
from melodyrnn.errors import CorpusError
from melodyrnn.events.columns import Columns, columns
from melodyrnn.events.fingerprint import Index
from melodyrnn.events.tokenizer import encode
from melodyrnn.music.key_finding import find_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from melodyrnn.corpus.prepared import Prepared
    from melodyrnn.events.fingerprint import SharedRun
    from melodyrnn.music.harmony import Harmony
    from melodyrnn.music.melody import Melody

SEEN_SHARE: Final = 0.4  # of a melody's notes in one run shared with a training tune: that tune, or a variant of it
SEEN_NOTES: Final = 24  # … or so many notes in a row, however long the melody


@dataclass(frozen=True, slots=True)
class MelodySet:
    """Melodies under one name."""

    name: str
    names: tuple[str, ...]  # one for each melody
    melodies: tuple[Columns, ...]
    refused: Counter[str]  # reason → files
    keys_found: int = 0  # melodies whose file states no key: theirs was found from all their notes

    @property
    def notes(self) -> int:
        """Notes in all."""
        return sum(len(m) for m in self.melodies)

    def take(self, rows: Sequence[int]) -> MelodySet:
        """A choice of the melodies."""
        chosen = tuple(self.names[k] for k in rows), tuple(self.melodies[k] for k in rows)
        return MelodySet(self.name, *chosen, self.refused)


def read_set(path: str, track: str | None = None) -> MelodySet:
    """Read a file, a folder or a corpus, prepared or built-in. Raises CorpusError if empty, Unreadable (a file)."""
    from melodyrnn.corpus.cache import load_corpus  # noqa: PLC0415 - brings the readers with it
    from melodyrnn.corpus.sources import names as built_in  # noqa: PLC0415
    from melodyrnn.formats.notation.music21_reader import NO_KEY  # noqa: PLC0415

    if is_prepared(path):
        prepared = open_prepared(path)
        if not len(prepared):
            raise CorpusError(f"{path}: an empty shard: holds no melody to judge by")
        return _chosen(prepared, range(len(prepared)), Path(path).name)
    refused: Counter[str] = Counter()
    named, keys_found = [], 0
    for outcome in load_corpus(path, track=track):
        if outcome.melody is None:
            if Path(path).is_file() and path not in built_in():
                raise outcome.error
            refused[outcome.reason] += 1
        elif outcome.melody.notes:
            named.append((_within(path, outcome.name), read_melody_columns(outcome.melody, outcome.chords)))
            keys_found += outcome.melody.key is None or any(told.startswith(NO_KEY) for told in outcome.warnings)
    if not named:
        raise CorpusError(f"{path}: holds no melody to judge by; `melodyrnn corpus check` tells the reasons")
    melodies = tuple(n for n, _ in named), tuple(m for _, m in named)
    return MelodySet(Path(path).name or path, *melodies, refused, keys_found)


def parts_as_trained(
    corpora: Sequence[str], seed: int = 0, track: str | None = None
) -> dict[tuple[str, str], MelodySet]:
    """Divide corpora as training does, all together: (corpus, part) → its melodies.

    A tune and its variants stay together, so only the corpora (in order) and the seed of a training give its parts.
    A prepared corpus is divided already, whatever the seed.
    """
    from melodyrnn.corpus.cache import load_corpus  # noqa: PLC0415
    from melodyrnn.corpus.prepare import prepare  # noqa: PLC0415

    if len(corpora) == 1 and is_prepared(corpora[0]):
        prepared = open_prepared(corpora[0])
        return {(corpora[0], part): _chosen(prepared, prepared.part(part).tolist(), corpora[0]) for part in PARTS}
    with tempfile.TemporaryDirectory(prefix="melodyrnn-") as folder:
        outcomes = {name: load_corpus(name, track=track) for name in corpora}
        prepared = prepare(outcomes, Path(folder) / "corpus", seed=seed)
        names = prepared.names
        rows = {part: prepared.part(part).tolist() for part in PARTS}
        found: dict[tuple[str, str], MelodySet] = {}
        for part, which in rows.items():
            melodies = [(prepared.columns(i), names[i]) for i in which]
            for row, corpus in enumerate(corpora, 1):
                own = [one for i, one in zip(which, melodies, strict=True) if prepared.arrays["corpus"][i] == row]
                told = tuple(name for _, name in own), tuple(m for m, _ in own)
                found[corpus, part] = MelodySet(corpus, *told, Counter())
        return found


def _chosen(prepared: Prepared, rows: Sequence[int], name: str) -> MelodySet:
    """Some melodies of a prepared corpus."""
    names = prepared.names
    return MelodySet(name, tuple(names[i] for i in rows), tuple(prepared.columns(i) for i in rows), Counter())


def read_melody_columns(melody: Melody, chords: Harmony | None = None) -> Columns:
    """A melody, with the chords of its file, as the network reads it: in its own key or the one that is found."""
    return columns(encode(melody, melody.key or find_key(melody)), chords=chords)


@dataclass(frozen=True, slots=True)
class Seen:
    """A melody that shares too much with a training tune."""

    index: int  # in the set
    name: str
    run: SharedRun


def find_seen(index: Index, melodies: Sequence[Columns], names: Sequence[str]) -> Iterator[Seen]:
    """Yield the melodies that a model has trained on, in any key or note value, whole or as a variant."""
    for k, (melody, name) in enumerate(zip(melodies, names, strict=True)):
        run = index.longest_run(melody)
        if run.length and (run.length >= SEEN_NOTES or run.length >= SEEN_SHARE * len(melody)):
            yield Seen(k, name, run)


def shared(melodies: MelodySet, folds: Mapping[str, int]) -> int:
    """How many melodies share with one of another fold what `find_seen` would call seen."""
    told = [(m, name, folds[name]) for m, name in zip(melodies.melodies, melodies.names, strict=True)]
    found = 0
    for fold in sorted(set(folds.values())):
        index = Index.build((name, m) for m, name, own in told if own != fold)
        tested = [(m, name) for m, name, own in told if own == fold]
        found += sum(1 for _ in find_seen(index, [m for m, _ in tested], [name for _, name in tested]))
    return found


def _within(path: str, name: str) -> str:
    """A melody's name without the folder that was asked for."""
    folder = f"{Path(path)}/"
    return name.removeprefix(folder) if Path(path).is_dir() else Path(name).name if Path(path).is_file() else name
