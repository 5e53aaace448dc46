"""How loud new notes are: by their place in the bar, and in the manner of the notes that are there.

Contents: velocity_of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from melodyrnn.music.melody import Melody, Note

DOWNBEAT, BEAT, OFFBEAT = 96, 86, 76  # velocities
_STEEPEST: Final = 2.0  # times the usual differences


def velocity_of(frame: Melody, flat: int | None, given: Sequence[Note] = ()) -> Callable[[int], int]:
    """Velocity by onset: one for all, or bar lines loudest, then beats; as loud, and as uneven, as `given` notes are.

    Velocities of given notes are fitted by a line over the usual ones at their onsets (least squares).
    """
    if flat is not None:
        return lambda _: flat
    first = frame.metres[0]
    bar, beat, changes = first.bar_ticks, first.beat_ticks, len(frame.metres) > 1

    def metrical(onset: int) -> int:
        place = frame.place(onset)[1] if changes else onset % bar
        beats = frame.metre_at(onset).beat_ticks if changes else beat
        return DOWNBEAT if place == 0 else BEAT if place % beats == 0 else OFFBEAT

    if not given:
        return metrical
    usual, real = [metrical(note.onset) for note in given], [note.velocity for note in given]
    mean, middle = sum(usual) / len(usual), sum(real) / len(real)
    spread = sum((u - mean) ** 2 for u in usual)
    slope = sum((u - mean) * (r - middle) for u, r in zip(usual, real, strict=True)) / spread if spread else 0.0
    slope = max(0.0, min(_STEEPEST, slope))
    return lambda onset: max(1, min(127, round(middle + slope * (metrical(onset) - mean))))
