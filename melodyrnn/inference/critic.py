"""The critic: how much a finished melody speaks for having been written by its network, in NumPy and C, without torch.

A network trained to tell what a model writes from what it learnt from (`training.two_sample_network`; this one is
another than those that judge it). Its evidence is log(P(written) / P(real)) of a melody, so that a melody kept with
probability exp(-evidence) follows the real ones more nearly: rejection sampling by a density ratio (Azadi et al. 2019,
"Discriminator rejection sampling").

Conventions: R melodies side by side, P notes of the longest, H = CRITIC_UNITS of each direction. A melody's evidence
is the same in any company.

Contents: Critic, critic_of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.checkpoint.card import NetworkConfig
from melodyrnn.checkpoint.critic_parts import CRITIC_EMBED, CRITIC_UNITS, GRU_PARTS, READ, WAYS
from melodyrnn.events.judge_views import JUDGED, hearing
from melodyrnn.inference.compiled import layer_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from melodyrnn.checkpoint.file import Checkpoint
    from melodyrnn.events.columns import Columns
    from melodyrnn.inference.numpy_network import Floats

_SHAPE: Final = NetworkConfig(cell="gru", hidden=CRITIC_UNITS, embed=CRITIC_EMBED)
_FIRST: Final = np.concatenate(([0], np.cumsum([*JUDGED.values()])[:-1]))
"""Row of each view's table in the joint one."""


class Critic:
    """Weights laid out, and what they say of melodies."""

    def __init__(self, weights: Mapping[str, NDArray[Any]]) -> None:
        """Lay out arrays by their names in the file, fp32 or fp16."""
        self._table = np.asarray(weights["views.weight"], np.float32)
        self._ways = [
            layer_of(0, {f"recurrent.{part}_l0": weights[f"{way}.{part}_l0"] for part in GRU_PARTS}, _SHAPE)
            for way in WAYS
        ]
        self._read = [np.asarray(weights[f"{name}.weight"], np.float32)[0] for name in READ]
        self._bias = float(weights["mean.bias"][0])

    def evidence(self, melodies: Sequence[Columns]) -> NDArray[np.float64]:
        """The logit that each melody is written, (R,)."""
        heard = [self._table.take(hearing(melody) + _FIRST, 0).sum(1) for melody in melodies]
        onward, homeward = (
            self._states(layer, [one[::turn] for one in heard]) for layer, turn in zip(self._ways, (1, -1), strict=True)
        )
        return np.array(
            [
                self._of_one(np.concatenate((there[: len(one)], back[: len(one)][::-1]), 1))
                for one, there, back in zip(heard, onward, homeward, strict=True)
            ]
        )

    def _states(self, layer: Any, heard: Sequence[Floats]) -> Floats:
        """What a direction's GRU knows after each note, (R, P, H)."""
        rows, longest = len(heard), max(map(len, heard))
        given = np.zeros((longest, rows, CRITIC_EMBED), np.float32)
        for row, one in enumerate(heard):
            given[: len(one), row] = one
        h, c = (np.zeros((rows, CRITIC_UNITS), np.float32) for _ in range(2))
        states = np.empty((rows, longest, CRITIC_UNITS), np.float32)
        for note in range(longest):
            layer.step(given[note], h, c)
            states[:, note] = h
        return states

    def _of_one(self, states: Floats) -> float:
        """What a melody's states (notes, 2 H) say together."""
        ends = np.concatenate((states[-1, :CRITIC_UNITS], states[0, CRITIC_UNITS:]))
        told = zip((states.mean(0), states.max(0), ends), self._read, strict=True)
        return float(sum(state @ weight for state, weight in told)) + self._bias


def critic_of(checkpoint: Checkpoint) -> Critic | None:
    """The critic of a model, if it has one."""
    return Critic(checkpoint.critic) if checkpoint.critic else None
