"""In which columns and from which rows on the views of melodyrnn.events.viewpoints stand, for what a network hears.

Conventions
    Tables of a network's views lie below each other as one joint table; `first` rows count from its beginning. All have
    rows for the numbers of bars (melodyrnn.inference.numpy_network gives them to a network without).
    known: the views of AT_PITCH, (R, views) rows; the other heads know the first few of them. heard: those of HEARD.

Contents: Layout, layout_of.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.events import viewpoints as vp
from melodyrnn.events.vocabulary import END

if TYPE_CHECKING:
    from collections.abc import Mapping

    from melodyrnn.events.vocabulary import Indices

_BOTH: Final = ("rest", "place", "metre_beat", "bars_left", "phrase_left", "chord")


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns (`_at`) and first rows of the views that a network hears, by their names."""

    known: Mapping[str, int]
    heard: Mapping[str, int]
    known_at: Mapping[str, int]
    heard_at: Mapping[str, int]
    also_known: Indices  # columns of what is known of a note and then heard of it …
    also_heard: Indices  # … and where it is heard, …
    apart: Indices  # … by so many rows further down
    rests: Indices  # rows of what is known of a rest, END is NONE

    def __init__(self, hears: vp.Hears) -> None:
        views = [vp.sizes(of, hears._replace(bar_numbers=True)) for of in (vp.AT_PITCH, vp.HEARD)]
        known, heard = ({name: index for index, name in enumerate(sizes)} for sizes in views)
        first, first_heard = map(_firsts, views)
        both = [name for name in _BOTH if name in known]
        told = {
            "known": first, "heard": first_heard, "known_at": known, "heard_at": heard,
            "also_known": np.array([known[name] for name in both]),
            "also_heard": np.array([heard[name] for name in both]),
            "rests": np.append(np.arange(1, END + 1), 0) + first["rest"],
            "apart": np.array([first_heard[name] - first[name] for name in both]),
        }  # fmt: skip
        for name, value in told.items():
            object.__setattr__(self, name, value)


def _firsts(sizes: Mapping[str, int]) -> dict[str, int]:
    """First row of each view within its joint table."""
    return dict(zip(sizes, np.cumsum([0, *sizes.values()]).tolist(), strict=False))


@lru_cache
def layout_of(hears: vp.Hears) -> Layout:
    """The layout for networks that hear so much."""
    return Layout(hears)
