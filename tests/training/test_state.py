"""States on disk: what is written comes back whole, and what cannot be a state is refused in one line."""

from __future__ import annotations

import json
import os
import random
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save

from melodyrnn.errors import CheckpointError, OutputError
from melodyrnn.training.events import Split, TrainingPlan
from melodyrnn.training.fit import fit
from melodyrnn.training.state import Progress, read_state, write_state


@pytest.fixture
def path(melodies, config, recipe, alone, tmp_path):
    """The state of a run that was stopped in its second epoch."""
    path = tmp_path / "x.state"
    asked = iter(range(10**6))
    list(fit(Split(melodies[:7], melodies[7:]), TrainingPlan(config, recipe, path), alone, lambda: next(asked) >= 4))
    assert read_state(path).place.epoch == 1
    return path


@pytest.fixture
def resume(melodies, config, recipe, alone):
    """Give a function that goes on from a state."""
    split = Split(melodies[:7], melodies[7:])
    return lambda path: list(fit(split, TrainingPlan(config, recipe, path, resume=True), alone))


def parts(path):
    """The header and the tensors of a state."""
    with safe_open(path, "pt") as file:
        header = json.loads(file.metadata()["melodyrnn-state"])
        return header, {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 - not a mapping


def forge(path, header, tensors, key="melodyrnn-state"):
    """Write a state as a forger would."""
    path.write_bytes(save(tensors, {key: header if isinstance(header, str) else json.dumps(header)}))


def test_what_is_written_comes_back(path):
    """Law: read(write(state)) == state, to the last bit."""
    state = read_state(path)
    write_state(path, state)
    again = read_state(path)
    assert replace(state, tensors={}) == replace(again, tensors={})
    assert state.tensors.keys() == again.tensors.keys()
    assert all(torch.equal(state.tensors[n], again.tensors[n]) for n in state.tensors)


def test_cut_anywhere_it_is_refused(path, resume):
    """A state that is cut short is never taken for a whole one, wherever it is cut."""
    whole = path.read_bytes()
    rng = random.Random(0)  # noqa: S311 - places to cut, no secrets
    for end in (0, 1, 8, 9, 100, len(whole) - 1, *(rng.randrange(len(whole)) for _ in range(20))):
        path.write_bytes(whole[:end])
        with pytest.raises(CheckpointError, match=r"start without --resume$"):
            read_state(path)


LIES = {
    "another name": lambda _, t: t.update({"network.other": t.pop("network.views.weight")}),
    "an unknown part": lambda _, t: t.update({"evil.x": torch.zeros(1)}),
    "a tensor too many": lambda _, t: t.update({"optimiser.999.step": torch.zeros(())}),
    "an index that is none": lambda _, t: t.update({"optimiser.x.step": torch.zeros(())}),
    "a tensor too few": lambda _, t: t.pop("average.module.views.weight"),
    "another shape": lambda _, t: t.update({"network.views.weight": torch.zeros(1, 1)}),
    "another dtype": lambda _, t: t.update({"network.views.weight": t["network.views.weight"].double()}),
    "no number": lambda _, t: t["network.views.weight"].fill_(float("nan")),
    "infinite moments": lambda _, t: t["optimiser.0.exp_avg"].fill_(float("inf")),
    "another count of steps": lambda _, t: t["average.n_averaged"].fill_(-1),
    "a step below 0": lambda h, _: h["place"].update(step=-1),
    "a step in words": lambda h, _: h["place"].update(step="8"),
    "an epoch too far": lambda h, _: h["place"].update(epoch=10**9),
    "a history in words": lambda h, _: h["place"].update(history=["x"]),
    "no best yet": lambda h, _: h["place"].update(best_epoch=-1),
    "a field too many": lambda h, _: h["place"].update(extra=1),
    "a huge network": lambda h, _: h["config"].update(hidden=10**9),
    "a place that is a list": lambda h, _: h.update(place=[]),
    "no corpus": lambda h, _: h.pop("corpus"),
    "another precision": lambda h, _: h.update(precision="fp8"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_state_that_contradicts_itself_is_refused(path, resume, lie):
    """Each lie is one CheckpointError of one line that names the file; nothing is trained from it."""
    header, tensors = parts(path)
    LIES[lie](header, tensors)
    forge(path, header, tensors)
    with pytest.raises(CheckpointError, match=r"x\.state") as caught:
        resume(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [
    b"", b"x" * 100, b"\x80\x04\x95canary", b"PK\x03\x04", (10**15).to_bytes(8, "little") + b"{}", b"{" * 5000,
])  # fmt: skip
def test_other_files_are_no_states(tmp_path, content):
    """Pickles, zips, absurd lengths and noise are refused and never executed."""
    path = tmp_path / "x.state"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="not a training state"):
        read_state(path)


def test_headers_that_are_no_header(path):
    """Nested without end, no JSON, another key: refused."""
    header, tensors = parts(path)
    for told, key in (("[" * 100_000, "melodyrnn-state"), ("x", "melodyrnn-state"), ("[]", "melodyrnn-state"),
                      (json.dumps(header), "other")):  # fmt: skip
        forge(path, told, tensors, key)
        with pytest.raises(CheckpointError, match="not a training state"):
            read_state(path)


def test_pipes_and_folders_are_not_waited_for(tmp_path):
    """What is no regular file is refused without being opened."""
    os.mkfifo(tmp_path / "pipe.state")
    (tmp_path / "folder.state").mkdir()
    for name in ("pipe", "folder", "missing"):
        with pytest.raises(CheckpointError, match="no training state"):
            read_state(tmp_path / f"{name}.state")


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_when_writing_fails_the_state_before_is_intact(path, monkeypatch, call, melodies, config, recipe, alone):
    """A full disk ends the run in one line that says so; the state before is there, and no temporary file."""
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(*((os, "fsync", full) if call == "fsync" else (Path, "replace", full)))
        run = fit(
            Split(melodies[:7], melodies[7:]), TrainingPlan(config, recipe, path, resume=True, save_every=0.0), alone
        )
        with pytest.raises(
            OutputError, match=r"No space left on device.*; what was saved before is intact: .*--resume"
        ):
            list(run)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["x.state"]


def test_the_header_is_small_and_readable(path):
    """Whoever opens a state finds the run's options in plain words."""
    header, _ = parts(path)
    assert header["config"]["hidden"] == 8
    assert set(header) == {"config", "recipe", "corpus", "place", "precision"}
    assert set(header["place"]) == set(asdict(Progress()))
