"""Long silences of a melody made short: where a singer waits for the piano, nothing is to be learnt from the waiting.

What is taken out are whole bars without a note, so that every note keeps its place in its bar; harmony, phrases and
metres go along. The bars that stay are the last ones, whose chords lead into the next entry.

Contents: shortened.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from melodyrnn.music.melody import LONGEST_BAR, Metre

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.music.harmony import Harmony
    from melodyrnn.music.melody import Melody


def shortened(melody: Melody, chords: Harmony | None, bars: int) -> tuple[Melody, Harmony | None]:
    """Leave at most so many silent bars within a melody, none before and behind it; 0 bars: leave it as it is.

    A silence that would still be longer than the longest rest that is composed (four whole notes) keeps fewer.

    >>> from melodyrnn.music.melody import Melody, Note
    >>> shortened(Melody((Note(192, 24, 60), Note(672, 24, 62))), None, 1)[0].notes
    (Note(onset=0, duration=24, pitch=60, velocity=80), Note(onset=192, duration=24, pitch=62, velocity=80))
    """
    if not bars or not melody.notes:
        return melody, chords
    gone = _Gone([*_silences(melody, bars)])
    if not gone.cuts:
        return melody, chords
    notes = tuple(replace(note, onset=gone.after(note.onset)) for note in melody.notes)
    phrases = tuple(gone.after(onset) for onset in melody.phrases)
    length = gone.after(melody.length)
    short = replace(melody, notes=notes, metres=_metres(melody.metres, gone), phrases=phrases, length=length)
    return short, chords and _chords(chords, gone)


class _Gone:
    """Ticks that are taken out: (from, until), in order, none touching another."""

    def __init__(self, cuts: Sequence[tuple[int, int]]) -> None:
        self.cuts = cuts
        self.starts = [begin for begin, _ in cuts]
        self.before = [0, *accumulate(end - begin for begin, end in cuts)]

    def after(self, tick: int) -> int:
        """Where a tick lies when they are gone."""
        k = bisect_right(self.starts, tick)
        within = max(0, self.cuts[k - 1][1] - tick) if k else 0
        return tick - self.before[k] + within


def _silences(melody: Melody, bars: int) -> list[tuple[int, int]]:
    """What is to be taken out of each silence that is too long."""
    notes = melody.notes
    begin = melody.bar_onset(melody.place(notes[0].onset)[0])
    cuts = [(0, begin)] if begin else []
    for note, following in pairwise(notes):
        first, inside = melody.place(note.end)
        last = melody.place(following.onset)[0]
        first += inside > 0  # the first bar line at which all is silent
        if last - first <= bars and following.onset - note.end <= LONGEST_BAR:
            continue
        kept = bars
        while kept and following.onset - melody.bar_onset(last - kept) + _left(melody, note.end) > LONGEST_BAR:
            kept -= 1
        if last - kept > first:
            cuts.append((melody.bar_onset(first), melody.bar_onset(last - kept)))
    last, inside = melody.place(notes[-1].end)
    end = melody.bar_onset(last + (inside > 0))
    return [*cuts, (end, melody.length)] if melody.length > end else cuts


def _left(melody: Melody, tick: int) -> int:
    """Ticks from here to the next bar line, 0 on one."""
    bar, inside = melody.place(tick)
    return melody.bar_onset(bar + 1) - tick if inside else 0


def _metres(metres: Sequence[Metre], gone: _Gone) -> tuple[Metre, ...]:
    """The metres that are left; of those that come to begin at one tick the last."""
    at = {gone.after(metre.onset): metre for metre in metres}
    kept: list[Metre] = []
    for onset, metre in sorted(at.items()):
        if not kept or (kept[-1].numerator, kept[-1].denominator) != (metre.numerator, metre.denominator):
            kept.append(replace(metre, onset=onset))
    return tuple(kept)


def _chords(chords: Harmony, gone: _Gone) -> Harmony | None:
    """The chords that still sound; None where none does."""
    at = [*accumulate((ticks for ticks, _ in chords.spans), initial=chords.onset)]
    spans: list[tuple[int, str]] = []
    for (begin, end), (_, symbol) in zip(pairwise(map(gone.after, at)), chords.spans, strict=True):
        if spans and spans[-1][1] == symbol:
            spans[-1] = (spans[-1][0] + end - begin, symbol)
        elif end > begin:
            spans.append((end - begin, symbol))
    return chords._replace(spans=tuple(spans), onset=gone.after(chords.onset)) if spans else None
