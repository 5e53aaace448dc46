"""What a user says of a training, read into an order, and written as the command that a model's card keeps.

Contents: given, settings_of, command_of.
"""

from __future__ import annotations

import shlex
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from melodyrnn.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_OWN: Final = ("epochs", "rate")  # fields of the recipe that have an option of their own


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the user said; None means that nothing was said."""
    return {name: value for name, value in values.items() if value is not None}


def settings_of(texts: Sequence[str], said: Mapping[str, float]) -> dict[str, float]:
    """Read NAME=X pairs, beside what was `said` by options of their own; raise OptionError."""
    from melodyrnn.training.config import Recipe  # noqa: PLC0415

    known, found = [field.name for field in fields(Recipe)], dict(said)
    for text in texts:
        name, _, value = text.partition("=")
        if name not in known:
            raise OptionError("--set", f"{name} is no field of the recipe; they are {', '.join(known)}")
        if name in found:
            raise OptionError("--set", f"{name} is given twice")
        try:
            found[name] = float(value)
        except ValueError:
            raise OptionError("--set", f"{text!r}: write {name}=NUMBER") from None
    return found


def command_of(
    corpora: Sequence[str], said: Mapping[str, Any], asked: Mapping[str, float], flags: Sequence[str]
) -> str:
    """What made the model, for its card: the same however often the run was interrupted and wherever it wrote."""
    from melodyrnn.checkpoint.card import recipe_text  # noqa: PLC0415

    words = [word for name, value in said.items() if value is not None for word in (f"--{name}", f"{value}")]
    for name, value in asked.items():
        number = f"{value:.15g}"
        words += [f"--{name}", number] if name in _OWN else ["--set", f"{name}={number}"]
    return recipe_text(shlex.join(["melodyrnn", "train", *corpora, *words, *(f"--{f}" for f in flags), "-o", "FILE"]))
