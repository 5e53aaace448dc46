"""Several processes under torchrun: the curve of one, and a lost worker is no lost training."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from melodyrnn.checkpoint.file import load
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Note
from melodyrnn.training.batches import Share
from melodyrnn.training.workers import Team, join

ROOT = Path(__file__).parents[2]
TRAIN = ("melodyrnn", "train", "tunes", "--precision", "fp32", "--json", "-q")
TOLERANCE = 1e-4  # bits per note: gradients of two halves are summed in another order


@pytest.fixture
def environ(tmp_path):
    """Thirty short tunes, and the environment of a process that trains on them with one thread."""
    folder = tmp_path / "tunes"
    folder.mkdir()
    for k in range(30):
        chance = random.Random(k)  # noqa: S311 - music, no secrets
        notes = tuple(Note(24 * i, 24, 60 + chance.choice(Key(0).scale)) for i in range(12 + k % 7))
        (folder / f"{k:02d}.mid").write_bytes(midi_bytes(Melody(notes, key=Key(0))))
    cache = str(tmp_path / "cache")
    return {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": cache, "OMP_NUM_THREADS": "1"}


def start(folder, environ, output, epochs, *, processes=0, base=None):
    """Start training, with torchrun if there are several processes."""
    how = ["--from", base] if base else ["--hidden", "8"]
    torchrun = ["torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "--max-restarts=2", "-m"]
    command = [sys.executable, "-m", *(torchrun if processes else []), *TRAIN, *how, "-o", output]
    command += ["--epochs", str(epochs)]
    return subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def curve(process, kind="evaluated", figures=lambda e: (e["train"], e["heldout"]["total"])):
    """Wait for the end; training and held-out bits of each epoch."""
    out, err = process.communicate(timeout=900)
    assert process.returncode == 0, err
    events = [json.loads(line) for line in out.splitlines()]
    return [figures(e) for e in events if e["event"] == kind]


def workers(pid):
    """The processes that torchrun has started."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found if b"melodyrnn" in Path(f"/proc/{child}/cmdline").read_bytes()]


@pytest.mark.slow
def test_two_processes_learn_what_one_learns(tmp_path, environ):
    """Same data, same dropout, the gradient of the whole batch: the same curve to 0.0001 bits per note."""
    one = curve(start(tmp_path, environ, "one.safetensors", 3))
    two = curve(start(tmp_path, environ, "two.safetensors", 3, processes=2))
    assert len(one) == 3
    for (train, heldout), (their_train, their_heldout) in zip(one, two, strict=True):
        assert abs(train - their_train) < TOLERANCE
        assert abs(heldout - their_heldout) < TOLERANCE
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cache", "one.safetensors", "tunes", "two.safetensors"]


@pytest.mark.slow
def test_two_processes_rehearse_what_one_does(tmp_path, environ):
    """Few melodies and a base: the same folds, the same choice and the same curve, the distance held once."""
    curve(start(tmp_path, environ, "base.safetensors", 1))
    found = []
    for processes in (0, 2):
        process = start(tmp_path, environ, f"{processes}.safetensors", 2, processes=processes, base="base.safetensors")
        found.append(curve(process, "tried", lambda e: (e["base"], e["best"])))
    assert len(found[0]) == 5
    for one, two in zip(*found, strict=True):
        assert abs(one[0] - two[0]) < TOLERANCE
        assert abs(one[1] - two[1]) < TOLERANCE
    kept = [load(tmp_path / f"{processes}.safetensors").card.facts["epochs_kept"] for processes in (0, 2)]
    assert kept[0] == kept[1]


@pytest.mark.slow
def test_a_killed_worker_is_started_again_and_finishes(tmp_path, environ):
    """Kill -9 one of two: torchrun restarts both, they go on from the state, and nothing is left but the model."""
    process = start(tmp_path, environ, "m.safetensors", 60, processes=2)
    state = tmp_path / "m.safetensors.state"
    while not state.exists():
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(workers(process.pid)[-1], signal.SIGKILL)
    epochs = [epoch for epoch, _ in enumerate(curve(process))]
    assert epochs
    assert load(tmp_path / "m.safetensors").card.melodies
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cache", "m.safetensors", "tunes"]


def test_alone_nothing_is_distributed(monkeypatch):
    """Without torchrun there is one process, which leads, and nothing to ask others."""
    for name in ("WORLD_SIZE", "RANK", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    team = join()
    assert (team.share, team.is_main) == (Share(0, 1), True)
    assert [team.agree(flag) for flag in (True, False)] == [True, False]
    assert team.total(0.1) == 0.1
    network = torch.nn.Linear(1, 1)
    assert team.wrap(network) is network
    team.leave()


def test_an_error_of_our_own_is_no_lost_process():
    """Alone, every error is a bug or a message of its own; in a team, a broken connection is a loss."""
    cpu = torch.device("cpu")
    broken, own = RuntimeError("[1.2.3.4]:5 Connection closed by peer"), RuntimeError("shapes do not agree")
    assert [Team(Share(0, of), cpu).lost(broken) for of in (1, 2)] == [False, True]
    assert not Team(Share(0, 2), cpu).lost(own)
