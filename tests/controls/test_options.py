"""Options from texts, numbers and values."""

import pickle

import pytest

from melodyrnn.checkpoint.file import Card
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


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("key", "Am", Key(9, "minor")), ("metre", "3/4", Metre(3, 4)), ("bars", "4", 4), ("upbeat", "1/4", 24),
        ("max_leap", "5", 5), ("temperature", "0.5", 0.5),
    ],
)  # fmt: skip
def test_options_read_text(name, text, value):
    """As the command line spells it."""
    assert getattr(Options(**{name: text}), name) == value
    assert Options(**{name: text}) == Options(**{name: value})


@pytest.mark.parametrize(
    "asked", [{"key": 3}, {"metre": 3}, {"bars": 2.5}, {"upbeat": 0.5}, {"density": 4}, {"loop": 1}]
)
def test_options_of_another_kind_name_the_option(asked):
    """What is neither text nor a value of the control's kind."""
    (name,) = asked
    with pytest.raises(OptionError, match=f"^{name}: "):
        Options(**asked)


def test_options_are_frozen_and_changed_by_asking_for_others():
    """An attribute cannot be set; `replace` and `seeded` give others, which are read and checked like the first."""
    asked = Options(key="Am", max_leap=5)
    with pytest.raises(AttributeError, match="frozen"):
        asked.max_leap = 3
    assert asked.replace(max_leap="3") == Options(key="Am", max_leap=3)
    assert asked.replace(max_leap=None) == Options(key="Am")
    assert (asked.seeded(7).seed, asked.seed) == (7, 0)
    with pytest.raises(OptionError, match=r"^max-leap: "):
        asked.replace(max_leap=0)
    with pytest.raises(TypeError, match="no control is called 'leap'"):
        Options(leap=3)


def test_options_know_what_was_given_and_what_it_settles():
    """In the order of the list of controls; of defaults only those that a manner could replace."""
    asked = Options(loop=True, key="Am", bars="8", temperature=1.0)
    assert [control.name() for control in asked.given] == ["bars", "key", "loop"]
    assert (asked.setting.key, asked.setting.loop, asked.setting.bars) == (Key(9, "minor"), True, 8)


def test_options_travel_and_compare():
    """Pickled they are the same, and so is their hash."""
    asked = Options(key="E dorian", chords="Em A", seed=4)
    there = pickle.loads(pickle.dumps(asked))  # noqa: S301 - our own
    assert there == asked
    assert hash(there) == hash(asked)
    assert there != asked.seeded(5)


@pytest.mark.parametrize("key", [Key(12), Key(-1), Key(0, written=9)])
def test_a_key_that_is_none(key):
    """A tonic from 0 to 11, a signature that can be written."""
    with pytest.raises(OptionError, match=r"^key: .* is not a whole number"):
        Options(key=key)


def test_numbers_as_text_and_what_no_text_can_say():
    """As the command line has them; a switch is no text; the corpus's surprise waits for the model's card."""
    made = options_of(seed="7", tempo="90", max_leap="5", surprise="2.5")
    assert (made.seed, made.tempo, made.max_leap, made.surprise) == (7, 90.0, 5, 2.5)
    for name, text, told in (
        ("seed", "x", "is not a number"),
        ("loop", "false", "give True or False"),
        ("surprise", "much", "number of bits"),
    ):
        with pytest.raises(OptionError, match=told):
            options_of(**{name: text})
    asked = options_of(surprise="corpus")
    assert asked.told(Card(bits={"total": 2.3})).surprise == 2.3
    with pytest.raises(OptionError, match="card"):
        asked.told(Card())
