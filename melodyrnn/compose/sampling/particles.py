"""Sequential Monte Carlo: one melody drawn from many that are composed side by side.

A rule with look-ahead keeps every melody possible, but note by note it does not know how probable what it leaves
will turn out to be. Here N particles are composed by the same `sample_note`; each is weighed by the share of the
probability that the rules left it at every choice, which turns "note by note" into "given that the whole melody keeps
the rules". When few particles carry the weight (effective sample size below N / 2) they are resampled, systematically;
at the end one is drawn by weight. As N grows its distribution tends to the network's own, conditioned on the rules.

Some notes are only heard: the bars after a gap that is filled, the beginning of a loop come round again. What they cost
is held back until all particles have heard them, and then weighs: so a melody is made to fit what follows. A particle
for which the rules leave nothing weighs nothing, and so does one that the acceptance test refuses at the end.

Sources: P. Del Moral, A. Doucet & A. Jasra, Sequential Monte Carlo samplers, J. R. Statist. Soc. B 68 (2006);
A. K. Lew, T. Zhi-Xuan, G. Grand & V. K. Mansinghka, Sequential Monte Carlo steering of large language models using
probabilistic programs (2023). Weights are exact at temperature 1 without top-k, top-p and min-p, where no choice has
to be taken back (a limit on copies is the one rule that does not look ahead).

Conventions: N particles; weights in bits (log2). Contents: Hearing, Drawn, draw_one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from melodyrnn.compose.sampling.filters import uniforms
from melodyrnn.errors import DeadEnd
from melodyrnn.events.vocabulary import END, REST_OR_END_TICKS
from melodyrnn.inference.numpy_network import BITS
from melodyrnn.inference.told import BEYOND_ANY_TICK

if TYPE_CHECKING:
    from collections.abc import Callable

    from melodyrnn.compose.sampling.gate import Gate
    from melodyrnn.compose.sampling.note import SampledNote
    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.inference.decoder import Decoder
    from melodyrnn.inference.numpy_network import Logs

    Chooser = Callable[[Decoder, Logs], SampledNote]
    Test = Callable[[Indices], bool]
    """Whether the notes that were composed, rows (notes, 3) of the tables, may stay."""

_APART: Final = 10_000  # between the particles of two attempts
ParticleWeights = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Hearing:
    """Notes that are heard but not kept."""

    tick: int  # they begin here or later
    loop: bool = False  # the melody is over here, and begins again
    ends: bool = True  # END after them is the end of the music, so that its probability counts


@dataclass(frozen=True, slots=True)
class Drawn:
    """One melody: arrays (notes, …) without what was only heard."""

    rows: Indices  # (notes, 3) of the tables
    bits: NDArray[np.float64]  # (notes, 3)
    price: float


class _Step(NamedTuple):
    """What was chosen at one step, for every particle."""

    rows: Indices  # (N, 3); rest END where a particle was over
    bits: NDArray[np.float64]  # (N, 3)
    price: NDArray[np.float64]  # (N,)
    kept: NDArray[np.bool_]  # (N,)


def draw_one(
    decoder: Decoder, choose: Chooser, *, seed: int, effort: int, hearing: Hearing | None = None,
    accepts: Test | None = None, attempt: int = 0, gate: Gate | None = None,
) -> Drawn:  # fmt: skip
    """Compose `effort` particles from a stream of one melody and draw one, that passes the gate, by weight.

    `choose` is given a stream and uniform numbers (R, 3). Randomness comes from `seed` and the attempt (0 is the
    first) alone. Raises DeadEnd if no particle is left.
    """
    spawn = (0, attempt) if attempt else (0,)
    dice = np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=spawn)))
    first, particles = attempt * _APART, _Particles(decoder, effort, hearing, gate)
    uniform = np.zeros((effort, 0, 3))
    while len(particles.active):
        step = len(particles.trail)
        if step == uniform.shape[1]:
            uniform = np.stack([uniforms(seed, max(64, 2 * step), k + 1 + first) for k in range(effort)])
        particles.step(choose, uniform[particles.active, step])
        if len(particles.active) and _few(particles.weight):
            particles.resample(float(dice.random()))
    return particles.drawn(dice, accepts)


class _Particles:
    """N melodies on their way; arrays (N,) but for the stream, which holds those that are not over."""

    def __init__(self, decoder: Decoder, count: int, hearing: Hearing | None, gate: Gate | None = None) -> None:
        self.active = np.arange(count)  # which particles the rows of the stream are
        self.decoder, self.hearing = decoder.select(np.zeros_like(self.active)), hearing
        self.weight, self.held = np.zeros((2, count))  # bits, and bits of what is only heard so far
        self.trail: list[_Step] = []
        self.gate, self.passed = gate, np.zeros(count, np.int64)  # sections that each has finished

    def step(self, choose: Chooser, uniform: Logs) -> None:
        """One note of each, weighed. Raises DeadEnd if none is left."""
        decoder, active, hearing = self.decoder, self.active, self.hearing
        before = _before(decoder, hearing)
        note = choose(decoder, uniform)
        over, onset = note.rest == END, decoder.tick + REST_OR_END_TICKS[note.rest]
        kept = (
            np.full(len(active), True) if hearing is None else ~(decoder.tick >= hearing.tick) & (onset < hearing.tick)
        )
        price = note.price.sum(1)
        self.weight[active[kept]] -= price[kept]
        self.held[active[~kept]] += _held(hearing, price, over, before)[~kept]
        self.weight[active[note.lost]] = -np.inf
        if self.gate is not None:
            self._judge(self.gate, active, np.where(over, BEYOND_ANY_TICK, onset))
        if not np.isfinite(self.weight).any():
            raise DeadEnd
        self.trail.append(_noted(note, active, kept, len(self.weight)))
        going = np.flatnonzero(~over)
        if len(going) < len(active):
            self.decoder, self.active = decoder.select(going), active[going]
        self.decoder.step(note.rest[going], note.duration[going], note.pitch[going])

    def _judge(self, gate: Gate, active: Indices, onset: Indices) -> None:
        """Particles that have finished a section, with a next note at these ticks, weigh nothing if it may not stay."""
        for k, tick in zip(active.tolist(), onset.tolist(), strict=True):
            while np.isfinite(self.weight[k]) and (number := int(self.passed[k])) < gate.open(tick):
                rows = np.array([step.rows[k] for step in self.trail if step.kept[k]]).reshape(-1, 3)
                self.passed[k] += 1
                if not gate.passes(number, rows):
                    self.weight[k] = -np.inf

    def resample(self, uniform: float) -> None:
        """Copy those that weigh much, drop those that weigh little; then all weigh the same."""
        which = _systematic(self.weight, uniform)
        place = np.full(len(self.weight), -1)
        place[self.active] = np.arange(len(self.active))
        rows = place[which]
        self.decoder, self.active = self.decoder.select(rows[rows >= 0]), np.flatnonzero(rows >= 0)
        self.trail = [_Step(s.rows[which], s.bits[which], s.price[which], s.kept[which]) for s in self.trail]
        self.passed = self.passed[which]
        self.held, self.weight = self.held[which], np.zeros(len(self.weight))

    def drawn(self, dice: np.random.Generator, accepts: Test | None) -> Drawn:
        """One of them by weight, once all are over. Raises DeadEnd if none passes the gate."""
        while np.isfinite(self.weight).any():
            chosen = int(_systematic(self.weight - self.held, float(dice.random()), 1)[0])
            drawn = _drawn(self.trail, chosen)
            if accepts is None or accepts(drawn.rows):
                return drawn
            self.weight[chosen] = -np.inf
        raise DeadEnd


def _before(decoder: Decoder, hearing: Hearing | None) -> tuple[ParticleWeights, ParticleWeights] | None:
    """Bits of END, and of anything else, where a loop is at its end; else None."""
    if hearing is None or not hearing.loop or not (decoder.tick >= hearing.tick).any():
        return None
    end = decoder.rest()[:, END]
    other = np.log(-np.expm1(np.minimum(end, -1e-12)))
    return np.where(decoder.tick == hearing.tick, end * BITS, 0), other * BITS


def _held(
    hearing: Hearing | None, price: ParticleWeights, over: NDArray[np.bool_],
    before: tuple[ParticleWeights, ParticleWeights] | None,
) -> ParticleWeights:  # fmt: skip
    """What notes that are only heard weigh."""
    if hearing is None:
        return price
    if before is not None:  # a loop ends here, with the probability of END, and begins again, given that it does
        end, other = before
        return np.asarray(np.where(over, 0, end + price - other))
    return price if hearing.ends else np.asarray(np.where(over, 0, price))


def _noted(note: SampledNote, active: Indices, kept: NDArray[np.bool_], effort: int) -> _Step:
    """One step, written down for all particles."""
    rows = np.full((effort, 3), END)
    rows[active] = np.stack((note.rest, note.duration, note.pitch), 1)
    bits, price, keeps = np.zeros((effort, 3)), np.zeros(effort), np.zeros(effort, bool)
    bits[active], price[active], keeps[active] = note.bits, note.price.sum(1), kept
    return _Step(rows, bits, price, keeps)


def _shares(weight: ParticleWeights) -> ParticleWeights:
    shares = np.exp2(weight - weight.max())
    return np.asarray(shares / shares.sum())


def _few(weight: ParticleWeights) -> bool:
    """Whether the effective sample size is below half the particles."""
    return bool(1 / (_shares(weight) ** 2).sum() < len(weight) / 2)


def _systematic(weight: ParticleWeights, uniform: float, count: int = 0) -> Indices:
    """Choose particles (as many as there are, or `count`) by weight, at equal distances.

    >>> _systematic(np.log2([0.5, 0.25, 0.25]), 0.5, 4).tolist()
    [0, 0, 1, 2]
    """
    points = (np.arange(count or len(weight)) + uniform) / (count or len(weight))
    return np.minimum(np.searchsorted(np.cumsum(_shares(weight)), points, "right"), len(weight) - 1)


def _drawn(trail: list[_Step], k: int) -> Drawn:
    rows, bits, prices, kept = (np.array([values[k] for values in column]) for column in zip(*trail, strict=True))
    notes = kept & (rows[:, 0] != END)
    return Drawn(rows[notes], bits[notes], float(sum(prices[kept])))
