"""Pitches that are owed, changes that are led into, and one pitch in each span."""

import numpy as np

from melodyrnn.constraints.automaton import FORBIDDEN
from melodyrnn.constraints.colour import (
    OncePerSpan,
    Owing,
    by_spans,
    guiding,
    lately,
    leading,
    leaving_room,
    owed,
    since,
)
from melodyrnn.constraints.logit_rules import DecodingContext
from melodyrnn.constraints.replay import replayed
from melodyrnn.events.vocabulary import DURATIONS, PITCHES

TONIC, THIRD = PITCHES.index(0), PITCHES.index(4)
ONE = np.eye(len(PITCHES), dtype=bool)


def context(tick, last, notes=1):
    """One melody at an onset."""
    heard = tuple(np.zeros((1, notes), np.int64) for _ in range(3))
    return DecodingContext(notes, 0, np.array([tick]), np.array([last]), None, heard)


def test_what_is_owed_is_likely_while_it_is_near():
    """By step it has its share, over a sixth none; what is likelier already stays; the first note is free."""
    rule = owed(lambda _: ONE[[TONIC + 1]], 0.3)
    unlikely = np.full((1, len(PITCHES)), -20.0)
    near, far = (np.exp(rule(unlikely, context(0, last))[0, TONIC + 1]) for last in (TONIC, TONIC + 9))
    assert np.isclose(near, 0.3)
    assert far < 1e-6
    assert (rule(unlikely + 19.5, context(0, TONIC)) == unlikely + 19.5).all()
    assert rule(unlikely, context(0, -1, 0)) is unlikely


def test_what_has_come_is_owed_no_more():
    """Since a span began; lately, within so many ticks."""
    quarter = DURATIONS.index(24)
    heard = tuple(np.array([column]) for column in ([0, 0], [quarter, quarter], [TONIC, THIRD]))
    groups = [ONE[TONIC], ONE[THIRD]]

    def due(owing, tick):
        told = DecodingContext(2, 0, np.array([tick]), np.array([THIRD]), None, heard)
        return np.flatnonzero(owing(told)[0]).tolist()

    assert due(since([Owing(0, 96, groups)]), 48) == []
    assert due(since([Owing(24, 96, groups)]), 48) == [TONIC]
    assert due(since([Owing(24, 40, groups)]), 48) == []
    assert due(lately(groups, 48), 48) == []
    assert due(lately(groups, 48), 60) == [TONIC]
    assert by_spans(3, [(-1, 1, ONE[TONIC]), (2, 9, ONE[THIRD])]).nonzero()[1].tolist() == [TONIC, THIRD]


def test_into_a_change_the_voice_goes_by_step():
    """To a tone of the chord a step away; where there is none, and elsewhere, nothing is taken."""
    rule, logs = leading([(1, ONE[TONIC] | ONE[TONIC + 7])], 1.5), np.zeros((1, len(PITCHES)))
    found = rule(logs, context(1, TONIC + 1))[0]
    assert found[TONIC] == 0
    assert (np.delete(found, TONIC) == -1.5).all()
    assert not rule(logs, context(0, TONIC + 1)).any()
    assert not rule(logs, context(1, TONIC + 3)).any()


def test_the_last_note_that_fits_owes_most():
    """Once what is left of the span after a note is less than an eighth."""
    rule = owed(since([Owing(48, 96, [ONE[THIRD]])], 4.0), 0.5)
    unlikely = np.full((1, len(PITCHES)), -20.0)

    def weight(ticks):
        told = context(48, TONIC + 3)._replace(duration=np.array([DURATIONS.index(ticks)]))
        return np.exp(rule(unlikely, told)[0, THIRD])

    assert np.isclose(weight(24), 0.5)
    assert np.isclose(weight(36), 0.5)
    assert np.isclose(weight(42), 2.0)
    assert np.isclose(weight(48), 2.0)


def test_a_chord_is_left_room_for_a_note():
    """Whatever begins before it or with it does not fill it; what follows is free."""
    rule, logs = leaving_room([Owing(48, 96, []), Owing(144, 192, [])], 1.5), np.zeros((1, len(DURATIONS)))

    def first_cost(tick, notes=1):
        costs = rule(logs, context(tick, TONIC, notes))[0]
        assert set(costs) <= {0.0, -1.5}
        return min((length for length, cost in zip(DURATIONS, costs, strict=True) if cost), default=None)

    for tick, most in ((0, 84), (48, 36), (60, 120), (144, 36)):
        assert first_cost(tick) == min(length for length in DURATIONS if length > most)
    assert first_cost(145) is None
    assert first_cost(0, 0) is None


def test_before_a_chord_the_voice_comes_near():
    """The note that ends where it begins leans to a neighbour of its third; one that sounds on, to its scale."""
    scale = ONE[[TONIC, THIRD]].any(0)
    rule, logs = guiding([Owing(48, 96, [ONE[THIRD]])], [scale], 0.7, 3.0), np.zeros((1, len(PITCHES)))

    def leans(tick, ticks):
        return rule(logs, context(tick, TONIC)._replace(duration=np.array([DURATIONS.index(ticks)])))[0]

    assert np.flatnonzero(leans(24, 24)).tolist() == [THIRD + step for step in (-2, -1, 1, 2)]
    assert set(leans(24, 24)) == {0.0, 0.7}
    assert not leans(0, 24).any()
    assert not leans(48, 48).any()
    held = leans(24, 48)
    assert held[scale].tolist() == [0, 0]
    assert set(held[~scale]) == {-3.0}


def spans_of(*bars, rest=None):
    """The automaton of a third in each bar but the last, and its states: four notes to a bar, of a tick each."""
    wanted = np.stack((ONE[THIRD], ONE[THIRD], np.zeros(len(PITCHES), bool)))
    automaton = OncePerSpan(np.minimum(np.arange(13) // 4, 2), wanted)
    rows = np.array([(rest or 0, DURATIONS.index(1), pitch) for bar in bars for pitch in bar])
    return automaton, list(replayed(automaton, rows))


def test_once_in_each_span():
    """The last note that could bring it must; the bar that asks for nothing is free."""
    with_third, without = (TONIC, THIRD, TONIC, TONIC), (TONIC,) * 4
    _, kept = spans_of(with_third, with_third, without)
    assert FORBIDDEN not in kept
    _, first = spans_of(without)
    assert first.index(FORBIDDEN) == 3
    _, second = spans_of(with_third, without)
    assert second.index(FORBIDDEN) == 7


def test_a_span_may_not_be_passed_over():
    """By a silence, or by a note; a melody may not end in one before its pitch has come."""
    automaton, _ = spans_of((TONIC,))
    long = np.array([(0, DURATIONS.index(3), THIRD), (5, DURATIONS.index(1), TONIC)])
    assert list(replayed(automaton, long))[-1] == FORBIDDEN
    assert automaton.ending(2).tolist() == [False, True]
    assert automaton.ending(4).tolist() == [True, True]  # the second begins here, nothing of it has come
    assert automaton.ending(10).tolist() == [True, True]
