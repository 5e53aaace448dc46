"""Hard constraints as small automata: what a melody has to remember so that a promise is kept, and no more.

An automaton stands in one of a few states and is moved by what is composed: by the silence before a note, by the step
from the last pitch, by the pitch, by the note's duration. A move that is FORBIDDEN must not be made. The look-ahead
(`constraints.lookahead`) works with the product of all automata (`constraints.product`) and asks none where it came
from. Most automata need one or two of the methods; what is not overridden changes nothing.

Sources: G. Pesant, A regular language membership constraint for finite sequences of variables, CP 2004;
A. Papadopoulos, F. Pachet, P. Roy & J. Sakellariou, Exact sampling for regular and Markov constraints with belief
propagation, CP 2015.

Conventions
    S states, 0 the first; a map (S,) gives the next state of each, or FORBIDDEN.
    Ticks are those of the decoder's clock; D rows of DURATIONS, P of PITCHES.

Contents: Moves, Steps; Automaton, LastNote, Collected; and the building blocks PitchSteps, BarCounter, InOrder,
OpeningPitch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from melodyrnn.events.vocabulary import PITCHES, Indices

if TYPE_CHECKING:
    from collections.abc import Callable

Flags = NDArray[np.bool_]
FORBIDDEN: Final = -1
Joint = Literal["reset", "pitch", "join"]
_PITCHES: Final = np.arange(len(PITCHES))


class Moves(NamedTuple):
    """What becomes of the states on the way to some ticks."""

    kind: Indices  # (targets,) which of the maps holds for each
    maps: Indices  # (kinds, S)
    cuts: tuple[int, ...] | None = None
    """Where targets come in the order of their kinds: before which target each kind ends, up to the last kind that
    leads anywhere. Need not be told; what tells it is asked for less."""


class Steps(NamedTuple):
    """What becomes of the states on the way from a pitch to the next."""

    kind: Indices  # (P, P) which of the maps holds from a pitch (first axis) to another
    maps: Indices  # (kinds, S)


class Automaton:
    """A constraint. The methods are pure: the same question has the same answer."""

    states: int = 1
    joint: Joint | None = None
    """What it means where sections of a form meet, and where a loop begins anew: 'reset' = nothing is remembered;
    'pitch' = the last and the next pitch are all that counts; 'join' = what came in any section has come. None = it is
    looked at when the melody is finished, and looked ahead over within each section."""

    def rest(self, tick: int, targets: Indices) -> Moves | None:  # noqa: ARG002 - most remember nothing of silences
        """From where a note has ended (or composing begins) to where the next may begin; None = all states stay.

        Targets come in order, here and in `note`.
        """
        return None

    def step(self, onset: int) -> Steps | None:  # noqa: ARG002
        """From the last pitch to that of a note at an onset. Give the same object where the answer is the same."""
        return None

    def pitch(self, onset: int) -> Indices | None:  # noqa: ARG002
        """After a pitch at an onset, (S, P)."""
        return None

    def note(self, onset: int, targets: Indices, durations: Indices) -> Moves | None:  # noqa: ARG002
        """From an onset to where the note ends; `durations`: the row of each target."""
        return None

    def ending(self, tick: int) -> Flags | None:  # noqa: ARG002
        """Whether a melody that ends at a tick may be over: (S,), or (S, P) by its last pitch; None = it may."""
        return None


class LastNote(Automaton):
    """What the last note alone decides: whether it may be the last of all."""

    states = 2
    joint: Joint | None = "reset"

    def __init__(self, closing: Flags) -> None:
        """`closing` (T, D): notes with which the melody may end."""
        self.closing = closing


class Collected(Automaton):
    """Each of some groups of pitches comes at least once."""

    joint: Joint | None = "join"

    def __init__(self, groups: Flags) -> None:
        """`groups` (groups, P)."""
        self.groups = groups


class PitchSteps(Automaton):
    """Which pitch may follow which."""

    joint: Joint | None = "pitch"

    def __init__(self, allows: Callable[[Indices], Flags]) -> None:
        """`allows` tells it of semitones up (below 0: down), array in, array out."""
        self.allows = allows
        self.allowed: Flags = allows(_PITCHES - _PITCHES[:, None])  # (from, to)
        self._steps = Steps(np.where(self.allowed, 0, 1), np.array([[0], [FORBIDDEN]]))

    def step(self, onset: int) -> Steps:  # noqa: ARG002
        """Where a note begins makes no difference."""
        return self._steps


class BarCounter(Automaton):
    """Notes that begin in each bar: so many at least, so many at most; a melody may end in one with fewer."""

    joint: Joint | None = "reset"

    def __init__(self, bar: Indices, least: Indices, most: Indices) -> None:
        """Arrays (T,): the bar of each tick, and what is asked of that bar."""
        self.bar, self.least, self.most = bar, least, most
        self.states = int(most.max()) + 1
        self._count = np.arange(self.states)
        self._known: dict[tuple[int, int | None], Indices] = {}
        firsts = np.searchsorted(bar, np.arange(bar[-1] + 1))
        self._wanted = np.concatenate(([0], np.cumsum(least[firsts] > 0)))  # bars before each that must not be empty

    def rest(self, tick: int, targets: Indices) -> Moves:
        """A bar that is left has to have enough, and none that needs a note is passed over."""
        return Moves(self._kind(tick, targets), self._maps(int(self.least[tick]), None))

    def note(self, onset: int, targets: Indices, durations: Indices) -> Moves:  # noqa: ARG002
        """One more."""
        return Moves(self._kind(onset, targets), self._maps(int(self.least[onset]), int(self.most[onset])))

    def _maps(self, least: int, most: int | None) -> Indices:
        """Within the bar, beyond it, and beyond one that must not be empty; with a note more where there is a most."""
        if (least, most) not in self._known:
            count = self._count + (most is not None)
            stays = count if most is None else np.where(count <= most, count, FORBIDDEN)
            left = np.where((stays >= 0) & (count >= least), 0, FORBIDDEN)
            self._known[least, most] = np.stack((stays, left, np.full_like(left, FORBIDDEN)))
        return self._known[least, most]

    def _kind(self, tick: int, targets: Indices) -> Indices:
        """0 = within the bar, 1 = beyond it, 2 = beyond one that must not be empty, (targets,)."""
        here, there = int(self.bar[tick]), self.bar[targets]
        if not len(there) or there[-1] == here:  # they come in order: all within the bar
            return np.zeros_like(there)
        empty = self._wanted[there] == self._wanted[np.minimum(here + 1, there)]
        return np.where(there == here, 0, np.where(empty, 1, 2))


class InOrder(Automaton):
    """Exactly these pitches, one after another, before a tick."""

    joint: Joint | None = "reset"

    def __init__(self, pitches: Indices, end: int) -> None:
        """`pitches` are rows of PITCHES."""
        self.end, self.states = end, len(pitches) + 1
        self._state = np.arange(self.states)
        nexts = np.where(pitches[:, None] == _PITCHES, self._state[1:, None], FORBIDDEN)
        self._pitch = np.concatenate((nexts, np.full((1, len(PITCHES)), FORBIDDEN)))

    def rest(self, tick: int, targets: Indices) -> Moves:
        """All have come before the end."""
        done = np.where(self._state == self.states - 1, self._state, FORBIDDEN)
        return Moves(((tick < self.end) & (targets >= self.end)).astype(np.int64), np.stack((self._state, done)))

    def pitch(self, onset: int) -> Indices | None:
        """The next of them."""
        return self._pitch if onset < self.end else None

    def note(self, onset: int, targets: Indices, durations: Indices) -> Moves:  # noqa: ARG002
        """As for silences."""
        return self.rest(onset, targets)

    def ending(self, tick: int) -> Flags:  # noqa: ARG002
        """All have come."""
        return np.asarray(self._state == self.states - 1)


class OpeningPitch(Automaton):
    """The pitch that came first, so that the last one can lead back to it."""

    joint: Joint | None = "reset"

    def __init__(self, opening: Flags, allowed: Flags) -> None:
        """`opening` (P,): pitches that may come first; `allowed` (P, P): which may follow which."""
        firsts = np.flatnonzero(opening)
        self.states = len(firsts) + 1
        begun = np.full(len(PITCHES), FORBIDDEN)
        begun[firsts] = np.arange(1, self.states)
        later = np.repeat(np.arange(1, self.states)[:, None], len(PITCHES), 1)
        self._pitch = np.concatenate((begun[None], later))
        self._ending = np.concatenate((np.zeros((1, len(PITCHES)), bool), allowed[:, firsts].T))

    def pitch(self, onset: int) -> Indices:  # noqa: ARG002
        """Kept from the first note on."""
        return self._pitch

    def ending(self, tick: int) -> Flags:  # noqa: ARG002
        """The last pitch leads to it."""
        return self._ending
