"""--loop."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from melodyrnn.controls.control import Control, Option, flag
from melodyrnn.controls.rules import Mask
from melodyrnn.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.setting import Setting


class Loop(Control):
    """The last note ends on the last bar line, so that the melody can begin again."""

    option = Option("--loop", "Fill the last bar, end on its bar line.", kind=bool, staged=False)
    default = False
    stored = bool
    concerns = "whole"

    @classmethod
    def parse(cls, given: Any) -> Self:
        """True or False."""
        return cls(flag(cls, given))

    @property
    def reaches(self) -> bool:
        """How it ends weighs on the bars before, and how it begins on how it ends."""
        return True

    def check(self, setting: Setting, others: Sequence[Control]) -> None:  # noqa: ARG002
        """There is a last bar line."""
        if setting.bars is None:
            raise OptionError("loop", "a loop needs a number of bars")

    def settle(self, setting: Setting) -> Setting:
        """That it is one."""
        return replace(setting, loop=True)

    def constrain(self, frame: Frame) -> Iterator[Mask]:
        """It is over at the end and nowhere before."""
        yield Mask(over=frame.ticks == frame.end)
