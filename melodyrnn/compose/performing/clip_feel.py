"""How a clip is played, learnt from it and given to other notes: timing beside the lines, velocity and gate by place.

Each new note takes timing, velocity and gate together from one note of the clip, drawn among those at its place in the
bar, or the nearest that there is to it (`Groove.at`). So what belongs together stays together, and no note is played
as none of the clip's was.

Conventions
    span        (start, end) of a note in ticks of the melody, no longer whole.
    written     a clip's notes as somebody who takes it down would write them: on the lines, held (`articulation`); for
                the gate up to the next one, if that begins within a beat.

Contents: is_played, groove_of; PlayedSpan, grooved; in_turn (spans of a line).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.compose.performing.articulation import quantized, sustained
from melodyrnn.music.groove import PARTS_A_QUARTER, Hit, groove_of_hits
from melodyrnn.music.melody import TICKS_PER_QUARTER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.formats.midi.original import Original
    from melodyrnn.music.groove import Groove
    from melodyrnn.music.melody import Melody

PlayedSpan = tuple[float, float]
SHORTEST: Final = 1.0  # ticks that a note lasts at least
_SCALE: Final = PARTS_A_QUARTER // TICKS_PER_QUARTER
_MOST_LATE: Final = 6 * _SCALE  # parts of a note that is late and not on another line: half an eighth
_GATES: Final = (5, 110)  # per cent
_STREAM: Final = 0x636C6970  # sets these draws apart from those that composed the melody


def is_played(melody: Melody, original: Original) -> bool:
    """Whether at least half of the notes begin beside the lines that are meant, by a tick of their file or more."""
    meant = [note.onset for note in quantized(melody).notes]
    tick = TICKS_PER_QUARTER / original.raw.division
    beside = sum(abs(late) >= tick for late in _lateness(meant, original))
    return 2 * beside >= max(1, len(meant))


def _lateness(meant: Sequence[int], original: Original) -> list[float]:
    """Ticks by which notes begin after the lines that are meant."""
    onsets = original.line.onsets
    return [original.grid(onsets[k]) - line for k, line in zip(original.numbers, meant, strict=True)]


def groove_of(melody: Melody, original: Original) -> Groove:
    """How a melody is played in the file that it was read from; bars of its first metre alone count."""
    written, metre = sustained(quantized(melody)), melody.metres[0]
    line, hits = original.line, list[Hit]()
    late = _lateness([note.onset for note in written.notes], original)
    nexts = (*(note.onset for note in written.notes[1:]), None)
    for k, note, after, following in zip(original.numbers, written.notes, late, nexts, strict=True):
        if str(written.metre_at(note.onset)) != str(metre):
            continue
        sounds = original.grid(line.ends[k]) - original.grid(line.onsets[k])
        apart = metre.bar_ticks if following is None else following - note.onset
        length = apart if apart <= metre.beat_ticks else note.duration
        gate = min(max(round(100 * sounds / length), _GATES[0]), _GATES[1])
        beside = min(max(round(after * _SCALE), -_MOST_LATE), _MOST_LATE)
        hits.append(Hit(written.place(note.onset)[1], beside, line.velocities[k], gate))
    return groove_of_hits(metre.bar_ticks, metre.beat_ticks, hits)


def grooved(
    melody: Melody, new: Sequence[bool], groove: Groove, seed: int, *, flat: bool = False
) -> tuple[Melody, list[PlayedSpan]]:
    """Play new notes as a groove says; give all velocities, and when each new note sounds, the others as written.

    `flat`: velocities stay.
    """
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, _STREAM])))
    notes, spans = list(melody.notes), [(float(note.onset), float(note.end)) for note in melody.notes]
    for k, note in enumerate(notes):
        chance = float(rng.random())
        if not new[k]:
            continue
        metre = melody.metre_at(note.onset)
        found = groove.at(melody.place(note.onset)[1], metre.bar_ticks, metre.beat_ticks)
        hit = found[int(chance * len(found))]
        start = note.onset + hit.late / _SCALE
        spans[k] = (start, start + note.duration * hit.gate / 100)
        if not flat:
            notes[k] = replace(note, velocity=hit.velocity)
    return replace(melody, notes=tuple(notes)), spans


def in_turn(spans: Sequence[PlayedSpan], new: Sequence[bool], first: float, last: float) -> list[PlayedSpan]:
    """Spans of which the new ones begin in order, not before `first`, and end when the next begins, or at `last`."""
    starts = [start for start, _ in spans]
    for k, is_new in enumerate(new):
        if is_new:
            after = next((starts[j] for j in range(k + 1, len(new)) if not new[j]), last)
            earliest = starts[k - 1] + SHORTEST if k else first
            starts[k] = max(min(starts[k], after - SHORTEST), earliest)
    until = [*starts[1:], max(last, starts[-1] + SHORTEST)] if starts else []
    return [
        (start, max(min(end, stop), start + SHORTEST)) if is_new else span
        for start, span, end, stop, is_new in zip(starts, spans, (e for _, e in spans), until, new, strict=True)
    ]
