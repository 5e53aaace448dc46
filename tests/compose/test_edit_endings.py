"""What infill and vary leave as it was: where a tune begins, and that it ends at home."""

import pytest

from melodyrnn.compose.edit import infill, vary
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import load_model
from melodyrnn.controls.options import Options
from melodyrnn.music.key import Key


@pytest.fixture(scope="module")
def folk():
    """The shipped model."""
    return load_model("folk")


@pytest.fixture(scope="module")
def tunes(folk):
    """Two dozen tunes of four bars that end on their tonics."""
    keys = (Key(0), Key(9, "minor"), Key(7), Key(2, "minor"))
    asked = [Options(key=keys[seed % 4], bars=4, seed=seed, end="tonic") for seed in range(24)]
    return [next(generate(folk, options)).melody for options in asked]


def home(melody):
    """Whether it ends on its tonic."""
    return (melody.notes[-1].pitch - melody.key.tonic) % 12 == 0


@pytest.mark.parametrize("how", [{"keep": ["rhythm"]}, {"keep": ["contour"]}, {}])
def test_a_variation_ends_at_home_as_the_tune_did(folk, tunes, how):
    """With all of its notes free; nine in forty did when the last note, too, was pushed away from what it was."""
    varied = [vary(folk, tune, Options(seed=k, bars=None), strength=1.0, **how) for k, tune in enumerate(tunes)]
    assert sum(home(made.melody) for made in varied) >= 18
    assert all(made.melody != tune for made, tune in zip(varied, tunes, strict=True))


def test_the_end_filled_anew_ends_at_home(folk, tunes):
    """Unless it is told otherwise."""
    filled = [infill(folk, tune, [3], Options(seed=k, bars=None)) for k, tune in enumerate(tunes[:8])]
    assert all(home(made.melody) for made in filled)
    told = [infill(folk, tune, [3], Options(seed=k, bars=None, end="5")) for k, tune in enumerate(tunes[:8])]
    assert not any(home(made.melody) for made in told)


def test_a_tune_begins_where_it_did(folk, tunes):
    """Its first bar filled anew; a rest there would move every bar line for whoever counts from the first note."""
    for k, tune in enumerate(tunes[:8]):
        made = infill(folk, tune, [0], Options(seed=k, bars=None)).melody
        assert made.notes[0].onset == tune.notes[0].onset
        assert made.bars == tune.bars


def test_a_rhythm_that_is_to_change_does(folk, tunes):
    """With pitches kept the rhythm of half the bars is composed anew; three tunes in forty came back as they were."""
    for k, tune in enumerate(tunes[:8]):
        varied = vary(folk, tune, Options(seed=300 + k, bars=None), keep=["pitches"], strength=0.5).melody
        assert [n.pitch for n in varied.notes] == [n.pitch for n in tune.notes]
        assert varied != tune
