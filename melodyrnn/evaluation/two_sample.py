"""A classifier two-sample test: can written melodies be told from real ones, and by what?

A judge (`training.two_sample_network`) learns from real and written melodies and is asked about others, once whole and
once without their ends; so it is, as a control, about real melodies half of which are called written. Judges of several
seeds give the mean and how sure it is.

Conventions
    rows        of one list of melodies: real ones first, then the written ones.
    AUC         how often, of a real and a written melody, the written one is taken for written: 0.5 = cannot tell.
    bound       95 %: 1.96 standard errors, of the melodies asked about (DeLong, DeLong & Clarke-Pearson 1988) and of
                the mean of the judges.

Contents: INSIDE, Exam, one_exam, crossed_exams; Case, cases_of, Answer, judge; auc, Verdict, verdict_of.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from melodyrnn.corpus.duplicates import deal_families
from melodyrnn.errors import CorpusError, MelodyRNNError, OptionError
from melodyrnn.events.judge_views import JUDGED, hearing, without_last
from melodyrnn.system import deal, processors
from melodyrnn.training.two_sample_network import FROZEN, Sample, evidence_of, learn_to_tell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from melodyrnn.events.columns import Columns

_Heard = list["NDArray[np.int16]"]

INSIDE: Final = 12  # last notes that are left out where it is asked about what goes before an end
LEAST_INSIDE: Final = 8  # notes that are left; shorter melodies are not asked about
_SURE: Final = 1.96  # standard errors on each side: 95 %
_KILLED: Final = "a process that judged was killed, perhaps for lack of memory; give --jobs 1"


@dataclass(frozen=True, slots=True)
class Exam:
    """What one judge learns from, and is asked about: rows, and which of them are called written."""

    learnt: NDArray[np.int64]
    learnt_written: NDArray[np.bool_]
    asked: NDArray[np.int64]
    asked_written: NDArray[np.bool_]
    control: bool = False  # all of them are real

    def within(self, some: NDArray[np.bool_]) -> Exam:
        """The same of some melodies alone."""
        learnt, asked = some[self.learnt], some[self.asked]
        return Exam(
            self.learnt[learnt], self.learnt_written[learnt], self.asked[asked], self.asked_written[asked], self.control
        )


def one_exam(learnt: int, spare: int, asked: int, seed: int) -> list[Exam]:
    """One judge for all, and its control.

    Rows: real melodies learnt from, real ones to spare for the control, real ones asked about; then a written one for
    each of the first and the last kind.
    """
    real = learnt + spare + asked
    training, test = np.arange(learnt), np.arange(learnt + spare, real)
    given = _exam([training, real + training], [test, real + learnt + np.arange(asked)])
    rng = np.random.default_rng((seed, 1))
    halves, asked_halves = rng.permutation(learnt + spare), rng.permutation(test)
    size = min(learnt, (learnt + spare) // 2)
    return [
        given,
        _exam([halves[:size], halves[size : 2 * size]], [asked_halves[::2], asked_halves[1::2]], control=True),
    ]


def crossed_exams(families: Sequence[int], folds: int, seed: int) -> list[Exam]:
    """A judge and a control for each fold, none asked about a melody that it learnt from, or a variant of it.

    Rows: real melodies, of these families; then a written one for each. Raises OptionError for too many folds.
    """
    count = len(families)
    tunes = len(set(families))
    if not 2 <= folds <= tunes:
        raise OptionError("--cross-fit", f"{folds} folds cannot be made of {tunes} different tunes; give 2 to {tunes}")
    rng = np.random.default_rng((seed, 2))
    fold, half = (np.array(deal_families(families, parts, rng)) for parts in (folds, 2))
    rows, exams = np.arange(count), []
    for own in range(folds):
        learnt, asked = rows[fold != own], rows[fold == own]
        exams.append(_exam([learnt, count + learnt], [asked, count + asked]))
        split = [[some[half[some] == side] for side in (0, 1)] for some in (learnt, asked)]
        exams.append(_exam(*split, control=True))
    return exams


def _exam(
    learnt: Sequence[NDArray[np.int64]], asked: Sequence[NDArray[np.int64]], *, control: bool = False
) -> Exam:  # fmt: skip
    """Of real rows and those called written."""
    called = [np.repeat([False, True], [len(part) for part in pair]) for pair in (learnt, asked)]
    return Exam(np.concatenate(learnt), called[0], np.concatenate(asked), called[1], control)


class Case(NamedTuple):
    """A judge that is to be trained and asked."""

    exam: Exam
    inside: bool
    seed: int


class Answer(NamedTuple):
    """What a judge said."""

    case: Case
    evidence: list[NDArray[np.float32]]  # for "written", of each note of each melody asked about
    bias: float

    @property
    def scores(self) -> NDArray[np.float64]:
        """Logit that each melody asked about is written, (melodies,)."""
        return np.array([each.sum(dtype=np.float64) for each in self.evidence]) + self.bias


def cases_of(melodies: Sequence[Columns], exams: Sequence[Exam], seeds: Sequence[int]) -> list[Case]:
    """A judge of each seed for each exam, on whole melodies and inside. Raises CorpusError where nothing is inside."""
    long = np.array([len(melody) >= INSIDE + LEAST_INSIDE for melody in melodies])
    inside = [exam.within(long) for exam in exams]
    if any(len(set(exam.asked_written.tolist())) < 2 or not len(exam.learnt) for exam in [*exams, *inside]):
        raise CorpusError(f"too few melodies of {INSIDE + LEAST_INSIDE} notes or more to be told apart; name more")
    return [Case(exam, cut, seed) for seed in seeds for cut, some in ((False, exams), (True, inside)) for exam in some]


def judge(melodies: Sequence[Columns], cases: Sequence[Case], jobs: int = 0) -> Iterator[Answer | None]:
    """Train and ask judges in `jobs` processes (0: all).

    Yields None after each epoch of each judge, but its answer after the last, those of all judges mixed. Raises
    MelodyRNNError where a process dies.
    """
    jobs = min(jobs or processors(), len(cases))
    epochs = range(FROZEN.epochs)
    shares = [[(case, epoch) for case in cases[job::jobs] for epoch in epochs] for job in range(jobs)]
    items = [item for row in zip_longest(*shares) for item in row]  # so that each process has its share in order
    work = partial(_answers, _heard(melodies))
    try:
        done = deal(work, items, jobs) if jobs > 1 else work(items)
        yield from (answer for answer, item in zip(done, items, strict=True) if item is not None)
    except ChildProcessError:
        raise MelodyRNNError(_KILLED) from None


def _heard(melodies: Sequence[Columns]) -> tuple[_Heard, _Heard]:
    """Melodies as judges hear them: whole, and without their ends (those that are too short: whole)."""
    cut = (without_last(m, INSIDE) if len(m) >= INSIDE + LEAST_INSIDE else m for m in melodies)
    return [hearing(melody) for melody in melodies], [hearing(melody) for melody in cut]


def _answers(heard: tuple[_Heard, _Heard], items: Sequence[tuple[Case, int] | None]) -> Iterator[Answer | None]:
    """In a child: epoch after epoch of the judges of its share; None stands for nothing to do."""
    for item in items:
        if item is None:
            yield None
            continue
        (exam, inside, seed), epoch = item
        own = heard[inside]
        if not epoch:
            written = exam.learnt_written.astype(np.float32)
            judges = learn_to_tell(Sample([own[row] for row in exam.learnt], written), [*JUDGED.values()], seed)
        trained = next(judges)
        if epoch + 1 < FROZEN.epochs:
            yield None
        else:
            said = evidence_of(trained, [own[row] for row in exam.asked])
            yield Answer(item[0], said, trained.mean.bias.item())


def auc(written: NDArray[np.float64], real: NDArray[np.float64]) -> float:
    """How often a written one is above a real one; a tie counts half.

    >>> auc(np.array([1.0, 3.0]), np.array([1.0, 2.0]))
    0.625
    """
    return float(_above(written, real).mean())


def _above(some: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of the others that each is above, (some,)."""
    order = np.sort(others)
    ranks = np.searchsorted(order, some, side="left") + np.searchsorted(order, some, side="right")
    return np.asarray(ranks / (2 * len(order)))


