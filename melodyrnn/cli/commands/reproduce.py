"""melodyrnn reproduce: the same bytes again, from the recipe that a file keeps.

Contents: reproduce_command.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from melodyrnn._version import __version__
from melodyrnn.cli.app import command
from melodyrnn.cli.io.input import read_bytes, read_melody
from melodyrnn.cli.io.output import results_of
from melodyrnn.cli.options import (
    ForceOption,
    FormatOption,
    OutputOption,
    QuietOption,
    TrackOption,
    console_of,
    model_names,
    option,
)
from melodyrnn.errors import RecipeError
from melodyrnn.formats.writing import write_as

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.compose.provenance import Provenance


@command(see="melodyrnn inspect --help, which shows a recipe")
def reproduce_command(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A MIDI file that melodyrnn wrote, or - for stdin.")],
    model: Annotated[
        str | None,
        option("-m --model MODEL", "The model that made it, if it does not ship.", autocompletion=model_names),
    ] = None,
    prime: Annotated[str | None, option("--prime FILE", "What it goes on from, if too long for a recipe.")] = None,
    track: TrackOption = None,
    seconds: Annotated[
        float, option("--seconds N", "Processor time that its recipe may take.", min=1, max=86_400)
    ] = 8.0,
    output: OutputOption = None,
    format: FormatOption = None,
    force: ForceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write a file of melodyrnn again, byte for byte.

    Examples:
      melodyrnn reproduce tune.mid -o again.mid
      melodyrnn reproduce tune.mid -m my.safetensors | cmp - tune.mid

    Every MIDI file that melodyrnn writes keeps how it was made (--no-recipe
    leaves that out): version, model, seed, options, and the prime. Where the
    bytes cannot be made again, the reason is told.
    """
    console = console_of(context, quiet=quiet)
    results = results_of(console, output, format=format, force=force)
    content = read_bytes(console, file)
    recipe = _recipe(content, file)
    given = None if prime is None else read_melody(console, prime, track=track or recipe.track)

    from melodyrnn.compose.model import load_model  # noqa: PLC0415
    from melodyrnn.compose.provenance import remake  # noqa: PLC0415
    from melodyrnn.formats.conversion import written_from_midi  # noqa: PLC0415

    try:
        loaded = load_model(model or _shipped(recipe))
        with _at_most(seconds):
            made = remake(loaded, recipe, *((given.melody, given.original) if given else ()))
    except RecipeError as problem:
        raise RecipeError(f"{file}: {problem}") from problem
    if made != content:
        raise RecipeError(f"{file}: {_difference(recipe)}")
    name = results.deliver(console, 0, write_as(results.format, written_from_midi(made, results.format, file)))
    console.say(f"{name or 'melody'}: the same {len(made):,} bytes as {file}")


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Raise RecipeError where what is done takes longer, in processor time: the file may be a stranger's."""
    if not hasattr(signal, "setitimer"):  # Windows
        yield
        return

    def late(_number: int, _frame: object) -> NoReturn:
        raise RecipeError(f"what it asks for takes more than {seconds:g} s of processor time; --seconds N gives more")

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _recipe(content: bytes, file: str) -> Provenance:
    from melodyrnn.compose.provenance import Provenance  # noqa: PLC0415 - NumPy
    from melodyrnn.formats.midi.reader import read_midi  # noqa: PLC0415

    text = read_midi(content, name=file).recipe
    if not text:
        raise RecipeError(f"{file}: keeps no recipe: melodyrnn did not write it, or was told --no-recipe")
    try:
        return Provenance.from_text(text)
    except RecipeError as problem:
        raise RecipeError(f"{file}: {problem}") from problem


def _shipped(recipe: Provenance) -> str:
    """The shipped model of the recipe's name: a name out of a file is never taken for a path."""
    if recipe.model not in model_names():
        raise RecipeError(
            f"it was made by {recipe.model or 'a model'} of digest {recipe.digest}: name its file with -m"
        )
    return recipe.model


def _difference(recipe: Provenance) -> str:
    from melodyrnn.inference.compiled import ASIDE, described  # noqa: PLC0415

    if recipe.version != __version__:
        return f"melodyrnn {recipe.version} wrote it, this is {__version__}, and it writes other bytes"
    return (
        "its recipe leads to other bytes: the file was changed after melodyrnn wrote it, or another version, processor "
        f"or runtime wrote it (here: {described()}; {ASIDE}=numpy composes in NumPy)"
    )
