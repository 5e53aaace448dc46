"""The look-ahead as rules: what each melody may choose next, read off from the notes that it has.

Conventions
    R melodies; facts about each are arrays (R,), worked out afresh from its notes at every choice, so that
    copying melodies (as resampling does) copies nothing else.

Contents: `keeping` (Ahead → Rules), `possible` (can a melody begin at all?).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from melodyrnn.compose.sampling.filters import Logs, mask
from melodyrnn.constraints.lookahead import NONE, Ahead, Copy, Flags, Ground, Indices
from melodyrnn.constraints.rules import Rules, Spot
from melodyrnn.events.ticks import DURATION_TICKS, REST_TICKS, onsets_of
from melodyrnn.events.vocabulary import END, PITCHES

_PITCHES: Final = np.arange(len(PITCHES))


@dataclass(frozen=True, slots=True)
class Facts:
    """What a melody's notes say about how it may go on. Arrays (R,)."""

    tick: Indices  # where the last note ended
    last: Indices  # its pitch, or NONE
    could: Indices  # 1 if it could be the last of all
    count: Indices  # notes that began in this bar
    had: Indices  # subset of the required groups
    first: Indices  # index of the first pitch in `firsts`
    onsets: Indices  # (R, notes)


def facts_of(ground: Ground, spot: Spot) -> Facts:
    """Read the facts off the notes; only new notes count where something is to be reached."""
    rests, durations, pitches = spot.heard
    ends = np.cumsum(REST_TICKS[rests] + DURATION_TICKS[durations], 1)
    rows, new = len(ends), slice(spot.primed, None)
    onsets, zero = ends - DURATION_TICKS[durations], np.zeros(rows, np.int64)
    tick = ends[:, -1] if spot.notes else zero
    at = np.minimum(tick, ground.end)
    could, count, had, first = zero, zero, zero, zero
    if ground.cadence is not None and spot.notes > spot.primed:
        could = ground.cadence[np.minimum(onsets[:, -1], ground.end), durations[:, -1]].astype(np.int64)
    if ground.most is not None:
        inside = ground.bar[np.minimum(onsets[:, new], ground.end)] == ground.bar[at][:, None]
        count = np.minimum((inside & (onsets[:, new] < ground.end)).sum(1), int(ground.most.max()))
    if len(ground.required):
        had = np.bitwise_or.reduce(ground.bits[pitches[:, new]], 1)
    if ground.looped and spot.notes:
        first = np.minimum(np.searchsorted(ground.firsts, pitches[:, 0]), len(ground.firsts) - 1)
    last = pitches[:, -1] if spot.notes else np.full(rows, NONE)
    return Facts(tick, last, could, count, had, first, onsets)


def keeping(ahead: Ahead, copies: tuple[Copy, ...] = ()) -> Rules:
    """Leave what can be completed; inside `copies` the one thing that stood in their source."""

    def here(spot: Spot) -> Facts:
        facts = facts_of(ahead.ground, spot)
        return replace(facts, first=ahead.columns(spot.tick, facts.onsets, spot.heard[2], facts.first))

    def rest(logs: Logs, spot: Spot) -> Logs:
        facts = here(spot)
        allowed = _rests(ahead, facts, first=spot.notes == spot.primed)
        for copy in copies:
            inside = (facts.tick >= copy.at) & ((facts.tick < copy.end) | copy.last)
            if inside.any():
                allowed[inside] = _only(_copied_rest(copy, facts), END + 1)[inside]
        return mask(logs, allowed)

    def duration(logs: Logs, spot: Spot) -> Logs:
        return mask(logs, _forced(_durations(ahead, here(spot), spot), copies, spot, 1))

    def pitch(logs: Logs, spot: Spot) -> Logs:
        return mask(logs, _forced(_pitches(ahead, here(spot), spot), copies, spot, 2))

    return Rules((rest,), (duration,), (pitch,))


def possible(ahead: Ahead, clock: int, first_onsets: range, last: int = NONE) -> bool:
    """Whether a melody that stands at tick `clock`, after a pitch (a row) or none, can go on and be completed.

    Its next note must begin at one of these ticks, and a rest of the tables must lead there.
    """
    nothing = np.zeros(1, np.int64)
    facts = Facts(
        np.array([clock]), np.array([last]), nothing, nothing, nothing, nothing, np.zeros((1, 0), np.int64)
    )  # fmt: skip
    rests = _rests(ahead, facts, first=True)[0, :END]
    return bool((rests & np.isin(clock + REST_TICKS, np.asarray(first_onsets))).any())


def _rests(ahead: Ahead, facts: Facts, *, first: bool) -> Flags:
    """Rests after which something can follow, and whether END may come, (R, END + 1)."""
    g = ahead.ground
    tick = np.minimum(facts.tick, g.end)
    onset = tick[:, None] + REST_TICKS
    within = (onset <= np.minimum(g.until[tick], g.end - 1)[:, None]) & (True if first else g.rests)
    onset = np.minimum(onset, g.end)
    count, kept = _counted(g, facts.count[:, None], tick[:, None], onset)
    last = facts.last[:, None]
    out = np.zeros((len(tick), END + 1), bool)
    out[:, :END] = within & kept & ahead.step[onset, count, facts.had[:, None], facts.first[:, None], last]
    pitch = np.minimum(facts.last, len(PITCHES) - 1)
    could = facts.could
    for joint, shift in g.closing:
        closes = g.over[np.minimum(tick + shift, g.end)] & g.final[pitch] & ((could > 0) | (g.cadence is None))
        out[:, :END] &= (onset != joint) | closes[:, None]
    known = ahead.ending[np.minimum(could, ahead.ending.shape[0] - 1), 0, facts.had, facts.first, pitch]
    out[:, END] = g.over[tick] & known & (not first) & (facts.count >= g.least[tick])
    return out


