"""Whether a melody keeps what was asked for: every promise of docs/controls.md, looked at in the notes alone.

Nothing of the look-ahead that keeps them is used here: it is what this module checks.

Contents: `broken` (Options and a melody → sentences, none if all is kept).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from melodyrnn.controls.constraints import (
    density_of,
    durations_of,
    named_pitches,
    sections_of,
)  # fmt: skip
from melodyrnn.events.vocabulary import DURATIONS
from melodyrnn.music.chords import progression
from melodyrnn.music.key import Key
from melodyrnn.music.melody import TICKS_PER_QUARTER
from melodyrnn.music.parsing import range_of, scale_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.controls.options import Options
    from melodyrnn.music.melody import Melody, Note


def broken(options: Options, melody: Melody, primed: int = 0) -> list[str]:
    """Say which promises the notes from number `primed` on do not keep."""
    new = melody.notes[primed:]
    checks = (_length, _pitches, _leaps, _density, _durations, _end, _form, _chords)
    return [said for check in checks for said in check(options, melody, new)] if new else ["there are no notes"]


def _length(options: Options, melody: Melody, new: tuple[Note, ...]) -> Iterator[str]:
    bar = melody.metres[0].bar_ticks
    fresh = new == melody.notes
    if options.bars is not None and fresh:
        bars = options.bars + (1 if options.upbeat else 0)
        if (melody.bars, melody.end) != (bars, bars * bar):
            yield f"bars: {melody.bars} that end at {melody.end}"
    if options.upbeat is not None and fresh and melody.upbeat != options.upbeat:
        yield f"upbeat: {melody.upbeat}"
    if options.loop and new[-1].end != melody.end:
        yield f"loop: the last note ends at {new[-1].end} of {melody.end}"
    if any(a.end > b.onset for a, b in pairwise(melody.notes)):
        yield "notes overlap"


def _pitches(options: Options, melody: Melody, new: tuple[Note, ...]) -> Iterator[str]:
    key = melody.key or Key(0)
    scale = scale_of(options.scale) if options.scale else key.scale
    if (options.scale and options.in_scale is None) or options.in_scale == "strict":
        outside = {n.pitch for n in new if n.pitch % 12 not in scale}
        if outside:
            yield f"scale: {outside}"
    if options.range:
        low, high = range_of(options.range)
        if not all(low <= n.pitch <= high for n in new):
            yield f"range: {min(n.pitch for n in new)}-{max(n.pitch for n in new)}"
    pitches = {n.pitch for n in new}
    for names in named_pitches(options.forbid, "forbid"):
        if names & pitches:
            yield f"forbid: {names & pitches}"
    for names in named_pitches(options.require, "require"):
        if not names & pitches:
            yield f"require: none of {sorted(names)[:3]}"


def _leaps(options: Options, melody: Melody, new: tuple[Note, ...]) -> Iterator[str]:
    if options.max_leap is None:
        return
    notes = melody.notes[len(melody.notes) - len(new) - 1 :] if len(new) < len(melody.notes) else new
    if options.loop:
        notes = (*notes, melody.notes[0])
    if any(abs(a.pitch - b.pitch) > options.max_leap for a, b in pairwise(notes)):
        yield "max-leap"


def _density(options: Options, melody: Melody, new: tuple[Note, ...]) -> Iterator[str]:
    asked = density_of(options.density, melody.metres[0])
    if asked is None or options.bars is None:
        return
    first = melody.place(new[0].onset)[0] + (1 if melody.place(new[0].onset)[1] else 0)
    for bar in range(first, melody.bars):
        count = sum(melody.place(n.onset)[0] == bar for n in new)
        if not (count >= asked[0] or bar == melody.bars - 1) or count > asked[1]:
            yield f"density: {count} notes in bar {bar + 1}"


def _durations(options: Options, melody: Melody, new: tuple[Note, ...]) -> Iterator[str]:
    rows = durations_of(options.durations)
    if rows is None:
        return
    values = {DURATIONS[row] for row in rows}
    rests = {b.onset - a.end for a, b in pairwise(new)} | ({melody.end - new[-1].end} if options.bars else set())
    if {n.duration for n in new} - values or rests - values - {0}:
        yield f"durations: {({n.duration for n in new} | rests) - values}"


def _end(options: Options, melody: Melody, new: tuple[Note, ...]) -> Iterator[str]:
    if options.last_steps is None:
        return
    last, key = new[-1], melody.key or Key(0)
    place, metre = melody.place(last.onset)[1], melody.metre_at(last.onset)
    if last.pitch % 12 not in {key.scale[step] for step in options.last_steps}:
        yield f"end: on {last.pitch}"
    beat, bar = metre.beat_ticks, metre.bar_ticks
    long = min(beat, bar - place) if beat >= TICKS_PER_QUARTER else min(TICKS_PER_QUARTER, bar)
    if place % beat or last.duration < long:
        yield f"end: {last.duration} ticks, {place} into the bar"


def _form(options: Options, melody: Melody, new: tuple[Note, ...]) -> Iterator[str]:
    sections = sections_of(options.form)
    if sections is None or options.bars is None:
        return
    bar = melody.metres[0].bar_ticks
    length, first = options.bars // len(sections) * bar, new[0].onset
    known: dict[str, list[tuple[int, int, int]]] = {}
    for k, (letter, varied) in enumerate(sections):
        at = first + k * length
        notes = [(n.onset - at, n.duration, n.pitch) for n in new if at <= n.onset < at + length]
        if not notes or notes[0][0] or notes[-1][0] + notes[-1][1] > length + (options.upbeat or 0):
            yield f"form: section {k + 1} does not stand by itself"
        if varied:
            same = [[n for n in part if n[0] < length - bar] for part in (notes, known[letter])]
            if same[0] != same[1]:
                yield f"form: section {k + 1} is not {letter}'"
        elif known.setdefault(letter, notes) != notes:
            yield f"form: section {k + 1} is not {letter}"


def _chords(options: Options, melody: Melody, new: tuple[Note, ...]) -> Iterator[str]:
    if options.chords is None or options.chord_tones != "rule":
        return
    metre = melody.metres[0]
    spans = progression(options.chords, metre)
    start = melody.bar_onset(1 if melody.upbeat else 0)
    around = sum(ticks for ticks, _ in spans)
    for note in (n for n in new if n.onset >= start):
        at, k = (note.onset - start) % around, 0
        while at >= spans[k][0]:
            at, k = at - spans[k][0], k + 1
        chord = spans[k][1]
        place = melody.place(note.onset)[1]
        metre = melody.metre_at(note.onset)
        middle = metre.bar_ticks // metre.beat_ticks % 4 == 0 and place == metre.bar_ticks // 2
        if chord.tones and (at == 0 or place == 0 or middle) and note.pitch % 12 not in chord.tones:
            yield f"chords: {note.pitch} at {note.onset} over {chord.symbol}"
