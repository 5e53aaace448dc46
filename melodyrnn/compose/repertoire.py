"""Melodies that a network knows by heart and recalls while it hears another: its long-term memory.

Training teaches what melodies have in common; dropout keeps a network from learning them by heart. Here every note
of a repertoire lies under the state in which the network awaited it. Whatever the network hears, notes that it
awaited in much the same state bid for what comes next, each the more, the nearer its state:

    P'(v) = (P(v) + Σ w_j [v_j = v]) / (1 + Σ w_j),    w_j = exp(-SHARPNESS d_j² / reach²)

where nothing is near nothing changes. d is the distance of states; reach² is the median, over the notes of the
repertoire, of d² to the nearest note of another melody, so that one sharpness suits every cell and width. Only notes
that agree in rest and duration bid. Pitches alone are recalled: rhythms were guessed no better for it.

Sources: Khandelwal et al. 2020 (nearest-neighbour language models); the weights without a norm are the continuous
cache of Grave, Joulin and Usunier 2017. IDyOM's long-term model (Pearce 2005) is the n-gram's way to the same end.
The sharpness was chosen on two folds of four sets (docs/log.md, 2026-11-23).

Conventions: N notes of the repertoire; R melodies heard side by side; H hidden units.

Contents: Repertoire.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.compose.runtime import Matrix
from melodyrnn.compose.scoring import follow
from melodyrnn.events.vocabulary import END

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from melodyrnn.compose.runtime import Floats, Indices, Logs, Network
    from melodyrnn.events.columns import Columns

SHARPNESS: Final = 6.0
_LEAST: Final = 1e-4  # a weight below which a note is not heard
_ROUNDING: Final = 1e-4  # of a squared length: the least reach, with which equal states alone are near
_SAMPLE: Final = 500  # notes by which the reach is measured
_SIDE_BY_SIDE: Final = 16  # of them at a time: distances to all N lie in memory


class Repertoire:
    """The notes of some melodies and the states, (N, H), in which one network awaited them."""

    def __init__(self, network: Network, melodies: Sequence[Columns]) -> None:
        """Listen to the melodies, with the conditions hidden that a held-out figure must not see."""
        states, came, tunes = [], [], []
        for which, stream, event in follow(network, melodies):
            notes = event[0] != END
            states.append(stream.state[-1, 0][notes])
            came.append(np.stack(event, 1)[notes])
            tunes.append(which[notes])
        self.states: Floats = np.concatenate(states)
        self.rest, self.duration, self.pitches = np.concatenate(came).T
        self._squares = np.einsum("nh,nh->n", self.states, self.states)
        self._matrix = Matrix(self.states)
        least = _ROUNDING * float(self._squares.mean())
        self.reach = max(least, self._measure(np.concatenate(tunes)))  # squared

    def pitch(self, logs: Logs, states: Floats, rest: Indices, duration: Indices) -> Logs:
        """Log-probabilities of the pitch at this rest and duration (R,): the network's own, (R, V), memories heard.

        `states` (R, H): the network's, before the note.
        """
        weights = np.exp(self._apart(states) * (-SHARPNESS / self.reach))
        weights *= (self.rest == rest[:, None]) & (self.duration == duration[:, None])
        row, note = np.nonzero(weights > _LEAST)
        rows, values = logs.shape
        bids = np.bincount(row * values + self.pitches[note], weights[row, note], rows * values).reshape(rows, values)
        mix: Logs = (np.exp(logs) + bids) / (1 + bids.sum(1, keepdims=True))
        return np.log(mix, out=mix)

    def _apart(self, states: Floats) -> Floats:
        """Squared distances (R, N)."""
        apart: Floats = np.einsum("rh,rh->r", states, states)[:, None] + self._squares - 2 * self._matrix(states)
        return np.maximum(apart, 0, out=apart)

    def _measure(self, tunes: NDArray[np.int64]) -> float:
        """How near, in the median, the nearest note of another melody is: squared; 0 where there is no other."""
        if (tunes == tunes[0]).all():
            return 0.0
        sample = np.unique(np.linspace(0, len(tunes) - 1, min(len(tunes), _SAMPLE)).astype(np.int64))
        nearest = []
        for start in range(0, len(sample), _SIDE_BY_SIDE):
            some = sample[start : start + _SIDE_BY_SIDE]
            apart = self._apart(self.states[some])
            apart[tunes[some][:, None] == tunes] = np.inf
            nearest.append(apart.min(1))
        return float(np.median(np.concatenate(nearest)))
