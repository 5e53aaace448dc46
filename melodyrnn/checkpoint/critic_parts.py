"""The names and shapes of a critic's weights in a checkpoint: all of them, or none.

They are those of `training.two_sample_network.Classifier`, behind `critic.`; what they mean: `inference.critic`.

Contents: CRITIC_UNITS, WAYS, GRU_PARTS, PREFIX, critic_shapes.
"""

from __future__ import annotations

from typing import Final

from melodyrnn.events.judge_views import JUDGED

CRITIC_UNITS: Final = 96
"""Units of the GRU of each direction, and width of what they hear."""
WAYS: Final = ("onward", "homeward")
GRU_PARTS: Final = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
PREFIX: Final = "critic."


def critic_shapes() -> dict[str, tuple[int, ...]]:
    """Shape of every array of a critic, by its name in the file."""
    gates = 3 * CRITIC_UNITS
    shapes: dict[str, tuple[int, ...]] = {"views.weight": (sum(JUDGED.values()), CRITIC_UNITS)}
    for way in WAYS:
        shapes |= {f"{way}.{part}_l0": (gates, CRITIC_UNITS)[: 2 if "weight" in part else 1] for part in GRU_PARTS}
    shapes |= {"mean.weight": (1, 2 * CRITIC_UNITS), "mean.bias": (1,), "highest.weight": (1, 2 * CRITIC_UNITS)}
    return {PREFIX + name: shape for name, shape in shapes.items()}
