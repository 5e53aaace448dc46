"""Pitches that tell a chord or a scale: they come, for what is owed is likely while it lies near.

A network that learnt from tunes in one key gives a note foreign to it next to nothing, whatever chord sounds; adding to
a log-probability then does little in one place and too much in another. So what is owed gets a share of the
probability at least, by how far it lies from the last pitch: by step most, beyond a fifth none.

Contents: Owing, by_spans; owed, leading, leaving_room, guiding (logit rules); since, lately (what is owed);
OncePerSpan (an automaton).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from melodyrnn.constraints.automaton import FORBIDDEN, Automaton, Moves
from melodyrnn.events.vocabulary import DURATION_TICKS, PITCHES, onsets_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from melodyrnn.constraints.automaton import Flags
    from melodyrnn.constraints.logit_rules import DecodingContext, LogitRule
    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.inference.numpy_network import Logs

_NEAR: Final = (0.0, 1.0, 1.0, 0.6, 0.6, 0.4, 0.0, 0.3)  # of the share, by semitones from the last pitch
_STEP: Final = 2  # semitones
_FITS: Final = 12  # ticks: an eighth, no shorter note is counted on
_DISTANCES: Final = np.abs(np.arange(len(PITCHES)) - np.arange(len(PITCHES))[:, None])
_SHARES: Final = np.array((*_NEAR, 0.0))[np.minimum(_DISTANCES, len(_NEAR))]


class Owing(NamedTuple):
    """A stretch of time in which something is owed."""

    begin: int
    end: int
    groups: Sequence[Flags]  # (P,), of each of them one pitch

    def came(self, context: DecodingContext, row: int) -> Indices:
        """The pitches that have come since it began, in the melody of a row."""
        rests, durations, pitches = (column[row] for column in context.heard)
        since_then: Indices = pitches[onsets_of(rests, durations) >= self.begin]
        return since_then


def by_spans(ticks: int, spans: Sequence[tuple[int, int, NDArray[np.floating]]]) -> Logs:
    """What is added to log-probabilities in spans of time (begin, end, (P,)): (ticks, P)."""
    out = np.zeros((ticks, len(PITCHES)))
    for begin, end, costs in spans:
        out[max(begin, 0) : max(end, 0)] = costs
    return out


def owed(owing: Callable[[DecodingContext], Flags | Logs], share: float) -> LogitRule:
    """A rule on pitches: those that `owing` (R, P) says are owed weigh, before all are weighed up, a share at least.

    Where it gives numbers, so many times the share.
    """
    nearby = share * _SHARES

    def pitch(logs: Logs, context: DecodingContext) -> Logs:
        due = owing(context)
        if not context.notes or not due.any():
            return logs
        with np.errstate(divide="ignore"):
            floors: Logs = np.log(nearby[context.last] * due)
        return np.where(floors > logs, floors, logs)

    return pitch


def since(spans: Sequence[Owing], last: float = 1.0) -> Callable[[DecodingContext], Logs]:
    """What is owed in spans of time: of each group one pitch since it began; `last` times, once no more note fits."""

    def due(context: DecodingContext) -> Logs:
        out = np.zeros((len(context.tick), len(PITCHES)))
        for row, tick in enumerate(context.tick.tolist()):
            found = next((span for span in spans if span.begin <= tick < span.end), None)
            if found is None:
                continue
            came = found.came(context, row)
            owes = sum((group & ~group[came].any() for group in found.groups), np.zeros(len(PITCHES)))
            over = tick if context.duration is None else tick + int(DURATION_TICKS[context.duration[row]])
            out[row] = np.minimum(owes, 1) * (last if over + _FITS > found.end else 1.0)
        return out

    return due


def leaving_room(spans: Sequence[Owing], less: float) -> LogitRule:
    """A rule on durations: what begins before a span, or with it, leaves room in it for a note more.

    Lengths that leave none are `less` likely.
    """
    begins, ends = np.array([span.begin for span in spans]), np.array([span.end for span in spans])

    def duration(logs: Logs, context: DecodingContext) -> Logs:
        following = np.searchsorted(begins, context.tick)  # the first span that does not lie behind
        if not context.notes or (following == len(spans)).all():
            return logs
        end = np.append(ends, np.inf)[following]
        full = context.tick[:, None] + DURATION_TICKS + _FITS > end[:, None]
        return np.where(full, logs - less, logs)

    return duration


def lately(groups: Sequence[Flags], ticks: int) -> Callable[[DecodingContext], Flags]:
    """What is owed at any time: of each group of pitches (P,) one within so many ticks."""
    every = np.array(groups)

    def due(context: DecodingContext) -> Flags:
        rests, durations, pitches = context.heard
        late = onsets_of(rests, durations) >= context.tick[:, None] - ticks
        came = (every.T[pitches] & late[:, :, None]).any(1)  # (R, groups)
        return np.asarray((~came).astype(np.int64) @ every > 0)

    return due


def leading(changes: Sequence[tuple[int, Flags]], more: float) -> LogitRule:
    """A rule on pitches: into a change of chord the voice goes by step.

    `changes`: ticks at which a chord begins, and its tones (P,). What is not a tone of it a step or nothing away from
    the last pitch is `more` less likely, where there is one.
    """
    tones = dict(changes)

    def pitch(logs: Logs, context: DecodingContext) -> Logs:
        out = logs
        for row, tick in enumerate(context.tick.tolist() if context.notes else ()):
            if tick not in tones:
                continue
            leads = tones[tick] & (_DISTANCES[context.last[row]] <= _STEP)
            if leads.any():
                out = logs.copy() if out is logs else out
                out[row, ~leads] -= more
        return out

    return pitch


def guiding(spans: Sequence[Owing], scales: Sequence[Flags], more: float, less: float) -> LogitRule:
    """A rule on pitches: the last note before a span leans to a step from what is owed in it.

    One that sounds on in it leans away from what is not in its scale, of `scales` (P,), by `less`.
    """
    begins = np.array([span.begin for span in spans])
    leans = []
    for span, scale in zip(spans, scales, strict=True):
        owed = np.any(span.groups, 0)
        beside = (_DISTANCES[owed].min(0, initial=len(PITCHES)) <= _STEP) & ~owed
        leans.append((more * beside, np.where(scale, 0.0, -less)))

    def pitch(logs: Logs, context: DecodingContext) -> Logs:
        assert context.duration is not None  # noqa: S101 - it is chosen
        following = np.searchsorted(begins, context.tick, "right").tolist()
        out, over = logs, (context.tick + DURATION_TICKS[context.duration]).tolist()
        for row, k in enumerate(following if context.notes else ()):
            if k < len(spans) and over[row] >= spans[k].begin:
                out = logs.copy() if out is logs else out
                out[row] += leans[k][over[row] >= spans[k].begin + _FITS]
        return out

    return pitch


class OncePerSpan(Automaton):
    """In each of some spans of time one of its own pitches comes. State 1: it has come in the span in hand."""

    states = 2

    def __init__(self, spans: Indices, wanted: Flags) -> None:
        """`spans` (T,): the number of the span at each tick; `wanted` (spans, P): none where nothing is asked."""
        asks = np.asarray(wanted.any(1))
        self._span: list[int] = spans.tolist()
        self._asks: list[bool] = asks.tolist()
        before = np.concatenate(([0], np.cumsum(asks)))  # spans before each in which something is asked
        passed = before[spans] > before[1:][:, None]  # (spans, T): one is passed over on the way from a span to a tick
        self._kinds = list(np.where(spans == np.arange(len(wanted))[:, None], 0, np.where(passed, 2, 1)))
        own, past = np.arange(len(wanted)), before[spans].searchsorted(before[1:], "right")
        self._borders = list(np.stack((spans.searchsorted(own, "right"), past), 1))  # the first ticks of kinds 1 and 2
        came = np.where(wanted, 1, 0)
        self._pitches = [np.stack((one, np.ones_like(one))) for one in came]
        stays, leaves, owes = np.array([0, 1]), np.array([0, 0]), np.array([FORBIDDEN, 0])
        self._maps = [np.stack((stays, left, leaves + FORBIDDEN)) for left in (leaves, owes)]  # by whether it asks

    @classmethod
    def over(cls, ticks: Indices, spans: Sequence[tuple[int, Flags]]) -> OncePerSpan:
        """Of spans in order: where each begins, and its pitches (P,)."""
        starts, wanted = zip(*spans, strict=True)
        return cls(np.searchsorted(starts, ticks, "right") - 1, np.array(wanted))

    def rest(self, tick: int, targets: Indices) -> Moves:
        """A span that is left has had its pitch, and none is passed over."""
        own = self._span[tick]
        cuts = targets.searchsorted(self._borders[own]).tolist()
        return Moves(self._kinds[own].take(targets), self._maps[self._asks[own]], tuple(cuts))

    def pitch(self, onset: int) -> Indices:
        """Whether it has come."""
        return self._pitches[self._span[onset]]

    def note(self, onset: int, targets: Indices, durations: Indices) -> Moves:  # noqa: ARG002
        """As for silences."""
        return self.rest(onset, targets)

    def ending(self, tick: int) -> Flags:
        """A span in which the melody ends has had its pitch too, but for one that begins there."""
        own = self._span[tick]
        asked = self._asks[own] and tick > 0 and self._span[tick - 1] == own
        return np.array([not asked, True])
