"""Judges find what is planted, and nothing where nothing is; none is asked about what it learnt from."""

from __future__ import annotations

import numpy as np
import pytest

from melodyrnn.errors import CorpusError, OptionError
from melodyrnn.evaluation.giveaways import differences, quarters, surest_bars
from melodyrnn.evaluation.two_sample import (
    Answer,
    Case,
    auc,
    cases_of,
    crossed_exams,
    judge,
    one_exam,
    verdict_of,
)
from melodyrnn.events.columns import columns
from melodyrnn.events.tokenizer import encode

from .conftest import melody_of

LEARNT, SPARE, ASKED = 160, 160, 60


def drawn(rng, *, late):
    """Six bars of quarters in the scale, and a last note that begins with its bar, or late."""
    pitches = rng.choice([60, 62, 64, 65, 67, 69, 71, 72], 24).tolist()
    return columns(encode(melody_of([*((0, 24, pitch) for pitch in pitches), (48 * late, 48, 60)])))


@pytest.fixture(scope="module")
def planted():
    """Melodies of the rows of `one_exam`, the written ones with a late last note, and what judges said of them."""
    rng = np.random.default_rng(4)
    real = [drawn(rng, late=False) for _ in range(LEARNT + SPARE + ASKED)]
    melodies = [*real, *(drawn(rng, late=True) for _ in range(LEARNT + ASKED))]
    cases = cases_of(melodies, one_exam(LEARNT, SPARE, ASKED, seed=0), [0])
    return melodies, [answer for answer in judge(melodies, cases, jobs=1) if answer is not None]


def kind(answers, *, inside, control):
    """Those of one kind."""
    return [one for one in answers if (one.case.inside, one.case.exam.control) == (inside, control)]


def test_a_planted_flaw_is_found_where_it_is(planted):
    """On whole melodies, not without their ends; in the last quarter, and in the last bar."""
    melodies, answers = planted
    whole, inside = (kind(answers, inside=cut, control=False) for cut in (False, True))
    assert verdict_of(whole).auc > 0.9
    assert verdict_of(whole).accuracy > 0.9
    assert verdict_of(inside).at_chance
    assert max(quarters(whole), key=lambda quarter: quarter.auc).number == 4
    assert all(bar.bar == melodies[bar.row].bars - 1 for bar in surest_bars(whole, melodies, 5))


def test_the_planted_feature_is_told_first(planted):
    """The place of the last onset: at the bar line in real ones, in the middle of the bar in written ones."""
    melodies, _ = planted
    real, written = melodies[LEARNT + SPARE : LEARNT + SPARE + ASKED], melodies[-ASKED:]
    first = differences(real, written)[0]
    assert (first.name, first.real, first.written, first.auc, first.inside) == ("last onset", 0, 0.5, 1, None)


def test_real_melodies_are_not_told_from_real_ones(planted):
    """The controls are within two standard errors of 0.5."""
    _, answers = planted
    for inside in (False, True):
        control = verdict_of(kind(answers, inside=inside, control=True))
        assert (control.real, control.written, control.learnt) == (30, 30, 320)
        assert control.at_chance


def test_judges_say_the_same_in_any_number_of_processes():
    """Scores to the last bit, and an answer for each order."""
    rng = np.random.default_rng(1)
    melodies = [drawn(rng, late=k >= 9) for k in range(18)]
    cases = cases_of(melodies, crossed_exams(range(9), 3, seed=0), [5])
    found = []
    for jobs in (1, 2):
        answers = [one for one in judge(melodies, cases, jobs) if one is not None]
        assert len(answers) == len(cases)
        found.append({(k.case.inside, *k.case.exam.asked.tolist()): k.scores.tolist() for k in answers})
    assert found[0] == found[1]


def test_one_exam_asks_about_others_than_it_teaches():
    """Rows that do not meet; the control has real ones alone."""
    given, control = one_exam(5, 3, 4, seed=1)
    assert given.learnt.tolist() == [0, 1, 2, 3, 4, 12, 13, 14, 15, 16]
    assert given.learnt_written.tolist() == [False] * 5 + [True] * 5
    assert given.asked.tolist() == [8, 9, 10, 11, 17, 18, 19, 20]
    assert sorted(control.asked.tolist()) == [8, 9, 10, 11]
    assert control.learnt.max() < 8
    assert len({*control.learnt.tolist()}) == len(control.learnt) == 8


@pytest.mark.parametrize("seed", range(5))
def test_crossed_judges_are_asked_about_what_they_have_not_learnt_from(seed):
    """Nor about a variant of it, nor about what was written for it; each melody is asked about once."""
    families = [0, 0, 1, 2, 3, 3, 3, 4, 5, 6]
    count = len(families)
    exams = crossed_exams(families, 3, seed)
    for exam in exams:
        learnt, asked = ({families[row % count] for row in rows.tolist()} for rows in (exam.learnt, exam.asked))
        assert not learnt & asked
        if exam.control:
            assert max(*exam.learnt, *exam.asked) < count
            called = {}
            for row, written in zip(exam.learnt.tolist(), exam.learnt_written.tolist(), strict=True):
                assert called.setdefault(families[row], written) == written
    for control, rows in ((False, 2 * count), (True, count)):
        asked = [row for exam in exams if exam.control == control for row in exam.asked.tolist()]
        assert sorted(asked) == list(range(rows))


def test_too_many_folds_and_too_short_melodies_are_refused():
    """Told, not tried."""
    with pytest.raises(OptionError, match="give 2 to 3"):
        crossed_exams([0, 1, 1, 2], 4, seed=0)
    short = [columns(encode(melody_of([(0, 24, 60)] * 9)))] * 6
    with pytest.raises(CorpusError, match="20 notes or more"):
        cases_of(short, crossed_exams([0, 1, 2], 2, seed=0), [0])


def test_auc_is_what_pairs_say():
    """By counting all pairs, ties half."""
    rng = np.random.default_rng(0)
    written, real = rng.integers(0, 6, 30).astype(float), rng.integers(0, 5, 20).astype(float)
    pairs = [(w > r) + (w == r) / 2 for w in written for r in real]
    assert auc(written, real) == pytest.approx(np.mean(pairs))


def test_scores_of_folds_are_not_compared():
    """Each fold tells its own apart, though its scores lie elsewhere; the bound is as wide as the figures differ."""
    exams = [one for one in crossed_exams(range(8), 2, seed=0) if not one.control]
    scored = [
        Answer(Case(exam, inside=False, seed=0), [np.array([score]) for score in exam.asked_written + shift], 0.0)
        for exam, shift in zip(exams, (0.0, 10.0), strict=True)
    ]
    found = verdict_of(scored)
    assert (found.auc, found.auc_bound, found.real, found.written) == (1, 0, 8, 8)
    assert found.accuracy == pytest.approx(0.75)  # the second fold calls all of them written
    blind = [one._replace(evidence=[np.zeros(1)] * len(one.evidence)) for one in scored]
    other = [one._replace(case=one.case._replace(seed=1)) for one in blind]
    both = verdict_of([*scored, *other])
    assert (both.each, both.auc) == ((1.0, 0.5), 0.75)
    assert both.auc_error == pytest.approx(np.std([1, 0.5], ddof=1) / np.sqrt(2))
