"""--top-k."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from melodyrnn.controls.control import Control, Option, whole
from melodyrnn.controls.rules import Filter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.constraints.logit_rules import DecodingContext
    from melodyrnn.controls.clock import Frame
    from melodyrnn.inference.numpy_network import Logs


class TopK(Control):
    """Choose among so many values of each attribute. Source: A. Fan, M. Lewis & Y. Dauphin 2018."""

    option = Option("--top-k", "Choose among the N likeliest.", "N", panel="Chance", kind=int)
    stored = int | None

    @classmethod
    def parse(cls, given: Any) -> Self:
        """A number."""
        return cls(None if given is None else whole(cls, given, 1, 10**6))

    @property
    def holds(self) -> bool:
        """It changes what is probable, not what is allowed."""
        return False

    @property
    def certain(self) -> bool:
        """Of one."""
        return bool(self.value == 1)

    def constrain(self, frame: Frame) -> Iterator[Filter]:  # noqa: ARG002
        """For rests, durations and pitches."""

        def filtered(logs: Logs, context: DecodingContext) -> Logs:  # noqa: ARG001
            return likeliest(logs, self.value)

        yield Filter(pitch=filtered, rhythm=filtered)


def likeliest(logs: Logs, k: int) -> Logs:
    """Keep the k most probable entries: exactly k, the first of equals (a threshold would let ties leak in)."""
    import numpy as np  # noqa: PLC0415

    if k >= logs.shape[1]:
        return logs
    chosen = np.argsort(-logs, axis=1, kind="stable")[:, :k]
    kept = np.full_like(logs, -np.inf)
    np.put_along_axis(kept, chosen, np.take_along_axis(logs, chosen, 1), 1)
    return kept
