"""--velocity."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from melodyrnn.controls.control import Control, Option, whole

if TYPE_CHECKING:
    from melodyrnn.controls.setting import Setting


class Velocity(Control):
    """One flat velocity for all new notes; None: strong beats are louder."""

    option = Option("--velocity", "One velocity for all new notes, 1 to 127.", "N", panel="Where it goes", kind=int)
    stored = int | None

    @classmethod
    def parse(cls, given: Any) -> Self:
        """A number, or None."""
        return cls(None if given is None else whole(cls, given, 1, 127))

    def settle(self, setting: Setting) -> Setting:
        """The velocity."""
        return replace(setting, velocity=self.value)
