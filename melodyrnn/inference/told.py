"""What melodies on their way are told of the ticks to come: where phrases end, and which chords sound.

Conventions
    R melodies side by side, M phrases or spans; ticks count from the first bar line. Tables of unequal length are
    padded with BEYOND_ANY_TICK. Rows are those of melodyrnn.events.viewpoints and of melodyrnn.events.context;
    0 = not told.

Contents: BEYOND_ANY_TICK; PhraseEnds, phrases_told, rows_to; ChordSpans, ChordAt, chords_told; Context (both),
NOTHING, context_of_columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from melodyrnn.events.context import NO_CHORD, chord_row
from melodyrnn.events.viewpoints import ticks_left_row
from melodyrnn.events.vocabulary import onsets_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from melodyrnn.events.columns import Columns, Withheld
    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.music.chords import Chord

BEYOND_ANY_TICK: Final = 1 << 40  # a tick that no melody reaches


class PhraseEnds(NamedTuple):
    """Where phrases end: ticks (R, M), rising; the next one begins there. Nothing but padding: not told."""

    ends: Indices

    def end(self, tick: Indices) -> Indices:
        """Where the phrases end in which ticks (R,) lie; BEYOND_ANY_TICK behind the last."""
        which = (self.ends <= tick[:, None]).sum(1)
        ends = np.take_along_axis(self.ends, np.minimum(which, self.ends.shape[1] - 1)[:, None], 1)[:, 0]
        return np.where(which < self.ends.shape[1], ends, BEYOND_ANY_TICK)


def rows_to(end: Indices, tick: Indices) -> Indices:
    """Rows of the ticks (R,) from some to where phrases end, 0 where that is not told."""
    return np.where(end < BEYOND_ANY_TICK, ticks_left_row(np.maximum(end - tick, 0)), 0)


class ChordAt(NamedTuple):
    """The chords at one tick of each melody, rows (R,)."""

    chord: Indices
    next_chord: Indices
    chord_left: Indices


class ChordSpans(NamedTuple):
    """Chords and where they begin, (R, M) each; before the first one the first holds."""

    starts: Indices  # ticks, rising
    chord: Indices  # rows; 0 = not told
    next_chord: Indices
    change: Indices  # tick at which the next one comes; 0 = none does

    def at(self, tick: Indices) -> ChordAt:
        """What sounds at ticks (R,)."""
        rows = np.arange(len(tick)), np.maximum((self.starts <= tick[:, None]).sum(1) - 1, 0)
        chord, left = self.chord[rows], np.maximum(self.change[rows] - tick, 0)
        return ChordAt(chord, self.next_chord[rows], np.where(chord > 0, ticks_left_row(left), 0))


class Context(NamedTuple):
    """What is told besides the metre; None = nothing to any melody."""

    phrases: PhraseEnds | None = None
    chords: ChordSpans | None = None

    def select(self, rows: Indices) -> Context:
        """Choose melodies, in any order and number."""
        phrases, chords = self
        return Context(
            phrases and PhraseEnds(phrases.ends[rows]), chords and ChordSpans(*(column[rows] for column in chords))
        )


NOTHING: Final = Context()


def context_of_columns(melodies: Sequence[Columns], withheld: Withheld) -> Context:
    """What known melodies say at their onsets, unless it is withheld."""
    phrases = [None if hidden else m.phrase for m, hidden in zip(melodies, withheld.phrase, strict=True)]
    harmony = [None if hidden else m.harmony for m, hidden in zip(melodies, withheld.harmony, strict=True)]
    onsets = [onsets_of(m.rest, m.duration) for m in melodies]
    ends = [None if left is None else left + at for left, at in zip(phrases, onsets, strict=True)]
    told = PhraseEnds(_padded(ends, BEYOND_ANY_TICK)) if any(end is not None for end in ends) else None
    if not any(one is not None for one in harmony):
        return Context(told)
    changes = [
        None if one is None else np.where(one.chord_left > 0, one.chord_left + at, 0)
        for one, at in zip(harmony, onsets, strict=True)
    ]
    chord, following = ([one and one[k] for one in harmony] for k in range(2))
    return Context(
        told, ChordSpans(_padded(onsets, BEYOND_ANY_TICK), *(_padded(rows, 0) for rows in (chord, following, changes)))
    )


def phrases_told(melodies: Sequence[Sequence[int]]) -> PhraseEnds:
    """Phrases of each melody that end at these ticks; () = it is told none. At least one has some."""
    return PhraseEnds(_padded([np.array(ends, np.int64) for ends in melodies], BEYOND_ANY_TICK))


def chords_told(spans: Iterable[tuple[int, int, Chord]], tonic: int, rows: int) -> ChordSpans:
    """Chords (tick, length, chord) that follow each other, heard in a key, the same in so many melodies.

    As in a file (melodyrnn.events.context.harmonic), none sounds before the first and after the last.
    """
    told = [(at, at + ticks, chord_row(chord, tonic)) for at, ticks, chord in spans]
    starts = [-BEYOND_ANY_TICK, *(at for at, _, _ in told), told[-1][1]]
    chords = [NO_CHORD, *(row for _, _, row in told), NO_CHORD]
    columns = starts, chords, [*chords[1:], NO_CHORD], [*starts[1:], 0]
    return ChordSpans(*(np.tile(np.array(column, np.int64), (rows, 1)) for column in columns))


def _padded(columns: Sequence[Indices | None], with_what: int) -> Indices:
    """Columns (notes,) side by side, (R, M), nothing but padding where there is none."""
    out = np.full((len(columns), max(len(c) for c in columns if c is not None)), with_what)
    for row, column in zip(out, columns, strict=True):
        if column is not None:
            row[: len(column)] = column
    return out
