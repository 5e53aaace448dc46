"""Recipes that follow the size of a corpus."""

import pytest

from melodyrnn.errors import OptionError
from melodyrnn.training.config import TrainingConfig, defaults, fine_tuning, rate_at, shaped


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


def test_the_fewer_melodies_the_nearer_to_the_base():
    """Below a hundred the distance weighs more and the rate is lower, the fewer there are; from then on neither is."""
    few = [fine_tuning(n, 50 * n) for n in (1, 5, 25, 60, 99)]
    assert sorted((r.hold for r in few), reverse=True) == [r.hold for r in few]
    assert sorted(r.rate for r in few) == [r.rate for r in few]
    assert {r.folds for r in few} == {5}
    many = fine_tuning(100, 5_000)
    assert (many.hold, many.folds) == (0.0, 0)
    assert few[0].rate == many.rate / 4
    assert few[-1].rate < many.rate


def test_the_rate_rises_and_falls_once():
    """From a twenty-fifth up to the peak, and down to nothing."""
    recipe = TrainingConfig(rate=1.0, warm=0.2)
    assert [round(rate_at(recipe, progress), 3) for progress in (0.0, 0.2, 1.0)] == [0.04, 1.0, 0.0]
