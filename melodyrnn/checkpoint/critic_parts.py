"""The names and shapes of a critic's weights in a checkpoint: all of them, or none.

They are those of `training.two_sample_network.Classifier`, behind `critic.`; what they mean: `inference.critic`.

Contents: CRITIC_UNITS, CRITIC_EMBED, WAYS, GRU_PARTS, READ, PREFIX, critic_shapes.
"""

from __future__ import annotations

from typing import Final

from melodyrnn.events.judge_views import JUDGED

CRITIC_UNITS: Final = 96
"""Units of the GRU of each direction."""
CRITIC_EMBED: Final = 64
"""Width of what they hear."""
WAYS: Final = ("onward", "homeward")
GRU_PARTS: Final = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
READ: Final = ("mean", "highest", "ends")
"""What is read out of their states: of all notes, where each unit was highest, when everything has been heard."""
PREFIX: Final = "critic."


def critic_shapes() -> dict[str, tuple[int, ...]]:
    """Shape of every array of a critic, by its name in the file."""
    gates = 3 * CRITIC_UNITS
    shapes: dict[str, tuple[int, ...]] = {"views.weight": (sum(JUDGED.values()), CRITIC_EMBED)}
    inputs = {"weight_ih": (gates, CRITIC_EMBED), "weight_hh": (gates, CRITIC_UNITS)}
    for way in WAYS:
        shapes |= {f"{way}.{part}_l0": inputs.get(part, (gates,)) for part in GRU_PARTS}
    shapes |= {f"{read}.weight": (1, 2 * CRITIC_UNITS) for read in READ} | {"mean.bias": (1,)}
    return {PREFIX + name: shape for name, shape in shapes.items()}
