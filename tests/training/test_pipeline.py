"""From a prepared corpus to a model file: what is made, what is left, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from melodyrnn.checkpoint.file import load
from melodyrnn.corpus.prepare import prepare
from melodyrnn.corpus.sources import Outcome
from melodyrnn.errors import CheckpointError, CorpusError, Locked, OptionError, OutputError
from melodyrnn.system import only_one
from melodyrnn.training import pipeline as session
from melodyrnn.training.events import Evaluated, Finished, Started, Stepped, Stopped
from melodyrnn.training.pipeline import Floor, Made, Order, Part, shape, train_model

SIZES = {"hidden": 8, "embed": 6, "head": 8, "keys": 4}


@pytest.fixture(scope="module")
def prepared(tune, tmp_path_factory):
    """Twenty-four melodies, divided."""
    outcomes = [Outcome(f"{i}.mid", tune(i, 10 + i % 5)) for i in range(24)]
    return prepare({"own": outcomes}, tmp_path_factory.mktemp("prepared") / "p")


@pytest.fixture
def order(tmp_path):
    """A small order into an empty folder."""
    folder = tmp_path / "out"
    folder.mkdir()
    settings = {"epochs": 2, "positions": 80}
    return Order(output=folder / "m.safetensors", sizes=SIZES, settings=settings, corpora=["own"],
                 licences={"own": "mine"}, command="melodyrnn train own")  # fmt: skip


def names(order):
    """What lies in the folder of the output."""
    return sorted(path.name for path in order.output.parent.iterdir())


def test_a_model_is_made_and_nothing_else_is_left(prepared, order, alone):
    """Floor, training, Made; the file opens, and its card says what it was made of and how good it is."""
    events = list(train_model(prepared, order, alone))
    kinds = [type(e) for e in events if not isinstance(e, Stepped)]
    assert kinds == [Floor, Started, Evaluated, Evaluated, Finished, Made]
    assert names(order) == ["m.safetensors"]
    made = load(order.output)
    card = made.card
    assert card == events[-1].card
    assert (card.corpora, card.licences, card.styles) == (("own",), {"own": "mine"}, {"own": 1})
    assert (card.melodies, card.recipe) == (len(prepared.part("train")), "melodyrnn train own")
    assert set(card.bits) == {"rest", "duration", "pitch", "total"}
    assert card.bits["total"] == pytest.approx(sum(card.bits[n] for n in ("rest", "duration", "pitch")), abs=1e-6)
    assert set(card.baselines) == {"unigram", "bigram"}
    assert made.fingerprints


def test_stopped_and_resumed_it_makes_the_same_file(prepared, order, alone):
    """Byte for byte, weights and card, whenever it was stopped; the state is gone in the end."""
    list(train_model(prepared, order, alone))
    whole = order.output.read_bytes()
    order.output.unlink()
    *_, last = train_model(prepared, order, alone, lambda: True)
    assert isinstance(last, Stopped)
    assert names(order) == ["m.safetensors.state"]
    *_, last = train_model(prepared, replace(order, resume=True), alone)
    assert isinstance(last, Made)
    assert order.output.read_bytes() == whole
    assert names(order) == ["m.safetensors"]


def test_a_full_disk_at_the_end_loses_nothing(prepared, order, alone, monkeypatch):
    """When the model cannot be written the state stays, and resuming writes it without training again."""

    def full(*_):
        raise OutputError("m.safetensors: cannot be written (No space left on device)")

    with monkeypatch.context() as patch:
        patch.setattr(session, "save", full)
        with pytest.raises(OutputError, match=r"No space left on device.*; the training is kept in .*--resume"):
            list(train_model(prepared, order, alone))
    assert names(order) == ["m.safetensors.state"]
    events = list(train_model(prepared, replace(order, resume=True), alone))
    assert not any(isinstance(e, Stepped) for e in events)
    assert names(order) == ["m.safetensors"]


def test_two_runs_on_one_output_refuse_each_other(prepared, order, alone):
    """The second run does nothing; other processes of the first one's team are let in."""
    with only_one(order.output), pytest.raises(Locked):
        list(train_model(prepared, order, alone))


def test_an_old_model_stays_until_the_new_one_is_whole(prepared, order, alone):
    """Whoever reads the file while a run goes on reads the old one."""
    order.output.write_bytes(b"old")
    for event in train_model(prepared, order, alone):
        if not isinstance(event, Made):
            assert order.output.read_bytes() == b"old"
    assert load(order.output).card.melodies


