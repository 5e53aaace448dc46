"""What phrases and chords are worth to a model: melodies that tell of them, and the control, others' chords.

Conventions
    Chords are heard in the key: laid under another melody, they come in the key of that one.
    Chords of another melody begin at its first bar line, like its own, and come again when they are over.

Contents: TELLABLE; tellers; with_others_chords; Way, ways (in which figures are taken).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from melodyrnn.events.context import Harmonic
from melodyrnn.events.vocabulary import onsets_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.events.columns import Columns

TELLABLE: Final = {"phrases": "phrase", "chords": "harmony"}
"""What melodies may tell → its field of Columns and of Withheld."""


def tellers(melodies: Sequence[Columns], what: str) -> list[int]:
    """Which of some melodies tell of something, a name of TELLABLE."""
    return [k for k, melody in enumerate(melodies) if getattr(melody, TELLABLE[what]) is not None]


def with_others_chords(melodies: Sequence[Columns], seed: int = 0) -> list[Columns]:
    """Melodies that have chords, each with those of another: of the same metre and mode, else metre, else of any."""
    order = np.random.default_rng(seed).permutation(len(melodies)).tolist()
    order.sort(key=lambda k: (int(melodies[k].metre[0]), int(melodies[k].bar_ticks[0]), melodies[k].mode))
    found = list(melodies)
    for at, k in enumerate(order):
        found[k] = replace(melodies[k], harmony=_laid(melodies[_partner(melodies, order, at)], melodies[k]))
    return found


class Way(NamedTuple):
    """Melodies that tell of something, and what is told of them."""

    label: str
    which: list[int]  # among all
    melodies: list[Columns]
    told: tuple[str, ...]  # fields of Withheld


def ways(melodies: Sequence[Columns], what: str) -> Iterator[Way]:
    """Of the melodies that tell of something: without it, with it and, of chords, with others'."""
    which = tellers(melodies, what)
    some, told = [melodies[k] for k in which], (TELLABLE[what],)
    yield Way(f"without {what}", which, some, ())
    yield Way(f"with {what}", which, some, told)
    if what == "chords":
        yield Way("with others' chords", which, with_others_chords(some), told)


def _partner(melodies: Sequence[Columns], order: Sequence[int], at: int) -> int:
    """Whose chords the melody gets that stands at a place of an order in which those alike stand together."""
    own = melodies[order[at]]

    def alike(k: int, *, mode: bool) -> bool:
        other = melodies[k]
        metre = (other.metre[0], other.bar_ticks[0]) == (own.metre[0], own.bar_ticks[0])
        return metre and (other.mode == own.mode or not mode)

    others = [*order[at + 1 :], *order[:at]]
    nearest = [k for k in others if alike(k, mode=True)] or [k for k in others if alike(k, mode=False)] or others
    return nearest[0] if nearest else order[at]


def _laid(giver: Columns, taker: Columns) -> Harmonic:
    """The giver's chords at the taker's onsets, as far as its own onsets tell them."""
    told, places = giver.harmony, onsets_of(giver.rest, giver.duration)
    assert told is not None  # noqa: S101 - whoever calls has chosen such
    begins = {0: int(told.chord[0])}
    for tick, chord, following, left in zip(places.tolist(), *(column.tolist() for column in told), strict=True):
        begins[tick] = chord
        if left:
            begins.setdefault(tick + left, following)
    around = max(giver.bars * int(giver.bar_ticks[0]), int(places[-1]) + 1)
    kept = [tick for tick in sorted(begins) if tick < around]
    starts = [tick for k, tick in enumerate(kept) if not k or begins[tick] != begins[kept[k - 1]]]
    rows = np.array([begins[tick] for tick in starts])
    at = onsets_of(taker.rest, taker.duration) % around
    which = np.searchsorted(starts, at, "right") - 1
    change = np.array([*starts[1:], around])[which]
    return Harmonic(rows[which], rows[(which + 1) % len(rows)], change - at)
