"""Changing a melody that is there: filling bars anew, and variations with locks.

Both ask one thing of the look-ahead: that the notes to be kept come where they stand. Bars to be filled end where a
kept note must begin; a kept rhythm allows one onset and one duration at each place. What follows a gap is heard by
every particle and weighs (`melodyrnn.compose.smc`), so that both sides fit.

Conventions
    bars        from 0 in code; a window is half open, in ticks of the clock.
    strength    0..1: which share of what is not locked is composed anew. What is new at a low strength is so at a
                higher one with the same seed, so distance grows.

Contents: `infill`, `vary`, `LOCKS`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.compose import around
from melodyrnn.compose.around import Given
from melodyrnn.compose.beginning import listen, told_of
from melodyrnn.compose.generate import Generated, Model, choose, filters_of, velocity_of
from melodyrnn.compose.ground import NONE
from melodyrnn.compose.rules import Rules
from melodyrnn.compose.smc import Drawn, Hearing, draw_one
from melodyrnn.compose.stream import Stream
from melodyrnn.compose.terms import Place
from melodyrnn.compose.timeline import of_metres
from melodyrnn.errors import OptionError
from melodyrnn.events.tokenizer import Encoded, encode
from melodyrnn.events.vocabulary import DURATIONS, PITCHES, RESTS
from melodyrnn.music.keys import find_key
from melodyrnn.music.melody import Key, Melody, Note

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from numpy.typing import NDArray

    from melodyrnn.compose.options import Options
    from melodyrnn.compose.rules import Spot
    from melodyrnn.compose.sampling import Indices, Logs

LOCKS: Final = ("rhythm", "pitches", "contour")
LISTENED: Final = 24  # notes after a gap that are heard before one particle is chosen
USUAL_EFFORT: Final = 32
AGAIN: Final = -6.0  # what is added to the log-probability of a pitch that is to change
_DURATIONS: Final = np.asarray(DURATIONS)


@dataclass(frozen=True, slots=True)
class _Heard:
    """A melody, and its notes as the network hears them: values of the tables, on the clock that they make."""

    melody: Melody
    encoded: Encoded
    notes: list[Given]

    @classmethod
    def of(cls, melody: Melody, key: Key | None) -> _Heard:
        """Encode a melody in its key, or in the one that fits best."""
        if not melody.notes:
            raise OptionError("melody", "holds no notes")
        encoded = encode(melody, key or melody.key or find_key(melody) or Key(0))
        lengths = _DURATIONS[encoded.durations]
        onsets = np.cumsum(np.asarray(RESTS)[encoded.rests] + lengths) - lengths
        columns = (onsets, encoded.durations, encoded.pitches)
        return cls(melody, encoded, [Given(*map(int, note)) for note in zip(*columns, strict=True)])

    def drift(self, k: int) -> int:
        """What turns the melody's ticks near note k into the clock's; 0 unless values lie off the tables."""
        if not 0 <= k < len(self.notes):
            return 0 if k < 0 else self.drift(len(self.notes) - 1)
        return self.notes[k].onset - self.melody.notes[k].onset


def infill(model: Model, melody: Melody, bars: Iterable[int], options: Options) -> Generated:
    """Compose the bars (from 0) of a melody anew, so that both sides fit; every note that begins elsewhere stays.

    Raises OptionError for bars that the melody has not, Unsatisfiable where nothing fits.
    """
    wanted = sorted(set(bars))
    if not wanted or not 0 <= wanted[0] <= wanted[-1] < melody.bars:
        raise OptionError("bars", f"the melody has bars 1 to {melody.bars}")
    made: Generated | None = None
    for first, last in _runs(wanted):
        window = (melody.bar_onset(first), melody.bar_onset(last + 1))
        made = _filled(model, made.melody if made else melody, window, options)
    assert made is not None  # noqa: S101 - there is at least one run
    return made


def vary(
    model: Model,
    melody: Melody,
    options: Options,
    *,
    keep: Collection[str] = (),
    bars: Iterable[int] = (),
    strength: float = 0.5,
) -> Generated:
    """Vary a melody: what `keep` locks (of LOCKS) is identical, and so are `bars` (from 0).

    rhythm: onsets and durations stay, pitches change. pitches: they stay in their order, the rhythm of bars changes.
    contour: every step goes up, down or stays as it did, and the rhythm stays. Raises OptionError.
    """  # fmt: skip
    unknown = sorted(set(keep) - set(LOCKS))
    if unknown:
        raise OptionError("keep", f"{unknown[0]!r} is none of {', '.join(LOCKS)}, bars=1-2")
    if not 0 <= strength <= 1:
        raise OptionError("strength", f"{strength} is not a number from 0 to 1")
    if "pitches" in keep and len(set(keep)) > 1:
        raise OptionError("keep", "with the pitches and the rhythm or contour kept nothing is left to vary")
    kept = set(bars)
    if not kept <= set(range(melody.bars)):
        raise OptionError("keep", f"the melody has bars 1 to {melody.bars}")
    if "rhythm" in keep or "contour" in keep:
        return _repitched(model, melody, options, kept=kept, strength=strength, contour="contour" in keep)
    free = _chosen(melody.bars, options.seed, strength) - kept
    made = _unchanged(melody, options)
    for first, last in _runs(sorted(free)):
        window = (melody.bar_onset(first), melody.bar_onset(last + 1))
        made = _filled(model, made.melody, window, options, same_pitches="pitches" in keep)
    return made


def _runs(bars: list[int]) -> list[tuple[int, int]]:
    """Neighbouring bars as (first, last).

    >>> _runs([1, 2, 5])
    [(1, 2), (5, 5)]
    """
    runs: list[tuple[int, int]] = []
    for bar in bars:
        if runs and runs[-1][1] == bar - 1:
            runs[-1] = (runs[-1][0], bar)
        else:
            runs.append((bar, bar))
    return runs


def _chosen(count: int, seed: int, strength: float) -> set[int]:
    """A share of `count` things, by seed; more strength adds to what less has chosen."""
    order = np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=(2**20,)))).permutation(count)
    return set(order[: round(strength * count)].tolist())


def _filled(
    model: Model, melody: Melody, window: tuple[int, int], options: Options, *, same_pitches: bool = False
) -> Generated:
    """Compose what begins inside a window (ticks of the melody) anew."""
    heard = _Heard.of(melody, options.key)
    first = sum(note.onset < window[0] for note in melody.notes)
    last = sum(note.onset < window[1] for note in melody.notes)
    if same_pitches and first == last:
        return _unchanged(melody, options)
    notes = heard.notes
    clock = notes[first - 1].end if first else 0
    after = notes[last : last + LISTENED]
    end = min(window[1] + heard.drift(last), after[0].onset if after else window[1] + heard.drift(last))
    over = max(after[-1].end, end) if after else end
    place = Place(
        frame=replace(heard.melody, length=0), key=heard.encoded.key, anchor=heard.encoded.anchor, onset=None,
        start=max(clock, min(window[0] + heard.drift(first - 1), end)), latest=after[0].onset if after else end - 1,
        end=over, last_bar=over - 1 if after else max(over - melody.metre_at(window[1] - 1).bar_ticks, clock - 1),
        last=notes[first - 1].pitch if first else NONE,
    )  # fmt: skip
    ground = around.window(options, place, end, after)
    rules = Rules()
    if same_pitches:
        ground = around.counted(ground, last - first, after[0].onset if after else over)
        rules = _in_order(heard.encoded.pitches[first:last], first)
    hearing = Hearing(end, ends=len(notes) - last <= LISTENED) if after else None
    rules = rules + around.rules_for(options, place, ground)
    before, drawn = _drawn(model, heard, first, options, (rules, hearing))
    made = _between(heard, (first, last), drawn.rows.tolist(), options, until=window[1])
    bits = np.concatenate((before, drawn.bits, np.zeros((len(notes) - last, 3))))
    return Generated(made, options.seed, bits, first, drawn.price)


def _repitched(
    model: Model, melody: Melody, options: Options, *, kept: set[int], strength: float, contour: bool
) -> Generated:
    """Change pitches alone."""
    heard = _Heard.of(melody, options.key)
    chosen = _chosen(len(melody.notes), options.seed, strength)
    free = np.array([k in chosen and melody.place(n.onset)[0] not in kept for k, n in enumerate(melody.notes)])
    if not free.any():
        return _unchanged(melody, options)
    notes = heard.notes
    place = Place(
        frame=replace(heard.melody, length=0), key=heard.encoded.key, anchor=heard.encoded.anchor,
        onset=notes[0].onset, end=notes[-1].end, last_bar=notes[-1].end - 1,
    )  # fmt: skip
    ground = around.fixed_rhythm(options, place, notes, free, contour=contour)
    soft = around.again(notes, free, place.end, AGAIN)
    leaning = Rules(pitch=(lambda logs, spot: logs + soft[np.minimum(spot.tick, place.end)],))
    rules = leaning + around.rules_for(options, place, ground)
    _, drawn = _drawn(model, heard, 0, options, (rules, None))
    pitches = (heard.encoded.anchor + PITCHES[0] + drawn.rows[:, 2]).tolist()
    changed = tuple(
        replace(note, pitch=pitch) if is_free else note
        for note, pitch, is_free in zip(melody.notes, pitches, free, strict=True)
    )
    return Generated(replace(melody, notes=changed), options.seed, drawn.bits, 0, drawn.price)


def _drawn(
    model: Model, heard: _Heard, first: int, options: Options, how: tuple[Rules, Hearing | None]
) -> tuple[NDArray[np.float64], Drawn]:
    """Let the network hear the notes before number `first` (their bits come back), then draw what follows."""
    rules, hearing = how
    encoded = heard.encoded
    told = told_of(encoded.key, 0, encoded.anchor, heard.melody.bars)
    stream = Stream(model.network, told, of_metres(heard.melody.metres, 1), capacity=len(encoded) + 64)
    before = listen(stream, encoded, first)
    filters = filters_of(options)
    drawn = draw_one(
        stream, lambda s, uniform: choose(s, rules, filters, uniform, first),
        seed=options.seed, effort=options.effort or USUAL_EFFORT, hearing=hearing,
    )  # fmt: skip
    return before, drawn


def _between(heard: _Heard, span: tuple[int, int], rows: list[list[int]], options: Options, *, until: int) -> Melody:
    """The melody with new notes, none after `until`, for numbers span[0] up to span[1]; the others stay as they are."""
    melody, (first, last) = heard.melody, span
    shift = -heard.drift(first - 1)
    tick = heard.notes[first - 1].end if first else 0
    loudness = velocity_of(melody, options.velocity)
    limit = melody.notes[last].onset if last < len(melody.notes) else until
    free = melody.notes[first - 1].end if first else 0
    notes = []
    for rest, duration, pitch in rows:
        onset = tick + RESTS[rest]
        tick = onset + DURATIONS[duration]
        # off the tables the clock and the melody differ a little: a new note gives way to those that stay
        begin, end = max(onset + shift, free), min(tick + shift, limit)
        if begin < end:
            notes.append(Note(begin, end - begin, heard.encoded.anchor + PITCHES[pitch], loudness(begin)))
            free = end
    whole = (*melody.notes[:first], *notes, *melody.notes[last:])
    length = max(melody.end, whole[-1].end) if melody.length or last == len(melody.notes) else 0
    return replace(melody, notes=whole, length=length)


def _in_order(pitches: Indices, first: int) -> Rules:
    """These pitches (rows), one after another, from note number `first` on."""

    def pitch(logs: Logs, spot: Spot) -> Logs:
        k = spot.notes - first
        return logs if k >= len(pitches) else np.where(np.arange(logs.shape[1]) == pitches[k], logs, -np.inf)

    return Rules(pitch=(pitch,))


def _unchanged(melody: Melody, options: Options) -> Generated:
    return Generated(melody, options.seed, np.zeros((len(melody.notes), 3)), len(melody.notes), 0.0)
