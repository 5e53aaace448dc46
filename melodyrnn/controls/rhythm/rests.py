"""--rests."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from melodyrnn.controls.control import Control, Option
from melodyrnn.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.rules import Preference
    from melodyrnn.controls.setting import Setting

SHARES: Final = {"sparse": 0.04, "medium": 0.1, "much": 0.2}
_MOST: Final = 40  # per cent
_USUAL: Final = 2  # bars to a breath where nobody says how long phrases are
_MUCH: Final = ((2, 1.25), (1, 2.0))  # beats that are silent at once, in stretches of so many bars or more


class Rests(Control):
    """So much of the time is silent, an eighth or more at once, where phrases end; the end of the melody apart."""

    option = Option("--rests", "How much silence there is.", "sparse|medium|much|N%", panel="Rhythm and form")
    concerns = "rhythm"

    @classmethod
    def read(cls, text: str) -> str:
        """A word, or a number of per cent."""
        share_of(text)
        return text

    @property
    def holds(self) -> bool:
        """Notes are held to nothing."""
        return False

    def settle(self, setting: Setting) -> Setting:
        """The share."""
        return replace(setting, rests=share_of(self.value))

    def constrain(self, frame: Frame) -> Iterator[Preference]:
        """Around the end of each phrase it is leant to: those of --phrase, else each second bar line."""
        from melodyrnn.controls.laying import leaning_to_rests  # noqa: PLC0415

        share = share_of(self.value)
        if ends := _ends(frame, share):
            more = frame.end / ends[-1] if frame.exact else 1.0  # the end of the melody takes none
            yield leaning_to_rests(frame, ends, share * more)


def _ends(frame: Frame, share: float) -> list[int]:
    """Where silence is leant to: where phrases end, and within them where there would be too much of it at once."""
    places = frame.phrase_ends()[:-1] or bar_groups(frame, _USUAL)
    lines = bar_groups(frame, 1)
    for begin, end in pairwise([frame.onset or frame.start, *places, frame.end]):
        inner = [line for line in lines if begin < line < end]
        beats = share * (end - begin) / frame.metre(begin).beat_ticks
        pieces = max(min((len(inner) + 1) // bars, math.ceil(beats / most)) for bars, most in _MUCH)
        places += [inner[len(inner) * k // pieces] for k in range(1, pieces)]
    return sorted(set(places))


def share_of(text: str) -> float:
    """The share of the time; raise OptionError.

    >>> share_of("medium"), share_of("15%")
    (0.1, 0.15)
    """
    match = re.fullmatch(r"([0-9]{1,2}) ?%", text)
    if text not in SHARES and (match is None or not 1 <= int(match[1]) <= _MOST):
        raise OptionError("rests", f"{text!r} says no share: write {', '.join(SHARES)}, or 1% to {_MOST}%")
    return SHARES[text] if match is None else int(match[1]) / 100


def bar_groups(frame: Frame, bars: int) -> list[int]:
    """Bar lines less the upbeat that end each so many bars, but for the end of all; in short melodies every one."""
    inner = [line - frame.upbeat for line in frame.lines[1:-1]]
    inner = inner[1:] if frame.upbeat else inner
    return [line for line in inner[bars - 1 :: bars] or inner if line > frame.start]
