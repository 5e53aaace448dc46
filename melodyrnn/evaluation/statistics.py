"""What a set of melodies is like, and how far two sets are apart.

Conventions
    A set is counted over all its notes (histograms) or melody by melody (range, length, repetition).
    distance    0 = alike. Between histograms the Jensen-Shannon divergence in bits, 0..1 (Lin 1991);
                between numbers of melodies the Wasserstein distance, the area between their distribution
                functions, in the unit of the number (Vallender 1974); between shares their difference.
    The choice of features follows Yang & Lerch 2020, "On the evaluation of generative models in music".

Contents: Statistics, statistics_of, distances, chance, MEASURES; sample_from_model (what a model writes under the
frames of a set).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from melodyrnn.compose.generate import generate
from melodyrnn.controls.options import Options
from melodyrnn.errors import CorpusError
from melodyrnn.evaluation.sets import read_melody_columns
from melodyrnn.events import viewpoints as vp
from melodyrnn.events.statistics import repetition
from melodyrnn.events.vocabulary import DURATIONS, METRES
from melodyrnn.music.key import MODES, Key
from melodyrnn.music.melody import Metre

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from melodyrnn.compose.model import Model
    from melodyrnn.events.columns import Columns

Shares = NDArray[np.float64]

MEASURES: Final = {
    "interval": "bits", "duration": "bits", "degree": "bits", "range": "semitones", "length": "bars",
    "ending": "share", "repetition": "share",
}  # fmt: skip
"""Measure → unit of its distance."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a set of melodies is like."""

    melodies: int
    interval: Shares  # of steps from note to note, -24..24 semitones (wider ones count as these)
    duration: Shares  # of notes, rows of DURATIONS
    degree: Shares  # of notes, 0..11 semitones above the tonic
    range: Shares  # (melodies,) semitones from the lowest to the highest note
    length: Shares  # (melodies,) bars
    repetition: Shares  # (melodies,) share of the bars that stood in the melody before, note for note
    ending: float  # share of melodies whose last note is the tonic


def statistics_of(melodies: Sequence[Columns]) -> Statistics:
    """Count a set. Raises CorpusError for one without melodies."""
    return _pooled(_counted(melodies))


def chance(melodies: Sequence[Columns], draws: int = 200, seed: int = 0) -> dict[str, float]:
    """How far a set is from itself drawn again: what 95 of 100 draws, with replacement, keep below (Efron 1979).

    A distance below this is no difference: so far apart are two sets of this size out of the same tradition.
    Raises CorpusError for a set without melodies.
    """
    counts, rng = _counted(melodies), np.random.default_rng(seed)
    whole, rows = _pooled(counts), len(melodies)
    drawn = ({name: values[rng.integers(rows, size=rows)] for name, values in counts.items()} for _ in range(draws))
    apart = [distances(_pooled(some), whole) for some in drawn]
    return {name: float(np.percentile([row[name] for row in apart], 95)) for name in MEASURES}


def _counted(melodies: Sequence[Columns]) -> dict[str, Shares]:
    """What each melody adds to a set: histograms (melodies, V) and numbers (melodies,)."""
    if not len(melodies):
        raise CorpusError("there is no melody to count")
    steps = [np.clip(np.diff(m.pitch), -vp.WIDEST_INTERVAL, vp.WIDEST_INTERVAL) + vp.WIDEST_INTERVAL for m in melodies]
    return {
        "interval": _histograms(steps, 2 * vp.WIDEST_INTERVAL + 1),
        "duration": _histograms([m.duration for m in melodies], len(DURATIONS)),
        "degree": _histograms([vp.degree(m.pitch) for m in melodies], 12),
        "range": np.array([float(np.ptp(m.pitch)) for m in melodies]),
        "length": np.array([float(m.bars) for m in melodies]),
        "repetition": np.array([repetition(m) for m in melodies]),
        "ending": np.array([float(vp.degree(m.pitch[-1:])[0] == 0) for m in melodies]),
    }


def _histograms(values: Sequence[NDArray[np.int64]], size: int) -> Shares:
    return np.array([np.bincount(one, minlength=size) for one in values], np.float64)


def _pooled(counts: Mapping[str, Shares]) -> Statistics:
    """Put together what melodies add."""
    summed = {name: counts[name].sum(0) for name in ("interval", "duration", "degree")}
    shares = {name: sums / max(1.0, sums.sum()) for name, sums in summed.items()}
    numbers = {name: counts[name] for name in ("range", "length", "repetition")}
    return Statistics(melodies=len(counts["ending"]), **shares, **numbers, ending=float(counts["ending"].mean()))


def distances(one: Statistics, other: Statistics) -> dict[str, float]:
    """How far two sets are apart in each of MEASURES."""
    apart = {
        name: jensen_shannon(getattr(one, name), getattr(other, name)) for name in ("interval", "duration", "degree")
    }
    apart |= {name: wasserstein(getattr(one, name), getattr(other, name)) for name in ("range", "length", "repetition")}
    apart["ending"] = abs(one.ending - other.ending)
    return {name: apart[name] for name in MEASURES}


def jensen_shannon(one: Shares, other: Shares) -> float:
    """Jensen-Shannon divergence of two histograms (V,) that sum to one, in bits.

    >>> jensen_shannon(np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    1.0
    """
    middle = (one + other) / 2

    def above(shares: Shares) -> float:
        some = shares > 0
        return float((shares[some] * np.log2(shares[some] / middle[some])).sum())

    return max(0.0, (above(one) + above(other)) / 2)


def wasserstein(one: Shares, other: Shares) -> float:
    """Wasserstein distance of two samples of numbers, of any sizes.

    >>> wasserstein(np.array([1.0, 3.0]), np.array([2.0, 4.0, 2.0, 4.0]))
    1.0
    """
    values = np.sort(np.concatenate([one, other]))
    rising = [np.searchsorted(np.sort(x), values[:-1], side="right") / len(x) for x in (one, other)]
    return float((np.abs(rising[0] - rising[1]) * np.diff(values)).sum())


def sample_from_model(
    model: Model, frames: Sequence[Columns], count: int, seed: int = 0, *, temperature: float = 1.0
) -> Iterator[Columns]:
    """Write melodies of free length and upbeat in keys and metres drawn from those of a set."""
    known = [m for m in frames if m.metre[0] < len(METRES)]
    if not known:
        raise CorpusError("no melody of the set is in a metre that the model knows by name")
    drawn = np.random.default_rng(seed).integers(len(known), size=count).tolist()
    groups: dict[tuple[int, int, int], int] = {}
    for melody in (known[k] for k in drawn):
        frame = (int(melody.metre[0]), melody.tonic, melody.mode)
        groups[frame] = groups.get(frame, 0) + 1
    options = Options(bars=None, tempo=120, upbeat=None, seed=seed, temperature=temperature, in_scale="free")
    for (metre, tonic, mode), wanted in groups.items():
        framed = options.replace(metre=Metre(*METRES[metre]), key=Key(tonic, MODES[mode]))
        for written in generate(model, framed, wanted):
            yield read_melody_columns(written.melody)
        options = options.seeded(options.setting.seed + wanted)
