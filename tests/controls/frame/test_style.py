"""A style that people name has its metre, tempo, upbeat and length, unless they are asked for."""

from dataclasses import replace

import pytest

from melodyrnn.compose.generate import generate
from melodyrnn.controls.options import Options
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

STYLES = {"airds": 1, "jig": 2, "hymn": 3}
FORMS = {"1 4/4 0 8": 90, "2 6/8 12 4": 30, "2 6/8 12 8": 10, "2 6/8 0 4": 20, "2 4/4 0 6": 5, "2 6/8 12 99": 99}


@pytest.fixture
def counted(model):
    """The small model with styles and counts on its card."""
    card = replace(model.card, styles=STYLES, forms=FORMS)
    return replace(model, checkpoint=replace(model.checkpoint, card=card))


def frame(options):
    """Metre, tempo, upbeat, bars."""
    return str(options.setting.metre), options.setting.tempo, options.setting.upbeat, options.setting.bars


def test_a_jig_is_one(counted):
    """As most jigs are on the card: what cannot be composed is no model."""
    assert frame(Options(style="jig").styled(counted.card)) == ("6/8", 168.0, 12, 4)
    made = next(generate(counted, Options(style="jig", seed=3))).melody
    assert (made.metres, made.tempo, made.bars) == ((Metre(6, 8),), 168.0, 5)
    assert made.notes[0].onset == 60


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"metre": "4/4"}, ("4/4", 224.0, 0, 6)),
        ({"metre": "3/4"}, ("3/4", 168.0, 0, 8)),  # none of them is: no more is known than the tempo
        ({"tempo": 90}, ("6/8", 90.0, 12, 4)),
        ({"bars": 8}, ("6/8", 168.0, 12, 8)),  # the default, asked for
        ({"bars": "free"}, ("6/8", 168.0, 12, None)),
        ({"upbeat": "0"}, ("6/8", 168.0, 0, 4)),
        ({"upbeat": "1/4"}, ("6/8", 168.0, 24, 4)),
        ({"loop": True}, ("6/8", 168.0, 0, 8)),
    ],
)
def test_what_is_asked_for_stays(counted, asked, expected):
    """Also where it is the default, and after recipes have kept it."""
    options = Options(style="jig", **asked)
    assert frame(options.styled(counted.card)) == expected
    assert frame(Options(**options.values()).seeded(4).styled(counted.card)) == expected


def test_what_brings_nothing(counted):
    """A corpus, as before; a style without counts; a prime, which has its own frame."""
    for name in ("airds", "hymn"):
        assert Options(style=name).styled(counted.card) == Options(style=name)
    assert Options(style="airds", bars=8).styled(counted.card).values() == {"style": "airds", "bars": 8}
    prime = Melody((Note(0, 24, 60), Note(24, 24, 64), Note(48, 48, 67)), (Metre(),), Key(0))
    made = next(generate(counted, Options(style="jig", seed=3), prime=prime)).melody
    assert made.metres == (Metre(),)
