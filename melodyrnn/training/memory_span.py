"""How far back a recurrent network remembers, measured through its state alone.

The pointers reach back to any note and would hide what the state has forgotten. They are silenced: a sentinel so high
that nothing is ever copied leaves the softmax, which knows the past from the state. Networks trained here to be
compared (rnn, gru, lstm) are silenced from the beginning.

Conventions
    lag         1 = the note just heard, 2 = the one before it, …
    influence   length of the gradient of a note's surprise (nats) with respect to the input (the summed
                embeddings) `lag` notes ago: how much the prediction would change if that note had been another.
                Bengio, Simard & Frasconi 1994; Hochreiter & Schmidhuber 1997; Pascanu et al. 2013.
    cut         bits per note when the state starts blank so many notes ago. What every input tells besides
                (mode, metre, place in the bar, the interval from the first note) stays known.

Contents: silenced, fresh, influence_by_lag, bits_by_context; Memory, measure_memory, of_checkpoint,
train_without_pointers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from melodyrnn.errors import CorpusError
from melodyrnn.training.batches import heldout
from melodyrnn.training.events import Evaluated, Finished, Split, TrainingPlan, Weights
from melodyrnn.training.fit import fit
from melodyrnn.training.network import Inputs, MelodyRNN
from melodyrnn.training.workers import join, one_thread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from melodyrnn.checkpoint.file import Checkpoint, NetworkConfig
    from melodyrnn.events.columns import Columns
    from melodyrnn.training.config import TrainingConfig
    from melodyrnn.training.events import Weights

SILENT_SENTINEL: Final = 60.0  # so much above the pointers leaves them e^-60; float32 keeps 5 digits beside it
_TARGETS: Final = 12  # notes of each melody whose surprise is traced back
_BATCH: Final = 16  # melodies


def silenced(weights: Weights) -> Weights:
    """The same weights, but nothing is ever copied."""
    return {n: w + np.float32(SILENT_SENTINEL) if n.endswith("sentinel.bias") else w for n, w in weights.items()}


def fresh(config: NetworkConfig, seed: int) -> Weights:
    """Weights to start training from, the pointers silenced."""
    torch.manual_seed(seed)
    return silenced({n: t.numpy().copy() for n, t in MelodyRNN(config).state_dict().items()})


def influence_by_lag(
    config: NetworkConfig, weights: Weights, melodies: Sequence[Columns], longest: int
) -> NDArray[np.float64]:
    """Mean influence at each lag, (longest,), over notes that have heard so many; raises CorpusError without any."""
    network = _network(config, weights)
    total, count = np.zeros(longest), 0
    for batch in _batches(melodies, longest):
        x = heldout(batch)
        inputs = network.views(x.heard).detach().requires_grad_()
        terms = _surprise(network, network.recurrent(inputs)[0], x)
        shortest = min(len(m) for m in batch)
        for target in np.unique(np.linspace(longest, shortest - 1, _TARGETS).astype(int)).tolist():
            (gradient,) = torch.autograd.grad(terms[:, target].sum(), inputs, retain_graph=True)
            lengths = gradient[:, target - longest + 1 : target + 1].norm(dim=-1).double()
            total += lengths.sum(0).flip(0).numpy()
            count += len(batch)
    return total / count


def bits_by_context(
    config: NetworkConfig, weights: Weights, melodies: Sequence[Columns], contexts: Sequence[int], first: int
) -> NDArray[np.float64]:
    """Bits per note from note `first` on, (contexts + 1,): with each context, then with all. Raises CorpusError."""
    network = _network(config, weights)
    nats, notes = np.zeros(len(contexts) + 1), 0
    with torch.no_grad():
        for batch in _batches(melodies, first):
            x = heldout(batch)
            inputs = network.views(x.heard)
            counted = x.notes[:, first:]
            whole = network.recurrent(inputs)[0]
            for k, context in enumerate((*contexts, None)):
                state = whole if context is None else _cut_state(network, inputs, whole, context)
                nats[k] += float((_surprise(network, state, x)[:, first:] * counted).sum(dtype=torch.float64))
            notes += int(counted.sum())
    return nats / notes / math.log(2)


def _cut_state(network: MelodyRNN, inputs: Tensor, whole: Tensor, context: int) -> Tensor:
    """The state at each position, (B, P, H), when it has heard only the last `context` inputs."""
    batch, positions, width = inputs.shape
    if context >= positions:
        return whole
    windows = inputs.unfold(1, context, 1).transpose(2, 3).reshape(-1, context, width)
    last = network.recurrent(windows)[0][:, -1].view(batch, positions - context + 1, -1)
    return torch.cat((whole[:, : context - 1], last), dim=1)


def _surprise(network: MelodyRNN, state: Tensor, x: Inputs) -> Tensor:
    """-ln P of each note, (B, P), all attributes together; END is left out, for it is no note."""
    return torch.stack(network.surprise(state, x)).sum(0) * x.notes


def _network(config: NetworkConfig, weights: Weights) -> MelodyRNN:
    network = MelodyRNN(config)
    network.load_state_dict({name: torch.from_numpy(np.array(w)) for name, w in weights.items()})
    return network.eval()


def _batches(melodies: Sequence[Columns], longer: int) -> list[list[Columns]]:
    """Melodies of more than so many notes, those of like length together."""
    some = sorted((m for m in melodies if len(m) > longer), key=len)
    if not some:
        raise CorpusError(f"no melody has more than {longer} notes: ask for a shorter memory, or name longer melodies")
    return [some[k : k + _BATCH] for k in range(0, len(some), _BATCH)]


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


def measure_memory(
    name: str, config: NetworkConfig, weights: Weights, melodies: Sequence[Columns], longest: int = 24
) -> Memory:
    """Measure a network on melodies it has not trained on, up to `longest` notes back."""
    contexts = tuple(k for k in CONTEXTS if k <= longest)
    with one_thread():
        *bits, whole = bits_by_context(config, weights, melodies, contexts, longest).tolist()
        influence = influence_by_lag(config, weights, melodies, longest).tolist()
    size = sum(int(w.size) for w in weights.values())
    return Memory(name, config.cell, size, tuple(influence), contexts, tuple(bits), whole)


def of_checkpoint(name: str, checkpoint: Checkpoint, melodies: Sequence[Columns], longest: int = 24) -> Memory:
    """Measure a model; what its pointers would have given is left out."""
    return measure_memory(name, checkpoint.config, silenced(checkpoint.float32()), melodies, longest)


def train_without_pointers(
    split: Split, config: NetworkConfig, recipe: TrainingConfig, cell: str
) -> Iterator[Evaluated | Finished]:
    """Train a network of one cell without pointers; yield each epoch, the weights last."""
    shape = replace(config, cell=cell)
    plan = TrainingPlan(shape, recipe, start=fresh(shape, recipe.seed))
    with one_thread():
        yield from (event for event in fit(split, plan, join()) if isinstance(event, Evaluated | Finished))
