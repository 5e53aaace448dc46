"""What a control is: one thing that a composer may ask for.

A control is a class in a file of its own and one line in the list of `melodyrnn.controls`. Its option on the command
line, its keyword in Python, its place in recipes and in docs/controls.md, and the refusals that it is part of all come
from here; docs/architecture.md shows how to add one.

Contents: Option, Control; whole, real (checks of numbers).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, Self

from melodyrnn.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from melodyrnn.checkpoint.file import Card
    from melodyrnn.constraints.automaton import Flags
    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.rules import Rule
    from melodyrnn.controls.setting import Setting
    from melodyrnn.events.vocabulary import Indices

GENERATE: Final = ("generate",)
EDITS: Final = ("generate", "infill", "vary")
VARIES: Final = ("generate", "vary")


class Option(NamedTuple):
    """An option as the command line spells it."""

    name: str  # with its dashes
    help: str
    metavar: str | None = None  # None: a flag, which takes no value
    panel: str = "Music"  # group of the help page
    short: str = ""  # another spelling
    kind: type = str  # what its text is read as: str, int, float; bool for a flag
    drawn: bool = False  # the command line draws one where none is given
    files: str = ""  # what FILE may be read instead of the text: 'harmony', 'feel', 'melody'
    verbs: tuple[str, ...] = GENERATE  # commands that have it
    elsewhere: tuple[str, ...] = ()  # what other programs call it: whoever writes that is told
    staged: bool = True  # what `generate` has of it means something in answer to a player, too

    def belongs_to(self, verb: str) -> bool:
        """Whether a command has it; a jam has what generate has, but for what is about files."""
        return verb in self.verbs or (verb == "jam" and self.staged and "generate" in self.verbs)


class Control:
    """Something asked for. Subclasses say what it means; what they do not override asks for nothing."""

    option: ClassVar[Option]
    default: ClassVar[Any] = None
    """The value that asks for nothing, or for what holds if nobody asks."""
    stored: ClassVar[Any] = str | None
    """The type of its value in recipes."""
    standing: ClassVar[bool] = False
    """Whether it has something to say where nobody asked for it."""
    says_default: ClassVar[bool] = False
    """Whether asking for the default is asking: where nobody does, a model may have manners of its own."""
    takes_time: ClassVar[bool] = False
    """Whether it could contradict a drawn length, so that the network ends the melody where no length is asked for."""
    concerns: ClassVar[str] = "notes"
    """'whole', 'ending' and 'rhythm' mean nothing in a gap, in one that does not end the melody, in a kept rhythm."""
    needs: ClassVar[dict[str, str]] = {}
    """Controls without which it is refused, with the reason."""
    excludes: ClassVar[dict[str, str]] = {}
    """Controls beside which it is refused, with the reason."""

    def __init__(self, value: Any) -> None:
        """`value`: as callers and recipes write it; it does not change."""
        self.value = value

    def __eq__(self, other: object) -> bool:
        """Whether the same is asked for."""
        return type(self) is type(other) and self.value == other.value

    def __hash__(self) -> int:
        """By what is asked for."""
        return hash((type(self), self.value))

    @classmethod
    def name(cls) -> str:
        """Its keyword in Python and in recipes."""
        return cls.option.name.removeprefix("--").replace("-", "_")

    @classmethod
    def parse(cls, given: Any) -> Self:
        """Read a text as musicians write it, or a value; the only reader of either. Raises OptionError."""
        if given is None:
            return cls(None)
        if not isinstance(given, str):
            raise OptionError(cls.label(), f"{given!r} is not text; write it as on the command line")
        return cls(cls.read(" ".join(given.split())))

    @classmethod
    def read(cls, text: str) -> str:
        """Look at a text, and give it as it is kept, for controls whose value is one. Raises OptionError."""
        return text

    @classmethod
    def beside(cls, given: Any) -> dict[str, Any]:  # noqa: ARG003
        """What else a text asks for, by the names of controls; it gives way to what is asked for itself."""
        return {}

    @property
    def gives_way(self) -> tuple[str, ...]:
        """Names of the controls that it sets by what the model's card counts, unless they are asked for themselves."""
        return ()

    def brings(self, card: Card, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """What it asks of those controls beside what is `asked` for, by their names."""
        return {}

    @classmethod
    def label(cls) -> str:
        """How messages name it."""
        return cls.option.name.removeprefix("--")

    @property
    def holds(self) -> bool:
        """Whether new notes are held to something, so that all is planned before the first is drawn."""
        own = type(self)
        return own.constrain is not Control.constrain or own.allows is not Control.allows

    @property
    def reaches(self) -> bool:
        """Whether it reaches so far ahead that what is allowed note by note would come out otherwise than in the end.

        Then one melody is drawn from many that are composed side by side (`compose.sampling.particles`).
        """
        return False

    @property
    def by_chance(self) -> bool:
        """Whether melodies keep it so often by themselves that they are composed until one does; else held to it."""
        return False

    @property
    def certain(self) -> bool:
        """Whether it leaves nothing to chance."""
        return False

    def told(self, card: Card) -> Self:  # noqa: ARG002
        """The same, once the model is known. Raises OptionError."""
        return self

    def check(self, setting: Setting, others: Sequence[Control]) -> None:
        """Raise OptionError for what does not go together with the rest that is asked for."""

    def settle(self, setting: Setting) -> Setting:
        """Tell what it means for the melody as a whole; called in the order of the list."""
        return setting

    def allows(self, frame: Frame, midi: Indices) -> Flags | None:  # noqa: ARG002 - most have nothing to say
        """Which MIDI numbers may sound at all, whatever the time: a flag for each; None = every one."""
        return None

    def opens(self) -> int | None:
        """The MIDI number with which the melody begins; None = nothing is said of it."""
        return None

    def constrain(self, frame: Frame) -> Iterable[Rule]:  # noqa: ARG002
        """Rules for the new notes, of any of the kinds in `melodyrnn.controls.rules`. Raises OptionError."""
        return ()

    def impossible(self, length: str) -> str | None:  # noqa: ARG002
        """Say why it alone makes a melody of this length impossible, better than can be said in general."""
        return None


def whole(control: type[Control], value: object, least: int, most: int) -> int:
    """Read a whole number within limits; raise OptionError."""
    if isinstance(value, str):
        value = _number(control, value, int)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise OptionError(control.label(), f"{value} is not a whole number from {least} to {most}")
    return value


def real(control: type[Control], value: object, least: float, most: float) -> float:
    """Read a number within limits; raise OptionError."""
    if isinstance(value, str):
        value = _number(control, value, float)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise OptionError(control.label(), f"{value} is not a number")
    if not math.isfinite(value) or not least <= value <= most:
        raise OptionError(control.label(), f"{value} is not a number from {least:g} to {most:g}")
    return value


def _number(control: type[Control], text: str, kind: Callable[[str], float]) -> float:
    """A number that is written out; raise OptionError."""
    try:
        return kind(text)
    except ValueError:
        raise OptionError(control.label(), f"{text!r} is not a number") from None


def one_of(control: type[Control], value: object, allowed: Iterable[str]) -> str:
    """One of some words; raise OptionError."""
    words = tuple(allowed)
    if value not in words:
        raise OptionError(control.label(), f"must be one of {', '.join(words)}, not {value!r}")
    return str(value)


def flag(control: type[Control], value: object) -> bool:
    """True or False; raise OptionError."""
    if not isinstance(value, bool):
        raise OptionError(control.label(), f"{value!r} is text; give True or False")
    return value
