"""Surprise instead of temperature: so many bits a note in the mean, wherever the music goes.

Conventions
    Bits are -log2 P by the network itself. What was spent too little or too much so far, in bits, raises or lowers
    one temperature slowly, so that a bold note is not paid for at once with a row of sure ones: a controller with a
    proportional part (PROPORTIONAL) and one that takes away the error that would stay (INTEGRAL).

Contents: paced, counted, corpus_surprise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.errors import OptionError

if TYPE_CHECKING:
    from melodyrnn.checkpoint.file import Card
    from melodyrnn.compose.sampling.filters import Logs
    from melodyrnn.constraints.rules import Rule, Spot

PROPORTIONAL: Final = 16.0  # bits too few that raise the log-temperature by one
INTEGRAL: Final = 400.0  # bits too few, added up over the notes, that do
_WIDEST: Final = 1.2  # log-temperatures from -1.2 to 1.2


def corpus_surprise(card: Card) -> float:
    """Bits a note of melodies that the network had not seen, as its card tells. Raises OptionError."""
    if "total" not in card.bits:
        raise OptionError("surprise", "the model's card has no held-out figure: give a number of bits, like 2.4")
    return card.bits["total"]


def paced(target: float) -> Rule:
    """A filter for each attribute that meets `target` bits a note in the mean."""

    def apply(logs: Logs, spot: Spot) -> Logs:
        if spot.spent is None:
            return logs
        heat = _log_temperature(target, spot.notes - spot.primed, spot.spent)
        return np.asarray((logs - logs.max(1, keepdims=True)) / np.exp(heat)[:, None])

    return apply


def counted(spent: Logs, bits: Logs) -> Logs:
    """Count one more note, bits (R,): what was spent so far, and the sum of that over the notes, (R, 2)."""
    sofar = spent[:, 0] + bits
    return np.stack((sofar, spent[:, 1] + sofar), 1)


def _log_temperature(target: float, notes: int, spent: Logs) -> Logs:
    """What the next note is drawn with, (R,); `spent` (R, 2) as `counted` keeps it."""
    owed = target * notes - spent[:, 0]
    owing = target * notes * (notes + 1) / 2 - spent[:, 1]
    return np.asarray(np.clip(owed / PROPORTIONAL + owing / INTEGRAL, -_WIDEST, _WIDEST))
