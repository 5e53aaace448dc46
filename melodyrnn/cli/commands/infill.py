"""melodyrnn infill: bars of a melody composed anew, so that both sides fit.

What infill and vary have in common: a file read, changed so many times, and written.

Contents: FileArgument, EditKeyOption, locks_of, Where, Job; infill.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from melodyrnn.cli import music_options as co
from melodyrnn.cli import options as ct
from melodyrnn.cli.options import (
    ForceOption,
    JsonOption,
    Page,
    QuietOption,
    TrackOption,
    VerboseOption,
    bars_in,
    console_of,
    foot,
    new_app,
    option,
)
from melodyrnn.music.parsing import parse_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from melodyrnn.cli.io.console import Console
    from melodyrnn.compose.generate import Generated, Model
    from melodyrnn.controls.options import Options
    from melodyrnn.music.melody import Melody

    Change = Callable[[Model, Melody, Options], Generated]


FileArgument = Annotated[
    str, typer.Argument(metavar="FILE", help="MIDI, ABC, **kern or MusicXML, or - for stdin.", show_default=False)
]
EditKeyOption = Annotated[
    str | None, option("--key", metavar="KEY", help='Am, F#, "E dorian" (else the melody\'s).', panel="Music")
]


def locks_of(texts: list[str]) -> tuple[set[str], set[int]]:
    """Read locks; 'bars=1-2' gives bars from 0, anything else is a name. Raises OptionError.

    >>> locks_of(["rhythm", "bars=1-2"])
    ({'rhythm'}, {0, 1})
    """
    names, bars = set(), set()
    for text in texts:
        if text.startswith("bars="):
            bars |= set(bars_in(text[5:], "--keep"))
        else:
            names.add(text)
    return names, bars


@dataclass(frozen=True, slots=True)
class Where:
    """Where the melody comes from and where the results go."""

    file: str
    track: str | None
    output: str | None
    count: int
    format: str | None
    force: bool
    program: int | None  # None: the file's
    drawn: bool  # the seed was not the user's


@dataclass(frozen=True, slots=True)
class Job:
    """One call that changes a melody."""

    console: Console
    verb: str
    model: str
    seed: int
    asked: Mapping[str, Any]
    key: str | None = None
    task: Mapping[str, Any] = field(default_factory=dict)  # for the recipe

    def run(self, change: Change, where: Where) -> None:
        """Read, change with seeds seed, seed + 1, …, and write."""
        from melodyrnn.cli.io.input import read_melody, tell  # noqa: PLC0415 - each costs start-up time
        from melodyrnn.cli.io.progress import with_progress  # noqa: PLC0415
        from melodyrnn.cli.io.results import results_of  # noqa: PLC0415
        from melodyrnn.cli.music_options import refuse_unwritten  # noqa: PLC0415
        from melodyrnn.cli.runs.compose_run import Making  # noqa: PLC0415
        from melodyrnn.compose.generate import load_model  # noqa: PLC0415
        from melodyrnn.compose.performance import Feel  # noqa: PLC0415
        from melodyrnn.compose.provenance import EditTask  # noqa: PLC0415
        from melodyrnn.controls.options import Options  # noqa: PLC0415

        console = self.console
        key = None if self.key is None else parse_key(self.key)
        options = Options(seed=self.seed, key=key, bars=None, **self.asked)
        results = results_of(console, where.output, count=where.count, format=where.format, force=where.force)
        refuse_unwritten(results.format, program=where.program)
        given = read_melody(console, where.file, track=where.track)
        tell(console, given, key=self.key)
        if given.others:
            console.warn(f"{given.name}: only the melody is written again, not {', '.join(given.others)}")
        loaded = load_model(self.model)
        making = Making(
            console=console, results=results, model=loaded, name=self.model, options=options, feel=Feel(),
            program=given.program if where.program is None else where.program, verb=self.verb,
            task=EditTask(**self.task), given=given.melody, drawn=where.drawn, roll=where.count == 1,
        )  # fmt: skip
        seeds = range(self.seed, self.seed + where.count)
        melodies = (change(loaded, given.melody, replace(options, seed=seed)) for seed in seeds)
        watched = (
            with_progress(console, melodies, doing="composing", total=where.count) if where.count > 1 else melodies
        )
        for index, made in enumerate(watched):
            making.write(index, made)


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
    file: FileArgument,
    bars: Annotated[
        str, option("--bars", metavar="N-N", help="Which bars; that of an upbeat is bar 1.", panel="Music")
    ],
    model: co.ModelOption = co.DEFAULT_MODEL,
    track: TrackOption = None,
    key: EditKeyOption = None,
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
    asked = ct.constraints_given(locals()) | {"temperature": temperature}
    console = console_of(context, quiet=quiet, json=json, verbose=verbose)
    wanted = ct.bars_in(bars, "--bars")
    job = Job(console, "infill", model, seed if seed is not None else int.from_bytes(os.urandom(4)), asked, key=key,
                 task={"bars": tuple(sorted(wanted))})  # fmt: skip

    from melodyrnn.compose.edit import infill as fill  # noqa: PLC0415 - --help does not wait for NumPy

    job.run(
        lambda loaded, melody, options: fill(loaded, melody, wanted, options),
        Where(file, track, output, count, format, force=force, program=program, drawn=seed is None),
    )
