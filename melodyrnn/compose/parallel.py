"""Many melodies dealt to several processes, where that is quicker.

A melody is what its seed gives alone (see `generate`), so it does not matter who composes it: of P processes number j
takes the melodies j, j + P, j + 2 P, …, and the melodies come back in the order of their seeds, the same bytes as from
one process. A process is worth its start, a third of a second, where it saves several.

Contents: `compose_many`, `work`, `even`.
"""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Final

from melodyrnn.checkpoint.file import load
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import model_of
from melodyrnn.errors import MelodyRNNError
from melodyrnn.music.melody import MOST_BARS
from melodyrnn.system import deal, processors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.compose.model import Generated, Model
    from melodyrnn.controls.options import Options
    from melodyrnn.music.melody import Melody

WORTH: Final = 800  # bars, of all melodies side by side, that a process composes at least: about two seconds
_KILLED: Final = (
    "a process that composed was killed, perhaps for lack of memory; ask for fewer melodies at a time, "
    "with the seed of the first that is missing"
)


def compose_many(
    model: Model, options: Options, count: int, *, prime: Melody | None = None, jobs: int = 0,
    which: Sequence[int] | None = None,
) -> Iterator[Generated]:  # fmt: skip
    """Compose as `generate` does, in `jobs` processes; 0 stands for as many as there are processors for, and work.

    `which` of the melodies 0 … count - 1, in rising order, where not all are wanted.
    Raises what `generate` raises, and MelodyRNNError when a process dies. Processes are spawned: a script that calls
    this without `if __name__ == "__main__"` would run once more in each.
    """
    wanted = range(count) if which is None else which
    jobs = min(jobs or min(processors(), work(options, len(wanted)) // WORTH), len(wanted))
    options.seeds(count)  # refused before a process is started
    if jobs <= 1:
        return _share(model, options, prime, wanted)
    return _dealt(model.checkpoint.file(), options, wanted, prime, jobs)


def work(options: Options, count: int) -> int:
    """Bars to be composed, of all melodies side by side."""
    return count * options.particles * (options.setting.bars or MOST_BARS // 4)


def _dealt(
    model: bytes, options: Options, which: Sequence[int], prime: Melody | None, jobs: int
) -> Iterator[Generated]:
    try:
        yield from deal(partial(_compose, model, options, prime), which, jobs)
    except ChildProcessError:
        raise MelodyRNNError(_KILLED) from None


def _compose(file: bytes, options: Options, prime: Melody | None, which: Sequence[int]) -> Iterator[Generated]:
    """In a child: the melodies of its share."""
    return _share(model_of(load(file)), options, prime, which)


def _share(model: Model, options: Options, prime: Melody | None, which: Sequence[int]) -> Iterator[Generated]:
    """Compose melodies of these numbers; what is refused is refused at once."""
    parts = (
        generate(model, options.seeded(options.setting.seed + part.start), len(part), prime=prime, step=part.step)
        for part in even(which)
    )
    first = next(parts, iter(()))
    return chain(first, chain.from_iterable(parts))


def even(numbers: Sequence[int]) -> Iterator[range]:
    """Rising numbers as few ranges of even steps.

    >>> list(even([0, 1, 2, 7, 9])), list(even(range(1, 9, 3)))
    ([range(0, 3), range(7, 10, 2)], [range(1, 8, 3)])
    """
    start = 0
    while start < len(numbers):
        step = numbers[start + 1] - numbers[start] if start + 1 < len(numbers) else 1
        end = start + 1
        while end < len(numbers) and numbers[end] - numbers[end - 1] == step:
            end += 1
        yield range(numbers[start], numbers[end - 1] + 1, step)
        start = end
