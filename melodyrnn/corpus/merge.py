"""Shards of a corpus, prepared apart, become the one corpus that a single machine would have prepared.

Reading is what takes long, and it is done; here duplicates are found across shards, families anew, and the
parts divided anew. Melodies come in the order of their names, as from a folder, so what is kept of two
duplicates does not depend on the number of shards. Only `left_out.jsonl` may name another of several copies.

Contents: merge.
"""

from __future__ import annotations

import heapq
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from melodyrnn.corpus.encoding import fit
from melodyrnn.corpus.prepare import build
from melodyrnn.corpus.prepared import open_prepared
from melodyrnn.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

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
        CorpusError: a shard is no prepared corpus, or they were prepared from other corpora than each other.
        OutputError: the folder cannot be written.
    """
    opened = [open_prepared(shard) for shard in shards]
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


def _melodies(shard: Prepared) -> Iterator[_Offered]:
    """The melodies of a shard in their order."""
    for i, (name, title) in enumerate(zip(shard.names, shard.titles, strict=True)):
        melody = shard.columns(i)
        yield _Offered((melody.style, PurePath(name).parts), name, title, melody)
