"""What melodies are like, one by one and counted over a training set: repetition, forms, endings, registers.

The network predicts the first note relative to an anchor that the first note itself determines: its pitch class
in the key, not its octave. The octave is predicted here, from the first pitches of the training melodies, and
its bits are charged to the first note, so that no held-out figure gets the octave for nothing.

Conventions
    forms       "STYLE METRE UPBEAT BARS" → melodies, such as "2 6/8 12 16": row of the style (0 = none), metre, ticks
                of the upbeat, full bars after it.
    ends        "STYLE MODE DEGREE" → melodies, such as "2 minor 0": degree = semitones from the tonic up to the last
                note, 0..11.
    phrases     "STYLE METRE BARS LENGTH" → melodies of so many bars whose phrases have this length, in bars, all but
                the last, which may be shorter; 0 = they differ, or nothing tells them.
    tails       "STYLE METRE UPBEAT SILENCE" → melodies, such as "2 6/8 12 12": ticks of the upbeat, and ticks from the
                end of the last note to the end of its bar.
    registers   first pitch (MIDI number) → melodies that begin on it.

Contents: compass, repetition, thrice; drawn (one of what is counted); Form, count_forms, count_ends, form_of, forms_in,
can_begin, usual_metre, usual_form, ends_known, ends_in; phrase_length, count_phrases, phrase_lengths; tail_of,
count_tails, tails_known; harmonised, knows_chords; first_pitch, count_registers, with_base, register_bits.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import numpy as np

from melodyrnn.events import viewpoints as vp
from melodyrnn.events.vocabulary import DURATION_TICKS, METRES, PITCHES, RESTS, onsets_of
from melodyrnn.music.key import MODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from melodyrnn.events.columns import Columns


def compass(melody: Columns) -> int:
    """Semitones from the lowest to the highest note."""
    return int(np.ptp(melody.pitch))


def repetition(melody: Columns) -> float:
    """Share of a melody's bars whose notes stood in an earlier bar: the same places, durations and pitches."""
    bars = _bars(melody)
    return 1 - len(set(bars.values())) / len(bars)


def thrice(melody: Columns) -> bool:
    """Whether a bar stands three times running, note for note."""
    bars = _bars(melody)
    return any(notes == bars.get(bar + 1) == bars.get(bar + 2) for bar, notes in bars.items())


def _bars(melody: Columns) -> dict[int, tuple[tuple[int, int, int], ...]]:
    """Place, duration and pitch of the notes of each bar in which one begins."""
    bars: dict[int, tuple[tuple[int, int, int], ...]] = {}
    rows = (melody.bar, melody.place, melody.duration, melody.pitch)
    for bar, place, duration, pitch in zip(*(row.tolist() for row in rows), strict=True):
        bars[bar] = (*bars.get(bar, ()), (place, duration, pitch))
    return bars


_Kind = TypeVar("_Kind")


def drawn(counts: Iterable[tuple[_Kind, int]], rng: np.random.Generator) -> _Kind:
    """One of several, as often as it was counted."""
    kinds, melodies = zip(*counts, strict=True)
    ends = np.cumsum(melodies)
    chosen: _Kind = kinds[int(np.searchsorted(ends, rng.integers(ends[-1]), side="right"))]
    return chosen


MOST_KINDS: Final = 1500  # the commonest; a card holds no more
LONGEST_FORM: Final = 9999  # bars; nobody draws a form like that
KEY_OF_FORM: Final = re.compile(r"[0-9]{1,2} [0-9]{1,2}/[0-9]{1,2} [0-9]{1,3} [0-9]{1,4}")
KEY_OF_PHRASES: Final = re.compile(r"[0-9]{1,2} [0-9]{1,2}/[0-9]{1,2} [0-9]{1,4} [0-9]{1,4}")
KEY_OF_TAIL: Final = re.compile(r"[0-9]{1,2} [0-9]{1,2}/[0-9]{1,2} [0-9]{1,3} [0-9]{1,3}")
KEY_OF_END: Final = re.compile(rf"[0-9]{{1,2}} ({'|'.join(MODES)}) ([0-9]|1[01])")


