"""What is allowed around notes that stay where they are.

Contents: Given; gap_space (a gap and what follows it), in_order (its pitches are known), fixed_rhythm (onsets and
durations stay), same_pitch_penalty.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.controls.masks import search_space_of
from melodyrnn.events.vocabulary import DURATION_TICKS, DURATIONS, PITCHES, RESTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.constraints.lookahead import Flags, SearchSpace
    from melodyrnn.controls.masks import Place
    from melodyrnn.controls.options import Options
    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.inference.numpy_network import Logs

_PITCHES: Final = np.arange(len(PITCHES))


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


def gap_space(options: Options, place: Place, spans: Sequence[tuple[int, int]], after: Sequence[Given]) -> SearchSpace:
    """Constraints hold inside the spans (ticks), where notes begin and end; after them the given notes stand alone."""
    space = search_space_of(replace(options, form=None, loop=False, end=None if after else options.end), place)
    limit, end = np.zeros(space.end + 1, np.int64), spans[-1][1]
    for a, b in spans:
        limit[a:b] = b
    onsets, must, over = space.onsets & (limit > 0), space.must.copy(), space.over.copy()
    durations, pitches = space.durations.copy(), space.pitches.copy()
    durations &= np.arange(len(limit))[:, None] + DURATION_TICKS <= limit[:, None]
    steps, way = np.concatenate((space.steps, np.ones_like(space.steps))), space.way.copy()
    for k, note in enumerate(after):
        onsets[note.onset] = must[note.onset] = True
        durations[note.onset] = np.arange(len(DURATIONS)) == note.duration
        pitches[note.onset] = note.pitch == _PITCHES
        way[note.onset] = 1 if k else 0
    if after:
        over[:-1] = False
        over[-1] = True
    least, most = np.where(limit > 0, space.least, 0), space.most
    bar = _uncounted(space.bar, end)
    if most is not None:
        most = np.where(np.arange(len(least)) < end, most, 1)
    return replace(
        space, onsets=onsets, must=must, durations=durations, pitches=pitches, over=over, bar=bar, least=least,
        most=most, rests=np.ones(len(RESTS), bool), steps=steps, way=way, looped=False,
    )  # fmt: skip


def _uncounted(bar: Indices, end: int) -> Indices:
    """Bar numbers under which no two notes from tick `end` on stand in one bar."""
    before = int(bar[end - 1]) if end else -1
    return np.concatenate((bar[:end], before + 1 + np.arange(len(bar) - end)))


def in_order(space: SearchSpace, pitches: Indices, end: int) -> SearchSpace:
    """Exactly these pitches (rows), one after another, begin before tick `end`."""
    before = np.arange(space.end + 1) < end
    return replace(
        space, bar=_uncounted(np.zeros_like(space.bar), end), least=np.where(before, len(pitches), 0),
        most=np.where(before, len(pitches), 1), order=pitches[:, None] == _PITCHES,
    )  # fmt: skip


def fixed_rhythm(
    options: Options, place: Place, notes: Sequence[Given], free: Flags, *, real: Indices, contour: bool
) -> SearchSpace:
    """Every onset and duration stays; pitches that are not `free` (notes,) too; with `contour` every direction.

    `real` (notes,): pitches as rows of the table, beyond its ends where the network hears them in another octave.
    """
    space = search_space_of(replace(options, form=None, loop=False, end=None, density=None, durations=None), place)
    onsets, over = np.zeros_like(space.onsets), np.zeros_like(space.over)
    durations, pitches, way = np.zeros_like(space.durations), space.pitches.copy(), space.way.copy()
    for k, note in enumerate(notes):
        onsets[note.onset] = True
        durations[note.onset, note.duration] = True
        if not free[k]:
            pitches[note.onset] = note.pitch == _PITCHES
            continue
        for j in (k - 1, k + 1):
            if not 0 <= j < len(notes):
                continue
            if free[j]:
                way[note.onset] = way[note.onset] if j > k else 1 + (np.sign(real[k] - real[j]) % 3 if contour else 3)
                continue
            if contour:
                pitches[note.onset] &= np.sign(_PITCHES - real[j]) == np.sign(real[k] - real[j])
            if options.max_leap is not None:
                pitches[note.onset] &= np.abs(_PITCHES - real[j]) <= options.max_leap
    over[-1] = True
    apart = _PITCHES - _PITCHES[:, None]
    ways = np.stack((apart == 0, apart > 0, apart < 0, np.ones_like(apart, bool)))
    steps = np.concatenate((np.ones((1, *apart.shape), bool), ways & space.steps[0]))
    return replace(
        space, onsets=onsets, must=onsets.copy(), over=over, durations=durations, pitches=pitches, looped=False,
        steps=steps, way=way, rests=np.ones(len(RESTS), bool),
    )  # fmt: skip


def same_pitch_penalty(notes: Sequence[Given], free: Flags, ends: int, cost: float) -> Logs:
    """What is added to log-probabilities, (ends + 1, P), so that free notes change their pitch."""
    soft = np.zeros((ends + 1, len(PITCHES)))
    for note, is_free in zip(notes, free, strict=True):
        if is_free:
            soft[note.onset, note.pitch] = cost
    return soft
