"""Many melodies dealt to several processes, where that is quicker.

A melody is what its seed gives alone (see `generate`), so it does not matter who composes it: of P processes number j
takes the melodies j, j + P, j + 2 P, …, and the melodies come back in the order of their seeds, the same bytes as from
one process. A process is worth its start, a third of a second, where it saves several.

Contents: `compose_many`.
"""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from melodyrnn.checkpoint.file import load
from melodyrnn.compose.generate import generate, model_of
from melodyrnn.errors import MelodyRNNError
from melodyrnn.music.melody import MOST_BARS
from melodyrnn.system import deaf_to_ctrl_c, follow_parent, processors, safe_imports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from melodyrnn.compose.generate import Generated, Model
    from melodyrnn.controls.options import Options
    from melodyrnn.music.melody import Melody

    _Order = tuple[bytes, Options, Melody | None, range]

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
    return count * options.particles * (MOST_BARS // 4 if options.bars is None else options.bars)


def _dealt(model: bytes, options: Options, count: int, prime: Melody | None, jobs: int) -> Iterator[Generated]:
    """Start the processes and take a melody from each in turn; they end with us, however we end."""
    context, children, ends = multiprocessing.get_context("spawn"), [], []
    try:
        with safe_imports(), deaf_to_ctrl_c():
            for _ in range(jobs):
                ours, theirs = context.Pipe()
                child = context.Process(target=_compose, args=(theirs,), daemon=True)
                child.start()
                theirs.close()  # ours alone is left open here: the pipe ends with the child
                children.append(child)
                ends.append(ours)
        for first, end in enumerate(ends):  # not as arguments: so much takes until the child reads it
            _send(end, (model, options, prime, range(first, count, jobs)))
        for position in range(count):
            yield _received(ends[position % jobs])
    finally:
        for child in children:
            child.terminate()  # nothing is written there that could be left half done
        for child, end in zip(children, ends, strict=True):
            child.join()
            end.close()


def _received(end: Connection) -> Generated:
    try:
        came: Any = end.recv()
    except (EOFError, ConnectionError):  # with what we sent read, or not
        raise MelodyRNNError(_KILLED) from None
    if isinstance(came, Exception):
        raise came
    made: Generated = came
    return made


def _send(end: Connection, order: _Order) -> None:
    try:
        end.send(order)
    except OSError:
        raise MelodyRNNError(_KILLED) from None


def _compose(end: Connection) -> None:
    """In a child: hear what is wanted, send melodies, or whatever `generate` raises, and be done."""
    follow_parent()
    try:
        order: _Order = end.recv()
        file, options, prime, which = order
        own = replace(options, seed=options.seed + which.start)
        for made in generate(model_of(load(file)), own, len(which), prime=prime, step=which.step):
            end.send(made)
    except (EOFError, ConnectionError):
        return  # nobody is left who waits for them
    except Exception as error:  # noqa: BLE001 - raised again where the melodies are wanted
        end.send(error)
