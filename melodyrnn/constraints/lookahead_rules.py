"""The look-ahead as logit rules: at every choice of a note, what can be completed stays.

Contents: MelodyFacts, facts_of; lookahead_rules (Lookahead → LogitRules), possible (can a melody begin at all?).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from melodyrnn.constraints.automaton import FORBIDDEN
from melodyrnn.constraints.logit_rules import NONE, LogitRules, mask
from melodyrnn.events.vocabulary import DURATION_TICKS, END, PITCHES, REST_TICKS, onsets_of

if TYPE_CHECKING:
    from melodyrnn.constraints.automaton import Flags
    from melodyrnn.constraints.logit_rules import DecodingContext
    from melodyrnn.constraints.lookahead import Copy, Lookahead
    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.inference.numpy_network import Logs

_PITCHES: Final = np.arange(len(PITCHES))
_PITCH: Final = 2  # of the attributes of a note


class MelodyFacts(NamedTuple):
    """What a melody's notes say about how it may go on. Arrays (R,)."""

    tick: Indices  # where the last note ended
    last: Indices  # its pitch, or NONE
    could: Indices  # what is remembered of it, see `SearchSpace.last_notes`
    state: Indices  # of the product of the automata
    had: Indices  # subset of the groups that are collected
    column: Indices  # of the look-ahead
    onsets: Indices  # (R, notes)


def facts_of(lookahead: Lookahead, context: DecodingContext, start: int) -> MelodyFacts:
    """Read the facts off the notes; only new notes count where something is to be reached.

    `context` stands where the rest, or where the duration or pitch, of the next note is chosen; the facts are those of
    where the last note ended. `start`: the state in which composing begins.
    """
    g = lookahead.space
    rests, durations, pitches = context.heard
    ends = np.cumsum(REST_TICKS[rests] + DURATION_TICKS[durations], 1)
    rows, new = len(ends), slice(context.primed, None)
    onsets, could, had = ends - DURATION_TICKS[durations], np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    tick = ends[:, -1] if context.notes else np.zeros(rows, np.int64)
    if g.last_notes is not None and context.notes > context.primed:
        could = g.last_notes[np.minimum(onsets[:, -1], g.end), durations[:, -1]]
    if g.subsets > 1:
        had = np.bitwise_or.reduce(g.bits[pitches[:, new]], 1)
    state = np.full(rows, start) if context.states is None else context.states
    last = pitches[:, -1] if context.notes else np.full(rows, NONE)
    column = lookahead.columns(context.tick, onsets, pitches)
    return MelodyFacts(tick, last, could, state, had, column, onsets)


def lookahead_rules(lookahead: Lookahead, copies: tuple[Copy, ...] = (), start: int = 0) -> LogitRules:
    """Leave what can be completed; inside `copies` the one thing that stood in their source."""

    def here(context: DecodingContext) -> MelodyFacts:
        return facts_of(lookahead, context, start)

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
        return mask(logs, _forced(_pitches(lookahead, here(context), context), copies, context, _PITCH))

    def advance(context: DecodingContext, pitches: Indices) -> Indices:
        return _advanced(lookahead, here(context), context, pitches)

    return LogitRules((rest,), (duration,), (pitch,), advance if lookahead.product.states > 1 else None)


def possible(lookahead: Lookahead, clock: int, first_onsets: range, last: int = NONE, start: int = 0) -> bool:
    """Whether a melody that stands at tick `clock`, after a pitch (a row) or none, can go on and be completed.

    Its next note must begin at one of these ticks, and a rest of the tables must lead there.
    """
    nothing = np.zeros(1, np.int64)
    facts = MelodyFacts(
        np.array([clock]), np.array([last]), nothing, np.array([start]), nothing, nothing, np.zeros((1, 0), np.int64)
    )  # fmt: skip
    rests = _rests(lookahead, facts, first=True)[0, :END]
    return bool((rests & np.isin(clock + REST_TICKS, np.asarray(first_onsets))).any())


def _rests(lookahead: Lookahead, facts: MelodyFacts, *, first: bool) -> Flags:
    """Rests after which something can follow, and whether END may come, (R, END + 1)."""
    g = lookahead.space
    tick = np.minimum(facts.tick, g.end)
    onset = tick[:, None] + REST_TICKS
    within = (onset <= np.minimum(g.until[tick], g.end - 1)[:, None]) & (True if first else g.rests)
    onset, state = np.minimum(onset, g.end), np.zeros((1, 1), np.int64)
    if lookahead.product.states > 1:
        state = lookahead.product.after_rests(tick, facts.state).astype(np.int64)
        within, state = within & (state >= 0), np.maximum(state, 0)
    last = facts.last[:, None]
    out = np.zeros((len(tick), END + 1), bool)
    out[:, :END] = within & lookahead.step[onset, state, facts.had[:, None], facts.column[:, None], last]
    pitch, could = np.minimum(facts.last, len(PITCHES) - 1), facts.could
    for joint, shift in g.closing:
        closes = g.over[np.minimum(tick + shift, g.end)] & g.final[pitch] & (could == g.lasts - 1)
        out[:, :END] &= (onset != joint) | closes[:, None]
    if first or not (over := g.over[tick]).any():
        return out
    known = lookahead.ending[np.minimum(could, g.lasts - 1), 0, facts.had, facts.column, pitch]
    out[:, END] = over & known
    for row in np.flatnonzero(out[:, END]).tolist():
        out[row, END] = lookahead.product.ending(int(tick[row]))[facts.state[row], pitch[row]]
    return out


