"""--bars."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from melodyrnn.controls.control import Control, Option, whole
from melodyrnn.music.melody import MOST_BARS
from melodyrnn.music.parsing import parse_bars

if TYPE_CHECKING:
    from melodyrnn.controls.setting import Setting


class Bars(Control):
    """Exactly so many full bars; None: the network ends the melody, after MOST_BARS at the latest."""

    option = Option(
        "--bars", "Exactly so many, up to 64, without upbeat and prime; free: as was learnt.", "N|free", staged=False
    )
    default = 8
    says_default = True
    stored = int | None

    @classmethod
    def parse(cls, given: Any) -> Self:
        """'8', 8, 'free' or None."""
        value = parse_bars(given) if isinstance(given, str) else given
        return cls(None if value is None else whole(cls, value, 1, MOST_BARS))

    def settle(self, setting: Setting) -> Setting:
        """The length."""
        return replace(setting, bars=self.value)
