"""One look at a network's first scores: whether weights that are finite give scores that are numbers.

Contents: check_scores, sound_network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.errors import CheckpointError
from melodyrnn.inference.compiled import network_of
from melodyrnn.inference.decoder import Conditions, Decoder, of_metres
from melodyrnn.inference.numpy_network import Network
from melodyrnn.inference.told import Context, chords_told, phrases_told
from melodyrnn.music.chords import chord_of
from melodyrnn.music.melody import Metre

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

    from melodyrnn.checkpoint.file import Checkpoint, NetworkConfig

_SAFE: Final = 65_504  # the largest number of half precision: products of four such weights are far from overflowing
_NOTES: Final = 3
_TOLD: Final = 96  # ticks of a phrase, and of a chord


def check_scores(config: NetworkConfig, weights: Mapping[str, NDArray[Any]]) -> None:
    """Hear a few notes if any weight is so large that sums of products may overflow. Raises CheckpointError.

    In NumPy, where what overflows is not a number: the compiled step takes it for the smallest probability.
    """
    large = {name: float(np.abs(array).max(initial=0)) for name, array in weights.items() if array.dtype != np.float16}
    if max(large.values(), default=0.0) <= _SAFE:
        return
    none = np.zeros(1, np.int64)
    with np.errstate(all="ignore"):
        context = Context(phrases_told([[_TOLD]]), chords_told([(0, _TOLD, chord_of("C"))], 0, 1))
        conditions, timeline = Conditions(none, none, none, none), of_metres((Metre(),), 1)
        decoder = Decoder(Network(config, weights), conditions, timeline, context=context)
        for pitch in range(_NOTES):
            scores = (decoder.rest(), decoder.duration(none), decoder.pitch(none, none))
            if not all(np.isfinite(logs).all() for logs in scores):
                worst = max(large, key=lambda name: large[name])
                problem = f"its weights ({worst} up to {large[worst]:.2g}) are so large that its scores are no numbers"
                raise CheckpointError(f"{problem}; it was not trained, or is damaged")
            decoder.step(none, none, none + pitch)


def sound_network(checkpoint: Checkpoint) -> Network:
    """The network of a checkpoint, in the fastest implementation that there is. Raises CheckpointError."""
    check_scores(checkpoint.config, checkpoint.weights)
    return network_of(checkpoint.config, checkpoint.weights)
