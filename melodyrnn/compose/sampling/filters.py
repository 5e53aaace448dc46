"""Choosing from log-probabilities: one exact draw, and what forbidding costs.

Conventions
    logs (R, V): natural log-probabilities, float64, -inf = forbidden; rows need not sum to one. Draws are by inverse
    distribution function from one uniform number per row, so a melody's choices depend on its own numbers alone.

Contents: probabilities, price; draw, within, uniforms.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.inference.numpy_network import Logs

_BELOW_ONE: Final = float(np.nextafter(1, 0))


def probabilities(logs: Logs) -> Logs:
    """Probabilities that sum to one in each row."""
    shares = np.exp(logs - logs.max(1, keepdims=True))
    return np.asarray(shares / shares.sum(1, keepdims=True))


def price(logs: Logs, allowed: Logs) -> Logs:
    """Bits that forbidding cost: -log2 of the share of the probability that is left, (R,).

    >>> price(np.log([[0.5, 0.25, 0.25]]), np.array([[-np.inf, np.log(0.25), -np.inf]])).tolist()
    [2.0]
    """
    if allowed is logs:
        return np.zeros(len(logs))
    whole = np.add.reduce(np.exp(logs), 1)
    whole /= np.add.reduce(np.exp(allowed), 1)
    return np.asarray(np.log2(whole))


def draw(logs: Logs, uniform: Logs) -> Indices:
    """Choose one entry of each row; `uniform` (R,) in [0, 1).

    >>> draw(np.log([[0.25, 0.75], [0.25, 0.75]]), np.array([0.2, 0.3])).tolist()
    [0, 1]
    """
    shares = logs - np.maximum.reduce(logs, 1, keepdims=True)
    rising = np.add.accumulate(np.exp(shares, out=shares), 1)
    rising /= rising[:, -1:]  # the end is 1 exactly, above every uniform number: what rises last can be chosen
    chosen: Indices = np.add.reduce(rising <= uniform[:, None], 1)
    return chosen


def within(logs: Logs, uniform: Logs, chosen: Indices) -> Logs:
    """Where in the entry that it chose each number (R,) lay, from 0 to 1: uniform too, whatever was chosen.

    >>> within(np.log([[0.25, 0.75], [0.25, 0.75]]), np.array([0.2, 0.4]), np.array([0, 1])).round(3).tolist()
    [0.8, 0.2]
    """
    rising = np.cumsum(probabilities(logs), 1)
    here = np.arange(len(logs))
    share, upper = probabilities(logs)[here, chosen], rising[here, chosen]
    return np.asarray(np.clip(1 - (upper - uniform) / share, 0, _BELOW_ONE))


def uniforms(seed: int, positions: int, particle: int | None = None) -> Logs:
    """The numbers that decide one melody, (positions, 3): rest, duration, pitch of each new note.

    They are 53 bits each of SHAKE-256 (FIPS 202), whose output has no end: the first rows are the same however
    many are asked for, on every machine, and NumPy's generators need not be imported, which takes a tenth of the
    time of `import numpy`. `particle` gives one of many such sequences of the same seed.
    """
    name = f"melodyrnn {seed}" if particle is None else f"melodyrnn {seed} particle {particle}"
    drawn = np.frombuffer(hashlib.shake_256(name.encode()).digest(24 * positions), "<u8")
    return np.asarray((drawn >> np.uint64(11)) * 2.0**-53).reshape(positions, 3)
