"""bf16 where the processor has it: used when it is clearly faster, never needed, the same on resuming."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from melodyrnn.errors import CheckpointError
from melodyrnn.learn import precision
from melodyrnn.learn import state as states
from melodyrnn.learn.training import Finished, Plan, Split, fit


def test_what_does_not_work_or_is_not_faster_is_not_used(config, alone, monkeypatch):
    """A refusal of torch, or less than half as fast again, means fp32."""

    def refuse(_config, _device, name):
        if name == "bf16":
            raise RuntimeError("could not create a primitive descriptor")
        return 1.0

    def takes(seconds):
        return lambda _config, _device, name: seconds if name == "bf16" else 1.0

    for seconds, chosen in ((refuse, "fp32"), (takes(0.9), "fp32"), (takes(0.2), "bf16")):
        monkeypatch.setattr(precision, "_seconds", seconds)
        assert precision.choose(config, alone) == chosen


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_the_trial_leaves_no_trace(config, alone, cell):
    """Trying both changes no random state, and gives an answer on any machine."""
    before = torch.random.get_rng_state()
    assert precision.choose(replace(config, cell=cell), alone) in precision.PRECISIONS[1:]
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_state_keeps_what_was_chosen(melodies, config, recipe, alone, tmp_path, monkeypatch):
    """`auto` goes on with what the state says, whatever a new trial would say; another wish is refused."""
    path, split = tmp_path / "x.state", Split(melodies[:7], melodies[7:])
    whole = list(fit(split, Plan(config, recipe), alone))[-1]
    monkeypatch.setattr("melodyrnn.learn.run.choose", lambda *_: "fp32")
    list(fit(split, Plan(config, recipe, path, precision="auto"), alone, lambda: True))
    assert states.read(path).precision == "fp32"
    monkeypatch.setattr("melodyrnn.learn.run.choose", lambda *_: "bf16")
    *_, last = fit(split, Plan(config, recipe, path, precision="auto", resume=True), alone)
    assert isinstance(last, Finished)
    assert all(last.weights[n].tobytes() == whole.weights[n].tobytes() for n in whole.weights)
    with pytest.raises(CheckpointError, match="another precision"):
        list(fit(split, Plan(config, recipe, path, precision="bf16", resume=True), alone))
