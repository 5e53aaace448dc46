"""--chord-track."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from melodyrnn.controls.control import Control, Option, flag

if TYPE_CHECKING:
    from melodyrnn.controls.setting import Setting


class ChordTrack(Control):
    """The chords are written too, as a second track or as symbols."""

    option = Option(
        "--chord-track",
        "Write the chords too: a second MIDI track, or symbols.",
        panel="Chords",
        kind=bool,
        staged=False,
    )
    default = False
    stored = bool
    needs = {"chords": "there are no chords to write; give them with chords"}  # noqa: RUF012 - it is only read

    @classmethod
    def parse(cls, given: Any) -> Self:
        """True or False."""
        return cls(flag(cls, given))

    def settle(self, setting: Setting) -> Setting:
        """That they are written."""
        return replace(setting, writes_chords=True)
