"""Outcomes of reading, or shards → a prepared corpus: duplicates out, families kept together, columns on disk.

The way of a tune
    refused by the reader, shorter than 8 notes, or mostly off the grid → left out, with the reason
    copy or variant of a melody that must stay unseen → left out as "benchmark"
    the same melody as an earlier one (`duplicates.identity`) → left out as "duplicate", naming it
    else: encoded and appended to the columns; at the end families are found and divided among the parts.

Conventions: one pass over the outcomes; memory holds some 100 bytes and 50 shingles (8 bytes each) a melody. The part
of a family follows from the seed and from what its melodies are, not from their order or names. The folder appears
whole or not at all. Shards become the corpus that a single machine would have prepared: duplicates are found across
them, families and parts anew, melodies in the order of their names.

Contents: prepare, build, Writer, merge.
"""

from __future__ import annotations

import heapq
import json
import os
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from operator import itemgetter
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple, Self

import numpy as np

from melodyrnn.corpus.duplicates import Kin, divide_families, families
from melodyrnn.corpus.encoding import Entry, encode_many, entry_of
from melodyrnn.corpus.prepared import (
    HARMONIES,
    MELODIES,
    NOTES,
    PARTS,
    PHRASES,
    TEMPO,
    Prepared,
    manifest_text,
    open_prepared,
)
from melodyrnn.corpus.replacing import growing, put, settle
from melodyrnn.corpus.stamp import MANIFEST, Report, read_stamp, write_stamp
from melodyrnn.errors import REASONS, CorpusError, OptionError, OutputError
from melodyrnn.events.viewpoints import STYLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from melodyrnn.corpus.sources import Outcome
    from melodyrnn.corpus.stamp import Stamp
    from melodyrnn.events.columns import Columns
    from melodyrnn.music.melody import Melody

LEAST_NOTES: Final = 8
MOST_SNAPPED: Final = 0.25  # values off the tables a note, above which a tune is refused
_TUNES: Final = 256  # that are worked on together
_NOTES: Final = 40_000  # likewise: some 500 bytes each
MOST: Final = 65_535  # bars, and ticks of a bar: what two bytes hold


def prepare(
    outcomes: Iterable[Outcome] | Mapping[str, Iterable[Outcome]],
    folder: str | Path,
    *,
    seed: int = 0,
    exclude: Iterable[Melody] = (),
    stamp: Stamp | None = None,
) -> Prepared:
    """Write a prepared corpus into a folder and open it; one that is there already is replaced.

    `outcomes` may be a mapping corpus → outcomes. The style of a melody is the one that its file says, else its corpus
    where there are several; of styles that files say those of most melodies are told apart, as many as can be. Copies
    and variants of melodies of `exclude` are left out. A `stamp` is left in the folder: what it was made of. Raises
    CorpusError: no tune came in (a shard may be empty), or the folder holds something else; OutputError: it cannot be
    written.
    """
    corpora = outcomes if isinstance(outcomes, Mapping) else {"": outcomes}
    styles = tuple(name for name in corpora if name)

    def fill(writer: Writer) -> None:
        for name, tunes in corpora.items():
            for outcome in tunes:
                writer.take(outcome, styles.index(name) + 1 if name else 0)  # its corpus

    return build(folder, styles, fill, seed=seed, exclude=exclude, stamp=stamp)


def build(
    folder: str | Path,
    styles: tuple[str, ...],
    fill: Callable[[Writer], None],
    *,
    seed: int = 0,
    exclude: Iterable[Melody] = (),
    stamp: Stamp | None = None,
) -> Prepared:
    """Make a prepared corpus of what `fill` gives to its writer; errors as those of `prepare`."""
    target = Path(os.path.realpath(folder))
    settle(target)
    if target.exists() and not (target / MANIFEST).is_file() and (not target.is_dir() or any(target.iterdir())):
        raise CorpusError(f"{folder}: is there already and is no prepared corpus; choose another folder")
    if len(styles) > STYLES:
        raise OptionError("styles", f"{len(styles)} are too many, {STYLES} can be told apart")
    try:
        with growing(target) as part:
            with Writer(part, _Unseen(exclude)) as writer:
                fill(writer)
                report = writer.finish(seed, styles, part_of_many=stamp is not None and bool(stamp.shard))
            text = manifest_text(seed, tuple(report.styles), len(styles), report)
            (part / MANIFEST).write_text(text, encoding="utf-8")
            if stamp is not None:  # which must not come later than the folder: without it nobody knows whose that is
                write_stamp(part, stamp.for_today() if report.depends_on_the_day else stamp)
            put(part, target)
    except OSError as problem:
        raise OutputError(f"{folder}: cannot be written ({problem.strerror})") from problem
    return open_prepared(target)


