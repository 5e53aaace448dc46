"""--min-p."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from melodyrnn.controls.control import Control, Option, real
from melodyrnn.controls.rules import Filter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.constraints.logit_rules import DecodingContext
    from melodyrnn.controls.clock import Frame
    from melodyrnn.inference.numpy_network import Logs


class MinP(Control):
    """Choose among values at least so many times as probable as the best. Source: M. Nguyen et al. 2024."""

    option = Option("--min-p", "Choose among those P times as likely as the best.", "P", panel="Chance", kind=float)
    default = 0.0
    stored = float

    @classmethod
    def parse(cls, given: Any) -> Self:
        """A number."""
        return cls(real(cls, given, 0, 1))

    @property
    def holds(self) -> bool:
        """It changes what is probable, not what is allowed."""
        return False

    def constrain(self, frame: Frame) -> Iterator[Filter]:  # noqa: ARG002
        """For rests, durations and pitches."""

        def filtered(logs: Logs, context: DecodingContext) -> Logs:  # noqa: ARG001
            return above(logs, self.value)

        yield Filter(pitch=filtered, rhythm=filtered)


def above(logs: Logs, p: float) -> Logs:
    """Keep entries at least p times as probable as the most probable one."""
    import numpy as np  # noqa: PLC0415

    return logs if p <= 0 else np.where(logs >= logs.max(1, keepdims=True) + np.log(p), logs, -np.inf)
