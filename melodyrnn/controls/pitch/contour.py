"""--contour."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from melodyrnn.controls.control import Control, Option
from melodyrnn.controls.rules import Preference
from melodyrnn.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.setting import Setting

CONTOURS: Final = {"arch": (-1, 1, -1), "rise": (-1, 1), "fall": (1, -1), "wave": (0, 1, 0, -1, 0)}
"""Heights at equal distances in time, from -1 to 1."""
CONTOUR_WIDTH: Final = 3.5  # semitones off the contour that cost half a nat


class Contour(Control):
    """Leans towards heights over the whole length; does not have to go through them."""

    option = Option("--contour", 'Lean to arch, rise, fall, wave or heights "0 2 5 3".', "SHAPE", panel="Pitches")

    @classmethod
    def read(cls, text: str) -> str:
        """A shape by name, or heights."""
        heights_of(text)
        return text

    def check(self, setting: Setting, others: Sequence[Control]) -> None:  # noqa: ARG002
        """It is stretched over the whole melody."""
        if setting.bars is None:
            raise OptionError("contour", "needs a number of bars to stretch over")

    def constrain(self, frame: Frame) -> Iterator[Preference]:
        """What lies far from it costs more."""
        import numpy as np  # noqa: PLC0415

        heights = heights_of(self.value)
        low, high = frame.setting.compass or (frame.anchor - 5, frame.anchor + 12)
        times = np.linspace(frame.start, frame.end, len(heights))
        aim = (low + high) / 2 + np.interp(np.arange(frame.end + 1), times, heights) * (high - low) / 2
        away = (frame.sounding - aim[:, None]) / CONTOUR_WIDTH
        yield Preference(-np.minimum(away**2 / 2, 8))


def heights_of(text: str) -> tuple[float, ...]:
    """Heights at equal distances in time, from -1 (low) to 1 (high); raise OptionError.

    >>> heights_of("0 5 10"), heights_of("rise")
    ((-1.0, 0.0, 1.0), (-1.0, 1.0))
    """
    if text in CONTOURS:
        return tuple(map(float, CONTOURS[text]))
    words = text.replace(",", " ").split()
    if not 2 <= len(words) <= 64 or not all(re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{1,3})?", word) for word in words):
        raise OptionError(
            "contour", f"{text!r} is not a contour: write {', '.join(CONTOURS)}, or two or more heights, 0 2 5 3"
        )
    heights = [float(word) for word in words]
    low, high = min(heights), max(heights)
    return tuple(2 * (h - low) / (high - low) - 1 if high > low else 0.0 for h in heights)
