"""What is read from many MIDI files, as one digest: the same before and after a change of the reader, or not.

    python -m bench.readings ../shared/benchmark                   every .mid below the folder
    python -m bench.readings ../shared/benchmark --mutants 40000   and damaged ones, of them and of bench.fuzz_midi
    python -m bench.readings ../shared/benchmark --lines new.txt   a line a reading, to be compared with diff

A reading is everything that `read_midi` says: the melody (notes, metres, key, tempo, title, length), the track and
why it was chosen, the warnings, the recipe; or the reason and the detail of a refusal. Digests stand in docs/log.md.
Only public names are used, so that it also runs on older trees (PYTHONPATH=older-tree python bench/readings.py …).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
from pathlib import Path
from typing import TYPE_CHECKING

from bench.fuzz_midi import mutant, originals
from melodyrnn import read_midi
from melodyrnn.errors import Unreadable
from melodyrnn.music.melody_json import melody_to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

OPTIONS: tuple[dict[str, str | bool], ...] = ({}, {}, {"track": "1"}, {"track": "2"}, {"strict": True})
"""How mutants are read, in turn."""


def line_of(data: bytes, name: str, **options: str | bool) -> str:
    """One reading as canonical JSON."""
    try:
        found = read_midi(data, name="-", **options)  # type: ignore[arg-type]
    except Unreadable as error:
        return json.dumps([name, error.reason, error.detail])
    facts = {
        "melody": melody_to_json(found.melody), "track": found.track, "warnings": found.warnings,
        "snapped": found.snapped, "recipe": found.recipe, "program": found.program, "others": found.others,
    }  # fmt: skip
    return json.dumps([name, facts], sort_keys=True, separators=(",", ":"))


def sound_lines(folders: Sequence[Path]) -> Iterator[str]:
    """The readings of all files below folders."""
    for folder in folders:
        for path in sorted(folder.glob("**/*.mid")):
            yield line_of(path.read_bytes(), path.relative_to(folder).as_posix())


def mutant_lines(folders: Sequence[Path], count: int, seed: int) -> Iterator[str]:
    """The readings of mutants, by turns of files of the folders and of the shapes of bench.fuzz_midi."""
    shapes = originals(random.Random(seed))  # noqa: S311 (music, not secrets)
    files = [path.read_bytes() for folder in folders for path in sorted(folder.glob("**/*.mid"))]
    for number in range(count):
        data = mutant(number, seed, files if files and number % 2 else shapes)
        yield line_of(data, f"{seed}/{number}", **OPTIONS[number % len(OPTIONS)])


def told(title: str, lines: Iterable[str], kept: list[str]) -> str:
    """Count and digest of readings, which are kept."""
    digest, count = hashlib.sha256(), 0
    for count, line in enumerate(lines, 1):  # noqa: B007 (the count is told)
        digest.update(line.encode() + b"\n")
        kept.append(line)
    return f"{count:8,} {title}: {digest.hexdigest()[:16]}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, and print the digests."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--mutants", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lines", type=Path, help="write the readings here, a line each")
    options = parser.parse_args(arguments)
    kept: list[str] = []
    print(told("files", sound_lines(options.folders), kept))
    if options.mutants:
        print(told("mutants", mutant_lines(options.folders, options.mutants, options.seed), kept))
    if options.lines:
        options.lines.write_text("\n".join(kept) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
