"""Folds: each melody judged once, by networks that have not seen it, however many work at a time."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace

import numpy as np
import pytest

from melodyrnn.errors import TrainingError
from melodyrnn.evaluation import cross_validation as crossvalidate
from melodyrnn.evaluation.bits import pool
from melodyrnn.evaluation.cross_validation import Base, Trial, assign, cross_validate
from melodyrnn.events.statistics import count_registers, with_base
from melodyrnn.inference.numpy_network import Network
from melodyrnn.inference.scoring import score
from melodyrnn.training.config import TrainingConfig, defaults, fine_tuning

from .conftest import TINY

TRIAL = Trial(config=TINY, recipe=TrainingConfig(epochs=1), members=2)


@pytest.fixture
def names(melodies):
    """A name for each melody."""
    return [f"{k:03d}.mid" for k in range(len(melodies))]


def test_figures_do_not_depend_on_jobs(melodies, names):
    """One process after the other, or two at a time: the same bits, each melody judged once."""
    folds = assign(names, range(len(names)), 3, seed=0)
    alone, together = (list(cross_validate(melodies, names, folds, TRIAL, jobs=jobs)) for jobs in (1, 2))
    for one, other in zip(alone, together, strict=True):
        assert one.fold == other.fold
        for kind in ("single", "ensemble", "ensemble_recalling"):
            for a, b in zip(getattr(one, kind), getattr(other, kind), strict=True):
                np.testing.assert_array_equal(a.bits, b.bits)
    assert sorted(j.name for fold in alone for j in fold.single) == names
    assert pool(j for f in alone for j in f.ensemble).total <= pool(j for f in alone for j in f.single).total + 0.5


def test_a_killed_process_is_told(melodies, names, monkeypatch):
    """One line says what may help, and no process is left."""
    start = multiprocessing.context.SpawnProcess.start

    def start_and_kill(child):
        start(child)
        child.kill()

    monkeypatch.setattr(multiprocessing.context.SpawnProcess, "start", start_and_kill)
    with pytest.raises(TrainingError, match="killed, perhaps for lack of memory; give fewer --jobs"):
        list(cross_validate(melodies, names, assign(names, range(len(names)), 3, seed=0), TRIAL, jobs=2))
    assert not multiprocessing.active_children()


def test_members_take_their_cells_in_turn(melodies, names, monkeypatch):
    """Three networks of two cells are an LSTM, a GRU and an LSTM, of seeds one after another; the ensemble is all."""
    trained = []

    def watched(split, plan, team):
        trained.append((plan.config.cell, plan.recipe.seed))
        return real(split, plan, team)

    real = crossvalidate.fit
    monkeypatch.setattr(crossvalidate, "fit", watched)
    trial = Trial(config=TINY, recipe=TrainingConfig(epochs=1), members=3, cells=("lstm", "gru"), seed=5)
    (done,) = cross_validate(melodies, names, assign(names, range(len(names)), 3, seed=1), trial, only=[0])
    assert trained == [("lstm", 5), ("gru", 6), ("lstm", 7)]
    shares = [np.exp2(-member[0].bits) for member in done.members]
    np.testing.assert_allclose(np.exp2(-done.ensemble[0].bits), np.mean(shares, 0), rtol=1e-6)


def test_a_network_recalls_what_it_was_trained_on(melodies, names, monkeypatch):
    """The repertoire is the fold's training part: nothing of what is judged, and nothing is left out."""
    known = []

    class Watched(crossvalidate.KnnMemory):
        def __init__(self, network, some):
            known.append({id(m) for m in some})
            super().__init__(network, some)

    monkeypatch.setattr(crossvalidate, "KnnMemory", Watched)
    folds = assign(names, range(len(names)), 3, seed=1)
    (done,) = cross_validate(
        melodies, names, folds, Trial(config=TINY, recipe=TrainingConfig(epochs=1), members=2), only=[1]
    )
    train = {id(m) for m, name in zip(melodies, names, strict=True) if folds[name] != 1}
    assert known == [train, train]
    for alone, recalling in zip(done.members, done.recalling, strict=True):
        assert [j.name for j in alone] == [j.name for j in recalling]
        assert pool(alone).pitch != pool(recalling).pitch
        assert pool(alone).rest == pool(recalling).rest
    shares = [np.exp2(-member[0].bits) for member in done.recalling]
    np.testing.assert_allclose(np.exp2(-done.ensemble_recalling[0].bits), np.mean(shares, 0), rtol=1e-6)


