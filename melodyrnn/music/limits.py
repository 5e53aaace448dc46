"""How much music is too much: one table for readers, options and recipes.

Conventions
    ticks       24 a quarter.
    given       a melody that is kept or gone on from: a prime, what `infill` and `vary` change, a recipe's melody.

Contents: the limits; check_given and check_new, which hold a melody against them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from melodyrnn.errors import OptionError
from melodyrnn.music.melody import TICKS_PER_QUARTER, Metre

if TYPE_CHECKING:
    from collections.abc import Iterable

    from melodyrnn.music.melody import Melody

BEATS: Final = (1, 2, 4, 8, 16, 32)
"""What may stand below the line of a metre that is composed in."""
SHORTEST_BAR: Final = 6
LONGEST_BAR: Final = 4 * 4 * TICKS_PER_QUARTER
"""Ticks in a bar that is composed: four whole notes, the longest rest that the tokenizer can say."""
MOST_BARS: Final = 64
"""Bars composed for one melody."""
MOST_NEW_TICKS: Final = MOST_BARS * LONGEST_BAR
"""Ticks that `infill` and `vary` compose anew at a time: 256 bars of 4/4."""
MOST_GIVEN_NOTES: Final = 10_000
MOST_GIVEN_BARS: Final = 2_000
MOST_READ_NOTES: Final = 20_000
"""Notes of a melody that is read from a file."""
MOST_READ_TICKS: Final = 1 << 24
"""Ticks of a melody that is read from a score: about 175,000 bars of 4/4, beyond any music."""


def check_given(option: str, melody: Melody) -> None:
    """Raise OptionError, naming the option, for a melody that is longer than any that is gone on from."""
    if melody.size > MOST_GIVEN_NOTES:
        raise OptionError(option, f"holds {melody.size:,} notes; give a part of it, at most {MOST_GIVEN_NOTES:,}")
    if melody.bars > MOST_GIVEN_BARS:
        raise OptionError(option, f"holds {melody.bars:,} bars; give a part of it, at most {MOST_GIVEN_BARS:,}")


def check_new(option: str, metres: Iterable[Metre]) -> None:
    """Raise OptionError for bars (one metre each) that are too long, or too many, to be composed."""
    ticks = 0
    for metre in metres:
        if metre.bar_ticks > LONGEST_BAR:
            most = LONGEST_BAR // (4 * TICKS_PER_QUARTER)
            told = f"a bar of {metre} is longer than {most} whole notes, the longest that are composed in"
            raise OptionError(option, f"{told}; --metre 4/4 hears it in another metre")
        ticks += metre.bar_ticks
    if ticks > MOST_NEW_TICKS:
        most = MOST_NEW_TICKS // Metre().bar_ticks
        raise OptionError(option, f"so many bars cannot be composed at a time; at most {most} bars of 4/4, or as much")
