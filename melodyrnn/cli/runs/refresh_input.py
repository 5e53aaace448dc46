"""New takes of a file by the recipe that it keeps, as --refresh asks for them.

Contents: refreshed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from melodyrnn.checkpoint.file import shipped
from melodyrnn.compose.provenance import Provenance
from melodyrnn.errors import RecipeError
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.live.composer import TakeOrder, compose_for_stage
from melodyrnn.live.takes import Refreshed
from melodyrnn.system import Helper

if TYPE_CHECKING:
    from melodyrnn.cli.io.console import Console
    from melodyrnn.live.clip import Clip


def refreshed(
    console: Console, where: str, data: bytes, clip: Clip, *, every: int, passes: int, channel: int | None,
    model: str | None,
) -> tuple[Helper, Refreshed]:  # fmt: skip
    """A clip that gives way to new takes, and the process that composes them. Raises RecipeError."""
    recipe = Provenance.from_text(read_midi(data, name=where).recipe or _no_recipe(where))
    if recipe.verb != "generate":
        raise RecipeError(f"{where}: was made by {recipe.verb}; new takes are made of what generate wrote")
    if recipe.given_hash and recipe.given is None:
        raise RecipeError(f"{where}: its prime is too long for a recipe; give generate a shorter one")
    if model is None and recipe.model not in shipped():
        raise RecipeError(f"{where}: was made by {recipe.model or 'a model'}: name its file with -m")
    helper = Helper(compose_for_stage)
    order = TakeOrder(recipe.to_text(), 0, channel, model or "")
    return helper, Refreshed(clip, order, helper, console.say, every=every, passes=passes)


def _no_recipe(where: str) -> str:
    raise RecipeError(f"{where}: keeps no recipe to make new takes by: let melodyrnn generate write it")
