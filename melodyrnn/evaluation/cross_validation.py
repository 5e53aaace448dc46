"""Ten-fold cross-validation: the honest figure for a small set, with the ordinary training code.

Each fold trains on the other folds, by the default recipe or by fine-tuning a base model, and is judged on
melodies that neither has seen; what the base has seen is found by melodyrnn.evaluation.sets.find_seen. Each network is
judged twice: by itself, and recalling the melodies of the fold's training part (melodyrnn.evaluation.knn_memory).
Folds run in parallel processes, each with one thread: their figures do not depend on how many there are.

Contents: CELLS, Trial (how), FoldJudged (what came of a fold), cross_validate.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.errors import TrainingError
from melodyrnn.evaluation.bits import Judged, average, judge
from melodyrnn.evaluation.folds import family_of
from melodyrnn.evaluation.knn_memory import Repertoire
from melodyrnn.events.registers import count_registers, with_base
from melodyrnn.inference.compiled import network_of
from melodyrnn.system import follow_parent, safe_imports
from melodyrnn.training.config import Recipe, defaults, fine_tuning
from melodyrnn.training.distributed import join
from melodyrnn.training.events import Finished, Plan, Split
from melodyrnn.training.fit import fit
from melodyrnn.training.workers import one_thread

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from melodyrnn.checkpoint.file import Checkpoint, NetworkConfig
    from melodyrnn.events.columns import Columns
    from melodyrnn.inference.numpy_network import Network

CELLS: Final = ("lstm", "gru", "rnn", "gru")
"""Of the members of an ensemble, in turn: networks of one cell err alike, and the GRU errs least (docs/log.md)."""


@dataclass(frozen=True, slots=True)
class Base:
    """A trained network to go on from."""

    config: NetworkConfig
    weights: Mapping[str, NDArray[np.float32]]
    registers: Mapping[int, int] = field(default_factory=dict)  # as its card has them

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Base:
        """What fine-tuning needs of a checkpoint."""
        weights = {name: np.array(array) for name, array in checkpoint.float32().items()}
        return cls(checkpoint.config, weights, checkpoint.card.registers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How each fold's networks are trained. Whatever is None follows from the size of the fold's training set."""

    members: int = 1  # networks of different seeds, averaged as an ensemble; the first stands for one network
    seed: int = 0
    cells: tuple[str, ...] | None = None  # of the members, in turn; a base has its own; None = what suits
    config: NetworkConfig | None = None
    recipe: Recipe | None = None
    base: Base | None = None  # fine-tune this one


@dataclass(frozen=True, slots=True)
class FoldJudged:
    """One fold is done: its number, and its test melodies under each network, by itself and recalling."""

    fold: int
    cells: list[str]  # of the members
    members: list[list[Judged]]
    recalling: list[list[Judged]]  # under the same, each recalling what it was trained on in the fold

    @property
    def single(self) -> list[Judged]:
        """Under the first network."""
        return self.members[0]

    @property
    def ensemble(self) -> list[Judged]:
        """Under all together; the same as `single` for an ensemble of one."""
        return _together(self.members)

    @property
    def ensemble_recalling(self) -> list[Judged]:
        """Under all together, each recalling."""
        return _together(self.recalling)


@dataclass(frozen=True, slots=True)
class _Task:
    fold: int
    train: list[Columns]
    test: list[Columns]
    names: list[str]
    trial: Trial


def cross_validate(
    melodies: Sequence[Columns],
    names: Sequence[str],
    folds: Mapping[str, int],
    trial: Trial,
    *,
    jobs: int = 1,
    only: Sequence[int] | None = None,
    untested: Container[str] = (),
) -> Iterator[FoldJudged]:
    """Train and judge fold by fold, in the order of the folds; `only` some of them.

    `untested` are names of melodies that are learnt from as the others are, but not judged: a base may have seen
    them. A fold in which no other is left is not trained.

    Raises TrainingError when a process dies.
    """
    wanted = sorted(set(folds.values()) if only is None else set(only))
    tasks = [_task(melodies, names, folds, fold, trial, untested) for fold in wanted]
    tasks = [task for task in tasks if task.test]
    if jobs <= 1 or len(tasks) <= 1:
        yield from map(_run, tasks)
        return
    with _processes(min(jobs, len(tasks))) as pool:
        try:
            with safe_imports():  # every process is started when its first task is handed in
                judged = pool.map(_run, tasks)
            yield from judged
        except BrokenProcessPool as error:
            raise TrainingError(
                "a process that trained a fold was killed, perhaps for lack of memory; give fewer --jobs"
            ) from error


def _task(
    melodies: Sequence[Columns], names: Sequence[str], folds: Mapping[str, int], fold: int, trial: Trial,
    untested: Container[str],
) -> _Task:  # fmt: skip
    told = [*zip(melodies, names, strict=True)]
    train = [m for m, name in told if folds[name] != fold]
    tested = [(m, name) for m, name in told if folds[name] == fold and name not in untested]
    return _Task(fold, train, [m for m, _ in tested], [name for _, name in tested], trial)


def _run(task: _Task) -> FoldJudged:
    """Train a fold's networks and judge its test melodies."""
    registers = _registers(task)
    cells, alone, recalling = [], [], []
    with one_thread():
        for network in _networks(task.train, task.trial):
            cells.append(network.config.cell)
            alone.append(judge(network, task.test, task.names, registers))
            repertoire = Repertoire(network, task.train)
            recalling.append(judge(network, task.test, task.names, registers, repertoire))
    return FoldJudged(task.fold, cells, alone, recalling)


def _registers(task: _Task) -> dict[int, int]:
    """Where the fold's melodies begin; a base's are of use to few alone: its melodies lie elsewhere (docs/log.md)."""
    own, base = count_registers(task.train), task.trial.base
    few = base is not None and _recipe(task.train, task.trial).folds
    return with_base(own, base.registers) if base is not None and few else own


def _recipe(train: Sequence[Columns], trial: Trial) -> Recipe:
    """The recipe that is asked for, or what suits so many melodies."""
    told = len(train), sum(map(len, train))
    return trial.recipe or (defaults(*told)[1] if trial.base is None else fine_tuning(*told))


def _together(members: list[list[Judged]]) -> list[Judged]:
    """All as an ensemble, or the only one."""
    return average(members) if len(members) > 1 else members[0]


def _networks(train: Sequence[Columns], trial: Trial) -> Iterator[Network]:
    """Train one network for each seed."""
    config, recipe = defaults(len(train), sum(map(len, train)))[0], _recipe(train, trial)
    start, cells = None, trial.cells or (CELLS if trial.members > 1 else ())
    if trial.base is not None:
        config, start, cells = trial.base.config, dict(trial.base.weights), ()
    config, family = trial.config or config, family_of(train) if recipe.folds else ()
    cells = cells or (config.cell,)
    for member in range(trial.members):
        own = replace(config, cell=cells[member % len(cells)])
        plan = Plan(own, replace(recipe, seed=trial.seed + member), start=start, family=family)
        for event in fit(Split(train), plan, join()):
            if isinstance(event, Finished):
                yield network_of(own, event.weights)


@contextmanager
def _processes(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """A pool whose processes end with us, however we end: well, by an error, by Ctrl-C, or killed."""
    others = set(multiprocessing.active_children())
    with safe_imports():  # with the pool comes the process that watches over its semaphores
        pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=follow_parent)
    try:
        yield pool
    except BaseException:
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()  # a fold takes minutes: nobody who stops us wants to wait for it
        raise
    finally:
        pool.shutdown(cancel_futures=True)
