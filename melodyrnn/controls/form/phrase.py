"""--phrase."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from melodyrnn.controls.control import Control, Option
from melodyrnn.controls.rules import Mask
from melodyrnn.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.setting import Setting

_MOST: Final = 64  # phrases, and bars of one


class Phrase(Control):
    """Bars of each phrase, the last number over and over: no note sounds over its end, nor begins in its last beat."""

    option = Option(
        "--phrase",
        'Bars of each phrase: 4, or "2 2 4"; the last goes on.',
        "N ...",
        panel="Rhythm and form",
        staged=False,
    )

    @classmethod
    def read(cls, text: str) -> str:
        """Whole numbers, between blanks or commas."""
        return " ".join(map(str, bars_of_phrases(text)))

    def settle(self, setting: Setting) -> Setting:
        """How long phrases are, so that a network that hears them is told."""
        return replace(setting, phrase=bars_of_phrases(self.value))

    def constrain(self, frame: Frame) -> Iterator[Mask]:
        """Its last note, or the silence after it, is a beat long or more; how the melody ends is said by --end."""
        durations, onsets = frame.within(frame.phrase_ends()[:-1])
        yield Mask(durations=durations, onsets=onsets)


def bars_of_phrases(text: str) -> tuple[int, ...]:
    """Numbers of bars; raise OptionError.

    >>> bars_of_phrases("2, 2 4")
    (2, 2, 4)
    """
    words = text.replace(",", " ").split()
    if not words or len(words) > _MOST or not all(re.fullmatch("0*[1-9][0-9]?", word) for word in words):
        raise OptionError("phrase", f"{text!r} is not a length in bars: write 4, or 2 2 4 for phrases in turn")
    bars = tuple(map(int, words))
    if max(bars) > _MOST:
        raise OptionError("phrase", f"{max(bars)} bars are too long for a phrase; at most {_MOST}")
    return bars
