"""Logit rules: small pure functions that forbid choices, given where each melody stands.

Conventions
    R melodies. A rule gets log-probabilities (R, V) of one attribute and a `DecodingContext`, and returns
    log-probabilities. Facts about melodies are arrays (R,), worked out afresh from their notes at every choice, so that
    copying melodies (as resampling does) copies nothing else.
    Every rule looks ahead far enough that what it leaves can be completed: no dead ends. The limit on copies
    (`compose.originality`) alone does not; what leads nowhere is taken back (`compose.sampling.note`).

Contents: AcceptanceTest, all_of; mask, DecodingContext, LogitRules; in_range, first_onset, exact_bars, ends_by;
lookahead_rules (Lookahead → LogitRules), possible (can a melody begin at all?).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.constraints.lookahead import NONE, Copy, Flags, Lookahead, SearchSpace
from melodyrnn.events.tokenizer import LOWEST_FIRST
from melodyrnn.events.vocabulary import DURATION_TICKS, END, PITCHES, REST_TICKS, Indices, onsets_of
from melodyrnn.inference.numpy_network import Logs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from melodyrnn.inference.decoder import Timeline

AcceptanceTest = Callable[[Indices], bool]
"""Whether the notes that were composed, rows (notes, 3) of the tables, may stay."""

SHORTEST_GAP: Final = 6  # ticks: a sixteenth; no shorter gap is left to be filled by one last splinter of a note
_FURTHEST: Final = int(DURATION_TICKS[-1]) + SHORTEST_GAP  # ticks before the end from which on every value is neat


def mask(logs: Logs, allowed: Flags) -> Logs:
    """Forbid entries; `allowed` (R, V) or (V,)."""
    return np.where(allowed, logs, -np.inf)


@dataclass(frozen=True, slots=True)
class DecodingContext:
    """Where each melody stands when an attribute of its next note is chosen. Arrays (R,)."""

    notes: int  # notes so far, the prime's included
    primed: int  # how many of them are the prime's
    tick: Indices  # where the last note ended; from `duration` on: the onset of the next
    last: Indices  # row of the last pitch; -1 before the first
    timeline: Timeline
    heard: tuple[Indices, Indices, Indices]  # rests, durations, pitches so far: rows (R, notes)
    rest: Indices | None = None  # as chosen
    duration: Indices | None = None
    spent: Logs | None = None  # (R, 2): bits of the new notes so far, and their sum over these notes


LogitRule = Callable[[Logs, DecodingContext], Logs]


@dataclass(frozen=True, slots=True)
class LogitRules:
    """The rules of each attribute, applied in order."""

    rest: tuple[LogitRule, ...] = ()
    duration: tuple[LogitRule, ...] = ()
    pitch: tuple[LogitRule, ...] = ()

    def __add__(self, other: LogitRules) -> LogitRules:
        """Both sets of rules."""
        return LogitRules(self.rest + other.rest, self.duration + other.duration, self.pitch + other.pitch)


def all_of(tests: Sequence[AcceptanceTest]) -> AcceptanceTest | None:
    """One test for several; None where there are none."""
    return (lambda rows: all(passes(rows) for passes in tests)) if tests else None


def in_range(anchor: int) -> LogitRules:
    """Pitches that MIDI has, and a first pitch that its anchor explains (see tokenizer)."""
    sounding = np.asarray(PITCHES) + anchor
    exists = (sounding >= 0) & (sounding <= 127)
    opening = exists & (np.asarray(PITCHES) >= LOWEST_FIRST) & (np.asarray(PITCHES) < LOWEST_FIRST + 12)
    everything = bool(exists.all())

    def pitch(logs: Logs, context: DecodingContext) -> Logs:
        return logs if context.notes and everything else mask(logs, exists if context.notes else opening)

    return LogitRules(pitch=(pitch,))


def first_onset(onset: int | None, latest: int) -> LogitRules:
    """Start the new notes exactly at a tick, or not at END and not after `latest`."""

    def rest(logs: Logs, context: DecodingContext) -> Logs:
        if context.notes > context.primed:
            return logs
        begins = context.tick[:, None] + REST_TICKS
        return mask(logs, _with_end(begins <= latest if onset is None else begins == onset, np.zeros(len(logs), bool)))

    return LogitRules(rest=(rest,))


def exact_bars(end: int, last_bar: int) -> LogitRules:
    """No note crosses tick `end`; the melody is over there, or once it sounds beyond `last_bar` (a tick)."""
    left = np.arange(max(_FURTHEST, end - last_bar) + 1)  # ticks up to the end; of more, all that is said of the most
    over = left < end - last_bar
    room = left[:, None] - REST_TICKS
    neat = room >= SHORTEST_GAP
    sparse = (room > 0) & ~over[:, None]  # what is left when nothing neat is, and it may not end either
    rests = _with_end(np.where(neat.any(1, keepdims=True), neat, sparse), over)
    room = left[:, None] - DURATION_TICKS
    durations = room >= 0

    def rest(logs: Logs, context: DecodingContext) -> Logs:
        return mask(logs, rests.take(end - context.tick, 0, mode="clip"))

    def duration(logs: Logs, context: DecodingContext) -> Logs:
        room = end - context.tick
        return logs if np.minimum.reduce(room) >= _FURTHEST else mask(logs, durations.take(room, 0, mode="clip"))

    return LogitRules((rest,), (duration,))


def ends_by(end: int) -> LogitRules:
    """The network ends the melody; at tick `end` it must."""

    def rest(logs: Logs, context: DecodingContext) -> Logs:
        return mask(logs, _with_end(context.tick[:, None] + REST_TICKS < end, np.ones(len(logs), bool)))

    def duration(logs: Logs, context: DecodingContext) -> Logs:
        return mask(logs, context.tick[:, None] + DURATION_TICKS <= end)

    return LogitRules((rest,), (duration,))


def _with_end(rests: NDArray[np.bool_], over: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Allowed rests (R, RESTS) and whether END is: (R, END + 1)."""
    out = np.empty((len(rests), END + 1), dtype=bool)
    out[:, :END], out[:, END] = rests, over
    return out


