"""What gives written melodies away: plain numbers that differ, where in a melody, and in which bars.

Conventions
    AUC of a number     how often it is larger in a written melody than in a real one: 0.5 = it tells nothing, and
                        0.3 tells as much as 0.7.
    evidence            what judges' notes say for "written" (`evaluation.two_sample`), the mean of their seeds.

Contents: Difference, differences; Quarter, quarters; SureBar, surest_bars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from melodyrnn.evaluation.plain_features import FEATURES, plain_features
from melodyrnn.evaluation.two_sample import INSIDE, LEAST_INSIDE, auc
from melodyrnn.events.judge_views import without_last

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from melodyrnn.evaluation.two_sample import Answer
    from melodyrnn.events.columns import Columns

_OF_ENDS: Final = ("last ", "notes", "bars")
"""How features begin that say nothing of a melody whose end is left out."""
_QUARTERS: Final = 4


class Difference(NamedTuple):
    """A plain number, and how well it alone tells written melodies from real ones."""

    name: str
    meaning: str
    real: float  # mean
    written: float
    auc: float
    inside: float | None  # AUC of melodies without their ends; None for what is counted at an end


def differences(real: Sequence[Columns], written: Sequence[Columns]) -> list[Difference]:
    """Each of FEATURES, those that tell most first; one that nothing can be counted by is left out."""
    whole = [plain_features(melodies) for melodies in (real, written)]
    inside = [plain_features(_without_ends(melodies)) for melodies in (real, written)]
    found = []
    for name, meaning in FEATURES.items():
        own, theirs = (_counted(features[name]) for features in whole)
        if not (len(own) and len(theirs)):
            continue
        cut = [_counted(features[name]) for features in inside]
        counts = not name.startswith(_OF_ENDS) or name.startswith("notes of")
        told = auc(cut[1], cut[0]) if counts and all(map(len, cut)) else None
        found.append(Difference(name, meaning, float(own.mean()), float(theirs.mean()), auc(theirs, own), told))
    return sorted(found, key=lambda one: -max(abs(one.auc - 0.5), abs((one.inside or 0.5) - 0.5)))


def _without_ends(melodies: Sequence[Columns]) -> list[Columns]:
    return [without_last(melody, INSIDE) for melody in melodies if len(melody) >= INSIDE + LEAST_INSIDE]


def _counted(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[~np.isnan(values)]


class Quarter(NamedTuple):
    """A quarter of each melody's notes."""

    number: int  # 1 … 4
    real: float  # evidence for "written", summed over it, in the mean
    written: float
    auc: float  # of this evidence alone


def quarters(answers: Sequence[Answer]) -> list[Quarter]:
    """Where judges of one kind find what they go by."""
    own = {row: _in_quarters(evidence) for row, (evidence, _) in _by_row(answers).items()}
    called = {row: written for row, (_, written) in _by_row(answers).items()}
    real, theirs = (np.array([own[row] for row in own if called[row] == kind]) for kind in (False, True))
    return [
        Quarter(k + 1, float(real[:, k].mean()), float(theirs[:, k].mean()), auc(theirs[:, k], real[:, k]))
        for k in range(_QUARTERS)
    ]


def _in_quarters(evidence: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([part.sum() for part in np.array_split(evidence, _QUARTERS)])


def _by_row(answers: Sequence[Answer]) -> dict[int, tuple[NDArray[np.float64], bool]]:
    """Row of each melody asked about → evidence of its notes, the mean of seeds; whether it is called written."""
    seeds = len({answer.case.seed for answer in answers})
    found: dict[int, tuple[NDArray[np.float64], bool]] = {}
    for answer in answers:
        exam = answer.case.exam
        for row, written, each in zip(exam.asked.tolist(), exam.asked_written.tolist(), answer.evidence, strict=True):
            before = found[row][0] if row in found else 0.0
            found[row] = (before + each.astype(np.float64) / seeds, written)
    return found


class SureBar(NamedTuple):
    """A bar of a written melody that speaks most for its being written."""

    row: int  # of the melody
    bar: int  # from 0
    evidence: float
    notes: NDArray[np.int64]  # which notes of the melody begin in it


def surest_bars(answers: Sequence[Answer], melodies: Sequence[Columns], count: int) -> list[SureBar]:
    """The surest bar of each written melody, the `count` surest of all first."""
    found = [
        max(_bars(row, melodies[row], evidence), key=lambda bar: bar.evidence)
        for row, (evidence, written) in _by_row(answers).items()
        if written
    ]
    return sorted(found, key=lambda bar: -bar.evidence)[:count]


def _bars(row: int, melody: Columns, evidence: NDArray[np.float64]) -> Iterator[SureBar]:
    heard = melody.bar[: len(evidence)]  # without its end
    for bar in np.unique(heard).tolist():
        notes = np.flatnonzero(heard == bar)
        yield SureBar(row, bar, float(evidence[notes].sum()), notes)
