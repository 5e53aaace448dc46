"""A critic in NumPy and C says what the torch network that learnt it says."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from melodyrnn.checkpoint.critic_parts import PREFIX, critic_shapes
from melodyrnn.checkpoint.file import Checkpoint, load, save
from melodyrnn.compose.generate import generate
from melodyrnn.controls.options import Options
from melodyrnn.errors import CheckpointError
from melodyrnn.events.columns import columns
from melodyrnn.events.judge_views import JUDGED, hearing
from melodyrnn.events.tokenizer import encode
from melodyrnn.inference.critic import Critic, critic_of
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Note
from melodyrnn.training.two_sample_network import Classifier, evidence_of, weights_of

FORMS = {"1 4/4 0 4": 30, "1 4/4 24 3": 20}


@pytest.fixture
def judge():
    """A network as it is before it has learnt."""
    torch.manual_seed(5)
    return Classifier([*JUDGED.values()])


def tune(pitches, ticks=24):
    """A melody of equal notes."""
    notes = tuple(Note(ticks * k, ticks, pitch) for k, pitch in enumerate(pitches))
    return columns(encode(Melody(notes, key=Key(0))))


def test_it_is_the_network_that_learnt(judge):
    """Melodies of several lengths side by side, each as torch hears it; and alone to the last bit."""
    melodies = [tune([60, 62, 64, 65, 67]), tune([67] * 3), tune([60, 72, 55, 60, 62, 64, 60, 59, 60], 12)]
    critic = Critic(weights_of(judge))
    theirs = [each.sum() + judge.mean.bias.item() for each in evidence_of(judge, [hearing(m) for m in melodies])]
    ours = critic.evidence(melodies)
    assert np.allclose(ours, theirs, atol=1e-4)
    assert [critic.evidence([m])[0] for m in melodies] == ours.tolist()


def test_a_file_keeps_it_whole_or_not_at_all(judge, model, tmp_path):
    """Saved and read again, in half precision; a part that lacks is refused."""
    path = tmp_path / "x.safetensors"
    made = replace(model.checkpoint, critic=weights_of(judge), source=None)
    save(path, made.halved())
    read = load(path)
    assert {PREFIX + name: array.shape for name, array in read.critic.items()} == critic_shapes()
    assert critic_of(read).evidence([tune([60, 62])]).shape == (1,)
    assert critic_of(model.checkpoint) is None
    cut = {name: array for name, array in made.critic.items() if name != "mean.bias"}
    with pytest.raises(CheckpointError, match=r"lacks 1 of its arrays, critic\.mean\.bias"):
        save(path, replace(made, critic=cut))


class Constant:
    """A critic that is as sure of every melody."""

    def __init__(self, evidence):
        self.sure, self.heard = evidence, 0

    def evidence(self, melodies):
        """The same for all."""
        self.heard += len(melodies)
        return np.full(len(melodies), self.sure)


@pytest.fixture
def listening(model, monkeypatch):
    """Melodies of free length by a model with a critic that is so sure."""
    counted = replace(model, checkpoint=replace(model.checkpoint, card=replace(model.card, forms=FORMS)))

    def made(evidence, **asked):
        critic = Constant(evidence)
        monkeypatch.setattr("melodyrnn.compose.generate.critic_of", lambda _: critic)
        melodies = list(generate(counted, Options(bars=None, seed=3, **asked), 12))
        return [one.melody for one in melodies], critic.heard

    return made


def test_what_it_hears_is_composed_again(listening):
    """Nothing where it finds all real; half of all where it is as sure as that; then there is an end."""
    taken, heard = listening(-9.0)
    assert heard == 12
    others, again = listening(np.log(2))
    assert 14 <= again <= 60
    assert others != taken
    _, most = listening(50.0)
    assert 12 * 9 <= most <= 12 * 18  # those in another mode are composed again unheard


def test_it_is_asked_for_the_networks_own_alone(listening):
    """Not where the caller chose how bold, or an effort, or an ending by rule."""
    for asked in ({"temperature": 1.3}, {"effort": 1}, {"max_leap": 5}):
        assert listening(0.0, **asked)[1] == 0


def test_a_melody_is_the_same_in_any_company(model, judge):
    """Seed by seed."""
    card = replace(model.card, forms=FORMS)
    own = replace(
        model, checkpoint=Checkpoint(model.checkpoint.config, card, model.checkpoint.weights, critic=weights_of(judge))
    )
    asked = Options(bars=None, seed=3)
    together = [one.melody for one in generate(own, asked, 5)]
    assert together == [next(iter(generate(own, asked.seeded(3 + k)))).melody for k in range(5)]