_PITCHES: Final = np.arange(len(PITCHES))


@dataclass(frozen=True, slots=True)
class MelodyFacts:
    """What a melody's notes say about how it may go on. Arrays (R,)."""

    tick: Indices  # where the last note ended
    last: Indices  # its pitch, or NONE
    could: Indices  # 1 if it could be the last of all
    count: Indices  # notes that began in this bar
    had: Indices  # subset of the required groups
    first: Indices  # index of the first pitch in `firsts`
    onsets: Indices  # (R, notes)


def facts_of(space: SearchSpace, context: DecodingContext) -> MelodyFacts:
    """Read the facts off the notes; only new notes count where something is to be reached."""
    rests, durations, pitches = context.heard
    ends = np.cumsum(REST_TICKS[rests] + DURATION_TICKS[durations], 1)
    rows, new = len(ends), slice(context.primed, None)
    onsets, zero = ends - DURATION_TICKS[durations], np.zeros(rows, np.int64)
    tick = ends[:, -1] if context.notes else zero
    at = np.minimum(tick, space.end)
    could, count, had, first = zero, zero, zero, zero
    if space.cadence is not None and context.notes > context.primed:
        could = space.cadence[np.minimum(onsets[:, -1], space.end), durations[:, -1]].astype(np.int64)
    if space.most is not None:
        inside = space.bar[np.minimum(onsets[:, new], space.end)] == space.bar[at][:, None]
        count = np.minimum((inside & (onsets[:, new] < space.end)).sum(1), int(space.most.max()))
    if len(space.required):
        had = np.bitwise_or.reduce(space.bits[pitches[:, new]], 1)
    if space.looped and context.notes:
        first = np.minimum(np.searchsorted(space.firsts, pitches[:, 0]), len(space.firsts) - 1)
    last = pitches[:, -1] if context.notes else np.full(rows, NONE)
    return MelodyFacts(tick, last, could, count, had, first, onsets)


