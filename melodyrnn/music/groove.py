"""How a clip is played, place by place in its bar: how late, how loud, how long.

Conventions
    place       ticks from the bar line, on the line that is meant.
    late        parts of 1/480 of a quarter after that line; before it, negative.
    gate        per cent of its written length that a note sounds.
    text        "96/24;0,3,96,85;12,-4,70,60": ticks of a bar and of a beat, then place, late, velocity and gate of each
                note. So a recipe keeps it, and so it is made again without the clip.

Contents: Hit, Groove; groove_of_hits, groove_text, parse_groove; PARTS_A_QUARTER, PARTS_A_TICK, MOST_HITS.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from melodyrnn.errors import OptionError
from melodyrnn.music.melody import TICKS_PER_QUARTER

PARTS_A_QUARTER: Final = 480
"""Parts of a quarter in which a note is late."""
PARTS_A_TICK: Final = PARTS_A_QUARTER // TICKS_PER_QUARTER
MOST_HITS: Final = 128
"""Notes of a clip that are kept, spread over its places."""
_TEXT: Final = re.compile(r"[0-9]{1,4}/[0-9]{1,4}(?:;[0-9]{1,4},-?[0-9]{1,3},[0-9]{1,3},[0-9]{1,3})+")
_EIGHTH: Final = 12  # ticks
_MOST_LATE: Final = 240
_MOST_GATE: Final = 200


class Hit(NamedTuple):
    """How one note of a clip was played."""

    place: int
    late: int
    velocity: int
    gate: int


class Groove(NamedTuple):
    """How a clip is played; its hits by their places."""

    bar: int  # ticks
    beat: int
    hits: tuple[Hit, ...]

    def at(self, place: int, bar: int, beat: int) -> tuple[Hit, ...]:
        """The hits that say most of a place in a bar of so many ticks.

        They are those at this place; else at this place in any beat; else on places as strong; else all.
        """
        alike = (bar, beat) == (self.bar, self.beat)
        strength = _strength(place, beat)
        for chosen in (
            (hit for hit in self.hits if alike and hit.place == place),
            (hit for hit in self.hits if beat == self.beat and hit.place % beat == place % beat),
            (hit for hit in self.hits if _strength(hit.place, self.beat) == strength),
        ):
            if found := tuple(chosen):
                return found
        return self.hits


def _strength(place: int, beat: int) -> int:
    """0 on the bar line, 1 on a beat, 2 on an eighth, 3 anywhere else."""
    return 0 if place == 0 else 1 if place % beat == 0 else 2 if place % _EIGHTH == 0 else 3


def groove_of_hits(bar: int, beat: int, hits: list[Hit]) -> Groove:
    """A groove of the hits of a clip; of more than MOST_HITS some, evenly over its places."""
    ordered = sorted(hits)
    count = min(len(ordered), MOST_HITS)
    return Groove(bar, beat, tuple(ordered[k * len(ordered) // count] for k in range(count)))


def groove_text(groove: Groove) -> str:
    """A groove as text.

    >>> groove_text(Groove(96, 24, (Hit(0, 3, 96, 85), Hit(12, -4, 70, 60))))
    '96/24;0,3,96,85;12,-4,70,60'
    """
    return ";".join((f"{groove.bar}/{groove.beat}", *(",".join(map(str, hit)) for hit in groove.hits)))


def parse_groove(text: str) -> Groove | None:
    """Read what `groove_text` wrote; None for any other text. Raises OptionError for numbers beyond their bounds."""
    if not _TEXT.fullmatch(text):
        return None
    head, *rest = text.split(";")
    bar, beat = map(int, head.split("/"))
    hits = tuple(Hit(*map(int, one.split(","))) for one in rest)
    whole = 0 < beat <= bar and len(hits) <= MOST_HITS
    if not whole or not all(
        hit.place < bar and abs(hit.late) <= _MOST_LATE and 1 <= hit.velocity <= 127 and 1 <= hit.gate <= _MOST_GATE
        for hit in hits
    ):
        raise OptionError("feel", "the numbers of this groove are beyond what can be played")
    return Groove(bar, beat, hits)
