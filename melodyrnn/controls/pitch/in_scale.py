"""--in-scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

from melodyrnn.controls.control import EDITS, Control, Option, one_of
from melodyrnn.controls.rules import Preference
from melodyrnn.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.constraints.automaton import Flags
    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.setting import Setting
    from melodyrnn.events.vocabulary import Indices

OUT_OF_SCALE: Final = -2.5  # what is added to the log-probability of other notes
_COMMON_MODES: Final = frozenset({"major", "minor"})


class InScale(Control):
    """strict: no other note; mostly: other notes cost more; free: as the network likes.

    Where nobody asks it is strict if a scale is given, and mostly where a key is named in a mode so rare among the
    tunes that a network learns from that it forgets it on the way: one dorian melody in twenty-five went over to major.
    """

    option = Option(
        "--in-scale", "Keep to the scale, or the key's (mostly in modes).", "strict|mostly|free", panel="Pitches",
        verbs=EDITS,
    )  # fmt: skip
    standing = True

    @classmethod
    def parse(cls, given: Any) -> Self:
        """One of the words, or None."""
        return cls(None if given is None else one_of(cls, given, ("strict", "mostly", "free")))

    @property
    def holds(self) -> bool:
        """Unless it lets all notes come."""
        return self.value in {"strict", "mostly"}

    def check(self, setting: Setting, others: Sequence[Control]) -> None:  # noqa: ARG002
        """A scale that is ignored is none."""
        if self.value == "free" and setting.scale is not None:
            raise OptionError("in-scale", "free ignores the scale; leave out one of the two")

    def allows(self, frame: Frame, midi: Indices) -> Flags | None:
        """The notes of the scale, where it is strict."""
        strict = self.value == "strict" or (self.value is None and frame.setting.scale is not None)
        return frame.among(midi % 12, frame.scale) if strict else None

    def constrain(self, frame: Frame) -> Iterator[Preference]:
        """Other notes cost more, where it is mostly."""
        setting = frame.setting
        named = setting.key is not None and setting.key.mode not in _COMMON_MODES
        untold = self.value is None and setting.scale is None and setting.progression is None
        if self.value == "mostly" or (named and untold):
            yield Preference(OUT_OF_SCALE * (~frame.of_classes(frame.scale)).astype(float))
