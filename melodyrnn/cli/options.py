"""The options of the commands: those that several share, and those of the controls, which `melodyrnn.controls` lists.

Contents: option, seed_option, console_of, corpus_names, model_names; an Annotated type for each option; Wishes,
with_controls, signed (the options of the controls in a command's signature), program_in, bars_in.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from melodyrnn.cli.io.console import Console
from melodyrnn.controls import every
from melodyrnn.errors import OptionError
from melodyrnn.formats.midi.programs import program_of
from melodyrnn.formats.registry import OUTPUT_FORMATS

if TYPE_CHECKING:
    from melodyrnn.controls.control import Control

DEFAULT_MODEL: Final = "folk"
DEFAULT_CANDIDATES: Final = 200
_MUSIC: Final = "Music"
_WHERE: Final = "Where it goes"


def option(spelling: str, help: str, panel: str | None = None, **more: Any) -> Any:
    """An option spelt as on its help page, "-m --model MODEL"; `panel` is the group it stands in there."""
    words = spelling.split()
    names = [word for word in words if word.startswith("-")]
    return typer.Option(*names, metavar=" ".join(words[len(names) :]) or None, help=help, rich_help_panel=panel, **more)


def seed_option(help: str, panel: str | None = None) -> Any:
    """The seed of a division, which a model's card keeps as a number of JSON: 53 bits."""
    return option("--seed N", help, panel, min=0, max=2**53 - 1)


def console_of(context: typer.Context, *, quiet: bool = False, verbose: bool = False, json: bool = False) -> Console:
    """The console that main() or a test handed in, else that of the process; settled as the options say."""
    console = context.obj if isinstance(context.obj, Console) else Console.of_process()
    return console.settle(quiet=quiet, verbose=verbose, json=json)


def corpus_names() -> list[str]:
    """Names of the built-in corpora, for shell completion."""
    from melodyrnn.corpus.sources import names  # noqa: PLC0415

    return list(names())


def model_names() -> list[str]:
    """Names of the models that ship, for shell completion."""
    from melodyrnn.checkpoint.file import shipped  # noqa: PLC0415

    return list(shipped())


JsonOption = Annotated[bool, option("--json", "Facts as JSON lines on stdout.")]
QuietOption = Annotated[bool, option("-q --quiet", "Say nothing but errors.")]
VerboseOption = Annotated[bool, option("-v --verbose", "Say more.")]
ForceOption = Annotated[bool, option("--force", "Replace files that are already there.")]
TrackOption = Annotated[str | None, option("--track N|NAME", "The track that holds the melody, by number or name.")]
StrictOption = Annotated[bool, option("--strict", "Refuse damaged files instead of keeping what is whole.")]


ModelOption = Annotated[
    str, option("-m --model MODEL", "A model file, or the name of one that ships.", _MUSIC, autocompletion=model_names)
]
PrimeOption = Annotated[
    str | None,
    option("--prime FILE|-", "Go on from this melody, which is kept; BOOK.abc:12 is tune 12 of a book.", _MUSIC),
]
OutputOption = Annotated[str | None, option("-o --output FILE|DIR/|-", "Where to write.", _WHERE)]
CountOption = Annotated[int, option("-n --count N", "How many melodies.", _WHERE)]
FormatOption = Annotated[
    str | None,
    option(
        "--format FORMAT",
        f"{', '.join(OUTPUT_FORMATS)}; else by the suffix of -o.",
        _WHERE,
        autocompletion=lambda: list(OUTPUT_FORMATS),
    ),
]
ProgramOption = Annotated[
    str | None, option("--program N|NAME", "General MIDI sound, 0 to 127, or its name (0, or the file's).", _WHERE)
]
TitleOption = Annotated[
    str | None, option("--title TEXT", "Its name; else key, bars and seed, or that of the file.", _WHERE)
]
SoundfontOption = Annotated[
    str | None, option("--soundfont FILE", "Sounds (.sf2) of what is heard or a .wav; else TimGM6mb.", _WHERE)
]
ListenOption = Annotated[bool, option("--listen", "Play it through the loudspeaker as well.", _WHERE)]
RecipeOption = Annotated[bool, option("--recipe/--no-recipe", "Keep in the MIDI file how it was made.", _WHERE)]
BestOption = Annotated[int | None, option("--best N", "Keep the N best of many, in a table and as rolls.", _WHERE)]
OfOption = Annotated[int | None, option("--of N", f"... of so many ({DEFAULT_CANDIDATES}).", _WHERE)]
KeepOption = Annotated[str | None, option("--keep N,N", "... and of these the ones of those ranks alone: 2,5.", _WHERE)]
HumanizeOption = Annotated[float, option("--humanize X", "Play like a hand, from 0 (exact) to 1.", _WHERE)]
SwingOption = Annotated[float, option("--swing N", "Per cent of a quarter for its first eighth, 50 to 80: 67.", _WHERE)]


def program_in(text: str | None) -> int | None:
    """Read a General MIDI sound, by its number or name; None for none. Raises OptionError."""
    return None if text is None else program_of(text)


Wishes = dict[str, Any]
"""Stands, in the signature of a command, for the options of all its controls: what is given, by name."""


def with_controls(verb: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command, in the place of its parameter `asked`, an option for each control that this verb has."""

    def add(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def run(**values: Any) -> None:
            own = {name: values.pop(name) for name, control in every().items() if control.option.belongs_to(verb)}
            asked = {name: value for name, value in own.items() if _is_typed(values["context"], name)}
            function(asked=asked, **values)

        run.asks = verb  # type: ignore[attr-defined]
        return run

    return add


def _is_typed(context: typer.Context, name: str) -> bool:
    """Whether the user has given an option: a default may give way to what a style brings, `--bars 8` typed may not."""
    source = context.get_parameter_source(name)
    return source is None or source.name != "DEFAULT"


def signed(callback: Any) -> None:
    """Write a command's signature anew, from the controls that are in the list now."""
    verb = getattr(callback, "asks", None)
    if verb is None:
        return
    own = inspect.signature(callback.__wrapped__, eval_str=True).parameters.values()
    parameters = []
    for parameter in own:
        controls = [one for one in every().values() if one.option.belongs_to(verb)] if parameter.name == "asked" else []
        parameters += [_parameter(control) for control in controls] or [parameter]
    callback.__signature__ = inspect.Signature(parameters)
    callback.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}


def _parameter(control: type[Control]) -> inspect.Parameter:
    """A control as a parameter of a command."""
    told = control.option
    spelt = option(f"{told.short} {told.name} {told.metavar or ''}", told.help, told.panel)
    default = None if told.drawn or control.default is None else told.kind(control.default)
    kind: Any = told.kind if default is not None else told.kind | None
    return inspect.Parameter(
        control.name(), inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, spelt]
    )


def bars_in(text: str, option_name: str) -> range:
    """Read bars as a person counts them, '3-4' or '3'; bars from 0. Raises OptionError.

    >>> bars_in("3-4", "--bars")
    range(2, 4)
    """
    match = re.fullmatch(r"([1-9][0-9]{0,4})(?:-([1-9][0-9]{0,4}))?", text.strip())
    if match is None or int(match[2] or match[1]) < int(match[1]):
        raise OptionError(option_name, f"{text!r} must be bars such as 3-4, or 3")
    return range(int(match[1]) - 1, int(match[2] or match[1]))
