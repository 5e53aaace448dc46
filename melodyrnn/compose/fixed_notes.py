"""What is allowed around notes that stay where they are.

Contents: Given; gap_space (a gap and what follows it), excused, Excused, in_order (its pitches are known), fixed_rhythm
(onsets and durations stay), same_pitch_penalty.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.constraints.automaton import FORBIDDEN, Automaton, InOrder, Moves, PitchSteps, Steps
from melodyrnn.constraints.replay import replayed
from melodyrnn.events.vocabulary import DURATION_TICKS, DURATIONS, PITCHES, REST_TICKS, RESTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.constraints.automaton import Flags
    from melodyrnn.constraints.lookahead import SearchSpace
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


def gap_space(space: SearchSpace, spans: Sequence[tuple[int, int]], after: Sequence[Given]) -> SearchSpace:
    """Rules hold inside the spans (ticks), where notes begin and end; after them the given notes stand alone."""
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
    automata = space.automata
    if after:
        over[:-1] = False
        over[-1] = True
        automata = tuple(_before_kept(one, after, end) for one in automata)
    return replace(
        space, onsets=onsets, must=must, durations=durations, pitches=pitches, over=over, automata=automata,
        rests=np.ones(len(RESTS), bool),
    )  # fmt: skip


def _before_kept(automaton: Automaton, after: Sequence[Given], end: int) -> Automaton:
    """An automaton that is asked about new notes, and about the kept ones after them as far as new ones matter."""
    if automaton.joint == "join":
        return automaton
    if automaton.joint == "reset":
        return Excused(automaton, frozenset(range(end, after[-1].end + 1)))
    return excused(automaton, after)


def excused(automaton: Automaton, notes: Sequence[Given], free: Flags | None = None) -> Excused:
    """An automaton that does not ask of notes what they, as they stand, do not keep; but of `free` ones, (notes,)."""
    rests = np.searchsorted(REST_TICKS, [b.onset - a.end for a, b in pairwise(notes)])
    rows = np.array([(rest, note.duration, note.pitch) for rest, note in zip((0, *rests), notes, strict=True)])
    broken = np.array(list(replayed(automaton, rows, notes[0].onset))) == FORBIDDEN
    if free is not None:
        broken &= ~free
    return Excused(automaton, frozenset(notes[k].onset for k in np.flatnonzero(broken).tolist()))


class Excused(Automaton):
    """An automaton that forbids nothing to notes that begin at some ticks: its state stays where it would."""

    def __init__(self, asked: Automaton, onsets: frozenset[int]) -> None:
        """`onsets` on the clock; a melody that ends among them may end as it likes."""
        self.asked, self.states, self.joint, self.onsets = asked, asked.states, asked.joint, onsets
        self._pardoned: dict[int, Steps] = {}

    def rest(self, tick: int, targets: Indices) -> Moves | None:
        """After an excused note nothing is forbidden; on the way to the first it is asked."""
        return self._eased(self.asked.rest(tick, targets), tick)

    def step(self, onset: int) -> Steps | None:
        """Asked but for excused notes."""
        steps = self.asked.step(onset)
        if steps is None or onset not in self.onsets:
            return steps
        return self._pardoned.setdefault(id(steps), Steps(steps.kind, _pardoned(steps.maps)))

    def pitch(self, onset: int) -> Indices | None:
        """Asked but for excused notes."""
        states = self.asked.pitch(onset)
        return states if states is None or onset not in self.onsets else _pardoned(states.T).T

    def note(self, onset: int, targets: Indices, durations: Indices) -> Moves | None:
        """Asked but for excused notes."""
        return self._eased(self.asked.note(onset, targets, durations), onset)

    def _eased(self, moves: Moves | None, tick: int) -> Moves | None:
        return moves if moves is None or tick not in self.onsets else Moves(moves.kind, _pardoned(moves.maps))


def _pardoned(maps: Indices) -> Indices:
    """Maps (kinds, S) that forbid nothing: what would be forbidden leaves the state as it is."""
    return np.where(maps < 0, np.arange(maps.shape[1]), maps)


def in_order(space: SearchSpace, pitches: Indices, end: int) -> SearchSpace:
    """Exactly these pitches (rows), one after another, begin before tick `end`."""
    return replace(space, automata=(*space.automata, InOrder(pitches, end)))


def fixed_rhythm(
    space: SearchSpace, notes: Sequence[Given], free: Flags, *, real: Indices, same_directions: bool
) -> SearchSpace:
    """Every onset and duration stays; pitches that are not `free` (notes,) too, and perhaps every direction.

    `real` (notes,): pitches as rows of the table, beyond its ends where the network hears them in another octave.
    """
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
                way[note.onset] = (
                    way[note.onset] if j > k else 1 + (np.sign(real[k] - real[j]) % 3 if same_directions else 3)
                )
                continue
            if same_directions:
                pitches[note.onset] &= np.sign(_PITCHES - real[j]) == np.sign(real[k] - real[j])
            for one in leaps:
                apart = _PITCHES - real[j]
                pitches[note.onset] &= one.allows(apart if j < k else -apart)
    over[-1] = True
    others = (one for one in space.automata if one not in leaps)
    automata = (*(excused(one, notes, free) if one.joint is None else one for one in others), _Directions(way, leaps))
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
        self._steps: list[Steps | None] = [
            None,
            *(Steps(np.where(one & leaping, 0, 1), np.array([[0], [FORBIDDEN]])) for one in ways),
        ]

    def step(self, onset: int) -> Steps | None:
        return self._steps[int(self.way[onset])]


def same_pitch_penalty(notes: Sequence[Given], free: Flags, ends: int, cost: float) -> Logs:
    """What is added to log-probabilities, (ends + 1, P), so that free notes change their pitch."""
    soft = np.zeros((ends + 1, len(PITCHES)))
    for note, is_free in zip(notes, free, strict=True):
        if is_free:
            soft[note.onset, note.pitch] = cost
    return soft
