"""What is allowed where, and what can still be completed: the look-ahead of all constraints together.

A melody stands, between two notes, at a tick, with a last pitch, and, where constraints ask for it, with a few
more facts: how many notes began in this bar, which required pitches came, whether the last note could be a
cadence, which pitch came first. `SearchSpace` says what is allowed at each place; `Lookahead` is worked out from it
backwards from the end (dynamic programming over all of these together, exact): may a melody that stands so be
completed? A choice is allowed if what follows it may be; so there are no dead ends, and a request that no
melody can meet is known before the first note is drawn.

Conventions
    T = end + 1 ticks of the decoder's clock; D rows of DURATIONS, P of PITCHES.
    K, C, U, F  facts: 1 + "last note could be the last of all"; notes begun in this bar; subsets of the
                required groups; first pitches. Each is 1 where nothing asks for it.

Contents: Copy, SearchSpace (what is allowed), Lookahead (what can be completed).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from melodyrnn.events.vocabulary import DURATION_TICKS, PITCHES, REST_TICKS, Indices

Flags = NDArray[np.bool_]
NONE: Final = len(PITCHES)  # stands for the last pitch before the first note


@dataclass(frozen=True, slots=True)
class Copy:
    """A stretch whose notes are those of an earlier one."""

    at: int  # its first tick
    length: int
    source: int  # first tick of the earlier stretch
    last: bool = False  # the melody is over after it

    @property
    def end(self) -> int:
        """Tick after the copied stretch."""
        return self.at + self.length


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
    steps: Flags  # (W, P, P) from a pitch to the next
    way: Indices  # (T,) which of the W holds for a note that begins here
    home: Flags  # (P,) pitches that stand on both sides of a joint
    joints: Flags  # (T,) a joint lies before this onset
    over: Flags  # (T,) the melody may end after a last note that ends here
    final: Flags  # (P,) its last pitch
    cadence: Flags | None  # (T, D) notes that may be its last
    bar: Indices  # (T,) bar number
    least: Indices  # (T,) fewest notes that begin in the bar of this tick
    most: Indices | None  # (T,) and most; None = not counted
    required: Flags  # (groups, P)
    looped: bool  # the step from the last to the first pitch is one of `steps`
    order: Flags | None = None  # (notes, P) pitches of each note of the first bar, in their order
    copies: tuple[Copy, ...] = ()
    closing: tuple[tuple[int, int], ...] = ()  # (joint, ticks from it to the end): what ends there, ends as the melody

    @cached_property
    def until(self) -> Indices:
        """The next tick at or after each at which a note must begin, or the end; (T,)."""
        ticks = np.where(self.must, np.arange(len(self.must)), self.end)
        ticks[-1] = self.end
        return np.asarray(np.minimum.accumulate(ticks[::-1])[::-1])

    @cached_property
    def emptied(self) -> Indices:
        """How many bars that must not be empty stand before each bar, (bars + 2,)."""
        firsts = np.searchsorted(self.bar, np.arange(self.bar[-1] + 1))
        return np.asarray(np.concatenate(([0], np.cumsum(self.least[firsts] > 0))), dtype=np.int64)

    @cached_property
    def bits(self) -> Indices:
        """Which required groups each pitch belongs to, as a number; (P,)."""
        powers = 1 << np.arange(len(self.required))
        return np.asarray((self.required * powers[:, None]).sum(0), dtype=np.int64)

    @property
    def subsets(self) -> int:
        """Number of subsets of the required groups."""
        return 1 << len(self.required)

    @cached_property
    def firsts(self) -> Indices:
        """Rows of PITCHES with which the melody may begin, if that has to be remembered; else one dummy."""
        return np.flatnonzero(self.opening) if self.looped else np.zeros(1, np.int64)

    @property
    def cells(self) -> int:
        """Size of the look-ahead."""
        counts = 1 if self.most is None else int(self.most.max()) + 1
        return (self.end + 1) * counts * self.subsets * len(self.firsts) * len(PITCHES)

    def skips(self, bar: Indices, later: Indices) -> Flags:
        """Whether the bars between two (neither counted) may be empty."""
        return np.asarray(self.emptied[later] == self.emptied[np.minimum(bar + 1, later)])


class Lookahead:
    """What can be completed.

    `begin[t, C, U, F, P]`: a note of this pitch may begin here. `step[t, C, U, F, P + 1]`: … after this last pitch.
    `after[t, K, C, U, F, P]`: after a note of this pitch that ends here the melody may go on or end.
    """

    def __init__(self, space: SearchSpace) -> None:
        """Work backwards from the end."""
        self.space = g = space
        counts = 1 if g.most is None else int(g.most.max()) + 1
        self.shape = (counts, g.subsets, self._kinds())
        ticks, pitches = g.end + 1, len(PITCHES)
        self.begin = np.zeros((ticks, *self.shape, pitches), bool)
        self.step = np.zeros((ticks, *self.shape, pitches + 1), bool)
        self.after = np.zeros((ticks, 1 if g.cadence is None else 2, *self.shape, pitches), bool)
        self._steps = g.steps.transpose(0, 2, 1).astype(np.float32)
        self._copies = {copy.at: copy for copy in g.copies}
        self._closing = dict(g.closing)
        self._allowed_rests = REST_TICKS[g.rests]
        self.ending = self._endings()
        for tick in range(g.end, g.start - 1, -1):
            if g.onsets[tick]:
                self._begin(tick)
            self._after(tick)

    def columns(self, at: Indices, onsets: Indices, pitches: Indices, first: Indices) -> Indices:  # noqa: ARG002
        """Index along F of each melody (R,) that chooses at a tick (R,) after its notes (R, notes)."""
        return first

    def _kinds(self) -> int:
        return len(self.space.firsts)

    def _endings(self) -> Flags:
        """Whether a melody may end on a pitch, by what else is known: (K, C, U, F, P), the tick apart."""
        g = self.space
        out = np.zeros(self.after.shape[1:], bool)
        ways = g.steps[0][:, g.firsts].T if g.looped else np.ones((1, len(PITCHES)), bool)
        out[-1, :, -1] = g.final & ways
        return out

    def _begin(self, tick: int) -> None:
        g, copy = self.space, self._copies.get(tick)
        if copy is not None:
            left = self.ending[-1, 0].any(-1) if copy.last else self.begin[copy.end, 0].any(-1)
            self.begin[tick] = left[None, :, :, None] & (g.pitches[tick] & g.home)
        else:
            limit = int(g.until[tick + 1]) if tick < g.end else tick  # to which a note that begins here may sound
            durations = np.flatnonzero(g.durations[tick] & (tick + DURATION_TICKS <= limit))
            ends = tick + DURATION_TICKS[durations]
            could = 0 if g.cadence is None else g.cadence[tick, durations].astype(np.int64)
            self.begin[tick] = self._ended(tick, self.after[ends, could], ends)
        steps = self._steps[g.way[tick]]
        self.step[tick, ..., :NONE] = self.begin[tick].astype(np.float32) @ steps > 0
        if g.joints[tick]:
            self.step[tick, ..., :NONE] &= g.home
        opening = self.begin[tick] & g.opening
        if g.looped:  # the first pitch is the one that the last must lead to
            opening = opening[:, :, np.arange(len(g.firsts)), g.firsts][:, :, None]
        self.step[tick, ..., NONE] = opening.any(-1)

    def _ended(self, tick: int, ended: Flags, ends: Indices) -> Flags:
        """Whether a note may begin here (C, U, F, P), from what is known of its ends (durations, C, U, F, P)."""
        g = self.space
        if g.most is None:
            found = ended.any(0)
        else:
            inside = g.bar[ends] == g.bar[tick]
            found = np.zeros((*self.shape, len(PITCHES)), bool)
            found[:-1] = ended[inside, 1:].any(0)  # one more note in this bar
            outside = ended[~inside & g.skips(np.full_like(ends, g.bar[tick]), g.bar[ends]), 0].any(0)
            count = np.arange(1, self.shape[0] + 1)[:, None, None, None]
            found |= (count >= g.least[tick]) & outside
            found &= count <= g.most[tick]
            if g.order is not None and g.bar[tick] == 0:
                found[: len(g.order)] &= g.order[:, None, None]
        if len(g.required):
            after = np.arange(g.subsets)[:, None] | g.bits
            found = np.take_along_axis(found, np.broadcast_to(after[None, :, None], found.shape), 1)
        return np.asarray(found & g.pitches[tick])

    def _after(self, tick: int) -> None:
        g = self.space
        onsets = tick + self._allowed_rests
        onsets = onsets[onsets <= min(g.until[tick], g.end - 1)]
        here = self.after[tick]
        shut = [o for o in onsets.tolist() if o in self._closing]
        if shut:
            onsets = onsets[onsets != shut[0]]
            if g.over[tick + self._closing[shut[0]]]:
                here |= self.step[shut[0], :1, ..., :NONE] & self._closed()
        here |= self._stepped(tick, onsets)
        if g.over[tick]:
            here |= self.ending & (np.arange(self.shape[0])[:, None, None, None] >= g.least[tick])

    def _closed(self) -> Flags:
        """Which notes may stand at the end of what will be the end, whatever else is still to come: (K, 1, 1, 1, P)."""
        out = np.zeros((self.after.shape[1], 1, 1, 1, len(PITCHES)), bool)
        out[-1] = self.space.final
        return out

    def _stepped(self, tick: int, onsets: Indices) -> Flags:
        """Whether the next note may follow, (C, U, F, P)."""
        g = self.space
        if g.most is None:
            return np.asarray(self.step[onsets, ..., :NONE].any(0))
        inside = g.bar[onsets] == g.bar[tick]
        found = self.step[onsets[inside], ..., :NONE].any(0)
        later = onsets[~inside]
        later = later[g.skips(np.full_like(later, g.bar[tick]), g.bar[later])]
        enough = np.arange(self.shape[0])[:, None, None, None] >= g.least[tick]
        return np.asarray(found | enough & self.step[later, :1, ..., :NONE].any(0))
