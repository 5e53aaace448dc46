"""Gaps in a melody: bars to be composed anew, as stretches of the network's clock between notes that stay.

What stays is heard in values of the tables, which need not be its own: a note may be heard a little longer or
shorter than it is. The bars to be filled are never bent: in each run of them the clock and the melody differ by one
constant, so what is composed there needs no moving, and leaves alone what stays. Silences longer than any rest of
the tables are heard shorter by whole bars.

Conventions
    windows     half open, in ticks of the melody; spans are the same, in ticks of the clock.
    rows        (notes, 3): rest, duration and pitch, rows of the tables.

Contents: windows_of (bars → windows, by gap), Heard (where the clock stands), Gap, gaps_at, sounding_apart; between
(new notes put between those that stay).
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.compose.fixed_notes import Given
from melodyrnn.compose.performing.performance import velocity_of
from melodyrnn.compose.prompt import whole_bars
from melodyrnn.constraints.logit_rules import NONE, SHORTEST_GAP
from melodyrnn.controls.clock import Frame
from melodyrnn.events.vocabulary import DURATION_TICKS, DURATIONS, PITCHES, REST_TICKS, RESTS, nearest, onsets_of
from melodyrnn.music.melody import Melody, Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from melodyrnn.controls.setting import Setting
    from melodyrnn.events.tokenizer import Encoded
    from melodyrnn.events.vocabulary import Indices

    Windows = tuple[tuple[int, int], ...]


LISTENED: Final = 24  # notes after a gap that are heard before one particle is chosen


@dataclass(frozen=True, slots=True)
class Heard:
    """What the network has heard of the notes that stay, up to a gap."""

    number: int = 0  # the first note that is not yet heard
    tick: int = 0  # where the clock stands
    shift: int = 0  # what turns the clock's ticks into the melody's


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch to be composed anew between two notes that stay."""

    first: int  # number of the first note that goes
    last: int  # number of the first note after it, which stays
    kept: Indices  # rows of the notes since the gap before; the first rest counts from `heard.tick` of that gap
    tick: int  # where the last of them has ended
    spans: Windows  # where new notes begin and end
    shifts: tuple[int, ...]  # of each span: what turns the clock's ticks into the melody's
    after: tuple[Given, ...]
    ends: bool  # nothing but END follows `after`

    @property
    def end(self) -> int:
        """Tick after the last span."""
        return self.spans[-1][1]

    @property
    def onset(self) -> int:
        """Where the first of the notes after it begins."""
        return self.after[0].onset

    def sounding(self, tick: int) -> int:
        """The melody's tick that a tick of the clock inside a span stands for."""
        return tick + self.shifts[sum(a <= tick for a, _ in self.spans) - 1]

    def begins(self, melody: Melody) -> int | None:
        """Where the first new note is to stand: where the melody begins, if that goes; else anywhere."""
        begun = melody.notes[0].onset - self.shifts[0] if melody.notes and not self.first else self.end
        return begun if self.spans[0][0] <= begun < self.spans[0][1] else None

    def frame(self, setting: Setting, melody: Melody, encoded: Encoded, onset: int | None) -> Frame:
        """Where the new notes stand, the first at `onset` if one is given."""
        over = self.after[-1].end if self.after else self.end
        bar = melody.metre_at(self.end + self.shifts[-1] - 1).bar_ticks
        return Frame(
            setting=setting, melody=replace(melody, notes=(), length=0), key=encoded.key, anchor=encoded.anchor,
            onset=onset, spans=self.spans, start=self.spans[0][0], end=over, before=self.kept,
            latest=self.after[0].onset if self.after else over - 1,
            last_bar=over - 1 if self.after else max(over - bar, self.tick - 1), shift=self.shifts[0],
            last=int(encoded.pitches[self.first - 1]) if self.first else NONE, upbeat=melody.upbeat,
        )  # fmt: skip


def windows_of(melody: Melody, bars: Iterable[int]) -> list[Windows]:
    """Bars (from 0) as windows, those between which no note stays together.

    Bars through which a note from before sounds have no room for another; they are left out.
    """
    windows: list[tuple[int, int]] = []
    for bar in sorted(set(bars)):
        begin, end = melody.bar_onset(bar), melody.bar_onset(bar + 1)
        if windows and windows[-1][1] == begin:
            begin = windows.pop()[0]
        windows.append((begin, end))
    found: list[Windows] = []
    for begin, end in windows:
        number = bisect_left(melody.notes, begin, key=lambda note: note.onset)
        before = melody.notes[number - 1] if number else None
        stays = before is not None and not any(a <= before.onset < b for a, b in windows)
        if before is not None and stays and before.end >= end:
            continue
        if found and (before is None or before.onset < found[-1][-1][1]):
            found[-1] = (*found[-1], (begin, end))
        else:
            found.append(((begin, end),))
    return found


