"""A handful of melodies and a network small enough to be trained in a test."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from melodyrnn.checkpoint.file import NetworkConfig
from melodyrnn.events.columns import columns
from melodyrnn.events.tokenizer import encode
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note
from melodyrnn.training.batches import Share
from melodyrnn.training.config import TrainingConfig
from melodyrnn.training.workers import Team


@pytest.fixture(autouse=True)
def _one_thread():
    """Two tests at once on two processors must not wait for each other's threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tune():
    """Give a function that makes a random melody."""

    def make(seed: int, notes: int = 12) -> Melody:
        rng = np.random.default_rng(seed)
        lengths = rng.choice([12, 24, 48], notes)
        pitches = 60 + np.clip(np.cumsum(rng.integers(-4, 5, notes)), -12, 12)
        rows = zip((np.cumsum(lengths) - lengths).tolist(), lengths.tolist(), pitches.tolist(), strict=True)
        return Melody(tuple(Note(*row) for row in rows), (Metre(3, 4),), Key(seed % 12), title=f"Tune {seed}")

    return make


@pytest.fixture(scope="session")
def melodies(tune):
    """Nine melodies of 8 to 24 notes."""
    return [columns(encode(tune(seed, 8 + 2 * seed))) for seed in range(9)]


@pytest.fixture
def config():
    """The smallest network that has every part."""
    return NetworkConfig(hidden=8, embed=6, head=8, keys=4)


@pytest.fixture
def recipe():
    """Three epochs of a few steps each, with dropout and pieces of long melodies."""
    return TrainingConfig(epochs=3, positions=64, rate=1e-2, longest=16, patience=8, seed=5)


@pytest.fixture
def alone():
    """A team of one."""
    return Team(Share(), torch.device("cpu"))
