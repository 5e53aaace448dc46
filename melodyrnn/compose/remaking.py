"""From a recipe to the bytes of a file: the one way in which files are written, the first time and every time after.

Contents: file_of (a melody that was just composed → bytes), remake (a recipe → the same bytes), Task, model_fits,
chords_begin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from melodyrnn.compose.generate import generate
from melodyrnn.compose.performance import Feel, play, swung
from melodyrnn.compose.provenance import Recipe, from_plain, hash_of
from melodyrnn.controls.options import Options
from melodyrnn.errors import OptionError, RecipeError
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.chords import chord_notes

if TYPE_CHECKING:
    from melodyrnn.compose.generate import Generated, Model
    from melodyrnn.music.melody import Melody

VERBS: Final = ("generate", "infill", "vary")
"""Verbs that can be done again."""


@dataclass(frozen=True, slots=True)
class Task:
    """What infill and vary do beside their options."""

    bars: tuple[int, ...] = ()  # from 0: those to fill, or those to keep
    keep: tuple[str, ...] = ()
    strength: float = 0.5


def file_of(made: Generated, recipe: Recipe, *, keep: bool = True) -> bytes:
    """Write a melody as its recipe says, with the recipe in the file if `keep`. Raises OptionError, RecipeError."""
    told = dict(recipe.output)
    feel = from_plain(Feel, {name: told.pop(name) for name in ("humanize", "swing") if name in told})
    program, loop = told.pop("program", 0), bool(recipe.options.get("loop", False))
    if told or type(program) is not int:
        raise RecipeError(f"the recipe's output is damaged, or this melodyrnn does not know {', '.join(sorted(told))}")
    melody, timing = play(made.melody, feel, made.seed, given=made.primed)
    text = recipe.to_text() if keep else ""
    progression = str(recipe.options["chords"]) if recipe.options.get("chord_track") else ""
    begin = chords_begin(made, recipe.options.get("upbeat", 0))
    chords = chord_notes(progression, made.melody, begin=begin) if progression else ()
    return midi_bytes(
        melody, program=program, loop=loop, recipe=text, timing=timing, chords=chords, progression=progression,
        chord_timing=swung(made.melody, ((onset, ticks) for onset, ticks, _ in chords), feel),
    )  # fmt: skip


def chords_begin(made: Generated, upbeat: object) -> int | None:
    """Tick at which the chords of a melody begin; None for its first full bar. Where nobody knew of an upbeat, 0."""
    return 0 if upbeat is None and not made.primed else None


def remake(model: Model, recipe: Recipe, given: Melody | None = None) -> bytes:
    """Compose and write again what a recipe tells.

    `given` stands in for a prime that the recipe was too small to hold. Raises RecipeError where it cannot be the
    same: another model, a verb or an option that this program does not know, another prime or none.
    """
    if recipe.verb not in VERBS:
        raise RecipeError(f"it was made by '{recipe.verb}', which this melodyrnn cannot do again")
    model_fits(model, recipe)
    prime = recipe.given or given
    if recipe.given_hash and prime is None:
        raise RecipeError("it goes on from a melody that is too long for a recipe: give that with --prime")
    if prime is not None and not recipe.given_hash:
        raise RecipeError("it goes on from no melody: leave out --prime")
    if prime is not None and hash_of(prime) != recipe.given_hash:
        raise RecipeError("it goes on from another melody than that of --prime")
    try:
        options = from_plain(Options, recipe.options)
        return file_of(_made(model, recipe, options, prime), recipe)
    except OptionError as problem:
        raise RecipeError(f"its recipe cannot be followed: {problem}") from problem


def _made(model: Model, recipe: Recipe, options: Options, given: Melody | None) -> Generated:
    """Do again what the verb did."""
    if recipe.verb == "generate":
        return next(iter(generate(model, options, prime=given)))
    from melodyrnn.compose.edit import infill, vary  # noqa: PLC0415 - only they need the look-ahead

    task = from_plain(Task, recipe.task)
    if given is None:
        raise RecipeError(f"it was made by '{recipe.verb}' from a melody that its recipe does not tell")
    if recipe.verb == "infill":
        return infill(model, given, task.bars, options)
    return vary(model, given, options, keep=task.keep, bars=task.bars, strength=task.strength)


def model_fits(model: Model, recipe: Recipe) -> None:
    """Raise RecipeError for another model than the recipe's."""
    if (digest := model.checkpoint.digest) != recipe.digest:
        name = recipe.model or "a model"
        raise RecipeError(f"it was made by {name} of digest {recipe.digest}; the model given here has {digest}")
