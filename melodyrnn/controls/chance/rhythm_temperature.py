"""--rhythm-temperature."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from melodyrnn.controls.chance.temperature import sharpened
from melodyrnn.controls.control import Control, Option, real
from melodyrnn.controls.rules import Filter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.constraints.logit_rules import DecodingContext
    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.setting import Setting
    from melodyrnn.inference.numpy_network import Logs


class RhythmTemperature(Control):
    """The temperature of rests and durations; None: that of the pitches."""

    option = Option("--rhythm-temperature", "The same for the rhythm alone.", "X", panel="Chance", kind=float)
    stored = float | None

    @classmethod
    def parse(cls, given: Any) -> Self:
        """A number."""
        return cls(None if given is None else real(cls, given, 0, 100))

    @property
    def holds(self) -> bool:
        """It changes what is probable, not what is allowed."""
        return False

    def settle(self, setting: Setting) -> Setting:
        """That the rhythm has its own."""
        return replace(setting, rhythm_heat=self.value)

    def constrain(self, frame: Frame) -> Iterator[Filter]:  # noqa: ARG002
        """For rests and durations."""

        def heated(logs: Logs, context: DecodingContext) -> Logs:  # noqa: ARG001
            return sharpened(logs, self.value)

        yield Filter(rhythm=heated)
