"""The state of a training run in one safetensors file: what is needed to go on bit for bit.

Weights, their average, the best average so far, the optimiser's moments, and a JSON header with the place
in the data and the history. No random state is kept, for none exists: each step draws from (seed, step).
One file and one rename: a state is whole or it is not there. No pickle.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from melodyrnn.checkpoint import NetworkConfig, write_whole
from melodyrnn.errors import CheckpointError
from melodyrnn.learn.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Place:
    """How far a run has come."""

    epoch: int = 0
    index: int = 0  # steps done in this epoch
    step: int = 0  # steps done in all
    nats: float = 0.0  # surprise of this epoch's notes so far, in training
    notes: int = 0  # notes of this epoch so far
    best: float = float("inf")  # held-out bits per note of the best average
    best_epoch: int = -1
    history: tuple[tuple[float, ...], ...] = ()  # (epoch, train, rest, duration, pitch) a row

    def after(self, index: int, nats: float, notes: int) -> Place:
        """One step further."""
        return replace(self, index=index, step=self.step + 1, nats=self.nats + nats, notes=self.notes + notes)


@dataclass(frozen=True, slots=True)
class State:
    """A run on disk."""

    config: NetworkConfig
    recipe: Recipe
    corpus: str  # digest of the training melodies: another corpus cannot be resumed
    place: Place
    tensors: dict[str, Tensor]


def write(path: Path, state: State) -> None:
    """Write a state; the one before stays until this one is safe on disk."""
    header = {
        "config": asdict(state.config), "recipe": asdict(state.recipe), "corpus": state.corpus,
        "place": asdict(state.place),
    }  # fmt: skip
    flat = {name: tensor.detach().contiguous() for name, tensor in state.tensors.items()}
    write_whole(path, save(flat, {"melodyrnn-state": json.dumps(header)}))


def read(path: Path) -> State:
    """Read a state. Raises CheckpointError for anything that is not one."""
    try:
        with safe_open(path, "pt") as file:
            header = json.loads((file.metadata() or {})["melodyrnn-state"])
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 - not a mapping
        place = header["place"]
        place["history"] = tuple(tuple(row) for row in place["history"])
        state = State(
            NetworkConfig(**header["config"]), Recipe(**header["recipe"]), header["corpus"], Place(**place), tensors
        )
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError, OSError) as error:
        raise CheckpointError(f"{path}: not a training state of this program ({error}); start without --resume") from error
    if not all(torch.isfinite(t).all() for t in tensors.values() if t.is_floating_point()):
        raise CheckpointError(f"{path}: holds numbers that are not finite; start without --resume")
    return state
