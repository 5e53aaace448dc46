"""How a melody was made, as one line of text that its file keeps, and from that line to the same bytes again.

    melodyrnn {"version":…,"verb":…,"model":…,"digest":…,"options":{…},"output":{…},"given":…,"given_hash":…}

Conventions
    task        what infill and vary do: bars, what is kept, how much changes.
    options     fields of the verb's options that differ from their defaults; the seed is one of them.
    output      how the file was written: program, humanize, swing …
    given       the melody that the verb started from, if there was one and it is short enough to be kept:
                base64 of zlib of its JSON; given_hash (16 hex digits of SHA-256) tells it in any case.
    A recipe may come from a stranger's file: its size, its shape and every value in it are checked, and what a
    string in it says is never run, opened or printed unescaped.

Contents: Provenance, hash_of, printable_name; to_plain and from_plain (a dataclass ⇄ JSON); EditTask, file_of (a melody
→ bytes; the one way in which files are written), chords_begin, remake (a recipe → the same bytes), edited.
"""

from __future__ import annotations

import hashlib
import json
import re
import types
import zlib
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from melodyrnn._version import __version__
from melodyrnn.compose.generate import generate
from melodyrnn.compose.performance import Feel, play, swung
from melodyrnn.controls import every
from melodyrnn.controls.options import Options
from melodyrnn.errors import CorpusError, OptionError, RecipeError
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.chords import chord_notes
from melodyrnn.music.melody import MOST_BARS, Metre
from melodyrnn.music.melody_json import melody_from_json, melody_to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from melodyrnn.compose.model import Generated, Model
    from melodyrnn.music.melody import Melody


MARK: Final = "melodyrnn "
LONGEST_RECIPE: Final = 9_000  # characters; a reader of MIDI files keeps 10,000 bytes of a text
_LONGEST_GIVEN: Final = 6_000  # characters of base64: about 1,000 notes
_LARGEST_GIVEN: Final = 1 << 18  # bytes of JSON
MOST_GIVEN: Final = 1_000  # notes of a melody that a recipe keeps
MOST_EFFORT: Final = 1_024  # melodies side by side that a recipe may ask for
MOST_WORK: Final = 8_192  # of those, times bars of 4/4: of what is composed, and of what goes before it
_NOTES_A_BAR: Final = 8  # for which room is held
_WHOLE: Final = 96  # ticks
_USUAL: Final = 32  # melodies side by side that every recipe may have
_MOST_FIELDS: Final = 100
_MOST_DIGITS: Final = 20  # of a whole number: more than a seed has
_NAME: Final = r"[a-z][a-z0-9_-]{0,39}"
_DIGEST: Final = r"[0-9a-f]{16}"
_VERSION: Final = r"[0-9A-Za-z.+-]{1,40}"

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """How a melody was made."""

    verb: str  # generate, vary …
    digest: str  # of the model file
    model: str = ""  # its name, for people: no folder
    options: Mapping[str, Any] = field(default_factory=dict)  # plain data
    task: Mapping[str, Any] = field(default_factory=dict)  # plain data: what the verb does beside its options
    output: Mapping[str, Any] = field(default_factory=dict)  # plain data
    given: Melody | None = None
    given_hash: str = ""  # '' = nothing was given
    version: str = __version__

    def to_text(self) -> str:
        """One line; a given melody for which there is no room is told by its hash alone. '' = too long even so."""
        told: dict[str, Any] = {"version": self.version, "verb": self.verb, "model": self.model, "digest": self.digest}
        told |= {"options": dict(self.options), "output": dict(self.output)}
        told |= {"task": dict(self.task)} if self.task else {}
        if self.given is not None:
            told |= {"given_hash": hash_of(self.given)}
            packed = _packed(self.given) if self.given.size <= MOST_GIVEN else ""
            told |= {"given": packed} if 0 < len(packed) <= _LONGEST_GIVEN else {}
        elif self.given_hash:
            told |= {"given_hash": self.given_hash}
        text = _written(told)
        if len(text) > LONGEST_RECIPE and told.pop("given", None):
            text = _written(told)
        return text if len(text) <= LONGEST_RECIPE else ""

    @classmethod
    def from_text(cls, text: str) -> Provenance:
        """Read what `to_text` wrote, trusting nothing. Raises RecipeError."""
        told = _object(text)
        recipe = cls(
            verb=_matched(told, "verb", _NAME),
            digest=_matched(told, "digest", _DIGEST),
            model=_line(told.get("model", "")),
            options=_fields(told, "options"),
            task=_fields(told, "task"),
            output=_fields(told, "output"),
            given=_unpacked(told["given"]) if "given" in told else None,
            given_hash=_matched(told, "given_hash", _DIGEST) if "given_hash" in told else "",
            version=_matched(told, "version", _VERSION),
        )
        if recipe.given is not None and hash_of(recipe.given) != recipe.given_hash:
            raise RecipeError("the recipe's melody is not the one that its hash tells")
        return recipe


