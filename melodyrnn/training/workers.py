"""How many threads torch computes with, and a training step's melodies dealt to threads of our own.

torch's own threads share every single operation and wait for each other by spinning: beside other busy programs a step
takes many times as long. A strand computes some melodies of a step by itself, forward and backward, with threads of
torch's of its own (mostly one); only the gradients meet, added in the strands' order. So what is learnt hangs on the
number of strands, as it did on the number of threads, and on nothing that happens meanwhile.

Contents: one_thread; Strands, strands_for.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, ParamSpec, Self, TypeVar

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from types import TracebackType

    from melodyrnn.training.config import Recipe
    from melodyrnn.training.distributed import Team

_Made = TypeVar("_Made")
_Given = ParamSpec("_Given")
_SMALL: Final = 1024  # positions a step up to which Python has so large a share that strands wait for its lock
_HANDOVER: Final = 1e-4  # seconds after which a strand lets another go on in Python; 5e-3, as usual, costs a tenth
_MOST: Final = 4  # strands: more leave each too few melodies for quick products


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread: sums come in one order, so figures do not depend on what else the machine does."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Strands:
    """So many threads of ours, each with so many of torch's. A context: it sets torch's threads back when it ends."""

    def __init__(self, of: int = 1, threads: int = 1) -> None:
        self.of, self.threads = of, threads
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        self._before, self._interval = torch.get_num_threads(), sys.getswitchinterval()
        torch.set_num_threads(self.threads)
        if self.of > 1:
            sys.setswitchinterval(_HANDOVER)
            self._pool = ThreadPoolExecutor(self.of + 1, "strand", torch.set_num_threads, (self.threads,))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._pool is not None:
            self._pool.shutdown()
        sys.setswitchinterval(self._interval)
        torch.set_num_threads(self._before)

    def each(self, work: Callable[[int], _Made]) -> list[_Made]:
        """Do `work(0)` … `work(of - 1)` side by side; what they made, in this order. Raises what the first raises."""
        return [work(0)] if self._pool is None else list(self._pool.map(work, range(self.of)))

    def meanwhile(
        self, work: Callable[_Given, _Made], *args: _Given.args, **kwargs: _Given.kwargs
    ) -> Future[_Made] | None:
        """Begin a piece of work beside the strands; None where there is one alone, which would only wait for it."""
        return None if self._pool is None else self._pool.submit(work, *args, **kwargs)


def strands_for(recipe: Recipe, team: Team) -> Strands:
    """As many strands as suit: one for each processor where steps are large, a single one where they are small.

    In a team each process has one, and on a GPU.
    """
    threads = torch.get_num_threads()
    if team.share.of > 1 or team.device.type != "cpu":
        return Strands(1, threads)
    if recipe.positions <= _SMALL:
        return Strands()
    of = min(threads, _MOST)
    return Strands(of, threads // of)
