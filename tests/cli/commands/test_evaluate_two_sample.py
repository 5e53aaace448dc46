"""evaluate --two-sample: what is printed, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from melodyrnn.checkpoint.file import Card, Checkpoint, NetworkConfig, expected_shapes, load, save
from melodyrnn.evaluation.sets import parts_as_trained
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note


def drawn_tune(seed, notes=30):
    """A tune of drawn notes in G."""
    rng = np.random.default_rng(seed)
    lengths = rng.choice([12, 24, 36], notes)
    pitches = 67 + np.clip(np.cumsum(rng.integers(-2, 3, notes)), -12, 12)
    rows = zip((np.cumsum(lengths) - lengths).tolist(), lengths.tolist(), pitches.tolist(), strict=True)
    return Melody(tuple(Note(*row) for row in rows), (Metre(3, 4),), Key(7))


@pytest.fixture
def tunes(tmp_path, monkeypatch):
    """A folder of forty tunes."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "tunes"
    folder.mkdir()
    for k in range(40):
        (folder / f"{k:02d}.mid").write_bytes(midi_bytes(drawn_tune(k)))
    return folder


@pytest.fixture
def model(tmp_path):
    """A tiny model with drawn weights, whose melodies have the lengths of the tunes."""
    config = NetworkConfig(hidden=16, embed=16, head=16, keys=8)
    rng = np.random.default_rng(1)
    weights = {n: (0.3 * rng.standard_normal(s)).astype(np.float32) for n, s in expected_shapes(config).items()}
    path = tmp_path / "tiny.safetensors"
    save(path, Checkpoint(config, Card(registers={67: 4}, forms={"0 3/4 0 24": 3}), weights))
    return path


def test_judges_of_folds_are_told_as_json(command, model, tunes):
    """Four verdicts over all melodies, features, where, bars."""
    ended = command("evaluate", model, tunes, "--two-sample", "--cross-fit", 2, "--seeds", 2, "--jobs", 1, "--json")
    assert ended.status == 0, ended.err
    facts = [json.loads(line) for line in ended.out.splitlines()]
    verdicts = [one for one in facts if one["kind"] == "verdict"]
    assert [(one["notes"], one["control"]) for one in verdicts] == [
        ("whole", False), ("whole", True), ("inside", False), ("inside", True),
    ]  # fmt: skip
    assert (verdicts[0]["real"], verdicts[0]["written"], len(verdicts[0]["each"])) == (40, 40, 2)
    assert verdicts[1]["real"] + verdicts[1]["written"] == 40
    features = {one["name"]: one for one in facts if one["kind"] == "feature"}
    assert features["last onset"]["inside"] is None
    assert 0 <= features["step"]["inside"] <= 1
    assert [one["inside"] for one in facts if one["kind"] == "where"] == [False, True]
    bars = [one for one in facts if one["kind"] == "bar"]
    assert all(one["melody"].startswith("seed ") and one["notes"] for one in bars)


@pytest.fixture
def own(model, tunes, command):
    """The same model, whose card says that it has learnt from the tunes."""
    tiny, parts = load(model), parts_as_trained([str(tunes)])
    notes = parts[str(tunes), "train"].notes
    card = replace(tiny.card, corpora=(str(tunes),), melodies=len(parts[str(tunes), "train"].names), notes=notes)
    save(model, replace(tiny, card=card))
    return model


def test_judges_of_a_model_are_told_as_tables(command, own):
    """By its own corpora, divided as training did: learnt from one part, asked about another; or all in folds."""
    for more, count in ((("--cross-fit", 2, "--part", "all"), 40), ((), 4)):
        asked = ("evaluate", own, "--two-sample", "--seeds", 1, "--jobs", 1, *more)
        ended = command(*asked)
        assert ended.status == 0, ended.err
        lines = ended.out.splitlines()
        assert lines[0].startswith(f"two-sample test of {own}, 1 judge of each kind")
        names = [line[:24].strip() for line in lines[2:6]]
        assert names == ["whole", "whole, real and real", "inside", "inside, real and real"]
        assert int(lines[2].split()[2]) == int(lines[2].split()[3]) == count
        assert "what gives it away, alone" in lines
        assert any(", bar " in line and line.split()[1] == "seed" for line in lines)
    assert command(*asked).out == ended.out


def test_corpora_read_a_little_otherwise_are_told(command, own):
    """Since a reader was mended; but not other corpora."""
    tiny = load(own)
    save(own, replace(tiny, card=replace(tiny.card, notes=tiny.card.notes + 1)))
    ended = command("evaluate", own, "--part", "test")
    assert ended.status == 0
    assert "some are read otherwise since" in ended.err
    save(own, replace(tiny, card=replace(tiny.card, notes=tiny.card.notes + 40)))
    assert "these are not the melodies that the model was trained on" in command("evaluate", own, "--part", "test").err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--seeds", "2"], "--two-sample: --seeds and --cross-fit belong to it; give it as well"),
        (["--cross-fit", "2"], "--two-sample: --seeds and --cross-fit belong to it; give it as well"),
        (
            ["--two-sample", "--statistics"],
            "--two-sample: is a test of its own; leave out --statistics and --cross-validate",
        ),
        (["--two-sample"], "--cross-fit: judges of other melodies than the model's own need it: --cross-fit 5"),
        (
            ["--two-sample", "--part", "train"],
            "--part: train: judges learn from train; ask them about one of validation, test",
        ),
        (
            ["--two-sample", "--cross-fit", "2", "--part", "test"],
            "--part: only the model's own corpora are divided; leave it out",
        ),
        (
            ["--two-sample", "--cross-fit", "99"],
            "--cross-fit: 99 folds cannot be made of 40 different tunes; give 2 to 40",
        ),
    ],
)
def test_wrong_use_of_judges_is_told(command, model, tunes, arguments, text):
    """One line, status 2."""
    ended = command("evaluate", model, tunes, *arguments)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.splitlines()[-1] == f"melodyrnn: error: {text}"
