"""Cross-validation: the honest figure for a small set, with the ordinary training code.

Each fold trains on the other folds, by the default recipe or by fine-tuning a base model, and is measured on melodies
that neither has seen (what the base has seen: melodyrnn.evaluation.sets.find_seen). Each network is measured twice: by
itself, and with a memory of the fold's training part (melodyrnn.evaluation.bits). Folds run in parallel processes, each
with one thread: their figures do not depend on how many there are. Copies of a tune and its variants stay in one fold.

Conventions: a folds file is a JSON object, file name → fold (0, 1, …), or set name → such an object.

Contents: family_of, assign, divided, read_folds, count_folds; ENSEMBLE_CELLS, Base, Trial (how), FoldJudged (what came
of a fold), cross_validate.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from melodyrnn.corpus.duplicates import Kin, deal_families, entries_of, families, identity
from melodyrnn.errors import CorpusError, OptionError, TrainingError
from melodyrnn.evaluation.bits import Judged, KnnMemory, average, bits_of
from melodyrnn.evaluation.told import ways
from melodyrnn.events.statistics import count_registers, with_base
from melodyrnn.inference.compiled import network_of
from melodyrnn.system import deal
from melodyrnn.training.config import TrainingConfig, defaults, fine_tuning, told_by
from melodyrnn.training.events import Finished, Split, TrainingPlan
from melodyrnn.training.fit import fit
from melodyrnn.training.workers import join, one_thread

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from melodyrnn.checkpoint.file import Checkpoint, NetworkConfig
    from melodyrnn.events.columns import Columns
    from melodyrnn.inference.numpy_network import Network


def family_of(melodies: Sequence[Columns]) -> list[int]:
    """A number for each melody, the same for copies and variants of one tune, in any key or note value."""
    entries = [entries_of(melody, number) for number, melody in enumerate(melodies)]
    kin = Kin.build(np.concatenate(entries), len(melodies), least=2)
    family = families(len(melodies), entries.__getitem__, kin)
    first: dict[int, int] = {}
    for number, melody in enumerate(melodies):  # copies too short for shingles
        family[family == family[number]] = family[first.setdefault(identity(melody), number)]
    found: list[int] = family.tolist()
    return found


def assign(names: Sequence[str], family: Sequence[int], folds: int, seed: int) -> dict[str, int]:
    """Deal melodies to folds of nearly equal size, seeded, each family to one fold."""
    tunes = len(set(family))
    if tunes < 2:
        raise OptionError("folds", "there is only one tune (copies and variants count once), and none to learn it from")
    if folds < 2 or folds > tunes:
        told = f"{folds} folds cannot be made of {tunes} different tunes, for copies and variants stay together"
        raise OptionError("folds", f"{told}; give 2 to {tunes}")
    return dict(zip(names, deal_families(family, folds, np.random.default_rng(seed)), strict=True))


def divided(family: Sequence[int], folds: Sequence[int]) -> int:
    """How many melodies have a relative in another fold."""
    where: dict[int, set[int]] = {}
    for own, fold in zip(family, folds, strict=True):
        where.setdefault(own, set()).add(fold)
    return sum(len(where[own]) > 1 for own in family)


def read_folds(path: str | Path, set_name: str, names: Sequence[str]) -> dict[str, int]:
    """Read which fold each of the names belongs to. Raises CorpusError for a file that does not say so."""
    told = _told(path, set_name)
    found = {name: _fold(told, name) for name in names}
    missing = [name for name, fold in found.items() if fold is None]
    if missing:
        raise CorpusError(
            f"{path}: says no whole number from 0 up for {len(missing)} of {len(names)} melodies, among them "
            f"{', '.join(missing[:3])}"
        )
    folds = {name: fold for name, fold in found.items() if fold is not None}
    if len(set(folds.values())) < 2:
        raise CorpusError(f"{path}: puts all melodies into one fold, so none are left to train on")
    return folds


def count_folds(path: str | Path, set_name: str) -> int:
    """How many folds the file tells of, whether or not all of their melodies are here."""
    told = _told(path, set_name)
    return len({_fold(told, name) for name in told} - {None})


def _told(path: str | Path, set_name: str) -> dict[str, Any]:
    """What the file says of this set."""
    try:
        told: Any = json.loads(Path(path).read_bytes())
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"{path}: is not JSON ({error})") from error
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror})") from error
    if isinstance(told, dict) and isinstance(told.get(set_name), dict):
        told = told[set_name]
    if not isinstance(told, dict):
        raise CorpusError(f"{path}: holds no object of file name → fold")
    return told


def _fold(told: Mapping[str, Any], name: str) -> int | None:
    """The fold of a melody: under its name, or that of the file it stands in."""
    fold = told.get(name, told.get(name.rpartition(":")[0]))
    return fold if isinstance(fold, int) and not isinstance(fold, bool) and fold >= 0 else None


ENSEMBLE_CELLS: Final = ("lstm", "gru", "rnn", "gru")
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
    recipe: TrainingConfig | None = None
    base: Base | None = None  # fine-tune this one
    told: tuple[str, ...] = ()  # with what of evaluation.told.TELLABLE each network is judged besides


@dataclass(frozen=True, slots=True)
class FoldJudged:
    """One fold is done: its number, and its test melodies under each network, by itself and recalling."""

    fold: int
    cells: list[str]  # of the members
    members: list[list[Judged]]
    recalling: list[list[Judged]]  # under the same, each recalling what it was trained on in the fold
    told: dict[str, list[Judged]] = field(default_factory=dict)  # those that tell, under the first: way → figures

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

    `untested` melodies (their names) are learnt from but not judged: a base may have seen them. A fold in which no
    other is left is not trained. Raises TrainingError when a process dies.
    """
    wanted = sorted(set(folds.values()) if only is None else set(only))
    tasks = [_task(melodies, names, folds, fold, trial, untested) for fold in wanted]
    tasks = [task for task in tasks if task.test]
    if jobs <= 1 or len(tasks) <= 1:
        yield from _run_all(tasks)
        return
    try:
        yield from deal(_run_all, tasks, min(jobs, len(tasks)))
    except ChildProcessError as error:
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


