"""--forbid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from melodyrnn.controls.control import EDITS, Control, Option
from melodyrnn.controls.pitch import named_pitches

if TYPE_CHECKING:
    from melodyrnn.constraints.automaton import Flags
    from melodyrnn.controls.clock import Frame
    from melodyrnn.events.vocabulary import Indices


class Forbid(Control):
    """Pitches that never come; without an octave all of the name."""

    option = Option("--forbid", 'Never these: "F# C4"; no octave means all.', "NOTES", panel="Pitches", verbs=EDITS)

    @classmethod
    def read(cls, text: str) -> str:
        """Names of pitches."""
        named_pitches(text, "forbid")
        return text

    def allows(self, frame: Frame, midi: Indices) -> Flags:
        """All others."""
        return ~frame.among(midi, frozenset[int]().union(*named_pitches(self.value, "forbid")))