def lookahead_rules(lookahead: Lookahead, copies: tuple[Copy, ...] = ()) -> LogitRules:
    """Leave what can be completed; inside `copies` the one thing that stood in their source."""

    def here(context: DecodingContext) -> MelodyFacts:
        facts = facts_of(lookahead.space, context)
        return replace(facts, first=lookahead.columns(context.tick, facts.onsets, context.heard[2], facts.first))

    def rest(logs: Logs, context: DecodingContext) -> Logs:
        facts = here(context)
        allowed = _rests(lookahead, facts, first=context.notes == context.primed)
        for copy in copies:
            inside = (facts.tick >= copy.at) & ((facts.tick < copy.end) | copy.last)
            if inside.any():
                allowed[inside] = _only(_copied_rest(copy, facts), END + 1)[inside]
        return mask(logs, allowed)

    def duration(logs: Logs, context: DecodingContext) -> Logs:
        return mask(logs, _forced(_durations(lookahead, here(context), context), copies, context, 1))

    def pitch(logs: Logs, context: DecodingContext) -> Logs:
        return mask(logs, _forced(_pitches(lookahead, here(context), context), copies, context, 2))

    return LogitRules((rest,), (duration,), (pitch,))


def possible(lookahead: Lookahead, clock: int, first_onsets: range, last: int = NONE) -> bool:
    """Whether a melody that stands at tick `clock`, after a pitch (a row) or none, can go on and be completed.

    Its next note must begin at one of these ticks, and a rest of the tables must lead there.
    """
    nothing = np.zeros(1, np.int64)
    facts = MelodyFacts(
        np.array([clock]), np.array([last]), nothing, nothing, nothing, nothing, np.zeros((1, 0), np.int64)
    )  # fmt: skip
    rests = _rests(lookahead, facts, first=True)[0, :END]
    return bool((rests & np.isin(clock + REST_TICKS, np.asarray(first_onsets))).any())


def _rests(lookahead: Lookahead, facts: MelodyFacts, *, first: bool) -> Flags:
    """Rests after which something can follow, and whether END may come, (R, END + 1)."""
    g = lookahead.space
    tick = np.minimum(facts.tick, g.end)
    onset = tick[:, None] + REST_TICKS
    within = (onset <= np.minimum(g.until[tick], g.end - 1)[:, None]) & (True if first else g.rests)
    onset = np.minimum(onset, g.end)
    count, kept = _counted(g, facts.count[:, None], tick[:, None], onset)
    last = facts.last[:, None]
    out = np.zeros((len(tick), END + 1), bool)
    out[:, :END] = within & kept & lookahead.step[onset, count, facts.had[:, None], facts.first[:, None], last]
    pitch = np.minimum(facts.last, len(PITCHES) - 1)
    could = facts.could
    for joint, shift in g.closing:
        closes = g.over[np.minimum(tick + shift, g.end)] & g.final[pitch] & ((could > 0) | (g.cadence is None))
        out[:, :END] &= (onset != joint) | closes[:, None]
    known = lookahead.ending[np.minimum(could, lookahead.ending.shape[0] - 1), 0, facts.had, facts.first, pitch]
    out[:, END] = g.over[tick] & known & (not first) & (facts.count >= g.least[tick])
    return out


def _counted(g: SearchSpace, count: Indices, tick: Indices, later: Indices) -> tuple[Indices, Flags]:
    """Notes so far in the bar of a later tick, and whether the bars left behind hold enough."""
    if g.most is None:
        return np.zeros_like(later), np.ones(later.shape, bool)
    before, bar = g.bar[tick], g.bar[later]
    same = before == bar
    return np.where(same, count, 0), same | ((count >= g.least[tick]) & g.skips(before, bar))


def _durations(lookahead: Lookahead, facts: MelodyFacts, context: DecodingContext) -> Flags:
    """Durations after which some pitch can follow, (R, D)."""
    g = lookahead.space
    onset = np.minimum(context.tick, g.end)
    end = onset[:, None] + DURATION_TICKS
    limit = g.until[np.minimum(onset + 1, g.end)]
    fits = (end <= limit[:, None]) & g.durations[onset]
    return np.asarray(_fitting(lookahead, facts, onset, np.minimum(end, g.end)).any(2) & fits)


