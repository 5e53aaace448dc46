"""The hard rules of a request: laid out as a search space, and looked ahead over.

Contents: space_of (what is allowed where), neat; looked (the look-ahead, or None), reach, first_onsets, start_of;
hard_rules.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.constraints.automaton import Automaton, OpeningPitch
from melodyrnn.constraints.logit_rules import NONE, SHORTEST_GAP, LogitRules
from melodyrnn.constraints.lookahead import Lookahead, SearchSpace
from melodyrnn.constraints.lookahead_rules import lookahead_rules, possible
from melodyrnn.constraints.replay import replayed
from melodyrnn.constraints.sections import SectionLookahead, manageable
from melodyrnn.controls.rules import Mask, Rules, Sections
from melodyrnn.errors import Unsatisfiable
from melodyrnn.events.tokenizer import LOWEST_FIRST
from melodyrnn.events.vocabulary import DURATION_TICKS, DURATIONS, PITCHES, RESTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from melodyrnn.constraints.automaton import Flags
    from melodyrnn.constraints.lookahead import Copy
    from melodyrnn.controls.clock import Frame

_PITCHES: Final = np.arange(len(PITCHES))
_TONIC: Final = -PITCHES[0]
_HOMES: Final = 12  # pitches tried as the one near which sections meet
MOST_LOOKAHEAD_BYTES: Final = 3 * 10**8
MOST_TRIED_BYTES: Final = 6 * 10**7  # of look-aheads one after another, till a reason is told: two or three seconds


def space_of(rules: Rules, frame: Frame) -> SearchSpace:
    """What is allowed where."""
    space = _blank(frame)
    for mask in rules.of(Mask):
        space = _masked(space, mask)
    automata = tuple(rules.of(Automaton))
    space = replace(space, automata=automata)
    for sections in rules.of(Sections):
        return _laid(space, sections)
    if not frame.setting.loop or space.border is None:
        return space
    if frame.first != NONE:
        return replace(space, final=space.final & space.border[:, frame.first])
    return replace(space, automata=(*automata, OpeningPitch(space.opening, space.border)))


def _blank(frame: Frame) -> SearchSpace:
    """Everything that the tables and MIDI have, and that is allowed at any time; the end where it is asked for."""
    assert frame.allowed is not None  # noqa: S101 - `rules_of` has told them
    ticks = frame.end + 1
    exists = (frame.sounding >= 0) & (frame.sounding <= 127)
    onsets, must = np.ones(ticks, bool), np.zeros(ticks, bool)
    first = frame.start if frame.onset is None else frame.onset
    onsets[:first] = onsets[-1] = False
    if frame.onset is not None:
        must[first] = True
    over = np.zeros(ticks, bool)
    over[frame.last_bar + 1 if frame.exact else first + 1 :] = True
    return SearchSpace(
        start=min(first, frame.end), end=frame.end, onsets=onsets, must=must, rests=np.ones(len(RESTS), bool),
        durations=np.ones((ticks, len(DURATIONS)), bool), pitches=np.tile(frame.allowed, (ticks, 1)),
        opening=exists & (np.asarray(PITCHES) >= LOWEST_FIRST) & (np.asarray(PITCHES) < LOWEST_FIRST + 12),
        home=np.ones(len(PITCHES), bool), joints=np.zeros(ticks, bool), over=over, final=exists,
    )  # fmt: skip


def _masked(space: SearchSpace, mask: Mask) -> SearchSpace:
    """With one more thing that is not allowed."""
    changed = {
        name: getattr(space, name) & own
        for name in ("pitches", "durations", "rests", "onsets", "over", "final")
        if (own := getattr(mask, name)) is not None
    }
    if mask.must is not None:
        changed["must"] = space.must | mask.must
    return replace(space, **changed)


def _laid(space: SearchSpace, sections: Sections) -> SearchSpace:
    """With sections that return."""
    onsets, must, at_joint = space.onsets.copy(), space.must.copy(), space.joints.copy()
    pitches, durations = space.pitches.copy(), space.durations.copy()
    must[list(sections.joints)] = at_joint[list(sections.joints)] = True
    closing = []
    for copy in sections.copies:
        onsets[copy.at + 1 : copy.end] = False
        length = min(copy.length, space.end + 1 - copy.at)
        source, copied = slice(copy.source, copy.source + length), slice(copy.at, copy.at + length)
        pitches[source] &= copy.heard_from(pitches[copied])
        durations[source] &= durations[copied]
        onsets[source] &= space.onsets[copied]
        must[source] |= space.must[copied]
        if copy.last:
            closing.append((copy.source + copy.length, sections.end - copy.source - copy.length))
    onsets[sections.end :] = False
    return replace(
        space, onsets=onsets, must=must, joints=at_joint, pitches=pitches, durations=durations, copies=sections.copies,
        closing=tuple(closing),
    )  # fmt: skip


def neat(space: SearchSpace) -> SearchSpace:
    """Without splinters: no gap shorter than a sixteenth before a tick where something must begin or be over."""
    lasts = space.end - np.flatnonzero(space.over).max() == 0 and space.over.sum() == 1
    edges = np.append(np.flatnonzero(space.must), space.end)
    onsets, durations = space.onsets.copy(), space.durations.copy()
    for edge in edges.tolist():
        onsets[max(0, edge - SHORTEST_GAP + 1) : edge] = False
        if edge == space.end and not lasts:
            continue
        for tick in range(max(0, edge - SHORTEST_GAP - int(DURATION_TICKS[-1])), edge):
            left = edge - tick - DURATION_TICKS
            durations[tick] &= (left <= 0) | (left >= SHORTEST_GAP)
    return replace(space, onsets=(onsets | space.must) & space.onsets, durations=durations)


def first_onsets(frame: Frame) -> range:
    """Ticks at which the first new note may begin."""
    return range(frame.start, frame.latest + 1) if frame.onset is None else range(frame.onset, frame.onset + 1)


def start_of(space: SearchSpace, frame: Frame) -> int:
    """The state of the product in which composing begins: given notes count where they are remembered across joints."""
    state = 0
    for automaton in space.product.automata:
        own = 0
        if automaton.joint is None and frame.before is not None:
            own = next((s for s in reversed(list(replayed(automaton, frame.before))) if s >= 0), 0)
        state = state * automaton.states + own
    return state


def reach(
    space: SearchSpace, frame: Frame, clock: int | None = None, *, look: Callable[[SearchSpace], Lookahead] = Lookahead
) -> Lookahead | None:
    """Look ahead, without splinters of notes if that is possible; None if no melody is left.

    `clock`: where the note before has ended, if that is not where the new notes' place starts. Raises Unsatisfiable
    for what would be too much.
    """
    if space.size > MOST_LOOKAHEAD_BYTES:
        raise Unsatisfiable(
            "constraints", "too much to look ahead over at once; ask for fewer bars or fewer constraints"
        )
    if not space.over.any():
        return None
    start = start_of(space, frame)
    for tried in (neat(space), space):
        lookahead = look(tried)
        if possible(lookahead, frame.start if clock is None else clock, first_onsets(frame), frame.last, start):
            return lookahead
    return None


def looked(rules: Rules, frame: Frame) -> Lookahead | None:
    """The look-ahead over all rules; None if no melody keeps them. Raises Unsatisfiable for what is too much."""
    space = space_of(rules, frame)
    if not space.copies or space.border is None:
        return reach(space, frame)
    loop = frame.setting.loop
    if manageable(space, loop=loop):
        return reach(space, frame, look=partial(SectionLookahead, loop=loop))
    homes = max(1, min(_HOMES, MOST_TRIED_BYTES // (2 * space.size)))
    found = (reach(tried, frame) for tried in islice(_homes(space, loop=loop), homes))
    return next((lookahead for lookahead in found if lookahead is not None), None)


def _homes(space: SearchSpace, *, loop: bool) -> Iterator[SearchSpace]:
    """The space with each pitch, from the tonic outwards, as the one near which sections meet."""
    assert space.border is not None  # noqa: S101 - else sections may meet anywhere
    allowed, radius = space.pitches.any(0), _radius(space.border)
    for centre in sorted(np.flatnonzero(allowed).tolist(), key=lambda p: abs(p - _TONIC)):
        home: Flags = np.abs(_PITCHES - centre) <= radius
        pitches = space.pitches.copy()
        pitches[np.flatnonzero(space.joints)] &= home
        final = space.final & home if loop else space.final
        yield replace(space, home=home, pitches=pitches, opening=space.opening & home, final=final)


def _radius(border: Flags) -> int:
    """Semitones around the middle pitch within which any pitch may follow any other."""
    middle = len(border) // 2
    spans = (slice(middle - r, middle + r + 1) for r in range(1, middle + 1))
    return sum(1 for _ in takewhile(lambda span: bool(border[span, span].all()), spans))


def hard_rules(lookahead: Lookahead, frame: Frame, *more: Copy) -> LogitRules:
    """A look-ahead as rules; `more` copies may lie beyond the end, to be heard but not kept."""
    space = lookahead.space
    return lookahead_rules(lookahead, space.copies + more, start_of(space, frame))