@dataclass(frozen=True, slots=True)
class Verdict:
    """How well judges can tell."""

    inside: bool
    control: bool
    real: int  # melodies asked about
    written: int
    learnt: int  # of both kinds, by one judge
    each: tuple[float, ...]  # AUC of each seed
    auc_error: float  # standard error of their mean
    accuracy: float  # mean of the shares of real and written ones that are told, the logit being held against 0
    accuracy_error: float

    @property
    def auc(self) -> float:
        """The mean of all seeds."""
        return float(np.mean(self.each))

    @property
    def auc_bound(self) -> float:
        """So far on each side of the mean the true one lies, 95 times of 100."""
        return _SURE * self.auc_error

    @property
    def accuracy_bound(self) -> float:
        """The same of the accuracy."""
        return _SURE * self.accuracy_error

    @property
    def at_chance(self) -> bool:
        """Whether the AUC is within two standard errors of 0.5, as that of a control must be."""
        return abs(self.auc - 0.5) <= 2 * self.auc_error


def verdict_of(answers: Sequence[Answer]) -> Verdict:
    """Put together what judges of one kind said: all folds of all seeds. Scores of folds are not compared."""
    by_seed: dict[int, list[Answer]] = {}
    for answer in answers:
        by_seed.setdefault(answer.case.seed, []).append(answer)
    told = [_of_seed(own) for own in by_seed.values()]
    areas, shares = ([one[k] for one in told] for k in (0, 2))
    first = next(iter(by_seed.values()))
    written = sum(int(one.case.exam.asked_written.sum()) for one in first)
    return Verdict(
        answers[0].case.inside, answers[0].case.exam.control,
        sum(len(one.case.exam.asked) for one in first) - written, written, len(first[0].case.exam.learnt),
        tuple(areas), _error(areas, [one[1] for one in told]), float(np.mean(shares)),
        _error(shares, [one[3] for one in told]),
    )  # fmt: skip


def _of_seed(answers: Sequence[Answer]) -> tuple[float, float, float, float]:
    """AUC, its variance, accuracy, its variance, of the folds of one seed."""
    written, real, right = [], [], []
    for answer in answers:
        called, scores = answer.case.exam.asked_written, answer.scores
        written.append(_above(scores[called], scores[~called]))
        real.append(1 - _above(scores[~called], scores[called]))
        right.append([scores[called] > 0, scores[~called] <= 0])
    above, below = np.concatenate(written), np.concatenate(real)
    kinds = [np.concatenate(kind).astype(float) for kind in zip(*right, strict=True)]
    return (
        float(above.mean()), _variance(above) + _variance(below),
        float(np.mean([kind.mean() for kind in kinds])), sum(map(_variance, kinds)) / 4,
    )  # fmt: skip


def _variance(values: NDArray[np.float64]) -> float:
    """Of their mean."""
    return float(values.var(ddof=1) / len(values)) if len(values) > 1 else 0.25


def _error(means: Sequence[float], variances: Sequence[float]) -> float:
    """Standard error of a mean over seeds: the melodies asked about are the same for all, the judges are not."""
    between = float(np.var(means, ddof=1)) / len(means) if len(means) > 1 else 0.0
    return math.sqrt(float(np.mean(variances)) + between)