def _run_all(tasks: Sequence[_Task]) -> Iterator[FoldJudged]:
    return map(_run, tasks)


def _run(task: _Task) -> FoldJudged:
    """Train a fold's networks and judge its test melodies."""
    registers = _registers(task)
    cells, alone, recalling = [], [], []
    told: dict[str, list[Judged]] = {}
    with one_thread():
        for network in _networks(task.train, task.trial):
            cells.append(network.config.cell)
            alone.append(bits_of(network, task.test, task.names, registers))
            for way in [way for what in task.trial.told for way in ways(task.test, what)] if not told else []:
                names = [task.names[k] for k in way.which]
                told[way.label] = bits_of(network, way.melodies, names, registers, told=way.told)
            memory = KnnMemory(network, task.train)
            recalling.append(bits_of(network, task.test, task.names, registers, memory))
    return FoldJudged(task.fold, cells, alone, recalling, told)


def _registers(task: _Task) -> dict[int, int]:
    """Where the fold's melodies begin; a base's are of use to few alone: its melodies lie elsewhere (docs/log.md)."""
    own, base = count_registers(task.train), task.trial.base
    few = base is not None and _recipe(task.train, task.trial).folds
    return with_base(own, base.registers) if base is not None and few else own


def _recipe(train: Sequence[Columns], trial: Trial) -> TrainingConfig:
    """The recipe that is asked for, or what suits so many melodies."""
    told = len(train), sum(map(len, train))
    return trial.recipe or (defaults(*told)[1] if trial.base is None else fine_tuning(*told))


def _together(members: list[list[Judged]]) -> list[Judged]:
    """All as an ensemble, or the only one."""
    return average(members) if len(members) > 1 else members[0]


def _networks(train: Sequence[Columns], trial: Trial) -> Iterator[Network]:
    """Train one network for each seed."""
    config, recipe = defaults(len(train), sum(map(len, train)), told=told_by(train))[0], _recipe(train, trial)
    start, cells = None, trial.cells or (ENSEMBLE_CELLS if trial.members > 1 else ())
    if trial.base is not None:
        config, start, cells = trial.base.config, dict(trial.base.weights), ()
    config, family = trial.config or config, family_of(train) if recipe.folds else ()
    cells = cells or (config.cell,)
    for member in range(trial.members):
        own = replace(config, cell=cells[member % len(cells)])
        plan = TrainingPlan(own, replace(recipe, seed=trial.seed + member), start=start, family=family)
        for event in fit(Split(train), plan, join()):
            if isinstance(event, Finished):
                yield network_of(own, event.weights)
