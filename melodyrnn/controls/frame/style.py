"""--style."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from melodyrnn.controls.control import Control, Option

if TYPE_CHECKING:
    from melodyrnn.controls.setting import Setting


class Style(Control):
    """A style of the model's card, told to the network; None: hidden from it."""

    option = Option("--style", "A style of the model; inspect lists them.", "NAME")

    @classmethod
    def parse(cls, given: Any) -> Self:
        """The name as it stands; whether the model knows it is seen when there is one."""
        return cls(given)

    def settle(self, setting: Setting) -> Setting:
        """Its name."""
        return replace(setting, style=self.value)
