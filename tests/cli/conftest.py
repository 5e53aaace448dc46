"""A command line with fake streams: what was said where, and how it ended."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import pytest

from melodyrnn.checkpoint.file import Card, Checkpoint, NetworkConfig, expected_shapes, save
from melodyrnn.cli import run
from melodyrnn.cli.io.console import Console
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note


class _Text(io.TextIOWrapper):
    """A text stream that may call itself a terminal."""

    terminal = False

    def isatty(self):
        return self.terminal


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    data: bytes  # stdout
    err: str  # stderr

    @property
    def out(self):
        """Stdout as text."""
        return self.data.decode()


def stream(*, terminal=False, encoding="utf-8"):
    """Make a fake text stream."""
    text = _Text(io.BytesIO(), encoding=encoding)
    text.terminal = terminal
    return text


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Give a function that runs a command in an empty folder, on fake streams."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MELODYRNN_DEBUG", raising=False)

    def call(*arguments, stdin=b"", out_terminal=False, err_terminal=False, environ=None):
        out, err = stream(terminal=out_terminal), stream(terminal=err_terminal)
        console = Console(io.BytesIO(stdin), out, err, environ or {})
        status = run([str(a) for a in arguments], console)
        out.flush()
        err.flush()
        return Ended(int(status), out.buffer.getvalue(), err.buffer.getvalue().decode())

    return call


@pytest.fixture
def tune():
    """Four bars in three-four time, with an upbeat."""
    pitches = (67, 72, 74, 76, 72, 79, 76, 74, 71, 72)
    onsets = (48, 72, 96, 120, 144, 192, 216, 240, 264, 288)
    ends = (*onsets[1:], 336)
    notes = tuple(Note(a, b - a, p) for a, b, p in zip(onsets, ends, pitches, strict=True))
    return Melody(notes, (Metre(3, 4),), Key(0), 96.0, "A tune")


@pytest.fixture
def tune_file(tune, tmp_path):
    """The tune as a MIDI file."""
    path = tmp_path / "tune.mid"
    path.write_bytes(midi_bytes(tune))
    return path


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """A small network that has learnt nothing: enough for everything but beauty."""
    config = NetworkConfig(hidden=16, embed=8, head=8, keys=4)
    numbers = np.random.default_rng(0)
    weights = {n: numbers.normal(0, 0.1, s).astype(np.float32) for n, s in expected_shapes(config).items()}
    card = Card(program="0.1.0", corpora=("none",), styles={"reel": 1}, melodies=3, notes=40, bits={"total": 9.5})
    path = tmp_path_factory.mktemp("model") / "small.safetensors"
    save(path, Checkpoint(config, card, weights))
    return path