class Form(NamedTuple):
    """Where a melody begins and how long it is."""

    upbeat: int  # ticks; 0 = it begins on a bar line
    bars: int  # full bars after the upbeat


def count_forms(melodies: Iterable[Columns]) -> dict[str, int]:
    """How many melodies have each form; those in metres without a name, or longer than LONGEST, are not counted."""
    return _counted(
        f"{m.style} {'/'.join(map(str, METRES[int(m.metre[0])]))} {' '.join(map(str, form_of(m)))}"
        for m in melodies
        if m.metre[0] < len(METRES) and m.bars <= LONGEST_FORM
    )


def count_ends(melodies: Iterable[Columns]) -> dict[str, int]:
    """How many melodies end on each degree."""
    return _counted(f"{m.style} {MODES[m.mode]} {int(vp.degree(m.pitch[-1:])[0])}" for m in melodies)


def form_of(melody: Columns) -> Form:
    """The form of one melody; a silence before the first note makes an upbeat, as everywhere (decision 13)."""
    place = int(melody.place[0])
    return Form(int(melody.bar_ticks[0]) - place, melody.bars - 1) if place else Form(0, melody.bars)


def forms_in(counts: Mapping[str, int], metre: str, style: int | None) -> Iterator[tuple[Form, int]]:
    """Each form in this metre, and how many melodies have it; of one style, or of all."""
    for key, melodies in counts.items():
        row, own, upbeat, bars = key.split(" ")
        if own == metre and style in (None, int(row)):
            yield Form(int(upbeat), int(bars)), melodies


def can_begin(form: Form, bar: int) -> bool:
    """Whether a melody can be composed that begins so, in bars of so many ticks: a rest of the tables leads to it."""
    return form.upbeat < bar and (bar - form.upbeat) % bar in RESTS


def usual_metre(counts: Mapping[str, int], style: int) -> str | None:
    """The metre of most melodies of a style, such as "6/8"; None where none is counted."""
    metres = Counter[str]()
    for key, melodies in counts.items():
        row, metre, _, _ = key.split(" ")
        if int(row) == style:
            metres[metre] += melodies
    return max(metres, key=lambda metre: (metres[metre], metre), default=None)


def usual_form(forms: Iterable[tuple[Form, int]]) -> Form | None:
    """The form of most melodies: with an upbeat if most have one, then the commonest of these; None of none."""
    told = list(forms)
    begun = sum(n if form.upbeat else -n for form, n in told) > 0
    alike = Counter[Form]()
    for form, n in told:
        if (form.upbeat > 0) == begun:
            alike[form] += n
    return max(alike, key=lambda form: (alike[form], form), default=None)


def ends_known(counts: Mapping[str, int], mode: str, style: int | None) -> list[tuple[int, int]]:
    """Each degree on which melodies in this mode end, and how many do; of one style, if it has any, else of all."""
    return list(ends_in(counts, mode, style)) or list(ends_in(counts, mode, None))


def ends_in(counts: Mapping[str, int], mode: str, style: int | None) -> Iterator[tuple[int, int]]:
    """Each degree on which melodies in this mode end, and how many do; of one style, or of all."""
    for key, melodies in counts.items():
        row, own, degree = key.split(" ")
        if own == mode and style in (None, int(row)):
            yield int(degree), melodies


def phrase_length(melody: Columns) -> int:
    """Bars of each phrase but the last, which may be shorter; 0 where they differ, or nothing tells them.

    A phrase ends on the bar line that is next to where the next one begins, which may do so with an upbeat.
    """
    if melody.phrase is None:
        return 0
    ends = np.unique(onsets_of(melody.rest, melody.duration) + melody.phrase)[:-1]
    form, bar = form_of(melody), int(melody.bar_ticks[0])
    first = bar - form.upbeat if form.upbeat else 0
    bars = (2 * (ends - first) + bar) // (2 * bar)
    lengths = set(np.diff(bars, prepend=0).tolist())
    return lengths.pop() if len(lengths) == 1 and form.bars - int(bars[-1]) <= min(lengths, default=0) else 0