def test_fine_tuning_keeps_what_the_base_knew(prepared, order, alone):
    """Sizes, corpora and licences come from the base; its fingerprints stay beside the new ones."""
    list(train_model(prepared, order, alone))
    base = load(order.output)
    base = replace(base, card=replace(base.card, corpora=("old",), licences={"old": "theirs"}))
    tuned = replace(order, output=order.output.with_name("t.safetensors"), base=base, sizes={})
    list(train_model(prepared, tuned, alone))
    card = load(tuned.output).card
    assert card.corpora == ("old", "own")
    assert card.licences == {"old": "theirs", "own": "mine"}
    with pytest.raises(OptionError, match="sizes"):
        shape(replace(tuned, sizes=SIZES), 20, 200)


@pytest.mark.parametrize(("sizes", "settings", "named"), [
    ({"hidden": 0}, {}, "hidden"), ({"hidden": 10**9}, {}, "hidden"), ({"layers": 99}, {}, "layers"),
    ({}, {"epochs": math.nan}, "epochs"), ({}, {"epochs": math.inf}, "epochs"), ({}, {"epochs": 0}, "epochs"),
    ({}, {"longest": 0.5}, "longest"), ({}, {"rate": -1.0}, "rate"),
])  # fmt: skip
def test_what_cannot_work_is_refused_before_anything_is_built(order, sizes, settings, named):
    """OptionError names the option."""
    with pytest.raises(OptionError, match=named):
        shape(replace(order, sizes=sizes, settings=settings), 20, 200)


def test_defaults_follow_the_corpus(order):
    """A large corpus gets a larger network and fewer epochs than a small one."""
    plain = replace(order, sizes={}, settings={})
    small, large = shape(plain, 200, 8_000), shape(plain, 5_000, 300_000)
    assert large[0].hidden > small[0].hidden
    assert large[1].epochs < small[1].epochs


def test_parts_read_melodies_when_asked(prepared):
    """A part is a sequence: by index, by slice, by iteration."""
    part = Part(prepared, "train")
    assert len(part) == len(prepared.part("train"))
    assert [len(m) for m in part[1:3]] == [len(part[1]), len(part[2])]
    assert len(list(part)) == len(part)


def test_no_melody_no_training(prepared, order, alone, monkeypatch):
    """A corpus without training melodies is told with the next move."""
    monkeypatch.setattr(type(prepared), "part", lambda self, _: type(self).lengths.fget(self)[:0])
    with pytest.raises(CorpusError, match="corpus check"):
        list(train_model(prepared, order, alone))


def test_a_fine_tuned_model_keeps_its_cell(prepared, order, alone):
    """Another cell than the base's is refused, as are other sizes: nothing is dropped in silence."""
    list(train_model(prepared, order, alone))
    base = load(order.output)
    for asked in (replace(order, sizes={}, cell="rnn", base=base), replace(order, cell=None, base=base)):
        with pytest.raises(OptionError, match="leave --cell and sizes away"):
            shape(asked, 24, 240)
    assert shape(replace(order, sizes={}, base=base), 24, 240)[0] == base.config


def test_whole_numbers_stay_whole(order):
    """--set epochs=4.7 is refused, 4.0 is 4."""
    with pytest.raises(OptionError, match=r"epochs: 4\.7 is not a whole number"):
        shape(replace(order, settings={"epochs": 4.7}), 24, 240)
    assert shape(replace(order, settings={"epochs": 4.0}), 24, 240)[1].epochs == 4


def test_without_test_melodies_there_is_no_floor(tune, order, alone, tmp_path):
    """Counting is not measured on what it counted."""
    few = prepare({"own": [Outcome(f"{i}.mid", tune(i, 12)) for i in range(2)]}, tmp_path / "p")
    assert not len(few.part("test"))
    events = list(train_model(few, order, alone))
    assert not [e for e in events if isinstance(e, Floor)]
    assert load(order.output).card.baselines == {}


def test_a_base_with_damaged_fingerprints_is_refused_before_it_is_trained(prepared, order, alone, model):
    """They are joined at the end: nothing shall be lost then."""
    base = replace(model.checkpoint, fingerprints={"fingerprints.grams": np.zeros(3, np.uint64)})
    with pytest.raises(CheckpointError, match="its fingerprints are not those of this program"):
        next(train_model(prepared, replace(order, base=base, sizes={}), alone))
