"""How long melodies are and on which degree they end, counted over training melodies: what a card knows of form.

Conventions
    A count is a dictionary of text → melodies, as a model's card keeps it:
    forms   "STYLE METRE UPBEAT BARS", such as "2 6/8 12 16": row of the style (0 = none), metre, ticks of the
            upbeat, full bars after it
    ends    "STYLE MODE DEGREE", such as "2 minor 0": degree = semitones from the tonic up to the last note, 0..11
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from melodyrnn.events import viewpoints as vp
from melodyrnn.events.vocabulary import METRES
from melodyrnn.music.key import MODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from melodyrnn.events.columns import Columns

MOST_KINDS: Final = 1500  # the commonest; a card holds no more
LONGEST: Final = 9999  # bars; nobody draws a form like that
KEY_OF_FORM: Final = re.compile(r"[0-9]{1,2} [0-9]{1,2}/[0-9]{1,2} [0-9]{1,3} [0-9]{1,4}")
KEY_OF_END: Final = re.compile(rf"[0-9]{{1,2}} ({'|'.join(MODES)}) ([0-9]|1[01])")


class Form(NamedTuple):
    """Where a melody begins and how long it is."""

    upbeat: int  # ticks; 0 = it begins on a bar line
    bars: int  # full bars after the upbeat


def count_forms(melodies: Iterable[Columns]) -> dict[str, int]:
    """How many melodies have each form; those in metres without a name, or longer than LONGEST, are not counted."""
    return _counted(
        f"{m.style} {'/'.join(map(str, METRES[int(m.metre[0])]))} {' '.join(map(str, form_of(m)))}"
        for m in melodies
        if m.metre[0] < len(METRES) and m.bars <= LONGEST
    )


def count_ends(melodies: Iterable[Columns]) -> dict[str, int]:
    """How many melodies end on each degree."""
    return _counted(f"{m.style} {MODES[m.mode]} {int(vp.degree(m.pitch[-1:])[0])}" for m in melodies)


def form_of(melody: Columns) -> Form:
    """The form of one melody; a silence before the first note makes an upbeat, as everywhere (decision 13)."""
    place = int(melody.place[0])
    return Form(int(melody.bar_ticks[0]) - place, melody.bars - 1) if place else Form(0, melody.bars)


def forms_in(counts: Mapping[str, int], metre: str, style: int | None) -> Iterator[tuple[Form, int]]:
    """Each form in this metre, and how many melodies have it; of one style, or of all."""
    for key, melodies in counts.items():
        row, own, upbeat, bars = key.split(" ")
        if own == metre and style in (None, int(row)):
            yield Form(int(upbeat), int(bars)), melodies


def ends_known(counts: Mapping[str, int], mode: str, style: int | None) -> list[tuple[int, int]]:
    """Each degree on which melodies in this mode end, and how many do; of one style, if it has any, else of all."""
    return list(ends_in(counts, mode, style)) or list(ends_in(counts, mode, None))


def ends_in(counts: Mapping[str, int], mode: str, style: int | None) -> Iterator[tuple[int, int]]:
    """Each degree on which melodies in this mode end, and how many do; of one style, or of all."""
    for key, melodies in counts.items():
        row, own, degree = key.split(" ")
        if own == mode and style in (None, int(row)):
            yield int(degree), melodies


def _counted(keys: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(keys).most_common(MOST_KINDS)))
