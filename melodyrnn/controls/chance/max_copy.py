"""--max-copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from melodyrnn.controls.control import Control, Option, whole
from melodyrnn.controls.rules import AcceptanceTest, Limit
from melodyrnn.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.controls.clock import Frame


class MaxCopy(Control):
    """Notes in a row, interval and rhythm, that any training melody may share."""

    option = Option("--max-copy", "Share at most N notes in a row with a training tune, 8 or more.", "N", kind=int)
    stored = int | None

    @classmethod
    def parse(cls, given: Any) -> Self:
        """A number of notes."""
        return cls(None if given is None else whole(cls, given, 1, 10**6))

    @property
    def holds(self) -> bool:
        """It asks for nothing that could be planned."""
        return False

    def constrain(self, frame: Frame) -> Iterator[Limit | AcceptanceTest]:
        """No pitch that makes a longer run; at the end a look at joints, and at the seam of a loop."""
        from melodyrnn.constraints.originality import is_original, limit_copy  # noqa: PLC0415

        if frame.index is None:
            return
        index, seam = frame.index(), frame.end if frame.setting.loop else None
        if self.value < index.span:
            raise OptionError(
                self.label(), f"runs of fewer than {index.span} notes belong to everybody; give {index.span}"
            )
        yield Limit(limit_copy(index, self.value))
        yield AcceptanceTest(lambda melody: is_original(index, self.value, melody.before, melody.rows, seam))
