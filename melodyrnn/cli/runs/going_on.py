"""What a stopped run has left: the same command goes on with it.

A file whose recipe is the one asked for (options, seed of that position, model, melody given, output) is done: it is
neither composed nor written again. Every other file is refused as ever. Scores keep no recipe, so they are refused too.

Where the user gave no seed and the files that are there are the same command's but for the seed that it had drawn, that
seed is taken again, unless they are all there: then the user wants others, in another folder.

Contents: may_go_on, recipe_seed, missing (which melodies are still to be composed), telling (what Ctrl-C says).
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from melodyrnn.cli.io import Terminated
from melodyrnn.cli.io.console import amount
from melodyrnn.cli.io.output import refuse_existing, remove_left
from melodyrnn.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from melodyrnn.cli.runs.compose_run import MelodyWriter

_SEED: Final = rb'"seed":([0-9]{1,18})\b'
_LARGEST: Final = 16 << 20  # bytes; no file of ours is larger


def may_go_on(format: str, paths: Sequence[Path]) -> bool:
    """Whether files keep by what they can be known, and are many."""
    return format == "midi" and len(paths) > 1


def missing(writer: MelodyWriter, count: int) -> list[int]:
    """Which of the melodies are still to be composed; the writer takes the seed of a stopped run where it drew one.

    Raises OutputError for a file that is another's.
    """
    paths = writer.results.paths
    there = [k for k in range(len(paths)) if paths[k].is_file()] if writer.results.going_on else []
    if not there:
        return list(range(count))
    if writer.drawn:
        seed = recipe_seed(paths[there[0]], writer)
        if seed is not None and seed >= there[0]:
            writer.options = writer.options.seeded(seed - there[0])
    first = writer.options.setting.seed
    for k in there:
        if not _is(_content(paths[k]), writer, first + k):
            refuse_existing([paths[k]], force=False)
    if writer.drawn and len(there) == count:
        refuse_existing(paths, force=False)
    left = sorted(set(range(count)) - set(there))
    writer.written = len(there)
    remove_left(paths[0].parent)  # what a killed run was writing
    rest = f"going on with the other {len(left)}" if left else "nothing is left to compose"
    writer.console.say(f"{paths[0].parent}: {len(there)} of {amount(count, 'melody')} are there already; {rest}")
    return left


def recipe_seed(path: Path, writer: MelodyWriter) -> int | None:
    """The seed of a file that is the same command's but for that; None for any other file."""
    content = _content(path)
    found = re.search(_SEED, content)
    seed = int(found[1]) if found else 0  # which is not written, for it is the default
    return seed if _is(content, writer, seed) else None


def _is(content: bytes, writer: MelodyWriter, seed: int) -> bool:
    """Whether a file is whole and keeps the recipe of this seed."""
    text = writer.recipe_of(seed).to_text().encode()
    return bool(text) and text in content and _whole(content)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(_LARGEST)
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}") from error


def _whole(content: bytes) -> bool:
    """Whether the chunks of a MIDI file end where the file does."""
    place = 0
    while place + 8 <= len(content):
        place += 8 + int.from_bytes(content[place + 4 : place + 8])
    return content.startswith(b"MThd") and place == len(content)


@contextmanager
def telling(writer: MelodyWriter, count: int) -> Iterator[None]:
    """Say, when the run is stopped, how many melodies are there and what goes on with them."""
    try:
        yield
    except (KeyboardInterrupt, Terminated):
        if writer.results.paths and count > 1:
            writer.console.say(f"{writer.results.paths[0].parent}: {_told(writer, count)}")
        raise


def _told(writer: MelodyWriter, count: int) -> str:
    results, seed = writer.results, writer.options.setting.seed
    there = writer.written if results.force else sum(path.is_file() for path in results.paths)
    told = f"{there} of {amount(count, 'melody')} are there"
    given = f" with --seed {seed}" if writer.drawn else ""
    if not there:
        return f"none of {amount(count, 'melody')} is there yet"
    if writer.results.format == "midi" and writer.recipe:
        return f"{told}; the same command{' (but without --force)' if writer.results.force else ''} goes on{given}"
    rest = f"-n {count - there} --seed {seed + there} into another folder makes the others"
    return f"{told}; they keep no recipe by which they could be known again: {rest}"
