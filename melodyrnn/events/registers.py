"""In which octave melodies begin, so that no held-out figure gets the octave for nothing.

The network predicts the first note relative to an anchor that the first note itself determines: its pitch class
in the key, not its octave. The octave is predicted here, from the first pitches of the training melodies, and
its bits are charged to the first note.

Conventions: `registers` maps a first pitch (MIDI number) to the number of training melodies that begin on it.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final

from melodyrnn.events.vocabulary import PITCHES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from melodyrnn.events.columns import Columns

NEAR: Final = 6  # semitones: a first pitch makes its neighbours likely too, less and less up to here
AS_MANY: Final = 5  # melodies that a base's weigh: its register is a guess that few melodies soon correct
SELDOM: Final = 0.02  # what an octave that was never seen counts


def first_pitch(melody: Columns) -> int:
    """MIDI number of the first note."""
    return melody.anchor + PITCHES[int(melody.pitch[0])]


def count_registers(melodies: Iterable[Columns]) -> dict[int, int]:
    """How many melodies begin on each pitch."""
    return dict(sorted(Counter(first_pitch(m) for m in melodies).items()))


def with_base(own: Mapping[int, int], base: Mapping[int, int]) -> dict[int, int]:
    """Counts of few melodies beside those of the many that a base was trained on, which weigh as much as five of them.

    >>> with_base({60: 1}, {60: 50, 67: 50})
    {60: 70, 67: 50}
    """
    each = max(1, sum(base.values()) // AS_MANY)
    return {pitch: each * own.get(pitch, 0) + base.get(pitch, 0) for pitch in sorted({*own, *base})}


def register_bits(registers: Mapping[int, int], pitch: int) -> float:
    """-log2 P of a first note's octave, its pitch class being known.

    >>> round(register_bits({67: 90, 79: 10}, 67), 2), round(register_bits({}, 60), 2)
    (0.15, 3.46)
    """
    octaves = range(pitch % 12, 132, 12)
    return math.log2(sum(_weight(registers, p) for p in octaves) / _weight(registers, pitch))


def _weight(registers: Mapping[int, int], pitch: int) -> float:
    return SELDOM + sum(n * (1 - abs(pitch - p) / NEAR) for p, n in registers.items() if abs(pitch - p) < NEAR)
