"""What came is leant to again: the rhythm of a motif, and its steps in the key from wherever the melody has got to.

Conventions
    A place of a pitch counts steps of the scale from MIDI number 0 up; what lies between two of them is at a half.

Contents: places, changed_rows; Recalled, recalling (logit rules); paced, held (of durations).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from melodyrnn.events.vocabulary import DURATION_TICKS, PITCHES, REST_TICKS, onsets_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.constraints.logit_rules import DecodingContext, LogitRule
    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.inference.numpy_network import Logs


def places(midi: Indices, scale: Sequence[int]) -> Logs:
    """Steps of a scale (pitch classes) up to each MIDI number.

    >>> places(np.array([60, 61, 62, 72]), (0, 2, 4, 5, 7, 9, 11)).tolist()
    [35.0, 35.5, 36.0, 42.0]
    """
    classes = np.array(sorted(set(scale)))
    below = np.searchsorted(classes, midi % 12, "right") - 1
    between = ~np.isin(midi % 12, classes)
    return np.asarray(midi // 12 * len(classes) + below + between / 2)


def changed_rows(change: str, sounding: Indices, scale: Sequence[int], anchor: int) -> tuple[int, ...] | None:
    """Of each row of PITCHES that which comes for it, or -1: "+2" moves by steps of the scale, "-inv" mirrors.

    The mirror stands on the third step above the anchor, so that the tonic and its fifth change places. What lies
    between two steps stays so far above the lower one, or falls on it where nothing lies between. None = itself.
    """
    if change == "-retro":
        return None
    heights = places(sounding, scale)
    axis = float(places(np.array([anchor]), scale)[0]) + 2
    wanted = 2 * axis - heights if change == "-inv" else heights + int(change)
    wide = np.arange(sounding[0] - 12 * len(PITCHES), sounding[-1] + 12 * len(PITCHES))
    found = dict(zip(places(wide, scale)[::-1].tolist(), wide[::-1].tolist(), strict=True))  # the lowest of each place
    came = np.array([found.get(height, found[float(np.floor(height))]) for height in wanted.tolist()]) - sounding[0]
    return tuple(np.where((came >= 0) & (came < len(PITCHES)), came, -1).tolist())


class Recalled(NamedTuple):
    """Notes of a motif: ticks from its beginning, lengths, steps of the scale from the note before (first: 0)."""

    onsets: Indices
    lengths: Indices
    steps: Logs
    first: float  # place of the first pitch
    scale: tuple[int, ...]

    @classmethod
    def of(cls, motif: Sequence[tuple[int, int | None]], scale: tuple[int, ...]) -> Recalled:
        """Of ticks and pitches; a pitch of None is a silence."""
        ticks = np.array([length for length, _ in motif])
        sounding = [(at, length, pitch) for at, (length, pitch) in zip(np.cumsum(ticks) - ticks, motif, strict=True)
                    if pitch is not None]  # fmt: skip
        onsets, lengths, pitches = (np.array(column) for column in zip(*sounding, strict=True))
        heights = places(pitches, scale)
        return cls(onsets, lengths, np.diff(heights, prepend=heights[0]), float(heights[0]), scale)


def recalling(shape: Recalled, starts: Sequence[int], sounding: Indices, lean: float) -> tuple[LogitRule, ...]:
    """Rules on rests, durations and pitches: from some ticks on a motif is likelier, beginning on another step.

    `sounding` (P,): the MIDI number of each pitch. A note over one of these ticks is as much less likely.
    """
    begins = np.array(sorted(starts))
    heights = places(sounding, shape.scale)
    total = int(shape.onsets[-1] + shape.lengths[-1])

    def since(tick: int) -> int:
        """Ticks since the last of the beginnings; -1 where none is near."""
        before = int(np.searchsorted(begins, tick, "right")) - 1
        past = tick - int(begins[before]) if before >= 0 else -1
        return past if past < total else -1

    def rest(logs: Logs, context: DecodingContext) -> Logs:
        out = logs.copy()
        for row, tick in enumerate(context.tick.tolist()):
            past = since(tick)
            left = shape.onsets[shape.onsets >= past] - past if past >= 0 else shape.onsets[:0]
            if len(left) and context.notes:
                out[row, : len(REST_TICKS)] += lean * (int(left[0]) == REST_TICKS)
        return out

    def duration(logs: Logs, context: DecodingContext) -> Logs:
        out = logs.copy()
        for row, tick in enumerate(context.tick.tolist()):
            later = begins[begins > tick]
            if len(later):
                out[row] -= lean * (tick + DURATION_TICKS > later[0])
            out[row] += lean * np.isin(DURATION_TICKS, shape.lengths[shape.onsets == since(tick)])
        return out

    def pitch(logs: Logs, context: DecodingContext) -> Logs:
        out = logs.copy()
        onsets = onsets_of(context.heard[0], context.heard[1])
        for row, tick in enumerate(context.tick.tolist()):
            here = np.flatnonzero(shape.onsets == since(tick))
            if not len(here) or not context.notes:
                continue
            if not here[0]:
                out[row] -= lean * (heights == shape.first)
            elif onsets[row, -1] == tick - np.diff(shape.onsets)[here[0] - 1]:
                out[row] += lean * (heights == heights[context.last[row]] + shape.steps[here[0]])
        return out

    return rest, duration, pitch


_SLACK: Final = 1.0  # octaves by which a length may differ from the mean of those that are left, …
_CLOSE: Final = 8  # … less where fewer than so many are
_PACE: Final = 2.0  # nats for each square octave beyond


def paced(count: int, end: int) -> LogitRule:
    """A rule on durations: of so many notes up to a tick each is about as long as there is time for those to come."""
    lengths = np.log2(DURATION_TICKS)

    def duration(logs: Logs, context: DecodingContext) -> Logs:
        left = count - (context.notes - context.primed)
        if left < 2:
            return logs
        mean = np.log2(np.maximum(end - context.tick, 1) / left)[:, None]
        return np.asarray(
            logs - _PACE * np.maximum(np.abs(lengths - mean) - _SLACK * min(1.0, left / _CLOSE), 0.0) ** 2
        )

    return duration


def held(onsets: Sequence[int], lean: float) -> LogitRule:
    """A rule on durations: a note that lasts to the next of some ticks is likelier."""
    ticks = np.array(sorted(onsets))

    def duration(logs: Logs, context: DecodingContext) -> Logs:
        following = np.searchsorted(ticks, context.tick, "right")
        known = following < len(ticks)
        gap = np.where(known, ticks[np.minimum(following, len(ticks) - 1)] - context.tick, -1)
        return np.asarray(logs + lean * (gap[:, None] == DURATION_TICKS))

    return duration