def _durations(lookahead: Lookahead, facts: MelodyFacts, context: DecodingContext) -> Flags:
    """Durations after which some pitch can follow, (R, D)."""
    g = lookahead.space
    onset = np.minimum(context.tick, g.end)
    end = onset[:, None] + DURATION_TICKS
    limit = g.until[np.minimum(onset + 1, g.end)]
    fits = (end <= limit[:, None]) & g.durations[onset]
    every = np.arange(len(DURATION_TICKS))[None]
    return np.asarray(_fitting(lookahead, facts, onset, np.minimum(end, g.end), every).any(2) & fits)


def _pitches(lookahead: Lookahead, facts: MelodyFacts, context: DecodingContext) -> Flags:
    """Pitches of a note of this duration after which something can follow, (R, P)."""
    assert context.duration is not None  # noqa: S101 - a pitch is chosen last
    onset = np.minimum(context.tick, lookahead.space.end)
    end = np.minimum(onset + DURATION_TICKS[context.duration], lookahead.space.end)[:, None]
    return _fitting(lookahead, facts, onset, end, context.duration[:, None])[:, 0]


def _fitting(lookahead: Lookahead, facts: MelodyFacts, onset: Indices, end: Indices, duration: Indices) -> Flags:
    """Pitches that may stand at an onset (R,) and sound up to ends (R, E), by durations of these rows: (R, E, P)."""
    g, product = lookahead.space, lookahead.product
    led = (facts.last < NONE)[:, None]
    leads = g.pitches[onset] & np.where(led, True, g.opening)
    could = np.zeros_like(end) if g.last_notes is None else g.last_notes[onset[:, None], duration]
    had = facts.had[:, None] | g.bits if g.subsets > 1 else facts.had[:, None]
    column, state, kept = facts.column[:, None], np.zeros((1, 1, 1), np.int64), None
    if product.steps is not None or product.states > 1:
        begun = _begun(lookahead, facts, onset)
        leads &= begun >= 0
        if product.states > 1:
            table, begun = product.after_notes(onset), np.maximum(begun, 0)  # (R, D, N), (R, 1 or P)
            state = table[np.arange(len(onset))[:, None, None], duration[:, :, None], begun[:, None]].astype(np.int64)
            kept, state = state >= 0, np.maximum(state, 0)
    if had.shape[1] == state.shape[2] == 1:  # the same for every pitch: whole rows of them are several times as fast
        goes_on = lookahead.after[end, could, state[:, :, 0], had, column]
    else:
        where = (end[:, :, None], could[:, :, None], state, had[:, None], column[:, :, None], _PITCHES)
        goes_on = lookahead.after[where]
    goes_on = np.asarray(goes_on & leads[:, None])
    return goes_on if kept is None else np.asarray(goes_on & kept)


def _begun(lookahead: Lookahead, facts: MelodyFacts, onset: Indices) -> Indices:
    """The state in which a note of each pitch at an onset (R,) is begun, or FORBIDDEN: (R, 1 or P)."""
    product = lookahead.product
    state = np.zeros((len(onset), 1), np.int64)
    if product.states > 1:
        tick = np.minimum(facts.tick, lookahead.space.end)
        rests = np.searchsorted(REST_TICKS, np.clip(onset - tick, 0, int(REST_TICKS[-1])))
        state = product.after_rests(tick, facts.state)[np.arange(len(onset)), rests][:, None].astype(np.int64)
    dead = state < 0
    if product.steps is not None:
        led, own = np.flatnonzero(facts.last < NONE), np.maximum(state[:, 0], 0)
        state = np.repeat(np.maximum(state, 0), len(PITCHES), 1)
        state[led] = product.steps[product.ways[onset[led]], own[led], facts.last[led]]
    if (pitched := product.pitches_at(onset)) is not None:
        after = pitched[np.arange(len(onset))[:, None], np.maximum(state, 0), _PITCHES]
        state = np.where(state < 0, FORBIDDEN, after)
    return np.where(dead, FORBIDDEN, state)


def _advanced(lookahead: Lookahead, facts: MelodyFacts, context: DecodingContext, pitches: Indices) -> Indices:
    """The states after the note that was chosen, (R,); where copying forces a note, whatever they are."""
    assert context.duration is not None  # noqa: S101 - it is chosen
    rows, onset = np.arange(len(pitches)), np.minimum(context.tick, lookahead.space.end)
    begun = _begun(lookahead, facts, onset)
    begun = begun[rows, pitches if begun.shape[1] > 1 else 0]
    after = lookahead.product.after_notes(onset)[rows, context.duration, np.maximum(begun, 0)]
    return np.asarray(np.maximum(after, 0), np.int64)


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
        source = same.argmax(1)
        if attribute == _PITCH and copy.back:
            source = (onsets < copy.source).sum(1) + (onsets < copy.source + copy.length).sum(1) - 1 - source
        value = np.take_along_axis(context.heard[attribute], source[:, None] % onsets.shape[1], 1)[:, 0]
        if attribute == _PITCH and copy.rows is not None:
            value = np.asarray(copy.rows)[value]
        allowed = np.where(inside[:, None], _only(value, allowed.shape[1]), allowed)
    return allowed


def _only(rows: Indices, values: int) -> Flags:
    """Exactly one entry of each row."""
    return np.asarray(np.arange(values) == rows[:, None])
