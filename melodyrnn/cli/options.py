"""What the commands have in common: shared options, the layout of help pages, the console they are given.

The options that hold a melody to something, as the command line spells them.

Contents: JsonOption, QuietOption, VerboseOption, ForceOption, TrackOption, StrictOption; Page, option, corpus_names,
new_app, foot, console_of; an Annotated type for each; `constraints_given` (a command's own values → keyword arguments
of Options).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand

from melodyrnn.cli.io.console import Console
from melodyrnn.cli.status import EPILOG

JsonOption = Annotated[bool, typer.Option("--json", help="Facts as JSON lines on stdout.")]
QuietOption = Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing but errors.")]
VerboseOption = Annotated[bool, typer.Option("-v", "--verbose", help="Say more.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace files that are already there.")]
TrackOption = Annotated[
    str | None, typer.Option("--track", metavar="N|NAME", help="The track that holds the melody, by number or name.")
]
StrictOption = Annotated[bool, typer.Option("--strict", help="Refuse damaged files instead of keeping what is whole.")]


def console_of(context: typer.Context, *, quiet: bool = False, verbose: bool = False, json: bool = False) -> Console:
    """The console that main() or a test handed in, else that of the process; settled as the options say."""
    console = context.obj if isinstance(context.obj, Console) else Console.of_process()
    return console.settle(quiet=quiet, verbose=verbose, json=json)


class Light:
    """A command or group whose values are read without pydantic.

    Typer hands each value to a pydantic adapter: 90 ms of imports and schemas, as much as NumPy takes, for
    what int() and float() do.
    """

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, --help among them, each with a reader of ours where its type has one."""
        params: list[Any] = super().get_params(ctx)  # type: ignore[misc]  # of the Typer class beside this one
        for param in params:
            reader = _Reader.of(param)
            if reader is not None:
                param.get_runtime_param = lambda reader=reader: reader
        return params


class Page(Light, TyperCommand):
    """A command whose help page shows its options in groups (`rich_help_panel`), as plain text."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, then the groups of options in the order in which they first appear."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is None:
                continue
            argument = param.param_type_name == "argument"
            group = "Arguments" if argument else getattr(param, "rich_help_panel", None) or "Options"
            # Typer adds the Python type to an argument's name: "FILE <str>".
            groups.setdefault(group, []).append((record[0].split(" <")[0] if argument else record[0], record[1]))
        general = groups.pop("Options", [])
        for group, records in (*groups.items(), ("Options", general)):
            with formatter.section(group):
                formatter.write_dl(records)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Text from the command line to a value; takes the place of Typer's own reader of a parameter."""

    kind: type[str | int | float | bool | Path]
    least: float | None = None
    most: float | None = None

    @classmethod
    def of(cls, param: Any) -> _Reader | None:
        """The reader for a parameter; None for types that are left to Typer."""
        kind = param.type_descriptor.annotation
        kind = kind.__args__[0] if getattr(kind, "__origin__", None) is list else kind
        info = param.type_descriptor.parameter_info
        return cls(kind, info.min, info.max) if kind in _NAMES else None

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Read one value, or each of several; raise BadParameter."""
        if value is None or value == ():
            return value
        if isinstance(value, list | tuple):
            return [self._one(item, param, ctx) for item in value]
        return self._one(value, param, ctx)

    def _one(self, text: Any, param: Any, ctx: Any) -> Any:
        try:
            value = self.kind(text)
        except ValueError:
            raise typer.BadParameter(f"{text!r} is not {_NAMES[self.kind]}", ctx=ctx, param=param) from None
        if isinstance(value, int | float) and not (self.least is None or value >= self.least):
            raise typer.BadParameter(f"{value} is less than {self.least}", ctx=ctx, param=param)
        if isinstance(value, int | float) and not (self.most is None or value <= self.most):
            raise typer.BadParameter(f"{value} is more than {self.most}", ctx=ctx, param=param)
        return value


_NAMES: Final = {str: "a text", bool: "yes or no", Path: "a path", int: "a whole number", float: "a number"}


LARGEST_SEED: Final = 2**53 - 1
"""Of a division, which a model's card keeps as a number of JSON."""


def option(*names: str, metavar: str | None = None, help: str, panel: str | None = None, **more: Any) -> Any:
    """An option as its help page shows it; `panel` is the group it stands in."""
    return typer.Option(*names, metavar=metavar, help=help, rich_help_panel=panel, **more)


