"""From a model to melodies.

Conventions
    R melodies are composed side by side; none depends on its neighbours: melody k of a call is, byte for
    byte, the melody that seed + k gives alone. bits = -log2 P by the network itself, before any rule or
    temperature: a rule's price can be read off.

One note is one `choose`: the network's log-probabilities of each attribute go through the rules, then
through the filters, then one number of the melody's own generator decides. Anything that composes
(plain sampling here, resampling elsewhere) is a loop over `choose`, `Stream.take` and `Stream.hear`.

Contents: `Model`, `load_model`, `Generated`, `generate`; `Choice`, `choose`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.checkpoint import Card, Checkpoint, find, load
from melodyrnn.compose import sampling
from melodyrnn.compose.beginning import Beginning, begin
from melodyrnn.compose.options import Options
from melodyrnn.compose.rules import Rule, Rules, Spot
from melodyrnn.compose.runtime import Network
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


@dataclass(frozen=True, slots=True)
class Model:
    """A checkpoint, ready to compose."""

    checkpoint: Checkpoint
    network: Network

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


@dataclass(frozen=True, slots=True)
class Choice:
    """The next note of each melody, rows (R,) of the tables; where rest is END, the rest means nothing."""

    rest: Indices
    duration: Indices
    pitch: Indices
    bits: NDArray[np.float64]  # (R, 3)


def load_model(source: str | Path) -> Model:
    """Open a checkpoint by path, or a shipped one by name. Raises CheckpointError."""
    return model_of(load(find(source)))


def model_of(opened: Checkpoint) -> Model:
    """Make an open checkpoint ready to compose."""
    return Model(opened, Network(opened.config, opened.float32()))


def generate(model: Model, options: Options, count: int = 1, *, prime: Melody | None = None) -> Iterator[Generated]:
    """Compose melodies with the seeds options.seed, options.seed + 1, …, in this order, as they are ready.

    A prime is kept note for note; its metre, key and tempo hold unless the options say otherwise, and
    `options.bars` bars follow its last one. Raises OptionError at once.
    """
    if count < 1:
        raise OptionError("count", f"{count} melodies cannot be written; give 1 or more")
    beginning = begin(model.network, model.card, options, prime)
    seeds = range(options.seed, options.seed + count)
    return _generate(beginning, options, seeds)


def choose(stream: Stream, rules: Rules, filters: tuple[Rule, ...], uniform: Logs, primed: int = 0) -> Choice:
    """Choose the next note of each melody. `filters` for rest, duration, pitch; `uniform` (R, 3)."""
    here = np.arange(len(stream))

    def pick(logs: Logs, attribute: int, spot: Spot) -> tuple[Indices, Logs]:
        allowed = logs
        for rule in (rules.rest, rules.duration, rules.pitch)[attribute]:
            allowed = rule(allowed, spot)
        if spot.rest is not None:  # a melody that is over is under no rule
            allowed = np.where((spot.rest == END)[:, None], logs, allowed)
        if not np.isfinite(allowed.max(1)).all():
            name = ("rest", "duration", "pitch")[attribute]
            raise Unsatisfiable("rules", f"no {name} is left for note {spot.notes + 1}; loosen one of them")
        chosen = sampling.draw(filters[attribute](allowed, spot), uniform[:, attribute])
        return chosen, logs[here, chosen] * _BITS

    spot = Spot(stream.notes, primed, stream.tick, stream.last, stream.timeline)
    rest, rest_bits = pick(stream.rest(), 0, spot)
    onset = stream.tick + np.asarray((*RESTS, 0))[rest]
    spot = replace(spot, tick=onset, rest=rest)
    duration, duration_bits = pick(stream.duration(rest), 1, spot)
    pitch, pitch_bits = pick(stream.pitch(rest, duration), 2, replace(spot, duration=duration))
    return Choice(rest, duration, pitch, np.stack((rest_bits, duration_bits, pitch_bits), 1))


def filters_of(options: Options) -> tuple[Rule, ...]:
    """What temperature, top-k, top-p and min-p do to rest, duration and pitch."""
    rhythm = options.temperature if options.rhythm_temperature is None else options.rhythm_temperature

    def filter_with(value: float) -> Rule:
        def apply(logs: Logs, _: Spot) -> Logs:
            logs = sampling.temperature(logs, value)
            if options.top_k is not None:
                logs = sampling.top_k(logs, options.top_k)
            return sampling.min_p(sampling.top_p(logs, options.top_p), options.min_p)

        return apply

    return filter_with(rhythm), filter_with(rhythm), filter_with(options.temperature)


def _generate(beginning: Beginning, options: Options, seeds: range) -> Iterator[Generated]:
    for start in range(0, len(seeds), SIDE_BY_SIDE):
        chunk = seeds[start : start + SIDE_BY_SIDE]
        for seed, notes in zip(chunk, _compose(beginning, options, chunk), strict=True):
            yield _finished(beginning, options, seed, notes)


def _compose(beginning: Beginning, options: Options, seeds: range) -> list[list[tuple[int, ...]]]:
    """New notes of each melody: (rest, duration, pitch) rows and their bits."""
    filters, primed = filters_of(options), beginning.stream.notes
    stream, which = beginning.stream.take(np.zeros(len(seeds), np.int64)), np.arange(len(seeds))
    notes: list[list[tuple[int, ...]]] = [[] for _ in seeds]
    uniform = np.zeros((len(seeds), 0, 3))
    while len(stream):
        position = stream.notes - primed
        if position == uniform.shape[1]:
            uniform = np.stack([sampling.uniforms(seed, max(128, 2 * position)) for seed in seeds])
        choice = choose(stream, beginning.rules, filters, uniform[which, position], primed)
        going = np.flatnonzero(choice.rest != END)
        rows = zip(
            *(x[going].tolist() for x in (which, choice.rest, choice.duration, choice.pitch, choice.bits)), strict=True
        )
        for k, rest, duration, pitch, bits in rows:
            notes[k].append((rest, duration, pitch, *bits))
        if len(going) < len(stream):
            stream, which = stream.take(going), which[going]
        if len(stream):
            stream.hear(choice.rest[going], choice.duration[going], choice.pitch[going])
    return notes


def _finished(beginning: Beginning, options: Options, seed: int, new: list[tuple[int, ...]]) -> Generated:
    """Write rows of the tables as a melody."""
    frame, tick = beginning.frame, int(beginning.stream.tick[0]) + beginning.shift
    loudness = _velocity(frame, options.velocity)
    notes = list(frame.notes)
    for rest, duration, pitch, *_ in new:
        onset = tick + RESTS[rest]
        tick = onset + DURATIONS[duration]
        notes.append(Note(onset, DURATIONS[duration], beginning.anchor + PITCHES[pitch], loudness(onset)))
    bits = np.array([row[3:] for row in new]).reshape(-1, 3)
    melody = replace(frame, notes=tuple(notes), length=beginning.end)
    return Generated(melody, seed, np.concatenate((beginning.bits, bits)), len(frame.notes))


def _velocity(frame: Melody, flat: int | None) -> Callable[[int], int]:
    """Velocity by onset: bar lines loudest, then beats."""

    def metrical(onset: int) -> int:
        place = frame.place(onset)[1]
        return DOWNBEAT if place == 0 else BEAT if place % frame.metre_at(onset).beat_ticks == 0 else OFFBEAT

    return metrical if flat is None else lambda _: flat
