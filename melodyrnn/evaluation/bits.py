"""Bits per note of a model on melodies, by itself or with a nearest-neighbour memory of other melodies.

Conventions
    bits        -log2 P, summed and divided by the number of notes: the mean over notes, not over melodies.
    rest        END is counted here, so a melody of n notes has n + 1 rests and is still divided by n.
    pitch       given the note's onset and duration, not renormalised over a set's alphabet; the octave of the
                first note is charged too (melodyrnn.events.statistics). As in Conklin & Witten 1995 and Pearce 2005.
    accuracy    how often the most probable value came, each attribute given the ones before it: of the rhythm
                (rest and duration both) and of the pitch. END is no note and counts in neither.
    Key and metre are told. Style, bars left, phrases and chords are hidden, for they are answers, unless `told`.
    KnnMemory   N notes, each under the state (H) in which the network awaited it. Notes awaited in much the same state,
                and of the same rest and duration, bid for the pitch of what comes next, the nearer the more:
                P'(v) = (P(v) + Σ w_j [v_j = v]) / (1 + Σ w_j),    w_j = exp(-SHARPNESS d_j² / reach²)
                d is the distance of states; reach² is the median, over the notes, of d² to the nearest note of another
                melody, so that one sharpness suits every cell and width. Khandelwal et al. 2020 (nearest-neighbour
                language models); weights without a norm: Grave, Joulin & Usunier 2017. Sharpness: docs/log.md.

Contents: KnnMemory; Judged (one melody), Accuracy, PooledBits (a set), bits_of, pool, average.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.events.columns import answers_hidden
from melodyrnn.events.statistics import first_pitch, register_bits
from melodyrnn.events.vocabulary import END
from melodyrnn.inference.scoring import score, teacher_force

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from melodyrnn.events.columns import Columns
    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.inference.numpy_network import Floats, Logs, Network

SHARPNESS: Final = 6.0
_LEAST: Final = 1e-4  # a weight below which a note is not heard
_ROUNDING: Final = 1e-4  # of a squared length: the least reach, with which equal states alone are near
_SAMPLE: Final = 500  # notes by which the reach is measured
_ALL: Final = slice(None)


class KnnMemory:
    """The notes of some melodies, sorted by rest and duration, and the states in which one network awaited them."""

    def __init__(self, network: Network, melodies: Sequence[Columns]) -> None:
        """Listen to the melodies, with the conditions hidden that a held-out figure must not see."""
        states, came, tunes = [], [], []
        for which, decoder, event in teacher_force(network, melodies):
            notes = event[0] != END
            states.append(decoder.state[-1, 0][notes])
            came.append(np.stack(event, 1)[notes])
            tunes.append(which[notes])
        rest, duration, pitch = np.concatenate(came).T
        order = np.lexsort((duration, rest))
        self.states: Floats = np.concatenate(states)[order]
        self.pitches: Indices = pitch[order]
        self._squares = np.einsum("nh,nh->n", self.states, self.states)
        kinds, firsts = np.unique(np.stack((rest[order], duration[order]), 1), axis=0, return_index=True)
        bounds = [*firsts.tolist(), len(order)]
        self._parts = {tuple(kind): slice(*bounds[k : k + 2]) for k, kind in enumerate(kinds.tolist())}
        least = _ROUNDING * float(self._squares.mean())
        self.reach = max(least, self._measure(np.concatenate(tunes)[order], np.argsort(order)))  # squared

    def pitch(self, logs: Logs, states: Floats, rest: Indices, duration: Indices) -> Logs:
        """Log-probabilities of the pitch at this rest and duration (R,): the network's own, (R, V), memories heard.

        `states` (R, H): the network's, before the note. Every melody is compared alone: the same in any company.
        """
        shares = np.exp(logs)
        for row, event in enumerate(zip(rest.tolist(), duration.tolist(), strict=True)):
            if (part := self._parts.get(event)) is not None:
                weights = np.exp(self._apart(states[row], part) * (-SHARPNESS / self.reach))
                near = weights > _LEAST
                bids = np.bincount(self.pitches[part][near], weights[near], shares.shape[1])
                shares[row] = (shares[row] + bids) / (1 + bids.sum())
        return np.log(shares, out=shares)

    def _apart(self, state: Floats, part: slice) -> Floats:
        """Squared distances of a state (H,) from those of a part."""
        apart: Floats = self._squares[part] + state @ state - 2 * (self.states[part] @ state)
        return np.maximum(apart, 0, out=apart)

    def _measure(self, tunes: Indices, as_heard: Indices) -> float:
        """How near, in the median, the nearest note of another melody is: squared; 0 where there is no other.

        `tunes` (N,): whose each note is. `as_heard`: all notes in the order of their places in their melodies.
        """
        if (tunes == tunes[0]).all():
            return 0.0
        sample = as_heard[np.unique(np.linspace(0, len(tunes) - 1, min(len(tunes), _SAMPLE)).astype(np.int64))]
        return float(np.median([self._apart(self.states[k], _ALL)[tunes != tunes[k]].min() for k in sample]))


@dataclass(frozen=True, slots=True)
class Judged:
    """One melody's surprise, arrays (notes + 1, 3) with columns rest, duration, pitch; END in the last row."""

    name: str
    bits: NDArray[np.float64]
    right: NDArray[np.bool_] | None = None  # the first choice was right; None for an ensemble, which has no one choice

    @property
    def notes(self) -> int:
        """How many notes it has."""
        return len(self.bits) - 1


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Shares of the notes, 0..1."""

    rhythm: float  # rest and duration
    pitch: float


@dataclass(frozen=True, slots=True)
class PooledBits:
    """Bits per note of a set of melodies."""

    melodies: int
    notes: int
    rest: float
    duration: float
    pitch: float
    accuracy: Accuracy | None = None

    @property
    def total(self) -> float:
        """Rest, duration and pitch."""
        return self.rest + self.duration + self.pitch

    @property
    def perplexity(self) -> float:
        """How many equally likely notes would be as hard to guess."""
        return float(2**self.total)


def bits_of(
    network: Network,
    melodies: Sequence[Columns],
    names: Sequence[str],
    registers: Mapping[int, int],
    memory: KnnMemory | None = None,
    told: Collection[str] = (),
) -> list[Judged]:
    """Score melodies note by note; with a memory, asking it; what is `told` (fields of Withheld) is not hidden."""
    judged, hidden = [], answers_hidden(len(melodies), told)
    for melody, name, scored in zip(melodies, names, score(network, melodies, hidden, memory), strict=True):
        scored.bits[0, 2] += register_bits(registers, first_pitch(melody))
        judged.append(Judged(name, scored.bits, scored.right))
    return judged


def pool(judged: Iterable[Judged]) -> PooledBits:
    """The mean over all notes of all melodies."""
    some = list(judged)
    notes = sum(j.notes for j in some)
    rest, duration, pitch = (sum((j.bits.sum(0) for j in some), np.zeros(3)) / max(1, notes)).tolist()
    return PooledBits(len(some), notes, rest, duration, pitch, _accuracy(some, notes))


def average(members: Sequence[Sequence[Judged]]) -> list[Judged]:
    """What an ensemble says: each note's probability is the mean of its members' probabilities."""
    together = []
    for each in zip(*members, strict=True):
        logs = np.stack([-judged.bits for judged in each])
        together.append(Judged(each[0].name, np.log2(len(each)) - np.logaddexp2.reduce(logs)))
    return together


def _accuracy(judged: Sequence[Judged], notes: int) -> Accuracy | None:
    right = [j.right[:-1] for j in judged if j.right is not None]
    if len(right) < len(judged) or not notes:
        return None
    return Accuracy(
        sum(int(r[:, :2].all(1).sum()) for r in right) / notes, sum(int(r[:, 2].sum()) for r in right) / notes
    )
