"""--onsets."""

from __future__ import annotations

import re
from itertools import cycle
from typing import TYPE_CHECKING, Final

from melodyrnn.controls.control import Control, Option
from melodyrnn.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.rules import Mask, Preference

_MOST_BARS: Final = 16
_HELD: Final = 4.0  # nats towards a note that lasts up to the next


class Onsets(Control):
    """Where notes begin in each bar: x = one begins, . = none, ? = as it comes; bars in turn between bar lines.

    In the last bar, in an upbeat and in a bar that a prime has begun some of them may be missing.
    """

    option = Option(
        "--onsets", 'Where notes begin in a bar, "x..x..x."; ? leaves it open.', "PATTERN", panel="Material",
        verbs=("generate", "infill"),
    )  # fmt: skip
    takes_time = True
    concerns = "rhythm"

    @classmethod
    def read(cls, text: str) -> str:
        """One or more bars of x, . and ?."""
        return "|".join(patterns_of(text))

    def constrain(self, frame: Frame) -> Iterator[Mask | Preference]:
        """Each bar is parted into as many steps as its pattern has; notes are leant to last. Raises OptionError."""
        from melodyrnn.controls.laying import laid_pattern, leaning_to_last  # noqa: PLC0415

        mask = laid_pattern(frame, _bars(frame, patterns_of(self.value)))
        yield mask
        yield leaning_to_last(frame, mask, _HELD)


def _bars(frame: Frame, patterns: list[str]) -> Iterator[tuple[int, int, str]]:
    """First tick and end of each bar, and its pattern; the first is that of the first full bar."""
    lines = frame.lines if not frame.upbeat else frame.lines[1:]
    if frame.upbeat:
        yield frame.lines[0], frame.lines[1], patterns[-1]
    yield from ((a, b, pattern) for a, b, pattern in zip(lines, lines[1:], cycle(patterns), strict=False))


def patterns_of(text: str) -> list[str]:
    """The pattern of each bar; raise OptionError.

    >>> patterns_of("X--x--x- | x.x. ?.x.")
    ['x..x..x.', 'x.x.?.x.']
    """
    signs = re.sub(r"\s+", "", text.lower()).replace("-", ".").replace("_", ".").strip("|")
    bars = signs.split("|")
    if not all(re.fullmatch(r"[x.?]{1,96}", bar) for bar in bars) or len(bars) > _MOST_BARS:
        raise OptionError("onsets", f"{text!r} is no pattern: write x where a note begins, . where none does: x..x..x.")
    if not any("x" in bar or "?" in bar for bar in bars):
        raise OptionError("onsets", "no note begins anywhere; write x where one does")
    return bars
