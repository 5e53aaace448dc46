"""--upbeat."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Self

from melodyrnn.controls.control import Control, Option, whole
from melodyrnn.errors import OptionError
from melodyrnn.music.melody import TICKS_PER_QUARTER, Metre
from melodyrnn.music.parsing import parse_upbeat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.controls.setting import Setting


class Upbeat(Control):
    """Ticks before the first full bar; None: the network chooses."""

    option = Option("--upbeat", "Length of an upbeat before them: 1/4, 1/8.", "N/N|free", staged=False)
    default = 0
    says_default = True
    stored = int | None

    @classmethod
    def parse(cls, given: Any) -> Self:
        """'1/4', '0', ticks, 'free' or None."""
        return cls(parse_upbeat(given) if isinstance(given, str) else given)

    def check(self, setting: Setting, others: Sequence[Control]) -> None:  # noqa: ARG002
        """It is shorter than a bar, and a rest of the tables leads to it."""
        from melodyrnn.events.vocabulary import RESTS  # noqa: PLC0415

        metre, label = setting.metre or Metre(), self.label()
        if self.value is None:
            return
        bar = metre.bar_ticks
        if type(self.value) is int and self.value >= bar:
            raise OptionError(label, f"is as long as a bar of {metre.numerator}/{metre.denominator} or longer")
        whole(type(self), self.value, 0, bar - 1)
        if (bar - self.value) % bar not in RESTS:
            near = min((bar - rest for rest in RESTS if 0 < rest < bar), key=lambda known: abs(known - self.value))
            told = f"{_of_a_whole(self.value)} is not known in {metre.numerator}/{metre.denominator}"
            raise OptionError(label, f"{told}; the nearest that is: {_of_a_whole(near)}")

    def settle(self, setting: Setting) -> Setting:
        """Its length."""
        return replace(setting, upbeat=self.value)


def _of_a_whole(ticks: int) -> str:
    """Ticks as a fraction of a whole note."""
    return str(Fraction(ticks, 4 * TICKS_PER_QUARTER))
