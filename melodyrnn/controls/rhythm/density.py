"""--density."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from melodyrnn.controls.control import Control, Option
from melodyrnn.errors import OptionError
from melodyrnn.music.melody import TICKS_PER_QUARTER, Metre

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.constraints.automaton import BarCounter
    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.setting import Setting

DENSITIES: Final = {"sparse": (Fraction(1, 4), 1), "medium": (Fraction(3, 4), 2), "dense": (Fraction(3, 2), 4)}
"""Fewest and most notes that begin in a bar, for each quarter of its length."""


class Density(Control):
    """How many notes begin in each bar; fewer in a last bar, an upbeat, or a bar that a prime has begun."""

    option = Option(
        "--density", "Notes in each bar, or sparse, medium, dense.", "N|N-N", panel="Rhythm and form",
        verbs=("generate", "infill"),
    )  # fmt: skip
    takes_time = True
    concerns = "rhythm"

    @classmethod
    def read(cls, text: str) -> str:
        """A word, a number or two."""
        notes_in_bar(text, Metre())
        return text

    @property
    def reaches(self) -> bool:
        """What a bar still has to have weighs on its first notes."""
        return True

    def settle(self, setting: Setting) -> Setting:
        """That bars are counted."""
        return replace(setting, counts_bars=self.label())

    def constrain(self, frame: Frame) -> Iterator[BarCounter]:
        """Notes are counted in each bar."""
        import numpy as np  # noqa: PLC0415

        from melodyrnn.constraints.automaton import BarCounter  # noqa: PLC0415

        fewest, most = notes_in_bar(self.value, frame.melody.metres[0])
        least = np.zeros(frame.end + 1, np.int64)
        for a, b in frame.composed():
            least[a:b] = fewest
        least[max(frame.lines[-2], 0) :] = 0
        yield BarCounter(frame.bar_numbers(), least, np.full(frame.end + 1, most))


def notes_in_bar(text: str, metre: Metre) -> tuple[int, int]:
    """Fewest and most notes that begin in a bar; raise OptionError.

    >>> notes_in_bar("medium", Metre(3, 4)), notes_in_bar("4", Metre()), notes_in_bar("3-6", Metre())
    ((2, 6), (4, 4), (3, 6))
    """
    if text in DENSITIES:
        low, high = DENSITIES[text]
        quarters = Fraction(metre.bar_ticks, TICKS_PER_QUARTER)
        return max(1, int(low * quarters)), max(1, int(high * quarters))
    match = re.fullmatch(r"([0-9]{1,2})(?:-([0-9]{1,2}))?", text)
    least, most = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= most <= 32 or least > most:
        raise OptionError(
            "density",
            f"{text!r} is no density: write {', '.join(DENSITIES)}, or notes in a bar (32 at most), 4 or 3-6",
        )
    return least, most
