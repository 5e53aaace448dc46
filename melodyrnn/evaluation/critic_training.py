"""A critic for a model: trained to tell what the model writes from what it learnt from.

It is the network of a two-sample test (`training.two_sample_network`), learnt from training melodies and kept in the
model's file, where composing asks it (`inference.critic`). Those that judge the model are others, of other seeds.

Contents: FREE (the temperature under which a critic's melodies are written), learn_critic,
counted_again, with_critic.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.controls.frame.length_prior import CALM, HEARD_CALM
from melodyrnn.events.judge_views import JUDGED, hearing
from melodyrnn.events.statistics import count_tails, harmonised
from melodyrnn.training.two_sample_network import Sample, learn_to_tell, weights_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from melodyrnn.checkpoint.file import Checkpoint
    from melodyrnn.events.columns import Columns

FREE: Final = HEARD_CALM / CALM
"""What brings a model without a critic to the temperature of one that has it."""


def learn_critic(
    real: Sequence[Columns], written: Sequence[Columns], seed: int = 0
) -> Iterator[dict[str, NDArray[Any]]]:
    """Train a critic; yield its weights after each epoch, the last ones last. As many of each kind make it fair."""
    called = np.repeat(np.array([0.0, 1.0], np.float32), [len(real), len(written)])
    heard = [hearing(melody) for melody in (*real, *written)]
    yield from map(weights_of, learn_to_tell(Sample(heard, called), [*JUDGED.values()], seed))


def counted_again(checkpoint: Checkpoint, train: Sequence[Columns]) -> Checkpoint:
    """The same model with the counts that its card may be too old for, of the melodies that it learnt from."""
    card = checkpoint.card
    card = replace(card, tails=count_tails(train), facts=card.facts | harmonised(train))
    return replace(checkpoint, card=card, source=None)


def with_critic(checkpoint: Checkpoint, weights: dict[str, NDArray[Any]]) -> Checkpoint:
    """The same model with this critic, in half precision."""
    return replace(checkpoint, critic=weights, source=None).halved()
