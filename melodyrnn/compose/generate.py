"""From a model to melodies.

Conventions
    R melodies are composed side by side; none depends on its neighbours: melody k of a call is, byte for
    byte, the melody that seed + k gives alone. bits = -log2 P by the network itself, before any rule or
    temperature: a rule's price can be read off.

Anything that composes (plain sampling here, resampling elsewhere) is a loop over `choose`, `Stream.take` and
`Stream.hear`. A melody that is lost on its way (see `choosing`), or that does not pass the gate when it is
finished, is composed again with other numbers of the same seed, up to TRIES times; then it is refused. So is one
that sits on a pitch, or of free length in circles (see `liveliness`), AGAIN times; then it is taken.

Contents: `Model`, `load_model`, `Generated`, `generate`; `prepare`; TRIES; `choose` and `filters_of` (from `choosing`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.checkpoint import Card, Checkpoint, find, load
from melodyrnn.compose import sampling
from melodyrnn.compose.beginning import Beginning, begin
from melodyrnn.compose.choosing import Choice, choose, filters_of
from melodyrnn.compose.liveliness import AGAIN, circles, lively
from melodyrnn.compose.options import Options
from melodyrnn.compose.outline import outlined
from melodyrnn.compose.runtime import Network
from melodyrnn.errors import DeadEnd, OptionError, Unsatisfiable
from melodyrnn.events.vocabulary import DURATIONS, END, PITCHES, RESTS
from melodyrnn.music.melody import Melody, Note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from melodyrnn.compose.rules import Gate
    from melodyrnn.compose.sampling import Indices

__all__ = ["Choice", "Generated", "Model", "Options", "choose", "filters_of", "generate", "load_model"]

SIDE_BY_SIDE: Final = 64  # melodies composed together; more are hardly faster, and the first would come later
TRIES: Final = 20  # times that a melody is composed before it is given up
DOWNBEAT, BEAT, OFFBEAT = 96, 86, 76  # velocities


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
    return model_of(load(find(source)))


def model_of(opened: Checkpoint) -> Model:
    """Make an open checkpoint ready to compose."""
    return Model(opened, Network(opened.config, opened.weights))


def generate(
    model: Model, options: Options, count: int = 1, *, prime: Melody | None = None, step: int = 1
) -> Iterator[Generated]:
    """Compose melodies with the seeds options.seed, options.seed + step, …, in this order, as they are ready.

    A prime is kept note for note; its metre, key and tempo hold unless the options say otherwise, and
    `options.bars` bars follow its last one (a bar that it leaves unfinished is filled besides); `upbeat` then
    means nothing. Where no number of bars is asked for, each melody has its own (see `outline`). Raises OptionError
    at once, Unsatisfiable where the rules leave nothing.
    """
    if count < 1:
        raise OptionError("count", f"{count} melodies cannot be written; give 1 or more")
    seeds = options.seeds(count, step)
    each = (outlined(model.card, replace(options, seed=seed), prime) for seed in seeds)
    if (first := next(each)).bars == options.bars:
        return _generate(_task(model, options, prime, free=options.bars is None and options.planned), seeds)
    begun = _generate(_task(model, first, prime, free=True), range(first.seed, first.seed + 1))
    later = (_generate(_task(model, own, prime, free=True), range(own.seed, own.seed + 1)) for own in each)
    return chain(begun, chain.from_iterable(later))


def prepare(model: Model, options: Options, prime: Melody | None = None) -> Beginning:
    """Find the place where new notes begin, with every rule that the options ask for. Raises OptionError."""
    beginning = begin(model.network, model.card, options, prime)
    if options.surprise is not None:
        beginning.stream.spent = np.zeros((1, 2))
    if options.max_copy is None:
        return beginning
    from melodyrnn.compose.originality import index_of, limit_copy  # noqa: PLC0415

    return replace(beginning, rules=beginning.rules + limit_copy(index_of(model.checkpoint), options.max_copy))


@dataclass(frozen=True, slots=True)
class _Task:
    """What to compose."""

    beginning: Beginning
    options: Options
    gate: Gate | None  # through which every melody must pass
    free: bool  # its length is its own: one that goes in circles is composed again


def _task(model: Model, options: Options, prime: Melody | None, *, free: bool = False) -> _Task:
    beginning = prepare(model, options, prime)
    if options.max_copy is None:
        return _Task(beginning, options, None, free)
    from melodyrnn.compose.originality import gate_of, index_of  # noqa: PLC0415 - only who asks waits for it

    return _Task(beginning, options, gate_of(index_of(model.checkpoint), options, beginning), free)


@dataclass(slots=True)
class _Draft:
    """A melody that is being composed."""

    seed: int
    notes: list[tuple[int, int, int]] = field(default_factory=list)  # rows of the tables
    bits: list[list[float]] = field(default_factory=list)
    price: float = 0.0
    lost: bool = False


def _generate(task: _Task, seeds: range) -> Iterator[Generated]:
    plain = task.beginning.particles == 1 and task.beginning.hearing is None
    side_by_side = SIDE_BY_SIDE if plain else 1
    for start in range(0, len(seeds), side_by_side):
        drafts = [_Draft(seed) for seed in seeds[start : start + side_by_side]]
        if plain:
            _compose(task, drafts)
        else:
            _steer(task, drafts[0])
        yield from (_finished(task.beginning, task.options, draft) for draft in drafts)


def _steer(task: _Task, draft: _Draft) -> None:
    """Fill a draft with one melody out of many particles. Raises Unsatisfiable."""
    from melodyrnn.compose.smc import draw_one  # noqa: PLC0415 - one melody without constraints needs none of it

    beginning, options, gate = task.beginning, task.options, task.gate
    filters, primed = filters_of(options), beginning.stream.notes
    for attempt in range(TRIES):
        passes = _moving(gate) if options.lively and attempt < AGAIN else gate
        try:
            drawn = draw_one(
                beginning.stream, lambda stream, uniform: choose(stream, beginning.rules, filters, uniform, primed),
                seed=draft.seed, effort=beginning.particles, hearing=beginning.hearing, gate=passes, attempt=attempt,
            )  # fmt: skip
        except DeadEnd:
            if passes is None:
                raise
            continue
        draft.notes, draft.bits = [tuple(row) for row in drawn.rows.tolist()], drawn.bits.tolist()
        draft.price = drawn.price
        return
    raise _given_up(options, beginning.particles)


def _compose(task: _Task, drafts: list[_Draft]) -> None:
    """Fill drafts with melodies; those that are lost, sit or circle, again and alone. Raises Unsatisfiable."""
    beginning, options, gate = task.beginning, task.options, task.gate
    _add_notes(beginning, options, drafts)
    for draft in drafts:
        for attempt in range(1, TRIES + 1):
            rows = np.array(draft.notes, np.int64).reshape(-1, 3)
            fits = not draft.lost and (gate is None or gate(rows))
            if fits and (attempt > AGAIN or _goes_somewhere(task, draft, rows)):
                break
            if not fits and gate is None:
                raise DeadEnd
            if attempt == TRIES:
                raise _given_up(options, 1)
            draft.notes, draft.bits, draft.price, draft.lost = [], [], 0.0, False
            _add_notes(beginning, options, [draft], attempt)


def _goes_somewhere(task: _Task, draft: _Draft, rows: NDArray[np.int64]) -> bool:
    """Whether a melody moves, where that is looked at, and is not the same bars over and over, where that is."""
    if task.options.lively and not lively(rows):
        return False
    return not (task.free and circles(_finished(task.beginning, task.options, draft).melody))


def _moving(gate: Gate | None) -> Gate:
    """Let pass what moves, and what the gate lets pass."""
    return lively if gate is None else lambda rows: lively(rows) and gate(rows)


def _given_up(options: Options, particles: int) -> Unsatisfiable:
    """Why there is no melody, with the next move."""
    effort = f"{particles} melodies side by side" if particles > 1 else "a melody"
    return Unsatisfiable(
        "max-copy",
        f"{TRIES} times {effort} came to where all that the rules leave is more than {options.max_copy} notes of a "
        f"training tune; allow longer runs, loosen another rule, or give more effort or another seed",
    )


def _add_notes(beginning: Beginning, options: Options, drafts: list[_Draft], attempt: int = 0) -> None:
    """Add notes to every draft until it is over, or lost."""
    filters, primed = filters_of(options), beginning.stream.notes
    which = np.arange(len(drafts))
    stream = beginning.stream.take(np.zeros_like(which))
    uniform = np.zeros((len(drafts), 0, 3))
    steps: list[tuple[Indices, Choice]] = []
    while True:
        position = stream.notes - primed
        if position == uniform.shape[1]:
            again = -attempt or None  # particles are counted from 1
            uniform = np.stack([sampling.uniforms(draft.seed, max(128, 2 * position), again) for draft in drafts])
        choice = choose(stream, beginning.rules, filters, uniform[which, position], primed)
        steps.append((which, choice))
        made = (choice.rest, choice.duration, choice.pitch)
        going = np.flatnonzero(choice.rest != END)
        if not len(going):
            break
        if len(going) < len(stream):
            stream, which = stream.take(going), which[going]
            made = (made[0][going], made[1][going], made[2][going])
        stream.hear(*made)
    _write(steps, drafts)


def _write(steps: list[tuple[Indices, Choice]], drafts: list[_Draft]) -> None:
    """Share out to each draft what was chosen, for which of them, at each step; END is no note."""
    which = np.concatenate([k for k, _ in steps])
    rows = [np.concatenate([getattr(choice, name) for _, choice in steps]) for name in ("rest", "duration", "pitch")]
    bits, price = (np.concatenate([getattr(choice, name) for _, choice in steps]) for name in ("bits", "price"))
    ends = np.cumsum(np.bincount(which, minlength=len(drafts)))
    for draft, own in zip(drafts, np.split(np.argsort(which, kind="stable"), ends[:-1]), strict=True):
        notes = own[rows[0][own] != END]
        draft.notes = list(zip(*(values[notes].tolist() for values in rows), strict=True))
        draft.bits, draft.price = bits[notes].tolist(), sum(map(sum, price[own].tolist()))
        draft.lost = bool(np.isposinf(price[own[-1], 0]))  # see Choice.lost


def _finished(beginning: Beginning, options: Options, draft: _Draft) -> Generated:
    """Turn rows of the tables into a melody."""
    frame, tick = beginning.frame, int(beginning.stream.tick[0]) + beginning.shift
    loudness = velocity_of(frame, options.velocity)
    notes = list(frame.notes)
    for rest, duration, pitch in draft.notes:
        onset = tick + RESTS[rest]
        tick = onset + DURATIONS[duration]
        notes.append(Note(onset, DURATIONS[duration], beginning.anchor + PITCHES[pitch], loudness(onset)))
    melody = replace(frame, notes=tuple(notes), length=beginning.end)
    bits = np.concatenate((beginning.bits, np.array(draft.bits).reshape(-1, 3)))
    return Generated(melody, draft.seed, bits, len(frame.notes), draft.price)


def velocity_of(frame: Melody, flat: int | None) -> Callable[[int], int]:
    """Velocity by onset: bar lines loudest, then beats."""
    first = frame.metres[0]
    bar, beat, changes = first.bar_ticks, first.beat_ticks, len(frame.metres) > 1

    def metrical(onset: int) -> int:
        place = frame.place(onset)[1] if changes else onset % bar
        beats = frame.metre_at(onset).beat_ticks if changes else beat
        return DOWNBEAT if place == 0 else BEAT if place % beats == 0 else OFFBEAT

    return metrical if flat is None else lambda _: flat
