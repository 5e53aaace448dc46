"""Rules: small pure functions that forbid choices, given where each melody stands.

Conventions
    A rule gets log-probabilities (R, V) of one attribute and a `Spot`, and returns log-probabilities.
    Every rule looks ahead far enough that what it leaves can be gone on with: no dead ends. The limit on copies
    (`originality`) alone does not; what leads nowhere is taken back (`choosing`).

Contents: `Spot`, `Rules`, `Gate`, `every`; `in_range`, `first_onset`, `exact_bars`, `ends_by`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.compose.sampling.filters import Indices, Logs, mask
from melodyrnn.events.ticks import DURATION_TICKS, REST_TICKS
from melodyrnn.events.tokenizer import LOWEST_FIRST
from melodyrnn.events.vocabulary import END, PITCHES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from melodyrnn.inference.bar_grid import Timeline

Gate = Callable[[Indices], bool]
"""Whether the notes that were composed, rows (notes, 3) of the tables, may stay."""

SHORTEST_GAP: Final = 6  # ticks: a sixteenth; no shorter gap is left to be filled by one last splinter of a note
_FURTHEST: Final = int(DURATION_TICKS[-1]) + SHORTEST_GAP  # ticks before the end from which on every value is neat


@dataclass(frozen=True, slots=True)
class Spot:
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


Rule = Callable[[Logs, Spot], Logs]


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of each attribute, applied in order."""

    rest: tuple[Rule, ...] = ()
    duration: tuple[Rule, ...] = ()
    pitch: tuple[Rule, ...] = ()

    def __add__(self, other: Rules) -> Rules:
        """Both sets of rules."""
        return Rules(self.rest + other.rest, self.duration + other.duration, self.pitch + other.pitch)


def every(gates: Sequence[Gate]) -> Gate | None:
    """One gate for several; None where there are none."""
    return (lambda rows: all(passes(rows) for passes in gates)) if gates else None


def in_range(anchor: int) -> Rules:
    """Pitches that MIDI has, and a first pitch that its anchor explains (see tokenizer)."""
    sounding = np.asarray(PITCHES) + anchor
    exists = (sounding >= 0) & (sounding <= 127)
    opening = exists & (np.asarray(PITCHES) >= LOWEST_FIRST) & (np.asarray(PITCHES) < LOWEST_FIRST + 12)

    everything = bool(exists.all())

    def pitch(logs: Logs, spot: Spot) -> Logs:
        return logs if spot.notes and everything else mask(logs, exists if spot.notes else opening)

    return Rules(pitch=(pitch,))


def first_onset(onset: int | None, latest: int) -> Rules:
    """Start the new notes exactly at a tick, or not at END and not after `latest`."""

    def rest(logs: Logs, spot: Spot) -> Logs:
        if spot.notes > spot.primed:
            return logs
        begins = spot.tick[:, None] + REST_TICKS
        return mask(logs, _with_end(begins <= latest if onset is None else begins == onset, np.zeros(len(logs), bool)))

    return Rules(rest=(rest,))


def exact_bars(end: int, last_bar: int, *, full: bool) -> Rules:
    """No note crosses tick `end`; the melody is over there, or once it sounds beyond `last_bar` (a tick).

    `full` (a loop): it is over at `end` only.
    """
    left = np.arange(max(_FURTHEST, end - last_bar) + 1)  # ticks up to the end; of more, all that is said of the most
    over = left == 0 if full else left < end - last_bar
    room = left[:, None] - REST_TICKS
    sparse = (room > 0) & ~over[:, None]  # what is left when nothing neat is, and it may not end either
    rests = _with_end(_preferring(sparse, room >= SHORTEST_GAP), over)
    room = left[:, None] - DURATION_TICKS
    durations = _preferring(room >= 0, (room == 0) | (room >= SHORTEST_GAP) if full else room >= 0)

    def rest(logs: Logs, spot: Spot) -> Logs:
        return mask(logs, rests.take(end - spot.tick, 0, mode="clip"))

    def duration(logs: Logs, spot: Spot) -> Logs:
        room = end - spot.tick
        return logs if np.minimum.reduce(room) >= _FURTHEST else mask(logs, durations.take(room, 0, mode="clip"))

    return Rules((rest,), (duration,))


def ends_by(end: int) -> Rules:
    """The network ends the melody; at tick `end` it must."""

    def rest(logs: Logs, spot: Spot) -> Logs:
        return mask(logs, _with_end(spot.tick[:, None] + REST_TICKS < end, np.ones(len(logs), bool)))

    def duration(logs: Logs, spot: Spot) -> Logs:
        return mask(logs, spot.tick[:, None] + DURATION_TICKS <= end)

    return Rules((rest,), (duration,))


def _preferring(allowed: NDArray[np.bool_], better: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What is better, in rows where there is any; else what is allowed."""
    return np.where(better.any(1, keepdims=True), better, allowed)


def _with_end(rests: NDArray[np.bool_], over: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Allowed rests (R, RESTS) and whether END is: (R, END + 1)."""
    out = np.empty((len(rests), END + 1), dtype=bool)
    out[:, :END], out[:, END] = rests, over
    return out
