"""Logit rules: small pure functions that forbid choices, given where each melody stands.

Conventions
    R melodies. A rule gets log-probabilities (R, V) of one attribute and a `DecodingContext`, and returns
    log-probabilities. Facts about melodies are arrays (R,), worked out afresh from their notes at every choice, so that
    copying melodies (as resampling does) copies nothing else.
    Every rule looks ahead far enough that what it leaves can be completed: no dead ends. The limit on copies
    (`constraints.originality`) alone does not; what leads nowhere is taken back (`compose.sampling.note`).

Contents: mask, DecodingContext, LogitRules; in_range, first_onset, exact_bars, ends_by.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from melodyrnn.events.tokenizer import LOWEST_FIRST
from melodyrnn.events.vocabulary import DURATION_TICKS, END, PITCHES, REST_TICKS, Indices
from melodyrnn.inference.numpy_network import Logs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from melodyrnn.constraints.automaton import Flags
    from melodyrnn.inference.decoder import Timeline


NONE: Final = len(PITCHES)  # stands for the last pitch before the first note
SHORTEST_GAP: Final = 6  # ticks: a sixteenth; no shorter gap is left to be filled by one last splinter of a note
_FURTHEST: Final = int(DURATION_TICKS[-1]) + SHORTEST_GAP  # ticks before the end from which on every value is neat


def mask(logs: Logs, allowed: Flags) -> Logs:
    """Forbid entries; `allowed` (R, V) or (V,)."""
    return np.where(allowed, logs, -np.inf)


class DecodingContext(NamedTuple):
    """Where each melody stands when an attribute of its next note is chosen. Arrays (R,)."""

    notes: int  # notes so far, the prime's included
    primed: int  # how many of them are the prime's
    tick: Indices  # where the last note ended; from `duration` on: the onset of the next
    last: Indices  # row of the last pitch; -1 before the first
    timeline: Timeline
    heard: tuple[Indices, Indices, Indices]  # rests, durations, pitches so far: rows (R, notes)
    rest: Indices | None = None  # as chosen
    duration: Indices | None = None
    spent: Logs | None = None  # (R, 2): bits of the new notes so far, and their sum over these notes
    states: Indices | None = None  # of the automata, after the last note; None before the first new one


LogitRule = Callable[[Logs, DecodingContext], Logs]
Advance = Callable[[DecodingContext, Indices], Indices]
"""The states of the automata after a note: from where it was chosen (rest and duration are), and its pitch (R,)."""


@dataclass(frozen=True, slots=True)
class LogitRules:
    """The rules of each attribute, applied in order."""

    rest: tuple[LogitRule, ...] = ()
    duration: tuple[LogitRule, ...] = ()
    pitch: tuple[LogitRule, ...] = ()
    advance: Advance | None = None  # where some of them remember more than the notes tell at a glance

    def __add__(self, other: LogitRules) -> LogitRules:
        """Both sets of rules, of which one may remember."""
        return LogitRules(
            self.rest + other.rest,
            self.duration + other.duration,
            self.pitch + other.pitch,
            self.advance or other.advance,
        )


def in_range(anchor: int) -> LogitRules:
    """Pitches that MIDI has, and a first pitch that its anchor explains (see tokenizer)."""
    sounding = np.asarray(PITCHES) + anchor
    exists = (sounding >= 0) & (sounding <= 127)
    opening = exists & (np.asarray(PITCHES) >= LOWEST_FIRST) & (np.asarray(PITCHES) < LOWEST_FIRST + 12)
    everything = bool(exists.all())

    def pitch(logs: Logs, context: DecodingContext) -> Logs:
        return logs if context.notes and everything else mask(logs, exists if context.notes else opening)

    return LogitRules(pitch=(pitch,))


def first_onset(onset: int | Indices | None, latest: int) -> LogitRules:
    """Start the new notes exactly at a tick, or not at END and not after `latest`.

    Where melodies differ in it, ticks (kinds,): `DecodingContext.states` says of which kind each is.
    """

    def rest(logs: Logs, context: DecodingContext) -> Logs:
        if context.notes > context.primed:
            return logs
        begins = context.tick[:, None] + REST_TICKS
        if onset is None:
            fits = begins <= latest
        else:
            fits = begins == (onset if context.states is None else np.asarray(onset)[context.states][:, None])
        return mask(logs, _with_end(fits, np.zeros(len(logs), bool)))

    return LogitRules(rest=(rest,))


def exact_bars(end: int | Indices, bar: int) -> LogitRules:
    """No note crosses tick `end`; the melody is over there, or once it sounds within the last bar, of so many ticks.

    Where melodies differ in their end, ticks (kinds,): `DecodingContext.states` says of which kind each is.
    """
    left = np.arange(max(_FURTHEST, bar) + 1)  # ticks up to the end; of more, all that is said of the most
    over = left < bar
    room = left[:, None] - REST_TICKS
    neat = room >= SHORTEST_GAP
    sparse = (room > 0) & ~over[:, None]  # what is left when nothing neat is, and it may not end either
    rests = _with_end(np.where(neat.any(1, keepdims=True), neat, sparse), over)
    room = left[:, None] - DURATION_TICKS
    durations = room >= 0

    def left_of(context: DecodingContext) -> Indices:
        return (end if context.states is None else np.asarray(end)[context.states]) - context.tick

    def rest(logs: Logs, context: DecodingContext) -> Logs:
        return mask(logs, rests.take(left_of(context), 0, mode="clip"))

    def duration(logs: Logs, context: DecodingContext) -> Logs:
        room = left_of(context)
        return logs if np.minimum.reduce(room) >= _FURTHEST else mask(logs, durations.take(room, 0, mode="clip"))

    return LogitRules((rest,), (duration,))


def ends_by(end: int) -> LogitRules:
    """The network ends the melody; at tick `end` it must."""

    def rest(logs: Logs, context: DecodingContext) -> Logs:
        return mask(logs, _with_end(context.tick[:, None] + REST_TICKS < end, np.ones(len(logs), bool)))

    def duration(logs: Logs, context: DecodingContext) -> Logs:
        return mask(logs, context.tick[:, None] + DURATION_TICKS <= end)

    return LogitRules((rest,), (duration,))


def _with_end(rests: NDArray[np.bool_], over: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Allowed rests (R, RESTS) and whether END is: (R, END + 1)."""
    out = np.empty((len(rests), END + 1), dtype=bool)
    out[:, :END], out[:, END] = rests, over
    return out
