"""Checkpoints: what is written is read, shapes agree with the network, files are found and written whole."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import numpy as np
import pytest

from melodyrnn.checkpoint import file as ck
from melodyrnn.checkpoint.card import card_text, read_card_text
from melodyrnn.checkpoint.file import Card, Checkpoint, NetworkConfig, expected_shapes, find, load, save, write_whole
from melodyrnn.errors import CheckpointError, OutputError

SMALL = NetworkConfig(cell="gru", hidden=5, embed=4, head=6, keys=2)
CARD = Card(
    program="0.1.0", corpora=("kinder", "essen"), styles={"kinder": 1, "essen": 2}, licences={"kinder": "CC BY"},
    melodies=213, notes=8393, bits={"rest": 0.2, "duration": 0.7, "pitch": 1.6, "total": 2.5},
    baselines={"5-gram": 3.1}, recipe="melodyrnn train kinder", registers={60: 12, 55: 3}, forms={"0 4/4 0 8": 3},
    ends={"1 phrygian 11": 2}, facts={"mean": 2.5},
)  # fmt: skip


def small(config: NetworkConfig = SMALL, dtype: type = np.float32) -> Checkpoint:
    """A checkpoint with random weights, quick to write."""
    rng = np.random.default_rng(1)
    weights = {n: rng.normal(size=s).astype(dtype) for n, s in expected_shapes(config).items()}
    extras = {"fingerprints.grams": np.arange(9, dtype=np.uint64), "tunes.names": np.frombuffer(b"Ann\nBob", np.uint8)}
    return Checkpoint(config, CARD, weights, extras)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_what_is_saved_is_loaded(tmp_path, dtype):
    """Configuration, card, weights and extras come back as they were."""
    before = small(dtype=dtype)
    save(tmp_path / "a.safetensors", before)
    after = load(tmp_path / "a.safetensors")
    assert (after.config, after.card) == (before.config, before.card)
    for ours, theirs in ((before.weights, after.weights), (before.fingerprints, after.fingerprints)):
        assert list(ours) == list(theirs) or set(ours) == set(theirs)
        for name, array in ours.items():
            assert theirs[name].dtype == array.dtype
            np.testing.assert_array_equal(array, theirs[name])
    assert all(a.dtype == np.float32 for a in after.float32().values())


def test_equal_checkpoints_are_equal_bytes(tmp_path):
    """The same content gives the same file and digest in every process."""
    for name in "ab":
        save(tmp_path / name, small())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert load(tmp_path / "a").digest == small().digest == load((tmp_path / "b").read_bytes()).digest
    save(tmp_path / "c", load(tmp_path / "a"))
    assert (tmp_path / "c").read_bytes() == (tmp_path / "a").read_bytes()


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("layers", [1, 2])
def test_expected_shapes_are_the_networks(cell, layers):
    """Shapes computed without torch equal those of the network's state_dict."""
    from melodyrnn.training.network import MelodyRNN  # noqa: PLC0415 - torch is slow to import

    config = NetworkConfig(cell=cell, layers=layers, hidden=7, embed=5, head=6, keys=3)
    assert {n: tuple(t.shape) for n, t in MelodyRNN(config).state_dict().items()} == expected_shapes(config)


def test_halved_weights_are_fp16_and_too_large_ones_are_refused():
    """Fp16 halves the weights; what it cannot say is an error, not infinity."""
    before = small()
    assert all(a.dtype == np.float16 for a in before.halved().weights.values())
    before.weights["interval.weight"][0, 0] = 1e6
    with pytest.raises(CheckpointError, match=r"interval.weight holds weights beyond 65504"):
        before.halved()


def test_nothing_is_saved_that_would_not_load(tmp_path):
    """NaN weights and wrong shapes are refused before the old file is touched."""
    save(tmp_path / "a", small())
    bad = small()
    bad.weights["degree.weight"][1, 1] = np.nan
    with pytest.raises(CheckpointError, match=r"degree.weight holds NaN"):
        save(tmp_path / "a", bad)
    assert load(tmp_path / "a").digest == small().digest
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_control_characters_are_cleaned_when_written():
    """A title that would steer a terminal becomes plain, so that training never ends in a refusal."""
    _, card = read_card_text(card_text(SMALL, Card(recipe="a\x1b]0;b\x07\nc", facts={"x\ty": 1.0})))
    assert card.recipe == "a ]0;b  c"
    assert card.facts == {"x y": 1.0}


def test_find_knows_paths_and_names(tmp_path, monkeypatch):
    """A path is taken as given, a bare name is looked up, an unknown name lists those there are."""
    monkeypatch.setattr(ck, "SHIPPED", (tmp_path / "none", tmp_path))
    save(tmp_path / "folk.safetensors", small())
    assert find("folk") == tmp_path / "folk.safetensors"
    assert find(tmp_path / "folk.safetensors") == tmp_path / "folk.safetensors"
    assert str(find("not/there.safetensors")) == "not/there.safetensors"
    with pytest.raises(CheckpointError, match=r"^jazz: no model of this name ships \(there is folk\)$"):
        find("jazz")


def test_write_whole_respects_the_umask_and_replaces(tmp_path):
    """The file has the mode of any new file, links are followed, nothing else is left in the folder."""
    (tmp_path / "link").symlink_to("real")
    old = os.umask(0o027)
    try:
        write_whole(tmp_path / "link", b"one")
        write_whole(tmp_path / "link", b"two")
    finally:
        os.umask(old)
    assert (tmp_path / "real").read_bytes() == b"two"
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link", "real"]


def test_write_whole_keeps_the_old_file_when_it_fails(tmp_path, monkeypatch):
    """A full disk leaves the old file, no temporary one, and a message that says so."""
    write_whole(tmp_path / "a", b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ck.os, "fsync", full)
    with pytest.raises(OutputError, match=r"a: cannot be written \(No space left on device\)"):
        write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_write_whole_does_not_replace_a_device():
    """Writing to /dev/null leaves a device there."""
    write_whole("/dev/null", b"gone")
    assert not os.path.isfile("/dev/null")  # noqa: PTH113


def test_loading_needs_no_torch(tmp_path):
    """The reader imports no torch: it starts quickly."""
    save(tmp_path / "a", small())
    code = (
        "import sys; from melodyrnn.checkpoint.file import load; load(sys.argv[1])\n"
        "print([m for m in ('torch',) if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a")], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_model_that_is_written_over_while_it_is_used(tmp_path):
    """Cut short in place, as by another program, the file takes nothing from what was read (it was SIGBUS)."""
    save(tmp_path / "a", small())
    made = load(tmp_path / "a")
    before = {name: array.copy() for name, array in made.weights.items()}
    with (tmp_path / "a").open("r+b") as file:
        file.truncate(0)
    assert all(np.array_equal(array, before[name]) for name, array in made.weights.items())
    assert load(made.file()).digest == made.digest
