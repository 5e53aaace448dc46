"""What `melodyrnn critic` does: the model writes, a critic learns, both go into one file.

Imports torch: only the command may import this module.

Contents: run_critic.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from melodyrnn.checkpoint.file import find, load, save
from melodyrnn.cli.io.console import amount
from melodyrnn.cli.runs.models.evaluation_run import parts_learnt, split_seed
from melodyrnn.compose.model import model_of
from melodyrnn.errors import OutputError
from melodyrnn.evaluation.critic_training import FREE, counted_again, learn_critic, with_critic
from melodyrnn.evaluation.written import framed, write_under_frames
from melodyrnn.training.two_sample_network import FROZEN

if TYPE_CHECKING:
    from pathlib import Path

    from melodyrnn.cli.io.console import Console


def run_critic(
    console: Console, model: str, output: Path, *, samples: int, seed: int, jobs: int, force: bool
) -> None:  # fmt: skip
    """Train a critic for a model and write both. Raises OutputError for a file that is there, a folder that is not."""
    if output.exists() and not force:
        raise OutputError(f"{output}: is there already; --force replaces it")
    if not output.parent.is_dir():  # said before minutes of composing, not after
        raise OutputError(f"{output}: there is no folder {output.parent}; make it first")
    checkpoint = replace(load(find(model)), critic={}, source=None)  # another may have been learnt
    (train,) = parts_learnt(console, checkpoint, (), ("train",), seed=split_seed(checkpoint))
    learnt = [melody for one in train for melody in one.melodies]
    checkpoint = counted_again(checkpoint, learnt)  # which the model composes by
    known = [melody for melody in learnt if framed(melody) is not None]
    chosen = np.random.default_rng(seed).permutation(len(known))[:samples].tolist()
    real = [known[row] for row in chosen]
    frames = [frame for melody in real if (frame := framed(melody)) is not None]
    making = write_under_frames(model_of(checkpoint), frames, seed, jobs=jobs, temperature=FREE)
    written = [one.melody for one in console.progress(making, doing="composing", total=len(frames))]
    epochs = console.progress(learn_critic(real, written, seed), doing="learning", total=FROZEN.epochs)
    *_, weights = epochs
    save(output, with_critic(checkpoint, weights))
    console.say(f"{output}: {model} and a critic that learnt from {amount(len(real), 'melody')} and as many of its own")
