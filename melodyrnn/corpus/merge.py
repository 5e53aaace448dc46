"""Shards of a corpus, prepared apart, become the one corpus that a single machine would have prepared.

Reading is what takes long, and it is done; here duplicates are found across shards, families anew, and the
parts divided anew. Melodies come in the order of their names, as from a folder, so what is kept of two
duplicates does not depend on the number of shards. Only `left_out.jsonl` may name another of several copies.

Contents: merge.
"""

from __future__ import annotations

import heapq
from collections import Counter
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, NamedTuple

from melodyrnn.corpus.encoding import fit
from melodyrnn.corpus.prepare import build
from melodyrnn.corpus.prepared import open_prepared
from melodyrnn.corpus.stamp import read_stamp
from melodyrnn.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.corpus.prepare import Writer
    from melodyrnn.corpus.prepared import Prepared
    from melodyrnn.events.columns import Columns


class _Offered(NamedTuple):
    order: tuple[int, tuple[str, ...]]
    name: str
    title: str
    melody: Columns


def merge(shards: Sequence[str | Path], folder: str | Path, *, seed: int = 0) -> Prepared:
    """Write the corpus of all shards into a folder and open it.

    Raises:
        CorpusError: a shard is no prepared corpus, or they were prepared from other corpora than each other, or
            they are not all shards of one corpus, each once.
        OutputError: the folder cannot be written.
    """
    opened = [open_prepared(shard) for shard in shards]
    _refuse_gaps([Path(shard) for shard in shards])
    styles = {shard.styles for shard in opened}
    if len(styles) != 1:
        raise CorpusError("the shards belong to different corpora; give all shards of one `corpus prepare`")

    def fill(writer: Writer) -> None:
        for shard in opened:
            for row in shard.left_out():
                writer.leave_out(row["name"], row["reason"], row["detail"])
            writer.snapped += shard.report.snapped
        for offered in heapq.merge(*map(_melodies, opened), key=lambda one: one.order):
            writer.admit(offered.name, offered.title, fit(offered.melody))

    return build(folder, styles.pop(), fill, seed=seed)


def _refuse_gaps(folders: Sequence[Path]) -> None:
    """Demand each shard once. Corpora that `prepare` wrote from Python may not say what they are."""
    stamps = [(folder, read_stamp(folder)) for folder in folders]
    told = [(folder, stamp.shard) for folder, stamp in stamps if stamp is not None]
    wholes = [folder for folder, shard in told if not shard]
    parts = Counter(shard for _, shard in told if shard)
    if not parts:
        return
    if wholes:
        raise CorpusError(
            f"{wholes[0]}: is no shard but a whole corpus, or an older melodyrnn prepared it; give shards alone"
        )
    sizes = {int(shard.partition("/")[2]) for shard in parts}
    if len(sizes) > 1:
        raise CorpusError(
            f"these are shards of {' and of '.join(map(str, sorted(sizes)))}; give those of one preparation"
        )
    of = sizes.pop()
    if twice := [shard for shard, times in parts.items() if times > 1]:
        raise CorpusError(f"shard {twice[0]} is given twice; give each of the {of} once")
    if missing := [f"{i}/{of}" for i in range(1, of + 1) if f"{i}/{of}" not in parts]:
        raise CorpusError(f"shard {missing[0]} is missing; give all {of}, prepared with --shard")


def _melodies(shard: Prepared) -> Iterator[_Offered]:
    """The melodies of a shard in their order."""
    for i, (name, title) in enumerate(zip(shard.names, shard.titles, strict=True)):
        melody = shard.columns(i)
        yield _Offered((melody.style, PurePath(name).parts), name, title, melody)