def count_phrases(melodies: Iterable[Columns]) -> dict[str, int]:
    """How many melodies have phrases of each length; those in one metre that has a name are counted."""
    return _counted(
        f"{m.style} {'/'.join(map(str, METRES[int(m.metre[0])]))} {form_of(m).bars} {phrase_length(m)}"
        for m in melodies
        if m.phrase is not None and m.metre[0] < len(METRES) and not np.ptp(m.metre) and m.bars <= LONGEST_FORM
    )


def phrase_lengths(counts: Mapping[str, int], metre: str, bars: int, style: int | None) -> list[tuple[int, int]]:
    """Each length of phrases of melodies in this metre that have so many bars, else of all that are longer than it."""
    known = []
    for key, melodies in counts.items():
        row, own, many, length = key.split(" ")
        if own == metre and style in (None, int(row)):
            known.append((int(many), int(length), melodies))
    alike = [(length, n) for many, length, n in known if many == bars]
    return alike or [(length, n) for _, length, n in known if length < bars]


def tail_of(melody: Columns) -> int:
    """Ticks of silence from the end of the last note to the end of its bar."""
    return -int(melody.place[-1] + DURATION_TICKS[melody.duration[-1]]) % int(melody.bar_ticks[-1])


def count_tails(melodies: Iterable[Columns]) -> dict[str, int]:
    """How many melodies with each upbeat are silent for how long at their end; those in one metre that has a name."""
    return _counted(
        f"{m.style} {'/'.join(map(str, METRES[int(m.metre[0])]))} {form_of(m).upbeat} {tail_of(m)}"
        for m in melodies
        if m.metre[0] < len(METRES) and not np.ptp(m.metre)
    )


def tails_known(counts: Mapping[str, int], metre: str, upbeat: int, style: int | None) -> list[tuple[int, int]]:
    """Ticks of silence at the end of melodies that begin so, and how many have them; of one style, if known, or all."""
    told = [(key.split(" "), n) for key, n in counts.items()]
    alike = [(int(row), int(tail), n) for (row, own, begun, tail), n in told if own == metre and int(begun) == upbeat]
    return [(tail, n) for row, tail, n in alike if row == style] or [(tail, n) for _, tail, n in alike]


HARMONISED: Final = "harmonised"


def harmonised(melodies: Sequence[Columns]) -> dict[str, float]:
    """The share of melodies whose chords are told, as a fact of a card."""
    return {HARMONISED: float(np.mean([melody.harmony is not None for melody in melodies]))}


def knows_chords(facts: Mapping[str, float]) -> bool:
    """Whether a model has learnt from melodies most of which told their chords."""
    return facts.get(HARMONISED, 0) > 1 / 2


def _counted(keys: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(keys).most_common(MOST_KINDS)))


NEAR: Final = 6  # semitones: a first pitch makes its neighbours likely too, less and less up to here
AS_MANY: Final = 5  # melodies that a base's weigh: its register is a guess that few melodies soon correct
SELDOM: Final = 0.02  # what an octave that was never seen counts


def first_pitch(melody: Columns) -> int:
    """MIDI number of the first note."""
    return melody.anchor + PITCHES[int(melody.pitch[0])]


def count_registers(melodies: Iterable[Columns]) -> dict[int, int]:
    """How many melodies begin on each pitch."""
    return dict(sorted(Counter(first_pitch(m) for m in melodies).items()))


def with_base(own: Mapping[int, int], base: Mapping[int, int]) -> dict[int, int]:
    """Counts of few melodies beside those of the many that a base was trained on, which weigh as much as five of them.

    >>> with_base({60: 1}, {60: 50, 67: 50})
    {60: 70, 67: 50}
    """
    each = max(1, sum(base.values()) // AS_MANY)
    return {pitch: each * own.get(pitch, 0) + base.get(pitch, 0) for pitch in sorted({*own, *base})}


def register_bits(registers: Mapping[int, int], pitch: int) -> float:
    """-log2 P of a first note's octave, its pitch class being known."""
    octaves = range(pitch % 12, 132, 12)
    return math.log2(sum(_weight(registers, p) for p in octaves) / _weight(registers, pitch))


def _weight(registers: Mapping[int, int], pitch: int) -> float:
    return SELDOM + sum(n * (1 - abs(pitch - p) / NEAR) for p, n in registers.items() if abs(pitch - p) < NEAR)
