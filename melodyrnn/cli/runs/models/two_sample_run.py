"""What `melodyrnn evaluate --two-sample` does: judges learn to tell what a model writes from real melodies.

Imports torch: only `evaluate` may import this module, when its options are right.

Contents: TwoSampleRequest, run_two_sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from melodyrnn.checkpoint.file import find, load
from melodyrnn.cli.io.console import amount
from melodyrnn.cli.io.piano_roll import pitch_name
from melodyrnn.cli.runs.models.evaluation_run import own_corpora, parts_learnt, read_sets, split_seed, unseen
from melodyrnn.compose.model import model_of
from melodyrnn.corpus.prepared import PARTS
from melodyrnn.errors import OptionError
from melodyrnn.evaluation.cross_validation import family_of
from melodyrnn.evaluation.giveaways import differences, quarters, surest_bars
from melodyrnn.evaluation.two_sample import INSIDE, cases_of, crossed_exams, judge, one_exam, verdict_of
from melodyrnn.evaluation.written import framed, write_under_frames
from melodyrnn.events.vocabulary import DURATION_TICKS, PITCHES, REST_TICKS
from melodyrnn.music.key import MODES, Key
from melodyrnn.music.melody import TICKS_PER_QUARTER
from melodyrnn.training.two_sample_network import FROZEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.checkpoint.file import Checkpoint
    from melodyrnn.cli.io.console import Console
    from melodyrnn.evaluation.giveaways import SureBar
    from melodyrnn.evaluation.sets import MelodySet
    from melodyrnn.evaluation.two_sample import Answer, Exam, Verdict
    from melodyrnn.evaluation.written import Framed, WrittenMelody
    from melodyrnn.events.columns import Columns

_SHOWN: Final = 20  # features, of those that tell anything
_BARS: Final = 8
_SEEDS_APART: Final = 1_000_000  # judges and melodies of one --seed are others than those of the next
_HELD_BACK: Final = ("validation", "test")


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoSampleRequest:
    """The options of a two-sample test as the user gave them."""

    model: str
    paths: Sequence[str]
    part: str | None
    track: str | None
    drop_seen: bool
    seed: int
    seeds: int
    samples: int  # melodies of each kind that a judge learns from
    cross_fit: int | None
    temperature: float
    jobs: int


class _Material(NamedTuple):
    """Melodies, and what judges are asked about them."""

    real: list[Columns]
    frames: list[Framed]  # of what is to be written
    exams: list[Exam]


class _Findings(NamedTuple):
    """Melodies and what was said of them."""

    melodies: list[Columns]
    written: list[WrittenMelody]  # the last of them
    answers: list[Answer]

    def of(self, *, inside: bool, control: bool = False) -> list[Answer]:
        """The answers of judges of one kind."""
        return [one for one in self.answers if (one.case.inside, one.case.exam.control) == (inside, control)]


def run_two_sample(console: Console, asked: TwoSampleRequest) -> None:
    """Have judges tell a model's melodies from real ones; print how well they can, and by what."""
    if asked.seeds < 1 or asked.samples < 1:
        raise OptionError("--seeds" if asked.seeds < 1 else "--samples", "must be 1 or more")
    checkpoint, first = load(find(asked.model)), asked.seed * _SEEDS_APART
    material = (_split if asked.cross_fit is None else _pooled)(console, checkpoint, asked)
    made = write_under_frames(
        model_of(checkpoint), material.frames, first, jobs=asked.jobs, temperature=asked.temperature
    )
    written = sorted(console.progress(made, doing="composing", total=len(material.frames)), key=lambda one: one.under)
    melodies = [*material.real, *(one.melody for one in written)]
    cases = cases_of(melodies, material.exams, range(first, first + asked.seeds))
    done = console.progress(judge(melodies, cases, asked.jobs), doing="judging", total=len(cases) * FROZEN.epochs)
    findings = _Findings(melodies, written, [answer for answer in done if answer is not None])
    _tell(console, findings, asked)


def _split(console: Console, checkpoint: Checkpoint, asked: TwoSampleRequest) -> _Material:
    """Judges learn from the training part and are asked about another."""
    part = asked.part or "test"
    if part not in PARTS[1:]:
        raise OptionError("--part", f"{part}: judges learn from train; ask them about one of {', '.join(PARTS[1:])}")
    if not {*asked.paths} <= own_corpora(checkpoint):
        raise OptionError("--cross-fit", "judges of other melodies than the model's own need it: --cross-fit 5")
    learnt, held = _parts(console, checkpoint, asked, ("train", part))
    training, test = _melodies(console, learnt), _melodies(console, _unseen(console, checkpoint, held, asked))
    chosen = np.random.default_rng(asked.seed).permutation(len(training))[: 2 * asked.samples].tolist()
    size = min(asked.samples, len(chosen))
    real = [*(training[row] for row in chosen), *test]
    frames = _frames([*real[:size], *test])
    return _Material(real, frames, one_exam(size, len(chosen) - size, len(test), asked.seed))


