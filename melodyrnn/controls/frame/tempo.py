"""--tempo."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from melodyrnn.controls.control import Control, Option, real

if TYPE_CHECKING:
    from melodyrnn.controls.setting import Setting


class Tempo(Control):
    """Quarter notes a minute; None: the prime's, else 120."""

    option = Option(
        "--tempo",
        "Quarters a minute, 4 to 1000 (120, or the prime's).",
        "N",
        panel="Music",
        kind=float,
        elsewhere=("--bpm", "--speed"),
    )
    stored = float | None

    @classmethod
    def parse(cls, given: Any) -> Self:
        """A number, or None."""
        return cls(None if given is None else real(cls, given, 4, 1000))

    def settle(self, setting: Setting) -> Setting:
        """The tempo."""
        return replace(setting, tempo=self.value)
