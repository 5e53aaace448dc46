"""--feel."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from melodyrnn.controls.control import EDITS, Control, Option
from melodyrnn.errors import OptionError
from melodyrnn.music.groove import parse_groove

if TYPE_CHECKING:
    from melodyrnn.controls.setting import Setting

PRIME: Final = "prime"
EXACT: Final = "exact"


class FeelControl(Control):
    """How new notes are played: as the melody that is given, on the grid, or as a clip.

    Played by hand is a melody whose notes begin beside the lines of its bars more often than not.
    """

    option = Option(
        "--feel",
        "Play new notes as the given file is played, on the grid, or as a clip is.",
        "prime|exact|FILE", panel="Where it goes", verbs=EDITS, files="feel", elsewhere=("--groove",), staged=False,
    )  # fmt: skip

    @classmethod
    def read(cls, text: str) -> str:
        """A word, or a groove; a file has been read before."""
        if text not in {PRIME, EXACT} and parse_groove(text) is None:
            raise OptionError(
                cls.label(), f"must be {PRIME}, {EXACT} or a MIDI file that was played, clip.mid, not {text!r}"
            )
        return text

    def settle(self, setting: Setting) -> Setting:
        """The feel."""
        return replace(setting, feel=self.value)
