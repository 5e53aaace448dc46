"""--seed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Self

from melodyrnn.controls.control import EDITS, Control, Option, whole

if TYPE_CHECKING:
    from melodyrnn.controls.setting import Setting

LARGEST_SEED: Final = 2**63 - 1


class Seed(Control):
    """Where chance begins: melody k of a call is the melody that seed + k gives alone."""

    option = Option(
        "--seed", "The same seed gives the same melody; else one is drawn and told.", "N", panel="Chance", kind=int,
        verbs=EDITS, drawn=True,
    )  # fmt: skip
    default = 0
    stored = int

    @classmethod
    def parse(cls, given: Any) -> Self:
        """A whole number."""
        return cls(whole(cls, given, 0, LARGEST_SEED))

    def settle(self, setting: Setting) -> Setting:
        """The seed."""
        return replace(setting, seed=self.value)
