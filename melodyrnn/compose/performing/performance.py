"""How a melody is played: velocities, swing, and the small irregularities of a hand. On the way out; the grid stays.

Conventions
    file tick   1/480 of a quarter (PPQ), the unit of timing on the way out: (start, end) of each note.
    swing       per cent of a quarter that the first of its two eighths gets: 50 = straight, 67 = triplets.
                Bar lines and beats stay where they are. A quarter that holds triplets is left alone, and so
                is music that counts eighths (6/8, 7/8), where swing means nothing.
    humanize    0 = exact, 1 = as loose as an amateur. Louder towards the middle of a phrase and on strong
                beats; early and late by a slow drift and a little chance, drawn from the melody's seed.

Contents: velocity_of (by place in the bar, in the manner of given notes); STRAIGHT, Timing, Feel, play, swung (chords).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.errors import OptionError
from melodyrnn.formats.midi.write import PPQ
from melodyrnn.music.melody import TICKS_PER_QUARTER, Melody, Note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray


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


STRAIGHT: Final = 50.0  # per cent: no swing
_SCALE: Final = PPQ // TICKS_PER_QUARTER
_SWAY: Final = 7.0  # file ticks: standard deviation of the drift at 1, about 7 ms at 120 quarters a minute
_JITTER: Final = 3.0  # … of each note
_MOST: Final = 24  # file ticks that a note may be early or late: less than half a sixty-fourth
_DRIFT: Final = 0.8  # how much of a note's lateness the next one keeps
_ARCH: Final = 10.0  # velocity from the edge of a phrase to its middle
_TOUCH: Final = 4.0  # standard deviation of velocity
_STREAM: Final = 0x6665656C  # sets these draws apart from those that composed the melody

Timing = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Feel:
    """How to play. Raises OptionError for a value that makes no sense."""

    humanize: float = 0.0  # 0..1
    swing: float = 50.0  # per cent, 50..80

    def __post_init__(self) -> None:
        """Check both."""
        for name, value, least, most in (("humanize", self.humanize, 0, 1), ("swing", self.swing, 50, 80)):
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
                raise OptionError(name, f"{value} is not a number from {least} to {most}")


def play(melody: Melody, feel: Feel, seed: int = 0, *, given: int = 0) -> tuple[Melody, Timing]:
    """Play a melody: the same with other velocities, and when each note sounds; () on the exact grid.

    The first `given` notes keep their velocities. Notes keep their order, never overlap and never pass the end.
    """
    if (feel.humanize == 0 and feel.swing == 50) or not melody.notes:
        return melody, ()
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, _STREAM])))
    triplets = _triplets(melody)
    starts, ends = (
        np.array([_swung(melody, tick, feel.swing, triplets) for tick in ticks])
        for ticks in zip(*((n.onset, n.end) for n in melody.notes), strict=True)
    )
    if feel.humanize:
        starts += _lateness(len(starts), rng) * feel.humanize
        melody = replace(melody, notes=_shaded(melody, feel.humanize, rng, given))
    tied = [a.end == b.onset for a, b in pairwise(melody.notes)]
    begun, ended = (np.rint(x).astype(np.int64) for x in (starts, ends))
    return melody, _in_order(begun, ended, tied, melody.end * _SCALE)


def swung(melody: Melody, spans: Iterable[tuple[int, int]], feel: Feel) -> Timing:
    """When chords sound, (onset, ticks) each on the grid, beside a melody that swings; () on the exact grid."""
    if feel.swing == STRAIGHT:
        return ()
    triplets = _triplets(melody)
    edges = ((onset, onset + ticks) for onset, ticks in spans)
    return tuple(
        (round(_swung(melody, a, feel.swing, triplets)), round(_swung(melody, b, feel.swing, triplets)))
        for a, b in edges
    )


def _swung(melody: Melody, tick: int, swing: float, triplets: set[int]) -> float:
    """Where a grid tick sounds, in file ticks."""
    metre = melody.metre_at(tick)
    place = (tick - metre.onset) % TICKS_PER_QUARTER
    beat = tick - place
    if swing == 50 or place == 0 or metre.denominator > 4 or beat in triplets:
        return float(tick * _SCALE)
    half, long = TICKS_PER_QUARTER / 2, TICKS_PER_QUARTER * swing / 100
    bent = place / half * long if place <= half else long + (place - half) / half * (TICKS_PER_QUARTER - long)
    return (beat + bent) * _SCALE


def _triplets(melody: Melody) -> set[int]:
    """Quarters, by their first tick, in which a note begins on a third or on a sixth that is no eighth."""
    quarters = set()
    for note in melody.notes:
        place = (note.onset - melody.metre_at(note.onset).onset) % TICKS_PER_QUARTER
        if place % 3:
            quarters.add(note.onset - place)
    return quarters


def _lateness(notes: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """File ticks by which notes are late: a drift that keeps its standard deviation, and a jitter."""
    chance = rng.standard_normal((2, notes))
    drift, late = 0.0, np.zeros(notes)
    for k in range(notes):
        drift = _DRIFT * drift + (1 - _DRIFT**2) ** 0.5 * _SWAY * chance[0, k]
        late[k] = drift + _JITTER * chance[1, k]
    return np.clip(late, -_MOST, _MOST)


def _shaded(melody: Melody, humanize: float, rng: np.random.Generator, given: int) -> tuple[Note, ...]:
    """Notes with velocities that rise to the middle of each phrase and waver; a phrase ends before a silence."""
    chance = rng.standard_normal(len(melody.notes))
    silences = [b.onset - a.end for a, b in pairwise(melody.notes)]
    begins = (0, *(k for k, silence in enumerate(silences, 1) if silence >= TICKS_PER_QUARTER // 2))
    out = []
    for first, stop in pairwise((*begins, len(melody.notes))):
        for k in range(first, stop):
            where = (k - first + 0.5) / (stop - first)
            more = humanize * (_ARCH * (np.sin(np.pi * where) - 0.6) + _TOUCH * float(chance[k]))
            note = melody.notes[k]
            loud = note.velocity if k < given else min(max(round(note.velocity + more), 1), 127)
            out.append(replace(note, velocity=loud))
    return tuple(out)


def _in_order(starts: NDArray[np.int64], ends: NDArray[np.int64], tied: list[bool], last: int) -> Timing:
    """Starts that rise, ends that meet or precede the next start, nothing after `last`."""
    starts = np.maximum.accumulate(np.maximum(starts, 0) - np.arange(len(starts))) + np.arange(len(starts))
    starts = np.minimum(starts, last - np.arange(len(starts), 0, -1))
    following = np.append(starts[1:], last)
    meets = np.append(np.array(tied, dtype=bool), False)
    ends = np.where(meets, following, np.clip(ends, starts + 1, following))
    return tuple(zip(starts.tolist(), ends.tolist(), strict=True))
