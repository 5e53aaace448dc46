"""Bits per note: what is summed, averaged, charged and counted as right."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from melodyrnn.evaluation.bits import Judged, average, bits_of, pool
from melodyrnn.events.statistics import first_pitch, register_bits
from melodyrnn.inference.scoring import score
from melodyrnn.training.validation import baselines

rows = st.integers(1, 5).flatmap(lambda n: arrays(np.float64, (3, n + 1, 3), elements=st.floats(0, 40)))


def test_bits_are_those_of_the_scorer_and_the_octave(network, melodies):
    """`judge` adds the octave of the first note, and nothing else, to what the network says."""
    registers = {60: 3, 72: 1}
    judged = bits_of(network, melodies, [str(k) for k in range(12)], registers)
    for one, scored, melody in zip(judged, score(network, melodies), melodies, strict=True):
        bits = scored.bits
        bits[0, 2] += register_bits(registers, first_pitch(melody))
        np.testing.assert_allclose(one.bits, bits)


def test_the_mean_is_over_notes(network, melodies):
    """A long melody weighs more than a short one, and END is in the rest."""
    judged = bits_of(network, melodies[:2], ["a", "b"], {})
    together = pool(judged)
    assert together.notes == len(melodies[0]) + len(melodies[1])
    assert together.rest == pytest.approx(sum(j.bits[:, 0].sum() for j in judged) / together.notes)
    assert together.total == pytest.approx(together.rest + together.duration + together.pitch)
    assert together.perplexity == pytest.approx(2**together.total)
    assert all(j.bits[-1, 0] > 0 and not j.bits[-1, 1:].any() for j in judged)


def test_accuracy_counts_first_choices(network, melodies):
    """A value that was the most probable one is right; END does not count."""
    judged = bits_of(network, melodies[:3], ["a", "b", "c"], {})
    right = np.concatenate([j.right[:-1] for j in judged])
    accuracy = pool(judged).accuracy
    assert accuracy.rhythm == pytest.approx(right[:, :2].all(1).mean())
    assert accuracy.pitch == pytest.approx(right[:, 2].mean())
    for scored in score(network, melodies[:3]):
        assert scored.right[:-1][scored.bits[:-1] < 1].all()  # what has more than half of the probability is first
    assert pool([Judged("a", judged[0].bits)]).accuracy is None


@given(rows)
def test_an_ensemble_is_the_mean_of_probabilities(bits):
    """Bits of an ensemble: -log2 of the mean of what its members gave."""
    together = average([[Judged("a", one)] for one in bits])[0].bits
    np.testing.assert_allclose(together, -np.log2(np.mean(2.0**-bits, axis=0)), atol=1e-9)


@given(rows)
def test_an_ensemble_is_never_worse_than_the_mean_of_its_members(bits):
    """Jensen's inequality, and never better than its best member by more than log2 of their number."""
    together = average([[Judged("a", one)] for one in bits])[0].bits
    assert (together <= bits.mean(0) + 1e-9).all()
    assert (together >= bits.min(0) - 1e-9).all()


def test_the_octave_that_is_usual_costs_least():
    """Nine in ten begin there; where nothing has been counted all eleven cost the same."""
    assert [round(register_bits(seen, 67), 2) for seen in ({67: 90, 79: 10}, {})] == [0.15, 3.46]


@given(st.dictionaries(st.integers(0, 127), st.integers(1, 500), max_size=12), st.integers(0, 11))
def test_octaves_share_one_probability(registers, tone):
    """The octaves in which a first note of a pitch class may lie have probabilities that sum to one."""
    total = math.fsum(2 ** -register_bits(registers, pitch) for pitch in range(tone, 132, 12))
    assert total == pytest.approx(1)


def test_counting_is_bounded_and_learns(melodies):
    """Unigram and bigram are probabilities (bits above 0), and on melodies that repeat themselves bigrams help."""
    bits = baselines(melodies, melodies)
    for kind in ("unigram", "bigram"):
        assert all(0 < bits[kind][term] < 8 for term in ("rest", "duration", "pitch"))
        assert bits[kind]["total"] == pytest.approx(sum(bits[kind][t] for t in ("rest", "duration", "pitch")))
    assert bits["bigram"]["pitch"] < bits["unigram"]["pitch"]


def test_counting_never_promises_the_impossible(melodies):
    """What training never showed costs more bits than what it did, and never infinitely many."""
    ours, theirs = baselines(melodies[:6], melodies[:6]), baselines(melodies[:6], melodies[6:])
    for kind in ours:
        assert ours[kind]["total"] < theirs[kind]["total"] < math.inf
