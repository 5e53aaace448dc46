"""Chords and phrases that are asked for reach a network that hears them, and no other."""

from dataclasses import replace

import numpy as np
import pytest

from melodyrnn.checkpoint.file import NetworkConfig
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import model_of
from melodyrnn.compose.sampling.task import prompt_for
from melodyrnn.controls.options import options_of
from melodyrnn.events.columns import answers_hidden, columns
from melodyrnn.events.context import harmonic, phrase_ticks
from melodyrnn.events.tokenizer import encode
from melodyrnn.inference.scoring import score
from melodyrnn.inference.told import NOTHING
from melodyrnn.music.harmony import Harmony
from melodyrnn.music.melody import Metre
from tests.conftest import SMALL, weights_of


@pytest.fixture(scope="module")
def hearing(model):
    """The small model with ears."""
    config = NetworkConfig(**SMALL, phrases=True, harmony=True)
    return model_of(replace(model.checkpoint, config=config, weights=weights_of(config)))


@pytest.mark.parametrize("upbeat", ["0", "1/8"])
def test_bits_are_those_of_a_melody_that_tells_the_same(hearing, upbeat):
    """What composing reports is what scoring gives where the same chords and phrases are told, at every note."""
    asked = options_of(chords="C F | G7 C", phrase="1 2", bars=6, seed=4, key="C", upbeat=upbeat, effort=1)
    (made,) = generate(hearing, asked)
    melody, first = made.melody, 96 if upbeat != "0" else 0
    up = 12 if first else 0
    ends = [first + 96 * bars - up for bars in (1, 3, 5, 6)]
    heard = columns(encode(melody))
    onsets = [note.onset for note in melody.notes]
    chords = Harmony(((48, "C"), (48, "F"), (48, "G7"), (48, "C")) * 3, Metre(), onset=first)
    told = replace(heard, phrase=phrase_ticks(onsets, ends[-1], ends[:-1]), harmony=harmonic(onsets, chords, 0))
    (scored,) = score(hearing.network, [told], answers_hidden(1, told=["bars_left", "phrase", "harmony"]))
    within = np.array(onsets) < ends[-1]  # behind the last phrase nothing is told
    assert np.abs(scored.bits[:-1] - made.bits)[within].max() < 1e-6
    (silent,) = score(hearing.network, [heard], answers_hidden(1, told=["bars_left"]))
    assert np.abs(silent.bits[:-1] - made.bits).max() > 0.1


def test_a_prime_is_heard_with_its_chords(hearing, model):
    """They begin with the melody, not with what is new; a network that hears none composes what it always did."""
    prime = generate(hearing, options_of(bars=2, seed=1)).__next__().melody
    told, plain = (prompt_for(hearing, options_of(bars=2, chords=chords), prime) for chords in ("C F", None))
    assert np.abs(told.bits - plain.bits).max() > 0.01
    assert plain.decoder.context == NOTHING
    assert told.decoder.context.chords.starts[0, 1] == 0
    assert prompt_for(model, options_of(bars=2, chords="C F", phrase="1"), prime).decoder.context == NOTHING


def test_phrases_follow_the_bars_of_the_frame(hearing):
    """Bar lines less the upbeat, the last number over and over, the last phrase with the melody."""
    ends = prompt_for(hearing, options_of(bars=9, phrase="2 3", metre="3/4", upbeat="1/4")).frame.phrase_ends()
    assert ends == [72 * bar - 24 for bar in (3, 6, 9, 10)]
    assert prompt_for(hearing, options_of(bars=4)).frame.phrase_ends() == []
    assert prompt_for(hearing, options_of(bars=4, phrase="8")).frame.phrase_ends() == [384]
