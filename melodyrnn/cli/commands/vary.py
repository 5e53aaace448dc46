"""melodyrnn vary: variations of a melody, with locks.

Contents: vary.
"""

from __future__ import annotations

import os
from typing import Annotated, Final

import typer

from melodyrnn.cli import music_options as co
from melodyrnn.cli import options as ct
from melodyrnn.cli.commands import infill as ed
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

app = new_app()

_HELP: Final = """Vary a melody; what is locked stays as it is.

\b
Examples:
  melodyrnn vary tune.mid --keep rhythm -o new.mid
  melodyrnn vary tune.mid --keep contour --strength 0.3
  melodyrnn vary tune.mid --keep pitches --keep bars=1-2
  melodyrnn vary tune.mid --strength 1 -n 10 -o out/

\b
Locks: rhythm (onsets and lengths), pitches (in their order), contour (which
way each step goes, and the rhythm), bars=N-N.
"""


@app.command(cls=Page, help=_HELP, epilog=foot("melodyrnn infill --help, melodyrnn generate --help"))
def vary(
    context: typer.Context,
    file: ed.FileArgument,
    keep: Annotated[
        list[str] | None, option("--keep", metavar="LOCK", help="What stays; may be given again.", panel="Music")
    ] = None,
    strength: Annotated[
        float, option("--strength", metavar="X", help="0 changes nothing, 1 all that is not kept.", panel="Music")
    ] = 0.5,
    model: co.ModelOption = co.DEFAULT_MODEL,
    track: TrackOption = None,
    key: ed.EditKeyOption = None,
    scale: ct.ScaleOption = None,
    in_scale: ct.InScaleOption = None,
    range: ct.RangeOption = None,
    forbid: ct.ForbidOption = None,
    max_leap: ct.LeapOption = None,
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
    """Vary a melody; what is locked stays as it is."""
    asked = ct.constraints_given(locals()) | {"temperature": temperature}
    console = console_of(context, quiet=quiet, json=json, verbose=verbose)
    locks, bars = ed.locks_of(keep or [])
    job = ed.Job(console, "vary", model, seed if seed is not None else int.from_bytes(os.urandom(4)), asked, key=key,
                 task={"bars": tuple(sorted(bars)), "keep": tuple(sorted(locks)), "strength": strength})  # fmt: skip

    from melodyrnn.compose.edit import vary as varied  # noqa: PLC0415 - --help does not wait for NumPy

    job.run(
        lambda loaded, melody, options: varied(loaded, melody, options, keep=locks, bars=bars, strength=strength),
        ed.Where(file, track, output, count, format, force=force, program=program, drawn=seed is None),
    )