def printable_name(name: str) -> str:
    r"""Give a name that can be printed: what cannot becomes _.

    >>> printable_name("my\u3000model\n")
    'my_model_'
    """
    return "".join(c if c.isprintable() else "_" for c in name)


def _written(told: Mapping[str, Any]) -> str:
    return MARK + json.dumps(told, separators=(",", ":"), sort_keys=True)


def hash_of(melody: Melody) -> str:
    """First 16 hex digits of the SHA-256 of a melody, as read: whatever file it came from."""
    return hashlib.sha256(_json(melody)).hexdigest()[:16]


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
        raise RecipeError(f"the recipe asks for '{_line(unknown[0])}', which this melodyrnn does not know")
    return kind(**{name: _typed(hints[name], value, name) for name, value in told.items()})


def options_to_plain(options: Options) -> dict[str, Any]:
    """What is asked for and differs from the defaults, as JSON can say it."""
    return {name: _plain(value) for name, value in options.values().items()}


def options_from(told: Mapping[str, Any]) -> Options:
    """Options from what `options_to_plain` made of them. Raises RecipeError, OptionError."""
    known = every()
    if unknown := sorted(set(told) - set(known)):
        raise RecipeError(f"the recipe asks for '{_line(unknown[0])}', which this melodyrnn does not know")
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
        return _line(value) if hint is str else value
    raise RecipeError(f"the recipe's {name} is of a wrong kind")


