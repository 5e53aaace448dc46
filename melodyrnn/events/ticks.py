"""Rows of the tables as ticks: how long rests and durations last.

Contents: REST_TICKS, REST_OR_END_TICKS, DURATION_TICKS; onsets_of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.events.vocabulary import DURATIONS, RESTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

REST_TICKS: Final = np.asarray(RESTS)
REST_OR_END_TICKS: Final = np.asarray((*RESTS, 0))
"""The same for rows of rests that may be END, which takes no time."""
DURATION_TICKS: Final = np.asarray(DURATIONS)


def onsets_of(rests: NDArray[np.integer], durations: NDArray[np.integer]) -> NDArray[np.int64]:
    """Ticks from the start at which notes begin, (…, n), of rows of their rests and durations.

    >>> onsets_of(np.array([RESTS.index(0), RESTS.index(12)]), np.array([DURATIONS.index(24)] * 2)).tolist()
    [0, 36]
    """
    lengths = DURATION_TICKS[durations]
    return np.asarray(np.cumsum(REST_OR_END_TICKS[rests] + lengths, -1) - lengths)
