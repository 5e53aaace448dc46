"""From a model to melodies.

Conventions
    R melodies are composed side by side; none depends on its neighbours: melody k of a call is, byte for
    byte, the melody that seed + k gives alone. bits = -log2 P by the network itself, before any rule or
    temperature: a rule's price can be read off.

One note is one `choose`: the network's log-probabilities of each attribute go through the rules, then
through the filters, then one number of the melody's own generator decides. Anything that composes
(plain sampling here, resampling elsewhere) is a loop over `choose`, `Stream.take` and `Stream.hear`.

Contents: `Model`, `load_model`, `Generated`, `generate`; `prepare`, `Choice`, `choose`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.checkpoint import Card, Checkpoint, find, load
from melodyrnn.compose import sampling
from melodyrnn.compose.beginning import Beginning, begin
from melodyrnn.compose.options import Options
from melodyrnn.compose.rules import Rule, Rules, Spot
from melodyrnn.compose.runtime import Network
from melodyrnn.compose.surprise import counted, paced
from melodyrnn.errors import OptionError, Unsatisfiable
from melodyrnn.events.vocabulary import DURATIONS, END, PITCHES, RESTS
from melodyrnn.music.melody import Melody, Note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from melodyrnn.compose.sampling import Indices, Logs
    from melodyrnn.compose.stream import Stream

__all__ = ["Choice", "Generated", "Model", "Options", "choose", "generate", "load_model"]

SIDE_BY_SIDE: Final = 64  # melodies composed together; more are hardly faster, and the first would come later
DOWNBEAT, BEAT, OFFBEAT = 96, 86, 76  # velocities
_BITS: Final = -1 / np.log(2)
_NAMES: Final = ("rest", "duration", "pitch")


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


@dataclass(frozen=True, slots=True)
class Choice:
    """The next note of each melody, rows (R,) of the tables; where rest is END, the rest means nothing."""

    rest: Indices
    duration: Indices
    pitch: Indices
    bits: NDArray[np.float64]  # (R, 3): -log2 P of what was chosen, by the network itself
    price: NDArray[np.float64]  # (R, 3): -log2 of the share that the rules left; the weight of a particle


def load_model(source: str | Path) -> Model:
    """Open a checkpoint by path, or a shipped one by name. Raises CheckpointError."""
    return model_of(load(find(source)))


def model_of(opened: Checkpoint) -> Model:
    """Make an open checkpoint ready to compose."""
    return Model(opened, Network(opened.config, opened.weights))


def generate(model: Model, options: Options, count: int = 1, *, prime: Melody | None = None) -> Iterator[Generated]:
    """Compose melodies with the seeds options.seed, options.seed + 1, …, in this order, as they are ready.

    A prime is kept note for note; its metre, key and tempo hold unless the options say otherwise, and
    `options.bars` bars follow its last one (a bar that it leaves unfinished is filled besides); `upbeat` then
    means nothing. Raises OptionError at once, Unsatisfiable where the rules leave nothing.
    """
    if count < 1:
        raise OptionError("count", f"{count} melodies cannot be written; give 1 or more")
    beginning = prepare(model, options, prime)
    seeds = range(options.seed, options.seed + count)
    return _generate(beginning, options, seeds)


def prepare(model: Model, options: Options, prime: Melody | None = None) -> Beginning:
    """Find the place where new notes begin, with every rule that the options ask for. Raises OptionError."""
    beginning = begin(model.network, model.card, options, prime)
    if options.surprise is not None:
        beginning.stream.spent = np.zeros((1, 2))
    if options.max_copy is None:
        return beginning
    from melodyrnn.compose.originality import index_of, limit_copy  # noqa: PLC0415 - only who asks waits for it

    return replace(beginning, rules=beginning.rules + limit_copy(index_of(model.checkpoint), options.max_copy))


def choose(stream: Stream, rules: Rules, filters: tuple[Rule, ...], uniform: Logs, primed: int = 0) -> Choice:
    """Choose the next note of each melody. `filters` for rest, duration, pitch; `uniform` (R, 3).

    Where the rules leave no pitch after a rest, another rest is chosen. Raises Unsatisfiable when none is left.
    """
    here = np.arange(len(stream))
    bits, price, offered = np.zeros((3, len(stream), 3))

    def pick(logs: Logs, allowed: Logs, attribute: int, spot: Spot) -> Indices:
        if not np.isfinite(allowed.max(1)).all():
            raise Unsatisfiable(
                "rules", f"no {_NAMES[attribute]} is left for note {spot.notes + 1}; loosen one of them"
            )
        chosen = sampling.draw(filters[attribute](allowed, spot), uniform[:, attribute])
        bits[:, attribute] = logs[here, chosen] * _BITS
        price[:, attribute] = sampling.price(logs, allowed)
        if stream.spent is not None:
            offered[:, attribute] = sampling.expected(allowed)
        return chosen

    spot = Spot(stream.notes, primed, stream.tick, stream.last, stream.timeline, heard=stream.heard, spent=stream.spent)
    asked = stream.rest()
    rests = _ruled(asked, rules.rest, spot)
    while True:
        rest = pick(asked, rests, 0, spot)
        spot = replace(spot, tick=stream.tick + np.asarray((*RESTS, 0))[rest], rest=rest, duration=None)
        durations = stream.duration(rest)
        duration = pick(durations, _ruled(durations, rules.duration, spot), 1, spot)
        spot = replace(spot, duration=duration)
        pitches = stream.pitch(rest, duration)
        left = _ruled(pitches, rules.pitch, spot)
        stuck = np.flatnonzero(~np.isfinite(left.max(1)))
        if not len(stuck):
            break
        rests[stuck, rest[stuck]] = -np.inf  # of another rest there may be pitches left
    pitch = pick(pitches, left, 2, spot)
    if stream.spent is not None:
        stream.spent = counted(stream.spent, bits.sum(1), offered.sum(1), stream.notes - primed)
    return Choice(rest, duration, pitch, bits, price)


def _ruled(logs: Logs, rules: tuple[Rule, ...], spot: Spot) -> Logs:
    """What the rules leave, a copy; a melody that is over is under none."""
    allowed = logs.copy()
    for rule in rules:
        allowed = rule(allowed, spot)
    return allowed if spot.rest is None else np.where((spot.rest == END)[:, None], logs, allowed)


def filters_of(options: Options) -> tuple[Rule, ...]:
    """What temperature or surprise, top-k, top-p and min-p do to rest, duration and pitch."""
    rhythm = options.temperature if options.rhythm_temperature is None else options.rhythm_temperature
    pace = paced(options.surprise or 0.0)

    def filter_with(value: float) -> Rule:
        def apply(logs: Logs, spot: Spot) -> Logs:
            logs = sampling.temperature(logs, value)
            if options.top_k is not None:
                logs = sampling.top_k(logs, options.top_k)
            logs = sampling.min_p(sampling.top_p(logs, options.top_p), options.min_p)
            return logs if options.surprise is None else pace(logs, spot)

        return apply

    return filter_with(rhythm), filter_with(rhythm), filter_with(options.temperature)


@dataclass(slots=True)
class _Draft:
    """A melody that is being composed."""

    seed: int
    notes: list[tuple[int, int, int]] = field(default_factory=list)  # rows of the tables
    bits: list[list[float]] = field(default_factory=list)
    price: float = 0.0


def _generate(beginning: Beginning, options: Options, seeds: range) -> Iterator[Generated]:
    side_by_side = SIDE_BY_SIDE if beginning.particles == 1 else 1
    for start in range(0, len(seeds), side_by_side):
        drafts = [_Draft(seed) for seed in seeds[start : start + side_by_side]]
        if beginning.particles == 1:
            _compose(beginning, options, drafts)
        else:
            _steer(beginning, options, drafts[0])
        yield from (_finished(beginning, options, draft) for draft in drafts)


def _steer(beginning: Beginning, options: Options, draft: _Draft) -> None:
    """Fill a draft with one melody out of many particles."""
    from melodyrnn.compose.smc import draw_one  # noqa: PLC0415 - one melody without constraints needs none of it

    filters, primed = filters_of(options), beginning.stream.notes
    drawn = draw_one(
        beginning.stream, lambda stream, uniform: choose(stream, beginning.rules, filters, uniform, primed),
        seed=draft.seed, effort=beginning.particles, hearing=beginning.hearing,
    )  # fmt: skip
    draft.notes, draft.bits, draft.price = [tuple(row) for row in drawn.rows.tolist()], drawn.bits.tolist(), drawn.price


def _compose(beginning: Beginning, options: Options, drafts: list[_Draft]) -> None:
    """Add notes to every draft until it is over."""
    filters, primed = filters_of(options), beginning.stream.notes
    which = np.arange(len(drafts))
    stream = beginning.stream.take(np.zeros_like(which))
    uniform = np.zeros((len(drafts), 0, 3))
    while len(stream):
        position = stream.notes - primed
        if position == uniform.shape[1]:
            uniform = np.stack([sampling.uniforms(draft.seed, max(128, 2 * position)) for draft in drafts])
        choice = choose(stream, beginning.rules, filters, uniform[which, position], primed)
        _write(choice, [drafts[k] for k in which])
        going = np.flatnonzero(choice.rest != END)
        if len(going) < len(stream):
            stream, which = stream.take(going), which[going]
        stream.hear(choice.rest[going], choice.duration[going], choice.pitch[going])


def _write(choice: Choice, drafts: list[_Draft]) -> None:
    """Add what was chosen to each draft; after END there is no note."""
    made = (choice.rest, choice.duration, choice.pitch, choice.bits, choice.price)
    rows = zip(drafts, *(x.tolist() for x in made), strict=True)
    for draft, rest, duration, pitch, bits, price in rows:
        draft.price += sum(price)
        if rest != END:
            draft.notes.append((rest, duration, pitch))
            draft.bits.append(bits)


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

    def metrical(onset: int) -> int:
        place = frame.place(onset)[1]
        return DOWNBEAT if place == 0 else BEAT if place % frame.metre_at(onset).beat_ticks == 0 else OFFBEAT

    return metrical if flat is None else lambda _: flat
