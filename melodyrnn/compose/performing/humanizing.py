"""A melody that is there, played less exactly: its file with other onsets, lengths and velocities.

With a groove each note goes a share of the way from how it sounds to how the groove has it. Without one it is moved
from where it is as `performance.play` moves notes that are on the grid, and accents lie on bar lines and beats.

Contents: humanized.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from melodyrnn.compose.performing.articulation import quantized, sustained
from melodyrnn.compose.performing.clip_feel import SHORTEST, PlayedSpan, grooved
from melodyrnn.compose.performing.performance import Feel, play, velocity_of
from melodyrnn.errors import OptionError
from melodyrnn.formats.midi.original import Original, SoundingNote
from melodyrnn.formats.midi.patch import Changes, patched
from melodyrnn.music.groove import PARTS_A_QUARTER
from melodyrnn.music.melody import TICKS_PER_QUARTER, Melody

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.music.groove import Groove

_ACCENT: Final = 0.5  # of the usual differences between bar lines, beats and the rest, at strength 1
_PARTS_A_TICK: Final = PARTS_A_QUARTER // TICKS_PER_QUARTER


def humanized(melody: Melody, original: Original, groove: Groove | None, *, strength: float, seed: int = 0) -> bytes:
    """The file of a melody, played by so much (0..1) as a groove or by hand; at 0 its own bytes. Raises OptionError."""
    if not 0 <= strength <= 1:
        raise OptionError("strength", f"{strength} is not a number from 0 to 1")
    if strength == 0 or not melody.notes:
        return original.data
    sounds = [owned[0].pair.sound for owned in original.places()]
    spans = [(original.grid(sound.onset), original.grid(sound.end)) for sound in sounds]
    if groove is None:
        meant, louder = _by_hand(melody, spans, strength, seed)
    else:
        meant, louder = _as_groove(melody, spans, groove, strength, seed)
    moved: dict[int, SoundingNote] = {}
    for k, (sound, (start, end)) in enumerate(zip(sounds, _in_order(spans, meant, original.grid(0)), strict=True)):
        onset = original.tick(start)
        velocity = max(1, min(127, round(sound.velocity + louder[k])))
        moved[k] = SoundingNote(onset, max(original.tick(end), onset + 1), sound.pitch, velocity)
    return patched(original, Changes(moved=moved, together=True)).data


def _as_groove(
    melody: Melody, spans: Sequence[PlayedSpan], groove: Groove, strength: float, seed: int
) -> tuple[list[PlayedSpan], list[float]]:
    """When notes sound on their way to a groove, and how much louder they are."""
    written = sustained(quantized(melody))
    played, there = grooved(written, [True] * melody.size, groove, seed)
    towards = [
        (start + strength * (a - start), end + strength * (b - end))
        for (start, end), (a, b) in zip(spans, there, strict=True)
    ]
    louder = [strength * (note.velocity - was.velocity) for note, was in zip(played.notes, melody.notes, strict=True)]
    return towards, louder


def _by_hand(
    melody: Melody, spans: Sequence[PlayedSpan], strength: float, seed: int
) -> tuple[list[PlayedSpan], list[float]]:
    """When notes sound a little beside where they did, and how much louder they are."""
    played, timing = play(melody, Feel(humanize=strength), seed)
    accents = [velocity_of(melody, None)(note.onset) for note in melody.notes]
    mean = sum(accents) / len(accents)
    late = [start / _PARTS_A_TICK - note.onset for (start, _), note in zip(timing, melody.notes, strict=True)]
    moved = [(start + by, end + by) for (start, end), by in zip(spans, late, strict=True)]
    louder = [
        note.velocity - was.velocity + strength * _ACCENT * (accent - mean)
        for note, was, accent in zip(played.notes, melody.notes, accents, strict=True)
    ]
    return moved, louder


def _in_order(spans: Sequence[PlayedSpan], meant: Sequence[PlayedSpan], first: float) -> list[PlayedSpan]:
    """Spans that begin in order, not before `first`; a note that let the next begin in silence still does."""
    starts: list[float] = []
    for start, _ in meant:
        starts.append(max(start, starts[-1] + SHORTEST if starts else first))
    ordered: list[PlayedSpan] = []
    for k, (start, (_, end)) in enumerate(zip(starts, meant, strict=True)):
        until = end
        if k + 1 < len(starts):
            overlaps = max(0.0, spans[k][1] - spans[k + 1][0])
            until = min(end, starts[k + 1] + overlaps)
        ordered.append((start, max(until, start + SHORTEST)))
    return ordered
