"""New notes put between those that stay.

Contents: `between`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from melodyrnn.compose.loudness import velocity_of
from melodyrnn.events.vocabulary import DURATIONS, PITCHES, RESTS
from melodyrnn.music.melody import Melody, Note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.compose.gaps import Gap
    from melodyrnn.compose.sampling.filters import Indices
    from melodyrnn.controls.options import Options
    from melodyrnn.events.tokenizer import Encoded


def between(
    melody: Melody, encoded: Encoded, gaps: list[Gap], fresh: list[Indices], options: Options, *, same_pitches: bool
) -> Melody:
    """The melody with new notes in its gaps; the others stay as they are."""
    loudness = velocity_of(melody, options.velocity, melody.notes)
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
            if same_pitches and options.velocity is None:
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
