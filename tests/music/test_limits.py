"""One table of limits: a melody that is given is held against what options are held against."""

import time
from dataclasses import replace

import pytest

import melodyrnn
from melodyrnn.compose.edit import infill, vary
from melodyrnn.compose.generate import generate
from melodyrnn.controls.options import Options
from melodyrnn.errors import OptionError
from melodyrnn.music.melody import LONGEST_BAR, MOST_GIVEN_BARS, MOST_GIVEN_NOTES, Melody, Metre, Note, check_given

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)
TUNE = Melody(tuple(Note(24 * k, 24, pitch) for k, pitch in enumerate(SCALE)))
FAR = replace(TUNE, notes=(*TUNE.notes, *(replace(n, onset=n.onset + 19_000 * 96) for n in TUNE.notes[:5])))


@pytest.fixture(scope="module")
def folk():
    """The model that ships."""
    return melodyrnn.load_model("folk")


@pytest.mark.parametrize("metre", [(255, 1), (39, 4), (17, 4), (5, 1)])
@pytest.mark.parametrize("verb", ["generate", "infill", "vary"])
def test_a_given_metre_is_bounded_as_an_option_is(folk, metre, verb):
    """A bar of more than four whole notes is refused at once, wherever it comes from, and the way out is said."""
    prime = replace(TUNE, metres=(Metre(*metre),))
    began = time.process_time()
    with pytest.raises(OptionError, match=f"{metre[0]}/{metre[1]} is longer than 4 whole notes"):
        _compose(folk, verb, prime)
    with pytest.raises(OptionError, match="metre"):
        Options(metre=Metre(*metre))
    assert time.process_time() - began < 5


def test_the_longest_metre_of_the_table_is_gone_on_from(folk):
    """Four whole notes a bar are the most, as an option and in a prime; another metre may be asked for."""
    assert Metre(4, 1).bar_ticks == LONGEST_BAR
    for given, asked in (((4, 1), None), ((255, 1), Metre(4, 4))):
        (made,) = generate(folk, Options(bars=1, metre=asked), 1, prime=replace(TUNE, metres=(Metre(*given),)))
        assert made.melody.notes[: len(TUNE.notes)] == TUNE.notes


@pytest.mark.parametrize("verb", ["generate", "infill", "vary"])
def test_silence_without_end_is_refused(folk, verb):
    """Thirteen notes around 19,000 silent bars took half a minute and 1.6 GB."""
    began = time.process_time()
    with pytest.raises(OptionError, match=r"holds 19,\d{3} bars; give a part of it, at most 2,000"):
        _compose(folk, verb, FAR)
    assert time.process_time() - began < 5


def test_too_much_is_not_composed_anew_at_a_time(folk):
    """A long piece is kept and changed in parts."""
    song = replace(TUNE, length=96 * 1_000)
    began = time.process_time()
    with pytest.raises(OptionError, match="at most 256 bars of 4/4"):
        vary(folk, song, Options(bars=None))
    assert time.process_time() - began < 5
    assert len(infill(folk, song, [1], Options(bars=None)).melody.notes) >= 4


def test_what_is_given_has_an_end():
    """Notes and bars are counted; as many as the table has are taken."""
    many = Melody(tuple(Note(k, 1, 60) for k in range(MOST_GIVEN_NOTES + 1)))
    check_given("prime", replace(many, notes=many.notes[1:]))
    with pytest.raises(OptionError, match="prime: holds 10,001 notes"):
        check_given("prime", many)
    check_given("prime", replace(TUNE, length=96 * MOST_GIVEN_BARS))


def _compose(model, verb, melody):
    if verb == "generate":
        return list(generate(model, Options(), 1, prime=melody))
    if verb == "infill":
        return infill(model, melody, [0], Options(bars=None))
    return vary(model, melody, Options(bars=None), strength=1.0)
