"""From a model to melodies.

Conventions
    R melodies are composed side by side; none depends on its neighbours: melody k of a call is, byte for
    byte, the melody that seed + k gives alone. bits = -log2 P by the network itself, before any rule or
    temperature: a rule's price can be read off.

A melody that is lost on its way, or that its acceptance test refuses, is composed again with other numbers of the same
seed, up to TRIES times; then it is refused. One that is static or repetitive is composed again 3 AGAIN times (with
particles AGAIN), one that breaks off AGAIN times, its last bars alone at first; then it is taken.

Contents: Model, load_model, model_of; Generated, generate; prompt_for; TRIES.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from melodyrnn.checkpoint.file import Card, Checkpoint, find, load
from melodyrnn.compose.performance import velocity_of
from melodyrnn.compose.prompt import Prompt, begin
from melodyrnn.compose.sampling.acceptance import (
    AGAIN,
    Candidate,
    Closing,
    closing_of,
    compose,
    compose_end,
    is_lively,
    is_repetitive,
)
from melodyrnn.compose.sampling.note import sample_note
from melodyrnn.controls.frame.length_prior import with_length_prior
from melodyrnn.controls.rules import FinishedMelody
from melodyrnn.errors import CheckpointError, DeadEnd, OptionError, Unsatisfiable, printable
from melodyrnn.events.vocabulary import DURATIONS, PITCHES, RESTS
from melodyrnn.inference.soundness import sound_network
from melodyrnn.music.melody import Melody, Note

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from melodyrnn.compose.sampling.particles import Test
    from melodyrnn.controls.options import Options
    from melodyrnn.controls.rules import AcceptanceTest
    from melodyrnn.events.fingerprint import Index
    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.inference.numpy_network import Network

COMPOSED_TOGETHER: Final = 64  # melodies composed together; more are hardly faster, and the first would come later
TRIES: Final = 20  # times that a melody is composed before it is given up
ENDINGS: Final = 4  # times that the end of one is, the first included, before the whole of it is again


@dataclass(frozen=True, slots=True)
class Model:
    """A checkpoint, ready to compose."""

    checkpoint: Checkpoint = field(repr=False)
    network: Network = field(repr=False)

    @property
    def card(self) -> Card:
        """Where the model comes from and how good it is."""
        return self.checkpoint.card


@dataclass(frozen=True, slots=True)
class Generated:
    """A melody and how it came about."""

    melody: Melody
    seed: int  # gives this melody alone
    bits: NDArray[np.float64]  # (notes, 3): surprise of rest, duration, pitch
    primed: int  # notes at the start that were given
    price: float  # bits that the rules cost: -log2 of the probability that the network alone keeps them


def load_model(source: str | Path) -> Model:
    """Open a checkpoint by path, or a shipped one by name. Raises CheckpointError."""
    opened = load(path := find(source))
    try:
        return model_of(opened)
    except CheckpointError as problem:
        raise CheckpointError(f"{printable(str(path))}: {problem}") from None


def model_of(opened: Checkpoint) -> Model:
    """Make an open checkpoint ready to compose. Raises CheckpointError where its scores are no numbers."""
    return Model(opened, sound_network(opened))


def generate(
    model: Model, options: Options, count: int = 1, *, prime: Melody | None = None, step: int = 1
) -> Iterator[Generated]:
    """Compose melodies with the seeds options.seed, options.seed + step, …, in this order, as they are ready.

    A prime is kept note for note; its metre, key and tempo hold unless the options say otherwise, and
    `options.bars` bars follow its last one (a bar that it leaves unfinished is filled besides); `upbeat` then
    means nothing. Where no number of bars is asked for, each melody has its own (`with_length_prior`). Raises
    OptionError at once, Unsatisfiable where the rules leave nothing.
    """
    if count < 1:
        raise OptionError("count", f"{count} melodies cannot be written; give 1 or more")
    seeds = options.seeds(count, step)
    each = (with_length_prior(model.card, options.seeded(seed), prime) for seed in seeds)
    if (first := next(each)).setting.bars == options.setting.bars:
        return _generate(_task(model, options, prime, free=options.setting.bars is None and options.planned), seeds)
    begun = _generate(_task(model, first, prime, free=True), first.seeds(1))
    later = (_generate(_task(model, own, prime, free=True), own.seeds(1)) for own in each)
    return chain(begun, chain.from_iterable(later))


def prompt_for(model: Model, options: Options, prime: Melody | None = None) -> Prompt:
    """Find the place where new notes begin, with every rule that the options ask for. Raises OptionError."""
    return begin(model.network, model.card, options, prime, index=lambda: _index_of(model))


def _index_of(model: Model) -> Index:
    from melodyrnn.constraints.originality import index_of  # noqa: PLC0415 - only who asks waits for it

    return index_of(model.checkpoint)


class _Task(NamedTuple):
    """What to compose."""

    prompt: Prompt
    options: Options
    static: bool  # a static melody is composed again
    turns: bool  # one that goes in circles is composed again
    closing: Closing | None  # how it is to end, where that is drawn
    mark: int | None  # tick from which on its last bars may be composed anew; None where they cannot alone

    @property
    def tests(self) -> tuple[AcceptanceTest, ...]:
        """Through which every melody must pass."""
        return self.prompt.plan.tests

    def accepts(self, rows: Indices) -> bool:
        """Whether a melody, new notes as rows (notes, 3), passes them all."""
        if not self.tests:
            return True
        before = self.prompt.frame.before
        given = np.zeros((0, 3), np.int64) if before is None else before
        blank = [[0.0] * 3] * len(rows)
        finished = FinishedMelody(
            given, rows, lambda: _finished(self.prompt, Candidate(0, rows.tolist(), blank)).melody
        )
        return all(test.passes(finished) for test in self.tests)


def _task(model: Model, options: Options, prime: Melody | None, *, free: bool = False) -> _Task:
    """What to compose; `free`: melodies whose length is drawn, or left to the network.

    Static ones are composed again unless they are the network's own or an effort is given; repetitive ones where bars
    do not return by themselves.
    """
    prompt, setting = prompt_for(model, options, prime), options.setting
    closing = None if free and setting.ending != "drawn" else closing_of(model.card, options, prompt)
    mark = None
    if closing is not None and not prompt.plan.sections:  # the last two bars
        mark = prompt.end - prompt.frame.shift - 2 * prompt.frame.melody.metre_at(prompt.end - 1).bar_ticks
    again = setting.effort is None and not options.certain
    static = again and (options.planned or prompt.plan.filtered)
    turns = free or (again and not prompt.plan.sections and prime is None)
    return _Task(prompt, options, static, turns, closing, mark)


def _generate(task: _Task, seeds: range) -> Iterator[Generated]:
    plain = task.prompt.particles == 1 and task.prompt.hearing is None
    side_by_side = COMPOSED_TOGETHER if plain else 1
    for start in range(0, len(seeds), side_by_side):
        candidates = [Candidate(seed) for seed in seeds[start : start + side_by_side]]
        if plain:
            _compose(task, candidates)
        else:
            _steer(task, candidates[0])
        yield from (_finished(task.prompt, candidate) for candidate in candidates)


def _steer(task: _Task, candidate: Candidate) -> None:
    """Fill a candidate with one melody out of many particles. Raises Unsatisfiable."""
    from melodyrnn.compose.sampling.particles import draw_one  # noqa: PLC0415 - one melody without constraints needs none of it

    prompt, plan, primed = task.prompt, task.prompt.plan, task.prompt.decoder.notes
    for attempt in range(TRIES):
        passes = _particle_test(task, candidate.seed, attempt)
        try:
            drawn = draw_one(
                prompt.decoder,
                lambda decoder, uniform: sample_note(decoder, plan.rules, plan.filters, uniform, primed),
                seed=candidate.seed, effort=prompt.particles, hearing=prompt.hearing, accepts=passes, attempt=attempt,
            )  # fmt: skip
        except DeadEnd:
            if passes is None:
                raise
            continue
        candidate.notes, candidate.bits = [tuple(row) for row in drawn.rows.tolist()], drawn.bits.tolist()
        candidate.prices = [drawn.price]
        return
    raise _given_up(task, prompt.particles)


def _compose(task: _Task, candidates: list[Candidate]) -> None:
    """Fill candidates with melodies; those that are not taken, again. Raises Unsatisfiable."""
    for attempt in range(TRIES):
        number = attempt * ENDINGS
        compose(task.prompt, candidates, number, task.mark)
        candidates = [candidate for candidate in candidates if not _taken(task, candidate, number, attempt)]
        if not candidates:
            return
    raise _given_up(task, 1)


def _taken(task: _Task, candidate: Candidate, number: int, attempt: int) -> bool:
    """Whether a melody that was composed for a candidate may stay: how it closes counts at first, how it goes longer.

    After that it may if the rules do not forbid it. Raises DeadEnd if it is lost for good.
    """
    closes = _closed(task, candidate, number)
    rows = np.array(candidate.notes, np.int64).reshape(-1, 3)
    if candidate.lost or not task.accepts(rows):
        if not task.tests:
            raise DeadEnd
        return False
    if not closes and attempt < (2 * AGAIN if task.mark is None else AGAIN):
        return False
    if attempt >= 3 * AGAIN:
        return True
    return (not task.static or is_lively(rows)) and not (task.turns and _circles(task, candidate))


def _closed(task: _Task, candidate: Candidate, number: int) -> bool:
    """Whether a melody ends as was drawn for it, where that was, its last bars composed anew if need be."""
    if task.closing is None:
        return True
    for k in range(number, number + ENDINGS):
        if k > number and candidate.fork is not None:
            compose_end(task.prompt, candidate, k)
        rows, price = np.array(candidate.notes), candidate.prices[-1]
        if not candidate.lost and task.closing.takes(candidate.seed, rows, price, k):
            return True
        if candidate.fork is None:
            break
    return False


def _circles(task: _Task, candidate: Candidate) -> bool:
    """Whether a melody is the same bars over and over."""
    return is_repetitive(_finished(task.prompt, candidate).melody)


def _particle_test(task: _Task, seed: int, attempt: int) -> Test | None:
    """What one of the particles has to pass: at first all that is looked at, in the end what must be.

    How it closes is looked at once: particles cost much, and one among so many does so nearly always. What it cost to
    end where it does has been weighed.
    """
    asked: list[Test] = [task.accepts] if task.tests else []
    if task.static and attempt < AGAIN:
        asked.append(is_lively)
    if task.turns and attempt < AGAIN:
        asked.append(lambda rows: not _circles(task, Candidate(seed, rows.tolist(), [[0.0] * 3] * len(rows))))
    if (closing := task.closing) is not None and not attempt:
        asked.append(lambda rows: closing.takes(seed, rows, 0.0))
    return (lambda rows: all(passes(rows) for passes in asked)) if asked else None


def _given_up(task: _Task, particles: int) -> Unsatisfiable:
    """Why there is no melody, with the next move."""
    effort = f"{particles} melodies side by side" if particles > 1 else "a melody"
    asked = ", ".join(
        f"{test.owner} {task.options.values().get(test.owner.replace('-', '_'), '')}".strip() for test in task.tests
    )
    return Unsatisfiable(
        task.tests[0].owner,
        f"{TRIES} times {effort} did not come through {asked}; ask for less of it, loosen another rule, or give more "
        f"effort or another seed",
    )


def _finished(prompt: Prompt, candidate: Candidate) -> Generated:
    """Turn rows of the tables into a melody."""
    frame, given = prompt.frame, prompt.frame.melody
    tick = int(prompt.decoder.tick[0]) + frame.shift
    loudness = velocity_of(given, frame.setting.velocity, given.notes)
    notes = list(given.notes)
    for rest, duration, pitch in candidate.notes:
        onset = tick + RESTS[rest]
        tick = onset + DURATIONS[duration]
        notes.append(Note(onset, DURATIONS[duration], frame.anchor + PITCHES[pitch], loudness(onset)))
    melody = replace(given, notes=tuple(notes), length=prompt.end)
    bits = np.concatenate((prompt.bits, np.array(candidate.bits).reshape(-1, 3)))
    return Generated(melody, candidate.seed, bits, len(given.notes), sum(candidate.prices))
