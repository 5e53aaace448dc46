"""--effort."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from melodyrnn.controls.control import EDITS, Control, Option, whole

if TYPE_CHECKING:
    from melodyrnn.controls.setting import Setting


class Effort(Control):
    """Melodies side by side from which one is drawn; None: as many as the other controls need."""

    option = Option(
        "--effort", "Melodies side by side to draw one from, up to 4096; more fit better.", "N", panel="Chance",
        kind=int, verbs=EDITS,
    )  # fmt: skip
    stored = int | None

    @classmethod
    def parse(cls, given: Any) -> Self:
        """A number of melodies."""
        return cls(None if given is None else whole(cls, given, 1, 4096))

    def settle(self, setting: Setting) -> Setting:
        """How many."""
        return replace(setting, effort=self.value)
