"""Which sections of a melody stand twice, note for note and chord for chord: these are written once, as repeats.

Conventions
    Ticks as in `music.melody`. A section is four bars or more of one metre, followed by itself at once; a note that
    sounds over its borders is in the way. Sections begin where the music does, with the upbeat if there is one, so that
    a repeat of a tune with an upbeat ends short of the bar line. The longest are taken first.

Contents: Repeat, literal_repeats; SOFTWARE and as_it_sounds (our own MusicXML, read again).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from copy import deepcopy
from itertools import zip_longest
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from xml.etree import ElementTree as ET

    from melodyrnn.music.melody import Melody

SOFTWARE: Final = "melodyrnn"
_FEWEST: Final = 4  # bars: two bars said twice are a phrase, and are read as notes
_MOST: Final = 32
_ONSET: Final = attrgetter("onset")


class Repeat(NamedTuple):
    """A section from `start` that comes again at `again` and has been heard twice at `end`."""

    start: int
    again: int
    end: int


def literal_repeats(melody: Melody, symbols: Mapping[int, str]) -> tuple[Repeat, ...]:
    """Find them from the beginning on, none within another."""
    found: list[Repeat] = []
    ticks, changes = sorted(symbols), [metre.onset for metre in melody.metres]
    at, bar = melody.notes[0].onset % melody.metres[0].bar_ticks, melody.metres[0].bar_ticks
    while at + 2 * _FEWEST * bar <= melody.end:
        place = bisect_right(changes, at)
        bar = melody.metres[place - 1].bar_ticks
        until = min([melody.end, *changes[place : place + 1]])  # a change of metre is in the way
        longest = min(_MOST, (until - at) // (2 * bar))
        here = (Repeat(at, at + n * bar, at + 2 * n * bar) for n in range(longest, _FEWEST - 1, -1))
        repeat = next((one for one in here if _is_literal(melody, symbols, ticks, one)), None)
        if repeat:
            found.append(repeat)
        at = repeat.end if repeat else at + bar
    return tuple(found)


def _is_literal(melody: Melody, symbols: Mapping[int, str], ticks: Sequence[int], repeat: Repeat) -> bool:
    """Whether both passes are the same; `ticks`: those of the symbols in order."""
    passes = zip_longest(_heard(melody, *repeat[:2]), _heard(melody, *repeat[1:]))
    heard = False
    for first, second in passes:
        heard = first == second
        if not heard:
            return False
    once, again = _chords(symbols, ticks, *repeat[:2]), _chords(symbols, ticks, *repeat[1:])
    if 0 not in once:  # an upbeat before the first chord: what holds over it the second time is no other music
        again.pop(0, None)
    return heard and once == again


def _heard(melody: Melody, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """What sounds in a section, from its beginning; a note that sounds over a border is like no other."""
    notes = melody.notes
    first = bisect_left(notes, start, key=_ONSET)
    if first and notes[first - 1].end > start:
        yield -1, start, 0
    for place in range(first, bisect_left(notes, end, key=_ONSET)):
        note = notes[place]
        yield (note.onset - start, note.duration, note.pitch) if note.end <= end else (-1, start, 0)


def _chords(symbols: Mapping[int, str], ticks: Sequence[int], start: int, end: int) -> dict[int, str]:
    """The chords of a section from its beginning on, where the last one may be an earlier symbol's."""
    first = bisect_right(ticks, start)
    inner = {tick - start: symbols[tick] for tick in ticks[first : bisect_left(ticks, end)]}
    return {0: symbols[ticks[first - 1]], **inner} if first else inner


def as_it_sounds(root: ET.Element) -> bool:
    """Write out the repeats of our own MusicXML, and its tempo to the digit; says whether anything was to be done.

    What others repeat is read once through (see `measures`): there it may be meant, or not. What we fold comes back.
    """
    if root.findtext("identification/encoding/software") != SOFTWARE:
        return False
    return any([*map(_told_exactly, root.iter("direction")), *map(_written_out, root.findall("part"))])


def _told_exactly(direction: ET.Element) -> bool:
    """Let a metronome mark say the tempo that sounds: on paper it is rounded."""
    sound, mark = direction.find("sound[@tempo]"), direction.find("direction-type/metronome")
    if sound is None or mark is None:
        return False
    for name, text in (("beat-unit", "quarter"), ("per-minute", sound.get("tempo"))):
        for one in mark.findall(name):
            one.text = text
    for dot in mark.findall("beat-unit-dot"):
        mark.remove(dot)
    return True


def _written_out(part: ET.Element) -> bool:
    """Let what stands between repeat signs stand twice."""
    played: list[ET.Element] = []
    start = 0
    there = part.find("measure/barline/repeat") is not None
    for measure in part.findall("measure") if there else ():
        signs = {sign.get("direction") for sign in measure.iterfind("barline/repeat")}
        for line in measure.findall("barline"):
            measure.remove(line)
        start = len(played) if "forward" in signs else start
        played.append(measure)
        if "backward" in signs:
            played += [deepcopy(one) for one in played[start:]]
            start = len(played)
    if there:
        upbeat = played[0].get("implicit") == "yes"
        for number, measure in enumerate(played, 0 if upbeat else 1):
            measure.set("number", str(number))
        part[:] = [one for one in part if one.tag != "measure"] + played
    return there
