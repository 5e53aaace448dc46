"""The product of automata: what becomes of states, by its definition."""

from __future__ import annotations

import numpy as np
import pytest

from melodyrnn.constraints.automaton import FORBIDDEN, Automaton, Moves
from melodyrnn.constraints.colour import OncePerSpan
from melodyrnn.constraints.product import Map, PitchMap, Product
from melodyrnn.events.vocabulary import PITCHES, Indices

_PITCHES = len(PITCHES)


@pytest.mark.parametrize(
    "after", [[0, 1, 2], [1, 1, -1], [-1, 2, -1], [2, -1, 0], [-1, -1, -1], [-1, 0, 0], [0, -1, 0]]
)
def test_what_holds_of_the_next_states_is_said_of_those_before(after: list[int]) -> None:
    """Of one place, and of one of several at least; what is forbidden leads to nothing."""
    ends = np.random.default_rng(1).random((4, 3, 2, 1, 5)) < 0.3
    joined = Map(np.array(after))

    def led(states: np.ndarray) -> np.ndarray:
        return np.stack([np.zeros_like(states[0]) if one == FORBIDDEN else states[one] for one in after])

    assert (joined.pulled(ends[0]) == led(ends[0])).all()
    assert (joined.any_pulled(ends) == led(ends.any(0))).all()
    assert joined.leads == (max(after) >= 0)


@pytest.mark.parametrize("shape", [(1, 1), (4, 3)])
@pytest.mark.parametrize("least", [0, FORBIDDEN])
@pytest.mark.parametrize("moved", [(), (1,), (1, 2), (0, 3), (0, 1, 2, 3)])
def test_pitches_move_states_one_by_one(moved: tuple[int, ...], least: int, shape: tuple[int, int]) -> None:
    """Whether those that are moved lie side by side or not, and whether any is forbidden or not."""
    random = np.random.default_rng(2)
    after = np.repeat(np.arange(4)[:, None], _PITCHES, 1)
    after[list(moved)] = random.integers(least, 4, (len(moved), _PITCHES))
    states = random.random((4, *shape, _PITCHES)) < 0.5
    found = PitchMap(after).pulled(states)
    for state in range(4):
        for pitch in range(_PITCHES):
            to = after[state, pitch]
            there = np.zeros(shape, bool) if to == FORBIDDEN else states[to, :, :, pitch]
            assert (found[state, :, :, pitch] == there).all()


class _ByRest(Automaton):
    """What stands at each target is told by a list."""

    states = 2

    def __init__(self, kinds: list[int]) -> None:
        self.kinds = np.array(kinds, np.int64)

    def rest(self, tick: int, targets: Indices) -> Moves:
        """Stays, to the first, dead."""
        return Moves(self.kinds[targets - tick], np.array([[0, 1], [0, 0], [FORBIDDEN, FORBIDDEN]]))


@pytest.mark.parametrize("kinds", [[0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 2, 0], [1, 1, 1, 1, 1, 1], [2, 2, 2, 2, 2, 2]])
@pytest.mark.parametrize("others", [None, [0, 0, 0, 1, 1, 2], [2, 0, 1, 0, 2, 1]])
@pytest.mark.parametrize("joint", [None, 4])
def test_each_target_is_in_the_group_of_its_map(kinds: list[int], others: list[int] | None, joint: int | None) -> None:
    """Whether targets that share a map lie side by side or not; what is dead for all is in none."""
    automata, targets = [_ByRest(one) for one in (kinds, others) if one is not None], np.arange(6) + 3
    product = Product(automata, 12, np.arange(12) == (-1 if joint is None else joint))
    every = np.arange(product.states)
    told = {}
    for which, joined in product.rests(3, targets):
        for target in targets[which].tolist():
            assert target not in told
            told[target] = every if joined is None else joined.after
    for target in targets.tolist():
        parts = [one.rest(3, np.array([target])) for one in automata]
        maps = [part.maps[part.kind[0]] for part in parts]
        after = maps[0] if len(maps) == 1 else np.where(
            (maps[0][:, None] < 0) | (maps[1] < 0), FORBIDDEN, maps[0][:, None] * 2 + maps[1]
        ).reshape(-1)  # fmt: skip
        after = np.where(after < 0, FORBIDDEN, 0) if target == joint else after
        assert (told.get(target, np.full(product.states, FORBIDDEN)) == after).all()


@pytest.mark.parametrize("asked", [(1, 1, 1, 1), (0, 1, 0, 1), (1, 0, 0, 1), (0, 0, 1, 0)])
def test_what_tells_where_its_kinds_end_is_taken_at_its_word(asked: tuple[int, ...]) -> None:
    """Targets of an automaton with `cuts` are in the groups that its kinds say, from wherever it is asked."""
    wanted = np.array(asked, bool)[:, None] & (np.arange(_PITCHES) == 5)
    once = OncePerSpan.over(np.arange(25), list(zip((-1, 4, 9, 20), wanted, strict=True)))
    product = Product([once], 25, np.zeros(25, bool))
    for tick in range(24):
        targets = np.arange(tick, 25, 2)
        moves = once.rest(tick, targets)
        assert moves.cuts is not None
        told = np.full((len(targets), 2), FORBIDDEN)
        for which, joined in product.rests(tick, targets):
            told[which] = np.arange(2) if joined is None else joined.after
        assert (told == moves.maps[moves.kind]).all()
