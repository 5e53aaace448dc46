"""Sections told apart: what counts as a shared bar, how a section closes, and what the rules make of a copy."""

import numpy as np
import pytest

from melodyrnn.constraints.contrast import Course, Demands, Faults, Stretch, apart_from, closing_leans, copying
from melodyrnn.constraints.logit_rules import DecodingContext
from melodyrnn.events.vocabulary import DURATIONS, PITCHES

BAR, QUARTER, HALF = 96, DURATIONS.index(24), DURATIONS.index(48)
TONIC = PITCHES.index(0)
FINAL = np.arange(len(PITCHES)) % 12 == TONIC % 12
ANY_CADENCE = np.ones((4 * BAR + 1, len(DURATIONS)), bool)
A, B = (Stretch(at, at, at + 2 * BAR, letter, BAR, FINAL) for at, letter in ((0, "A"), (2 * BAR, "B")))
SCALE, TURN = (0, 2, 4, 5), (4, 2, 5, 0)  # four quarters each, semitones above the tonic


def course(shared=0.25, differences=0, *, begins=False, stretches=(A, B)):
    """A course of two sections of two bars."""
    return Course(tuple(stretches), ANY_CADENCE, Demands(shared, differences, begins, -2.0))


def rows(*bars, length=QUARTER):
    """Bars of equal notes, as rows of the tables."""
    return np.array([(0, length, TONIC + pitch) for bar in bars for pitch in bar])


def up(bar, semitones):
    """The same bar elsewhere."""
    return tuple(pitch + semitones for pitch in bar)


def test_a_section_over_again_is_no_new_one():
    """Note for note or transposed; at most so many of its bars may be an earlier section's."""
    for again in ((SCALE, TURN), (up(SCALE, 3), up(TURN, 7))):
        assert course(0.5).faults(1, rows(SCALE, TURN, *again)).rule >= 1
        assert course(0.0).faults(1, rows(SCALE, TURN, *again)).rule >= 2
    one = rows(SCALE, TURN, up(SCALE, 3), (7, 9, 7, 0))
    assert course(0.5).faults(1, one) == Faults(0, 0)
    assert course(0.25).faults(1, one).rule == 1


def test_another_rhythm_is_another_bar():
    """The same pitches in halves."""
    told = np.concatenate((rows(SCALE, TURN), rows((0, 2), (4, 0), length=HALF)))
    assert course(0.0).faults(1, told) == Faults(0, 0)


def test_nothing_goes_in_circles():
    """A first section of one bar over and over is at fault by itself."""
    stretch = Stretch(0, 0, 4 * BAR, "A", BAR)
    going = (SCALE, TURN, up(SCALE, 1), up(TURN, 2))
    assert course(stretches=(stretch,)).faults(0, rows(*going)).rule == 0
    assert course(stretches=(stretch,)).faults(0, rows(SCALE, SCALE, SCALE, TURN)).rule > 1


def test_over_the_whole_form_a_quarter_comes_again():
    """Moved or not, within sections and between them; what one of them does not take is left to the next."""
    stretches = [Stretch(at * BAR, at * BAR, (at + 8) * BAR, letter, BAR) for at, letter in ((0, "A"), (8, "B"))]
    own = [(0, 1 + k, 0, 2) for k in range(16)]
    two, three, four = ([*own[:4], *(up(bar, 2) for bar in own[:n]), *own[4 : 8 - n]] for n in (2, 3, 4))
    assert [course(stretches=stretches).faults(0, rows(*bars)).rule for bars in (two, three, four)] == [0, 1, 2]
    later = [*own[8:12], *(up(bar, 2) for bar in own[8:12])]
    assert course(stretches=stretches).faults(1, rows(*own[:8], *later)).rule == 0
    assert course(stretches=stretches).faults(1, rows(*two, *later)).rule == 2
    assert course(0.5, stretches=stretches).faults(0, rows(*four)).rule == 0


def test_it_closes_on_a_wanted_pitch():
    """The last note of the section, and only that, counts; a cadence that is not allowed is none."""
    assert course().faults(0, rows(SCALE, TURN)).none
    assert course().faults(0, rows(TURN, SCALE)).wish == 1
    never = Course((A, B), ~ANY_CADENCE, Demands(0.25, 0, begins=False, copied=-2.0))
    assert never.faults(0, rows(SCALE, TURN)).wish == 1


