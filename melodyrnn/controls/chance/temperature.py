"""--temperature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from melodyrnn.controls.control import EDITS, Control, Option, real
from melodyrnn.controls.rules import Filter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.constraints.logit_rules import DecodingContext
    from melodyrnn.controls.clock import Frame
    from melodyrnn.inference.numpy_network import Logs


class Temperature(Control):
    """0 = always the most probable; 1 = as the network learnt; above that flatter."""

    option = Option(
        "--temperature", "Boldness, 0 to 100; 0 always takes the likeliest.", "X", panel="Chance", short="-t",
        kind=float, verbs=EDITS,
    )  # fmt: skip
    default = 1.0
    stored = float

    @classmethod
    def parse(cls, given: Any) -> Self:
        """A number."""
        return cls(real(cls, given, 0, 100))

    @property
    def holds(self) -> bool:
        """It changes what is probable, not what is allowed."""
        return False

    @property
    def certain(self) -> bool:
        """At 0."""
        return bool(self.value == 0)

    def constrain(self, frame: Frame) -> Iterator[Filter]:
        """For rests and durations too, unless they have a temperature of their own."""

        def heated(logs: Logs, context: DecodingContext) -> Logs:  # noqa: ARG001
            return sharpened(logs, self.value)

        yield Filter(pitch=heated, rhythm=heated if frame.setting.rhythm_heat is None else None)


def sharpened(logs: Logs, value: float) -> Logs:
    """Sharpen (below 1) or flatten (above 1); 0 keeps the most probable entry only, the first of equals.

    >>> import numpy as np
    >>> sharpened(np.log([[0.2, 0.5, 0.3]]), 0).tolist()
    [[-inf, 0.0, -inf]]
    """
    import numpy as np  # noqa: PLC0415

    if value == 1:
        return logs
    if value == 0:
        best = np.full_like(logs, -np.inf)
        best[np.arange(len(logs)), logs.argmax(1)] = 0.0
        return best
    with np.errstate(over="ignore"):  # next to 0 all but the best go to -inf, which is what is meant
        return np.asarray((logs - logs.max(1, keepdims=True)) / value)
