"""--max-leap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from melodyrnn.controls.control import EDITS, Control, Option, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.constraints.automaton import PitchSteps
    from melodyrnn.controls.clock import Frame


class MaxLeap(Control):
    """No wider step than this, in semitones, from note to note; in a loop from the last to the first, too."""

    option = Option(
        "--max-leap", "Semitones from note to note, at most (1 to 72).", "N", panel="Pitches", kind=int, verbs=EDITS
    )
    stored = int | None

    @classmethod
    def parse(cls, given: Any) -> Self:
        """A number of semitones."""
        return cls(None if given is None else whole(cls, given, 1, 72))

    def constrain(self, frame: Frame) -> Iterator[PitchSteps]:  # noqa: ARG002
        """Which pitch may follow which."""
        from melodyrnn.constraints.automaton import PitchSteps  # noqa: PLC0415

        yield PitchSteps(lambda semitones: abs(semitones) <= self.value)
