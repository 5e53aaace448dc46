"""From file ticks and raw facts to the grid: the notes, the bars, the key and the tempo of a Melody.

Conventions
    division    the file's ticks a quarter; a grid tick is division / 24 of them.
    notices     sentences for the user, collected on the way.

Rules
    Onsets and ends go to the nearest grid tick (a half goes up); a note lasts at least one tick; a note that
    would fall on its predecessor's tick moves on by up to three ticks (grace notes), else it is left out.
    The tempo, key and metre that hold at the first note count, not those of silence before it. A metre change inside a
    bar waits for the next bar line; before the first note it begins a bar. A first metre that lasts one bar, shorter
    than the second metre's, is an upbeat (notation programs write it so).
    Whole bars of silence before the first note are left out.

Contents: grid, last_tick, quantize, Quantized, set_up, bar_lines, opening, opening_tempo, key_of_signatures, key_text,
KEY_TEXT, NOT_SUNG, clean.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from operator import itemgetter, sub
from typing import TYPE_CHECKING, Final, NamedTuple

from melodyrnn.music.key import MODES, Key
from melodyrnn.music.melody import TICKS_PER_QUARTER, Melody, Metre, NoteColumns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from melodyrnn.formats.midi.content import Notes

_FURTHEST: Final = 3  # ticks a crowded note may move: a thirty-second
_BESIDE: Final = 2  # ticks off a bar line within which a time signature is on it
_NEAR: Final = 4  # a grid tick through this is no distance

KEY_TEXT: Final = "key: "
"""Opens the text event that keeps a mode that key signatures cannot say: 'key: D dorian'."""
NOT_SUNG: Final = "@I"
"""Before a text that is no words to sing: karaoke files mark information so; MuseScore prints other texts as lyrics."""


class Quantized(NamedTuple):
    """A line on the grid."""

    columns: NoteColumns
    snapped: int  # notes that were moved so far that it counts
    exact: bool  # every onset and end lay on the grid
    left_out: tuple[int, ...] = ()  # numbers of the line's notes for which the grid had no room


def grid(tick: int, division: int) -> int:
    """The grid tick nearest to a file tick; a half goes up (110 at 220 a quarter: 12)."""
    return (2 * TICKS_PER_QUARTER * tick + division) // (2 * division)


def last_tick(onset: int, division: int) -> int:
    """The last file tick that goes to this grid tick.

    >>> last_tick(0, 480), grid(9, 480), grid(10, 480)
    (9, 0, 1)
    """
    return -(-(2 * onset + 1) * division // (2 * TICKS_PER_QUARTER)) - 1


def quantize(line: Notes, division: int) -> Quantized:
    """Move a line, which has notes, to the grid.

    Score writers end notes a file tick early; what lies within a quarter of a grid tick (5 ms at 120) is there.
    """
    step, rest = divmod(division, TICKS_PER_QUARTER)
    if not rest:
        starts = [tick // step for tick in line.onsets]
        stops = [tick // step for tick in line.ends]
        if step * (sum(starts) + sum(stops)) == sum(line.onsets) + sum(line.ends):
            # No division left a remainder, as in most files: nothing has to be moved.
            durations = list(map(sub, stops, starts))
            return Quantized(NoteColumns(starts, durations, line.pitches, line.velocities), 0, exact=True)
    return _snap(line, division)


def _snap(line: Notes, division: int) -> Quantized:
    """Move a line to the grid note by note."""
    placed: list[tuple[int, int, int, int]] = []
    left_out: list[int] = []
    snapped, exact = 0, True
    before = -1  # onset of the note before
    for number, (onset, end, pitch, velocity, _) in enumerate(line.rows):
        start, early = divmod(TICKS_PER_QUARTER * onset, division)
        stop, late = divmod(TICKS_PER_QUARTER * end, division)
        exact = exact and not early and not late
        moved = _NEAR * max(min(early, division - early), min(late, division - late)) > division
        start += 2 * early >= division
        stop += 2 * late >= division
        if start <= before:
            if before - start >= _FURTHEST:
                left_out.append(number)
                continue
            start, moved = before + 1, True
        snapped += moved
        before = start
        # Rounding keeps order and the next onset is at least one tick away, so notes never overlap.
        placed.append((start, max(stop - start, 1), pitch, velocity))
    return Quantized(NoteColumns(*zip(*placed, strict=True)), snapped, exact, tuple(left_out))


def set_up(events: Sequence[tuple[int, int, int]], division: int, first: int) -> int:
    """Where the bars of a melody are counted from: 0, or a time signature in the middle of a bar of silence before it.

    All in grid ticks but the events, which are those of `bar_lines`; `first` is the first onset.
    """
    if len(events) < 2:
        return 0  # nearly always
    metre, origin = Metre(), 0
    for tick, numerator, denominator in sorted(events, key=lambda event: event[0]):
        onset = grid(tick, division)
        if onset > first:
            break
        if not _is_metre(numerator, denominator):
            continue
        off = (onset - metre.onset) % metre.bar_ticks
        new = Metre(numerator, denominator, onset)
        if onset and _BESIDE < off < metre.bar_ticks - _BESIDE and str(new) != str(metre):
            origin = onset
        elif off:
            continue
        metre = new
    return origin


def bar_lines(
    events: Iterable[tuple[int, int, int]], division: int, end: int, notices: list[str], origin: int = 0
) -> tuple[Metre, ...]:
    """Turn time signatures (tick, numerator, denominator; any order) into metres up to `end`, counted from `origin`."""
    told = list(events)
    if len(told) == 1 and told[0][0] == 0 and _is_metre(told[0][1], told[0][2]):
        return _one_metre(told[0][1], told[0][2])  # nearly always
    told.sort(key=lambda event: event[0])
    metres = [Metre()]
    moved = unusable = 0
    for tick, numerator, denominator in told:
        if not _is_metre(numerator, denominator):
            unusable += 1
            continue
        current = metres[-1]
        onset = max(grid(tick, division) - origin, 0)
        off = (onset - current.onset) % current.bar_ticks if onset > current.onset else 0
        if off:
            moved += 1
            onset += current.bar_ticks - off
        metre = Metre(numerator, denominator, max(onset, current.onset))
        if metre.onset == current.onset:
            metres.pop()
        if metre.onset < end or not metres:
            _append(metres, metre)
    if unusable:
        notices.append(f"{unusable} impossible time signature{'s' * (unusable > 1)} ignored")
    if moved:
        notices.append(f"{moved} metre change{'s' * (moved > 1)} inside a bar moved to the next bar line")
    return tuple(metres)


@lru_cache(maxsize=256)
def _one_metre(numerator: int, denominator: int) -> tuple[Metre, ...]:
    """A metre that holds from beginning to end."""
    return (Metre(numerator, denominator),)


def _is_metre(numerator: int, denominator: int) -> bool:
    """Say whether a time signature has bars of whole ticks."""
    return bool(numerator) and 0 < denominator <= 64 and not 4 * TICKS_PER_QUARTER * numerator % denominator


def _append(metres: list[Metre], metre: Metre) -> None:
    """Add a metre unless it only repeats the one that holds."""
    if not metres or str(metres[-1]) != str(metre):
        metres.append(metre)


def opening_tempo(events: Sequence[tuple[int, int]], first: int, notices: list[str]) -> float:
    """The tempo of a file in quarters a minute, from (tick, microseconds a quarter) in any order.

    `first` is the last file tick that belongs to the first note: what holds there counts, 120 where nothing is said.
    """
    if len(events) == 1 and events[0][1] and events[0][0] <= first:
        return shortest_tempo(events[0][1])
    good = [event for event in sorted(events, key=lambda event: event[0]) if event[1]]
    if len(good) < len(events):
        notices.append("a tempo of 0 ignored")
    holding = [event[1] for event in good if event[0] <= first]
    tempo = shortest_tempo(holding[-1]) if holding else 120.0
    if any(shortest_tempo(event[1]) != tempo for event in good if event[0] > first):
        notices.append(f"the tempo changes; the first, {tempo:g} quarters a minute, is kept")
    return tempo


@lru_cache(maxsize=1024)
def shortest_tempo(microseconds: int) -> float:
    """The tempo of fewest decimals that a file writes as so many microseconds a quarter (618557: 97)."""
    exact = 60e6 / microseconds
    return next((t for t in (round(exact, n) for n in range(7)) if t and round(60e6 / t) == microseconds), exact)


def key_of_signatures(
    events: Sequence[tuple[int, int, int]], first: int, texts: Iterable[str], notices: list[str]
) -> Key | None:
    """The key of a file, from (tick, sharps, 1 for minor) in any order and the texts that name a mode.

    `first` as for `opening_tempo`; a file that states no key by then opens in no stated key.
    """
    good = [event for event in events if -7 <= event[1] <= 7 and event[2] in {0, 1}]
    good.sort(key=itemgetter(0))
    if len(good) < len(events):
        notices.append("an impossible key signature ignored")
    holding = [event for event in good if event[0] <= first]
    if not holding:
        if good:
            notices.append(f"the key {_key_of_signature(*good[0][1:])} is stated later; none is at the first note")
        return None
    # Several at one moment contradict each other: the first is the one that programs show.
    _, sharps, minor = next(event for event in holding if event[0] == holding[-1][0])
    later = any(tick > first and (sign, mode) != (sharps, minor) for tick, sign, mode in good)
    key = _key_of_signature(sharps, minor)
    for text in texts:
        named = _named_key(text)
        # The text only counts beside a signature that agrees: another program may have changed one of them.
        if named is not None and (named.fifths - sharps) % 12 == 0:
            key = named
            break
    if later:
        notices.append(f"the key changes; the first, {key}, is kept")
    return key


@lru_cache(maxsize=32)
def _key_of_signature(sharps: int, minor: int) -> Key:
    return Key.signed((7 * sharps + 9 * minor) % 12, "minor" if minor else "major", sharps)


def key_text(key: Key) -> str:
    """Write the text event that names a key: 'key: D dorian'."""
    return KEY_TEXT + str(key)


@lru_cache(maxsize=256)
def _named_key(text: str) -> Key | None:
    """Read the text event that names a key."""
    match = re.fullmatch(KEY_TEXT + r"([A-G](?:#{0,2}|b{0,2})) (\w+)", text)
    return Key.named(match[1], match[2]) if match is not None and match[2] in MODES else None


def clean(raw: bytes, *, longest: int = 256) -> str:
    """Decode a text of a file for people: no control characters, one line, at most `longest` characters."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:  # what programs write that do not know better, pretty_midi among them
        text = raw.decode("latin-1")
    if text.isprintable():
        return text.strip()[:longest].strip()
    kept = "".join(c if c.isprintable() else " " if c.isspace() else "" for c in text)
    return kept.strip()[:longest].strip()


def opening(first: int, metres: tuple[Metre, ...], notices: list[str]) -> tuple[int, tuple[Metre, ...]]:
    """Let the bar in which the first note sounds be the first; return how far all moves, and the metres then.

    `first` is the first onset in grid ticks. A first bar that is only an upbeat becomes the end of a full bar.
    """
    if len(metres) == 1 and first < metres[0].bar_ticks:
        return 0, metres  # nearly always
    empty = Melody((), metres)
    bars, _ = empty.place(first)
    shift = -empty.bar_onset(bars)
    if bars:
        notices.append(f"{bars} bar{'s' * (bars > 1)} of silence before the first note left out")
        holding = empty.metre_at(-shift)
        rest = (replace(m, onset=m.onset + shift) for m in metres if m.onset > -shift)
        metres = (replace(holding, onset=0), *rest)
    short = metres[1].bar_ticks - metres[0].bar_ticks if len(metres) > 1 else 0
    if short <= 0 or metres[1].onset != metres[0].bar_ticks:
        return shift, metres
    moved = [replace(m, onset=m.onset + short) for m in metres[2:]]
    return shift + short, (replace(metres[1], onset=0), *moved)
