"""Sections that are heard as sections: what a new letter may share with earlier ones, and how each closes.

A network that copies hears the first section, and the next one that nobody has heard yet is likely to be it once more.
So each stretch that is composed of a form is looked at as soon as it stands (`Course.faults`), and while it is on its
way what would go on as a bar of an earlier letter costs more (`copying`).

Conventions
    A bar of a section is counted from the section's first note, so that an upbeat belongs to the bar it leads to. Its
    shape is place, ticks and pitch above the bar's first note of each of its notes: two bars are the same up to
    transposition if their shapes are. Rows (notes, 3) of the tables, from tick 0 of the decoder's clock.

Contents: Stretch, Demands, Faults, Course; copying, apart_from, closing_leans (logit rules).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from melodyrnn.events.vocabulary import DURATION_TICKS, PITCHES, onsets_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from melodyrnn.constraints.automaton import Flags
    from melodyrnn.constraints.logit_rules import DecodingContext, LogitRule
    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.inference.numpy_network import Logs

    Shape = tuple[tuple[int, int, int], ...]

_SAME_BEGINNING: Final = 0.5  # share of the notes of two first bars: more of them makes the bars begin alike
_HEIGHT: Final = 2.0  # semitones between the mean pitches of sections that lie apart
_DENSER: Final = 1.25
_COLOUR: Final = 0.3  # share of the time in which other pitch classes sound
_QUARTER: Final = 0.25  # share of its bars that a form may take up again, whatever new letters may share
_FIGURE: Final = 2  # bars
_FEW: Final = 3  # pitches of a section …
_MOST: Final = 0.7  # … and the share of its notes that one may have
_SOME: Final = 5  # notes from which on these are asked


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is composed of a form at one go: a section that is new, or the end of one that returns."""

    section: int  # tick where its section begins
    start: int  # tick where it begins itself
    end: int
    letter: str
    bar: int  # ticks
    final: Flags | None = None  # (P,) pitches on which it closes; None = any

    @property
    def new(self) -> bool:
        """Whether it is a whole section."""
        return self.section == self.start

    @property
    def bars(self) -> int:
        """How many it has."""
        return -(-(self.end - self.start) // self.bar)


class Demands(NamedTuple):
    """What a new letter owes to each earlier one."""

    shared: float  # share of its bars that may be bars of an earlier letter
    differences: int  # of register, density and harmony
    begins: bool  # it begins otherwise
    copied: float  # what is added to the log-probability of going on as an earlier letter's bar does


class Faults(NamedTuple):
    """What is wrong with a stretch: less is better, nothing is best."""

    rule: int  # bars that are shared too often
    wish: int

    @property
    def none(self) -> bool:
        """Whether it may stay as it is."""
        return not self.rule and not self.wish


@dataclass(frozen=True, eq=False)
class Course:
    """The stretches of a form in the order of composing, and what is asked of them."""

    stretches: tuple[Stretch, ...]
    cadences: Flags  # (T, D) notes that may close a section
    demands: Demands
    kept: bool = False  # it is asked for; else what others test comes first
    changed: tuple[Stretch, ...] = ()  # sections that stand already, changed: what is new owes them as much

    def faults(self, number: int, rows: Indices) -> Faults:
        """Look at a stretch; `rows` are all notes up to its end."""
        heard, stretch = _Heard.of(rows), self.stretches[number]
        wish = int(not self._closes(heard, stretch))
        if not stretch.new:
            first = next(one for one in self.stretches if one.letter == stretch.letter and one.new)
            return Faults(0, wish + (heard.bars(stretch) == heard.bars(first)[-stretch.bars :]))
        own = heard.shapes(stretch)
        earlier = [one for one in self.stretches[:number] if one.new and one.letter != stretch.letter]
        earlier += [one for one in self.changed if one.end <= stretch.start]
        rule = sum(self._shares(own, heard.shapes(one)) for one in earlier)
        rule += self._circles(heard, number) + self._again(heard, number)
        wish += not _moves(heard.pitches_of(stretch))
        wish += sum(self._alike(heard, stretch, one) for one in earlier)
        return Faults(rule, wish)

    def _shares(self, own: Sequence[Shape], earlier: Sequence[Shape]) -> int:
        """Bars that are shared beyond what may be."""
        return max(0, sum(bar in earlier for bar in own) - int(self.demands.shared * len(own)))

    def _circles(self, heard: _Heard, number: int) -> int:
        """Bars beyond what may be that have stood before, note for note, in the section or in an earlier letter."""
        stretch = self.stretches[number]
        stood = [bar for one in self.stretches[:number] if one.new for bar in heard.bars(one)]
        own = heard.bars(stretch)
        old = sum(bar in stood or bar in own[:k] for k, bar in enumerate(own))
        thrice = any(a == b == c for a, b, c in zip(own, own[1:], own[2:], strict=False))
        return max(0, old - int(max(self.demands.shared, _QUARTER) * len(own))) + thrice

    def _again(self, heard: _Heard, number: int) -> int:
        """Bars beyond what may be, of all that are composed so far, that stood before up to transposition.

        Counted over all sections, so that one that is all new leaves the next what tunes take: a close once more, a
        figure moved. One of two bars, moved, may be the half of a short section.
        """
        bars = [bar for one in self.stretches[: number + 1] if one.new for bar in heard.shapes(one)]
        may = max(_FIGURE, math.ceil(max(self.demands.shared, _QUARTER) * len(bars)))
        return max(0, len(bars) - len({*bars}) - may)

    def _closes(self, heard: _Heard, stretch: Stretch) -> bool:
        """Whether its last note is one to close on, long enough and on a beat."""
        if stretch.final is None:
            return True
        last = heard.within(stretch)[-1:]
        if not len(last):
            return False
        onset, duration, pitch = int(heard.onsets[last[0]]), int(heard.durations[last[0]]), int(heard.pitches[last[0]])
        return bool(stretch.final[pitch] and self.cadences[onset, duration])

    def _alike(self, heard: _Heard, own: Stretch, other: Stretch) -> int:
        """Reasons why one section is not heard as another."""
        begins = self.demands.begins and heard.begins_as(own, other)
        return int(begins) + max(0, self.demands.differences - heard.differences(own, other))


class _Heard(NamedTuple):
    """The notes so far, arrays (notes,): ticks, rows of DURATIONS and PITCHES."""

    onsets: Indices
    durations: Indices
    pitches: Indices

    @classmethod
    def of(cls, rows: Indices) -> _Heard:
        rests, durations, pitches = rows.reshape(-1, 3).T
        return cls(onsets_of(rests, durations), durations, pitches)

    def within(self, stretch: Stretch) -> Indices:
        """Numbers of its notes."""
        return np.flatnonzero((self.onsets >= stretch.start) & (self.onsets < stretch.end))

    def pitches_of(self, stretch: Stretch) -> Indices:
        return self.pitches[self.within(stretch)]

    def bars(self, stretch: Stretch) -> list[Shape]:
        """Place, row of the duration and row of the pitch of the notes of each bar."""
        out: list[list[tuple[int, int, int]]] = [[] for _ in range(stretch.bars)]
        for k in self.within(stretch).tolist():
            bar, place = divmod(int(self.onsets[k]) - stretch.start, stretch.bar)
            out[bar].append((place, int(self.durations[k]), int(self.pitches[k])))
        return [tuple(bar) for bar in out]

    def shapes(self, stretch: Stretch) -> list[Shape]:
        """The same, pitches above the bar's first."""
        return [tuple((a, b, pitch - bar[0][2]) for a, b, pitch in bar) for bar in self.bars(stretch)]

    def begins_as(self, own: Stretch, other: Stretch) -> bool:
        """Whether most notes of two first bars have the same places and intervals, or half the same pitches."""
        (bar, before), (moved, moved_before) = (
            [tuple((place, pitch) for place, _, pitch in bars(one)[0]) for one in (own, other)]
            for bars in (self.bars, self.shapes)
        )
        notes = max(len(bar), len(before), 1)
        same, alike = len({*bar} & {*before}) / notes, len({*moved} & {*moved_before}) / notes
        return alike > _SAME_BEGINNING or (same >= _SAME_BEGINNING and notes > 1)

    def differences(self, own: Stretch, other: Stretch) -> int:
        """Of register, density and harmony, how many tell two sections apart."""
        (mean, many, colour), (height, notes, classes) = self._summary(own), self._summary(other)
        rate = many / own.bars / max(notes / other.bars, 1e-9)
        return (
            int(abs(mean - height) >= _HEIGHT)
            + int(max(rate, 1 / max(rate, 1e-9)) >= _DENSER)
            + int(np.abs(colour - classes).sum() / 2 >= _COLOUR)
        )

    def _summary(self, stretch: Stretch) -> tuple[float, int, Logs]:
        """Mean pitch, number of notes, and share of the time of each pitch class; pitches weighed by their length."""
        which = self.within(stretch)
        ticks, pitches = DURATION_TICKS[self.durations[which]], self.pitches[which]
        whole = max(int(ticks.sum()), 1)
        return float((pitches * ticks).sum() / whole), len(which), np.bincount(pitches % 12, ticks, 12) / whole


def _moves(pitches: Indices) -> bool:
    if len(pitches) < _SOME:
        return True
    _, counts = np.unique(pitches, return_counts=True)
    return bool(len(counts) >= _FEW and counts.max() <= _MOST * len(pitches))


def copying(stretches: Sequence[Stretch], cost: float, changed: Sequence[Stretch] = ()) -> LogitRule:
    """A rule on pitches: in a new letter what goes on as a bar of an earlier section does costs more."""
    later = [one for one in stretches if one.new][1:]
    stretches = [*stretches, *changed]
    known: dict[bytes, dict[Shape, dict[int, set[int]]]] = {}

    def pitch(logs: Logs, context: DecodingContext) -> Logs:
        out, ticks, (rests, durations, pitches) = logs, context.tick, context.heard
        onsets = None
        for row, tick in enumerate(ticks.tolist()):
            stretch = next((one for one in later if one.start <= tick < one.end), None)
            if stretch is None:
                continue
            onsets = onsets_of(rests, durations) if onsets is None else onsets
            begun = int(np.searchsorted(onsets[row], stretch.start))
            line = tick - (tick - stretch.start) % stretch.bar
            here = int(np.searchsorted(onsets[row], line))
            if here == len(onsets[row]):  # a bar's first note alone tells nothing
                if begun == here:
                    before = [one.start for one in stretches if one.new and one.end <= tick]
                    firsts = np.searchsorted(onsets[row], before)
                    out = logs.copy() if out is logs else out
                    out[row, pitches[row, firsts]] += 2 * cost
                continue
            told = pitches[row, :begun].tobytes() + onsets[row, :begun].tobytes()
            if told not in known:
                known[told] = _continuations(onsets[row, :begun], pitches[row, :begun], stretches, stretch)
            base = int(pitches[row, here])
            sofar = _shape(onsets[row, here:] - line, pitches[row, here:] - base)
            nexts = [base + above for above in known[told].get(sofar, {}).get(tick - line, ())]
            if nexts := [p for p in nexts if 0 <= p < len(PITCHES)]:
                out = logs.copy() if out is logs else out
                out[row, nexts] += cost if line > stretch.start else 2 * cost  # how it begins tells most
        return out

    return pitch


def _continuations(
    onsets: Indices, pitches: Indices, stretches: Sequence[Stretch], own: Stretch
) -> dict[Shape, dict[int, set[int]]]:
    """How the bars of earlier letters go on: what has come of a bar → the place of the next note → its pitches."""
    found: dict[Shape, dict[int, set[int]]] = {}
    for stretch in stretches:
        if stretch.end > own.start or not stretch.new:
            continue
        for a, b in pairwise(range(stretch.start, stretch.end + 1, stretch.bar)):
            which = np.flatnonzero((onsets >= a) & (onsets < b))
            bar = _shape(onsets[which] - a, pitches[which] - pitches[which[:1]])
            for k in range(1, len(bar)):
                found.setdefault(bar[:k], {}).setdefault(bar[k][0], set()).add(bar[k][2])
    return found


def _shape(places: Indices, above: Indices) -> Shape:
    """Places and pitches above the first of some notes, whatever they last."""
    return tuple((place, 0, pitch) for place, pitch in zip(places.tolist(), above.tolist(), strict=True))


def apart_from(stretches: Sequence[Stretch], allowed: Flags, shift: float, width: float) -> LogitRule:
    """A rule on pitches: a new letter leans to a register of its own, above or below the section before it.

    Which of the two depends on the notes of that section, so that it is another from melody to melody: above four
    times of five, for so lie bridges of tunes mostly (`bench.contrast`); where one leaves too little room among the
    pitches that are `allowed` (P,) it is the other. The last bar leans to nothing.
    """
    new = [one for one in stretches if one.new]
    rows, heights = np.flatnonzero(allowed), np.arange(len(PITCHES))
    low, high = int(rows.min()), int(rows.max())

    def pitch(logs: Logs, context: DecodingContext) -> Logs:
        out, (rests, durations, pitches) = logs, context.heard
        for row, tick in enumerate(context.tick.tolist()):
            before = next((a for a, b in pairwise(new) if b.start <= tick < b.end - b.bar), None)
            if before is None:
                continue
            onsets = onsets_of(rests[row], durations[row])
            own = pitches[row][(onsets >= before.start) & (onsets < before.end)]
            if not len(own):
                continue
            mean = float(own.mean())
            up = int(own.sum()) % 5 > 0
            up = up if low + shift <= mean <= high - shift else mean < (low + high) / 2
            away = (heights - (mean + (shift if up else -shift))) / width
            out = logs.copy() if out is logs else out
            out[row] -= np.minimum(away**2 / 2, 6)
        return out

    return pitch


def closing_leans(course: Course, length: float, step: float) -> tuple[LogitRule, LogitRule]:
    """Rules on durations and pitches: a section leans to a long note at its end, on a pitch that closes it."""
    ends = [one for one in course.stretches if one.final is not None]

    def duration(logs: Logs, context: DecodingContext) -> Logs:
        found = ((row, _closers(course, tick, one)) for row, tick, one in _closing(ends, context))
        return _leant(logs, ((row, ~closers * -length) for row, closers in found if closers.any()))

    def pitch(logs: Logs, context: DecodingContext) -> Logs:
        assert context.duration is not None  # noqa: S101 - it is chosen
        found = []
        for row, tick, one in _closing(ends, context):
            chosen = int(context.duration[row])
            if one.final is not None and _closers(course, tick, one)[chosen]:
                found.append((row, ~one.final * -(step if one.new else 2 * step)))  # to the ending before it
        return _leant(logs, found)

    return duration, pitch


def _closing(ends: Sequence[Stretch], context: DecodingContext) -> Iterable[tuple[int, int, Stretch]]:
    """Melodies that stand in the last bar of a stretch: row, tick, stretch."""
    for row, tick in enumerate(context.tick.tolist()):
        for one in ends:
            if one.end - one.bar <= tick < one.end:
                yield row, tick, one


def _closers(course: Course, tick: int, stretch: Stretch) -> Flags:
    """Durations (D,) with which a note at a tick may be the last of a stretch: little time is left after it."""
    left = stretch.end - tick
    return np.asarray(course.cadences[tick] & (left >= DURATION_TICKS) & (left - DURATION_TICKS <= left // 3))


def _leant(logs: Logs, added: Iterable[tuple[int, NDArray[np.floating]]]) -> Logs:
    """Log-probabilities with something added in some rows; the same array where nothing is."""
    out = logs
    for row, more in added:
        out = logs.copy() if out is logs else out
        out[row] += more
    return out
