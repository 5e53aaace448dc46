"""What memory does: networks measured, or trained to be measured, and both measures told and drawn.

Imports torch: only `memory` may import this module, when its options are right.

Contents: measure_models, train_and_measure, tell_memory.
"""

from __future__ import annotations

from dataclasses import asdict
from math import log10
from pathlib import Path
from typing import TYPE_CHECKING, Final

from melodyrnn.checkpoint.file import NetworkConfig, find, load
from melodyrnn.cli.runs.models.evaluation_run import own_corpora, part_learnt, read_sets, split_seed, unseen
from melodyrnn.evaluation.sets import parts_as_trained
from melodyrnn.training.config import TrainingConfig
from melodyrnn.training.events import Evaluated, Split
from melodyrnn.training.memory_span import measure_memory, of_checkpoint, train_without_pointers
from melodyrnn.training.validation import baselines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.cli.io.console import Console
    from melodyrnn.training.memory_span import Memory

_CELLS: Final = ("rnn", "gru", "lstm")
_BAR: Final = 40  # columns of the longest bar


def measure_models(
    console: Console, models: Sequence[str], corpus: str, longest: int, seed: int | None
) -> list[Memory]:
    """Measure models that are there."""
    found = []
    for model in models:
        checkpoint = load(find(model))
        split = split_seed(checkpoint) if seed is None else seed
        own = corpus in own_corpora(checkpoint)
        (melodies,) = (
            part_learnt(console, checkpoint, [corpus], "test", seed=split) if own else read_sets(console, [corpus])
        )
        melodies = unseen(console, checkpoint, melodies, drop=True)
        found.append(of_checkpoint(Path(model).stem, checkpoint, melodies.melodies, longest))
    return found


def train_and_measure(
    console: Console, corpus: str, longest: int, seed: int, *, hidden: int, epochs: int
) -> list[Memory]:
    """Train one network of each cell and measure it on the test part."""
    parts = parts_as_trained([corpus], seed)
    split = Split(parts[corpus, "train"].melodies, parts[corpus, "validation"].melodies)
    config = NetworkConfig(hidden=hidden, embed=hidden, head=hidden, keys=1)
    # Many small steps and little dropout: a state learns to carry something far only after it has learnt the near.
    recipe = TrainingConfig(
        epochs=epochs, patience=epochs, positions=360, drop_state=0.2, drop_head=0.1, hide_bars=1.0, hide_style=1.0,
        seed=seed,
    )  # fmt: skip
    counted = baselines(split.train, parts[corpus, "test"].melodies)["unigram"]["total"]
    found = []
    for cell in _CELLS:
        for event in train_without_pointers(split, config, recipe, cell):
            if isinstance(event, Evaluated):
                console.detail(f"{cell} epoch {event.epoch + 1} of {epochs}: {event.heldout.total:.3f} bits a note")
            else:
                shape = NetworkConfig(cell=cell, hidden=hidden, embed=hidden, head=hidden, keys=1)
                found.append(measure_memory(cell, shape, event.weights, parts[corpus, "test"].melodies, longest))
        console.say(f"{cell}: {found[-1].parameters:,} weights, {found[-1].whole:.3f} bits a note")
        if found[-1].whole >= counted:
            console.warn(f"{cell}: hardly trained: counting values alone gives {counted:.3f} bits; try --epochs N")
    return found


def tell_memory(console: Console, found: Sequence[Memory], corpus: str, output: Path | None, *, force: bool) -> None:
    """Print both measures, and plot them if a file is named."""
    if console.json:
        for one in found:
            console.record({**asdict(one), "reach": one.reach, "or_more": one.beyond, "corpus": corpus})
    else:
        console.lines(_table(found))
        console.draw(line for one in found for line in _bars(one, unicode=console.unicode))
    if output is not None:
        from melodyrnn.cli.runs.models.memory_plot import plot_memory  # noqa: PLC0415 - matplotlib costs half a second

        plot_memory(found, output, force=force)
        console.say(f"{output}: the plot")


def _table(found: Sequence[Memory]) -> Iterator[str]:
    """Both measures, a line for each number of notes."""
    yield "influence of the note k notes ago, the last one = 1"
    yield f"{'k':>8}" + "".join(f" {one.name:>12}" for one in found)
    for lag in range(1, len(found[0].influence) + 1):
        yield f"{lag:>8}" + "".join(f" {one.influence[lag - 1] / one.influence[0]:>12.2g}" for one in found)
    reaches = [f"{one.reach} or more" if one.beyond else str(one.reach) for one in found]
    caption = "last k above a hundredth" + ("; more: --notes N" if any(one.beyond for one in found) else "")
    yield f"{'reach':>8}" + "".join(f" {reach:>12}" for reach in reaches) + f"   ({caption})"
    yield ""
    yield "bits a note when only the last k notes are known"
    for row, context in enumerate(found[0].contexts):
        yield f"{context:>8}" + "".join(f" {one.bits[row]:>12.3f}" for one in found)
    yield f"{'all':>8}" + "".join(f" {one.whole:>12.3f}" for one in found)


def _bars(one: Memory, *, unicode: bool) -> Iterator[str]:
    """The influence as bars; a tenth of it is half as long as a hundredth is far: the scale is logarithmic."""
    yield f"{one.name}: influence, each {_BAR // 4} columns a factor of ten"
    for lag, value in enumerate(one.influence, 1):
        length = max(0, round(_BAR * (1 + log10(max(value / one.influence[0], 1e-9)) / 4)))
        yield f"{lag:>4} {('█' if unicode else '#') * length}"
