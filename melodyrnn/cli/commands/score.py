"""melodyrnn score: how surprising every note of a melody is to a model.

Contents: score_command.
"""

from __future__ import annotations

from typing import Annotated

import typer

from melodyrnn.cli.app import command
from melodyrnn.cli.options import (
    DEFAULT_MODEL,
    ForceOption,
    JsonOption,
    ModelOption,
    QuietOption,
    TrackOption,
    console_of,
    option,
)


@command(see="melodyrnn evaluate --help")
def score_command(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A melody: MIDI, ABC, **kern, MusicXML, or - for stdin.")],
    model: ModelOption = DEFAULT_MODEL,
    track: TrackOption = None,
    output: Annotated[
        str | None, option("-o --output FILE", "A picture of it as .svg, .png or .pdf, or a page that plays it, .html.")
    ] = None,
    force: ForceOption = False,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Show how surprising each note of a melody is to a model.

    Examples:
      melodyrnn score tune.mid
      melodyrnn score tune.mid -o surprise.svg
      melodyrnn score tune.mid -m my.safetensors --json
      melodyrnn generate | melodyrnn score -

    A note costs the bits of its rest, of its duration and of its pitch; the end
    costs a rest. On a terminal the notes are drawn as well, from green (as
    expected) to red; in pictures from blue to red, with their bits. The sums are
    those of melodyrnn evaluate.
    """
    from melodyrnn.cli.runs.models.score_run import run_score  # noqa: PLC0415 - NumPy only when the options are right

    run_score(console_of(context, quiet=quiet, json=json), file, model=model, track=track, output=output, force=force)