class _Unseen:
    """Melodies that must not come in, and how to know them and their variants."""

    def __init__(self, melodies: Iterable[Melody]) -> None:
        found = [m for m in melodies if m.size]
        fits = encode_many(found, [0] * len(found)) if found else []
        self.titles = [m.title for m in found]
        self.identities = {fit.identity: i for i, fit in enumerate(fits)}
        entries = [fit.entries | np.uint64(i) for i, fit in enumerate(fits)]
        self.kin = Kin.build(np.concatenate([np.empty(0, np.uint64), *entries]), len(found))

    def known(self, own: int, entries: NDArray[np.uint64]) -> str | None:
        """The title of the melody that this one is a copy or variant of."""
        if not self.titles:
            return None
        if own in self.identities:
            return self.titles[self.identities[own]]
        others, kinship = self.kin.relatives(entries)
        return self.titles[others[kinship.argmax()]] if len(others) else None


class TuneFacts(NamedTuple):
    """What is known of a melody besides its notes."""

    name: str
    title: str
    style: str = ""  # that its file says
    tempo: int = 0  # quarters a minute, in two bytes; 0 = not known


class Writer:
    """Appends melodies to the columns of a folder."""

    def __init__(self, folder: Path, unseen: _Unseen) -> None:
        self.folder, self.unseen = folder, unseen
        self.scalars = {name: array("q") for name in (*MELODIES, "entry_ends", "tempo")} | {"identity": array("Q")}
        self.scalars["starts"].append(0)
        self.seen: dict[int, int] = {}  # identity → melody
        self.reasons: Counter[str] = Counter()
        self.offered = self.snapped = self.entries = 0
        self.text_ends = {"name": 0, "title": 0}
        self.files: dict[str, BinaryIO] = {}
        self.stack = ExitStack()
        self.waiting: list[tuple[Outcome, int]] = []
        self.notes_waiting = 0
        self.said: dict[str, int] = {}  # styles that files say → number, from 1
        self.saying = array("q")  # which of them each melody has; 0 = none
        self.telling = {"phrase": 0, "chord": 0}  # melodies that have these columns
        self.admitted: list[tuple[Columns, NDArray[np.uint64]]] = []

    def __enter__(self) -> Self:
        notes = (f"notes.{name}" for name in NOTES | PHRASES | HARMONIES)
        names = [*notes, "melodies.names", "melodies.titles", "left_out.jsonl", "entries"]
        for name in names:
            self.files[name] = self.stack.enter_context((self.folder / name).open("wb"))
        self.names = self.stack.enter_context((self.folder / "melodies.names").open("rb", buffering=0))
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def take(self, outcome: Outcome, corpus: int) -> None:
        """Add a tune of a corpus (its number, 0 for the only one), or note down why not, when enough have come."""
        self.waiting.append((outcome, corpus))
        self.notes_waiting += outcome.melody.size if outcome.melody is not None else 0
        if len(self.waiting) >= _TUNES or self.notes_waiting >= _NOTES:
            self._settle()

    def _settle(self) -> None:
        """Decide about the tunes that wait, in their order."""
        waiting, self.waiting, self.notes_waiting = self.waiting, [], 0
        fit_for = [
            (o.melody, corpus, o.chords)
            for o, corpus in waiting
            if o.melody is not None and o.melody.size >= LEAST_NOTES
        ]
        fits = iter(encode_many(*zip(*fit_for, strict=True)) if fit_for else ())
        for outcome, _ in waiting:
            melody = outcome.melody
            if melody is None:
                self.leave_out(outcome.name, outcome.reason, outcome.detail)
            elif melody.size < LEAST_NOTES:
                self.leave_out(outcome.name, "too-short", f"{melody.size} notes; at least {LEAST_NOTES}")
            else:
                self._take(
                    TuneFacts(outcome.name, melody.title, outcome.style, min(round(melody.tempo), MOST)), next(fits)
                )
        self._write()

    def _take(self, told: TuneFacts, fit: Entry) -> None:
        notes = len(fit.columns)
        if fit.snapped > MOST_SNAPPED * notes:
            return self.leave_out(told.name, "off-grid", f"{fit.snapped} values of {notes} notes")
        if max(fit.columns.bars, fit.widest) > MOST:
            return self.leave_out(told.name, "too-long", f"more than {MOST:,} bars, or a bar of more ticks")
        self.snapped += fit.snapped
        return self.admit(told, fit)

    def admit(self, told: TuneFacts, fit: Entry) -> None:
        """Add a melody that is fit, its style the number of its corpus, unless it is there or must stay unseen."""
        own = fit.identity
        if (known := self.unseen.known(own, fit.entries)) is not None:
            return self.leave_out(told.name, "benchmark", f"copy or variant of {known or 'a melody to stay unseen'}")
        if own in self.seen:
            return self.leave_out(told.name, "duplicate", self._name(self.seen[own]))
        self.offered += 1
        number = self.seen[own] = len(self.seen)
        return self._append(fit, told, number)

    def _append(self, fit: Entry, told: TuneFacts, number: int) -> None:
        for name in ("bars", "mode", "tonic", "anchor"):
            self.scalars[name].append(getattr(fit.columns, name))
        self.scalars["corpus"].append(fit.columns.style)
        self.scalars["tempo"].append(told.tempo)
        self.saying.append(self.said.setdefault(told.style, len(self.said) + 1) if told.style else 0)
        self.telling["phrase"] += fit.columns.phrase is not None
        self.telling["chord"] += fit.columns.harmony is not None
        self.scalars["starts"].append(self.scalars["starts"][-1] + len(fit.columns))
        for what, text in (("name", told.name), ("title", told.title)):
            raw = text.encode("utf-8", "replace")
            self.files[f"melodies.{what}s"].write(raw)
            self.text_ends[what] += len(raw)
            self.scalars[f"{what}_ends"].append(self.text_ends[what])
        self.entries += len(fit.entries)
        self.scalars["entry_ends"].append(self.entries)
        self.scalars["identity"].append(fit.identity)
        self.admitted.append((fit.columns, fit.entries | np.uint64(number)))
        if len(self.admitted) >= _TUNES:
            self._write()

    def _write(self) -> None:
        """Write the notes and entries of the melodies that came in since the last time."""
        if not self.admitted:
            return
        melodies, entries = zip(*self.admitted, strict=True)
        for name, dtype in NOTES.items():
            column = np.concatenate([getattr(melody, name) for melody in melodies])
            self.files[f"notes.{name}"].write(column.astype(dtype).tobytes())
        self._write_told(melodies)
        self.files["entries"].write(np.concatenate(entries).tobytes())
        self.admitted.clear()

    def _write_told(self, melodies: Sequence[Columns]) -> None:
        """Write the columns that not every melody has, 0 where it has none."""
        for name, dtype in (PHRASES | HARMONIES).items():
            of = [m.phrase if name in PHRASES else m.harmony and getattr(m.harmony, name) for m in melodies]
            silent = (np.zeros(len(m), np.int64) for m in melodies)
            column = np.concatenate([none if own is None else own for own, none in zip(of, silent, strict=True)])
            self.files[f"notes.{name}"].write(column.astype(dtype).tobytes())

    def leave_out(self, name: str, reason: str, detail: str) -> None:
        """Note down a tune that does not come in."""
        self.offered += 1
        self.reasons[reason] += 1
        line = json.dumps({"name": name, "reason": reason, "detail": detail})
        self.files["left_out.jsonl"].write(line.encode() + b"\n")

    def _name(self, melody: int) -> str:
        """Name of a melody that is in already."""
        self.files["melodies.names"].flush()
        ends = self.scalars["name_ends"]
        begin = ends[melody - 1] if melody else 0
        self.names.seek(begin)
        return self.names.read(ends[melody] - begin).decode("utf-8", "replace")

    def finish(self, seed: int, styles: tuple[str, ...], *, part_of_many: bool) -> Report:
        """Find the families, divide them, write the columns of melodies; give the report. A shard may be empty."""
        self._settle()
        count = len(self.seen)
        if not count and not part_of_many:
            counted = self.reasons.most_common()
            told = ", ".join(f"{n} × {why} ({REASONS.get(why, why)})" for why, n in counted) or "nothing was offered"
            raise CorpusError(f"no melody came in: {told}; `melodyrnn corpus check` says more about each file")
        self.stack.close()
        family = _families(self.folder / "entries", self.scalars["entry_ends"], count)
        (self.folder / "entries").unlink()
        parts = divide_families(family, np.array(self.scalars["identity"], np.uint64), seed)
        for first, group in (("phrase", PHRASES), ("chord", HARMONIES)):
            for name in group if not self.telling[first] else ():
                (self.folder / f"notes.{name}").unlink()
        names, style = self._styles(styles)
        columns = self.scalars | {"family": family, "part": parts, "style": style}
        for name, dtype in {**MELODIES, "tempo": TEMPO}.items():
            np.array(columns[name]).astype(dtype).tofile(self.folder / f"melodies.{name}")
        sizes = np.bincount(family, minlength=count)
        held = Counter(names[row - 1] for row in style.tolist() if row)
        refused = {r: n for r, n in sorted(self.reasons.items()) if r not in ("duplicate", "benchmark")}
        return Report(
            offered=self.offered, melodies=count, notes=self.scalars["starts"][-1], refused=refused,
            duplicates=self.reasons["duplicate"], excluded=self.reasons["benchmark"],
            families=int((sizes > 0).sum()), related=int(sizes[sizes > 1].sum()), snapped=self.snapped,
            parts={name: int((parts == i).sum()) for i, name in enumerate(PARTS)},
            styles={name: held[name] for name in names},
            phrased=self.telling["phrase"], harmonised=self.telling["chord"],
        )  # fmt: skip

    def _styles(self, corpora: tuple[str, ...]) -> tuple[list[str], NDArray[np.int64]]:
        """The styles that are told apart, corpora first, then the most frequent; and the row of each melody."""
        counts = np.bincount(self.saying, minlength=len(self.said) + 1)
        often = sorted((name for name in self.said if name not in corpora), key=lambda n: (-counts[self.said[n]], n))
        names = [*corpora, *sorted(often[: STYLES - len(corpora)])]
        rows = np.zeros(len(self.said) + 1, np.int64)
        for name, number in self.said.items():
            rows[number] = names.index(name) + 1 if name in names else 0
        said = rows[np.asarray(self.saying)] if self.saying else np.empty(0, np.int64)
        return names, np.where(said > 0, said, np.asarray(self.scalars["corpus"], np.int64))


