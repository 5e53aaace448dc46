"""What infill and vary have in common: a file read, changed so many times, and written.

Contents: FileArgument, KeyOption, locks_of, Where, Job.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from melodyrnn.cli.controls import bars_in
from melodyrnn.cli.options import option
from melodyrnn.music.values import key_of

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
KeyOption = Annotated[
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
        from melodyrnn.cli.io.progress import counted  # noqa: PLC0415
        from melodyrnn.cli.io.results import results_of  # noqa: PLC0415
        from melodyrnn.cli.picking import refuse_unwritten  # noqa: PLC0415
        from melodyrnn.cli.runs.compose_run import Making  # noqa: PLC0415
        from melodyrnn.compose.generate import load_model  # noqa: PLC0415
        from melodyrnn.compose.performance import Feel  # noqa: PLC0415
        from melodyrnn.compose.remaking import Task  # noqa: PLC0415
        from melodyrnn.controls.options import Options  # noqa: PLC0415

        console = self.console
        key = None if self.key is None else key_of(self.key)
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
            task=Task(**self.task), given=given.melody, drawn=where.drawn, roll=where.count == 1,
        )  # fmt: skip
        seeds = range(self.seed, self.seed + where.count)
        melodies = (change(loaded, given.melody, replace(options, seed=seed)) for seed in seeds)
        watched = counted(console, melodies, doing="composing", total=where.count) if where.count > 1 else melodies
        for index, made in enumerate(watched):
            making.write(index, made)
