"""melodyrnn infill: bars of a melody composed anew, so that both sides fit.

Contents: infill.
"""

from __future__ import annotations

import os
from typing import Annotated, Final

import typer

from melodyrnn.cli import composing as co
from melodyrnn.cli import controls as ct
from melodyrnn.cli.options import (
    ForceOption,
    JsonOption,
    Page,
    QuietOption,
    TrackOption,
    VerboseOption,
    console_of,
    foot,
    new_app,
    option,
)
from melodyrnn.cli.runs import edit_run as ed

app = new_app()

_HELP: Final = """Compose bars of a melody anew, so that both sides fit.

\b
Examples:
  melodyrnn infill tune.mid --bars 3-4 -o new.mid
  melodyrnn infill tune.mid --bars 7 --effort 200 --range C4-A5
  cat tune.mid | melodyrnn infill - --bars 3-4 | timidity -

\b
Every note that begins in another bar stays as it is, velocity and all.
"""


@app.command(cls=Page, help=_HELP, epilog=foot("melodyrnn vary --help, melodyrnn generate --help"))
def infill(
    context: typer.Context,
    file: ed.FileArgument,
    bars: Annotated[
        str, option("--bars", metavar="N-N", help="Which bars; that of an upbeat is bar 1.", panel="Music")
    ],
    model: co.ModelOption = co.DEFAULT_MODEL,
    track: TrackOption = None,
    key: ed.KeyOption = None,
    scale: ct.ScaleOption = None,
    in_scale: ct.InScaleOption = None,
    range: ct.RangeOption = None,
    forbid: ct.ForbidOption = None,
    require: ct.RequireOption = None,
    max_leap: ct.LeapOption = None,
    density: ct.DensityOption = None,
    durations: ct.DurationsOption = None,
    effort: ct.EffortOption = None,
    seed: co.SeedOption = None,
    temperature: co.TemperatureOption = 1.0,
    output: co.OutputOption = None,
    count: co.CountOption = 1,
    format: co.FormatOption = None,
    program: co.ProgramOption = None,
    force: ForceOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Compose bars of a melody anew, so that both sides fit."""
    asked = ct.held(locals()) | {"temperature": temperature}
    console = console_of(context, quiet=quiet, json=json, verbose=verbose)
    wanted = ct.bars_in(bars, "--bars")
    job = ed.Job(console, "infill", model, seed if seed is not None else int.from_bytes(os.urandom(4)), asked, key=key,
                 task={"bars": tuple(sorted(wanted))})  # fmt: skip

    from melodyrnn.compose.edit import infill as fill  # noqa: PLC0415 - --help does not wait for NumPy

    job.run(
        lambda loaded, melody, options: fill(loaded, melody, wanted, options),
        ed.Where(file, track, output, count, format, force=force, program=program, drawn=seed is None),
    )
