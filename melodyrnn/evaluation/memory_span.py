"""How far back networks remember: rnn, gru and lstm side by side, or models that are there already.

Conventions as in melodyrnn.training.memory_probe. Networks are compared through their recurrent state alone: their
pointers, which reach back to any note, are silenced, in those trained here from the beginning.

Contents: Memory, measure, of_checkpoint, train.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from melodyrnn.training import memory_probe as inside
from melodyrnn.training.distributed import join
from melodyrnn.training.events import Evaluated, Finished, Plan, Split, Weights
from melodyrnn.training.fit import fit
from melodyrnn.training.workers import one_thread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.checkpoint.file import Checkpoint, NetworkConfig
    from melodyrnn.events.columns import Columns
    from melodyrnn.training.config import Recipe

CONTEXTS: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24)


@dataclass(frozen=True, slots=True)
class Memory:
    """What a network remembers."""

    name: str
    cell: str
    parameters: int
    influence: tuple[float, ...]  # at lag 1, 2, …
    contexts: tuple[int, ...]  # notes
    bits: tuple[float, ...]  # a note, with only so many notes of context
    whole: float  # bits a note with all of it

    @property
    def reach(self) -> int:
        """The lag at which influence has fallen for good below a hundredth of that of the last note."""
        floor = self.influence[0] / 100
        return max(lag for lag, value in enumerate(self.influence, 1) if value >= floor)

    @property
    def beyond(self) -> bool:
        """Whether the reach ends only where the looking did: it may be any longer."""
        return self.reach == len(self.influence)


def measure(
    name: str, config: NetworkConfig, weights: Weights, melodies: Sequence[Columns], longest: int = 24
) -> Memory:
    """Measure a network on melodies it has not trained on, up to `longest` notes back."""
    contexts = tuple(k for k in CONTEXTS if k <= longest)
    with one_thread():
        *bits, whole = inside.cut(config, weights, melodies, contexts, longest).tolist()
        influence = inside.influence(config, weights, melodies, longest).tolist()
    size = sum(int(w.size) for w in weights.values())
    return Memory(name, config.cell, size, tuple(influence), contexts, tuple(bits), whole)


def of_checkpoint(name: str, checkpoint: Checkpoint, melodies: Sequence[Columns], longest: int = 24) -> Memory:
    """Measure a model; what its pointers would have given is left out."""
    return measure(name, checkpoint.config, inside.silenced(checkpoint.float32()), melodies, longest)


def train(split: Split, config: NetworkConfig, recipe: Recipe, cell: str) -> Iterator[Evaluated | Finished]:
    """Train a network of one cell without pointers; yield each epoch, the weights last."""
    shape = replace(config, cell=cell)
    plan = Plan(shape, recipe, start=inside.fresh(shape, recipe.seed))
    with one_thread():
        yield from (event for event in fit(split, plan, join()) if isinstance(event, Evaluated | Finished))
