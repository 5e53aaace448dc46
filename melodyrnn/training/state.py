"""The state of a training run in one safetensors file: what is needed to go on bit for bit.

Weights, their average, the best average so far, the optimiser's moments, and a JSON header with the place
in the data and the history. No random state is kept, for none exists: each step draws from (seed, step).
One file and one rename: a state is whole or it is not there. No pickle.

Contents: Progress, State, write_state, read_state, check_fits.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from melodyrnn.checkpoint.file import NetworkConfig, write_whole
from melodyrnn.checkpoint.verify import STATE
from melodyrnn.errors import CheckpointError
from melodyrnn.training.config import TrainingConfig
from melodyrnn.training.events import Bits

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come."""

    epoch: int = 0
    index: int = 0  # steps done in this epoch
    step: int = 0  # steps done in all
    nats: float = 0.0  # surprise of this epoch's notes so far, in training
    notes: int = 0  # notes of this epoch so far
    best: float = float("inf")  # held-out bits per note of the best average
    best_epoch: int = -1
    history: tuple[tuple[float, ...], ...] = ()  # (epoch, train, rest, duration, pitch) a row
    fold: int = 0  # of melodyrnn.training.fit: the one that is held out; as many as there are when all are done
    tried: tuple[tuple[float, ...], ...] = ()  # a fit.Table of the folds before

    def after(self, index: int, nats: float, notes: int) -> Progress:
        """One step further."""
        return replace(self, index=index, step=self.step + 1, nats=self.nats + nats, notes=self.notes + notes)


@dataclass(frozen=True, slots=True)
class State:
    """A run on disk."""

    config: NetworkConfig
    recipe: TrainingConfig
    corpus: str  # digest of the training melodies: another corpus cannot be resumed
    place: Progress
    tensors: dict[str, Tensor]
    precision: str = "fp32"


def write_state(path: Path, state: State) -> None:
    """Write a state; the one before stays until this one is safe on disk. Raises OutputError."""
    header = {
        "config": asdict(state.config), "recipe": asdict(state.recipe), "corpus": state.corpus,
        "place": asdict(state.place), "precision": state.precision,
    }  # fmt: skip
    flat = {name: tensor.detach().contiguous() for name, tensor in state.tensors.items()}
    write_whole(path, save(flat, {STATE: json.dumps(header)}))


def read_state(path: Path) -> State:
    """Read a state. Raises CheckpointError for anything that is not one."""
    if not path.is_file():  # a pipe would be waited for
        raise CheckpointError(f"{path}: no training state is there; start without --resume")
    try:
        with safe_open(path, "pt") as file:
            header = json.loads((file.metadata() or {})[STATE])
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 - not a mapping
        config, recipe = NetworkConfig(**header["config"]), TrainingConfig(**header["recipe"])
        state = State(
            config, recipe, header["corpus"], _place(header["place"], recipe),
            tensors, header.get("precision", "fp32"),
        )  # fmt: skip
    except (SafetensorError, KeyError, TypeError, ValueError, AttributeError, RecursionError, OSError) as error:
        problem = f"not a training state of this program ({error}); start without --resume"
        raise CheckpointError(f"{path}: {problem}") from error
    if not all(torch.isfinite(t).all() for t in tensors.values() if t.is_floating_point()):
        raise CheckpointError(f"{path}: holds numbers that are not finite; start without --resume")
    return state


def check_fits(path: Path, state: State, network: nn.Module) -> None:
    """Raise CheckpointError unless a state has just the tensors that a run of this network writes at its place."""
    own = {name: (tensor.dtype, tensor.shape) for name, tensor in network.state_dict().items()}
    expected = {f"network.{name}": told for name, told in own.items()}
    expected |= {f"average.module.{name}": told for name, told in own.items()}
    expected["average.n_averaged"] = (torch.int64, torch.Size())
    if state.place.best_epoch >= 0:
        expected |= {f"best.{name}": told for name, told in own.items()}
    for index, parameter in enumerate(network.parameters() if state.place.step else ()):
        expected[f"optimiser.{index}.step"] = (torch.float32, torch.Size())
        for moment in ("exp_avg", "exp_avg_sq"):
            expected[f"optimiser.{index}.{moment}"] = (parameter.dtype, parameter.shape)
    found = {name: (tensor.dtype, tensor.shape) for name, tensor in state.tensors.items()}
    if found != expected or int(state.tensors["average.n_averaged"]) != state.place.step:
        odd = sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
        what = odd[0] if odd else "average.n_averaged"
        raise CheckpointError(f"{path}: its tensors do not belong to its header ({what}); start without --resume")


def _place(told: dict[str, Any], recipe: TrainingConfig) -> Progress:
    """A place out of a header; raises ValueError or TypeError for one that cannot be."""
    place = Progress(**{**told, **{name: tuple(map(tuple, told.get(name, ()))) for name in ("history", "tried")}})
    counts = (place.epoch, place.index, place.step, place.notes, place.best_epoch + 1, place.fold)
    figures = (place.nats, place.best, *(figure for row in (*place.history, *place.tried) for figure in row))
    if any(type(count) is not int or count < 0 for count in counts) or any(type(f) is not float for f in figures):
        raise ValueError("its place is told in other than numbers")
    if len(place.history) != place.epoch or place.best_epoch >= place.epoch:
        raise ValueError("its history does not lead to its place")
    rows = [len(Bits._fields)] * (recipe.epochs + 1 if place.fold else 0)
    if [*map(len, place.tried)] != rows:
        raise ValueError("its folds do not lead to its place")
    return place
