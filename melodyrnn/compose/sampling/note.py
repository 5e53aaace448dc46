"""The next note of each melody: rest, duration, pitch, through rules and filters.

The network's log-probabilities of each attribute go through the rules, then through the filters, then one number of the
melody's own decides. Where the rules leave no pitch after a rest and a duration, another duration is chosen, then
another rest. Where no rest is left either the melody is lost (`SampledNote.lost`): nothing chosen for it counts.

Contents: spent_with; SampledNote, sample_note.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from melodyrnn.compose.sampling.filters import draw, price, within
from melodyrnn.constraints.logit_rules import DecodingContext, LogitRule
from melodyrnn.events.vocabulary import DURATIONS, END, REST_OR_END_TICKS
from melodyrnn.inference.numpy_network import BITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from melodyrnn.constraints.logit_rules import LogitRules
    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.inference.decoder import Decoder
    from melodyrnn.inference.numpy_network import Logs


def spent_with(spent: Logs, bits: Logs) -> Logs:
    """Count one more note, bits (R,): what was spent so far, and the sum of that over the notes, (R, 2)."""
    sofar = spent[:, 0] + bits
    return np.stack((sofar, spent[:, 1] + sofar), 1)


class SampledNote(NamedTuple):
    """The next note of each melody, rows (R,) of the tables; where rest is END, the rest means nothing."""

    rest: Indices
    duration: Indices
    pitch: Indices
    bits: NDArray[np.float64]  # (R, 3): -log2 P of what was chosen, by the network itself
    price: NDArray[np.float64]  # (R, 3): -log2 of the share that the rules left; the weight of a particle

    @property
    def lost(self) -> NDArray[np.bool_]:
        """Melodies for which the rules left nothing, (R,): rest END, at an infinite price."""
        return np.isposinf(self.price[:, 0])


def sample_note(
    decoder: Decoder, rules: LogitRules, filters: tuple[LogitRule, ...], uniform: Logs, primed: int = 0
) -> SampledNote:
    """Choose the next note of each melody. `filters` for rest, duration, pitch; `uniform` (R, 3)."""
    heard, dice = decoder.heard, _Dice(filters, uniform)

    def stand(tick: Indices, rest: Indices | None = None, duration: Indices | None = None) -> DecodingContext:
        return DecodingContext(
            decoder.notes,
            primed,
            tick,
            decoder.last,
            decoder.timeline,
            heard,
            rest,
            duration,
            decoder.spent,
            decoder.states,
        )

    start, asked = stand(decoder.tick), decoder.rest()
    rests, barred = _ruled(asked, rules.rest, start), _Barred(len(decoder))
    gone = np.zeros(len(decoder), bool)
    while True:
        if (lost := _empty(asked, rests)) is not None:
            gone |= lost
            rests = _changed(rests, lost, np.full(len(decoder), END), 0.0)  # over, one way or the other
        rest = dice.pick(asked, rests, 0, start)
        if (rest == END).all():
            duration = pitch = np.zeros_like(rest)
            break
        context = stand(decoder.tick + REST_OR_END_TICKS.take(rest), rest)
        durations = decoder.duration(rest)
        allowed = barred.without(_ruled(durations, rules.duration, context), rest)
        if (stuck := _empty(durations, allowed)) is not None:
            rests = _changed(rests, stuck, rest, -np.inf)  # of another rest there may be durations left
            dice.take_back(stuck, rest, 0)
            continue
        duration = dice.pick(durations, allowed, 1, context)
        context, pitches = stand(context.tick, rest, duration), decoder.pitch(rest, duration)
        left = _ruled(pitches, rules.pitch, context)
        if (shut := _empty(pitches, left)) is None:
            pitch = dice.pick(pitches, left, 2, context)
            break
        barred.add(shut, duration)  # beside another duration there may be pitches left
        dice.take_back(shut, duration, 1)
    if rules.advance is not None and not (rest == END).all():
        decoder.states = rules.advance(context, pitch)
    dice.forget_after(rest == END)
    if decoder.spent is not None:
        decoder.spent = spent_with(decoder.spent, dice.bits.sum(1))
    dice.price[gone, 0] = np.inf
    return SampledNote(rest, duration, pitch, dice.bits, dice.price)


class _Dice:
    """Numbers that decide, filters they go through, and what came of it: arrays (R, 3) as in `SampledNote`."""

    def __init__(self, filters: tuple[LogitRule, ...], uniform: Logs) -> None:
        self.filters, self.uniform = filters, uniform.copy()
        self.bits, self.price = np.zeros((2, *uniform.shape))
        self._before: list[Logs] = [uniform] * 3  # what each attribute was last drawn from

    def pick(self, logs: Logs, allowed: Logs, attribute: int, context: DecodingContext) -> Indices:
        """Draw one entry of each row of what is allowed, and note what it costs."""
        self._before[attribute] = filtered = self.filters[attribute](allowed, context)
        chosen = draw(filtered, self.uniform[:, attribute])
        self.bits[:, attribute] = logs[np.arange(len(logs)), chosen] * BITS
        if allowed is not logs:
            self.price[:, attribute] = price(logs, allowed)
        return chosen

    def take_back(self, rows: NDArray[np.bool_], chosen: Indices, attribute: int) -> None:
        """Give these rows numbers to draw again with, as good as new: where in the entry drawn the old ones lay."""
        logs, numbers = self._before[attribute][rows], self.uniform[rows, attribute]
        self.uniform[rows, attribute] = within(logs, numbers, chosen[rows])

    def forget_after(self, over: NDArray[np.bool_]) -> None:
        """Melodies that are over have no duration and no pitch, whatever was drawn for them or taken back."""
        for figures in (self.bits, self.price):
            figures[over, 1:] = 0


def _empty(logs: Logs, allowed: Logs) -> NDArray[np.bool_] | None:
    """Melodies for which the rules have left nothing, (R,), or None where there is none."""
    if allowed is logs:
        return None
    none_left: NDArray[np.bool_] = np.maximum.reduce(allowed, 1) == -np.inf
    return none_left if none_left.any() else None


def _changed(logs: Logs, which: NDArray[np.bool_], entries: Indices, value: float) -> Logs:
    """Log-probabilities with another value at one entry (R,) of some melodies."""
    logs = logs.copy()
    logs[which, entries[which]] = value
    return logs


class _Barred:
    """Durations, of each melody, beside which no pitch was left after the rest that it has now."""

    def __init__(self, rows: int) -> None:
        self.rest = np.full(rows, -1)
        self.durations: NDArray[np.bool_] | None = None  # (R, D); hardly ever there are any

    def add(self, rows: NDArray[np.bool_], duration: Indices) -> None:
        if self.durations is None:
            self.durations = np.zeros((len(rows), len(DURATIONS)), bool)
        self.durations[rows, duration[rows]] = True

    def without(self, logs: Logs, rest: Indices) -> Logs:
        """Log-probabilities (R, D) without what is barred; another rest begins anew."""
        before, self.rest = self.rest, rest
        if self.durations is None:
            return logs
        self.durations[rest != before] = False
        return np.where(self.durations, -np.inf, logs)


def _ruled(logs: Logs, rules: tuple[LogitRule, ...], context: DecodingContext) -> Logs:
    """What the rules leave; the same array where they change nothing. A melody that is over is under none."""
    allowed = logs
    for rule in rules:
        allowed = rule(allowed, context)
    if allowed is logs or context.rest is None:
        return allowed
    over = context.rest == END
    return np.where(over[:, None], logs, allowed) if over.any() else allowed
