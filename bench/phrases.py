"""How many melodies tell where their phrases begin, and how long phrases are: the built-in corpora and folders.

    python -m bench.phrases                                        all files of the built-in corpora
    python -m bench.phrases ../shared/corpora/lieder --every 10    each tenth file of them, and of a folder

A phrase's length is from its first note to the next one's, or to the end of the last note, in whole bars of the metre
where it begins, halves up. The table is printed and put into docs/benchmarks.md, between its markers.
"""

from __future__ import annotations

import argparse
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.sections import write_section
from melodyrnn.corpus.reading import read_files
from melodyrnn.corpus.sources import find_files, names, sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from melodyrnn.music.melody import Melody

GROUPS: Final = {
    "0, 1": (0, 1), "2": (2, 2), "3": (3, 3), "4": (4, 4), "5 to 7": (5, 7), "8": (8, 8), "9 and more": (9, 1 << 30),
}  # fmt: skip
"""Columns of the table → bars, the first and the last."""


def bars_of_phrases(melody: Melody) -> Iterator[int]:
    """The length of each phrase, rounded to bars."""
    for begin, end in pairwise([melody.notes[0].onset, *melody.phrases, melody.notes[-1].end]):
        bar = melody.metre_at(begin).bar_ticks
        yield (2 * (end - begin) + bar) // (2 * bar)


def row_of(name: str, melodies: Iterable[Melody]) -> str:
    """A row of the table."""
    count, told, lengths = 0, 0, Counter[int]()
    for melody in melodies:
        count += 1
        if melody.phrases:
            told += 1
            lengths.update(bars_of_phrases(melody))
    phrases = lengths.total()
    within = (sum(n for bars, n in lengths.items() if first <= bars <= last) for first, last in GROUPS.values())
    shares, mean = [n / max(1, phrases) for n in within], phrases / max(1, told)
    return f"| {name} | {count:,} | {told:,} | {mean:.1f} | {' | '.join(f'{share:.3f}' for share in shares)} |"


def melodies_of(corpus: str, every: int) -> Iterator[Melody]:
    """The melodies of each so-many-th file of a built-in corpus or a folder."""
    files = sources(corpus) if corpus in names() else [Path(path) for path in find_files(corpus)]
    for _, outcomes in read_files(files[::every]):
        yield from (outcome.melody for outcome in outcomes if outcome.melody)


def main(arguments: Sequence[str] | None = None) -> None:
    """Count, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*")
    parser.add_argument("--every", type=int, default=1, help="read each so-many-th file")
    asked = parser.parse_args(arguments)
    lines = [
        "## Phrases", "",
        f"One file in {asked.every} (`python -m bench.phrases --every {asked.every}`): melodies that tell where",
        "phrases begin, phrases in each of these, and shares of phrases by their bars.", "",
        f"| corpus | melodies | tell | phrases | {' | '.join(GROUPS)} |", "|---" * (4 + len(GROUPS)) + "|",
    ]  # fmt: skip
    for corpus in (*names(), *asked.folders):
        lines.append(row_of(f"`{Path(corpus).name}`", melodies_of(corpus, asked.every)))
        print(lines[-1], flush=True)
    write_section("phrases", "\n".join(lines))


if __name__ == "__main__":
    main()
