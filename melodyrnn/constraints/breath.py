"""Silence: how long a melody goes on without any, and where it is leant to.

A stretch is what sounds between two breaths, a breath a silence of an eighth or more; shorter ones are articulation.

Conventions
    An eighth is 12 ticks of the decoder's clock. Eighths, or larger units where stretches are long, are counted from
    tick 0, and a stretch from the one in which it begins, so that it is never longer than is said.

Contents: EIGHTH; Breath (an automaton); Breathing, resting (leaning rules on durations and rests).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from melodyrnn.constraints.automaton import FORBIDDEN, Automaton, Joint, Moves
from melodyrnn.events.vocabulary import DURATION_TICKS, REST_TICKS, Indices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.constraints.automaton import Flags
    from melodyrnn.constraints.logit_rules import DecodingContext, LogitRule
    from melodyrnn.inference.numpy_network import Logs

EIGHTH: Final = 12


class Breath(Automaton):
    """No stretch is longer than so many units. State: units since the one in which the stretch in hand began."""

    joint: Joint | None = "reset"

    def __init__(
        self, most: int, seams: Sequence[int] = (), joints: Sequence[int] = (), *, loop: bool = False,
        unit: int = EIGHTH,
    ) -> None:  # fmt: skip
        """`most` units (ticks, an eighth or more), 1 or more.

        Before each of the `joints` (onsets) comes a breath. At `seams` (onsets), and where a loop begins anew, two
        stretches may be joined: the one that arrives has half of the length, the one that leaves the rest.
        """
        self.most, self.states, self.loop, self.unit = most, most + 1, loop, unit
        self._half, self._joints = most // 2, frozenset(joints)
        self._seams = np.array(sorted(seams), np.int64)
        state = np.arange(self.states)
        shifts = np.arange(2 * (most + 2))[:, None]  # two kinds for each shift: the end on a unit, or beyond it
        there = state + shifts // 2
        self._notes = np.where(there + shifts % 2 <= most, there, FORBIDDEN)
        arrives = [np.where(state + more <= self._half, 0, FORBIDDEN) for more in (0, 1)]
        never = np.full(self.states, FORBIDDEN)
        self._rests = np.stack((np.zeros_like(state), self._notes[0], self._notes[2], *arrives, never))
        self._late: dict[int, Indices] = {}

    def rest(self, tick: int, targets: Indices) -> Moves:
        """A breath begins a new stretch; what is shorter belongs to the stretch."""
        more = np.minimum(targets // self.unit - tick // self.unit, 1)
        kind = np.where(np.isin(targets, self._seams), 3, 1) + more
        kind = np.where(np.isin(targets, list(self._joints)), 5, kind)
        return Moves(np.where((targets - tick >= EIGHTH) | (tick == 0), 0, kind), self._rests)

    def note(self, onset: int, targets: Indices, durations: Indices) -> Moves:  # noqa: ARG002
        """The stretch becomes longer."""
        shifts = np.minimum(targets // self.unit - onset // self.unit, self.most + 1)
        return Moves(2 * shifts + (targets % self.unit > 0), self._from(onset))

    def ending(self, tick: int) -> Flags | None:  # noqa: ARG002
        """What ends as a loop is gone on from where it began."""
        return np.arange(self.states) <= self._half if self.loop else None

    def _from(self, onset: int) -> Indices:
        """The maps of notes from an onset: a stretch that began at a seam has less room."""
        before = np.searchsorted(self._seams, onset, "right") - 1
        begun = onset // self.unit - int(self._seams[before]) // self.unit if before >= 0 else self.states
        if begun > self.most:
            return self._notes
        if begun not in self._late:
            maps = self._notes.copy()
            shifts = np.arange(len(maps))
            over = begun + shifts // 2 + shifts % 2 > self.most - self._half
            maps[over, begun] = FORBIDDEN
            self._late[begun] = maps
        return self._late[begun]


class Breathing(NamedTuple):
    """Where silence is leant to, and how much of it."""

    ends: Indices  # (places,) ticks at which phrases end, in order
    beats: Indices  # (places,) ticks of a beat there
    share: float  # of the time up to each of these ends
    start: int | None  # where time begins; None = with the first note


_LEAST: Final = 9  # ticks that are owed before a breath is leant to
_FORCE: Final = 8.0  # nats
_WIDEST: Final = 2  # beats
_ENOUGH: Final = 1.5  # times what is wanted: beyond, silences are leant away from …
_AGAINST: Final = 3.0  # … by so many nats
_BESIDE: Final = 2.0  # nats against one after which a note begins beside the eighths
_EARLY: Final = 2.0  # nats against a silence that is over more than a beat before the end of the phrase


def resting(where: Breathing) -> tuple[LogitRule, LogitRule]:
    """Rules on rests and on durations: around the ends of phrases what is owed of silence is likely.

    Owed is the share of the time up to there, less what has been silent. A breath is as long as what is owed, an eighth
    to two beats; it is over where the phrase ends, within a beat before, for a pickup, or after.
    """

    def rest(logs: Logs, context: DecodingContext) -> Logs:
        if not context.notes or context.notes == context.primed:
            return logs
        beats = where.beats
        k = np.searchsorted(where.ends + beats // 2, context.tick, "right")
        near = k < len(where.ends)
        k = np.minimum(k, len(where.ends) - 1)
        owed, silent = _owed(where, context, where.ends[k])
        wanted = np.clip(owed, EIGHTH, _WIDEST * beats[k])
        left = where.ends[k] - context.tick
        due = near & (left <= wanted + beats[k]) & (owed >= _LEAST)
        off = -_FORCE * np.minimum(np.abs(REST_TICKS - wanted[:, None]) / wanted[:, None], 1.0)
        off -= _EARLY * ((REST_TICKS > 0) & ((left - beats[k])[:, None] > REST_TICKS))
        off -= _BESIDE * ((context.tick[:, None] + REST_TICKS) % EIGHTH > 0)
        out = np.where(due[:, None], off, 0.0)
        much = ~due & (silent >= _ENOUGH * (owed + silent))
        out = np.where(much[:, None] & (REST_TICKS >= EIGHTH), -_AGAINST, out)
        return np.concatenate((logs[:, : len(REST_TICKS)] + out, logs[:, len(REST_TICKS) :]), 1)

    def duration(logs: Logs, context: DecodingContext) -> Logs:
        if not context.notes:
            return logs
        k = np.searchsorted(where.ends, context.tick, "right")
        near = k < len(where.ends)
        k = np.minimum(k, len(where.ends) - 1)
        owed, _ = _owed(where, context, where.ends[k])
        wanted = np.clip(owed, EIGHTH, _WIDEST * where.beats[k])[:, None]
        left = np.maximum((where.ends[k] - context.tick)[:, None] - wanted, EIGHTH)
        over = np.clip((DURATION_TICKS - left) / wanted, 0.0, 1.0)
        due = near & (owed >= _LEAST)
        return np.asarray(logs - np.where(due[:, None], _FORCE * over, 0.0))

    return rest, duration


def _owed(where: Breathing, context: DecodingContext, end: Indices) -> tuple[Logs, Indices]:
    """Ticks of silence that are owed up to a tick (R,), and those that have been."""
    rests = REST_TICKS[context.heard[0]]
    own = rests[:, context.primed :] if context.primed else rests[:, 1:]
    silent = np.where(own >= EIGHTH, own, 0).sum(1)
    if context.rest is not None:
        now = REST_TICKS[np.minimum(context.rest, len(REST_TICKS) - 1)]
        silent = silent + np.where(now >= EIGHTH, now, 0)
    begun = rests[:, 0] if where.start is None else np.full(len(rests), where.start)
    return where.share * (end - begun) - silent, silent
