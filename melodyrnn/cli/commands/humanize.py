"""melodyrnn humanize: the melody of a MIDI file, played as a hand or a clip would.

Contents: humanize_command.
"""

from __future__ import annotations

from typing import Annotated

import typer

from melodyrnn.cli import options as o
from melodyrnn.cli.app import command


@command(see="melodyrnn generate --help, whose --humanize and --feel do so at once")
def humanize_command(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A MIDI file, or - for stdin.", show_default=False)],
    strength: Annotated[
        float, o.option("--strength X", "0 changes nothing, 1 plays all as the feel is.", "Music")
    ] = 0.5,
    feel: Annotated[str | None, o.option("--feel FILE", "A MIDI file that was played: its feel.", "Music")] = None,
    track: o.TrackOption = None,
    seed: Annotated[int, o.seed_option("What is drawn.", "Music")] = 0,
    output: o.OutputOption = None,
    format: o.FormatOption = None,
    soundfont: o.SoundfontOption = None,
    force: o.ForceOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Play the melody of a file less exactly, or as a clip is.

    Examples:
      melodyrnn humanize tune.mid --strength 0.6 -o played.mid
      melodyrnn humanize tune.mid --feel clip.mid --strength 1 -o played.mid
      cat tune.mid | melodyrnn humanize - | melodyrnn play -

    Onsets, lengths and velocities of the melody's track change; pitches, other
    tracks and all other events stay. Without --feel strong beats are louder, a
    phrase swells, and timing drifts a little.
    """
    console = o.console_of(context, quiet=quiet)

    from melodyrnn.cli.runs.humanize_run import run_humanize  # noqa: PLC0415

    run_humanize(
        console, file, strength=strength, feel=feel, track=track, seed=seed, output=output, force=force, format=format,
        soundfont=soundfont,
    )  # fmt: skip