def _pooled(console: Console, checkpoint: Checkpoint, asked: TwoSampleRequest) -> _Material:
    """Judges learn from some folds of all melodies and are asked about the others."""
    parts = _HELD_BACK if asked.part is None else PARTS if asked.part == "all" else (asked.part,)
    if {*asked.paths} <= own_corpora(checkpoint):
        sets = [one for part in _parts(console, checkpoint, asked, parts) for one in part]
    elif asked.part is not None:
        raise OptionError("--part", "only the model's own corpora are divided; leave it out")
    else:
        sets = read_sets(console, asked.paths, track=asked.track)
    if asked.part is None:
        sets = _unseen(console, checkpoint, sets, asked)
    real = _melodies(console, sets)
    assert asked.cross_fit is not None  # noqa: S101 - else it is `_split`
    return _Material(real, _frames(real), crossed_exams(family_of(real), asked.cross_fit, asked.seed))


def _parts(
    console: Console, checkpoint: Checkpoint, asked: TwoSampleRequest, parts: Sequence[str]
) -> list[list[MelodySet]]:
    """Parts of the model's corpora, as its training divided them."""
    seed = split_seed(checkpoint)
    return parts_learnt(console, checkpoint, asked.paths, parts, seed=seed, track=asked.track)


def _unseen(
    console: Console, checkpoint: Checkpoint, sets: Sequence[MelodySet], asked: TwoSampleRequest
) -> list[MelodySet]:
    return [unseen(console, checkpoint, one, drop=asked.drop_seen) for one in sets]


def _melodies(console: Console, sets: Sequence[MelodySet]) -> list[Columns]:
    """Those in metres that the model knows by name: it can write in no other."""
    found = [melody for one in sets for melody in one.melodies]
    known = [melody for melody in found if framed(melody) is not None]
    if len(known) < len(found):
        console.detail(f"left out {amount(len(found) - len(known), 'melody')} in metres that the model has no name for")
    return known


def _frames(melodies: Sequence[Columns]) -> list[Framed]:
    return [frame for melody in melodies if (frame := framed(melody)) is not None]


def _tell(console: Console, findings: _Findings, asked: TwoSampleRequest) -> None:
    """Print everything: a table after another, or JSON lines."""
    kinds = [(inside, control) for inside in (False, True) for control in (False, True)]
    verdicts = [verdict_of(findings.of(inside=inside, control=control)) for inside, control in kinds]
    whole = findings.of(inside=False)
    exams = {id(one.case.exam): one.case.exam for one in whole if one.case.seed == whole[0].case.seed}
    real, written = (
        [findings.melodies[row] for exam in exams.values() for row in exam.asked[exam.asked_written == called].tolist()]
        for called in (False, True)
    )
    features = differences(real, written)
    bars = {inside: surest_bars(findings.of(inside=inside), findings.melodies, _BARS) for inside in (False, True)}
    if console.json:
        for verdict in verdicts:
            console.record(_verdict_facts(verdict, asked))
        for feature in features:
            console.record({"kind": "feature", **feature._asdict()})
        for inside, found in bars.items():
            places = [one._asdict() for one in quarters(findings.of(inside=inside))]
            console.record({"kind": "where", "inside": inside, "quarters": places})
            for bar in found:
                console.record({"kind": "bar", "inside": inside, **_bar_facts(findings, bar)})
        return
    console.lines(_verdicts_table(verdicts, asked))
    console.lines(("", *_features_table(features, len(real), len(written))))
    for inside, found in bars.items():
        console.lines(("", *_where(findings, inside=inside), *_bars_list(findings, found)))


def _called(verdict: Verdict) -> str:
    return "inside" if verdict.inside else "whole"


def _verdict_facts(verdict: Verdict, asked: TwoSampleRequest) -> dict[str, Any]:
    return {
        "kind": "verdict", "notes": _called(verdict), "control": verdict.control, "auc": verdict.auc,
        "auc_bound": verdict.auc_bound, "accuracy": verdict.accuracy, "accuracy_bound": verdict.accuracy_bound,
        "each": list(verdict.each), "at_chance": verdict.at_chance, "real": verdict.real, "written": verdict.written,
        "learnt": verdict.learnt, "seed": asked.seed, "seeds": asked.seeds, "cross_fit": asked.cross_fit,
    }  # fmt: skip


