"""Where nobody says how long phrases are, a network that hears them is told what training melodies have."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from melodyrnn.checkpoint.file import NetworkConfig
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import model_of
from melodyrnn.compose.sampling.task import prompt_for
from melodyrnn.controls.form.phrase_prior import drawn_phrases
from melodyrnn.controls.options import options_of
from melodyrnn.events.columns import answers_hidden, columns
from melodyrnn.events.context import phrase_ticks
from melodyrnn.events.tokenizer import encode
from melodyrnn.inference.scoring import score
from tests.conftest import SMALL, weights_of

PHRASES = {"1 4/4 8 2": 60, "1 4/4 8 4": 30, "2 4/4 8 0": 10, "2 4/4 12 3": 5, "3 3/4 8 0": 9}


@pytest.fixture(scope="module")
def counted(model):
    """The small model with ears for phrases and counts of them."""
    config = NetworkConfig(**SMALL, phrases=True)
    card = replace(model.card, phrases=PHRASES, styles={"a": 1, "b": 2})
    return model_of(replace(model.checkpoint, config=config, weights=weights_of(config), card=card))


def drawn(counted, **asked):
    """What 200 seeds draw."""
    frame = prompt_for(counted, options_of(**asked)).frame
    return Counter(drawn_phrases(counted.card, frame, seed) for seed in range(200))


def test_lengths_come_as_often_as_counted(counted):
    """Six in ten of two bars, three of four; where they differ nothing is told, and nothing where none are known."""
    found = drawn(counted, bars=8)
    two, four = (tuple(range(step, 769, step)) for step in (192, 384))
    assert found.keys() == {two, four, ()}
    assert 95 < found[two] < 145
    assert 35 < found[four] < 85
    assert drawn(counted, bars=8, metre="3/4").keys() == {()}
    assert drawn(counted, bars=8, metre="7/8").keys() == {()}


def test_style_number_of_bars_and_form_count(counted):
    """Those of the style, if it has any, and those of as many bars; in a form, what its sections are made of."""
    assert drawn(counted, bars=8, style="b").keys() == {()}
    assert drawn(counted, bars=12).keys() == {(288, 576, 864, 1152)}
    assert drawn(counted, bars=8, form="AB").keys() == {(192, 384, 576, 768), (384, 768)}
    assert drawn(counted, bars=12, form="AABA").keys() == {(288, 576, 864, 1152)}
    assert drawn(counted, bars=16, metre="3/4", form="AB").keys() == {(576, 1152)}


def test_the_last_phrase_ends_as_melodies_that_begin_so_do(counted):
    """An upbeat mostly gets its room; without one half a bar of silence is too much, and a loop closes its bar."""
    tails = {"1 4/4 24 24": 3, "1 4/4 24 0": 1, "1 4/4 0 24": 1, "1 4/4 0 48": 9}
    model = model_of(replace(counted.checkpoint, card=replace(counted.card, tails=tails)))
    known = {"bars": 8, "style": "a", "phrase": None}
    ends = Counter(told[-1] for told, n in drawn(model, **known).items() for _ in range(n) if told)
    assert ends.keys() == {744}  # a quarter's rest in the eighth bar
    ends = Counter(told[-1] for told, n in drawn(model, **known, upbeat="1/4").items() for _ in range(n) if told)
    assert ends.keys() == {840, 864}  # eight bars behind the one in which the upbeat stands
    assert 2 * ends[864] < ends[840]
    assert {told[-1] for told in drawn(model, **known, loop=True) if told} == {768}


def test_nothing_is_told_twice_and_nothing_beside_notes_that_stand(counted):
    """Phrases that are asked for are told already; a prime has its own; an end that the network chooses is unknown."""
    assert drawn(counted, bars=8, phrase="4").keys() == {()}
    assert drawn(counted, bars=None).keys() == {()}
    prime = next(generate(counted, options_of(bars=1, seed=1))).melody
    frame = prompt_for(counted, options_of(bars=8), prime).frame
    assert drawn_phrases(counted.card, frame, 0) == ()


@pytest.mark.parametrize("asked", [{}, {"max_leap": 9}, {"effort": 4}, {"form": "AB"}])
def test_each_melody_is_told_its_own_whatever_its_company(counted, asked):
    """Three seeds together give what each gives alone, and its bits are those of a melody that tells these phrases."""
    options = options_of(bars=8, key="C", end="free", **asked)
    together = [made.melody for made in generate(counted, options, 3)]
    assert together == [next(generate(counted, options.seeded(seed))).melody for seed in range(3)]
    made = next(generate(counted, options))
    ends = drawn_phrases(counted.card, prompt_for(counted, options).frame, 0)
    heard, onsets = columns(encode(made.melody)), [note.onset for note in made.melody.notes]
    told = replace(heard, phrase=phrase_ticks(onsets, ends[-1], ends[:-1]))
    (scored,) = score(counted.network, [told], answers_hidden(1, told=["bars_left", "phrase"]))
    assert np.abs(scored.bits[:-1] - made.bits).max() < 1e-6
