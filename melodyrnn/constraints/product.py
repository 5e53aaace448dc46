"""The product of automata: one automaton whose states are those of all of them at once.

Conventions
    N states, numbered as digits: those of the first automaton count most. E targets, P pitches.
    A map (N,) gives the next state of each; None = every state stays.

Contents: Map, PitchMap, Product.
"""

from __future__ import annotations

from functools import cached_property, reduce
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.constraints.automaton import FORBIDDEN, Automaton
from melodyrnn.events.vocabulary import DURATION_TICKS, PITCHES, REST_TICKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from melodyrnn.constraints.automaton import Flags, Moves, Steps
    from melodyrnn.events.vocabulary import Indices

    States = NDArray[np.int16]
    Group = tuple[Indices | slice, "Map | None"]

_P: Final = len(PITCHES)
_PITCHES: Final = np.arange(_P)
_ALL: Final = ((slice(None), None),)


def _rows(numbers: Indices) -> Indices | slice:
    """Rows in order; as a slice, which is several times as fast, where they lie side by side."""
    first, count = int(numbers[0]) if len(numbers) else 0, len(numbers)
    return slice(first, first + count) if not count or numbers[-1] == first + count - 1 else numbers


def _runs(key: Indices) -> list[tuple[int, Indices | slice]]:
    """Each value of a key (E,), and where it stands."""
    if not len(key):
        return []
    cuts = [0, *((key[1:] != key[:-1]).nonzero()[0] + 1).tolist(), len(key)]
    values = [int(key[at]) for at in cuts[:-1]]
    if len(set(values)) < len(values):
        return [(value, _rows((key == value).nonzero()[0])) for value in dict.fromkeys(values)]
    return list(zip(values, map(slice, cuts, cuts[1:]), strict=True))


class Map:
    """The next state of each, (N,), or FORBIDDEN."""

    def __init__(self, after: Indices) -> None:
        """What is asked of it again and again is worked out at once."""
        self.after = after
        self.alive: Flags = after >= 0
        self._index, leads = np.maximum(after, 0), set(after[self.alive].tolist())
        self.leads, self._only = bool(leads), leads.pop() if len(leads) == 1 else None
        self._alive, self._dead = _rows(self.alive.nonzero()[0]), _rows((~self.alive).nonzero()[0])

    def pulled(self, states: Flags) -> Flags:
        """What holds of the next states, (N, U, F, P), said of the states before; FORBIDDEN leads to nothing."""
        if self._only is not None:
            return self._led(states[self._only], states.shape)
        out = states.take(self._index, 0)
        out[self._dead] = False
        return out

    def any_pulled(self, ends: Flags) -> Flags:
        """What holds of the next states at one of some ends at least, (ends, N, U, F, P), said of the states before."""
        if self._only is not None:
            return self._led(np.logical_or.reduce(ends[:, self._only]), ends.shape[1:])
        return self.pulled(np.logical_or.reduce(ends))

    def _led(self, only: Flags, shape: tuple[int, ...]) -> Flags:
        """What holds of the one state to which all lead that lead anywhere."""
        out = np.zeros(shape, bool)
        out[self._alive] = only
        return out


class PitchMap:
    """The next state of each after a pitch, (N, P), or FORBIDDEN."""

    def __init__(self, after: Indices) -> None:
        """Most states stay as they are, whatever comes, where only the first pitch of all is remembered."""
        self.after = after
        moved = np.flatnonzero((after != np.arange(len(after))[:, None]).any(1))
        self._moved, self._after = _rows(moved), after[moved]
        self._shown = None if (self._after >= 0).all() else (self._after >= 0)[:, None, None]
        self._where: dict[tuple[int, ...], Indices] = {}

    def pulled(self, states: Flags) -> Flags:
        """What holds of the next states, (N, U, F, P), said of the states before; FORBIDDEN leads to nothing."""
        if not len(self._after):
            return states
        if (where := self._where.get(states.shape)) is None:
            where = self._where[states.shape] = self._places(states.shape)
        out = states.copy()
        came = states.take(where)
        out[self._moved] = came if self._shown is None else came & self._shown
        return out

    def _places(self, shape: tuple[int, ...]) -> Indices:
        """Where in an array of this shape, laid out flat, that stands which comes for each number of a moved state."""
        flat = np.arange(np.prod(shape)).reshape(shape)
        return np.asarray(flat[np.maximum(self._after, 0), :, :, _PITCHES].transpose(0, 2, 3, 1))