def gaps_at(melody: Melody, encoded: Encoded, windows: Windows, heard: Heard, until: int) -> Iterator[Gap]:
    """One gap, and others in which what follows is heard later, for where the first leaves nothing that fits.

    `until`: number of the first note of the next gap, or of notes in all.
    """
    first = sum(note.onset < windows[0][0] for note in melody.notes)
    last = sum(note.onset < windows[-1][1] for note in melody.notes)
    kept = _rows(melody, encoded, range(heard.number, first), heard)
    tick = heard.tick + int((REST_TICKS[kept[:, 0]] + DURATION_TICKS[kept[:, 1]]).sum())
    free = windows[0][0]
    if first:
        sounding = melody.notes[first - 1].end
        free = max(free, sounding)
        if tick != sounding - heard.shift:
            tick = _aligned(kept, tick, sounding - heard.shift, free - heard.shift)
    spans, shifts = _spans(melody, ((free, windows[0][1]), *windows[1:]), tick, heard.shift)
    end, shift, begins = spans[-1][1], shifts[-1], range(last, min(until, last + LISTENED))
    gap = Gap(first, last, kept, tick, spans, shifts, (), ends=last == until == len(melody.notes))
    if not begins:
        yield gap
        return
    onset = melody.notes[last].onset - shift
    bar = melody.metre_at(end + shift).bar_ticks
    tried = max(end, onset - whole_bars(max(0, onset - end), bar) * bar)
    for at in dict.fromkeys((tried, end + _above(tried - end), tick + _above(tried - tick))):
        if at >= end:
            begun = Heard(last, at, melody.notes[last].onset - at)
            rows = _rows(melody, encoded, begins, begun)
            onsets = at + onsets_of(rows[:, 0], rows[:, 1])
            after = tuple(Given(int(o), int(d), int(p)) for o, (_, d, p) in zip(onsets, rows, strict=True))
            yield replace(gap, after=after, ends=last + LISTENED >= len(melody.notes) == until)


def _spans(melody: Melody, windows: Windows, tick: int, shift: int) -> tuple[Windows, tuple[int, ...]]:
    """Windows on the clock, from a tick at which it differs by `shift`; silences before them can be said."""
    spans, shifts = [], []
    for a, b in windows:
        bar = melody.metre_at(a).bar_ticks
        shift += whole_bars(a - shift - tick, bar) * bar
        tick = b - shift
        spans.append((a - shift, tick))
        shifts.append(shift)
    return tuple(spans), tuple(shifts)


def _rows(melody: Melody, encoded: Encoded, numbers: range, heard: Heard) -> Indices:
    """Notes that stay, from a tick of the clock on, as they are heard: each rest from where the clock really is."""
    rows, tick = np.zeros((len(numbers), 3), np.int64), heard.tick
    for row, k in zip(rows, numbers, strict=True):
        note = melody.notes[k]
        rest = nearest(RESTS, np.array([max(0, note.onset - heard.shift - tick)]))[0]
        row[:] = rest, encoded.durations[k], encoded.pitches[k]
        tick += RESTS[rest] + DURATIONS[row[1]]
    return rows


def _aligned(kept: Indices, tick: int, sounding: int, free: int) -> int:
    """Let the last note be heard as over by `sounding`, where it ends, and give the tick at which it is.

    If it is but a splinter from there to `free`, where new notes may begin, it is heard up to that.
    """
    onset = tick - int(DURATION_TICKS[kept[-1, 1]])
    until = free if free - sounding < SHORTEST_GAP else sounding
    kept[-1, 1] = max(0, int(np.searchsorted(DURATION_TICKS, until - onset, "right")) - 1)
    return onset + int(DURATION_TICKS[kept[-1, 1]])


def _above(silence: int) -> int:
    """The shortest rest of the tables that is no shorter than a silence; the longest if none is."""
    return int(REST_TICKS[min(int(np.searchsorted(REST_TICKS, silence)), len(RESTS) - 1)])


def sounding_apart(gap: Gap, played: Melody) -> Windows:
    """The spans of a gap, less what the notes on both sides really take of it, beside the lines they are heard on."""
    spans = list(gap.spans)
    if gap.first:
        spans[0] = (max(spans[0][0], played.notes[gap.first - 1].end - gap.shifts[0]), spans[0][1])
    if gap.after:
        over = played.notes[gap.last].onset - gap.shifts[-1]
        spans[-1] = (spans[-1][0], min(spans[-1][1], over))
    return tuple((min(a, b), b) for a, b in spans)


def between(
    melody: Melody, encoded: Encoded, gaps: list[Gap], fresh: list[Indices], velocity: int | None, *, same_pitches: bool
) -> Melody:
    """The melody with new notes in its gaps; the others stay as they are."""
    loudness = velocity_of(melody, velocity, melody.notes)
    notes: list[Note] = []
    last = 0
    for gap, rows in zip(gaps, fresh, strict=True):
        notes += melody.notes[last : gap.first]
        tick, last = gap.tick, gap.last
        for k, (rest, duration, pitch) in enumerate(rows.tolist()):
            onset = tick + RESTS[rest]
            tick = onset + DURATIONS[duration]
            sounding = melody.notes[gap.first + k].pitch if same_pitches else encoded.anchor + PITCHES[pitch]
            loud = loudness(gap.sounding(onset))
            if same_pitches and velocity is None:
                loud = melody.notes[gap.first + k].velocity
            notes.append(Note(gap.sounding(onset), DURATIONS[duration], sounding, loud))
    whole = _parted([*notes, *melody.notes[last:]], frozenset(melody.notes))
    length = max(melody.end, whole[-1].end) if melody.length or last == len(melody.notes) else 0
    return replace(melody, notes=whole, length=length)


def _parted(notes: Sequence[Note], given: frozenset[Note]) -> tuple[Note, ...]:
    """New notes begin and end where those that stay really do, beside the lines on which these were heard."""
    parted: list[Note] = []
    for note, following in zip(notes, (*notes[1:], None), strict=True):
        onset, end = note.onset, note.end
        if note not in given:
            onset = max(onset, parted[-1].end if parted else 0)
            end = min(end, following.onset) if following in given and following is not None else end
        if onset < end:  # else it was a splinter
            parted.append(replace(note, onset=onset, duration=end - onset))
    return tuple(parted)
