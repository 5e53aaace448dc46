"""What a training run is asked for, and the events it yields on its way.

Conventions
    bits        bits per note: -log2 P summed over an attribute, divided by the number of notes; END is
                counted in the rest. Held-out figures hide the answers (bars left, style).

Contents: Weights, Bits, Split (what to learn from), TrainingPlan (how), the events of `training.fit`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from melodyrnn.checkpoint.file import NetworkConfig
    from melodyrnn.events.columns import Columns
    from melodyrnn.training.config import TrainingConfig
    from melodyrnn.training.workers import Workers

Weights = dict[str, NDArray[np.float32]]


class Bits(NamedTuple):
    """Bits per note."""

    rest: float
    duration: float
    pitch: float

    @property
    def total(self) -> float:
        """All three."""
        return self.rest + self.duration + self.pitch


@dataclass(frozen=True, slots=True)
class Split:
    """What to learn from, and what to judge by. Without validation melodies the last weights are kept."""

    train: Sequence[Columns]
    validation: Sequence[Columns] = ()


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """One training run: shape, recipe, where its state lies, and the weights to start from."""

    config: NetworkConfig
    recipe: TrainingConfig
    state: Path | None = None  # None keeps no state
    resume: bool = False
    start: Weights | None = None  # fine-tuning: the weights of another run
    family: Sequence[int] = ()  # of each training melody, for recipe.folds: variants of a tune stay in one fold
    save_every: float = 60.0  # seconds
    compile: bool = False  # torch.compile, where there is a compiler
    workers: Workers | None = None  # threads that share a step; None: as many as suit (workers_for)
    precision: str = "fp32"  # fp32 | bf16 | auto (see workers.choose_precision); a state keeps what was chosen


@dataclass(frozen=True, slots=True)
class Started:
    """Training begins, or goes on from `epoch` and `step`."""

    melodies: int
    notes: int
    parameters: int
    epochs: int
    epoch: int
    step: int
    config: NetworkConfig


@dataclass(frozen=True, slots=True)
class Stepped:
    """One step is done."""

    epoch: int
    progress: float  # 0..1 of the whole training
    step: int
    bits: float  # of this step, with dropout
    notes_per_second: float
    waited: float  # share of the time spent waiting for data


@dataclass(frozen=True, slots=True)
class Evaluated:
    """An epoch is done and the averaged weights have been judged."""

    epoch: int
    train: float  # bits per note in training, with dropout
    heldout: Bits  # nan without validation melodies
    best: bool
    weights: Weights = field(repr=False, compare=False)  # the average, to hear how far it has come


@dataclass(frozen=True, slots=True)
class Tried:
    """One fold of few melodies has been held out, to see for how long the others are worth learning from."""

    fold: int  # 1 …
    folds: int
    base: float  # bits per note of the base on what is held out
    best: float  # the fewest that learning from the others came to
    epochs: int  # after which it did


@dataclass(frozen=True, slots=True)
class Chosen:
    """For how many epochs few melodies are learnt from, by what each fold of them cost when it was held out."""

    folds: int
    epochs: int  # 0: nothing beat the base, whose weights are kept
    tried: int  # epochs
    base: Bits  # of the base
    heldout: Bits  # after so many epochs


@dataclass(frozen=True, slots=True)
class Saved:
    """The state is safe on disk."""

    path: Path
    step: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """Asked to stop: the state is saved and `resume` goes on from it."""

    path: Path | None
    step: int


@dataclass(frozen=True, slots=True)
class Finished:
    """Training is done."""

    weights: Weights
    best: float  # held-out bits per note; inf without validation melodies
    epoch: int
    history: tuple[tuple[float, ...], ...]  # rows of (epoch, train, rest, duration, pitch)


TrainingEvent = Started | Stepped | Evaluated | Tried | Chosen | Saved | Stopped | Finished
