"""A frozen value as plain data, JSON's own, and back: what recipes keep of options and of how a file was written.

A recipe may come from a stranger's file: a wrong type is a RecipeError, never a value.

Contents: to_plain and from_plain (a dataclass ⇄ plain data), options_to_plain and options_from; printable_line;
LONGEST_RECIPE.
"""

from __future__ import annotations

import types
from dataclasses import MISSING, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from melodyrnn.controls import every
from melodyrnn.controls.options import Options
from melodyrnn.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_RECIPE: Final = 9_000  # characters; a reader of MIDI files keeps 10,000 bytes of a text

Value = TypeVar("Value")


def to_plain(value: Any) -> dict[str, Any]:
    """The fields of a frozen dataclass that differ from their defaults, as JSON can say them."""
    found = {}
    for one in fields(value):
        default = one.default_factory() if one.default_factory is not MISSING else one.default
        if (own := getattr(value, one.name)) != default:
            found[one.name] = _plain(own)
    return found


def from_plain(kind: type[Value], told: Mapping[str, Any]) -> Value:
    """Build a dataclass from what `to_plain` made of it. Raises RecipeError, or what the class itself raises."""
    hints = get_type_hints(kind)
    names = {one.name for one in fields(kind)}  # type: ignore[arg-type]  # a dataclass
    if unknown := sorted(set(told) - names):
        raise RecipeError(f"the recipe asks for '{printable_line(unknown[0])}', which this melodyrnn does not know")
    return kind(**{name: _typed(hints[name], value, name) for name, value in told.items()})


def options_to_plain(options: Options) -> dict[str, Any]:
    """What is asked for and differs from the defaults, as JSON can say it."""
    return {name: _plain(value) for name, value in options.values().items()}


def options_from(told: Mapping[str, Any]) -> Options:
    """Options from what `options_to_plain` made of them. Raises RecipeError, OptionError."""
    known = every()
    if unknown := sorted(set(told) - set(known)):
        raise RecipeError(f"the recipe asks for '{printable_line(unknown[0])}', which this melodyrnn does not know")
    return Options(**{name: _typed(known[name].stored, value, name) for name, value in told.items()})


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        told = {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
        return {name: plain for name, plain in told.items() if plain is not None}  # None is what is not said
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    return value


def _typed(hint: Any, value: Any, name: str) -> Any:
    """A plain value as its field's type has it. Raises RecipeError."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return None if value is None else _typed(next(arm for arm in inner if arm is not type(None)), value, name)
    if origin is tuple and isinstance(value, list) and len(value) <= LONGEST_RECIPE:
        kinds = [inner[0]] * len(value) if len(inner) == 2 and inner[1] is Ellipsis else list(inner)
        if len(kinds) == len(value):
            return tuple(_typed(k, v, name) for k, v in zip(kinds, value, strict=True))
    elif is_dataclass(hint) and isinstance(value, dict):
        return from_plain(hint, value)  # type: ignore[arg-type]  # a type, not a value
    elif hint is float and type(value) in (int, float):
        return float(value)
    elif hint in (int, bool, str) and type(value) is hint:  # True is an int to Python, not to us
        return printable_line(value) if hint is str else value
    raise RecipeError(f"the recipe's {name} is of a wrong kind")


def printable_line(value: Any) -> str:
    """A string that is safe to print."""
    if not isinstance(value, str) or len(value) > LONGEST_RECIPE or not value.isprintable():
        raise RecipeError("the recipe holds something other than printable text")
    return value
