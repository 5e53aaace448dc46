"""The Typer app: what `melodyrnn` itself answers, and commands that are imported when they are asked for.

Contents: app, COMMANDS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command

from melodyrnn._version import __version__
from melodyrnn.cli.options import Light
from melodyrnn.cli.status import EPILOG, ExitStatus

COMMANDS: Final = (
    "generate",
    "infill",
    "vary",
    "train",
    "evaluate",
    "score",
    "memory",
    "originality",
    "reproduce",
    "inspect",
    "corpus",
)
"""The commands, in the order of the help page; each is a module of this package with a Typer called app."""

HELP: Final = """Learn from melodies and write new ones as MIDI.

\b
Examples:
  melodyrnn generate                        a new melody in a file
  melodyrnn generate | timidity -           ... straight into a synth
  melodyrnn generate --prime phrase.mid     go on from a phrase
  melodyrnn train tunes/ -o my.safetensors  learn from your own folder
  melodyrnn generate -m my.safetensors      ... and write in its manner
  melodyrnn inspect my.safetensors          what a model or a file holds
"""

_FOOT: Final = f"""\b
See 'melodyrnn COMMAND --help' for the options of a command.
{EPILOG}"""


class _Commands(Mapping[str, Any]):
    """Name → command, imported on first use."""

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        command = get_command(import_module(f"melodyrnn.cli.commands.{name}").app)
        command.name = name
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _LazyGroup(Light, TyperGroup):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _Commands()  # type: ignore[assignment]  # it is only read


app = typer.Typer(
    name="melodyrnn",
    cls=_LazyGroup,
    help=HELP,
    epilog=_FOOT,
    invoke_without_command=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
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