def _verdicts_table(verdicts: Sequence[Verdict], asked: TwoSampleRequest) -> Iterator[str]:
    """How well judges can tell."""
    yield f"two-sample test of {asked.model}, {amount(asked.seeds, 'judge')} of each kind" + (
        "" if asked.cross_fit is None else f" and fold, {asked.cross_fit} folds"
    )
    yield f"{'':<24} {'learnt':>7} {'real':>6} {'written':>7} {'AUC':>6} {'95 %':>7} {'accuracy':>9} {'95 %':>7}"
    for one in verdicts:
        name = f"  {_called(one)}, real and real" if one.control else _called(one)
        yield (
            f"{name:<24} {one.learnt:>7,} {one.real:>6,} {one.written:>7,} {one.auc:>6.3f} ±{one.auc_bound:>6.3f} "
            f"{one.accuracy:>9.3f} ±{one.accuracy_bound:>6.3f}"
        )
    yield f"AUC 0.5: cannot tell. Inside: without the last {INSIDE} notes. Real and real: half of them called written."
    for one in verdicts:
        if one.control and not one.at_chance:
            yield f"{_called(one)}, real and real is more than two standard errors from 0.5: distrust these figures"


def _features_table(features: Sequence[Any], real: int, written: int) -> Iterator[str]:
    """Plain numbers that tell more than chance does."""
    chance = 2 * float(np.sqrt((1 / real + 1 / written) / 12))
    telling = [one for one in features if max(abs(one.auc - 0.5), abs((one.inside or 0.5) - 0.5)) > chance]
    yield "what gives it away, alone"
    yield f"{'':<17} {'real':>8} {'written':>8} {'AUC':>6} {'inside':>7}"
    for one in telling[:_SHOWN]:
        inside = "" if one.inside is None else f"{one.inside:.3f}"
        yield f"{one.name:<17} {one.real:>8.3f} {one.written:>8.3f} {one.auc:>6.3f} {inside:>7}  {one.meaning}"
    left = f"{len(telling) - _SHOWN} more tell something; " if len(telling) > _SHOWN else ""
    yield f"{left}{len(features) - len(telling)} of {len(features)} are within ±{chance:.3f} of 0.5, as by chance"


def _where(findings: _Findings, *, inside: bool) -> Iterator[str]:
    """In which quarter of a melody it shows."""
    told = "  ".join(f"{one.auc:.3f}" for one in quarters(findings.of(inside=inside)))
    yield f"{'inside' if inside else 'whole'}: AUC of what each quarter of the notes says: {told}"
    yield "bars that judges are surest about, the one before each in front:"


def _bars_list(findings: _Findings, found: Sequence[SureBar]) -> Iterator[str]:
    for bar in found:
        facts = _bar_facts(findings, bar)
        before = f"{facts['before']} | " if facts["before"] else ""
        place = f"{facts['melody']}, bar {facts['bar']} of {facts['bars']}"
        yield f"{facts['evidence']:>6.2f}  {place}: {before}{facts['notes']}"


def _bar_facts(findings: _Findings, bar: SureBar) -> dict[str, Any]:
    """A bar and the one before it as notes."""
    melody = findings.melodies[bar.row]
    written = findings.written[bar.row - len(findings.melodies) + len(findings.written)]
    before = np.flatnonzero(melody.bar == bar.bar - 1)
    return {
        "melody": written.name, "bar": bar.bar + 1, "bars": melody.bars, "evidence": bar.evidence,
        "before": _notes(melody, before.tolist()), "notes": _notes(melody, bar.notes.tolist()),
    }  # fmt: skip


def _notes(melody: Columns, which: Sequence[int]) -> str:
    """Notes as their names and lengths in quarters; z is a rest."""
    key = Key(melody.tonic, MODES[melody.mode])
    told = []
    for note in which:
        rest = REST_TICKS[melody.rest[note]] if note else 0
        told += [f"z {Fraction(int(rest), TICKS_PER_QUARTER)}"] if rest else []
        name = pitch_name(melody.anchor + PITCHES[melody.pitch[note]], key)
        told.append(f"{name} {Fraction(int(DURATION_TICKS[melody.duration[note]]), TICKS_PER_QUARTER)}")
    return ", ".join(told)