def new_app(**settings: Any) -> typer.Typer:
    """A Typer for one command: plain pages, no tracebacks in boxes, -h."""
    return typer.Typer(
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        **settings,
    )


def foot(see: str = "") -> str:
    """The end of a help page: exit statuses, and where to read on."""
    return "\b\n" + EPILOG + (f"\nSee also: {see}." if see else "")


def corpus_names() -> list[str]:
    """Names of the built-in corpora, for shell completion."""
    from melodyrnn.corpus.sources import names  # noqa: PLC0415

    return list(names())


_PITCH: Final = "Pitches"
_SHAPE: Final = "Rhythm and form"
_CHORDS: Final = "Chords"

ScaleOption = Annotated[
    str | None, option("--scale", metavar="NOTES", help='Only these: "C D Eb F# G Ab B".', panel=_PITCH)
]
InScaleOption = Annotated[
    str | None,
    option(
        "--in-scale",
        metavar="strict|mostly|free",
        help="Keep to the scale, or the key's (mostly in modes).",
        panel=_PITCH,
    ),
]
RangeOption = Annotated[str | None, option("--range", metavar="C4-A5", help="Lowest and highest note.", panel=_PITCH)]
ForbidOption = Annotated[
    str | None, option("--forbid", metavar="NOTES", help='Never these: "F# C4"; no octave means all.', panel=_PITCH)
]
RequireOption = Annotated[
    str | None, option("--require", metavar="NOTES", help="Each of these at least once.", panel=_PITCH)
]
LeapOption = Annotated[
    int | None, option("--max-leap", metavar="N", help="Semitones from note to note, at most (1 to 72).", panel=_PITCH)
]
ContourOption = Annotated[
    str | None,
    option("--contour", metavar="SHAPE", help='Lean to arch, rise, fall, wave or heights "0 2 5 3".', panel=_PITCH),
]
EndOption = Annotated[
    str | None,
    option("--end", metavar="tonic|open|N|free", help="End on 1, on 2, 5 or 7, or N: on a beat, long.", panel=_PITCH),
]
DensityOption = Annotated[
    str | None,
    option("--density", metavar="N|N-N", help="Notes in each bar, or sparse, medium, dense.", panel=_SHAPE),
]
DurationsOption = Annotated[
    str | None, option("--durations", metavar="VALUES", help='Only these note values: "1/4 1/8".', panel=_SHAPE)
]
FormOption = Annotated[
    str | None,
    option("--form", metavar="AABA", help="Sections that return; A' with another last bar.", panel=_SHAPE),
]
ChordsOption = Annotated[
    str | None,
    option("--chords", metavar="CHORDS|FILE", help='"Am:4 F:2 | C", or those of FILE[:TRACK].', panel=_CHORDS),
]
ChordTonesOption = Annotated[
    str, option("--chord-tones", metavar="prefer|rule", help="Chord tones on strong beats.", panel=_CHORDS)
]
ChordTrackOption = Annotated[
    bool, option("--chord-track", help="Write the chords too: a second MIDI track, or symbols.", panel=_CHORDS)
]
EffortOption = Annotated[
    int | None,
    option(
        "--effort",
        metavar="N",
        help="Melodies side by side to draw one from, up to 4096; more fit better.",
        panel="Chance",
    ),
]
NAMES: Final = (
    "scale", "in_scale", "range", "forbid", "require", "max_leap", "contour", "end", "density", "durations", "form",
    "chords", "chord_tones", "chord_track", "effort",
)  # fmt: skip
"""Parameters of a command that go to Options as they are."""


def constraints_given(values: dict[str, Any]) -> dict[str, Any]:
    """Of a command's parameters (its locals), those that stand in NAMES."""
    return {name: values[name] for name in NAMES if name in values}


def bars_in(text: str, option_name: str) -> range:
    """Read bars as a person counts them, '3-4' or '3'; bars from 0. Raises OptionError.

    >>> bars_in("3-4", "--bars")
    range(2, 4)
    """
    import re  # noqa: PLC0415

    from melodyrnn.errors import OptionError  # noqa: PLC0415

    match = re.fullmatch(r"([1-9][0-9]{0,4})(?:-([1-9][0-9]{0,4}))?", text.strip())
    if match is None or int(match[2] or match[1]) < int(match[1]):
        raise OptionError(option_name, f"{text!r} are no bars; write 3-4, or 3")
    return range(int(match[1]) - 1, int(match[2] or match[1]))
