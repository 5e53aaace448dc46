"""--range."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from melodyrnn.controls.control import EDITS, Control, Option
from melodyrnn.music.parsing import range_of

if TYPE_CHECKING:
    from melodyrnn.constraints.automaton import Flags
    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.setting import Setting
    from melodyrnn.events.vocabulary import Indices


class Range(Control):
    """Lowest and highest note."""

    option = Option("--range", "Lowest and highest note.", "C4-A5", panel="Pitches", verbs=EDITS)

    @classmethod
    def read(cls, text: str) -> str:
        """Two names with octaves."""
        range_of(text)
        return text

    def settle(self, setting: Setting) -> Setting:
        """Its ends."""
        return replace(setting, compass=range_of(self.value))

    def allows(self, frame: Frame, midi: Indices) -> Flags:  # noqa: ARG002
        """What lies between."""
        low, high = range_of(self.value)
        return (midi >= low) & (midi <= high)
