"""What a set is like, and how far two sets are apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from melodyrnn.compose.model import model_of
from melodyrnn.errors import CorpusError
from melodyrnn.evaluation.sets import read_melody_columns
from melodyrnn.evaluation.statistics import (
    MEASURES,
    chance,
    distances,
    jensen_shannon,
    sample_from_model,
    statistics_of,
    wasserstein,
)
from melodyrnn.events.statistics import repetition

from .conftest import melody_of

numbers = arrays(np.float64, st.integers(1, 8), elements=st.floats(-50, 50))
histograms = arrays(np.float64, 5, elements=st.floats(0.01, 1)).map(lambda h: h / h.sum())


@given(histograms, histograms)
def test_jensen_shannon_is_a_bounded_symmetric_distance(one, other):
    """0 for the same, at most 1 bit, the same both ways."""
    assert jensen_shannon(one, one) == pytest.approx(0, abs=1e-12)
    assert 0 <= jensen_shannon(one, other) <= 1
    assert jensen_shannon(one, other) == pytest.approx(jensen_shannon(other, one))


@given(numbers, numbers, st.floats(-20, 20))
def test_wasserstein_is_a_distance_that_moves_with_its_unit(one, other, shift):
    """0 for the same, symmetric, and a set moved by x is x away from itself."""
    assert wasserstein(one, one) == 0
    assert wasserstein(one, other) == pytest.approx(wasserstein(other, one))
    assert wasserstein(one, one + shift) == pytest.approx(abs(shift), abs=1e-9)


@given(numbers, numbers, numbers)
def test_wasserstein_has_no_short_cuts(one, other, third):
    """The triangle inequality."""
    assert wasserstein(one, third) <= wasserstein(one, other) + wasserstein(other, third) + 1e-9


def test_a_set_is_described_by_what_one_can_count():
    """Two bars of C E G C', the same two again, then the tonic."""
    bar = [(0, 24, 60), (0, 24, 64), (0, 24, 67), (0, 24, 72)]
    found = statistics_of([read_melody_columns(melody_of([*bar, *bar, (0, 48, 60)]))])
    assert found.degree[[0, 4, 7]].tolist() == pytest.approx([5 / 9, 2 / 9, 2 / 9])
    assert found.duration[[23, -1]].tolist() == pytest.approx([8 / 9, 0])
    assert found.interval[24 + 4] == pytest.approx(2 / 8)
    assert (found.range[0], found.length[0], found.ending) == (12, 3, 1)
    assert found.repetition[0] == pytest.approx(1 / 3)


def test_a_repeated_bar_is_one_that_is_the_same_in_all():
    """Another rhythm, another pitch or another place is another bar."""
    bar = [(0, 48, 60), (0, 48, 62)]
    others = [[(0, 48, 60), (0, 48, 64)], [(0, 24, 60), (0, 72, 62)], [(24, 24, 60), (0, 48, 62)]]
    assert repetition(read_melody_columns(melody_of([*bar, *bar]))) == 0.5
    for other in others:
        assert repetition(read_melody_columns(melody_of([*bar, *other]))) == 0


def test_a_set_is_no_distance_from_itself(melodies):
    """Every measure is there, 0 for the same melodies and more for others."""
    one, other = statistics_of(melodies[:6]), statistics_of(melodies[6:])
    assert list(distances(one, one)) == list(MEASURES)
    assert not any(distances(one, one).values())
    assert distances(one, other)["interval"] > 0


def test_nothing_cannot_be_described():
    """A set without melodies is refused."""
    with pytest.raises(CorpusError, match="no melody to count"):
        statistics_of([])


def test_a_model_writes_under_the_frames_of_a_set(checkpoint, melodies):
    """As many melodies as asked for, in the set's keys and metres, the same for the same seed."""
    model = model_of(checkpoint)
    one = list(sample_from_model(model, melodies, 3, seed=4))
    assert len(one) == 3
    assert all((m.tonic, m.mode, m.metre[0]) == (0, 0, 0) for m in one)
    again = list(sample_from_model(model, melodies, 3, seed=4))
    assert all(np.array_equal(a.pitch, b.pitch) for a, b in zip(one, again, strict=True))


def test_chance_is_how_far_sets_of_one_kind_are_apart():
    """Most sets out of the same tradition lie within or near it, measure by measure; another tradition lies beyond."""
    rng = np.random.default_rng(0)

    def some(count, leap):
        steps = rng.integers(-leap, leap + 1, (count, 16))
        return [
            read_melody_columns(melody_of([(0, 24, int(p)) for p in 66 + np.clip(np.cumsum(row), -20, 20)]))
            for row in steps
        ]

    test = some(80, 3)
    least, known = chance(test), statistics_of(test)
    assert least == chance(test)
    assert set(least) == set(MEASURES)
    others = [distances(statistics_of(some(80, 3)), known) for _ in range(20)]
    for name in ("interval", "degree", "range"):
        assert np.mean([row[name] <= 1.5 * least[name] for row in others]) >= 0.8
        assert distances(statistics_of(some(80, 9)), known)[name] > 2 * least[name]
    with pytest.raises(CorpusError):
        chance([])
