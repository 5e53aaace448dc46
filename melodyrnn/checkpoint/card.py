"""What a checkpoint says about itself: the network's shape and the card, as strict JSON.

Conventions
    The text is one JSON object, {"format", "vocabulary", "config", "card"}. It may come from a
    stranger: every field is checked for type and bounds before anything is derived from it, and all
    strings are printable, so that showing a card is safe on any terminal.
    bits        bits per note on the held-out part: rest, duration, pitch, total.

Contents: NetworkConfig, Card, BOUNDS, card_text (values → JSON), read_card_text (JSON → values).
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

from melodyrnn.errors import CheckpointError, printable
from melodyrnn.events import vocabulary
from melodyrnn.events.manners import KEY_OF_MANNER
from melodyrnn.events.statistics import KEY_OF_END, KEY_OF_FORM, KEY_OF_PHRASES, KEY_OF_TAIL
from melodyrnn.events.viewpoints import STYLES, Hears

FORMAT: Final = 1
CELLS: Final = {"rnn": 1, "gru": 3, "lstm": 4}
"""Recurrent cells and how many gates each stacks in its weights."""

BOUNDS: Final = {"layers": (1, 8), "hidden": (1, 4096), "embed": (1, 2048), "head": (1, 2048), "keys": (1, 512)}
"""Least and greatest value of each whole-number field of NetworkConfig."""

_NEWER: Final = ("phrases", "harmony")  # left unsaid where false: programs that do not know them read the rest
_SELDOM: Final = ("manners", "tails")  # the same, where empty
_MAX_DEPTH: Final = 8
_MAX_STRING: Final = 4000  # characters; a recipe is a command line
_MAX_ENTRIES: Final = 2000
_MAX_COUNT: Final = 10**12
_LARGEST: Final = 1e300  # of a figure
_STRINGS: Final = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)  # an open end matches too: linear time
_BRACKETS: Final = re.compile(r"[][{}]")


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """The shape of a network; everything that its weights' shapes follow from."""

    cell: str = "lstm"  # rnn | gru | lstm
    layers: int = 1  # recurrent layers
    hidden: int = 256  # units of each recurrent layer
    embed: int = 128  # width of the summed embeddings of the views
    head: int = 192  # width of each head's hidden layer
    keys: int = 48  # width of the pointers' queries and keys
    bar_numbers: bool = False  # hears the number of the bar where it is not told how many are left
    phrases: bool = False  # hears how far the phrase still goes
    harmony: bool = False  # hears the chord that sounds and the next one

    @property
    def hears(self) -> Hears:
        """Which views it hears besides those that all do."""
        return Hears(self.bar_numbers, self.phrases, self.harmony)


@dataclass(frozen=True, slots=True)
class Card:
    """Where a checkpoint comes from and how good it is."""

    program: str = ""  # version of melodyrnn that wrote it
    corpora: tuple[str, ...] = ()  # what it was trained on
    styles: dict[str, int] = field(default_factory=dict)  # tag name → style row, 1..STYLES
    licences: dict[str, str] = field(default_factory=dict)  # corpus → licence note
    melodies: int = 0  # trained on
    notes: int = 0  # trained on
    bits: dict[str, float] = field(default_factory=dict)  # rest, duration, pitch, total: held-out bits per note
    baselines: dict[str, float] = field(default_factory=dict)  # name of a simpler model → its bits per note
    recipe: str = ""  # the command line that made it
    created: str | None = None  # a date, or None so that the same training gives the same bytes
    registers: dict[int, int] = field(default_factory=dict)  # first pitch (MIDI number) → melodies that begin on it
    forms: dict[str, int] = field(default_factory=dict)  # how melodies begin and how long they are: events.statistics
    ends: dict[str, int] = field(default_factory=dict)  # the degrees on which melodies end: events.statistics
    manners: dict[str, int] = field(default_factory=dict)  # what it does where nobody says: events.manners
    phrases: dict[str, int] = field(default_factory=dict)  # how long the phrases of melodies are: events.statistics
    tails: dict[str, int] = field(default_factory=dict)  # how long they are silent at their end: events.statistics
    facts: dict[str, float] = field(default_factory=dict)  # further figures of the corpus, by name


