"""Many candidates, the best of them: what cannot be used goes out, the rest is ranked by named criteria.

Out goes
    silence      more than half of the time, or a silence of more than two bars;
    repetition   without end: one bar, or one pitch, four bars long; fewer than a third of the bars different;
    duplicates   half of the figures (5 notes, any key) shared with a better candidate.

Criteria, each from 0 to 1, all of the same weight
    surprise     bits a note near the corpus mean: 1 there, falling with the distance;
    range        semitones from lowest to highest near the corpus mean, in its standard deviations;
    repetition   share of the bars that come back, likewise;
    originality  1 up to the run that held-out tunes share with the training tunes in the median, 1/2 at what
                 95 of 100 share at most, 0 where all is copied;
    contrast, cadence, breath, arch, economy    how well it is made: see `craft`.

What a form says again is heard once: repetition that was asked for is neither counted nor a reason to go out.

The same call ranks the same. Notes of a prime are not counted. Contents: CRITERIA, Scores, Ranked, Ranking, rank.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from melodyrnn.compose.craft import anatomy_of, arch, breath, cadence, contrast, economy, statements
from melodyrnn.constraints.originality import Copied, Usual, copied, index_of, usual_of
from melodyrnn.controls.setting import Setting
from melodyrnn.events.columns import columns
from melodyrnn.events.fingerprint import shingles
from melodyrnn.events.statistics import compass, repetition
from melodyrnn.events.tokenizer import encode

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from melodyrnn.checkpoint.file import Card
    from melodyrnn.compose.craft import Anatomy
    from melodyrnn.compose.model import Generated, Model
    from melodyrnn.events.columns import Columns
    from melodyrnn.music.melody import Melody

CRITERIA: Final = (
    "surprise", "range", "repetition", "originality", "contrast", "cadence", "breath", "arch", "economy",
)  # fmt: skip
FIGURE: Final = 5  # notes of a figure by which near-duplicates are known
ALIKE: Final = 0.5  # share of common figures from which two melodies are one
NOTHING_ASKED: Final = Setting()
_USUAL: Final = Usual(9, 16)
_FACTS: Final = {"range": (14.0, 4.0), "repetition": (0.18, 0.15)}  # mean, sd of folk songs, where a card is silent
_BITS: Final = 2.5  # … and bits a note


@dataclass(frozen=True, slots=True)
class Scores:
    """How good a candidate is by each of CRITERIA, 0..1."""

    surprise: float
    range: float
    repetition: float
    originality: float
    contrast: float
    cadence: float
    breath: float
    arch: float
    economy: float

    @property
    def total(self) -> float:
        """The mean of all."""
        return fmean(asdict(self).values())


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate, what was measured and how it scores."""

    made: Generated
    bits: float  # a note
    semitones: int
    repeated: float  # share of the bars
    copied: Copied
    scores: Scores

    def facts(self) -> dict[str, Any]:
        """Every score and measure as plain data."""
        scores = {name: round(value, 6) for name, value in asdict(self.scores).items()}
        measured = {
            "bits_per_note": round(self.bits, 6),
            "range": self.semitones,
            "repetition": round(self.repeated, 6),
        }
        return {"score": round(self.scores.total, 6), "scores": scores, "measured": measured | self.copied.facts()}


@dataclass(frozen=True, slots=True)
class Ranking:
    """The best candidates, best first, and why others went out."""

    best: tuple[Ranked, ...]
    out: Mapping[str, int]  # reason → candidates


def rank(model: Model, candidates: Iterable[Generated], keep: int, setting: Setting = NOTHING_ASKED) -> Ranking:
    """Choose the `keep` best of the candidates; fewer where fewer can be used. Equals in the order of their seeds.

    `setting`: what was asked of them, for its form, its phrases and its ending.
    """
    index, card, out = index_of(model.checkpoint), model.card, Counter[str]()
    ranked: list[tuple[Ranked, Columns]] = []
    for made in candidates:
        new = _new(made)
        if new is None:
            out["silence"] += 1
            continue
        layout = anatomy_of(made.melody, setting, made.primed)
        once = statements(new, layout)
        if (reason := _unusable(new) or _endless(once)) is not None:
            out[reason] += 1
            continue
        heard = columns(encode(new))
        run = copied(index, made.melody, primed=made.primed)
        ranked.append((_ranked(made, heard, run, card, _Made(new, once, layout)), heard))
    ranked.sort(key=lambda pair: (-pair[0].scores.total, pair[0].made.seed))
    best: list[Ranked] = []
    figures: list[Counter[Hashable]] = []
    for one, heard in ranked:
        if len(best) == keep:
            break
        own = _figures(heard)
        if any(_alike(own, other) for other in figures):
            out["duplicates"] += 1
            continue
        best.append(one)
        figures.append(own)
    return Ranking(tuple(best), dict(sorted(out.items())))


