"""Every command of docs/cookbook.md works as it stands, and makes what the page shows."""

import io
from dataclasses import replace
from pathlib import Path

import pytest

from bench import cookbook
from melodyrnn.checkpoint.file import Checkpoint, save
from melodyrnn.cli import run
from melodyrnn.cli.io.console import Console
from melodyrnn.formats.midi.reader import read_midi

TEXT = cookbook.PAGE.read_text(encoding="utf-8")
TRAINED = "mine.safetensors"


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory, model):
    """A folder with what the page takes as given, and a model in the place of the one that it trains."""
    folder = tmp_path_factory.mktemp("kitchen")
    (folder / "clip.mid").write_bytes(cookbook.clip())
    small = model.checkpoint
    manners = {"0 2/4 0 4 major 7 112": 7, "0 6/8 0 4 minor 4 174": 5}
    save(folder / TRAINED, Checkpoint(small.config, replace(small.card, manners=manners), small.weights))
    return folder


def test_there_are_ten_recipes():
    """Each with its commands and a result that is shown."""
    parts = TEXT.split("\n## ")[1:]
    assert [part.partition(".")[0] for part in parts] == [str(number) for number in range(1, 11)]
    assert all(cookbook.commands(part) and cookbook.results(part) for part in parts)
    assert "```abc\n```" not in TEXT


def test_every_command_works(kitchen, monkeypatch):
    """In their order, but for the training, which tests of its own do; what is shown is among what they write."""
    monkeypatch.chdir(kitchen)
    for words in cookbook.commands(TEXT):
        if words[0] == "train":
            assert words[-2:] == ["-o", TRAINED]
            continue
        err = io.TextIOWrapper(io.BytesIO(), "utf-8")
        status = run([*words], Console(io.BytesIO(), io.TextIOWrapper(io.BytesIO(), "utf-8"), err, {}))
        err.flush()
        assert status == 0, (words, err.buffer.getvalue().decode())
    for file in cookbook.results(TEXT):
        assert "K:" in cookbook.shown(Path(file))
    again = cookbook.with_results(TEXT, kitchen)
    assert (cookbook.commands(again), cookbook.results(again)) == (cookbook.commands(TEXT), cookbook.results(TEXT))


def test_what_is_given_is_as_the_page_says(tmp_path):
    """A lead and a bass, played beside the lines."""
    found = read_midi(cookbook.clip(), track="Lead synth")
    assert (found.melody.bars, found.others, found.original is not None) == (4, ("track 2 'Chords'",), True)
