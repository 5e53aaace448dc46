"""Fine-tuning on few melodies: for how long is tried in folds of them, the base may stay, and all of it resumes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from melodyrnn.checkpoint.file import load
from melodyrnn.corpus.prepare import prepare
from melodyrnn.corpus.sources import Outcome
from melodyrnn.errors import CheckpointError
from melodyrnn.training import fit as training
from melodyrnn.training.events import (
    Bits,
    Chosen,
    Evaluated,
    Finished,
    Split,
    Started,
    Stepped,
    Stopped,
    TrainingPlan,
    Tried,
)
from melodyrnn.training.fit import added, chosen, dealt, fit, parted
from melodyrnn.training.pipeline import Made, Order, train_model
from melodyrnn.training.state import read_state
from melodyrnn.training.workers import Workers

SIZES = {"hidden": 8, "embed": 6, "head": 8, "keys": 4}


@pytest.fixture
def few(melodies):
    """Five melodies, of which two are variants of a tune, and their families."""
    return Split(melodies[:5]), (0, 1, 2, 1, 4)


@pytest.fixture
def plan(few, melodies, config, recipe, alone):
    """Two epochs in three folds, from a base that has learnt the others."""
    *_, base = fit(Split(melodies[5:]), TrainingPlan(config, recipe), alone)
    return TrainingPlan(config, replace(recipe, epochs=2, folds=3, hold=0.1), start=base.weights, family=few[1])


def equal(one, other):
    """Whether two sets of weights are equal bit for bit."""
    return one.keys() == other.keys() and all(one[n].tobytes() == other[n].tobytes() for n in one)


def distance(one, other):
    """How far two sets of weights lie apart."""
    return float(np.sqrt(sum(float(((one[n] - other[n]) ** 2).sum()) for n in one)))


def told(events):
    """What a run came to: the choice and the weights."""
    *_, last = events = list(events)
    assert isinstance(last, Finished)
    return next(e for e in events if isinstance(e, Chosen)), last.weights


def test_families_stay_in_one_fold():
    """Each melody has a fold, relatives the same; sizes differ by little; of one family there are no folds."""
    family = [0, 1, 2, 1, 4, 5, 6, 7, 1]
    folds = dealt(family, 3, 0)
    assert len(folds) == len(family)
    assert max(np.bincount(folds)) - min(np.bincount(folds)) <= 2
    assert len({folds[k] for k, own in enumerate(family) if own == 1}) == 1
    assert (dealt([3, 3, 3], 5, 0), dealt([], 5, 0), dealt([1, 2], 0, 0)) == ([], [], [])
    assert sorted(dealt([1, 2], 5, 0)) == [0, 1]


def test_a_fold_is_judged_by_what_it_has_not_learnt(few):
    """Every melody is held out once, and learnt from in all other folds; in the end all are learnt from."""
    folds = dealt(few[1], 3, 0)
    parts = [parted(few[0], folds, fold) for fold in range(4)]
    assert sorted(id(m) for part in parts for m in part.validation) == sorted(map(id, few[0].train))
    for part in parts:
        assert not {*map(id, part.train)} & {*map(id, part.validation)}
        assert len(part.train) + len(part.validation) == 5
    assert len(parts[-1].train) == 5


def test_the_choice_weighs_folds_by_their_notes():
    """Sums over the notes decide; the fewer epochs where it is the same, and none if the base is not beaten."""
    table = added((), 10, Bits(1.0, 0.0, 0.0), ((0.0, 9.0, 0.5, 0.0, 0.0), (1.0, 9.0, 0.5, 0.0, 0.0)))
    assert chosen(table, 1, 10) == Chosen(1, 1, 2, Bits(1.0, 0.0, 0.0), Bits(0.5, 0.0, 0.0))
    table = added(table, 90, Bits(1.0, 0.0, 0.0), ((0.0, 9.0, 2.0, 0.0, 0.0), (1.0, 9.0, 1.1, 0.0, 0.0)))
    assert chosen(table, 2, 100) == Chosen(2, 0, 2, Bits(1.0, 0.0, 0.0), Bits(1.0, 0.0, 0.0))


def test_the_events_of_a_rehearsal(few, plan, alone):
    """Started once, for all melodies; a Tried for each fold, the Chosen, then epochs of the whole; progress rises."""
    events = list(fit(few[0], plan, alone))
    kinds = [type(e) for e in events if not isinstance(e, Stepped)]
    choice = next(e for e in events if isinstance(e, Chosen))
    assert kinds == [Started, Tried, Tried, Tried, Chosen, *[Evaluated] * choice.epochs, Finished]
    assert (events[0].melodies, events[0].notes) == (5, sum(map(len, few[0].train)))
    assert [e.fold for e in events if isinstance(e, Tried)] == [1, 2, 3]
    progress = [e.progress for e in events if isinstance(e, Stepped)]
    assert progress == sorted(progress)
    assert progress[-1] < 1
    assert choice.heldout.total <= choice.base.total


def test_resumed_at_every_step_of_every_fold(few, plan, alone, tmp_path):
    """Stopped anywhere, once or at every step, it comes to the same choice and the same weights."""
    whole = told(fit(few[0], plan, alone))
    steps = sum(isinstance(e, Stepped) for e in fit(few[0], plan, alone))
    for step in range(1, steps + 1):
        own = replace(plan, state=tmp_path / f"{step}.state")
        asked = iter(range(1, 10**6))
        *_, last = fit(few[0], own, alone, lambda asked=asked, step=step: next(asked) >= step)
        assert isinstance(last, Stopped)
        again = told(fit(few[0], replace(own, resume=True), alone))
        assert again[0] == whole[0]
        assert equal(again[1], whole[1])
    own = replace(plan, state=tmp_path / "x.state")
    *_, last = fit(few[0], own, alone, lambda: True)
    for _ in range(steps + 1):
        *_, last = events = list(fit(few[0], replace(own, resume=True), alone, lambda: True))
    assert equal(told(events)[1], whole[1])


def test_a_state_of_other_melodies_or_folds_is_refused(few, plan, alone, tmp_path):
    """In any fold: the corpus, the deal and the recipe are part of the run."""
    own = replace(plan, state=tmp_path / "x.state")
    for event in fit(few[0], own, alone):
        if isinstance(event, Tried) and event.fold == 2:
            break
    assert read_state(own.state).place.fold == 1
    for split, other in (
        (Split([*few[0].train[:4], few[0].train[0]]), own),
        (few[0], replace(own, recipe=replace(own.recipe, folds=2))),
    ):
        with pytest.raises(CheckpointError, match="another"):
            list(fit(split, replace(other, resume=True), alone))


def test_a_base_that_is_not_beaten_stays(few, plan, alone, monkeypatch):
    """Nothing learnt makes held-out melodies cheaper: no epoch is kept, and the very weights of the base come out."""
    monkeypatch.setattr("melodyrnn.training.trainer.measured", lambda *_, **__: [(Bits(50.0, 0.0, 0.0), 0)])
    choice, weights = told(fit(few[0], plan, alone))
    assert choice.epochs == 0
    assert choice.heldout == choice.base
    assert equal(weights, plan.start)


def test_what_is_held_stays_nearer(few, plan, alone):
    """The weight of the distance in the loss tells: the more, the nearer to the base."""
    alike = replace(plan, recipe=replace(plan.recipe, folds=0, hold=0.0, epochs=6))
    ends = []
    for hold in (0.0, 1.0, 100.0):
        *_, last = fit(few[0], replace(alike, recipe=replace(alike.recipe, hold=hold)), alone)
        ends.append(distance(last.weights, plan.start))
    assert ends == sorted(ends, reverse=True)
    assert ends[2] < ends[0] / 2


def test_strands_hold_as_one_does(few, plan, alone):
    """What the distance weighs is added once, however many compute a step."""
    alike = replace(plan, recipe=replace(plan.recipe, hold=1.0))
    one, two = (told(fit(few[0], replace(alike, workers=Workers(of)), alone)) for of in (1, 2))
    assert one[0].epochs == two[0].epochs
    assert distance(one[1], two[1]) < 1e-4


def test_one_tune_is_learnt_without_folds(few, plan, alone):
    """Variants of one tune cannot judge each other: the whole recipe is trained, as ever."""
    events = list(fit(few[0], replace(plan, family=(0,) * 5), alone))
    assert not any(isinstance(e, Tried | Chosen) for e in events)
    assert sum(isinstance(e, Evaluated) for e in events) == 2


def test_a_user_s_few_tunes_are_all_learnt_from(tune, alone, tmp_path):
    """Seven tunes, no test part: the card has the folds' figures, the base's register stands by, resumed or not."""
    many = prepare({"many": [Outcome(f"{i}.mid", tune(i, 12)) for i in range(20, 50)]}, tmp_path / "many")
    base = tmp_path / "base.safetensors"
    list(train_model(many, Order(output=base, sizes=SIZES, settings={"epochs": 1}, corpora=["many"]), alone))
    own = prepare({"own": [Outcome(f"{i}.mid", tune(i, 12)) for i in range(7)]}, tmp_path / "own")
    order = Order(output=tmp_path / "m.safetensors", base=load(base), settings={"epochs": 3}, corpora=["own"])
    events = list(train_model(own, order, alone))
    assert [e.folds for e in events if isinstance(e, Chosen)] == [5]
    card = load(order.output).card
    assert (card.melodies, card.facts["folds"], card.facts["epochs_tried"]) == (7, 5, 3)
    assert card.bits["total"] == pytest.approx(sum(card.bits[n] for n in ("rest", "duration", "pitch")), abs=1e-6)
    assert {*card.registers} >= {*order.base.card.registers}
    whole = order.output.read_bytes()
    order.output.unlink()
    *_, last = train_model(own, order, alone, lambda: True)
    while not isinstance(last, Made):
        *_, last = train_model(own, replace(order, resume=True), alone, lambda: True)
    assert order.output.read_bytes() == whole


def test_a_single_tune_has_no_figures_and_its_base_s_register(tune, alone, tmp_path):
    """Nothing can judge it: the card says no bits, and counts its first note beside those of the base."""
    many = prepare({"many": [Outcome(f"{i}.mid", tune(i, 12)) for i in range(20, 50)]}, tmp_path / "many")
    base = tmp_path / "base.safetensors"
    list(train_model(many, Order(output=base, sizes=SIZES, settings={"epochs": 1}, corpora=["many"]), alone))
    own = prepare({"own": [Outcome("0.mid", tune(0, 12))]}, tmp_path / "own")
    order = Order(output=tmp_path / "m.safetensors", base=load(base), settings={"epochs": 1}, corpora=["own"])
    list(train_model(own, order, alone))
    card = load(order.output).card
    assert (card.melodies, card.bits, "folds" in card.facts) == (1, {}, False)
    assert len(card.registers) >= len(order.base.card.registers)


def test_many_melodies_are_learnt_from_as_before(few, plan, alone, monkeypatch):
    """Without folds in the recipe nothing is rehearsed."""
    monkeypatch.setattr(training, "_rehearsed", None)
    assert list(fit(few[0], replace(plan, recipe=replace(plan.recipe, folds=0)), alone))
