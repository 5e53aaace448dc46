"""--tempo."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from melodyrnn.controls.control import VARIES, Control, Option, real
from melodyrnn.music.parsing import parse_tempo

if TYPE_CHECKING:
    from melodyrnn.controls.setting import Setting


class Tempo(Control):
    """Quarter notes a minute, or other beats (3/8=116); None: the prime's, else 120."""

    option = Option(
        "--tempo",
        "Quarters a minute, 4 to 1000, or 3/8=116 (as given, else 120).",
        "N",
        verbs=VARIES,
        elsewhere=("--bpm", "--speed"),
    )
    stored = float | None

    @classmethod
    def parse(cls, given: Any) -> Self:
        """A number of quarters, a text as scores write it, or None."""
        value = parse_tempo(given) if isinstance(given, str) else given
        return cls(None if value is None else real(cls, value, 4, 1000))

    def settle(self, setting: Setting) -> Setting:
        """The tempo."""
        return replace(setting, tempo=self.value)
