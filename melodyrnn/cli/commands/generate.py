"""melodyrnn generate: new melodies in every format that is written.

Contents: generate_command.
"""

from __future__ import annotations

import typer

from melodyrnn.cli import options as o
from melodyrnn.cli.app import command


@command(see="melodyrnn train --help, melodyrnn inspect --help")
@o.with_controls("generate")
def generate_command(
    context: typer.Context,
    model: o.ModelOption = o.DEFAULT_MODEL,
    prime: o.PrimeOption = None,
    track: o.TrackOption = None,
    *,
    asked: o.Wishes,
    output: o.OutputOption = None,
    count: o.CountOption = 1,
    best: o.BestOption = None,
    of: o.OfOption = None,
    keep: o.KeepOption = None,
    format: o.FormatOption = None,
    program: o.ProgramOption = None,
    title: o.TitleOption = None,
    humanize: o.HumanizeOption = 0.0,
    swing: o.SwingOption = 50.0,
    soundfont: o.SoundfontOption = None,
    listen: o.ListenOption = False,
    recipe: o.RecipeOption = True,
    force: o.ForceOption = False,
    json: o.JsonOption = False,
    quiet: o.QuietOption = False,
    verbose: o.VerboseOption = False,
) -> None:
    """Write new melodies.

    Examples:
      melodyrnn generate                              a file melody.mid here
      melodyrnn generate -o tune.mid --bars 16 --seed 7
      melodyrnn generate --listen                     heard at once
      melodyrnn generate --loop --bars 4 -o loop.wav
      melodyrnn generate --prime phrase.mid -o longer.mid
      cat phrase.mid | melodyrnn generate --prime - -o - > longer.mid
      melodyrnn generate -m my.safetensors -n 20 -o out/
      melodyrnn generate --best 8 --of 200 --seed 1 -o out/
      melodyrnn generate --best 8 --of 200 --seed 1 --keep 2,5 -o kept/
      melodyrnn generate -o tune.abc --key "E dorian" --metre 6/8
      melodyrnn generate --form "AABA'" --bars 16 --end tonic --range C4-A5
      melodyrnn generate --chords "Am F | G C" --chord-track --loop -o loop.mid
      melodyrnn generate --chords song.musicxml -o over.mid

    Without -o the melody goes to stdout when that is a pipe or a file, and into
    a new file in the current folder when it is a terminal.
    """
    console = o.console_of(context, quiet=quiet, json=json, verbose=verbose)

    from melodyrnn.cli.runs.generate_run import GenerateRequest, run_generate  # noqa: PLC0415

    request = GenerateRequest(
        model=model, prime=prime, track=track, asked=asked, output=output, count=count, best=best, of=of, keep=keep,
        format=format, program=o.program_in(program), title=title, humanize=humanize, swing=swing, recipe=recipe,
        force=force, soundfont=soundfont, listen=listen,
    )  # fmt: skip
    run_generate(console, request)
