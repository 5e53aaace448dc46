"""--scale."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from melodyrnn.controls.control import EDITS, Control, Option
from melodyrnn.music.parsing import scale_of

if TYPE_CHECKING:
    from melodyrnn.controls.setting import Setting


class Scale(Control):
    """The notes that the scale has; that only they come is said by --in-scale, strict where a scale is given."""

    option = Option("--scale", 'Only these: "C D Eb F# G Ab B".', "NOTES", panel="Pitches", verbs=EDITS)

    @classmethod
    def parse(cls, given: Any) -> Self:
        """Names of pitch classes."""
        if given is None:
            return cls(None)
        read = super().parse(given)
        scale_of(read.value)
        return read

    @property
    def holds(self) -> bool:
        """Always: see --in-scale."""
        return True

    def settle(self, setting: Setting) -> Setting:
        """Its pitch classes."""
        return replace(setting, scale=scale_of(self.value))
