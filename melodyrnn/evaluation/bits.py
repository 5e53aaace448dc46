"""Bits per note of a model on melodies.

Conventions
    bits        -log2 P, summed and divided by the number of notes: the mean over notes, not over melodies.
    rest        END is counted here, so a melody of n notes has n + 1 rests and is still divided by n.
    pitch       given the note's onset and duration, not renormalised over a set's alphabet; the octave of the
                first note is charged too (melodyrnn.events.registers).
    accuracy    how often the most probable value came, each attribute given the ones before it: of the rhythm
                (rest and duration both) and of the pitch. END is no note and counts in neither.
    Key and metre are told. Style and bars left are hidden, for they are answers.

The pitch figure is the cross entropy of Conklin & Witten 1995 and Pearce 2005; docs/benchmarks.md has theirs.

Contents: Judged (one melody), Bits (a set), judge, pool, average.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from melodyrnn.events.registers import first_pitch, register_bits
from melodyrnn.inference.scoring import score

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from melodyrnn.evaluation.knn_memory import Repertoire
    from melodyrnn.events.columns import Columns
    from melodyrnn.inference.numpy_network import Network


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
class Bits:
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


def judge(
    network: Network,
    melodies: Sequence[Columns],
    names: Sequence[str],
    registers: Mapping[int, int],
    repertoire: Repertoire | None = None,
) -> list[Judged]:
    """Score melodies note by note; with a repertoire, recalling it."""
    judged = []
    for melody, name, scored in zip(melodies, names, score(network, melodies, repertoire=repertoire), strict=True):
        scored.bits[0, 2] += register_bits(registers, first_pitch(melody))
        judged.append(Judged(name, scored.bits, scored.right))
    return judged


def pool(judged: Iterable[Judged]) -> Bits:
    """The mean over all notes of all melodies."""
    some = list(judged)
    notes = sum(j.notes for j in some)
    rest, duration, pitch = (sum((j.bits.sum(0) for j in some), np.zeros(3)) / max(1, notes)).tolist()
    return Bits(len(some), notes, rest, duration, pitch, _accuracy(some, notes))


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
