"""Controllers of a keyboard as controls of composing: temperature, density, mute.

Contents: Knobs; parse_knobs; KNOBS.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from melodyrnn.controls.chance.temperature import Temperature
from melodyrnn.controls.rhythm.density import Density
from melodyrnn.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from melodyrnn.controls.options import Options

KNOBS: Final = ("temperature", "density", "mute")
_BOLDEST, _TAMEST = 1.5, 0.5
_DENSEST: Final = 11  # fewest notes in a bar at the right end
_ON: Final = 64


class Knobs:
    """Which controller means what, and where each stands.

    `learns`: a controller that means nothing yet takes the next meaning that is free when it is first moved.
    """

    def __init__(self, named: Mapping[str, int], say: Callable[[str], None], *, learns: bool = False) -> None:
        self._meaning = {number: name for name, number in named.items()}
        self._say, self._learns = say, learns
        self._values: dict[str, int] = {}

    @property
    def muted(self) -> bool:
        """Whether answers are not sounded."""
        return self._values.get("mute", 0) >= _ON

    def turned(self, number: int, value: int) -> bool:
        """Take in a controller; say whether it means something."""
        if number not in self._meaning and self._learns and number < 120:
            free = [name for name in KNOBS if name not in self._meaning.values()]
            if free:
                self._meaning[number] = free[0]
                told = ",".join(f"{name}={number}" for number, name in self._meaning.items())
                self._say(f"controller {number} is {free[0]} now; --knobs {told} says so from the start")
        name = self._meaning.get(number)
        if name is not None:
            self._values[name] = value
        return name is not None

    def applied(self, options: Options) -> Options:
        """Options as the controllers stand; those that were not moved change nothing."""
        wanted: dict[str, object] = {}
        if (heat := self._values.get("temperature")) is not None:
            wanted[Temperature.name()] = round(_TAMEST + (_BOLDEST - _TAMEST) * heat / 127, 3)
        if (density := self._values.get("density")) is not None:
            fewest = 1 + (_DENSEST - 1) * density // 127
            wanted[Density.name()] = f"{fewest}-{fewest + 2}"
        return options.replace(**wanted) if wanted else options


def parse_knobs(text: str | None) -> dict[str, int]:
    """Read which controller means what; raise OptionError.

    >>> parse_knobs("temperature=1,mute=64")
    {'temperature': 1, 'mute': 64}
    """
    found: dict[str, int] = {}
    for one in (text or "").split(",") if text else ():
        match = re.fullmatch(r"\s*([a-z]+)\s*=\s*([0-9]{1,3})\s*", one)
        if match is None or match[1] not in KNOBS or int(match[2]) > 119:
            raise OptionError("--knobs", f"{one!r} must be one of {', '.join(KNOBS)} and a controller, temperature=1")
        found[match[1]] = int(match[2])
    if len(set(found.values())) < len(found):
        raise OptionError("--knobs", "one controller can mean one thing")
    return found
