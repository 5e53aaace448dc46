"""Small melodies and networks with drawn weights: enough to tell whether figures are what they claim."""

from __future__ import annotations

import numpy as np
import pytest

from melodyrnn.checkpoint.file import Card, Checkpoint, NetworkConfig, expected_shapes
from melodyrnn.events.columns import columns
from melodyrnn.events.fingerprint import Index
from melodyrnn.events.tokenizer import encode
from melodyrnn.inference.numpy_network import Network
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

TINY = NetworkConfig(hidden=16, embed=16, head=16, keys=8, bar_numbers=True)


def drawn_weights(config, seed=0):
    """Weights large enough that every input matters."""
    rng = np.random.default_rng(seed)
    return {
        name: (rng.standard_normal(shape) * 0.4).astype(np.float32) for name, shape in expected_shapes(config).items()
    }


def melody_of(events, key=None, metre=None):
    """A melody from (rest, duration, pitch) in ticks and MIDI numbers."""
    notes, tick = [], 0
    for rest, duration, pitch in events:
        notes.append(Note(tick + rest, duration, pitch))
        tick += rest + duration
    return Melody(tuple(notes), (metre or Metre(),), key or Key(0))


def drawn_melody(rng, notes):
    """A melody of drawn notes that now and then repeats itself."""
    theme = [(int(rng.choice([0, 0, 12])), int(rng.choice([6, 12, 24])), int(rng.integers(60, 73))) for _ in range(6)]
    events = [theme[k % 6] if rng.random() < 0.7 else theme[int(rng.integers(6))] for k in range(notes)]
    return columns(encode(melody_of(events)))


@pytest.fixture(params=["rnn", "gru", "lstm"])
def config(request):
    """Each kind of network."""
    return NetworkConfig(cell=request.param, hidden=16, embed=16, head=16, keys=8)


@pytest.fixture
def network():
    """A small network as it composes and judges."""
    return Network(TINY, drawn_weights(TINY))


@pytest.fixture
def melodies():
    """Twelve melodies of 20 to 42 notes."""
    rng = np.random.default_rng(5)
    return [drawn_melody(rng, 20 + 2 * k) for k in range(12)]


@pytest.fixture
def checkpoint(melodies):
    """A model that has trained on the first three of the melodies."""
    tunes = [(f"tune {k}", m) for k, m in enumerate(melodies[:3])]
    card = Card(corpora=("kinder",), registers={60: 5, 67: 3})
    return Checkpoint(TINY, card, drawn_weights(TINY), Index.build(tunes).to_tensors())
