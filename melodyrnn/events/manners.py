"""A model's own manners: metres, lengths, keys and tempos of the melodies that it learnt from, counted together.

Together, for a jig in 6/8 is no jig at the tempo of a reel: who has seven reels in 2/4 and five jigs in 6/8 wants both
as often, each with its own length, key and tempo.

Conventions
    manners     "STYLE METRE UPBEAT BARS MODE TONIC TEMPO" → melodies, such as "2 6/8 12 16 minor 9 168": row of the
                style (0 = none), metre, ticks of the upbeat, full bars after it, mode, pitch class of the tonic,
                quarters a minute (0 = not known: a file that says none
                is read as one of 120).

Contents: KEY_OF_MANNER, OwnManner, count_manners, manners_in.
"""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

from melodyrnn.events.statistics import LONGEST_FORM, MOST_KINDS, form_of
from melodyrnn.events.vocabulary import METRES
from melodyrnn.music.key import MODES, Key
from melodyrnn.music.melody import TICKS_PER_QUARTER, Metre

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from melodyrnn.events.columns import Columns

_UNSAID: Final = 120
KEY_OF_MANNER: Final = re.compile(
    r"[0-9]{1,2} [1-9][0-9]?/(1|2|4|8|16|32) [0-9]{1,3} [0-9]{1,4} "
    rf"({'|'.join(MODES)}) ([0-9]|1[01]) [0-9]{{1,4}}"
)


class OwnManner(NamedTuple):
    """What melodies have in common of which there are several."""

    style: int  # row; 0 = none
    metre: Metre
    upbeat: int  # ticks
    bars: int  # full bars after it
    key: Key
    tempo: int  # quarters a minute; 0 = not known

    def __str__(self) -> str:
        """As a musician says it."""
        upbeat = f", upbeat {Fraction(self.upbeat, 4 * TICKS_PER_QUARTER)}" if self.upbeat else ""
        tempo = f", {self.tempo} quarters a minute" if self.tempo else ""
        return f"{self.metre}, {self.bars} bars{upbeat}, {self.key}{tempo}"


def count_manners(melodies: Iterable[Columns], tempos: Iterable[int]) -> dict[str, int]:
    """How many melodies have each manner, with their tempos; not those in metres without a name, or without end."""
    counted = Counter(
        f"{m.style} {'/'.join(map(str, METRES[int(m.metre[0])]))} {' '.join(map(str, form_of(m)))} "
        f"{MODES[m.mode]} {m.tonic} {0 if tempo == _UNSAID else min(tempo, 9999)}"
        for m, tempo in zip(melodies, tempos, strict=True)
        if m.metre[0] < len(METRES) and m.bars <= LONGEST_FORM
    )
    return dict(sorted(counted.most_common(MOST_KINDS)))


def manners_in(counts: Mapping[str, int]) -> Iterator[tuple[OwnManner, int]]:
    """Each manner, and how many melodies have it.

    >>> [f"{n} × {manner}" for manner, n in manners_in({"2 6/8 12 16 minor 9 168": 5})]
    ['5 × 6/8, 16 bars, upbeat 1/8, A minor, 168 quarters a minute']
    """
    for text, melodies in counts.items():
        style, metre, upbeat, bars, mode, tonic, tempo = text.split(" ")
        key = Key(int(tonic), mode)
        own = Metre(*map(int, metre.split("/")))
        yield OwnManner(int(style), own, int(upbeat), int(bars), key, int(tempo)), melodies
