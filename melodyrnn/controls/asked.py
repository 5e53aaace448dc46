"""What a caller asks for: a value of each control, checked in one place.

Contents: Asked (`melodyrnn.controls.options.Options` without its keywords), USUAL_EFFORT.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

from melodyrnn import controls
from melodyrnn.controls.chance.seed import LARGEST_SEED, Seed
from melodyrnn.controls.setting import Setting
from melodyrnn.errors import OptionError

if TYPE_CHECKING:
    from melodyrnn.checkpoint.file import Card
    from melodyrnn.controls.control import Control

USUAL_EFFORT: Final = 16


def _kept(control: Control, kept: set[str]) -> bool:
    """Whether a default that is asked for stands, since something else asked for would set it otherwise."""
    return control.name() in kept and control.value is not None


class Asked:
    """Values of the controls, as attributes; frozen. Raises OptionError, naming the option, for what makes no sense.

    >>> Asked(key="Am", metre="6/8", bars="free").bars is None
    True
    """

    __slots__ = ("_every", "given", "setting")
    given: tuple[Control, ...]
    """What was asked for and differs from the default, in the order of the list of controls."""
    setting: Setting

    def __init__(self, **values: Any) -> None:
        """Read every value once, settle, and refuse what does not go together."""
        known = controls.every()
        if unknown := sorted(set(values) - set(known)):
            raise TypeError(f"no control is called '{unknown[0]}'; they are {', '.join(known)}")
        for name in known:
            if name in values and (beside := known[name].beside(values[name])):
                values = {**beside, **values} | ({name: beside[name]} if name in beside else {})
        read = [known[name].parse(values[name]) for name in known if name in values]
        kept = {name for control in read for name in control.gives_way}  # the default, too, if it is asked for
        given = tuple(c for c in read if c.value != c.default or c.says_default or _kept(c, kept))
        self._set("given", given)
        self._set("_every", {name: control.default for name, control in known.items()} | dict(self._items()))
        setting = Setting()
        for control in given:
            setting = control.settle(setting)
        self._set("setting", setting)
        self._check()

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: ask for another Options with `replace`."""
        raise AttributeError(f"options are frozen; options.replace({name}=...) gives others")

    def __getattr__(self, name: str) -> Any:
        """The value of a control."""
        every = object.__getattribute__(self, "_every")
        if name not in every:
            raise AttributeError(f"no control is called '{name}'")
        return every[name]

    def __eq__(self, other: object) -> bool:
        """Whether the same is asked for."""
        return isinstance(other, Asked) and self.given == other.given

    def __hash__(self) -> int:
        """By what is asked for."""
        return hash(self.given)

    def __repr__(self) -> str:
        """As it could be written."""
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._items())})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel whole between processes."""
        return partial(type(self), **self.values()), ()

    def _items(self) -> list[tuple[str, Any]]:
        return [(control.name(), control.value) for control in self.given]

    def _check(self) -> None:
        """Raise OptionError for what does not go together."""
        asked = dict(self._items())
        for control in self.given:
            for other, reason in control.needs.items():
                if other not in asked:
                    raise OptionError(control.label(), reason)
            for other, reason in control.excludes.items():
                if other in asked:
                    raise OptionError(control.label(), reason)
            control.check(self.setting, self.given)

    def values(self) -> dict[str, Any]:
        """What is asked for and differs from the default, by name."""
        return dict(self._items())

    def replace(self, **changes: Any) -> Self:
        """Others, with these values changed. Raises OptionError."""
        return type(self)(**(self.values() | changes))

    def seeded(self, seed: int) -> Self:
        """Others, by another seed."""
        return self.replace(**{Seed.name(): seed})

    def without(self, *names: str) -> Self:
        """Others that do not ask for these, nor for what needs one of them."""
        known = controls.every()
        left = {name: value for name, value in self.values().items() if name not in names}
        return type(self)(**{name: value for name, value in left.items() if not set(known[name].needs) & set(names)})

    def concerning(self, *what: str) -> Self:
        """Others that ask only for what concerns these (`Control.concerns`)."""
        return self.without(*(control.name() for control in self.given if control.concerns not in what))

    def told(self, card: Card) -> Self:
        """The same, once the model is known. Raises OptionError."""
        return self.replace(**{control.name(): control.told(card).value for control in self.given})

    def styled(self, card: Card) -> Self:
        """With what else controls ask for once the model is known: a style has its metre, tempo, upbeat and length."""
        own = self.values()
        brought = [control.brings(card, own) for control in self.given if control.gives_way]
        return self.replace(**{name: value for one in brought for name, value in one.items() if name not in own})

    def seeds(self, count: int, step: int = 1) -> range:
        """The seeds of `count` melodies. Raises OptionError where there are not so many."""
        first = self.setting.seed
        seeds = range(first, first + count * step, step)
        if seeds and seeds[-1] > LARGEST_SEED:
            raise OptionError("seed", f"{first} is too large to count {count} melodies from; give a smaller one")
        return seeds

    @property
    def by_chance(self) -> tuple[Control, ...]:
        """What melodies are composed until they keep it, where nothing else reaches ahead; else none."""
        ahead = tuple(control for control in self.given if control.reaches)
        free = self.setting.effort is None and not self.certain and self.setting.bars is not None
        return ahead if free and all(control.by_chance for control in ahead) else ()

    @property
    def planned(self) -> bool:
        """Whether notes are held to more than a length and an upbeat, so that all is laid out before the first."""
        return any(control.holds for control in self.given)

    @property
    def certain(self) -> bool:
        """Whether nothing is left to chance."""
        return any(control.certain for control in self.given)

    @property
    def particles(self) -> int:
        """Melodies side by side from which one is drawn: several where rules reach ahead, which a mask cannot weigh."""
        return self.setting.effort or (USUAL_EFFORT if any(control.reaches for control in self.given) else 1)
