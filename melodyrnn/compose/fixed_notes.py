"""What is allowed around notes that stay where they are.

Contents: Given; gap_space (a gap and what follows it), in_order (its pitches are known), fixed_rhythm (onsets and
durations stay), same_pitch_penalty.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.constraints.automaton import FORBIDDEN, Automaton, BarCounter, InOrder, PitchSteps, Steps
from melodyrnn.controls.masks import search_space_of
from melodyrnn.events.vocabulary import DURATION_TICKS, DURATIONS, PITCHES, RESTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.constraints.automaton import Flags, Moves
    from melodyrnn.constraints.lookahead import SearchSpace
    from melodyrnn.controls.masks import Place
    from melodyrnn.controls.options import Options
    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.inference.numpy_network import Logs

_PITCHES: Final = np.arange(len(PITCHES))


@dataclass(frozen=True, slots=True)
class Given:
    """A note that stays: its onset on the clock, rows of the tables."""

    onset: int
    duration: int
    pitch: int

    @property
    def end(self) -> int:
        """Tick at which it has ended."""
        return self.onset + int(DURATIONS[self.duration])


def gap_space(options: Options, place: Place, spans: Sequence[tuple[int, int]], after: Sequence[Given]) -> SearchSpace:
    """Constraints hold inside the spans (ticks), where notes begin and end; after them the given notes stand alone."""
    space = search_space_of(replace(options, form=None, loop=False, end=None if after else options.end), place)
    limit, end = np.zeros(space.end + 1, np.int64), spans[-1][1]
    for a, b in spans:
        limit[a:b] = b
    onsets, must, over = space.onsets & (limit > 0), space.must.copy(), space.over.copy()
    durations, pitches = space.durations.copy(), space.pitches.copy()
    durations &= np.arange(len(limit))[:, None] + DURATION_TICKS <= limit[:, None]
    for note in after:
        onsets[note.onset] = must[note.onset] = True
        durations[note.onset] = np.arange(len(DURATIONS)) == note.duration
        pitches[note.onset] = note.pitch == _PITCHES
    if after:
        over[:-1] = False
        over[-1] = True
    automata = tuple(_before_kept(one, limit > 0, after) for one in space.automata)
    return replace(
        space, onsets=onsets, must=must, durations=durations, pitches=pitches, over=over, automata=automata,
        rests=np.ones(len(RESTS), bool),
    )  # fmt: skip


class _BeforeKept(Automaton):
    """An automaton that is asked about new notes, and about the kept ones that follow as far as new ones matter."""

    def __init__(self, asked: Automaton, kept: Sequence[Given]) -> None:
        self.asked, self.states = asked, asked.states
        self._free = {note.onset for note in kept[1:]}

    def rest(self, tick: int, targets: Indices) -> Moves | None:
        return self.asked.rest(tick, targets)

    def step(self, onset: int) -> Steps | None:
        return None if onset in self._free else self.asked.step(onset)

    def note(self, onset: int, targets: Indices, durations: Indices) -> Moves | None:
        return self.asked.note(onset, targets, durations)

    def ending(self, tick: int) -> Flags | None:
        return self.asked.ending(tick)


def _before_kept(automaton: Automaton, free: Flags, after: Sequence[Given]) -> Automaton:
    if isinstance(automaton, BarCounter):
        end = int(np.flatnonzero(free)[-1]) + 1
        inside = np.arange(len(free)) < end
        return BarCounter(
            _uncounted(automaton.bar, end), np.where(free, automaton.least, 0), np.where(inside, automaton.most, 1)
        )
    return _BeforeKept(automaton, after) if isinstance(automaton, PitchSteps) and after else automaton


def _uncounted(bar: Indices, end: int) -> Indices:
    """Bar numbers under which no two notes from tick `end` on stand in one bar."""
    before = int(bar[end - 1]) if end else -1
    return np.concatenate((bar[:end], before + 1 + np.arange(len(bar) - end)))


def in_order(space: SearchSpace, pitches: Indices, end: int) -> SearchSpace:
    """Exactly these pitches (rows), one after another, begin before tick `end`."""
    automata = [one for one in space.automata if not isinstance(one, BarCounter)]
    return replace(space, automata=(*automata, InOrder(pitches, end)))


def fixed_rhythm(
    options: Options, place: Place, notes: Sequence[Given], free: Flags, *, real: Indices, contour: bool
) -> SearchSpace:
    """Every onset and duration stays; pitches that are not `free` (notes,) too; with `contour` every direction.

    `real` (notes,): pitches as rows of the table, beyond its ends where the network hears them in another octave.
    """
    space = search_space_of(replace(options, form=None, loop=False, end=None, density=None, durations=None), place)
    onsets, over = np.zeros_like(space.onsets), np.zeros_like(space.over)
    durations, pitches, way = np.zeros_like(space.durations), space.pitches.copy(), np.zeros(space.end + 1, np.int64)
    leaps = [one for one in space.automata if isinstance(one, PitchSteps)]
    for k, note in enumerate(notes):
        onsets[note.onset] = True
        durations[note.onset, note.duration] = True
        if not free[k]:
            pitches[note.onset] = note.pitch == _PITCHES
            continue
        for j in (k - 1, k + 1):
            if not 0 <= j < len(notes):
                continue
            if free[j]:
                way[note.onset] = way[note.onset] if j > k else 1 + (np.sign(real[k] - real[j]) % 3 if contour else 3)
                continue
            if contour:
                pitches[note.onset] &= np.sign(_PITCHES - real[j]) == np.sign(real[k] - real[j])
            for one in leaps:
                apart = _PITCHES - real[j]
                pitches[note.onset] &= one.allows(apart if j < k else -apart)
    over[-1] = True
    automata = (*(one for one in space.automata if one not in leaps), _Directions(way, leaps))
    return replace(
        space, onsets=onsets, must=onsets.copy(), over=over, durations=durations, pitches=pitches, automata=automata,
        rests=np.ones(len(RESTS), bool),
    )  # fmt: skip


class _Directions(Automaton):
    """Steps between notes that are both composed anew: by `way` (T,) none is asked, or repeat, up, down, or any."""

    def __init__(self, way: Indices, leaps: Sequence[PitchSteps]) -> None:
        apart = _PITCHES - _PITCHES[:, None]
        leaping = np.logical_and.reduce([one.allowed for one in leaps]) if leaps else np.ones_like(apart, bool)
        ways = (apart == 0, apart > 0, apart < 0, np.ones_like(apart, bool))
        self.way = way
        self._steps = [None, *(Steps(np.where(one & leaping, 0, 1), np.array([[0], [FORBIDDEN]])) for one in ways)]

    def step(self, onset: int) -> Steps | None:
        return self._steps[self.way[onset]]


def same_pitch_penalty(notes: Sequence[Given], free: Flags, ends: int, cost: float) -> Logs:
    """What is added to log-probabilities, (ends + 1, P), so that free notes change their pitch."""
    soft = np.zeros((ends + 1, len(PITCHES)))
    for note, is_free in zip(notes, free, strict=True):
        if is_free:
            soft[note.onset, note.pitch] = cost
    return soft
