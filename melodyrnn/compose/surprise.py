"""Surprise instead of temperature: so many bits a note in the mean, wherever the music goes.

Conventions
    Bits are -log2 P by the network itself. Where the network is sure, a note stays likely, and where it is
    not, unlikely: every distribution is flattened or sharpened until its expected bits are `ratio` times what
    they would be at temperature 1. The ratio is what is to be spent over what notes have offered of late.

A controller in two parts: the ratio of target and offer is right on average (feed-forward), and what was
spent too much or too little is made up for within about HORIZON notes (feedback).

Contents: paced, temper, counted, corpus_surprise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.compose.sampling import expected
from melodyrnn.errors import OptionError

if TYPE_CHECKING:
    from melodyrnn.checkpoint import Card
    from melodyrnn.compose.rules import Rule, Spot
    from melodyrnn.compose.sampling import Logs

HORIZON: Final = 8  # notes
_NEWS: Final = 0.2  # weight of the last note in the moving mean of what notes offer
_RATIOS: Final = (0.1, 6.0)
_STEPS: Final = 16  # of bisection: temperature to one part in 10,000
_WIDEST: Final = np.log(32.0)  # temperatures from 1/32 to 32


def corpus_surprise(card: Card) -> float:
    """Bits a note of melodies that the network had not seen, as its card tells. Raises OptionError."""
    if "total" not in card.bits:
        raise OptionError("surprise", "the model's card has no held-out figure: give a number of bits, like 2.4")
    return card.bits["total"]


def paced(target: float) -> Rule:
    """A filter for each attribute that meets `target` bits a note in the mean."""

    def apply(logs: Logs, spot: Spot) -> Logs:
        return logs if spot.spent is None else temper(logs, _ratio(target, spot.notes - spot.primed, spot.spent))

    return apply


def temper(logs: Logs, ratio: Logs) -> Logs:
    """Flatten or sharpen rows (R, V) until their expected bits are `ratio` (R,) times what they were."""
    goal = expected(logs) * ratio
    low, high = np.full(len(logs), -_WIDEST), np.full(len(logs), _WIDEST)
    top = logs.max(1, keepdims=True)
    cost = np.where(np.isfinite(logs), -logs / np.log(2), 0)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        shares = np.exp((logs - top) / np.exp(middle)[:, None])
        much = (shares * cost).sum(1) > goal * shares.sum(1)
        low, high = np.where(much, low, middle), np.where(much, middle, high)
    return np.asarray((logs - top) / np.exp((low + high) / 2)[:, None])


def counted(spent: Logs, bits: Logs, offered: Logs, notes: int) -> Logs:
    """Count one more note (R,): the bits chosen are added up, of the bits expected a moving mean is kept."""
    share = max(1 / (notes + 1), _NEWS)
    return np.stack((spent[:, 0] + bits, (1 - share) * spent[:, 1] + share * offered), 1)


def _ratio(target: float, notes: int, spent: Logs) -> Logs:
    """Share of the expected bits that the next note is to cost, (R,); `spent` (R, 2) as `counted` keeps it."""
    if not notes:
        return np.ones(len(spent))
    wanted = target + (target * notes - spent[:, 0]) / HORIZON
    return np.asarray(np.clip(wanted / np.maximum(spent[:, 1], 1e-6), *_RATIOS))
