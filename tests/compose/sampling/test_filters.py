"""The controls that filter and the draw, each against its definition."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from melodyrnn.compose.sampling import filters
from melodyrnn.controls.chance.min_p import above
from melodyrnn.controls.chance.temperature import sharpened
from melodyrnn.controls.chance.top_k import likeliest
from melodyrnn.controls.chance.top_p import nucleus

SHAPE = (4, 9)
LOGS = arrays(np.float64, SHAPE, elements=st.sampled_from([-np.inf, -3.0, -1.0, -0.5, 0.0])).map(
    lambda x: np.where(np.isfinite(x).any(1, keepdims=True), x, 0.0)
)


def kept(logs):
    """Which entries are still possible."""
    return np.isfinite(logs)


@settings(deadline=None)  # a busy machine is no failure
@given(LOGS, st.integers(1, 12))
def test_top_k_keeps_exactly_k(logs, k):
    """Ties never leak: k entries are left, or all that were possible, and none less probable than one left out."""
    out = likeliest(logs, k)
    assert (kept(out).sum(1) == np.minimum(kept(logs).sum(1), k)).all()
    for before, after in zip(logs, out, strict=True):
        gone = before[kept(before) & ~kept(after)]
        assert not gone.size or gone.max() <= after[kept(after)].min()


@settings(deadline=None)  # a busy machine is no failure
@given(LOGS, st.floats(0.01, 1))
def test_top_p_keeps_the_fewest(logs, p):
    """What is kept holds the share p; without its least probable entry it would not."""
    shares = filters.probabilities(logs)
    for share, mask in zip(shares, kept(nucleus(logs, p)), strict=True):
        chosen = share[mask]
        assert chosen.sum() >= p - 1e-9
        assert chosen.sum() - chosen.min() < p + 1e-9


@settings(deadline=None)  # a busy machine is no failure
@given(LOGS, st.floats(0, 1))
def test_min_p_compares_with_the_best(logs, p):
    """An entry stays when it is at least p times as probable as the best."""
    shares = filters.probabilities(logs)
    expected = kept(logs) & (shares >= p * shares.max(1, keepdims=True) * (1 - 1e-12))
    assert (kept(above(logs, p)) == expected).all()


def test_temperature_zero_is_greedy():
    """Only the first of the best is left."""
    out = sharpened(np.log([[0.1, 0.4, 0.4, 0.1]]), 0)
    assert kept(out).tolist() == [[False, True, False, False]]


@settings(deadline=None)  # a busy machine is no failure
@given(LOGS, st.lists(st.floats(0, 1, exclude_max=True), min_size=4, max_size=4))
def test_draw_never_takes_the_forbidden(logs, numbers):
    """Whatever the uniform number, 0 and the last float below 1 included, what is drawn was allowed."""
    for uniform in (np.array(numbers), np.zeros(4), np.full(4, np.nextafter(1, 0))):
        chosen = filters.draw(logs, uniform)
        assert kept(logs)[np.arange(4), chosen].all()


def test_draw_follows_the_distribution():
    """A fine comb of uniform numbers gives each entry its share."""
    shares = np.array([0.05, 0.5, 0.0, 0.2, 0.25])
    with np.errstate(divide="ignore"):
        logs = np.tile(np.log(shares), (1000, 1))
    counts = np.bincount(filters.draw(logs, (np.arange(1000) + 0.5) / 1000), minlength=5)
    assert np.abs(counts / 1000 - shares).max() <= 0.001


def test_uniforms_are_a_prefix_of_more():
    """Asking for more positions keeps the first ones; another seed gives others."""
    few, many = filters.uniforms(5, 10), filters.uniforms(5, 100)
    assert few.tobytes() == many[:10].tobytes()
    assert few.tobytes() != filters.uniforms(6, 10).tobytes()
