"""How well a finished melody is made: contrast of its sections, cadences, breath, arch, economy, each from 0 to 1.

Conventions
    Anatomy      the sections and phrases that were asked for. Where no phrases were, a phrase has four bars (two, of
                melodies shorter than eight).
    statement   the first time that music stands: what a form says again, note for note, is no statement, so that
                repetition which was asked for is not held against a melody.
    shape       of a bar: place, ticks and pitch above its first note of each note; bars of one shape are the same up to
                transposition.

Contents: Anatomy, anatomy_of, statements; contrast, cadence, breath, arch, economy.
"""

from __future__ import annotations

import re
from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING, Final, NamedTuple

from melodyrnn.music.melody import TICKS_PER_QUARTER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.controls.setting import Setting
    from melodyrnn.music.melody import Melody, Note

    Shape = tuple[tuple[int, int, int], ...]

_USUAL_PHRASE: Final = 4  # bars
_HEIGHT: Final = 2.0  # semitones between the mean pitches of sections that lie apart
_DENSER: Final = 1.25  # times as many notes
_BREATH: Final = TICKS_PER_QUARTER // 2  # ticks of the shortest silence that is one
_LONGER: Final = 1.5  # times the mean of its phrase that a note lasts which ends one
_PEAK: Final = (0.25, 0.9)  # where the highest note belongs, as shares of the time
_TWICE: Final = 2  # times that it may come
_FEW, _MANY = 0.25, 0.6  # shares of different rhythms among the bars: of 608 songs and dances 5 and 95 in 100 lie there


class SectionHeard(NamedTuple):
    """A section of a form: its letter, whether it is said again, all of it or all but its last bar, and its ticks."""

    letter: str
    again: bool
    varied: bool
    start: int
    end: int


class Anatomy(NamedTuple):
    """What was asked of a melody's parts; ticks of the melody."""

    sections: tuple[SectionHeard, ...] = ()
    phrases: tuple[int, ...] = ()  # where each ends, the last with the music
    closes_on: tuple[int, ...] = ()  # pitch classes on which it was to end; () = not asked


def anatomy_of(melody: Melody, setting: Setting, begin: int = 0) -> Anatomy:
    """The sections and phrases of a melody whose first new note is number `begin`."""
    closes = () if melody.key is None else tuple(melody.key.scale[step] for step in setting.closes_on)
    sections = tuple(_sections(melody, setting.form)) if setting.form and not begin else ()
    return Anatomy(sections, tuple(_phrase_ends(melody, setting.phrase, begin)), closes)


def _sections(melody: Melody, form: str) -> Iterator[SectionHeard]:
    """Sections of equal length, from upbeat to upbeat."""
    named = re.findall(r"([A-Z])([^A-Z]*)", form)
    bar = melody.metres[0].bar_ticks
    length = (melody.bars - (melody.upbeat > 0)) // len(named) * bar
    start, known = (bar - melody.upbeat) % bar, set[str]()
    for letter, mark in named:
        again = letter in known and mark in {"", "'"}
        yield SectionHeard(letter, again, mark == "'", start, start + length)
        known.add(letter)
        start += length


def _phrase_ends(melody: Melody, asked: Sequence[int], begin: int) -> Iterator[int]:
    """Bar lines, less the upbeat, at which phrases end, and the end of the music."""
    first = melody.place(melody.notes[begin].onset)[0] + (begin == 0 and melody.upbeat > 0)
    usual = _USUAL_PHRASE if melody.bars - first >= 2 * _USUAL_PHRASE else _USUAL_PHRASE // 2
    lengths = [*asked] or [usual]
    bar, number = first, 0
    while True:
        bar += lengths[min(number, len(lengths) - 1)]
        number += 1
        if bar >= melody.bars:
            break
        yield melody.bar_onset(bar) - (0 if begin else melody.upbeat)
    yield melody.end


def statements(melody: Melody, layout: Anatomy) -> Melody:
    """A melody without what its form says again."""
    again = [
        (one.start, one.end - melody.metres[0].bar_ticks * one.varied) for one in layout.sections if one.again
    ]  # a varied one says its last bar for the first time
    notes = tuple(note for note in melody.notes if not any(a <= note.onset < b for a, b in again))
    return replace(melody, notes=notes or melody.notes)