def _new(made: Generated) -> Melody | None:
    """The melody without its prime; None if nothing was added."""
    notes = made.melody.notes[made.primed :]
    return replace(made.melody, notes=notes) if notes else None


class _Made(NamedTuple):
    """What is new of a melody, the same without what its form says again, and what was asked of its parts."""

    melody: Melody
    once: Melody
    layout: Anatomy


def _unusable(melody: Melody) -> str | None:
    """Why a melody is no candidate, whatever was asked of it; None for one that is."""
    notes, bar = melody.notes, melody.metres[0].bar_ticks
    sounding = sum(n.duration for n in notes)
    rests = [b.onset - a.end for a, b in pairwise(notes)]
    if 2 * sounding < notes[-1].end - notes[0].onset or max(rests, default=0) > 2 * bar:
        return "silence"
    return None


def _endless(melody: Melody) -> str | None:
    """Whether a melody repeats itself without end, as such a reason; what its form says again is no part of it."""
    notes, bar = melody.notes, melody.metres[0].bar_ticks
    bars: dict[int, list[tuple[int, int, int]]] = {}
    for note in notes:
        where, place = melody.place(note.onset)
        bars.setdefault(where, []).append((place, note.duration, note.pitch))
    contents = [tuple(bar) for _, bar in sorted(bars.items())]
    since, held = notes[0].onset, notes[0].duration
    for before, note in pairwise(notes):
        since = since if note.pitch == before.pitch else note.onset
        held = max(held, note.end - since)
    long = len(contents) >= 6
    stuck = any(len(set(contents[k : k + 4])) == 1 for k in range(len(contents) - 3))
    if stuck or held >= 4 * bar or (long and 3 * len(set(contents)) < len(contents)):
        return "repetition"
    return None


def _ranked(made: Generated, heard: Columns, run: Copied, card: Card, parts: _Made) -> Ranked:
    bits = float(made.bits[made.primed :].sum()) / len(heard)
    mean = card.bits.get("total", _BITS)
    semitones, repeated = compass(heard), repetition(columns(encode(parts.once)) if parts.layout.sections else heard)
    scores = Scores(
        surprise=_near(bits, mean, mean / 4),
        range=_near(semitones, *_typical(card, "range")),
        repetition=_near(repeated, *_typical(card, "repetition")),
        originality=_new_enough(run, usual_of(card) or _USUAL),
        contrast=contrast(parts.melody, parts.layout),
        cadence=cadence(parts.melody, parts.layout),
        breath=breath(parts.melody, parts.layout),
        arch=arch(parts.melody),
        economy=economy(parts.once),
    )
    return Ranked(made, bits, semitones, repeated, run, scores)


def _typical(card: Card, name: str) -> tuple[float, float]:
    """Mean and standard deviation of a measure over the training melodies."""
    mean, spread = _FACTS[name]
    return card.facts.get(f"{name}_mean", mean), max(card.facts.get(f"{name}_sd", spread), 1e-3)


def _near(value: float, mean: float, spread: float) -> float:
    """1 at the mean, 0.6 at one standard deviation, on to 0."""
    return math.exp(-(((value - mean) / spread) ** 2) / 2)


def _new_enough(run: Copied, usual: Usual) -> float:
    if run.length <= usual.median:
        return 1.0
    if run.length <= usual.p95:
        return 1 - 0.5 * (run.length - usual.median) / (usual.p95 - usual.median)
    return 0.5 * max(0.0, 1 - (run.length - usual.p95) / max(1.0, run.notes - usual.p95))


def _figures(heard: Columns) -> Counter[Hashable]:
    """By what a melody is told from others: its figures, or all of it where it is shorter than one."""
    whole = (heard.rest[1:].tobytes(), heard.duration.tobytes(), heard.pitch.tobytes())
    return Counter(shingles(heard, FIGURE).tolist()) or Counter([whole])


def _alike(one: Counter[Hashable], other: Counter[Hashable]) -> bool:
    """Whether two melodies share so many of their figures that they are one."""
    both = (one & other).total()
    return both > 0 and both >= ALIKE * min(one.total(), other.total())