def _counted(g: Ground, count: Indices, tick: Indices, later: Indices) -> tuple[Indices, Flags]:
    """Notes so far in the bar of a later tick, and whether the bars left behind hold enough."""
    if g.most is None:
        return np.zeros_like(later), np.ones(later.shape, bool)
    before, bar = g.bar[tick], g.bar[later]
    same = before == bar
    return np.where(same, count, 0), same | ((count >= g.least[tick]) & g.skips(before, bar))


def _durations(ahead: Ahead, facts: Facts, spot: Spot) -> Flags:
    """Durations after which some pitch can follow, (R, D)."""
    g = ahead.ground
    onset = np.minimum(spot.tick, g.end)
    end = onset[:, None] + DURATION_TICKS
    limit = g.until[np.minimum(onset + 1, g.end)]
    fits = (end <= limit[:, None]) & g.durations[onset]
    return np.asarray(_fitting(ahead, facts, onset, np.minimum(end, g.end)).any(2) & fits)


def _pitches(ahead: Ahead, facts: Facts, spot: Spot) -> Flags:
    """Pitches of a note of this duration after which something can follow, (R, P)."""
    g = ahead.ground
    assert spot.duration is not None  # noqa: S101 - a pitch is chosen last
    onset = np.minimum(spot.tick, g.end)
    end = np.minimum(onset + DURATION_TICKS[spot.duration], g.end)[:, None]
    return _fitting(ahead, facts, onset, end, spot.duration)[:, 0]


def _fitting(ahead: Ahead, facts: Facts, onset: Indices, end: Indices, duration: Indices | None = None) -> Flags:
    """Pitches that may stand at an onset (R,) and sound up to ends (R, E): (R, E, P)."""
    g = ahead.ground
    leads = np.ones((len(onset), len(PITCHES)), bool)
    led = facts.last < NONE
    leads[led] = g.steps[g.way[onset[led]], facts.last[led]]
    leads &= g.pitches[onset] & np.where(led[:, None], True, g.opening)
    if g.order is not None:
        leads &= (g.bar[onset] > 0)[:, None] | g.order[np.minimum(facts.count, len(g.order) - 1)]
    could = np.zeros_like(end)
    if g.cadence is not None:
        could = (
            g.cadence[onset].astype(np.int64)
            if duration is None
            else g.cadence[onset, duration].astype(np.int64)[:, None]
        )
    count, kept = facts.count, np.ones(end.shape, bool)
    if g.most is not None:
        count = np.where(g.bar[np.minimum(facts.tick, g.end)] == g.bar[onset], facts.count, 0) + 1
        kept = np.broadcast_to((count <= g.most[onset])[:, None], end.shape)
    in_bar, enough = _counted(g, count[:, None], onset[:, None], end)
    in_bar = np.minimum(in_bar, ahead.shape[0] - 1)
    had = facts.had[:, None] | g.bits if len(g.required) else np.zeros((1, 1), np.int64)
    first = facts.first[:, None]
    if g.looped:
        own = np.clip(np.searchsorted(g.firsts, _PITCHES), 0, len(g.firsts) - 1)
        first = np.where(led[:, None], first, own)
    where = (end[:, :, None], could[:, :, None], in_bar[:, :, None], had[:, None], first[:, None])
    if had.shape[1] == first.shape[1] == 1:  # the same for every pitch: whole rows of them are several times as fast
        goes_on = ahead.after[tuple(index[:, :, 0] for index in where)]
    else:
        goes_on = ahead.after[(*where, _PITCHES)]
    return np.asarray(goes_on & leads[:, None] & (kept & enough)[:, :, None])


def _copied_rest(copy: Copy, facts: Facts) -> Indices:
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


def _forced(allowed: Flags, copies: tuple[Copy, ...], spot: Spot, attribute: int) -> Flags:
    """What is allowed, but for notes inside copies what their source has."""
    if not copies or not spot.notes:
        return allowed
    rests, durations, _ = spot.heard
    onsets = onsets_of(rests, durations)
    for copy in copies:
        inside = (spot.tick >= copy.at) & (spot.tick < copy.end)
        if not inside.any():
            continue
        same = onsets == (spot.tick - copy.at + copy.source)[:, None]
        value = np.take_along_axis(spot.heard[attribute], same.argmax(1)[:, None], 1)[:, 0]
        allowed = np.where(inside[:, None], _only(value, allowed.shape[1]), allowed)
    return allowed


def _only(rows: Indices, values: int) -> Flags:
    """Exactly one entry of each row."""
    return np.asarray(np.arange(values) == rows[:, None])
