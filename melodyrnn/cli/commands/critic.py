"""melodyrnn critic: have a model hear what it writes.

Contents: critic_command.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from melodyrnn.cli.app import command
from melodyrnn.cli.options import ForceOption, QuietOption, console_of, option


@command(see="melodyrnn evaluate --help, for --two-sample")
def critic_command(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model file, or the name of one that ships.")],
    output: Annotated[Path, option("-o --output FILE", "The model with its critic.")],
    samples: Annotated[
        int, option("--samples N", "Melodies of each kind that it learns from, at most.", min=8)
    ] = 5_000,
    seed: Annotated[int, option("--seed N", "Seed of what is written and of the critic.", min=0)] = 1_000_000,
    jobs: Annotated[int, option("--jobs N", "Processes that write; 0: all.", min=0)] = 0,
    force: ForceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Let a model hear what it writes: train its critic.

    Examples:
      melodyrnn critic my.safetensors -o mine.safetensors

    The model writes melodies under the frames of those that it learnt from; a small
    network learns to tell them apart and is kept in the model's file. From then on
    generate --bars free composes a melody again as often as the critic hears that
    it is written. The corpora that the model was trained on are needed.
    """
    from melodyrnn.cli.runs.models.critic_run import run_critic  # noqa: PLC0415 - torch

    console = console_of(context, quiet=quiet)
    run_critic(console, model, output, samples=samples, seed=seed, jobs=jobs, force=force)
