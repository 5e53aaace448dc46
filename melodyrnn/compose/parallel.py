"""Many melodies dealt to several processes, where that is quicker.

A melody is what its seed gives alone (see `generate`), so it does not matter who composes it: of P processes number j
takes the melodies j, j + P, j + 2 P, …, and the melodies come back in the order of their seeds, the same bytes as from
one process. A process is worth its start, a third of a second, where it saves several.

Contents: `compose_many`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from melodyrnn.checkpoint.file import load
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import model_of
from melodyrnn.errors import MelodyRNNError
from melodyrnn.music.melody import MOST_BARS
from melodyrnn.system import deal, processors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.compose.model import Generated, Model
    from melodyrnn.controls.options import Options
    from melodyrnn.music.melody import Melody

WORTH: Final = 800  # bars, of all melodies side by side, that a process composes at least: about two seconds
_KILLED: Final = (
    "a process that composed was killed, perhaps for lack of memory; ask for fewer melodies at a time, "
    "with the seed of the first that is missing"
)


def compose_many(
    model: Model, options: Options, count: int, *, prime: Melody | None = None, jobs: int = 0
) -> Iterator[Generated]:
    """Compose as `generate` does, in `jobs` processes; 0 stands for as many as there are processors for, and work.

    Raises what `generate` raises, and MelodyRNNError when a process dies. Processes are spawned: a script that calls
    this without `if __name__ == "__main__"` would run once more in each.
    """
    jobs = min(jobs or min(processors(), work(options, count) // WORTH), count)
    if jobs <= 1:
        return generate(model, options, count, prime=prime)
    options.seeds(count)  # refused before a process is started
    return _dealt(model.checkpoint.file(), options, count, prime, jobs)


def work(options: Options, count: int) -> int:
    """Bars to be composed, of all melodies side by side."""
    return count * options.particles * (options.setting.bars or MOST_BARS // 4)


def _dealt(model: bytes, options: Options, count: int, prime: Melody | None, jobs: int) -> Iterator[Generated]:
    try:
        yield from deal(partial(_compose, model, options, prime), range(count), jobs)
    except ChildProcessError:
        raise MelodyRNNError(_KILLED) from None


def _compose(file: bytes, options: Options, prime: Melody | None, which: range) -> Iterator[Generated]:
    """In a child: the melodies of its share."""
    own = options.seeded(options.setting.seed + which.start)
    return generate(model_of(load(file)), own, len(which), prime=prime, step=which.step)
