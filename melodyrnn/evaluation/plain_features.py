"""What can be counted of one melody: plain numbers by which written melodies might be told from real ones.

Conventions
    A number is nan where a melody has nothing to count it by (a step needs two notes); such melodies are left out.
    steps       in semitones, from each note to the next. turn: a step up after one down, or down after one up.
    bars        those in which a note begins; "as k bars ago" of those with such a bar before them.
    rhythm      of a bar: the places and durations of its notes.

Contents: FEATURES (name → what it is), plain_features.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.events import viewpoints as vp
from melodyrnn.events.judge_views import AGO
from melodyrnn.events.statistics import form_of
from melodyrnn.events.vocabulary import DURATION_TICKS, METRES, REST_TICKS
from melodyrnn.music.key import MODES, SCALES
from melodyrnn.music.melody import TICKS_PER_QUARTER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from melodyrnn.events.columns import Columns

_LONG: Final = 2  # times the middle note
_PHRASE: Final = 4  # bars
_COMPOUND: Final = np.array([unit == 8 and beats > 3 and beats % 3 == 0 for beats, unit in METRES] + [False])

FEATURES: Final = {
    "last onset": "place of the last onset in its bar, as a share of it",
    "last length": "length of the last note, in quarters",
    "last relative": "length of the last note over the mean of all",
    "last bar full": "whether the last note ends with its bar",
    "last bar short": "whether the last bar is short by the upbeat, and full with it",
    "last under mean": "whether the last note is shorter than the mean",
    "last tonic": "whether the last note is the tonic",
    "last step": "size of the last step",
    "last leap": "whether the last step is more than a major third",
    "last fall": "whether the last step goes down",
    "last longest": "whether no note is longer than the last",
    "first tonic": "whether the first note is the tonic",
    "notes": "notes",
    "bars": "bars",
    "density": "notes a bar",
    "density varies": "standard deviation of notes a bar over their mean",
    "rests": "share of the time that is silent",
    "rests count": "share of notes after a rest",
    "lengths": "different durations",
    "usual length": "share of notes that have the commonest duration",
    "length entropy": "entropy of durations, in bits",
    "long notes": "share of notes at least twice the middle one",
    "long ends": "share of long notes in every fourth bar, less a quarter",
    "off the beat": "share of notes that begin off the quarters (dotted quarters in 6/8, 9/8, 12/8)",
    "syncopated": "share of notes off the beat that sound over the next one",
    "over the bar": "share of bar lines that a note is held over",
    "step": "mean size of steps",
    "step spread": "standard deviation of steps",
    "same pitch": "share of steps of 0",
    "wide leaps": "share of steps of more than a fifth",
    "leaps": "share of steps of more than a whole tone",
    "turns": "share of steps that turn",
    "leaps turned": "share of leaps that are followed by a step the other way",
    "runs": "longest run of steps in one direction",
    "compass": "semitones from the lowest to the highest note",
    "pitch spread": "standard deviation of pitches",
    "pitches": "different pitches",
    "pitch entropy": "entropy of pitches, in bits",
    "wander": "standard deviation of the bars' mean pitches",
    "peak": "where the highest note first comes, as a share of the notes",
    "peaks": "how often the highest note comes",
    "rise": "mean pitch of the second half less the first",
    "outside": "share of notes outside of the scale",
    "tonic": "share of notes that are the tonic",
    "step entropy": "entropy of a step given the one before, in bits",
    "distinct bars": "share of bars that differ from all before them",
    "distinct rhythms": "share of bars whose rhythm differs from all before them",
    "thrice": "share of bars like the two before them",
    "sequences": "share of bars that repeat the one before at another pitch",
    **{f"rhythm of {k}": f"share of bars whose rhythm is that of {k} bars ago" for k in AGO},
    **{f"bar of {k}": f"share of bars that are those of {k} bars ago, note for note" for k in AGO},
    **{f"notes of {k}": f"share of notes at whose place the same pitch began {k} bars ago" for k in AGO},
}


def plain_features(melodies: Sequence[Columns]) -> dict[str, NDArray[np.float64]]:
    """Each of FEATURES of each melody, (melodies,)."""
    rows = [_of(melody) for melody in melodies]
    return {name: np.array([row[name] for row in rows], np.float64) for name in FEATURES}


def _of(melody: Columns) -> dict[str, float]:
    found = dict(_ending(melody)) | dict(_time(melody)) | dict(_pitch(melody)) | dict(_return(melody))
    return {name: float(found.get(name, np.nan)) for name in FEATURES}


def _ending(melody: Columns) -> Iterator[tuple[str, float]]:
    """How it ends, and begins."""
    ticks, bar = DURATION_TICKS[melody.duration], float(melody.bar_ticks[-1])
    place, upbeat = float(melody.place[-1]), form_of(melody).upbeat
    yield "last onset", place / bar
    yield "last length", ticks[-1] / TICKS_PER_QUARTER
    yield "last relative", ticks[-1] / ticks.mean()
    end = place + float(ticks[-1])
    yield "last bar full", float(end % bar == 0)
    yield "last bar short", float(upbeat > 0 and end == bar - upbeat)
    yield "last under mean", float(ticks[-1] < ticks.mean())
    degrees = vp.degree(melody.pitch)
    yield "last tonic", float(degrees[-1] == 0)
    yield "first tonic", float(degrees[0] == 0)
    yield "last longest", float(ticks[-1] == ticks.max())
    if len(melody) > 1:
        last = int(melody.pitch[-1] - melody.pitch[-2])
        yield "last step", abs(last)
        yield "last leap", float(abs(last) > 4)
        yield "last fall", float(last < 0)


def _time(melody: Columns) -> Iterator[tuple[str, float]]:
    """Notes in time: density, rests, lengths, places."""
    ticks, rest = DURATION_TICKS[melody.duration], REST_TICKS[melody.rest[1:]]
    each = np.array(list(Counter(melody.bar.tolist()).values()), float)
    yield "notes", len(melody)
    yield "bars", melody.bars
    yield "density", each.mean()
    yield "density varies", each.std() / each.mean()
    yield "rests", rest.sum() / (rest.sum() + ticks.sum())
    if len(rest):
        yield "rests count", (rest > 0).mean()
    counts = np.array(list(Counter(ticks.tolist()).values()))
    yield "lengths", len(counts)
    yield "usual length", counts.max() / len(melody)
    yield "length entropy", _entropy(counts)
    long = ticks >= _LONG * np.median(ticks)
    yield "long notes", long.mean()
    if long.any():
        first = int(melody.place[0] > 0)
        yield "long ends", ((melody.bar[long] - first) % _PHRASE == _PHRASE - 1).mean() - 1 / _PHRASE
    beat = np.where(_COMPOUND[melody.metre], 36, 24)
    off = melody.place % beat
    yield "off the beat", (off > 0).mean()
    yield "syncopated", ((off > 0) & (off + ticks > beat)).mean()
    over = melody.place + ticks > melody.bar_ticks
    yield "over the bar", over.sum() / max(1, melody.bars - 1)


def _pitch(melody: Columns) -> Iterator[tuple[str, float]]:
    """Pitches and the steps between them."""
    pitch, degrees = melody.pitch.astype(float), vp.degree(melody.pitch)
    counts = np.array(list(Counter(melody.pitch.tolist()).values()))
    yield "compass", np.ptp(pitch)
    yield "pitch spread", pitch.std()
    yield "pitches", len(counts)
    yield "pitch entropy", _entropy(counts)
    yield "peak", pitch.argmax() / len(pitch)
    yield "peaks", (pitch == pitch.max()).sum()
    yield "wander", float(np.std([pitch[melody.bar == bar].mean() for bar in np.unique(melody.bar)]))
    yield "outside", 1 - np.isin(degrees, SCALES[MODES[melody.mode]]).mean()
    yield "tonic", (degrees == 0).mean()
    if len(pitch) > 1:
        yield "rise", pitch[len(pitch) // 2 :].mean() - pitch[: len(pitch) // 2].mean()
        yield from _steps(np.diff(melody.pitch))


def _steps(steps: NDArray[np.int64]) -> Iterator[tuple[str, float]]:
    size = np.abs(steps)
    yield "step", size.mean()
    yield "step spread", steps.std()
    yield "same pitch", (steps == 0).mean()
    yield "wide leaps", (size > 7).mean()
    yield "leaps", (size > 2).mean()
    turned = steps[1:] * steps[:-1] < 0
    if len(turned):
        yield "turns", turned.mean()
        pairs = Counter(zip(steps[:-1].tolist(), steps[1:].tolist(), strict=True))
        alone = np.array(list(Counter(steps[:-1].tolist()).values()))
        yield "step entropy", _entropy(np.array(list(pairs.values()))) - _entropy(alone)
    if (size[:-1] > 4).any():
        yield "leaps turned", turned[size[:-1] > 4].mean()
    ways = np.sign(steps)
    ends = np.flatnonzero(np.diff(ways, prepend=9, append=9))
    lengths, own = np.diff(ends), ways[ends[:-1]]
    yield "runs", int(lengths[own != 0].max(initial=0))


def _return(melody: Columns) -> Iterator[tuple[str, float]]:
    """What comes back, and after how many bars."""
    places = melody.bar * 4096 + melody.place
    rhythms, bars = _bars(melody, melody.duration), _bars(melody, melody.duration * 128 + melody.pitch)
    steps = _bars(melody, melody.duration * 128 + np.diff(melody.pitch, prepend=melody.pitch[0]), skip=True)
    yield "distinct rhythms", len(set(rhythms.values())) / len(rhythms)
    yield "distinct bars", len(set(bars.values())) / len(bars)
    yield "thrice", float(np.mean([bars.get(k - 1) == own == bars.get(k - 2) for k, own in bars.items()]))
    moved = [
        len(own) > 1 and own == steps.get(k - 1) and bars[k] != bars.get(k - 1) and rhythms[k] == rhythms.get(k - 1)
        for k, own in steps.items()
    ]
    yield "sequences", float(np.mean(moved))
    for ago in AGO:
        for what, own in (("rhythm", rhythms), ("bar", bars)):
            same = [own[k - ago] == one for k, one in own.items() if k - ago in own]
            if same:
                yield f"{what} of {ago}", float(np.mean(same))
        at = np.searchsorted(places, places - ago * 4096)
        found = places[np.minimum(at, len(places) - 1)] == places - ago * 4096
        if (melody.bar >= melody.bar[0] + ago).any():
            later = melody.bar >= melody.bar[0] + ago
            yield (
                f"notes of {ago}",
                (found & (melody.pitch[np.minimum(at, len(places) - 1)] == melody.pitch))[later].mean(),
            )


def _bars(melody: Columns, values: NDArray[np.int64], *, skip: bool = False) -> dict[int, tuple[tuple[int, int], ...]]:
    """Place and value of the notes of each bar; `skip`: without the value of the first one."""
    bars: dict[int, tuple[tuple[int, int], ...]] = {}
    for bar, place, value in zip(melody.bar.tolist(), melody.place.tolist(), values.tolist(), strict=True):
        own = bars.get(bar, ())
        bars[bar] = (*own, (place, -1 if skip and not own else value))
    return bars


def _entropy(counts: NDArray[np.int64]) -> float:
    shares = counts / counts.sum()
    return float(-(shares * np.log2(shares)).sum())
