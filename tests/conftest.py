"""What all tests share: signals as a terminal would give them, networks and melodies that are drawn."""

import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from melodyrnn.checkpoint.file import Card, Checkpoint, NetworkConfig, expected_shapes
from melodyrnn.compose.model import model_of
from melodyrnn.corpus.cache import load_corpus
from melodyrnn.events.columns import columns
from melodyrnn.events.context import harmonic, phrase_ticks
from melodyrnn.events.tokenizer import Encoded
from melodyrnn.events.vocabulary import DURATIONS, PITCHES, RESTS, onsets_of
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.harmony import Harmony
from melodyrnn.music.key import MODES, Key
from melodyrnn.music.melody import Melody, Metre

BENCHMARK = Path(__file__).parents[2] / "shared" / "benchmark"
SMALL = {"hidden": 32, "embed": 24, "head": 24, "keys": 8}
FRAMES = ((Metre(),), (Metre(3, 4), Metre(6, 8, 144)), (Metre(7, 8), Metre(4, 4, 84)), (Metre(2, 2),))


def weights_of(config, scale=0.3):
    """Every weight of a network, random."""
    rng = np.random.default_rng(0)
    return {n: (rng.standard_normal(s) * scale).astype(np.float32) for n, s in expected_shapes(config).items()}


@pytest.fixture(scope="session")
def melody_sets(tmp_path_factory):
    """Name → MIDI files: the public sets where they lie beside this checkout, else the one that music21 brings."""
    if BENCHMARK.is_dir():
        return {folder.name: sorted(folder.glob("*.mid")) for folder in sorted(BENCHMARK.iterdir()) if folder.is_dir()}
    folder = tmp_path_factory.mktemp("kinder")
    for number, outcome in enumerate(load_corpus("kinder")):
        (folder / f"{number:03d}.mid").write_bytes(midi_bytes(outcome.melody))
    return {"kinder": sorted(folder.glob("*.mid"))}


@pytest.fixture(scope="session")
def melody_files(melody_sets):
    """All files of the sets."""
    return [file for files in melody_sets.values() for file in files]


@pytest.fixture(scope="session")
def random_weights():
    """A function: NetworkConfig and a scale → weights."""
    return weights_of


@pytest.fixture(scope="session")
def random_columns():
    """A function: number of notes and a seed → Columns that jump about, metre changes included."""

    def make(notes, seed):
        rng = np.random.default_rng(seed)
        rests = np.where(rng.random(notes) < 0.7, 0, rng.integers(0, len(RESTS), notes))
        durations = np.where(rng.random(notes) < 0.6, 23, rng.integers(0, len(DURATIONS), notes))
        pitches = np.clip(36 + np.cumsum(rng.integers(-4, 5, notes)), 0, len(PITCHES) - 1)
        key = Key(seed % 12, MODES[seed % 7])
        frame = Melody((), FRAMES[seed % len(FRAMES)], key)
        velocities = np.full(notes, 80)
        return columns(Encoded(frame, key, 60 + seed % 12, rests, durations, pitches, velocities), style=seed % 4)

    return make


@pytest.fixture(scope="session")
def told_columns(random_columns):
    """The same, with phrases, with chords, with both or with neither, by the seed."""

    def make(notes, seed):
        rng, melody = np.random.default_rng((seed, 1)), random_columns(notes, seed)
        onsets = onsets_of(melody.rest, melody.duration).tolist()
        end = onsets[-1] + 400
        phrases = sorted({0, *rng.integers(1, end, max(1, notes // 6)).tolist()} - {0})
        spans = [(int(ticks), str(rng.choice(["Am7", "G7", "N.C.", "Bdim", "F#", "Csus4"]))) for ticks in
                 rng.integers(6, 300, 1 + notes // 3)]  # fmt: skip
        return replace(
            melody,
            phrase=phrase_ticks(onsets, end, phrases) if seed % 4 != 1 else None,
            harmony=harmonic(onsets, Harmony(tuple(spans), Metre(), onset=int(rng.integers(0, 50))), melody.tonic)
            if seed % 4 != 2
            else None,
        )

    return make


@pytest.fixture(scope="session")
def model():
    """A small model that composes nonsense, quickly."""
    config = NetworkConfig(**SMALL)
    card = Card(styles={"march": 3}, registers={62: 1, 67: 5, 70: 1})
    return model_of(Checkpoint(config, card, weights_of(config)))


settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")  # both are counted by the clock


def pytest_configure():
    """Hear Ctrl-C again.

    A shell that starts us in the background has SIGINT ignored, every child inherits that, and a test that
    interrupts a command would wait for ever. A handler of our own is reset to the default in what we start.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
