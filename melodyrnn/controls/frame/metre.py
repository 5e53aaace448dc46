"""--metre."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from melodyrnn.controls.control import Control, Option
from melodyrnn.errors import OptionError
from melodyrnn.music.melody import BEAT_VALUES, LONGEST_BAR, SHORTEST_BAR, Metre
from melodyrnn.music.parsing import parse_metre

if TYPE_CHECKING:
    from melodyrnn.controls.setting import Setting


class MetreControl(Control):
    """The metre; None: the prime's, else 4/4."""

    option = Option(
        "--metre",
        "3/4, 6/8, 5/4 (4/4, or the prime's).",
        "N/N",
        elsewhere=("--time", "--signature", "--time-signature", "--meter"),
    )
    stored = Metre | None

    @classmethod
    def parse(cls, given: Any) -> Self:
        """A text or a Metre."""
        metre = parse_metre(given) if isinstance(given, str) else given
        if metre is None:
            return cls(None)
        if not isinstance(metre, Metre):
            raise OptionError("metre", f"{given!r} is not a metre; write 3/4")
        if metre.onset != 0:
            raise OptionError("metre", "must hold from the start")
        whole = metre.denominator in BEAT_VALUES and metre.numerator >= 1
        if not whole or not SHORTEST_BAR <= metre.bar_ticks <= LONGEST_BAR:
            sizes = f"{SHORTEST_BAR} to {LONGEST_BAR} ticks"
            raise OptionError(
                "metre", f"{metre} cannot be composed in: it must count in 1, 2, 4, 8, 16 or 32, in bars of {sizes}"
            )
        return cls(metre)

    def settle(self, setting: Setting) -> Setting:
        """The metre."""
        return replace(setting, metre=self.value)
