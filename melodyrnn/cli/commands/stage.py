"""melodyrnn play: music through the loudspeaker.

Contents: play_command.
"""

from __future__ import annotations

from typing import Annotated, Final

import typer

from melodyrnn.cli import options as o
from melodyrnn.cli.app import command
from melodyrnn.cli.runs.manner import ready_to_play

_ALONE: Final = {"--loop": ("0", "[0-9]+")}


@command(see="melodyrnn convert --help, whose .wav is the same sound", alone=_ALONE)
def play_command(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="What to play, or - for stdin.", show_default=False)],
    loop: Annotated[int | None, o.option("--loop [N]", "Over and over, or N times, in whole bars.", min=0)] = None,
    soundfont: o.SoundfontOption = None,
    track: o.TrackOption = None,
    quiet: o.QuietOption = False,
    verbose: o.VerboseOption = False,
) -> None:
    """Play a file through the loudspeaker.

    Examples:
      melodyrnn play tune.mid
      melodyrnn generate | melodyrnn play -
      melodyrnn generate --loop --bars 4 | melodyrnn play - --loop
      melodyrnn play book.abc:12 --soundfont piano.sf2

    All tracks of a MIDI file are played as they stand there; of other formats
    the melody, its chords softly beneath. On a terminal the roll moves along:
    space waits and goes on, left and right go a bar back and forth, q ends.
    MELODYRNN_AUDIO=null plays without a loudspeaker.
    """
    console = o.console_of(context, quiet=quiet, verbose=verbose)

    ready_to_play()
    from melodyrnn.cli.runs.play_run import run_aloud  # noqa: PLC0415

    turns = 1 if loop is None else loop or None
    run_aloud(console, file, track=track, turns=turns, soundfont=soundfont)
