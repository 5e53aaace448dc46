"""Weights that are finite, and scores that are no numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from melodyrnn.checkpoint.file import Card, Checkpoint, NetworkConfig, save
from melodyrnn.compose.model import load_model, model_of
from melodyrnn.errors import CheckpointError
from melodyrnn.inference.soundness import check_scores

CONFIG = NetworkConfig(hidden=32, embed=24, head=24, keys=8)


@pytest.mark.parametrize("size", [3.4e38, 1e30, 1e20])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_weights_that_overflow_are_refused(size, cell, random_weights, tmp_path):
    """All of them so large: three notes of 12.9 bits were composed. The file is named."""
    config = replace(CONFIG, cell=cell)
    weights = {
        name: (np.sign(array) * np.float32(size)).astype(np.float32) for name, array in random_weights(config).items()
    }
    path = tmp_path / "huge.safetensors"
    save(path, Checkpoint(config, Card(), weights))
    with pytest.raises(CheckpointError, match="are so large that its scores are no numbers") as refused:
        load_model(path)
    assert str(refused.value).startswith(str(path))


@pytest.mark.parametrize("scale", [0.3, 30, 3000])
def test_weights_that_do_not_overflow_are_taken(scale, random_weights):
    """However odd what they compose; those of half precision without a look."""
    weights = random_weights(CONFIG, scale)
    check_scores(CONFIG, weights)
    assert model_of(Checkpoint(CONFIG, Card(), weights)).network is not None
    half = {name: np.clip(array, -65504, 65504).astype(np.float16) for name, array in weights.items()}
    check_scores(CONFIG, half)