def _pitches(lookahead: Lookahead, facts: MelodyFacts, context: DecodingContext) -> Flags:
    """Pitches of a note of this duration after which something can follow, (R, P)."""
    g = lookahead.space
    assert context.duration is not None  # noqa: S101 - a pitch is chosen last
    onset = np.minimum(context.tick, g.end)
    end = np.minimum(onset + DURATION_TICKS[context.duration], g.end)[:, None]
    return _fitting(lookahead, facts, onset, end, context.duration)[:, 0]


def _fitting(
    lookahead: Lookahead, facts: MelodyFacts, onset: Indices, end: Indices, duration: Indices | None = None
) -> Flags:
    """Pitches that may stand at an onset (R,) and sound up to ends (R, E): (R, E, P)."""
    g = lookahead.space
    leads = np.ones((len(onset), len(PITCHES)), bool)
    led = facts.last < NONE
    leads[led] = g.steps[g.way[onset[led]], facts.last[led]]
    leads &= g.pitches[onset] & np.where(led[:, None], True, g.opening)
    if g.order is not None:
        leads &= (g.bar[onset] > 0)[:, None] | g.order[np.minimum(facts.count, len(g.order) - 1)]
    could = np.zeros_like(end)
    if g.cadence is not None:
        cadences = g.cadence[onset] if duration is None else g.cadence[onset, duration][:, None]
        could = cadences.astype(np.int64)
    count, kept = facts.count, np.ones(end.shape, bool)
    if g.most is not None:
        count = np.where(g.bar[np.minimum(facts.tick, g.end)] == g.bar[onset], facts.count, 0) + 1
        kept = np.broadcast_to((count <= g.most[onset])[:, None], end.shape)
    in_bar, enough = _counted(g, count[:, None], onset[:, None], end)
    in_bar = np.minimum(in_bar, lookahead.shape[0] - 1)
    had = facts.had[:, None] | g.bits if len(g.required) else np.zeros((1, 1), np.int64)
    first = facts.first[:, None]
    if g.looped:
        own = np.clip(np.searchsorted(g.firsts, _PITCHES), 0, len(g.firsts) - 1)
        first = np.where(led[:, None], first, own)
    where = (end[:, :, None], could[:, :, None], in_bar[:, :, None], had[:, None], first[:, None])
    if had.shape[1] == first.shape[1] == 1:  # the same for every pitch: whole rows of them are several times as fast
        goes_on = lookahead.after[tuple(index[:, :, 0] for index in where)]
    else:
        goes_on = lookahead.after[(*where, _PITCHES)]
    return np.asarray(goes_on & leads[:, None] & (kept & enough)[:, :, None])


def _copied_rest(copy: Copy, facts: MelodyFacts) -> Indices:
    """The rest before the next copied note; after the last one the rest up to the end of the copy, or END."""
    offset = copy.at - copy.source
    begun = facts.tick - offset
    left = (facts.onsets >= begun[:, None]) & (facts.onsets < copy.source + copy.length)
    some = left.any(1)
    if not facts.onsets.shape[1]:
        return np.zeros(len(begun), np.int64)
    onset = np.take_along_axis(facts.onsets, left.argmax(1)[:, None], 1)[:, 0] + offset
    gap = np.where(some, onset, copy.end) - facts.tick
    row = np.searchsorted(REST_TICKS, np.clip(gap, 0, int(REST_TICKS[-1])))
    return np.where(some | (not copy.last), row, END)


def _forced(allowed: Flags, copies: tuple[Copy, ...], context: DecodingContext, attribute: int) -> Flags:
    """What is allowed, but for notes inside copies what their source has."""
    if not copies or not context.notes:
        return allowed
    rests, durations, _ = context.heard
    onsets = onsets_of(rests, durations)
    for copy in copies:
        inside = (context.tick >= copy.at) & (context.tick < copy.end)
        if not inside.any():
            continue
        same = onsets == (context.tick - copy.at + copy.source)[:, None]
        value = np.take_along_axis(context.heard[attribute], same.argmax(1)[:, None], 1)[:, 0]
        allowed = np.where(inside[:, None], _only(value, allowed.shape[1]), allowed)
    return allowed


def _only(rows: Indices, values: int) -> Flags:
    """Exactly one entry of each row."""
    return np.asarray(np.arange(values) == rows[:, None])
