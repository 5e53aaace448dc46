"""What is allowed around notes that stay where they are.

Contents: `Given`; `window` (a gap and what follows it), `counted`, `fixed_rhythm` (onsets and durations stay);
`rules_for`, `again`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.compose.keeping import keeping
from melodyrnn.compose.planning import reach
from melodyrnn.compose.terms import ground_of, leaning
from melodyrnn.errors import Unsatisfiable
from melodyrnn.events.vocabulary import DURATIONS, PITCHES, RESTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.compose.ground import Flags, Ground
    from melodyrnn.compose.options import Options
    from melodyrnn.compose.rules import Rules
    from melodyrnn.compose.sampling import Logs
    from melodyrnn.compose.terms import Place

_DURATIONS: Final = np.asarray(DURATIONS)
_PITCHES: Final = np.arange(len(PITCHES))
MANY: Final = 24  # notes in a stretch that nothing counts


@dataclass(frozen=True, slots=True)
class Given:
    """A note that stays: its onset on the clock, rows of the tables."""

    onset: int
    duration: int
    pitch: int

    @property
    def end(self) -> int:
        """Tick at which it has ended."""
        return self.onset + int(DURATIONS[self.duration])


def window(options: Options, place: Place, end: int, after: Sequence[Given]) -> Ground:
    """Constraints hold up to tick `end`; from there on the given notes, and nothing else."""
    ground = ground_of(replace(options, form=None, loop=False, end=None if after else options.end), place)
    onsets, must, over = ground.onsets.copy(), ground.must.copy(), ground.over.copy()
    durations, pitches = ground.durations.copy(), ground.pitches.copy()
    onsets[end:] = False
    durations[:end] &= np.arange(end)[:, None] + _DURATIONS <= end
    steps, way = np.concatenate((ground.steps, np.ones_like(ground.steps))), ground.way.copy()
    for k, note in enumerate(after):
        onsets[note.onset] = must[note.onset] = True
        durations[note.onset] = np.arange(len(DURATIONS)) == note.duration
        pitches[note.onset] = note.pitch == _PITCHES
        way[note.onset] = 1 if k else 0
    if after:
        over[:-1] = False
        over[-1] = True
    least, most = ground.least.copy(), ground.most
    least[end:] = 0
    if most is not None:
        most = np.where(np.arange(len(least)) < end, most, MANY)
    return replace(
        ground, onsets=onsets, must=must, durations=durations, pitches=pitches, over=over, least=least, most=most,
        rests=np.ones(len(RESTS), bool), steps=steps, way=way, looped=False,
    )  # fmt: skip


def counted(ground: Ground, notes: int, end: int) -> Ground:
    """Exactly so many notes begin before tick `end`."""
    before = np.arange(ground.end + 1) < end
    return replace(
        ground, bar=np.where(before, 0, 1), least=np.where(before, notes, 0),
        most=np.where(before, notes, max(notes, MANY)),
    )  # fmt: skip


def fixed_rhythm(options: Options, place: Place, notes: Sequence[Given], free: Flags, *, contour: bool) -> Ground:
    """Every onset and duration stays; pitches that are not `free` (notes,) too; with `contour` every direction."""
    ground = ground_of(replace(options, form=None, loop=False, end=None, density=None, durations=None), place)
    onsets, over = np.zeros_like(ground.onsets), np.zeros_like(ground.over)
    durations, pitches, way = np.zeros_like(ground.durations), ground.pitches.copy(), ground.way.copy()
    every = np.ones((len(PITCHES), len(PITCHES)), bool)
    higher, same = _PITCHES[:, None] < _PITCHES, _PITCHES[:, None] == _PITCHES
    turns = np.stack((every, higher, higher.T, same))
    before: Given | None = None
    for k, note in enumerate(notes):
        onsets[note.onset] = True
        durations[note.onset, note.duration] = True
        if not free[k]:
            pitches[note.onset] = note.pitch == _PITCHES
        turn = 0 if before is None or not contour else [3, 1, 2][int(np.sign(note.pitch - before.pitch))]
        way[note.onset] = turn + (4 if k and (free[k] or free[k - 1]) else 0)
        before = note
    over[-1] = True
    return replace(
        ground, onsets=onsets, must=onsets.copy(), over=over, durations=durations, pitches=pitches, looped=False,
        steps=np.concatenate((turns, turns & ground.steps[0])), way=way, rests=np.ones(len(RESTS), bool),
    )  # fmt: skip


def rules_for(options: Options, place: Place, ground: Ground) -> Rules:
    """The ground as rules. Raises Unsatisfiable if nothing fits between what is given."""
    ahead = reach(ground, place)
    if ahead is None:
        raise Unsatisfiable("constraints", "nothing that keeps them fits between the notes that stay")
    return leaning(options, place) + keeping(ahead)


def again(notes: Sequence[Given], free: Flags, ends: int, cost: float) -> Logs:
    """What is added to log-probabilities, (ends + 1, P), so that free notes change their pitch."""
    soft = np.zeros((ends + 1, len(PITCHES)))
    for note, is_free in zip(notes, free, strict=True):
        if is_free:
            soft[note.onset, note.pitch] = cost
    return soft
