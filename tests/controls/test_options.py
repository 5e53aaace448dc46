"""Options from texts, numbers and values."""

import pytest

from melodyrnn.controls.options import Options, options_of
from melodyrnn.errors import OptionError
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Metre


def test_texts_numbers_and_values_say_the_same():
    """As the command line spells them, or as they are kept."""
    said = options_of(key="E dorian", metre="6/8", bars="4", upbeat="1/8", max_leap=7)
    kept = options_of(key=Key(4, "dorian"), metre=Metre(6, 8), bars=4, upbeat=12, max_leap=7)
    assert said == kept == Options(key=Key(4, "dorian"), metre=Metre(6, 8), bars=4, upbeat=12, max_leap=7)
    assert (
        options_of(bars="free", upbeat="free") == options_of(bars=None, upbeat=None) == Options(bars=None, upbeat=None)
    )
    assert options_of() == Options()


@pytest.mark.parametrize("asked", [{"key": "Am"}, {"metre": "3/4"}, {"bars": "8"}, {"upbeat": "1/4"}, {"density": 4}])
def test_options_of_another_kind_name_the_option(asked):
    """Options themselves take values, and say so."""
    (name,) = asked
    with pytest.raises(OptionError, match=f"^{name}: .* is (not )?text"):
        Options(**asked)


@pytest.mark.parametrize("key", [Key(12), Key(-1), Key(0, written=9)])
def test_a_key_that_is_none(key):
    """A tonic from 0 to 11, a signature that can be written."""
    with pytest.raises(OptionError, match=r"^key: .* is not a whole number"):
        Options(key=key)


def test_numbers_as_text_and_what_no_text_can_say():
    """As the command line has them; a switch is no text, and the corpus's surprise is on a model's card."""
    made = options_of(seed="7", tempo="90", max_leap="5", surprise="2.5")
    assert (made.seed, made.tempo, made.max_leap, made.surprise) == (7, 90.0, 5, 2.5)
    for name, text, told in (
        ("seed", "x", "is not a number"),
        ("loop", "false", "give True or False"),
        ("surprise", "corpus", "card"),
    ):
        with pytest.raises(OptionError, match=told):
            options_of(**{name: text})
