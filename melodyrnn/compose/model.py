"""A model that composes, and a melody that it has made.

Contents: Model, load_model, model_of; Generated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from melodyrnn.checkpoint.file import find, load
from melodyrnn.errors import CheckpointError, printable
from melodyrnn.inference.soundness import sound_network

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from melodyrnn.checkpoint.file import Card, Checkpoint
    from melodyrnn.inference.numpy_network import Network
    from melodyrnn.music.melody import Melody


@dataclass(frozen=True, slots=True)
class Model:
    """A checkpoint, ready to compose."""

    checkpoint: Checkpoint = field(repr=False)
    network: Network = field(repr=False)

    @property
    def card(self) -> Card:
        """Where the model comes from and how good it is."""
        return self.checkpoint.card


@dataclass(frozen=True, slots=True)
class Generated:
    """A melody and how it came about."""

    melody: Melody
    seed: int  # gives this melody alone
    bits: NDArray[np.float64]  # (notes, 3): surprise of rest, duration, pitch
    primed: int  # notes at the start that were given
    price: float  # bits that the rules cost: -log2 of the probability that the network alone keeps them
    stays: tuple[int | None, ...] = ()  # of each note the number of the given note that it is; () = the first `primed`

    @property
    def origins(self) -> tuple[int | None, ...]:
        """Of each note the number of the given note that it is, perhaps at another pitch; None = it is new."""
        return self.stays or (*range(self.primed), *[None] * (len(self.melody.notes) - self.primed))


def load_model(source: str | Path) -> Model:
    """Open a checkpoint by path, or a shipped one by name. Raises CheckpointError."""
    opened = load(path := find(source))
    try:
        return model_of(opened)
    except CheckpointError as problem:
        raise CheckpointError(f"{printable(str(path))}: {problem}") from None


def model_of(opened: Checkpoint) -> Model:
    """Make an open checkpoint ready to compose. Raises CheckpointError where its scores are no numbers."""
    return Model(opened, sound_network(opened))
