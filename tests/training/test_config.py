"""Recipes that follow the size of a corpus."""

import pytest

from melodyrnn.errors import OptionError
from melodyrnn.training.config import defaults, fine_tuning, shaped


def test_small_and_large_corpora_are_learnt_differently():
    """The cell, the number of the bar and the rate of fine-tuning go with the number of notes."""
    (small, _), (large, _) = defaults(100, 5_000), defaults(9_000, 500_000)
    assert (small.cell, large.cell) == ("gru", "lstm")
    assert (small.bar_numbers, large.bar_numbers) == (False, True)
    assert (fine_tuning(100, 5_000).rate, fine_tuning(9_000, 500_000).rate) == (2e-3, 1e-3)


def test_a_model_that_would_not_open_again_is_refused_before_it_is_trained():
    """The largest file that is opened bounds the sizes."""
    with pytest.raises(OptionError, match="would not open again"):
        shaped(100, 5_000, cell="lstm", sizes={"hidden": 4096}, settings={})
