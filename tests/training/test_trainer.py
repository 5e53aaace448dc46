"""Training: resumed bit for bit from anywhere, stopped by what cannot be learnt from, the same whenever it is run."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from melodyrnn.errors import CheckpointError, CorpusError, OptionError, TrainingError
from melodyrnn.training import trainer
from melodyrnn.training.batches import plan_epoch, spans
from melodyrnn.training.events import Bits, Evaluated, Finished, Saved, Split, Started, Stepped, Stopped, TrainingPlan
from melodyrnn.training.fit import fit
from melodyrnn.training.network import MelodyRNN
from melodyrnn.training.state import read_state
from melodyrnn.training.trainer import digest
from melodyrnn.training.validation import measure, measured


def finished(events):
    """Run to the end; give the last event, which must be Finished."""
    *_, last = events
    assert isinstance(last, Finished)
    return last


def stop_after(steps):
    """A `stop` that says yes when it is asked for that time."""
    asked = iter(range(1, 10**6))
    return lambda: next(asked) >= steps


def equal(one, other):
    """Whether two sets of weights are equal bit for bit."""
    return one.keys() == other.keys() and all(one[n].tobytes() == other[n].tobytes() for n in one)


@pytest.fixture
def split(melodies):
    """Seven to learn from, two to judge by."""
    return Split(melodies[:7], melodies[7:])


@pytest.fixture
def steps(split, recipe):
    """Steps of one epoch."""
    return len(plan_epoch(spans(np.array([len(m) for m in split.train]), recipe.longest), recipe.positions, 5, 0))


def test_the_events_of_a_run(split, config, recipe, alone, steps):
    """Started first, a Stepped for each step, an Evaluated for each epoch, Finished last; the loss goes down."""
    events = list(fit(split, TrainingPlan(config, recipe), alone))
    assert isinstance(events[0], Started)
    assert isinstance(events[-1], Finished)
    assert [e.step for e in events if isinstance(e, Stepped)] == list(range(1, 3 * steps + 1))
    judged = [e for e in events if isinstance(e, Evaluated)]
    assert [e.epoch for e in judged] == [0, 1, 2]
    assert judged[-1].heldout.total < judged[0].heldout.total
    assert len(events[-1].history) == 3
    assert events[-1].best == min(e.heldout.total for e in judged)


def test_a_run_is_a_function_of_its_seed(split, config, recipe, alone):
    """Twice the same gives the same bits; another seed gives others."""
    first, again = (finished(fit(split, TrainingPlan(config, recipe), alone)) for _ in range(2))
    other = finished(fit(split, TrainingPlan(config, replace(recipe, seed=6)), alone))
    assert equal(first.weights, again.weights)
    assert first.history == again.history
    assert not equal(first.weights, other.weights)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_resumed_at_every_step_is_bit_for_bit(split, config, recipe, alone, steps, tmp_path, cell):
    """Stopped at any step, in an epoch or at its end, a run goes on to the very weights of the unbroken one."""
    config, recipe = replace(config, cell=cell), replace(recipe, epochs=2)
    whole = finished(fit(split, TrainingPlan(config, recipe), alone))
    assert steps > 2
    for step in range(1, 2 * steps + 1):
        path = tmp_path / f"{step}.state"
        *_, last = fit(split, TrainingPlan(config, recipe, path), alone, stop_after(step))
        assert isinstance(last, Stopped)
        assert last.step == step
        goes_on = list(fit(split, TrainingPlan(config, recipe, path, resume=True), alone))
        assert goes_on[0].step == step
        assert equal(whole.weights, goes_on[-1].weights)
        assert whole.history == goes_on[-1].history


def test_stopped_while_it_is_judged(split, config, recipe, alone, steps, tmp_path, monkeypatch):
    """Asked between two batches of held-out melodies, a run keeps the step, judges again, and comes to the same."""
    monkeypatch.setattr("melodyrnn.training.trainer.measured", lambda *of, **_: measured(*of, 1))  # a melody a batch
    recipe, path = replace(recipe, epochs=2), tmp_path / "x.state"
    whole = finished(fit(split, TrainingPlan(config, recipe), alone))
    asked = stop_after(steps + 1)
    *_, last = fit(split, TrainingPlan(config, recipe, path), alone, asked)
    assert (type(last), last.step, read_state(path).place.epoch) == (Stopped, steps, 0)
    again = finished(fit(split, TrainingPlan(config, recipe, path, resume=True), alone))
    assert equal(whole.weights, again.weights)
    assert whole.history == again.history


def test_stopped_after_every_step(split, config, recipe, alone, steps, tmp_path):
    """A run that never gets further than one step at a time arrives all the same."""
    path = tmp_path / "x.state"
    whole = finished(fit(split, TrainingPlan(config, recipe), alone))
    *_, last = fit(split, TrainingPlan(config, recipe, path), alone, lambda: True)
    for _ in range(3 * steps):
        if isinstance(last, Finished):
            break
        *_, last = fit(split, TrainingPlan(config, recipe, path, resume=True), alone, lambda: True)
    assert equal(whole.weights, last.weights)


def test_left_in_the_middle_like_a_killed_process(split, config, recipe, alone, steps, tmp_path):
    """Who is killed goes on from the last saved state, and the result is the same."""
    path = tmp_path / "x.state"
    run = fit(split, TrainingPlan(config, recipe, path), alone)
    for event in run:
        if isinstance(event, Stepped) and event.step == 2 * steps + 1:
            break
    run.close()
    assert read_state(path).place.step == 2 * steps
    whole = finished(fit(split, TrainingPlan(config, recipe), alone))
    assert equal(whole.weights, finished(fit(split, TrainingPlan(config, recipe, path, resume=True), alone)).weights)


def test_a_state_of_a_finished_run_gives_its_weights_again(split, config, recipe, alone, tmp_path):
    """Killed between the last state and the model file, a run has nothing left to train and ends the same."""
    path = tmp_path / "x.state"
    whole = finished(fit(split, TrainingPlan(config, recipe, path), alone))
    again = list(fit(split, TrainingPlan(config, recipe, path, resume=True), alone))
    assert [type(e) for e in again] == [Started, Finished]
    assert equal(whole.weights, again[-1].weights)


def test_the_state_is_saved_now_and_then(split, config, recipe, alone, steps, tmp_path):
    """With save_every = 0 each step is told to be safe, and it is."""
    path = tmp_path / "x.state"
    for event in fit(split, TrainingPlan(config, recipe, path, save_every=0.0), alone):
        if isinstance(event, Saved):
            assert read_state(path).place.step == event.step


def test_a_loss_that_is_no_number_ends_the_run(split, config, recipe, alone, steps, tmp_path, monkeypatch):
    """TrainingError says the step and the next move; the state before is kept and can be gone on from."""
    path = tmp_path / "x.state"
    whole = finished(fit(split, TrainingPlan(config, recipe), alone))
    at, plain = steps + 2, MelodyRNN.forward

    def poisoned(network, inputs, dropped=None):
        """Give nan in the training step after the next to last good one."""
        surprise = plain(network, inputs, dropped)
        calls.append(dropped is not None)
        return type(surprise)(*(term * math.nan for term in surprise)) if sum(calls) > at else surprise

    calls: list[bool] = []
    with monkeypatch.context() as patch:
        patch.setattr(MelodyRNN, "forward", poisoned)
        with pytest.raises(TrainingError, match=rf"at step {at + 1}; .*--rate"):
            list(fit(split, TrainingPlan(config, recipe, path), alone))
    assert read_state(path).place.step == steps
    assert equal(whole.weights, finished(fit(split, TrainingPlan(config, recipe, path, resume=True), alone)).weights)


def test_a_state_of_another_run_is_refused(split, config, recipe, alone, tmp_path):
    """Another network, recipe or corpus is named; the corpus is known by every note of it."""
    path = tmp_path / "x.state"
    list(fit(split, TrainingPlan(config, recipe, path), alone, stop_after(2)))
    middle = replace(split.train[3], pitch=split.train[3].pitch[::-1].copy())
    others = {
        "network": (split, replace(config, hidden=9), recipe),
        "recipe": (split, config, replace(recipe, rate=2e-2)),
        "corpus": (Split([*split.train[:3], middle, *split.train[4:]], split.validation), config, recipe),
    }
    for name, (data, shape, how) in others.items():
        with pytest.raises(CheckpointError, match=f"another {name}"):
            list(fit(data, TrainingPlan(shape, how, path, resume=True), alone))
    turned = Split(split.train, split.validation[::-1])
    assert digest(turned, []) != digest(split, [])


def test_training_stops_when_nothing_gets_better(split, config, recipe, alone, monkeypatch):
    """After `patience` epochs without a better figure it ends, and the best weights are kept."""
    figures = iter([5.0, 4.0, 4.5, 4.4, 4.3, 3.0])
    monkeypatch.setattr("melodyrnn.training.trainer.measured", lambda *_, **__: [(Bits(next(figures), 0.0, 0.0), 0)])
    events = list(fit(split, TrainingPlan(config, replace(recipe, epochs=6, patience=3)), alone))
    judged = [e for e in events if isinstance(e, Evaluated)]
    assert [e.best for e in judged] == [True, True, False, False, False]
    assert (events[-1].epoch, events[-1].best) == (1, 4.0)
    assert equal(events[-1].weights, judged[1].weights)


def test_without_validation_the_last_weights_are_kept(split, config, recipe, alone):
    """No judge, no choice: what came last is what is given; the figures are nan."""
    events = list(fit(Split(split.train), TrainingPlan(config, recipe), alone))
    judged = [e for e in events if isinstance(e, Evaluated)]
    assert equal(events[-1].weights, judged[-1].weights)
    assert all(math.isnan(e.heldout.total) for e in judged)


def test_fine_tuning_starts_from_given_weights(split, config, recipe, alone):
    """With a learning rate near 0 what comes out is what went in; otherwise it has learnt from there."""
    base = finished(fit(split, TrainingPlan(config, recipe), alone)).weights
    still = finished(
        fit(split, TrainingPlan(config, replace(recipe, rate=1e-12, decay=0.0), start=base), alone)
    ).weights
    for name, array in base.items():
        np.testing.assert_allclose(still[name], array, atol=1e-6)
    begun = next(e for e in fit(split, TrainingPlan(config, recipe, start=base), alone) if isinstance(e, Evaluated))
    fresh = next(e for e in fit(split, TrainingPlan(config, recipe), alone) if isinstance(e, Evaluated))
    assert begun.heldout.total < fresh.heldout.total


def test_fine_tuning_resumes_bit_for_bit(split, config, recipe, alone, tmp_path):
    """The start is part of the run: resumed with or without it, the result is the same."""
    base = finished(fit(split, TrainingPlan(config, recipe), alone)).weights
    path, how = tmp_path / "x.state", replace(recipe, seed=9)
    whole = finished(fit(split, TrainingPlan(config, how, start=base), alone))
    list(fit(split, TrainingPlan(config, how, path, start=base), alone, stop_after(3)))
    assert equal(
        whole.weights, finished(fit(split, TrainingPlan(config, how, path, start=base, resume=True), alone)).weights
    )


def test_weights_of_another_shape_are_no_start(split, config, recipe, alone):
    """Fine-tuning a network of other sizes is refused in one line."""
    base = finished(fit(split, TrainingPlan(config, replace(recipe, epochs=1)), alone)).weights
    with pytest.raises(CheckpointError, match="sizes"):
        list(fit(split, TrainingPlan(replace(config, hidden=9), recipe, start=base), alone))


def test_nothing_to_train_on(config, recipe, alone):
    """No melodies: CorpusError. A recipe that cannot work: OptionError."""
    with pytest.raises(CorpusError, match="no melody"):
        list(fit(Split([]), TrainingPlan(config, recipe), alone))


@pytest.mark.parametrize(
    "wrong", [{"epochs": 0}, {"rate": 0.0}, {"longest": 0}, {"drop_state": 1.0}, {"clip": math.nan}, {"warm": 2.0},
              {"average": 1.5}, {"seed": -1}, {"hide_bars": 1.1}, {"clip": 0.0}],
)  # fmt: skip
def test_a_recipe_that_cannot_work_is_refused(melodies, config, recipe, alone, wrong):
    """Every field has its bounds, and the message names it."""
    with pytest.raises(OptionError, match=next(iter(wrong))):
        list(fit(Split(melodies), TrainingPlan(config, replace(recipe, **wrong)), alone))


def test_measuring_does_not_depend_on_batches(melodies, config):
    """Bits per note are the same one by one and all at once (to rounding), and hide nothing by order."""
    torch.manual_seed(0)
    network = MelodyRNN(config)
    one, many, turned = measure(network, melodies, 1), measure(network, melodies), measure(network, melodies[::-1])
    np.testing.assert_allclose(one, many, rtol=1e-5)
    np.testing.assert_allclose(turned, many, rtol=1e-5)


def test_a_held_out_figure_that_is_no_number_ends_the_run(split, config, recipe, alone, monkeypatch):
    """A rate that blows up the weights without a loss that shows it: TrainingError, not an epoch without a figure."""
    monkeypatch.setattr(trainer, "measured", lambda *_, **__: iter([(Bits(math.nan, math.nan, math.nan), 0)]))
    with pytest.raises(TrainingError, match=r"the held-out figure is no longer a number after epoch 1; .*--rate"):
        list(fit(split, TrainingPlan(config, recipe), alone))


@pytest.mark.parametrize("figure", [1e30, -0.8])
def test_a_figure_that_cannot_be_ends_the_run(split, config, recipe, alone, monkeypatch, figure):
    """Weights blown up to numbers that are still numbers: no model is made of them."""
    monkeypatch.setattr(trainer, "measured", lambda *_, **__: iter([(Bits(0.0, 0.0, figure), 0)]))
    with pytest.raises(TrainingError, match=r"^training has diverged: .* bits per note after epoch 1 .*--rate"):
        list(fit(split, TrainingPlan(config, recipe), alone))