def contrast(melody: Melody, layout: Anatomy) -> float:
    """How far new letters lie from earlier ones; 1 without a form of several.

    Half of it is the share of bars that the nearest earlier letter has not, up to transposition; half whether the two
    differ by register (two semitones in the mean) or density (a quarter more notes).
    """
    new = [one for one in layout.sections if not one.again]
    parts = {one.letter: _within(melody, one.start, one.end) for one in reversed(new)}
    letters = [one.letter for one in new if parts[one.letter]]
    far = [
        min(_apart(melody, parts[letter], parts[earlier]) for earlier in letters[:k])
        for k, letter in enumerate(letters)
        if k and letter not in letters[:k]
    ]
    return fmean(far) if far else 1.0


def _apart(melody: Melody, own: Sequence[Note], other: Sequence[Note]) -> float:
    shapes, known = list(_shapes(melody, own).values()), set(_shapes(melody, other).values())
    new = sum(shape not in known for shape in shapes) / len(shapes)
    height = abs(fmean(note.pitch for note in own) - fmean(note.pitch for note in other)) >= _HEIGHT
    density = max(len(own), len(other)) >= _DENSER * min(len(own), len(other))
    return (new + (height or density)) / 2


def cadence(melody: Melody, layout: Anatomy) -> float:
    """How well it closes: half for a last note on a beat, a beat long; half for its degree.

    The tonic counts whole, third and fifth half; where an ending was asked for, its degrees alone, whole.
    """
    last, metre = melody.notes[-1], melody.metre_at(melody.notes[-1].onset)
    long = min(max(metre.beat_ticks, TICKS_PER_QUARTER), metre.bar_ticks)
    rests = melody.place(last.onset)[1] % metre.beat_ticks == 0 and last.duration >= long
    if melody.key is None:
        return float(rests)
    degree = (last.pitch - melody.key.tonic) % 12
    home = 1.0 if degree == 0 else 0.5 if degree in {3, 4, 7} else 0.0
    if layout.closes_on:
        home = float(last.pitch % 12 in layout.closes_on)
    return (rests + home) / 2


def breath(melody: Melody, layout: Anatomy) -> float:
    """Share of the phrases, but for the last, that end on a rest of an eighth, or on a note half as long again as most.

    That is, as their mean, and a beat at least. 1 where there is one phrase alone.
    """
    breathes = []
    begin = melody.notes[0].onset
    for end in layout.phrases[:-1]:
        inside, after = _within(melody, begin, end), [note for note in melody.notes if note.onset >= end]
        begin = end
        if inside and after:
            last = inside[-1]
            long = max(melody.metre_at(last.onset).beat_ticks, _LONGER * fmean(note.duration for note in inside))
            breathes.append(after[0].onset - last.end >= _BREATH or last.duration >= long)
    return fmean(map(float, breathes)) if breathes else 1.0


def arch(melody: Melody) -> float:
    """Whether it goes to a height and comes back: half for where its highest note stands first, half for how often.

    It belongs between a quarter and nine tenths of the time (0 at either end), in one or two different bars.
    """
    top, begin = max(note.pitch for note in melody.notes), melody.notes[0].onset
    heights = [note for note in melody.notes if note.pitch == top]
    at = (heights[0].onset - begin) / max(1, melody.notes[-1].onset - begin)
    low, high = _PEAK
    place = min(1.0, at / low, (1 - at) / (1 - high))
    shapes = _shapes(melody, melody.notes)
    times = len({shapes[melody.place(note.onset)[0]] for note in heights})
    return (max(0.0, place) + min(1.0, _TWICE / times)) / 2


def economy(melody: Melody) -> float:
    """Whether it makes much of little: 1 where between 25 and 60 in 100 of its bars differ in rhythm.

    Fewer rhythms are poor, more are a medley: it falls towards 0, and to a third where every bar has its own.
    """
    bars = [tuple((place, ticks) for place, ticks, _ in shape) for shape in _shapes(melody, melody.notes).values()]
    different = len(set(bars)) / len(bars)
    if different < _FEW:
        return different / _FEW
    return 1.0 if different <= _MANY else 1 - (different - _MANY) / (1 - _MANY) * 2 / 3


def _within(melody: Melody, begin: int, end: int) -> list[Note]:
    return [note for note in melody.notes if begin <= note.onset < end]


def _shapes(melody: Melody, notes: Sequence[Note]) -> dict[int, Shape]:
    """The shape of each bar in which one of these notes begins."""
    bars: dict[int, list[tuple[int, Note]]] = {}
    for note in notes:
        bar, place = melody.place(note.onset)
        bars.setdefault(bar, []).append((place, note))
    return {
        bar: tuple((place, note.duration, note.pitch - own[0][1].pitch) for place, note in own)
        for bar, own in bars.items()
    }
