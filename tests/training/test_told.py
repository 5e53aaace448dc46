"""Training on melodies that tell of phrases and chords: what is told is learnt, saved, and needed to go on."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from melodyrnn.checkpoint.card import Card, card_text, read_card_text
from melodyrnn.checkpoint.file import Checkpoint, load, save
from melodyrnn.errors import CheckpointError
from melodyrnn.evaluation.bits import bits_of, pool
from melodyrnn.events.columns import columns
from melodyrnn.events.context import Harmonic, harmonic, phrase_ticks
from melodyrnn.events.tokenizer import encode
from melodyrnn.inference.compiled import network_of
from melodyrnn.music.harmony import Harmony
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note
from melodyrnn.training.events import Finished, Split, TrainingPlan
from melodyrnn.training.fit import fit

ROOTS = {"C": 60, "D7": 62, "Em": 64, "F": 65, "G7": 67, "Am": 69}


def follower(seed: int):
    """A melody whose every note is the root of its chord, the chords at random; a phrase ends after four or five."""
    rng = np.random.default_rng(seed)
    symbols = rng.choice(list(ROOTS), 20).tolist()
    lengths = [24] * 20
    for k in np.cumsum(rng.integers(4, 6, 3)):
        lengths[k - 1] = 72
    onsets = (np.cumsum(lengths) - lengths).tolist()
    begins = tuple(onset for onset, before in zip(onsets[1:], lengths, strict=False) if before == 72)
    notes = tuple(Note(a, d, ROOTS[s]) for a, d, s in zip(onsets, lengths, symbols, strict=True))
    spans = tuple(zip(lengths, symbols, strict=True))
    plain = columns(encode(Melody(notes, (Metre(),), Key(0))))
    return replace(
        plain, phrase=phrase_ticks(onsets, sum(lengths), begins),
        harmony=harmonic(onsets, Harmony(spans, Metre()), 0),
    )  # fmt: skip


@pytest.fixture(scope="module")
def followers():
    """Sixty to learn from, ten to judge by."""
    melodies = [follower(seed) for seed in range(70)]
    return Split(melodies[:60], melodies[60:])


def test_what_is_told_is_learnt(followers, config, recipe, alone):
    """Roots are known where chords are told, and long notes where phrases are; hidden, both cost bits."""
    hears = replace(config, phrases=True, harmony=True)
    how = replace(recipe, epochs=12, positions=256, drop_state=0.0, drop_head=0.0, drop_views=0.0, rate=2e-2)
    made = next(e for e in fit(followers, TrainingPlan(hears, how), alone) if isinstance(e, Finished))
    network, test = network_of(hears, made.weights), followers.validation
    names = [str(k) for k in range(len(test))]

    def bits(*told: str):
        return pool(bits_of(network, test, names, {60: 1}, told=told))

    hidden, phrases, chords = bits(), bits("phrase"), bits("harmony")
    assert chords.pitch < hidden.pitch - 1.0
    assert phrases.duration < hidden.duration - 0.1
    assert abs(phrases.pitch - hidden.pitch) < 0.3


def test_such_a_model_is_saved_and_an_older_program_would_refuse_it(config, random_weights, tmp_path):
    """What it hears stands in the file; of a model that hears neither the file says nothing of either."""
    hears = replace(config, phrases=True, harmony=True)
    save(tmp_path / "hears.safetensors", Checkpoint(hears, Card(), random_weights(hears)))
    assert load(tmp_path / "hears.safetensors").config == hears
    assert read_card_text(card_text(config, Card()))[0] == config
    assert json.loads(card_text(config, Card()))["config"].keys().isdisjoint({"phrases", "harmony"})
    assert '"harmony":true' in card_text(hears, Card())
    weights = {name: array for name, array in random_weights(hears).items() if name != "chord_degree.weight"}
    with pytest.raises(CheckpointError, match=r"chord_degree\.weight"):
        save(tmp_path / "lacks.safetensors", Checkpoint(hears, Card(), weights))
    with pytest.raises(CheckpointError, match="harmony is 1, not true or false"):
        read_card_text(card_text(hears, Card()).replace('"harmony":true', '"harmony":1'))


def test_a_state_of_other_chords_or_phrases_is_not_gone_on_from(followers, config, recipe, alone, tmp_path):
    """They are part of the corpus."""
    few = Split(followers.train[:6], followers.validation[:2])
    path = tmp_path / "state"
    for _ in fit(few, TrainingPlan(config, replace(recipe, epochs=1), path), alone):
        pass
    first = few.train[0]
    turned = Harmonic(*(column[::-1].copy() for column in first.harmony))
    for other in (replace(first, harmony=turned), replace(first, phrase=first.phrase + 1), replace(first, phrase=None)):
        changed = Split([other, *few.train[1:]], few.validation)
        with pytest.raises(CheckpointError, match="another corpus"):
            list(fit(changed, TrainingPlan(config, replace(recipe, epochs=1), path, resume=True), alone))


def test_fine_tuning_keeps_the_shape_of_its_base(followers, config, recipe, alone, random_weights):
    """A base that hears neither learns from melodies that tell of both."""
    plan = TrainingPlan(config, replace(recipe, epochs=1), start=random_weights(config))
    made = next(e for e in fit(followers, plan, alone) if isinstance(e, Finished))
    assert {n: a.shape for n, a in made.weights.items()} == {n: a.shape for n, a in random_weights(config).items()}
