"""Bar lines: from ticks to places in bars, for many melodies side by side.

Conventions
    R melodies, M stretches of one metre each; ticks from the first bar line; bars from 0.
    The arithmetic is that of melodyrnn.events.columns, for one note of every melody at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from melodyrnn.events.vocabulary import DURATIONS, RESTS, metre_index

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.events.columns import Columns
    from melodyrnn.music.melody import Metre

Indices = NDArray[np.int64]
NEVER: Final = 1 << 40  # a tick that no melody reaches: pads tables of unequal length


@dataclass(frozen=True, slots=True)
class Places:
    """Where one tick of each melody stands. Arrays (R,)."""

    place: Indices  # ticks since the bar line
    bar: Indices
    metre: Indices  # row of METRES
    bar_ticks: Indices


@dataclass(frozen=True, slots=True)
class Timeline:
    """Stretches of one metre, of each melody. Arrays (R, M)."""

    starts: Indices  # first tick
    bars: Indices  # number of the first bar
    metres: Indices  # row of METRES
    bar_ticks: Indices

    def at(self, tick: Indices) -> Places:
        """Find the bars in which ticks (R,) lie."""
        if self.starts.shape[1] == 1:
            start, bars, metre, length = (x[:, 0] for x in (self.starts, self.bars, self.metres, self.bar_ticks))
        else:
            which = np.maximum((self.starts <= tick[:, None]).sum(1) - 1, 0)
            rows = np.arange(len(tick))
            start, bars, metre, length = (
                x[rows, which] for x in (self.starts, self.bars, self.metres, self.bar_ticks)
            )  # fmt: skip
        bar, place = np.divmod(tick - start, length)
        return Places(place, bar + bars, metre, length)

    def take(self, rows: Indices) -> Timeline:
        """Choose melodies, in any order and number."""
        return Timeline(self.starts[rows], self.bars[rows], self.metres[rows], self.bar_ticks[rows])


def of_metres(metres: Sequence[Metre], rows: int) -> Timeline:
    """The timeline of one frame, for so many melodies.

    >>> from melodyrnn.music.melody import Metre
    >>> of_metres((Metre(3, 4), Metre(4, 4, 144)), 1).at(np.array([150])).bar.tolist()
    [2]
    """
    starts = np.array([m.onset for m in metres])
    ticks = np.array([m.bar_ticks for m in metres])
    bars = np.concatenate(([0], np.cumsum(-(-np.diff(starts) // ticks[:-1]))))
    names = np.array([metre_index(m.numerator, m.denominator) for m in metres])
    return Timeline(*(np.tile(x, (rows, 1)) for x in (starts, bars, names, ticks)))


def of_columns(melodies: Sequence[Columns]) -> Timeline:
    """The timelines of known melodies, as far as their notes tell: one stretch for each note."""
    shape = (len(melodies), max(len(m) for m in melodies))
    starts, bars = np.full(shape, NEVER), np.zeros(shape, dtype=np.int64)
    metres, ticks = np.zeros(shape, dtype=np.int64), np.ones(shape, dtype=np.int64)
    for row, melody in enumerate(melodies):
        lengths = np.asarray(DURATIONS)[melody.duration]
        onsets = np.cumsum(np.asarray(RESTS)[melody.rest] + lengths) - lengths
        upto = slice(len(melody))
        starts[row, upto], bars[row, upto] = onsets - melody.place, melody.bar
        metres[row, upto], ticks[row, upto] = melody.metre, melody.bar_ticks
    return Timeline(starts, bars, metres, ticks)
