"""How cost grows with notes, melodies side by side, width, and files: four curves."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

import numpy as np

from bench.speeds.composing import step_of
from bench.speeds.reading import files
from bench.speeds.timing import Setting, median
from melodyrnn.checkpoint.file import Card, Checkpoint, NetworkConfig, expected_shapes
from melodyrnn.cli.io.figure_look import FIGURE_LOOK
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import load_model, model_of
from melodyrnn.controls.options import Options
from melodyrnn.corpus.prepare import prepare
from melodyrnn.corpus.sources import Source
from melodyrnn.corpus.worker import read_source
from melodyrnn.inference.decoder import Conditions, Decoder, of_metres
from melodyrnn.music.melody import Metre

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from melodyrnn.inference.numpy_network import Network

Curve = tuple[str, str, list[int], list[float]]


def draw(setting: Setting, picture: Path) -> None:
    """Measure the curves and write them as one SVG."""
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("svg")
    mpl.rcParams.update(FIGURE_LOOK)
    from matplotlib import pyplot as plt  # noqa: PLC0415

    network = load_model(setting.model).network
    curves = [_by_notes(network), _by_melodies(setting), _by_width(), _by_files(setting)]
    figure, panels = plt.subplots(2, 2, figsize=(9, 6.5), layout="constrained")
    for panel, (x, y, values, seconds) in zip(panels.flat, curves, strict=True):
        panel.plot(values, seconds, marker="o")
        panel.set(xlabel=x, ylabel=y, ylim=(0, None), xlim=(0, None))
        panel.grid(visible=True)
    figure.savefig(picture, metadata={"Date": None})
    plt.close(figure)


def _best(do: Callable[[], object], runs: int = 3) -> float:
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        do()
        times.append(time.perf_counter() - began)
    return median(times)


def _by_notes(network: Network) -> Curve:
    """All three questions and `hear`, for one melody, up to 1600 notes; its pointers look at every earlier note."""
    zero = np.zeros(1, np.int64)
    decoder = Decoder(network, Conditions(zero + 1, zero, zero + 61, zero), of_metres((Metre(),), 1))
    pitches = np.random.default_rng(0).integers(30, 45, 1600)
    counts, seconds, began = [], [], time.perf_counter()
    for i, pitch in enumerate(pitches.tolist(), 1):
        decoder.rest(), decoder.duration(zero), decoder.pitch(zero, zero + 11)
        decoder.step(zero, zero + 11, zero + pitch)
        if i % 200 == 0:
            counts.append(i)
            seconds.append(time.perf_counter() - began)
    return "notes of one melody", "seconds", counts, seconds


def _by_melodies(setting: Setting) -> Curve:
    model = load_model(setting.model)
    counts = [1, 32, 64, 128, 192, 256]
    return (
        "melodies of 8 bars",
        "seconds",
        counts,
        [_best(lambda n=n: list(generate(model, Options(end="free"), n)), 1) for n in counts],
    )


def _by_width() -> Curve:
    widths, seconds = [64, 128, 256, 384, 512, 768, 1024], []
    rng = np.random.default_rng(0)
    for hidden in widths:
        config = NetworkConfig(hidden=hidden, embed=160, head=256, keys=64)
        weights = {n: (rng.standard_normal(s) * 0.1).astype(np.float32) for n, s in expected_shapes(config).items()}
        step = step_of(model_of(Checkpoint(config, Card(), weights)).network)
        seconds.append(1000 * _best(lambda step=step: [step() for _ in range(50)]) / 50)
    return "units of the LSTM (weights grow with the square)", "milliseconds a step, one melody", widths, seconds


def _by_files(setting: Setting) -> Curve:
    paths, counts, seconds = files(setting, 2000), [250, 500, 1000, 2000], []
    for count in counts:
        sources = [Source(path.name, str(path), "midi") for path in paths[:count]]
        work = lambda sources=sources: prepare(  # noqa: E731
            itertools.chain.from_iterable(map(read_source, sources)), setting.folder / "corpus"
        )
        seconds.append(_best(work, 1))
    return "MIDI files prepared as a corpus", "seconds, one process", counts, seconds
