"""Recipes that follow the size of a corpus."""

from dataclasses import replace

import pytest

from melodyrnn.checkpoint.card import NetworkConfig
from melodyrnn.errors import OptionError
from melodyrnn.training.config import Told, TrainingConfig, defaults, fine_tuning, rate_at, shaped, told_by


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


def test_a_network_hears_what_its_melodies_tell(told_columns):
    """Phrases and chords, each where one melody says so; a base keeps its shape, and nobody has to say anything."""
    both, phrases, chords = told_columns(9, 0), told_columns(9, 2), told_columns(9, 1)
    silent = replace(both, phrase=None, harmony=None)
    for some, expected in (([silent], (False, False)), ([silent, phrases], (True, False)), ([chords], (False, True)),
                           ([phrases, chords], (True, True))):  # fmt: skip
        told = told_by(some)
        assert told == expected
        config, _ = shaped(100, 5_000, sizes={}, settings={}, told=told)
        assert (config.phrases, config.harmony) == expected
    base = NetworkConfig(bar_numbers=True)
    assert shaped(100, 5_000, sizes={}, settings={}, base=base, told=Told(phrases=True, harmony=True))[0] == base