class Product:
    """All automata at once. What the rules ask at every note is kept in tables, worked out tick by tick as needed."""

    def __init__(self, automata: Sequence[Automaton], ticks: int, joints: Flags) -> None:
        """`joints` (ticks,): onsets at which a section begins, so that nothing is remembered."""
        self.automata, self.ticks, self.joints = tuple(automata), ticks, joints
        self.sizes = tuple(automaton.states for automaton in self.automata)
        self.states = int(np.prod(self.sizes, dtype=np.int64))
        self._rests, self._notes = (
            _Table(ticks, len(REST_TICKS), self.states),
            _Table(ticks, len(DURATION_TICKS), self.states),
        )
        self._crossed = self.states > 1 and bool(joints.any())
        every = list(enumerate(self.automata))
        self._resting = [(k, one) for k, one in every if type(one).rest is not Automaton.rest]
        self._noting = [(k, one) for k, one in every if type(one).note is not Automaton.note]
        self._endings: dict[int, Flags] = {}
        self._maps: dict[tuple[object, ...], Map | None] = {}
        self._cuts: dict[tuple[object, ...], tuple[Indices, list[Group]]] = {}
        self._known: dict[tuple[object, ...], dict[int, Map | None]] = {}

    def rests(self, tick: int, targets: Indices) -> Iterable[Group]:
        """Targets that share a map, and the map, for silences from a tick; what is forbidden for all is left out."""
        moves = [(k, move) for k, one in self._resting if (move := one.rest(tick, targets)) is not None]
        return self._grouped(moves, self.joints[targets] if self._crossed else None)

    def notes(self, onset: int, targets: Indices, durations: Indices) -> Iterable[Group]:
        """The same for notes from an onset."""
        moves = [(k, move) for k, one in self._noting if (move := one.note(onset, targets, durations)) is not None]
        return self._grouped(moves, None)

    def _grouped(self, moves: list[tuple[int, Moves]], crossing: Flags | None) -> Iterable[Group]:
        """`crossing`: targets before which a section ends; None where nothing hangs on that."""
        if not moves and (crossing is None or not crossing.any()):
            return _ALL
        if crossing is None and len(moves) == 1 and moves[0][1].cuts is not None:
            return self._cut(*moves[0])
        if crossing is None:
            key, others = moves[0][1].kind, moves[1:]
        else:
            key, others = crossing.astype(np.int64), moves
        for _, move in others:
            key = key * len(move.maps) + move.kind
        kinds = tuple([(k, len(move.maps), move.maps.tobytes()) for k, move in moves])
        known, groups = self._known.setdefault((crossing is None, kinds), {}), []
        for value, which in _runs(key):
            if value not in known:
                known[value] = self._told(moves, value, crossing=crossing is not None)
            if (joined := known[value]) is None or joined.leads:
                groups.append((which, joined))
        return groups

    def _cut(self, k: int, move: Moves) -> list[Group]:
        """The groups of one automaton that tells where they end; bars and chords come again, and these with them."""
        assert move.cuts is not None  # noqa: S101 - the caller has looked
        asked = (k, id(move.maps), move.cuts)
        if asked not in self._cuts:
            runs = zip((0, *move.cuts), move.cuts, move.maps, strict=False)
            found = [(slice(at, end), self._map({k: one})) for at, end, one in runs if at < end]
            groups: list[Group] = [(which, joined) for which, joined in found if joined is None or joined.leads]
            self._cuts[asked] = move.maps, groups  # the maps are kept, so that no others are taken for them
        return self._cuts[asked][1]

    def _told(self, moves: list[tuple[int, Moves]], value: int, *, crossing: bool) -> Map | None:
        """The map of a group, by the number that tells which map of each automaton holds."""
        rest, chosen = value, {}
        for k, move in reversed(moves):
            rest, kind = divmod(rest, len(move.maps))
            chosen[k] = move.maps[kind]
        return self._map(chosen, reset=crossing and rest > 0)

    def _map(self, maps: dict[int, Indices], *, reset: bool = False) -> Map | None:
        """One map of the product from those of some automata; `reset`: to the first state. Each worked out once."""
        asked = (reset, *((k, one.tobytes()) for k, one in maps.items()))
        if asked not in self._maps:
            after = self._joined(maps)
            after = np.where(after < 0, FORBIDDEN, 0) if reset else after
            self._maps[asked] = None if (after == np.arange(self.states)).all() else Map(after)
        return self._maps[asked]

    def _joined(self, maps: dict[int, Indices]) -> Indices:
        """The next states; automata that are not asked stay as they are."""
        out, dead = np.zeros(1, np.int64), np.zeros(1, bool)
        for k, size in enumerate(self.sizes):
            own = maps.get(k, np.arange(size))
            out = (out[:, None] * size + np.maximum(own, 0)).reshape(-1)
            dead = (dead[:, None] | (own < 0)).reshape(-1)
        return np.where(dead, FORBIDDEN, out)

    @cached_property
    def relations(self) -> tuple[tuple[tuple[Flags, Map | None], ...], ...]:
        """Of each way to step (see `ways`): pairs of pitches (P, P), first axis to second, and their map."""
        return tuple(self._relations(key) for key in self._step_keys)

    def _relations(self, steps: tuple[Steps | None, ...]) -> tuple[tuple[Flags, Map | None], ...]:
        live = [(k, one) for k, one in enumerate(steps) if one is not None]
        if not live:
            return ((np.ones((_P, _P), bool), None),)
        key = np.zeros((_P, _P), np.int64)
        for _, one in live:
            key = key * len(one.maps) + one.kind
        found = []
        for value in np.flatnonzero(np.bincount(key.reshape(-1))).tolist():
            rest, chosen = value, {}
            for k, one in reversed(live):
                rest, kind = divmod(rest, len(one.maps))
                chosen[k] = one.maps[kind]
            joined = self._map(chosen)
            if joined is None or joined.leads:
                found.append((key == value, joined))
        return tuple(found)

    @cached_property
    def _stepped(self) -> tuple[tuple[tuple[Steps | None, ...], ...], Indices]:
        """What the automata say of steps, each combination once, and which of them holds at each tick."""
        keys: dict[tuple[int, ...], int] = {}
        known: list[tuple[Steps | None, ...]] = []
        way = np.zeros(self.ticks, np.int64)
        if all(type(automaton).step is Automaton.step for automaton in self.automata):
            return ((None,) * len(self.automata),), way
        for onset in range(self.ticks):
            steps = tuple(automaton.step(onset) for automaton in self.automata)
            number = keys.setdefault(tuple(map(id, steps)), len(keys))
            if number == len(known):
                known.append(steps)
            way[onset] = number
        return tuple(known), way

    @property
    def _step_keys(self) -> tuple[tuple[Steps | None, ...], ...]:
        return self._stepped[0]

    @property
    def ways(self) -> Indices:
        """Which of `relations` holds for a note that begins at each tick, (T,)."""
        return self._stepped[1]

    @cached_property
    def steps(self) -> States | None:
        """The state after a step, (ways, N, P, P) from the third axis to the fourth; None where every step is free."""
        if all(one is None for key in self._step_keys for one in key):
            return None
        out = np.full((len(self.relations), self.states, _P, _P), FORBIDDEN, np.int16)
        for way, relations in enumerate(self.relations):
            for pairs, joined in relations:
                after = np.arange(self.states) if joined is None else joined.after
                out[way] = np.where(pairs, after[:, None, None], out[way])
        return out

    @cached_property
    def _pitched(self) -> tuple[list[PitchMap], Indices]:
        """The states after a pitch, of each kind, and the kind that holds at each tick; none where nothing is said."""
        kinds: dict[tuple[int, ...], int] = {}
        known: list[tuple[Indices | None, ...]] = []
        which = np.zeros(self.ticks, np.int64)
        if all(type(automaton).pitch is Automaton.pitch for automaton in self.automata):
            return [], which
        for onset in range(self.ticks):
            said = tuple(automaton.pitch(onset) for automaton in self.automata)
            number = kinds.setdefault(tuple(map(id, said)), len(kinds))
            if number == len(known):
                known.append(said)
            which[onset] = number
        if all(one is None for said in known for one in said):
            return [], which
        return [PitchMap(self._pitches(said)) for said in known], which

    def _pitches(self, said: tuple[Indices | None, ...]) -> Indices:
        out, dead = np.zeros((1, _P), np.int64), np.zeros((1, _P), bool)
        for size, one in zip(self.sizes, said, strict=True):
            own = np.repeat(np.arange(size)[:, None], _P, 1) if one is None else one
            out = (out[:, None] * size + np.maximum(own, 0)).reshape(-1, _P)
            dead = (dead[:, None] | (own < 0)).reshape(-1, _P)
        return np.where(dead, FORBIDDEN, out)

    def pitch(self, onset: int) -> PitchMap | None:
        """The state after a pitch at an onset."""
        maps, which = self._pitched
        return maps[which[onset]] if maps else None

    def pitches_at(self, onsets: Indices) -> Indices | None:
        """The same for many onsets (R,): (R, N, P)."""
        maps, which = self._pitched
        return np.stack([one.after for one in maps])[which[onsets]] if maps else None

    def ending(self, tick: int) -> Flags:
        """Whether a melody may be over at a tick, (N, P) by state and last pitch."""
        if tick not in self._endings:
            parts = []
            for size, automaton in zip(self.sizes, self.automata, strict=True):
                own = automaton.ending(tick)
                own = np.ones(size, bool) if own is None else own
                parts.append(own if own.ndim == 2 else np.repeat(own[:, None], _P, 1))
            first = np.ones((1, _P), bool)
            self._endings[tick] = reduce(lambda a, b: (a[:, None] & b).reshape(-1, _P), parts, first)
        return self._endings[tick]

    def after_rests(self, ticks: Indices, states: Indices) -> States:
        """The state of each melody (R,) after each rest of the tables, (R, RESTS)."""
        table = self._rests.at(ticks, lambda tick: self._filled(tick, REST_TICKS, self.rests))
        return table[np.arange(len(ticks)), :, states]

    def after_notes(self, onsets: Indices) -> States:
        """The states after each duration of the tables, (R, D, N)."""

        def notes(tick: int, targets: Indices) -> Iterable[Group]:
            return self.notes(tick, targets, np.flatnonzero(tick + DURATION_TICKS < self.ticks))

        return self._notes.at(onsets, lambda tick: self._filled(tick, DURATION_TICKS, notes))

    def _filled(self, tick: int, lengths: Indices, groups: Callable[[int, Indices], Iterable[Group]]) -> States:
        """Next states (lengths, N) from a tick on; what would lie beyond the end is FORBIDDEN."""
        inside = np.flatnonzero(tick + lengths < self.ticks)
        out = np.full((len(lengths), self.states), FORBIDDEN, np.int16)
        for which, joined in groups(tick, tick + lengths[inside]):
            out[inside[which]] = np.arange(self.states) if joined is None else joined.after
        return out


class _Table:
    """Next states by tick, (T, lengths, N), each tick worked out when it is asked for first."""

    def __init__(self, ticks: int, lengths: int, states: int) -> None:
        self.shape = (ticks, lengths, states)
        self.known = np.zeros(ticks, bool)
        self.next: States | None = None

    def at(self, ticks: Indices, fill: Callable[[int], States]) -> States:
        if self.next is None:
            self.next = np.zeros(self.shape, np.int16)
        if not (known := self.known[ticks]).all():
            for tick in set(ticks[~known].tolist()):
                self.next[tick], self.known[tick] = fill(tick), True
        return self.next[ticks]