def _families(file: Path, ends: array[int], count: int) -> NDArray[np.int64]:
    """Families from the shingles of each melody, which lie in a file, end to end."""
    kin = Kin.build(np.fromfile(file, np.uint64), count, least=2)
    with file.open("rb") as lines:

        def of(melody: int) -> NDArray[np.uint64]:
            begin = ends[melody - 1] if melody else 0
            lines.seek(8 * begin)
            return np.fromfile(lines, np.uint64, ends[melody] - begin)

        return families(count, of, kin)


def merge(shards: Sequence[str | Path], folder: str | Path, *, seed: int = 0) -> Prepared:
    """Write the corpus of all shards into a folder and open it.

    Raises CorpusError unless these are all shards of one corpus, each once; OutputError: the folder cannot be written.
    """
    opened = [open_prepared(shard) for shard in shards]
    _refuse_gaps([Path(shard) for shard in shards])
    corpora = {shard.styles[: shard.corpora] for shard in opened}
    if len(corpora) != 1:
        raise CorpusError("the shards belong to different corpora; give all shards of one `corpus prepare`")

    def fill(writer: Writer) -> None:
        for shard in opened:
            for row in shard.left_out():
                writer.leave_out(row["name"], row["reason"], row["detail"])
            writer.snapped += shard.report.snapped
        for _, told, melody in heapq.merge(*map(_melodies, opened), key=itemgetter(0)):
            writer.admit(told, entry_of(melody))

    return build(folder, corpora.pop(), fill, seed=seed)


