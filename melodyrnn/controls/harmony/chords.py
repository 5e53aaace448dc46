"""--chords."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from melodyrnn.controls.control import VARIES, Control, Option
from melodyrnn.music.chords import progression
from melodyrnn.music.melody import Metre

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.controls.setting import Setting


class ChordsControl(Control):
    """A progression, from the first full bar on, over and over; what it means for notes is said by --chord-tones."""

    option = Option(
        "--chords",
        '"Am:4 F:2 | C", or those of FILE[:TRACK].',
        "CHORDS|FILE",
        panel="Chords",
        files="harmony",
        verbs=VARIES,
    )

    @property
    def holds(self) -> bool:
        """Always: see --chord-tones."""
        return True

    def check(self, setting: Setting, others: Sequence[Control]) -> None:  # noqa: ARG002
        """They fit the metre, where one is asked for."""
        if setting.metre is not None:
            progression(self.value, setting.metre, setting.key)

    def settle(self, setting: Setting) -> Setting:
        """The progression; degrees of a key that is asked for as symbols, so that files need no key to tell them."""
        if setting.key is None:
            return replace(setting, progression=self.value)
        from melodyrnn.music.harmony import in_letters  # noqa: PLC0415 - only chords wait for their grammar

        return replace(setting, progression=in_letters(self.value, setting.metre or Metre(), setting.key))
