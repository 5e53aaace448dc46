"""--top-p."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from melodyrnn.controls.control import Control, Option, real
from melodyrnn.controls.rules import Filter
from melodyrnn.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.constraints.logit_rules import DecodingContext
    from melodyrnn.controls.clock import Frame
    from melodyrnn.inference.numpy_network import Logs


class TopP(Control):
    """Choose among the most probable values that together have this share (nucleus). Source: A. Holtzman 2020."""

    option = Option("--top-p", "Choose among the likeliest that together have P.", "P", panel="Chance", kind=float)
    default = 1.0
    stored = float

    @classmethod
    def parse(cls, given: Any) -> Self:
        """A number."""
        value = real(cls, given, 0, 1)
        if value == 0:
            raise OptionError("top-p", "0 leaves nothing to choose from; give a share above 0, at most 1")
        return cls(value)

    @property
    def holds(self) -> bool:
        """It changes what is probable, not what is allowed."""
        return False

    def constrain(self, frame: Frame) -> Iterator[Filter]:  # noqa: ARG002
        """For rests, durations and pitches."""

        def filtered(logs: Logs, context: DecodingContext) -> Logs:  # noqa: ARG001
            return nucleus(logs, self.value)

        yield Filter(pitch=filtered, rhythm=filtered)


def nucleus(logs: Logs, p: float) -> Logs:
    """Keep the fewest most probable entries that hold a share p of the probability."""
    import numpy as np  # noqa: PLC0415

    if p >= 1:
        return logs
    order = np.argsort(-logs, axis=1, kind="stable")
    weights = np.exp(logs - logs.max(1, keepdims=True))
    shares = np.take_along_axis(weights / weights.sum(1, keepdims=True), order, 1)
    before = np.cumsum(shares, 1) - shares  # the share of everything more probable
    kept = np.full_like(logs, -np.inf)
    ranked = np.where(before < p, np.take_along_axis(logs, order, 1), -np.inf)
    np.put_along_axis(kept, order, ranked, 1)
    return kept
