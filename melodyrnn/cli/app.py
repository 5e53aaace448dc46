"""The Typer app and its help pages; a command is imported when it is asked for.

Contents: COMMANDS, app; command and new_app, by which the modules of commands/ define theirs; Page, their help page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from inspect import getdoc
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from melodyrnn._version import __version__
from melodyrnn.cli.io import EPILOG, ExitStatus
from melodyrnn.cli.options import signed

COMMANDS: Final = (
    "generate", "infill", "vary", "humanize", "train", "critic", "evaluate", "score", "memory", "originality",
    "reproduce", "convert", "play", "jam", "ports",
    "inspect", "corpus",
)  # fmt: skip
"""The commands, in the order of the help page; each is NAME_command in a module of commands/."""
_MODULES: Final = {
    "infill": "edit",
    "vary": "edit",
    "ports": "stage",
    "play": "stage",
    "jam": "stage",
}  # the others stand in the module of their name

_HELP: Final = """Learn from melodies and write new ones as MIDI.

Examples:
  melodyrnn generate                        a new melody in a file
  melodyrnn generate --listen               ... heard at once
  melodyrnn generate --prime phrase.mid     go on from a phrase
  melodyrnn train tunes/ -o my.safetensors  learn from your own folder
  melodyrnn generate -m my.safetensors      ... and write in its manner
  melodyrnn inspect my.safetensors          what a model or a file holds
"""

_FOOT: Final = f"""\b
See 'melodyrnn COMMAND --help' for the options of a command.
{EPILOG}"""

_KINDS: Final = {str: "a text", bool: "yes or no", Path: "a path", int: "a whole number", float: "a number"}


_PLAIN: Final[dict[str, Any]] = {
    "rich_markup_mode": None, "pretty_exceptions_enable": False,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}  # fmt: skip


def new_app(help: str | None = None, *, see: str = "") -> typer.Typer:
    """A Typer with plain pages and -h; `see` says where to read on."""
    return typer.Typer(help=help and _unbroken(help), epilog=_foot(see), add_completion=False, **_PLAIN)


def command(
    *, see: str = "", group: typer.Typer | None = None, name: str | None = None,
    alone: Mapping[str, tuple[str, str]] | None = None,
) -> Callable[[Callable[..., Any]], typer.Typer]:  # fmt: skip
    """Make a function the one command of a new Typer, or a command of a group; its docstring is its help page.

    `alone`: options that may stand without a value → the value that they have then, and what a value looks like.
    """
    owner = group or new_app()
    page = type("Page", (Page,), {"alone": {spelt.split()[0]: value for spelt, value in (alone or {}).items()}})

    def add(function: Callable[..., Any]) -> typer.Typer:
        owner.command(name, cls=page, help=_unbroken(getdoc(function) or ""), epilog=_foot(see))(function)
        return owner

    return add


def _unbroken(text: str) -> str:
    """A text whose paragraphs after the first keep their lines, which a backspace before them asks of Typer."""
    return text.replace("\n\n", "\n\n\b\n")


def _foot(see: str) -> str:
    """The end of a help page: exit statuses, and where to read on."""
    return "\b\n" + EPILOG + (f"\nSee also: {see}." if see else "")


class _Light:
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


class Page(_Light, TyperCommand):
    """A command whose help page shows its options in groups (`rich_help_panel`), as plain text."""

    alone: Mapping[str, tuple[str, str]] = {}

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give options that stand alone their value: Typer knows none that may go without."""
        whole: list[str] = []
        for word, following in pairwise((*args, "-")):
            value, pattern = self.alone.get(word, ("", ""))
            whole += [word] if not value or re.fullmatch(pattern, following) else [f"{word}={value}"]
        return super().parse_args(ctx, whole)

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


class _Reader(NamedTuple):
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
        return cls(kind, info.min, info.max) if kind in _KINDS else None

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
            raise typer.BadParameter(f"{text!r} is not {_KINDS[self.kind]}", ctx=ctx, param=param) from None
        if isinstance(value, int | float) and not (self.least is None or value >= self.least):
            raise typer.BadParameter(f"{value} is less than {self.least}", ctx=ctx, param=param)
        if isinstance(value, int | float) and not (self.most is None or value <= self.most):
            raise typer.BadParameter(f"{value} is more than {self.most}", ctx=ctx, param=param)
        return value


class _Commands(Mapping[str, Any]):
    """Name → command, imported on first use."""

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        module = import_module(f"melodyrnn.cli.commands.{_MODULES.get(name, name)}")
        own = getattr(module, f"{name}_command")
        for info in own.registered_commands:
            signed(info.callback)
        found = get_command(own)
        found.name = name
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _LazyGroup(_Light, TyperGroup):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _Commands()  # type: ignore[assignment]  # it is only read


app = typer.Typer(
    name="melodyrnn", cls=_LazyGroup, help=_unbroken(_HELP), epilog=_FOOT, invoke_without_command=True, **_PLAIN
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"melodyrnn {__version__}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Show the help page when no command is given."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(ExitStatus.USAGE)