def _object(text: str) -> dict[str, Any]:
    """The JSON object behind the mark."""
    if not text.startswith(MARK + "{") or len(text) > LONGEST_RECIPE:
        raise RecipeError("it holds no recipe that this melodyrnn can read")
    try:
        told = json.loads(text[len(MARK) :], parse_int=_whole, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise RecipeError("its recipe is damaged") from None
    if not isinstance(told, dict) or len(told) > _MOST_FIELDS:
        raise RecipeError("its recipe is damaged")
    return told


def _fields(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = told.get(name, {})
    if not isinstance(found, dict) or len(found) > _MOST_FIELDS or not all(re.fullmatch(_NAME, name) for name in found):
        raise RecipeError(f"the recipe's {name} are damaged")
    return found


def _matched(told: Mapping[str, Any], name: str, pattern: str) -> str:
    value = told.get(name)
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise RecipeError(f"the recipe's {name} is damaged")
    return value


def _line(value: Any) -> str:
    """A string that is safe to print."""
    if not isinstance(value, str) or len(value) > LONGEST_RECIPE or not value.isprintable():
        raise RecipeError("the recipe holds something other than printable text")
    return value


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _json(melody: Melody) -> bytes:
    return json.dumps(melody_to_json(melody), separators=(",", ":"), sort_keys=True).encode()


def _packed(melody: Melody) -> str:
    import base64  # noqa: PLC0415 - only a prime pays for it

    return base64.b64encode(zlib.compress(_json(melody), 9)).decode()


def _unpacked(text: Any) -> Melody:
    """Unpack a melody, never more than so many bytes."""
    import base64  # noqa: PLC0415

    try:
        unzip = zlib.decompressobj()
        raw = unzip.decompress(base64.b64decode(text, validate=True), _LARGEST_GIVEN)
        if not unzip.eof:
            raise RecipeError("the recipe's melody is longer than any that is kept")
        melody = melody_from_json(json.loads(raw, parse_int=_whole, parse_constant=_no_constant))
        if melody.size > MOST_GIVEN:
            raise RecipeError(f"the recipe's melody has {melody.size:,} notes; a recipe keeps {MOST_GIVEN:,} at most")
        return melody
    except (ValueError, TypeError, RecursionError, zlib.error, CorpusError):
        raise RecipeError("the recipe's melody is damaged") from None


VERBS: Final = ("generate", "infill", "vary")
"""Verbs that can be done again."""


@dataclass(frozen=True, slots=True)
class EditTask:
    """What infill and vary do beside their options."""

    bars: tuple[int, ...] = ()  # from 0: those to fill, or those to keep
    keep: tuple[str, ...] = ()
    strength: float = 0.5


def file_of(made: Generated, recipe: Provenance, *, keep: bool = True) -> bytes:
    """Write a melody as its recipe says, with the recipe in the file if `keep`. Raises OptionError, RecipeError."""
    told = dict(recipe.output)
    feel = from_plain(Feel, {name: told.pop(name) for name in ("humanize", "swing") if name in told})
    program, setting = told.pop("program", 0), options_from(recipe.options).setting
    if told or type(program) is not int:
        raise RecipeError(f"the recipe's output is damaged, or this melodyrnn does not know {', '.join(sorted(told))}")
    melody, timing = play(made.melody, feel, made.seed, given=made.primed)
    text = recipe.to_text() if keep else ""
    progression, begin = setting.written_chords, chords_begin(made, setting.upbeat)
    chords = chord_notes(progression, made.melody, begin=begin) if progression else ()
    return midi_bytes(
        melody, program=program, loop=setting.loop, recipe=text, timing=timing, chords=chords, progression=progression,
        chord_timing=swung(made.melody, ((onset, ticks) for onset, ticks, _ in chords), feel),
    )  # fmt: skip


def chords_begin(made: Generated, upbeat: object) -> int | None:
    """Tick at which the chords of a melody begin; None for its first full bar. Where nobody knew of an upbeat, 0."""
    return 0 if upbeat is None and not made.primed else None


def remake(model: Model, recipe: Provenance, given: Melody | None = None) -> bytes:
    """Compose and write again what a recipe tells.

    `given` stands in for a prime that the recipe was too small to hold. Raises RecipeError where it cannot be the
    same: another model, a verb or an option that this program does not know, another prime or none.
    """
    if recipe.verb not in VERBS:
        raise RecipeError(f"it was made by '{recipe.verb}', which this melodyrnn cannot do again")
    if (digest := model.checkpoint.digest) != recipe.digest:
        name = recipe.model or "a model"
        raise RecipeError(f"it was made by {name} of digest {recipe.digest}; the model given here has {digest}")
    prime = recipe.given or given
    if recipe.given_hash and prime is None:
        raise RecipeError("it goes on from a melody that is too long for a recipe: give that with --prime")
    if prime is not None and not recipe.given_hash:
        raise RecipeError("it goes on from no melody: leave out --prime")
    if prime is not None and hash_of(prime) != recipe.given_hash:
        raise RecipeError("it goes on from another melody than that of --prime")
    try:
        options = options_from(recipe.options)
        _refuse_work(recipe, options, prime)
        return file_of(_made(model, recipe, options, prime), recipe)
    except OptionError as problem:
        raise RecipeError(f"its recipe cannot be followed: {problem}") from problem


def _refuse_work(recipe: Provenance, options: Options, prime: Melody | None) -> None:
    """Raise RecipeError where a recipe asks for more memory than a stranger's file may take."""
    setting = options.setting
    effort = setting.effort or 1  # what is usual without is little
    before = 0.0 if prime is None else prime.size / _NOTES_A_BAR
    if recipe.verb == "generate":
        bar = (setting.metre or (Metre() if prime is None else prime.metres[-1])).bar_ticks
        bars = before + (setting.bars or MOST_BARS) * bar / _WHOLE
    else:
        bars = before + (0.0 if prime is None else prime.end / _WHOLE)
    if effort > MOST_EFFORT or (effort > _USUAL and effort * bars > MOST_WORK):
        told = f"{effort:,} melodies side by side over {round(bars):,} bars"
        most = f"a recipe may ask for {MOST_EFFORT:,}, and for {MOST_WORK:,} times bars"
        raise RecipeError(f"it asks for {told}; {most}: compose it anew, with the same options")


def _made(model: Model, recipe: Provenance, options: Options, given: Melody | None) -> Generated:
    """Do again what the verb did."""
    if recipe.verb == "generate":
        return next(iter(generate(model, options, prime=given)))
    task = from_plain(EditTask, recipe.task)
    if given is None:
        raise RecipeError(f"it was made by '{recipe.verb}' from a melody that its recipe does not tell")
    return edited(recipe.verb, model, given, task, options)


def edited(verb: str, model: Model, given: Melody, task: EditTask, options: Options) -> Generated:
    """Do what infill or vary does."""
    from melodyrnn.compose.edit import infill, vary  # noqa: PLC0415 - only they need the look-ahead

    if verb == "infill":
        return infill(model, given, task.bars, options)
    return vary(model, given, options, keep=task.keep, bars=task.bars, strength=task.strength)
