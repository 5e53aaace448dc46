"""Strands: threads that share a training step learn what one learns, the same each time, and leave torch as it was."""

import sys
import threading

import numpy as np
import pytest
import torch

from melodyrnn.checkpoint.file import NetworkConfig
from melodyrnn.training.batches import Share, Span
from melodyrnn.training.config import defaults
from melodyrnn.training.events import Finished, Split, Stepped, TrainingPlan
from melodyrnn.training.fit import fit
from melodyrnn.training.network import MelodyRNN
from melodyrnn.training.trainer import Trainer
from melodyrnn.training.validation import measured
from melodyrnn.training.workers import Team, Workers, workers_for

CPU = torch.device("cpu")


def weights_of(split, plan, alone):
    """Train to the end."""
    *_, last = fit(split, plan, alone)
    assert isinstance(last, Finished)
    return last.weights


def gradients_of(split, plan, alone):
    """The gradients of a first step, and its nats and notes."""
    run = Trainer(split, plan, alone)
    with run.workers:
        spans = [Span(k, 0, len(melody)) for k, melody in enumerate(split.train)]
        nats, notes = run._step(run._shares(spans, 0), spans, 0.5)
    return {name: parameter.grad.numpy() for name, parameter in run.network.named_parameters()}, nats, notes


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("of", [2, 3, 8])
def test_several_strands_find_the_gradient_of_one(melodies, recipe, alone, cell, of):
    """The same dropout and the same melodies, whatever their number; only the order of sums is another."""
    split, config = Split(melodies[:7]), NetworkConfig(cell=cell, hidden=8, embed=6, head=8, keys=4)
    one, nats, notes = gradients_of(split, TrainingPlan(config, recipe, workers=Workers()), alone)
    several, nats_of_several, notes_of_several = gradients_of(
        split, TrainingPlan(config, recipe, workers=Workers(of)), alone
    )
    assert notes == notes_of_several
    assert nats == pytest.approx(nats_of_several, rel=1e-6)
    for name, gradient in one.items():
        assert np.abs(gradient).max() > 0, name
        assert np.allclose(gradient, several[name], rtol=1e-4, atol=1e-6), name
    assert any(gradient.tobytes() != several[name].tobytes() for name, gradient in one.items())  # they were used


def test_strands_are_a_function_of_their_number(melodies, config, recipe, alone):
    """Twice the same bits, with other threads busy meanwhile."""
    split = Split(melodies[:7], melodies[7:])
    first = weights_of(split, TrainingPlan(config, recipe, workers=Workers(2)), alone)
    done = threading.Event()

    def busy():
        while not done.is_set():
            sum(range(1000))

    idle = threading.Thread(target=busy)
    idle.start()
    try:
        again = weights_of(split, TrainingPlan(config, recipe, workers=Workers(2)), alone)
    finally:
        done.set()
        idle.join()
    assert all(first[name].tobytes() == again[name].tobytes() for name in first)


def test_resumed_with_strands_is_bit_for_bit(melodies, config, recipe, alone, tmp_path):
    """Stopped after each of the first steps and gone on with."""
    split, state = Split(melodies[:7], melodies[7:]), tmp_path / "x.state"
    whole = weights_of(split, TrainingPlan(config, recipe, workers=Workers(2)), alone)
    for stop_at in range(1, 5):
        state.unlink(missing_ok=True)
        stops = iter([False] * (stop_at - 1) + [True] * 99)
        list(fit(split, TrainingPlan(config, recipe, state, workers=Workers(2)), alone, stops.__next__))
        resumed = weights_of(split, TrainingPlan(config, recipe, state, resume=True, workers=Workers(2)), alone)
        assert all(whole[name].tobytes() == resumed[name].tobytes() for name in whole)


def test_measuring_is_the_same_with_strands(melodies, config):
    """To the last bit, however many batches and strands there are, and whoever stops in between."""
    torch.manual_seed(0)
    network = MelodyRNN(config)
    *_, (alone, left) = measured(network, melodies, 40)
    assert left == 0
    for of in (2, 3, 20):
        with Workers(of) as workers:
            *_, (bits, left) = measured(network, melodies, 40, workers)
        assert bits == alone
        assert left == 0


def test_what_a_strand_raises_is_raised(melodies, config, recipe, alone, monkeypatch):
    """An error in a thread ends the run as it would have ended it alone, and torch has its threads back."""
    monkeypatch.setattr(
        "melodyrnn.training.trainer.training_step", lambda *_: (_ for _ in ()).throw(ZeroDivisionError("here"))
    )
    before = torch.get_num_threads()
    with pytest.raises(ZeroDivisionError, match="here"):
        list(fit(Split(melodies), TrainingPlan(config, recipe, workers=Workers(2, 3)), alone))
    assert torch.get_num_threads() == before


def test_torch_has_its_threads_back(melodies, config, recipe, alone):
    """While it trains a strand has its own; afterwards, and where a run is left, everything is as it was."""
    before, interval = torch.get_num_threads(), sys.getswitchinterval()
    run = fit(Split(melodies), TrainingPlan(config, recipe, workers=Workers(2, before + 1)), alone)
    for event in run:
        if isinstance(event, Stepped):
            assert torch.get_num_threads() == before + 1
            assert sys.getswitchinterval() < interval
            break
    run.close()
    assert torch.get_num_threads() == before
    assert sys.getswitchinterval() == interval
    assert not [t for t in threading.enumerate() if t.name.startswith("strand")]


def test_as_many_strands_as_suit(monkeypatch):
    """Large steps are shared by the processors, up to four strands; small ones, a team's and a GPU's are not."""
    (_, large), (_, middle), (_, small) = defaults(10_000, 700_000), defaults(1_500, 60_000), defaults(200, 8_000)
    for threads, of, each in ((1, 1, 1), (2, 2, 1), (3, 3, 1), (4, 4, 1), (8, 4, 2), (9, 4, 2)):
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        for recipe in (large, middle):
            workers = workers_for(recipe, Team(Share(), CPU))
            assert (workers.of, workers.threads) == (of, each)
        assert (workers_for(small, Team(Share(), CPU)).of, workers_for(small, Team(Share(), CPU)).threads) == (1, 1)
        for team in (Team(Share(0, 2), CPU), Team(Share(), torch.device("cuda", 0))):
            assert (workers_for(large, team).of, workers_for(large, team).threads) == (1, threads)
