"""Plain numbers of a melody, counted by hand."""

import numpy as np
import pytest

from melodyrnn.evaluation.plain_features import FEATURES, plain_features
from melodyrnn.events.columns import columns
from melodyrnn.events.tokenizer import encode
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Metre

from .conftest import melody_of


def counted(events, **frame):
    """All features of one melody of (rest, duration, pitch)."""
    found = plain_features([columns(encode(melody_of(events, **frame)))])
    return {name: values[0] for name, values in found.items()}


def test_every_feature_is_counted_and_explained():
    """A number for each where there is enough to count; nan where there is not."""
    bar = [(0, 24, 60), (0, 24, 72), (0, 24, 64), (0, 24, 62)]
    full = counted([*bar * 10, (0, 96, 60)])
    assert not [name for name in FEATURES if np.isnan(full[name])]
    one = counted([(0, 24, 60)])
    assert np.isnan(one["step"])
    assert one["density"] == 1


def test_endings():
    """A half note on the third beat of 4/4, a step down to the tonic."""
    found = counted([(0, 24, 60), (0, 24, 62), (0, 48, 60)])
    assert (found["last onset"], found["last length"], found["last relative"]) == (0.5, 2, 1.5)
    assert (found["last bar full"], found["last tonic"], found["last step"], found["last fall"]) == (1, 1, 2, 1)
    assert (found["last longest"], found["last under mean"], found["last leap"]) == (1, 0, 0)
    assert (
        counted([(0, 48, 60), (0, 24, 65)])["last leap"] == counted([(0, 48, 60), (0, 24, 65)])["last under mean"] == 1
    )


def test_a_last_bar_is_full_or_short_by_the_upbeat():
    """After an upbeat of a quarter in 4/4: three quarters are short by it, four are full, two are neither."""
    for upbeat, last, told in ((72, 72, (0, 1)), (72, 96, (1, 0)), (72, 48, (0, 0)), (0, 72, (0, 0)), (0, 96, (1, 0))):
        found = counted([(upbeat, 96 - upbeat, 67), (0, 48, 60), (0, 48, 60), (0, last, 60)])
        assert (found["last bar full"], found["last bar short"]) == told


def test_steps():
    """Up an octave, down, up a fifth, the same: leaps, turns, the longest run."""
    found = counted([(0, 24, 60), (0, 24, 72), (0, 24, 60), (0, 24, 67), (0, 24, 67)])
    assert found["step"] == pytest.approx((12 + 12 + 7 + 0) / 4)
    assert (found["wide leaps"], found["leaps"], found["same pitch"]) == (0.5, 0.75, 0.25)
    assert (found["turns"], found["leaps turned"], found["runs"]) == (pytest.approx(2 / 3), pytest.approx(2 / 3), 1)
    assert (found["compass"], found["peak"], found["peaks"]) == (12, 0.2, 1)


def test_bars_that_return():
    """A B A' A, where A' has the rhythm of A at another pitch; then A two and three bars ago."""
    first, second, moved = ([(0, 48, p), (0, 48, p + 2)] for p in (60, 60, 62))
    second = [(0, 24, 60), (0, 72, 62)]
    found = counted([*first, *second, *moved, *first])
    assert found["distinct bars"] == found["bar of 1"] + 0.75 == 0.75
    assert found["distinct rhythms"] == 0.5
    assert found["rhythm of 1"] == pytest.approx(1 / 3)
    assert found["rhythm of 2"] == 0.5
    assert found["sequences"] == 0.25
    assert found["notes of 1"] == 1 / 6  # of the places of a bar ago: the C under B alone
    assert found["thrice"] == 0
    assert counted(first * 3)["thrice"] == pytest.approx(1 / 3)


def test_time():
    """An eighth's rest, notes off the beat, one held over the bar line, lengths."""
    found = counted([(0, 24, 60), (12, 24, 60), (0, 60, 60)], metre=Metre(4, 4), key=Key(0))
    assert found["rests"] == 12 / 120
    assert (found["rests count"], found["off the beat"], found["syncopated"]) == (0.5, 2 / 3, 2 / 3)
    assert (found["lengths"], found["usual length"]) == (2, 2 / 3)
    assert found["over the bar"] == 1
    assert counted([(0, 36, 60), (0, 36, 60)], metre=Metre(6, 8))["off the beat"] == 0