def card_text(config: NetworkConfig, card: Card) -> str:
    """Write configuration and card as one JSON text; equal values give equal text."""
    versions = {"format": FORMAT, "vocabulary": vocabulary.VOCABULARY_VERSION}
    shape = {name: value for name, value in asdict(config).items() if value or name not in _NEWER}
    told = {name: value for name, value in asdict(card).items() if value or name not in _SELDOM}
    described = {**versions, "config": shape, "card": _clean(told)}
    return json.dumps(described, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def read_card_text(text: str) -> tuple[NetworkConfig, Card]:
    """Read what `card_text` wrote, trusting nothing. Raises CheckpointError."""
    told = strict_json(text)
    if not isinstance(told, dict):
        raise CheckpointError("its card is not a JSON object")
    for name, ours in (("format", FORMAT), ("vocabulary", vocabulary.VOCABULARY_VERSION)):
        theirs = _whole(f"card: {name}", told.get(name), 0, _MAX_COUNT)
        if theirs > ours:
            problem = f"is from a newer melodyrnn ({name} {theirs}; this program reads {ours}): upgrade melodyrnn"
            raise CheckpointError(problem)
        if theirs < ours:
            raise CheckpointError(f"has {name} {theirs}, this program reads {ours}: train it again")
    if set(told) != {"format", "vocabulary", "config", "card"}:
        raise CheckpointError(f"its card has other parts than format, vocabulary, config, card: {_some(set(told))}")
    return _config(told["config"]), _card(told["card"])


def strict_json(text: str) -> Any:
    """Parse JSON, refusing deep nesting, duplicate keys, NaN and unprintable strings. Raises CheckpointError."""
    depth = 0
    for bracket in _BRACKETS.finditer(_STRINGS.sub("", text)):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > _MAX_DEPTH:  # before the parser, which recurses
            raise CheckpointError(f"its header is nested deeper than {_MAX_DEPTH} levels")
    try:
        return json.loads(text, object_pairs_hook=_no_twins, parse_constant=_no_constant, parse_float=_finite)
    except ValueError as problem:
        raise CheckpointError(f"its header is not JSON ({printable(str(problem))[:80]})") from None


def check_config(config: NetworkConfig) -> None:
    """Refuse a configuration outside BOUNDS. Raises CheckpointError."""
    if not isinstance(config.cell, str) or config.cell not in CELLS:
        raise CheckpointError(f"config: cell is {_some([config.cell])}, one of {', '.join(CELLS)} is known")
    for name, (least, most) in BOUNDS.items():
        _whole(f"config: {name}", getattr(config, name), least, most)
    for name in Hears._fields:
        if not isinstance(value := getattr(config, name), bool):
            raise CheckpointError(f"config: {name} is {_some([value])}, not true or false")


def _config(told: Any) -> NetworkConfig:
    values = _object("config", told)
    if unknown := set(values) - {f.name for f in fields(NetworkConfig)}:
        raise CheckpointError(f"config: unknown field {_some(unknown)}; a newer melodyrnn may know it")
    config = NetworkConfig(**values)
    check_config(config)
    return config


def _card(told: Any) -> Card:
    values = _object("card", told)
    if unknown := set(values) - {f.name for f in fields(Card)}:
        raise CheckpointError(f"card: unknown field {_some(unknown)}; a newer melodyrnn may know it")
    values = {**asdict(Card()), **values}
    corpora = values["corpora"]
    if not isinstance(corpora, list | tuple) or len(corpora) > _MAX_ENTRIES:
        raise CheckpointError("card: corpora is not a list of names")
    return Card(
        program=_text("program", values["program"]),
        corpora=tuple(_text("corpora", c) for c in corpora),
        styles={
            _text("styles", k): _whole("card: styles", v, 1, STYLES)
            for k, v in _object("styles", values["styles"]).items()
        },
        licences={
            _text("licences", k): _text("licences", v) for k, v in _object("licences", values["licences"]).items()
        },
        melodies=_whole("card: melodies", values["melodies"], 0, _MAX_COUNT),
        notes=_whole("card: notes", values["notes"], 0, _MAX_COUNT),
        bits=_figures("bits", values["bits"]),
        baselines=_figures("baselines", values["baselines"]),
        recipe=_text("recipe", values["recipe"]),
        created=None if values["created"] is None else _text("created", values["created"]),
        registers=_registers(values["registers"]),
        forms=_counts("forms", values["forms"], KEY_OF_FORM),
        ends=_counts("ends", values["ends"], KEY_OF_END),
        manners=_counts("manners", values["manners"], KEY_OF_MANNER),
        phrases=_counts("phrases", values["phrases"], KEY_OF_PHRASES),
        tails=_counts("tails", values["tails"], KEY_OF_TAIL),
        facts=_figures("facts", values["facts"]),
    )


def _registers(told: Any) -> dict[int, int]:
    values = _object("registers", told)
    if any(not (k.isascii() and k.isdigit() and len(k) <= 3 and int(k) <= 127 and str(int(k)) == k) for k in values):
        raise CheckpointError("card: registers has a key that is no MIDI number 0..127")
    return {int(k): _whole("card: registers", values[k], 0, _MAX_COUNT) for k in sorted(values, key=int)}


def _counts(name: str, told: Any, pattern: re.Pattern[str]) -> dict[str, int]:
    values = _object(name, told)
    if unknown := [key for key in values if not pattern.fullmatch(key)]:
        raise CheckpointError(f"card: {name} counts {_some(unknown)}, which is of no known kind")
    return {key: _whole(f"card: {name}", n, 1, _MAX_COUNT) for key, n in values.items()}


def _object(name: str, told: Any) -> dict[str, Any]:
    if not isinstance(told, dict) or len(told) > _MAX_ENTRIES:
        raise CheckpointError(f"card: {name} is not an object of at most {_MAX_ENTRIES} fields")
    return told


def _whole(name: str, told: Any, least: int, most: int) -> int:
    if type(told) is not int or not least <= told <= most:  # True is an int to Python, not to us
        raise CheckpointError(f"{name} is {_some([told])}, not a whole number from {least} to {most}")
    return told


def _figures(name: str, told: Any) -> dict[str, float]:
    values = _object(name, told)
    if any(type(v) not in (int, float) or not abs(v) < _LARGEST for v in values.values()):  # NaN neither
        raise CheckpointError(f"card: {name} holds something that is no number")
    return {_text(name, k): float(v) for k, v in values.items()}


def _text(name: str, told: Any) -> str:
    if not isinstance(told, str) or len(told) > _MAX_STRING or not told.isprintable():
        raise CheckpointError(f"card: {name} holds something other than printable text of {_MAX_STRING} characters")
    return told


def recipe_text(command: str) -> str:
    """A command as a card keeps it."""
    return printable(command)[:_MAX_STRING]


def _clean(value: Any) -> Any:
    """The same plain data with printable strings and string keys."""
    if isinstance(value, dict):
        return {printable(str(k)): _clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(v) for v in value]
    return printable(value)[:_MAX_STRING] if isinstance(value, str) else value


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise CheckpointError("its header has the same key twice")
    return found


def _no_constant(name: str) -> float:
    raise CheckpointError(f"its header holds {name}, which is no number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise CheckpointError("its header holds a number beyond every bound")
    return value


def _some(values: Any) -> str:
    """A few values of any kind, short and printable."""
    shown = [printable(str(v) if isinstance(v, str) else ascii(v))[:40] for v in sorted(values, key=repr)[:3]]
    return ", ".join(shown)
