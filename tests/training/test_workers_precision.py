"""bf16 where the processor has it: chosen by what network and machine are, never needed, the same on resuming."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
import torch

from melodyrnn.errors import CheckpointError
from melodyrnn.training import workers as precision
from melodyrnn.training.config import PRECISIONS
from melodyrnn.training.events import Finished, Split, TrainingPlan
from melodyrnn.training.fit import fit
from melodyrnn.training.state import read_state


@pytest.fixture
def able(monkeypatch):
    """A processor with bf16 instructions, on which torch runs them; returns what sets another one."""

    def has(*names, runs=True):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: dict.fromkeys(names, True), raising=False)
        monkeypatch.setattr(precision, "_runs", lambda *_: runs)

    has("avx2", "avx512_bf16")
    return has


def test_bf16_is_chosen_where_it_is_known_to_be_faster(config, alone, able):
    """Wide LSTMs on a processor with the instructions, when torch does not refuse."""
    wide = replace(config, cell="lstm", hidden=384)
    assert precision.choose_precision(wide, alone) == "bf16"
    able("amx_tile", "amx_bf16")
    assert precision.choose_precision(wide, alone) == "bf16"
    for other in (replace(wide, hidden=64), replace(wide, cell="gru"), replace(wide, cell="rnn")):
        assert precision.choose_precision(other, alone) == "fp32"
    able("avx2", "avx512_f")
    assert precision.choose_precision(wide, alone) == "fp32"
    able("avx512_bf16", runs=False)
    assert precision.choose_precision(wide, alone) == "fp32"


def test_the_choice_does_not_hang_on_a_clock(config, alone, able, monkeypatch):
    """A stopwatch chose once: on a busy machine a resumed run went on in other numbers than the whole one."""
    before = precision.choose_precision(replace(config, cell="lstm", hidden=384), alone)
    for name in ("perf_counter", "monotonic", "process_time", "time"):
        monkeypatch.setattr(time, name, lambda: pytest.fail("looked at a clock"))
    assert precision.choose_precision(replace(config, cell="lstm", hidden=384), alone) == before


def test_what_torch_refuses_is_not_used(config, alone, monkeypatch):
    """A refusal of oneDNN's is an answer, not an error."""

    class Refusing(torch.nn.LSTM):
        def forward(self, *_):
            raise RuntimeError("could not create a primitive descriptor")

    assert isinstance(precision._runs(config, alone.device), bool)
    monkeypatch.setitem(precision.LAYER_OF_CELL, config.cell, Refusing)
    assert not precision._runs(config, alone.device)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_the_trial_leaves_no_trace(config, alone, cell):
    """Trying it changes no random state, and gives an answer on any machine."""
    before = torch.random.get_rng_state()
    assert precision.choose_precision(replace(config, cell=cell, hidden=384), alone) in PRECISIONS[1:]
    precision._runs(replace(config, cell=cell), alone.device)
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_state_keeps_what_was_chosen(melodies, config, recipe, alone, tmp_path, monkeypatch):
    """`auto` goes on with what the state says, whatever a new trial would say; another wish is refused."""
    path, split = tmp_path / "x.state", Split(melodies[:7], melodies[7:])
    whole = list(fit(split, TrainingPlan(config, recipe), alone))[-1]
    monkeypatch.setattr("melodyrnn.training.trainer.choose_precision", lambda *_: "fp32")
    list(fit(split, TrainingPlan(config, recipe, path, precision="auto"), alone, lambda: True))
    assert read_state(path).precision == "fp32"
    monkeypatch.setattr("melodyrnn.training.trainer.choose_precision", lambda *_: "bf16")
    *_, last = fit(split, TrainingPlan(config, recipe, path, precision="auto", resume=True), alone)
    assert isinstance(last, Finished)
    assert all(last.weights[n].tobytes() == whole.weights[n].tobytes() for n in whole.weights)
    with pytest.raises(CheckpointError, match="another precision"):
        list(fit(split, TrainingPlan(config, recipe, path, precision="bf16", resume=True), alone))
