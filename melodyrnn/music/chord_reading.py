"""Which chords a piece is over: a song with its piano, or the voices of a choir.

Every beat is asked which triad or seventh explains best what sounds in it, by duration; a change costs something, less
on strong beats, so that broken chords, Alberti basses and passing tones are heard within the chord that holds (a
hidden Markov model, decoded by Viterbi). At most one chord a beat.

Conventions
    notes       (onset, end, MIDI number) in ticks from the first bar line, in any order.
    weights     (beats, 12): how long each pitch class sounds in a beat, as a share of all that sounds there.

Contents: Sounding, find_chords.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from melodyrnn.music.harmony import Change
from melodyrnn.music.key import spell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.music.melody import Metre

_Weights = NDArray[np.float64]


class Sounding(NamedTuple):
    """A note of a part."""

    onset: int
    end: int
    pitch: int
    weight: float = 1.0  # the melody's counts less: it has tones of its own


_QUALITIES: Final = {
    "": ((0, 4, 7), 0.0), "m": ((0, 3, 7), 0.0), "7": ((0, 4, 7, 10), 0.1), "m7": ((0, 3, 7, 10), 0.2),
    "maj7": ((0, 4, 7, 11), 0.25), "m7b5": ((0, 3, 6, 10), 0.2), "dim7": ((0, 3, 6, 9), 0.15),
    "dim": ((0, 3, 6), 0.1), "aug": ((0, 4, 8), 0.3),
}  # fmt: skip
"""What is named → its tones above the root, and what naming it costs: rare chords need more to be believed."""
_OUTSIDE: Final = 1.6  # what a foreign tone costs for each share of the sound
_MISSING: Final = 0.3  # what a chord tone costs that does not sound at all, the fifth a third of it
_BASS: Final = 0.35  # what it counts that the root lies lowest
_CHANGE: Final = 0.5  # what another chord costs, within a bar …
_ON_A_BAR: Final = 0.25  # … and on a bar line
_HALF: Final = 0.4  # … and where an even bar is halved
_FULL: Final = 2.0  # beats of sound in a beat from which it counts whole; a single voice counts less …
_SPARSE: Final = 0.5  # … but this at least
_MOST_BEATS: Final = 20_000
_SHARPS: Final = 4
_NONE: Final = 128  # above every pitch


def find_chords(notes: Sequence[Sounding], metres: Sequence[Metre], *, fifths: int = 0) -> list[Change]:
    """Name the chords of what sounds together, equal neighbours as one; [] where nothing sounds.

    >>> from melodyrnn.music.melody import Metre
    >>> alberti = [Sounding(12 * k, 12 * k + 12, (48, 55, 52, 55)[k % 4]) for k in range(8)]
    >>> find_chords([*alberti, Sounding(96, 192, 43), Sounding(96, 192, 59), Sounding(96, 192, 65)], [Metre()])
    [Change(onset=0, end=96, symbol='C'), Change(onset=96, end=192, symbol='G7')]
    """
    if not notes:
        return []
    beats, costs = _beats(metres, min(max(note.end for note in notes), _reach(metres)))
    sound, bass = _sounds(notes, beats)
    if not sound.any():
        return []
    path = _viterbi(_fit(sound, bass, np.diff(beats)), np.array(costs))
    return _changes(path, beats, sound.sum(1) > 0, max(-_SHARPS, min(_SHARPS, fifths)))


def _reach(metres: Sequence[Metre]) -> int:
    """Ticks up to which beats are counted."""
    return _MOST_BEATS * min(metre.beat_ticks for metre in metres)


def _beats(metres: Sequence[Metre], end: int) -> tuple[list[int], list[float]]:
    """Where beats begin, with the end of the last; and what a change of chord costs at each."""
    ticks: list[int] = []
    costs: list[float] = []
    for metre, until in zip(metres, (*(m.onset for m in metres[1:]), end), strict=True):
        bar, beat = metre.bar_ticks, max(metre.beat_ticks, 1)
        for tick in range(metre.onset, min(until, end), beat):
            place = (tick - metre.onset) % bar
            if place % beat:
                continue
            ticks.append(tick)
            costs.append(_ON_A_BAR if not place else _HALF if 2 * place == bar else _CHANGE)
    return [*ticks, end], costs


def _sounds(notes: Sequence[Sounding], beats: Sequence[int]) -> tuple[_Weights, _Weights]:
    """Ticks that each pitch class sounds in each beat, weighed; and 1 for the lowest there: (beats, 12) both."""
    edges = np.array(beats)
    sound, bass = np.zeros((2, len(beats) - 1, 12))
    lowest = [_NONE] * len(sound)
    for onset, stop, pitch, weight in notes:
        last = min(stop, beats[-1])
        k = int(np.searchsorted(edges, onset, side="right")) - 1
        while 0 <= k < len(sound) and edges[k] < last:
            ticks = int(min(last, edges[k + 1]) - max(onset, edges[k]))
            sound[k, pitch % 12] += weight * ticks
            if weight >= 1:
                lowest[k] = min(lowest[k], pitch)
            k += 1
    for k, pitch in enumerate(lowest):
        if pitch < _NONE:
            bass[k, pitch % 12] = 1.0
        else:  # a melody alone says no chord
            sound[k] = 0.0
    return sound, bass


def _templates() -> tuple[_Weights, _Weights, _Weights]:
    """For each chord, root by root: its tones, what each costs where it is missing, and what naming it costs."""
    tones, missing, costs = np.zeros((12, len(_QUALITIES), 12)), np.zeros((12, len(_QUALITIES), 12)), []
    for column, (steps, cost) in enumerate(_QUALITIES.values()):
        costs.append(cost)
        for root in range(12):
            for step in steps:
                tones[root, column, (root + step) % 12] = 1.0
                missing[root, column, (root + step) % 12] = _MISSING / 3 if step == 7 else _MISSING
    return tones.reshape(-1, 12), missing.reshape(-1, 12), np.tile(costs, 12)


_TONES, _MISSED, _COSTS = _templates()
_ROOTS: Final = np.repeat(np.arange(12), len(_QUALITIES))


def _fit(sound: _Weights, bass: _Weights, lengths: NDArray[np.int64]) -> _Weights:
    """How well each chord explains each beat: (beats, chords)."""
    total = sound.sum(1, keepdims=True)
    share = np.divide(sound, total, out=np.zeros_like(sound), where=total > 0)
    inside: _Weights = share @ _TONES.T
    silent = (share < 0.04).astype(float) @ _MISSED.T
    fit = inside - _OUTSIDE * (1 - inside) - silent + _BASS * bass[:, _ROOTS] - _COSTS
    certain = np.clip(total / (_FULL * lengths[:, None]), 0, 1)
    weighed: _Weights = fit * np.where(total > 0, _SPARSE + (1 - _SPARSE) * certain, 0)
    return weighed


def _viterbi(fit: _Weights, costs: _Weights) -> list[int]:
    """The best chord of each beat, changes counted."""
    score = fit[0]
    came = np.empty(fit.shape, np.int64)
    own = np.arange(fit.shape[1])
    for k in range(1, len(fit)):
        best = int(score.argmax())
        changes = score[best] - costs[k] > score
        came[k] = np.where(changes, best, own)
        score = np.where(changes, score[best] - costs[k], score) + fit[k]
    path = [int(score.argmax())]
    for k in range(len(fit) - 1, 0, -1):
        path.append(int(came[k, path[-1]]))
    return path[::-1]


def _changes(path: Sequence[int], beats: Sequence[int], sounds: NDArray[np.bool_], fifths: int) -> list[Change]:
    """Chords by name, each to where it last sounds."""
    names = [*_QUALITIES]
    out: list[Change] = []
    for (begin, end), chord, heard in zip(pairwise(beats), path, sounds.tolist(), strict=True):
        if not heard:
            continue
        symbol = spell(int(_ROOTS[chord]), fifths) + names[chord % len(names)]
        if out and out[-1].symbol == symbol:
            out[-1] = Change(out[-1].onset, end, symbol)
        else:
            out.append(Change(begin, end, symbol))
    return out
