"""--breathe."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from melodyrnn.controls.control import Control, Option
from melodyrnn.controls.form.form import section_ticks, sections_of
from melodyrnn.errors import OptionError
from melodyrnn.music.melody import TICKS_PER_QUARTER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.constraints.breath import Breath
    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.rules import Preference

_MOST: Final = 8  # bars


class Breathe(Control):
    """No stretch of new notes is longer than so many bars (1.5, 1/2) without a silence of an eighth or more."""

    option = Option("--breathe", "A rest in every N bars, or more often.", "N", panel="Rhythm and form")
    takes_time = True
    concerns = "rhythm"

    @classmethod
    def read(cls, text: str) -> str:
        """A number of bars, whole or not."""
        bars_of_breath(text)
        return text

    def constrain(self, frame: Frame) -> Iterator[Breath | Preference]:
        """It is held to, and leant to before it must be."""
        from melodyrnn.controls.laying import held_breath  # noqa: PLC0415

        length = int(bars_of_breath(self.value) * frame.melody.metres[0].bar_ticks)
        if length < TICKS_PER_QUARTER:
            raise OptionError("breathe", f"{self.value} of a bar is shorter than a quarter: there is no time to sound")
        yield from held_breath(frame, length, *_joints(frame))


def _joints(frame: Frame) -> tuple[list[int], list[int]]:
    """Onsets at which sections of a form begin, and at which the last bars of varied ones do."""
    if frame.setting.form is None:
        return [], []
    length, bar, first = section_ticks(frame, frame.setting.form), frame.melody.metres[0].bar_ticks, frame.onset or 0
    sections = sections_of(frame.setting.form)
    starts = [first + k * length for k in range(len(sections))]
    letters = [section.letter for section in sections]
    varied = {section.letter for section in sections if section.varied}
    last = [at + length - bar for at, letter in zip(starts, letters, strict=True) if letter in varied]
    return starts[1:], last


def bars_of_breath(text: str) -> Fraction:
    """Bars; raise OptionError.

    >>> bars_of_breath("2"), bars_of_breath("1.5"), bars_of_breath("1/2")
    (Fraction(2, 1), Fraction(3, 2), Fraction(1, 2))
    """
    if not re.fullmatch(r"[0-9]+(\.[0-9]+|/[1-9][0-9]*)?", text) or not 0 < Fraction(text) <= _MOST:
        raise OptionError("breathe", f"{text!r} is no number of bars: write 2, 1.5 or 1/2; at most {_MOST}")
    return Fraction(text)