def test_no_network_trains_on_what_it_is_judged_by(melodies, names, monkeypatch):
    """What `fit` is given and what is judged never share a melody, and together are the whole set."""
    trained = []

    def watched(split, plan, team):
        trained.append({id(m) for m in split.train})
        return real(split, plan, team)

    real = crossvalidate.fit
    monkeypatch.setattr(crossvalidate, "fit", watched)
    folds = assign(names, range(len(names)), 3, seed=1)
    for done in cross_validate(
        melodies, names, folds, Trial(config=TINY, recipe=TrainingConfig(epochs=1)), only=[0, 2]
    ):
        tested = {id(m) for m, name in zip(melodies, names, strict=True) if folds[name] == done.fold}
        assert {j.name for j in done.single} == {name for name in names if folds[name] == done.fold}
        assert not trained[-1] & tested
        assert len(trained[-1]) + len(tested) == len(melodies)
    assert len(trained) == 2


def test_what_a_base_has_seen_is_learnt_from_and_not_judged(melodies, names, monkeypatch):
    """Untested melodies stay in the training parts; a fold that holds no others is not trained."""
    trained = []
    monkeypatch.setattr(crossvalidate, "_run", lambda task: trained.append(task) or task)
    folds = {name: min(k, 2) for k, name in enumerate(names)}
    assert [*cross_validate(melodies, names, folds, TRIAL, untested={names[0], names[2]})] == trained
    assert [task.fold for task in trained] == [1, 2]
    assert [task.names for task in trained] == [[names[1]], names[3:]]
    assert [len(task.train) for task in trained] == [len(names) - 1, 2]


def test_fine_tuning_starts_from_the_base(melodies, names, checkpoint):
    """With a learning rate of nearly nothing the folds say what the base says."""
    trial = Trial(base=Base.of(checkpoint), recipe=TrainingConfig(epochs=1, rate=1e-12, decay=0))
    done = next(iter(cross_validate(melodies, names, assign(names, range(len(names)), 6, 0), trial, only=[1])))
    base = [one.bits for one in score(Network(checkpoint.config, checkpoint.float32()), melodies)]
    for judged in done.single:
        bits = base[names.index(judged.name)]
        np.testing.assert_allclose(judged.bits[1:], bits[1:], atol=1e-3)


def test_a_fold_is_trained_by_the_recipe_that_suits_it(melodies, checkpoint, monkeypatch):
    """Where no recipe is told: the defaults for so many melodies, or those of fine-tuning."""
    plans = []
    monkeypatch.setattr(crossvalidate, "fit", lambda _split, plan, _team: plans.append(plan) or [])
    for trial in (Trial(seed=4), Trial(base=Base.of(checkpoint))):
        assert not [*crossvalidate._networks(melodies, trial)]
    notes = sum(map(len, melodies))
    config, recipe = defaults(len(melodies), notes)
    assert (plans[0].config, plans[0].recipe, plans[0].start) == (config, replace(recipe, seed=4), None)
    assert (plans[1].config, plans[1].recipe) == (checkpoint.config, fine_tuning(len(melodies), notes))


def test_few_melodies_of_a_fold_are_rehearsed_in_families(melodies, names, checkpoint, monkeypatch):
    """Fine-tuning in a fold of few holds relatives out together, and counts octaves beside the base's."""
    plans, base = [], replace(Base.of(checkpoint), registers={60: 50, 67: 50})
    monkeypatch.setattr(crossvalidate, "fit", lambda _split, plan, _team: plans.append(plan) or [])
    twice = [*melodies, melodies[0]]
    assert not [*crossvalidate._networks(twice, Trial(base=base))]
    assert len(plans[0].family) == len(twice)
    assert plans[0].family[0] == plans[0].family[-1]
    task = crossvalidate._Task(0, twice, [], [], Trial(base=base))
    own = count_registers(twice)
    assert crossvalidate._registers(task) == with_base(own, base.registers)
    assert crossvalidate._registers(replace(task, trial=Trial())) == own
