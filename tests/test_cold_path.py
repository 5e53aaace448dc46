"""Composing starts at once: what a generate run imports, and what it leaves alone."""

import os
import subprocess
import sys

import numpy as np
import pytest

from melodyrnn.checkpoint.file import Card, Checkpoint, NetworkConfig, expected_shapes, save

HEAVY = {
    "torch",
    "music21",
    "matplotlib",
    "pretty_midi",
    "mido",
    "symusic",
    "rich",
    "pydantic",
    "scipy",
    "numpy.random",
}
RUN = """
import sys
from melodyrnn.cli import run
status = run(sys.argv[1:])
print(int(status), *sorted(sys.modules))
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A small network of random weights."""
    rng = np.random.default_rng(0)
    config = NetworkConfig(hidden=8, embed=8, head=8, keys=4)
    weights = {n: rng.standard_normal(s).astype(np.float32) for n, s in expected_shapes(config).items()}
    path = tmp_path_factory.mktemp("cold") / "small.safetensors"
    save(path, Checkpoint(config, Card(), weights))
    return path


def modules_of(arguments, folder):
    """Run the command line in a process of its own and return what it has imported."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments], cwd=folder, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )  # fmt: skip
    status, *modules = done.stdout.splitlines()[-1].split()
    assert status == "0", done.stderr
    return set(modules)


def test_generate_imports_nothing_heavy(model, tmp_path):
    """A melody is composed and written without any library that takes longer to import than the melody to compose."""
    modules = modules_of(["generate", "-m", str(model), "--bars", "2", "-o", "x.mid"], tmp_path)
    assert (tmp_path / "x.mid").exists()
    assert "numpy" in modules
    assert "melodyrnn.compose.generate" in modules
    assert not modules & HEAVY


def test_generate_without_wishes_imports_no_machinery_for_them(model, tmp_path):
    """Constraints, particles and the index of training tunes are imported when they are asked for."""
    modules = modules_of(["generate", "-m", str(model), "--bars", "2", "-o", "x.mid"], tmp_path)
    asked = {"controls.feasibility", "constraints.sections", "compose.sampling.particles", "constraints.originality"}
    assert not modules & {f"melodyrnn.{name}" for name in asked}
    assert not {m for m in modules if m.startswith("melodyrnn.training")}


def test_help_waits_for_no_numpy(tmp_path):
    """Help pages come before any array is thought of."""
    assert "numpy" not in modules_of(["generate", "--help"], tmp_path)


def test_no_request_waits_for_masked_arrays(model, tmp_path):
    """`numpy.unique` imports numpy.ma, which takes as long as looking ahead for a limited leap."""
    asked = ["--max-leap", "5", "--density", "2-6", "--end", "tonic", "--bars", "2", "-o", "x.mid"]
    modules = modules_of(["generate", "-m", str(model), *asked], tmp_path)
    assert "melodyrnn.constraints.product" in modules
    assert "numpy.ma" not in modules


def test_only_chords_wait_for_their_grammar(model, tmp_path):
    """The regular expressions of chord symbols take longer to compile than all others together."""
    ask = ["generate", "-m", str(model), "--bars", "2", "-o"]
    assert "melodyrnn.music.chord_symbols" not in modules_of([*ask, "x.mid"], tmp_path)
    assert "melodyrnn.music.chord_symbols" in modules_of([*ask, "y.mid", "--chords", "Am F"], tmp_path)
