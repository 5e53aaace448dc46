"""What a caller may ask of a melody, checked in one place.

Contents: Options; options_of (Options as the command line spells them).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any, Final

from melodyrnn.controls.constraints import Constraints, check_whole
from melodyrnn.errors import OptionError
from melodyrnn.events.vocabulary import RESTS
from melodyrnn.music.key import MODES, Key
from melodyrnn.music.melody import BEAT_VALUES, LONGEST_BAR, MOST_BARS, SHORTEST_BAR, TICKS_PER_QUARTER, Metre
from melodyrnn.music.parsing import parse_bars, parse_key, parse_metre, parse_upbeat

USUAL_EFFORT: Final = 16
_LARGEST_SEED: Final = 2**63 - 1
_COMMON_MODES: Final = frozenset({"major", "minor"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(Constraints):
    """How to compose. Raises OptionError, naming the option, for a value that makes no sense."""

    seed: int = 0  # melody k of a call is the melody that seed + k gives alone
    temperature: float = 1.0  # 0 = always the most probable; 1 = as the network learnt
    rhythm_temperature: float | None = None  # of rests and durations; None = as `temperature`
    top_k: int | None = None  # choose among so many values of each attribute
    top_p: float = 1.0  # … among the most probable that together have this share
    min_p: float = 0.0  # … among those at least so many times as probable as the best
    bars: int | None = 8  # exactly so many (after a prime: so many more); None = see compose.prompt, 64 at most
    upbeat: int | None = 0  # ticks before the first of `bars` full bars; None = the network chooses
    key: Key | None = None  # None = the prime's, else C major
    metre: Metre | None = None  # None = the prime's, else 4/4
    tempo: float | None = None  # quarter notes a minute; None = the prime's, else 120
    style: str | None = None  # a style of the model's card; None = hidden from the network
    surprise: float | None = None  # bits a note to be met in the mean, by a temperature that adapts itself
    max_copy: int | None = None  # notes in a row, interval and rhythm, that any training melody may share
    loop: bool = False  # the last note ends on the last bar line
    velocity: int | None = None  # one flat velocity; None = strong beats are louder

    def __post_init__(self) -> None:
        """Check every value."""
        self._refuse_texts()
        check_whole("seed", self.seed, 0, _LARGEST_SEED)
        _real("temperature", self.temperature, 0, 100)
        if self.rhythm_temperature is not None:
            _real("rhythm-temperature", self.rhythm_temperature, 0, 100)
        if self.top_k is not None:
            check_whole("top-k", self.top_k, 1, 10**6)
        if _real("top-p", self.top_p, 0, 1) == 0:
            raise OptionError("top-p", "0 leaves nothing to choose from; give a share above 0, at most 1")
        _real("min-p", self.min_p, 0, 1)
        if self.surprise is not None:
            _real("surprise", self.surprise, 0.05, 30)
            if self.temperature != 1 or self.rhythm_temperature is not None:
                raise OptionError("surprise", "sets the temperature itself; leave out one of the two")
            if self.top_k == 1:
                raise OptionError("surprise", "top-k 1 leaves nothing to choose from; leave out one of the two")
        if self.max_copy is not None:
            check_whole("max-copy", self.max_copy, 1, 10**6)
        if self.bars is not None:
            check_whole("bars", self.bars, 1, MOST_BARS)
        if self.tempo is not None:
            _real("tempo", self.tempo, 4, 1000)
        if self.velocity is not None:
            check_whole("velocity", self.velocity, 1, 127)
        if self.loop and self.bars is None:
            raise OptionError("loop", "a loop needs a number of bars")
        self._check_frame()
        self.check(self.metre)
        if self.contour is not None and self.bars is None:
            raise OptionError("contour", "needs a number of bars to stretch over")

    def seeds(self, count: int, step: int = 1) -> range:
        """The seeds of `count` melodies. Raises OptionError where there are not so many."""
        seeds = range(self.seed, self.seed + count * step, step)
        if seeds and seeds[-1] > _LARGEST_SEED:
            raise OptionError("seed", f"{self.seed} is too large to count {count} melodies from; give a smaller one")
        return seeds

    @property
    def planned(self) -> bool:
        """Whether more is asked for than a length and an upbeat."""
        return self.constrained or self.loop

    @property
    def prefers_scale(self) -> bool:
        """Whether notes outside the scale cost more.

        That is so where it is asked for, and where a key is named in a mode so rare among the tunes that a network
        learns from that it forgets it on the way: one dorian melody in twenty-five went over to major.
        """
        named = self.key is not None and self.key.mode not in _COMMON_MODES
        free = self.in_scale is None and self.scale is None and self.chords is None
        return self.in_scale == "mostly" or (named and free)

    @property
    def particles(self) -> int:
        """Melodies side by side from which one is drawn: several where rules reach ahead, which a mask cannot weigh."""
        ahead = self.loop or any(rule is not None for rule in (self.last_steps, self.require, self.density))
        return self.effort or (USUAL_EFFORT if ahead else 1)

    @property
    def rejects_static(self) -> bool:
        """Whether a static melody is composed anew: not one that is the network's own, nor where an effort is given.

        At temperature 0 it would be the same again.
        """
        own = self.temperature == 1 and self.rhythm_temperature is None and self.surprise is None
        own = own and self.top_k is None and self.top_p == 1 and self.min_p == 0
        return self.effort is None and (self.planned or not own) and self.temperature > 0

    @property
    def rejects_repetitive(self) -> bool:
        """Whether a repetitive melody is composed anew: not where a form repeats bars, nor in vain."""
        return self.form is None and self.effort is None and self.temperature > 0 and self.top_k != 1

    def _refuse_texts(self) -> None:
        for name in ("key", "metre", "upbeat", "bars"):
            if isinstance(text := getattr(self, name), str):
                raise OptionError(name, f"{text!r} is text; options_of reads it")

    def _check_frame(self) -> None:
        if self.key is not None and self.key.mode not in MODES:
            raise OptionError("key", f"{self.key.mode} is not a mode; the modes are {', '.join(MODES)}")
        if self.key is not None:
            check_whole("key", self.key.tonic, 0, 11)
            check_whole("key", self.key.fifths, -7, 7)
        metre = self.metre or Metre()
        if metre.onset != 0:
            raise OptionError("metre", "must hold from the start")
        whole = metre.denominator in BEAT_VALUES and metre.numerator >= 1
        if not whole or not SHORTEST_BAR <= metre.bar_ticks <= LONGEST_BAR:
            sizes = f"{SHORTEST_BAR} to {LONGEST_BAR} ticks"
            raise OptionError(
                "metre", f"{metre} cannot be composed in: it must count in 1, 2, 4, 8, 16 or 32, in bars of {sizes}"
            )
        if self.upbeat is not None:
            if type(self.upbeat) is int and self.upbeat >= metre.bar_ticks:
                raise OptionError("upbeat", f"is as long as a bar of {metre.numerator}/{metre.denominator} or longer")
            check_whole("upbeat", self.upbeat, 0, metre.bar_ticks - 1)
            bar = metre.bar_ticks
            if (bar - self.upbeat) % bar not in RESTS:
                near = min((bar - rest for rest in RESTS if 0 < rest < bar), key=lambda known: abs(known - self.upbeat))
                told = f"one of {_of_acheck_whole(self.upbeat)} is not known in {metre.numerator}/{metre.denominator}"
                raise OptionError("upbeat", f"{told}; the nearest that is: {_of_acheck_whole(near)}")


def options_of(
    *, key: str | Key | None = None, metre: str | Metre | None = None, bars: str | int | None = 8,
    upbeat: str | int | None = 0, **values: Any,
) -> Options:  # fmt: skip
    """Options as the command line spells them, or as they are kept; raise OptionError.

    >>> made = options_of(key="Am", metre="6/8", bars="free", upbeat="1/8", temperature="0.9")
    >>> str(made.key), str(made.metre), made.bars, made.upbeat, made.temperature
    ('A minor', '6/8', None, 12, 0.9)
    """
    numbers: dict[str, Any] = {
        name: _number(name, value) if isinstance(value, str) else value for name, value in values.items()
    }
    return Options(
        key=parse_key(key) if isinstance(key, str) else key,
        metre=parse_metre(metre) if isinstance(metre, str) else metre,
        bars=parse_bars(bars) if isinstance(bars, str) else bars,
        upbeat=parse_upbeat(upbeat) if isinstance(upbeat, str) else upbeat,
        **numbers,
    )


def _number(option: str, text: str) -> str | float:
    """A number, where the option takes one; else the text as it is."""
    kind = next((str(field.type) for field in fields(Options) if field.name == option), "")
    if option == "surprise" and text == "corpus":
        raise OptionError(option, "compose.sampling.note.corpus_surprise(model.card) gives the corpus's own")
    if kind == "bool":
        raise OptionError(option.replace("_", "-"), f"{text!r} is text; give True or False")
    if not kind.startswith(("int", "float")):
        return text
    try:
        return int(text) if kind.startswith("int") else float(text)
    except ValueError:
        raise OptionError(option.replace("_", "-"), f"{text!r} is not a number") from None


def _of_acheck_whole(ticks: int) -> str:
    return str(Fraction(ticks, 4 * TICKS_PER_QUARTER))


def _real(option: str, value: float, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise OptionError(option, f"{value} is not a number")
    if not math.isfinite(value) or not least <= value <= most:
        raise OptionError(option, f"{value} is not a number from {least:g} to {most:g}")
    return float(value)
