"""The sections of a melody, by the recipe that its file keeps.

Contents: told_sections.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from melodyrnn.compose.provenance import Provenance
from melodyrnn.controls.form.form import sections_over
from melodyrnn.errors import OptionError, RecipeError

if TYPE_CHECKING:
    from melodyrnn.music.melody import Melody


def told_sections(recipe: str, melody: Melody) -> tuple[tuple[int, str], ...]:
    """Tick and name of each section of a melody that was generated in a form; () for any other, trusting nothing."""
    try:
        told = Provenance.from_text(recipe)
    except RecipeError:
        return ()
    whole = melody.bars - bool(melody.upbeat)
    form, bars = told.options.get("form"), told.options.get("bars", whole)
    if told.verb != "generate" or not isinstance(form, str) or bars != whole:
        return ()
    try:
        return sections_over(form, melody, whole)
    except OptionError:
        return ()
