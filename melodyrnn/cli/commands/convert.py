"""melodyrnn convert: music files in another format.

Contents: convert_command.
"""

from __future__ import annotations

from typing import Annotated

import typer

from melodyrnn.cli import options as o
from melodyrnn.cli.app import command


@command(see="melodyrnn inspect --help, melodyrnn play --help")
def convert_command(
    context: typer.Context,
    files: Annotated[
        list[str], typer.Argument(metavar="IN... OUT", help="Files or folders, and last where to write; - is a pipe.")
    ],
    format: o.FormatOption = None,
    track: o.TrackOption = None,
    loop: Annotated[bool, o.option("--loop", "Sound as long as its bars, without a seam.", "Sound")] = False,
    soundfont: o.SoundfontOption = None,
    depth: Annotated[int | None, o.option("--depth N", "Bits of a sample: 16 or 24.", "Sound")] = None,
    force: o.ForceOption = False,
    quiet: o.QuietOption = False,
    verbose: o.VerboseOption = False,
) -> None:
    """Write melodies in another format, one file or many.

    Examples:
      melodyrnn convert tune.mid tune.wav
      melodyrnn convert tune.abc tune.musicxml
      melodyrnn convert book.abc:12 jig.mid
      melodyrnn convert tunes/ out/ --format musicxml
      melodyrnn convert loop.mid loop.wav --loop --depth 24
      cat tune.mid | melodyrnn convert - - --format abc

    Kept is what the format can hold: chords, tempo, key, title. From MIDI to
    MIDI and to sound all tracks are kept, to scores the melody. A folder is
    searched to its depths and written likewise; of a book of ABC each tune
    becomes a file if OUT is a folder (name/), else its first.
    """
    console = o.console_of(context, quiet=quiet, verbose=verbose)

    from melodyrnn.cli.runs.convert_run import ConvertRequest, run_convert  # noqa: PLC0415

    request = ConvertRequest(
        files=tuple(files), format=format, track=track, loop=loop, soundfont=soundfont, depth=depth, force=force
    )
    run_convert(console, request)