def test_it_begins_otherwise_and_is_heard_as_another():
    """Most of its first bar; register, density and harmony."""
    told = rows(SCALE, TURN, (1, 3, 5, 8), (9, 7, 2, 0))
    assert course(begins=True).faults(1, told).wish == 1
    assert course(begins=False).faults(1, told).none
    on_the_pitch, otherwise = ((0, 4, 4, 7), (9, 7, 2, 0)), ((0, 4, 7, 9), (9, 7, 2, 0))
    assert course(begins=True).faults(1, rows(SCALE, TURN, *on_the_pitch)).wish == 1
    assert course(begins=True).faults(1, rows(SCALE, TURN, *otherwise)).none
    near, far = rows(SCALE, TURN, (2, 4, 5, 0), (5, 2, 4, 0)), rows(SCALE, TURN, (14, 16, 17, 12), (17, 14, 16, 12))
    assert course(differences=1).faults(1, near).wish == 1
    assert course(differences=1).faults(1, far).none


def test_an_ending_that_varies_is_another():
    """Of A' the last bar alone is composed: note for note it is not that of A."""
    varied = Stretch(2 * BAR, 3 * BAR, 4 * BAR, "A", BAR, FINAL)
    own = course(stretches=(A, varied))
    assert own.faults(1, rows(SCALE, TURN, SCALE, TURN)).wish == 1
    assert own.faults(1, rows(SCALE, TURN, SCALE, (5, 4, 2, 0))).none


def context(notes, tick, duration=None):
    """One melody that stands at an onset."""
    heard = tuple(notes[None, :, k] for k in range(3))
    chosen = None if duration is None else np.array([duration])
    return DecodingContext(len(notes), 0, np.array([tick]), notes[-1:, 2], None, heard, np.array([0]), chosen)


def leant(rule, where):
    """What a rule adds to each pitch or duration."""
    width = len(PITCHES) if where.duration is not None else len(DURATIONS)
    return rule(np.zeros((1, width)), where)[0]


def test_going_on_as_an_earlier_bar_costs():
    """At the same place, after the same intervals, at any height; another beginning is free."""
    rule = copying((A, B), -2.0)
    told = np.concatenate((rows(SCALE, TURN), rows(up(SCALE, 3)[:2])))
    found = leant(rule, context(told, 2 * BAR + 48, QUARTER))
    assert np.flatnonzero(found).tolist() == [TONIC + 3 + SCALE[2]]
    assert found.min() == -4.0  # in its first bar: how it begins tells most
    other = np.concatenate((rows(SCALE, TURN), rows((9, 10))))
    assert not leant(rule, context(other, 2 * BAR + 48, QUARTER)).any()
    assert not leant(rule, context(rows(SCALE, SCALE[:2]), BAR + 48, QUARTER)).any()


def test_a_new_letter_has_a_register_of_its_own():
    """Above or below the section before, in all but its last bar; the first one has none."""
    rule = apart_from((A, B), np.ones(len(PITCHES), bool), 5.0, 4.0)
    told = rows(SCALE, TURN)
    found = leant(rule, context(told, 2 * BAR, QUARTER))
    assert 4 <= abs(int(found.argmax()) - told[:, 2].mean()) <= 6
    assert not leant(rule, context(told, 3 * BAR, QUARTER)).any()
    assert not leant(rule, context(told[:4], BAR, QUARTER)).any()


@pytest.mark.parametrize(("tick", "free"), [(2 * BAR + 48, True), (BAR + 48, False)])
def test_a_section_leans_to_its_close(tick, free):
    """In its last bar a note that lasts to the end is likelier, and so is a pitch that closes."""
    duration, pitch = closing_leans(course(stretches=(A,)), 3.0, 3.0)
    told = rows(*([SCALE] * (tick // BAR)), SCALE[:2])
    lengths, heights = leant(duration, context(told, tick)), leant(pitch, context(told, tick, HALF))
    assert bool(lengths.any()) is not free
    assert bool(heights.any()) is not free
    if not free:
        assert lengths[HALF] == 0 > lengths[QUARTER]
        assert heights[FINAL].max() == 0 > heights[~FINAL].max()
