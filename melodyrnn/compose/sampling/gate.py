"""What a melody on its way has to pass at the end of each of its sections.

Contents: Gate, gate_of.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from melodyrnn.constraints.contrast import Course
    from melodyrnn.events.vocabulary import Indices


class Gate(NamedTuple):
    """Where sections end, and whether one may stay."""

    ends: Sequence[int]  # ticks, in order
    passes: Callable[[int, Indices], bool]
    """The number of a section, and all notes up to its end, rows (notes, 3) of the tables."""

    def open(self, tick: int) -> int:
        """How many sections are finished where the next note begins at a tick.

        >>> Gate([96, 192], lambda number, rows: True).open(96)
        1
        """
        return bisect_right(self.ends, tick)


def gate_of(course: Course | None) -> Gate | None:
    """What sections of a form have to pass: that nothing is wrong with them; None without a form."""
    if course is None:
        return None
    return Gate([stretch.end for stretch in course.stretches], lambda number, rows: course.faults(number, rows).none)
