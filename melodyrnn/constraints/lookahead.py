"""What is allowed where, and what can still be completed: the look-ahead of all constraints together.

A melody stands, between two notes, at a tick, with a last pitch, and in a state of each automaton
(`constraints.automaton`). `SearchSpace` says what is allowed at each place and which automata have to be content;
`Lookahead` is worked out from it backwards from the end (dynamic programming over the product of all automata, exact):
may a melody that stands so be completed? A choice is allowed if what follows it may be; so there are no dead ends, and
a request that no melody can meet is known before the first note is drawn.

Conventions
    T = end + 1 ticks of the decoder's clock; D rows of DURATIONS, P of PITCHES.
    K, N, U, F  what is remembered: of the last note alone (`LastNote`); states of the product of the automata that are
                neither this nor the next; subsets of the groups that are collected (`Collected`); columns, of which
                only the look-ahead over sections has more than one. Each is 1 where nothing asks for it.

Contents: Copy, SearchSpace; Lookahead.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from melodyrnn.constraints.automaton import Collected, LastNote, PitchSteps
from melodyrnn.constraints.logit_rules import NONE
from melodyrnn.constraints.product import Product
from melodyrnn.events.vocabulary import DURATION_TICKS, PITCHES, REST_TICKS, Indices

if TYPE_CHECKING:
    from collections.abc import Iterable

    from melodyrnn.constraints.automaton import Automaton, Flags
    from melodyrnn.constraints.product import Group


_PITCHES: Final = np.arange(len(PITCHES))
_DURATIONS: Final = np.arange(len(DURATION_TICKS))


class Copy(NamedTuple):
    """A stretch whose notes are those of an earlier one, with other pitches if it says so."""

    at: int  # its first tick
    length: int
    source: int  # first tick of the earlier stretch
    last: bool = False  # the melody is over after it
    rows: tuple[int, ...] | None = None  # of each pitch (P) that which comes for it, -1 for none; None = itself
    back: bool = False  # pitches come in the reverse order, in the rhythm as it is

    @property
    def end(self) -> int:
        """Tick after the copied stretch."""
        return self.at + self.length

    def heard_from(self, pitches: Flags) -> Flags:
        """Pitches that may stand in the source (ticks, P), by what may stand in the copy."""
        told = np.broadcast_to(pitches.all(0), pitches.shape) if self.back else pitches
        if self.rows is None:
            return told
        rows = np.asarray(self.rows)
        return np.asarray(told[:, np.maximum(rows, 0)] & (rows >= 0))


@dataclass(frozen=True, kw_only=True)
class SearchSpace:
    """What is allowed where. Pitches and durations depend on the onset of the note."""

    start: int  # where the new notes begin to be looked for
    end: int  # where all is over
    onsets: Flags  # (T,) a note may begin here
    must: Flags  # (T,) a note must begin here
    rests: Flags  # (len(RESTS),)
    durations: Flags  # (T, D)
    pitches: Flags  # (T, P)
    opening: Flags  # (P,) of the very first note of a melody
    home: Flags  # (P,) pitches that stand on both sides of a joint
    joints: Flags  # (T,) a joint lies before this onset
    over: Flags  # (T,) the melody may end after a last note that ends here
    final: Flags  # (P,) its last pitch
    automata: tuple[Automaton, ...] = ()
    copies: tuple[Copy, ...] = ()
    closing: tuple[tuple[int, int], ...] = ()  # (joint, ticks from it to the end): what ends there, ends as the melody

    @cached_property
    def until(self) -> Indices:
        """The next tick at or after each at which a note must begin, or the end; (T,)."""
        ticks = np.where(self.must, np.arange(len(self.must)), self.end)
        ticks[-1] = self.end
        return np.asarray(np.minimum.accumulate(ticks[::-1])[::-1])

    @cached_property
    def product(self) -> Product:
        """All that is remembered of more than the last note, but for what is collected."""
        automata = [one for one in self.automata if not isinstance(one, (LastNote, Collected))]
        return Product(automata, self.end + 1, self.joints)

    @cached_property
    def last_notes(self) -> Indices | None:
        """What is remembered of a note (T, D) as the last one, a number below `lasts`; None = nothing."""
        facts = [one.closing for one in self.automata if isinstance(one, LastNote)]
        return None if not facts else np.asarray(sum(fact.astype(np.int64) << k for k, fact in enumerate(facts)))

    @property
    def lasts(self) -> int:
        """Number of things that can be remembered of a last note; the highest lets it be the last of all."""
        return 1 << sum(isinstance(one, LastNote) for one in self.automata)

    @cached_property
    def groups(self) -> Flags:
        """Groups of pitches of each of which one must come, (groups, P)."""
        found = [one.groups for one in self.automata if isinstance(one, Collected)]
        return np.concatenate([np.zeros((0, len(PITCHES)), bool), *found])

    @cached_property
    def bits(self) -> Indices:
        """Which groups each pitch belongs to, as a number; (P,)."""
        powers = 1 << np.arange(len(self.groups))
        return np.asarray((self.groups * powers[:, None]).sum(0), dtype=np.int64)

    @property
    def subsets(self) -> int:
        """Number of subsets of the groups."""
        return 1 << len(self.groups)

    @cached_property
    def border(self) -> Flags | None:
        """Which pitch may follow which across a joint, (P, P); None where any may."""
        steps = [one.allowed for one in self.automata if isinstance(one, PitchSteps)]
        return np.logical_and.reduce(steps) if steps else None

    @property
    def size(self) -> int:
        """Bytes that the look-ahead takes."""
        return (self.end + 1) * (self.lasts + 2) * self.product.states * self.subsets * len(PITCHES)


class Lookahead:
    """What can be completed.

    `begin[t, N, U, F, P]`: a note of this pitch may begin here. `step[t, N, U, F, P + 1]`: ... after this last pitch.
    `after[t, K, N, U, F, P]`: after a note of this pitch that ends here the melody may go on or end.
    """

    def __init__(self, space: SearchSpace) -> None:
        """Work backwards from the end."""
        self.space = g = space
        self.product = g.product
        self.shape = (self.product.states, g.subsets, self._kinds())
        ticks, pitches = g.end + 1, len(PITCHES)
        self.begin = np.zeros((ticks, *self.shape, pitches), bool)
        self.step = np.zeros((ticks, *self.shape, pitches + 1), bool)
        self.after = np.zeros((ticks, g.lasts, *self.shape, pitches), bool)
        self._steps = [
            [(None if pairs.all() else pairs.T.astype(np.float32), after) for pairs, after in relations]
            for relations in self.product.relations
        ]
        self._had = np.arange(g.subsets)[:, None] | g.bits  # (U, P): the subset after a pitch
        self._ways = self.product.ways.tolist()
        self._copies = {copy.at: copy for copy in g.copies}
        self._closing = dict(g.closing)
        self._allowed_rests = REST_TICKS[g.rests]
        self._durations, self._rests = self._fitting(np.arange(ticks))
        self._free: list[bool] = np.asarray(g.durations.all(1)).tolist()
        self._ends = self.after.reshape(-1, *self.after.shape[2:])  # (T K, N, U, F, P)
        self.ending = self._endings()
        for tick in range(g.end, g.start - 1, -1):
            if g.onsets[tick]:
                self._begin(tick)
            self._after(tick)
        firsts = np.flatnonzero(g.opening)
        near = slice(int(firsts[0]), int(firsts[-1]) + 1) if len(firsts) else slice(0)
        self.step[..., NONE] = (self.begin[..., near] & g.opening[near]).any(-1)

    def columns(self, at: Indices, onsets: Indices, pitches: Indices) -> Indices:  # noqa: ARG002
        """Index along F of each melody (R,) that chooses at a tick (R,) after its notes (R, notes)."""
        return np.zeros_like(at)

    def _kinds(self) -> int:
        return 1

    def _fitting(self, ticks: Indices) -> tuple[list[int], list[int]]:
        """How many durations, and how many of the rests that are allowed, pass no tick at which a note must begin."""
        g = self.space
        sounds, rests = np.append(g.until[1:], g.end) - ticks, np.minimum(g.until, g.end - 1) - ticks
        fit, allowed = DURATION_TICKS.searchsorted(sounds, "right"), self._allowed_rests.searchsorted(rests, "right")
        return fit.tolist(), allowed.tolist()

    def _endings(self) -> Flags:
        """Whether a melody may end on a pitch, as far as the tick and N do not matter: (K, 1, U, F, P)."""
        out = np.zeros((self.space.lasts, 1, *self.shape[1:], len(PITCHES)), bool)
        out[-1, :, -1] = self.space.final
        return out

    def _begin(self, tick: int) -> None:
        g, copy = self.space, self._copies.get(tick)
        if copy is not None:
            left = self.ending[-1, 0].any(-1) if copy.last else self.begin[copy.end, 0].any(-1)
            self.begin[tick] = left[None, :, :, None] & (g.pitches[tick] & g.home)
        else:
            fit = self._durations[tick]
            durations = _DURATIONS[:fit] if self._free[tick] else g.durations[tick, :fit].nonzero()[0]
            self.begin[tick] = self._ended(tick, durations)
        step, begin = self.step[tick, ..., :NONE], self.begin[tick]
        for number, (pairs, joined) in enumerate(self._steps[self._ways[tick]]):
            begun = begin if joined is None else joined.pulled(begin)
            led = begun.any(-1, keepdims=True) if pairs is None else begun.astype(np.float32) @ pairs > 0
            step[...] = led | step if number else led
        if g.joints[tick]:
            step &= g.home

    def _ended(self, tick: int, durations: Indices) -> Flags:
        """Whether a note of one of these durations may begin here, (N, U, F, P)."""
        g, ends = self.space, tick + DURATION_TICKS[durations]
        ways = self.product.notes(tick, ends, durations)
        rows = ends if g.last_notes is None else ends * g.lasts + g.last_notes[tick, durations]
        found = self._any(self._ends, rows, ways)
        if (pitched := self.product.pitch(tick)) is not None:
            found = pitched.pulled(found)
        if g.subsets > 1:
            found = found[:, self._had, :, _PITCHES].transpose(2, 0, 3, 1)
        return np.asarray(found & g.pitches[tick])

    def _after(self, tick: int) -> None:
        g = self.space
        onsets = tick + self._allowed_rests[: self._rests[tick]]
        here = self.after[tick]
        shut = [o for o in onsets.tolist() if o in self._closing] if self._closing else []
        if shut:
            onsets = onsets[onsets != shut[0]]
            if g.over[tick + self._closing[shut[0]]]:
                here |= self._stepped(tick, np.array(shut[:1])) & self._closed()
        if len(onsets):
            here |= self._stepped(tick, onsets)
        if g.over[tick]:
            here |= self.ending & self.product.ending(tick)[:, None, None]

    def _closed(self) -> Flags:
        """Which notes may stand at the end of what will be the end, whatever else is still to come: (K, 1, 1, 1, P)."""
        out = np.zeros((self.space.lasts, 1, 1, 1, len(PITCHES)), bool)
        out[-1] = self.space.final
        return out

    def _stepped(self, tick: int, onsets: Indices) -> Flags:
        """Whether the next note may follow at one of these onsets, (N, U, F, P)."""
        ways = self.product.rests(tick, onsets)
        return self._any(self.step, onsets, ways)[..., :NONE]

    def _any(self, table: Flags, rows: Indices, ways: Iterable[Group]) -> Flags:
        """Whether any of some ways can be gone, (N, U, F, P), by the rows (…, N, U, F, P) that tell of their ends."""
        found: Flags | None = None
        for which, joined in ways:
            ends = table.take(rows[which], 0)
            one = np.logical_or.reduce(ends) if joined is None else joined.any_pulled(ends)
            found = one if found is None else found | one
        return np.zeros(table.shape[1:], bool) if found is None else found
