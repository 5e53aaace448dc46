"""melodyrnn infill and vary: a melody changed, its bars composed anew or the whole varied.

Contents: infill_command, vary_command; locks_of (what --keep means).
"""

from __future__ import annotations

from typing import Annotated

import typer

from melodyrnn.cli import options as o
from melodyrnn.cli.app import command

_File = Annotated[
    str, typer.Argument(metavar="FILE", help="MIDI, ABC, **kern or MusicXML, or - for stdin.", show_default=False)
]


@command(see="melodyrnn vary --help, melodyrnn generate --help")
@o.with_controls("infill")
def infill_command(
    context: typer.Context,
    file: _File,
    bars: Annotated[str, o.option("--bars N-N", "Which bars; that of an upbeat is bar 1.", "Music")],
    model: o.ModelOption = o.DEFAULT_MODEL,
    track: o.TrackOption = None,
    *,
    asked: o.Wishes,
    output: o.OutputOption = None,
    count: o.CountOption = 1,
    format: o.FormatOption = None,
    program: o.ProgramOption = None,
    title: o.TitleOption = None,
    soundfont: o.SoundfontOption = None,
    listen: o.ListenOption = False,
    force: o.ForceOption = False,
    json: o.JsonOption = False,
    quiet: o.QuietOption = False,
    verbose: o.VerboseOption = False,
) -> None:
    """Compose bars of a melody anew, so that both sides fit.

    Examples:
      melodyrnn infill tune.mid --bars 3-4 -o new.mid
      melodyrnn infill tune.mid --bars 7 --effort 200 --range C4-A5
      cat tune.mid | melodyrnn infill - --bars 3-4 | melodyrnn play -

    Every note that begins in another bar stays as it is, velocity and all.
    """
    console = o.console_of(context, quiet=quiet, json=json, verbose=verbose)
    task = {"bars": tuple(o.bars_in(bars, "--bars"))}

    from melodyrnn.cli.runs.edit_run import run_edit  # noqa: PLC0415

    run_edit(
        console, file, "infill", task, asked, track=track, model=model, output=output, count=count,
        format=format, program=o.program_in(program), title=title, force=force, soundfont=soundfont, listen=listen,
    )  # fmt: skip


@command(see="melodyrnn infill --help, melodyrnn generate --help")
@o.with_controls("vary")
def vary_command(
    context: typer.Context,
    file: _File,
    keep: Annotated[list[str] | None, o.option("--keep LOCK", "What stays; may be given again.", "Music")] = None,
    bars: Annotated[str | None, o.option("--bars N-N", "Change these alone; an upbeat's is bar 1.", "Music")] = None,
    strength: Annotated[float, o.option("--strength X", "0 changes nothing, 1 all that is not kept.", "Music")] = 0.5,
    model: o.ModelOption = o.DEFAULT_MODEL,
    track: o.TrackOption = None,
    *,
    asked: o.Wishes,
    output: o.OutputOption = None,
    count: o.CountOption = 1,
    format: o.FormatOption = None,
    program: o.ProgramOption = None,
    title: o.TitleOption = None,
    soundfont: o.SoundfontOption = None,
    listen: o.ListenOption = False,
    force: o.ForceOption = False,
    json: o.JsonOption = False,
    quiet: o.QuietOption = False,
    verbose: o.VerboseOption = False,
) -> None:
    """Vary a melody; what is locked stays as it is.

    Examples:
      melodyrnn vary tune.mid --keep rhythm -o new.mid
      melodyrnn vary tune.mid --keep contour --strength 0.3
      melodyrnn vary tune.mid --keep pitches --keep bars=1-2
      melodyrnn vary tune.mid --strength 1 -n 10 -o out/
      melodyrnn vary tune.mid --bars 5-8 --chords "Am F | C G" --end tonic

    Locks: rhythm (onsets and lengths), pitches (in their order), contour (which
    way each step goes, and the rhythm), bars=N-N. --end composes an ending,
    --chords what new notes go with; --tempo changes nothing else.
    """
    console = o.console_of(context, quiet=quiet, json=json, verbose=verbose)
    locks, locked = locks_of(keep or [])
    only = () if bars is None else tuple(o.bars_in(bars, "--bars"))
    task = {"bars": tuple(sorted(locked)), "keep": tuple(sorted(locks)), "strength": strength, "only": only}

    from melodyrnn.cli.runs.edit_run import run_edit  # noqa: PLC0415

    run_edit(
        console, file, "vary", task, asked, track=track, model=model, output=output, count=count,
        format=format, program=o.program_in(program), title=title, force=force, soundfont=soundfont, listen=listen,
    )  # fmt: skip


def locks_of(texts: list[str]) -> tuple[set[str], set[int]]:
    """Read locks; 'bars=1-2' gives bars from 0, anything else is a name. Raises OptionError.

    >>> locks_of(["rhythm", "bars=1-2"])
    ({'rhythm'}, {0, 1})
    """
    names, bars = set(), set()
    for text in texts:
        if text.startswith("bars="):
            bars |= set(o.bars_in(text[5:], "--keep"))
        else:
            names.add(text)
    return names, bars
