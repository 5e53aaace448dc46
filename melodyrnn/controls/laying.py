"""Material laid out on the clock of a frame: where its notes begin, how long they last, which pitches they have.

Controls import it where they constrain: it waits for NumPy.

Contents: laid_rhythm, laid_pattern, laid_motif (masks); laid_line, held_breath; leaning_to_rests, leaning_to_last,
leaning_to_motif, leaning_to_role (preferences).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.constraints.automaton import InOrder
from melodyrnn.constraints.breath import EIGHTH, Breath, Breathing, resting
from melodyrnn.constraints.recall import Recalled, held, paced, recalling
from melodyrnn.constraints.roles import in_rhythm, moving, recurring, role_of
from melodyrnn.controls.rules import Mask, Preference
from melodyrnn.errors import OptionError, Unsatisfiable
from melodyrnn.events.vocabulary import DURATIONS, PITCHES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from melodyrnn.controls.clock import Frame
    from melodyrnn.inference.numpy_network import Logs

_SHORTEST: Final = 3  # ticks of a step
_MOST_UNITS: Final = 16  # in which a stretch is counted, for each is a state of the look-ahead
_TO_ROOT: Final = 3.0  # nats against other notes of a bass where a chord begins


def laid_rhythm(frame: Frame, notes: Sequence[tuple[int, int]]) -> Mask:
    """Exactly these notes (onset, ticks), and no others. Raises Unsatisfiable for a length that the tables lack."""
    durations = np.zeros((frame.end + 1, len(DURATIONS)), bool)
    onsets = np.zeros(frame.end + 1, bool)
    for onset, ticks in notes:
        if ticks not in DURATIONS:
            raise Unsatisfiable("rhythm", f"no note lasts {ticks}/96 of a whole; write it as two")
        durations[onset, DURATIONS.index(ticks)] = onsets[onset] = True
    last, ticks = notes[-1]
    return Mask(durations=durations, onsets=onsets, must=onsets, over=frame.ticks == last + ticks)


def laid_pattern(frame: Frame, bars: Iterable[tuple[int, int, str]]) -> Mask:
    """Onsets of patterns in bars (first tick, end, signs): x comes in whole bars but the last. Raises OptionError."""
    onsets, must = np.zeros((2, frame.end + 1), bool)
    whole, last = set(frame.composed()), max(frame.lines[-2], 0)
    for a, b, pattern in bars:
        step, rest = divmod(b - a, len(pattern))
        if rest or step < _SHORTEST:
            raise OptionError("onsets", f"a bar of {frame.metre(a)} has no {len(pattern)} equal steps on the grid")
        for k, sign in enumerate(pattern):
            tick = a + k * step
            if tick >= 0:
                onsets[tick] = sign != "."
                must[tick] = sign == "x" and (a, b) in whole and a < last
    if frame.onset is not None and not onsets[frame.onset]:
        if frame.onset in frame.lines:
            raise OptionError("onsets", "a melody begins on its first bar line; let the pattern begin with x or ?")
        onsets[frame.onset] = True  # of an upbeat, or after a prime
    return Mask(onsets=onsets, must=must)


def laid_motif(frame: Frame, starts: Sequence[int], motif: Sequence[tuple[int, int | None]]) -> Mask:
    """A motif (ticks, pitch or None) at some ticks, in order, and nothing beside it. Raises Unsatisfiable."""
    ticks = frame.end + 1
    onsets, must = np.ones(ticks, bool), np.zeros(ticks, bool)
    durations, pitches = np.ones((ticks, len(DURATIONS)), bool), np.ones((ticks, len(PITCHES)), bool)
    tick = 0
    for start in starts:
        tick = start
        for length, pitch in motif:
            onsets[tick : tick + length] = False
            if pitch is not None:
                if length not in DURATIONS or tick + length > frame.end:
                    raise Unsatisfiable("motif", f"a note of {length}/96 of a whole has no place at tick {tick}")
                onsets[tick] = must[tick] = True
                durations[tick] = np.asarray(DURATIONS) == length
                pitches[tick] = frame.sounding == pitch
            tick += length
    return Mask(pitches=pitches, durations=durations, onsets=onsets, must=must, over=frame.ticks > tick - 1)


def leaning_to_last(frame: Frame, mask: Mask, lean: float) -> Preference:
    """Notes last to the next onset that must come, or to the end."""
    assert mask.must is not None  # noqa: S101 - it is laid out
    return Preference(duration=held([*np.flatnonzero(mask.must).tolist(), frame.end], lean))


def leaning_to_motif(
    frame: Frame, starts: Sequence[int], motif: Sequence[tuple[int, int | None]], lean: float
) -> Preference:
    """From some ticks on the melody takes up a motif on other steps."""
    rest, duration, pitch = recalling(Recalled.of(motif, frame.key.scale), starts, frame.sounding, lean)
    return Preference(rule=pitch, duration=duration, rest=rest)


def laid_line(frame: Frame, line: Sequence[int]) -> Iterator[InOrder | Preference]:
    """MIDI numbers in order, at such a pace that they last. Raises Unsatisfiable for those that lie too far away."""
    rows = np.searchsorted(frame.sounding, line)
    if not (np.take(frame.sounding, rows, mode="clip") == line).all():
        raise Unsatisfiable("pitches", "they lie more than three octaves from where the melody begins")
    yield InOrder(rows, frame.end + 1)
    if frame.exact:
        yield Preference(duration=paced(len(rows), frame.end))


def held_breath(
    frame: Frame, length: int, joints: Sequence[int], seams: Sequence[int]
) -> Iterator[Breath | Preference]:
    """No stretch of more than so many ticks, and where one ends silence is leant to.

    `joints`: onsets before which there is a breath, but in a loop; `seams`: those across which a stretch may go on.
    """
    first, loop = frame.start if frame.onset is None else frame.onset, frame.setting.loop
    unit = EIGHTH
    while length > _MOST_UNITS * unit:
        unit *= 2
    seams = [first, *joints, *seams] if loop else seams
    yield Breath(length // unit, seams, () if loop else joints, loop=loop, unit=unit)
    ends = list(range(first + length, frame.end, length))
    if ends and frame.setting.rests is None:
        silence = min(max(length / 8, EIGHTH), 2 * EIGHTH)
        yield leaning_to_rests(frame, ends, silence / length)


def leaning_to_rests(frame: Frame, ends: Sequence[int], share: float) -> Preference:
    """Silence is leant to at such ends, so much of the time up to them."""
    beats = np.array([frame.metre(end - 1).beat_ticks for end in ends])
    start = None if frame.before is None else frame.start
    rest, duration = resting(Breathing(np.array(ends), beats, share, start))
    return Preference(rest=rest, duration=duration)


def leaning_to_role(
    frame: Frame, name: str, shares: tuple[float, float, float], *, few: bool, rhythm: bool
) -> Iterator[Preference]:
    """Steps of a role, and if wanted its rhythm; with `few` pitches what came comes back as in a riff.

    `shares` of the probability that the steps give out: in the first bar, where there is nothing yet to go on from; in
    the last beat of each second bar, which leads on; and elsewhere.
    """
    assert frame.allowed is not None  # noqa: S101 - `rules_of` has told them
    bar, role = frame.melody.metres[0].bar_ticks, role_of(name)
    places, share = np.full(frame.end + 1, 3), np.full(frame.end + 1, shares[2])
    fresh = np.zeros(frame.end + 1, bool)
    for number, (a, b) in enumerate(pairwise(line for line in frame.lines if line >= frame.start - bar)):
        beat = frame.metre(a).beat_ticks
        for step, strength in ((beat // 2, 2), (beat, 1), (b - a, 0)):
            places[[tick for tick in range(a, b, step) if tick >= 0]] = strength
        new = slice(max(a if not number else b - beat if number % 2 else b, 0), b)
        share[new], fresh[new] = shares[1] if number else shares[0], True
    pitch = moving(role, frame.key, frame.sounding, frame.allowed, places, share)
    roots = _to_roots(frame) if name == "bass" else None
    yield Preference(roots, duration=in_rhythm(role, places) if rhythm else None, mixed=pitch)
    if few:
        yield Preference(mixed=recurring(role_of("riff"), frame.allowed, bar, fresh))


def _to_roots(frame: Frame) -> Logs | None:
    """Where a chord begins a bass leans to its lowest note, (T, P); None without chords."""
    spans = [(at, chord) for at, _, chord in frame.chord_spans() if at >= 0 and chord.tones]
    costs = np.zeros((frame.end + 1, len(PITCHES)))
    for at, chord in spans:
        costs[at] = np.where(frame.of_classes(chord.tones[:1]), 0.0, -_TO_ROOT)
    return costs if spans else None
