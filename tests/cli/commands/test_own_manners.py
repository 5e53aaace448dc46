"""A model of somebody's own reels and jigs writes reels and jigs."""

import random
from collections import Counter
from pathlib import Path

import pytest

from melodyrnn.checkpoint.file import load
from melodyrnn.formats.midi.reader import read_midi

NOTES = "DEFGABcdefg"


def tune(number, bar, head):
    """Eight bars of a tune, so many notes in each."""
    chance = random.Random(number)  # noqa: S311 - tunes, not secrets
    bars = ["".join(chance.choice(NOTES) for _ in range(bar)) for _ in range(8)]
    return f"X:1\nT:Tune {number}\n{head}\n{'|'.join(bars)}|]\n"


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Seven reels in G and D and five jigs in E minor."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    Path("own").mkdir()
    for k in range(12):
        reel = f"R:reel\nM:2/4\nL:1/16\nQ:1/4=112\nK:{'GD'[k % 2]}"
        head = reel if k < 7 else "R:jig\nM:6/8\nL:1/8\nQ:3/8=116\nK:Em"
        Path(f"own/{k}.abc").write_text(tune(k, 8 if k < 7 else 6, head))


@pytest.fixture
def mine(command, own):
    """A model of them."""
    command("train", "own", "--hidden", 8, "--epochs", 1, "-o", "mine.safetensors")
    return "mine.safetensors"


def test_own_reels_and_jigs(command, mine):
    """In their shares, in their keys, at their tempos, and again from the recipe; told, and shown by inspect."""
    ended = command("generate", "-m", mine, "-n", 12, "--seed", 1, "-o", "out/")
    melodies = [read_midi(path).melody for path in sorted(Path("out").iterdir())]
    found = Counter((str(m.metres[0]), round(m.tempo), str(m.key)) for m in melodies)
    assert found.keys() <= {("2/4", 112, "G major"), ("2/4", 112, "D major"), ("6/8", 174, "E minor")}
    assert len({metre for metre, _, _ in found}) == 2
    assert "6/8, " in ended.err
    assert "174 quarters a minute" in ended.err
    for number in (1, 2):
        file = Path(f"out/melody-{number:02d}.mid")
        assert command("reproduce", file, "-m", mine, "-o", "-").data == file.read_bytes()
    assert "8 bars, E minor, 174 quarters a minute: " in command("inspect", mine).out
    assert "8 bars of 4/4" in command("generate", "-m", mine, "--metre", "4/4", "-o", "y.mid").err


def test_eight_bars_of_four_four_where_that_is_wanted(command, own):
    """By the option of train; its card has no manners, and says how it was made."""
    command("train", "own", "--hidden", 8, "--epochs", 1, "--no-manners", "-o", "plain.safetensors")
    card = load(Path("plain.safetensors")).card
    assert (card.manners, "--no-manners" in card.recipe) == ({}, True)
    assert "8 bars of 4/4" in command("generate", "-m", "plain.safetensors", "-o", "x.mid").err
