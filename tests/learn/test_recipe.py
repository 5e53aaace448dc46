"""Recipes that follow the size of a corpus."""

from melodyrnn.learn.recipe import defaults, fine_tuning


def test_small_and_large_corpora_are_learnt_differently():
    """The cell, the number of the bar and the rate of fine-tuning go with the number of notes."""
    (small, _), (large, _) = defaults(100, 5_000), defaults(9_000, 500_000)
    assert (small.cell, large.cell) == ("gru", "lstm")
    assert (small.bar_numbers, large.bar_numbers) == (False, True)
    assert (fine_tuning(100, 5_000).rate, fine_tuning(9_000, 500_000).rate) == (2e-3, 1e-3)