def _refuse_gaps(folders: Sequence[Path]) -> None:
    """Demand each shard once. Corpora that `prepare` wrote from Python may not say what they are."""
    stamps = [(folder, read_stamp(folder)) for folder in folders]
    told = [(folder, stamp.shard) for folder, stamp in stamps if stamp is not None]
    wholes = [folder for folder, shard in told if not shard]
    parts = Counter(shard for _, shard in told if shard)
    if not parts:
        return
    if wholes:
        problem = "is no shard but a whole corpus, or an older melodyrnn prepared it; give shards alone"
        raise CorpusError(f"{wholes[0]}: {problem}")
    sizes = {int(shard.partition("/")[2]) for shard in parts}
    if len(sizes) > 1:
        several = " and of ".join(map(str, sorted(sizes)))
        raise CorpusError(f"these are shards of {several}; give those of one preparation")
    of = sizes.pop()
    if twice := [shard for shard, times in parts.items() if times > 1]:
        raise CorpusError(f"shard {twice[0]} is given twice; give each of the {of} once")
    if missing := [f"{i}/{of}" for i in range(1, of + 1) if f"{i}/{of}" not in parts]:
        raise CorpusError(f"shard {missing[0]} is missing; give all {of}, prepared with --shard")


def _melodies(shard: Prepared) -> Iterator[tuple[tuple[int, tuple[str, ...]], TuneFacts, Columns]]:
    """The melodies of a shard in their order: what they are ordered by, what is known of them, melody."""
    corpora = shard.arrays["corpus"].tolist()
    told = zip(shard.names, shard.titles, corpora, shard.tempos.tolist(), strict=True)
    for i, (name, title, corpus, tempo) in enumerate(told):
        melody = shard.columns(i)
        style = shard.styles[melody.style - 1] if melody.style not in {0, corpus} else ""
        yield (corpus, PurePath(name).parts), TuneFacts(name, title, style, tempo), replace(melody, style=corpus)
