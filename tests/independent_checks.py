"""Whether a melody keeps what was asked for: every promise of docs/controls.md, looked at in the notes alone.

Nothing of melodyrnn is imported: what musicians write (pitches, scales, densities, note values, forms, chords) is read
here a second time, so that a slip in a reader or in the look-ahead cannot hide itself. A quarter has 24 ticks.

What is asked for is an object with attributes or a mapping; what it lacks, or has as None, is not looked at. A melody
is an object with notes (onset, duration, pitch), metres (numerator, denominator, onset), key (tonic, mode) and length.

Contents: broken (what is asked for and a melody → sentences, none if all is kept); beneath it the readers and checks.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

QUARTER = 24
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SIGNS = {"#": 1, "♯": 1, "b": -1, "♭": -1}
_WHITE_KEYS = (0, 2, 4, 5, 7, 9, 11)
_FIRST_WHITE_KEY = {"major": 0, "dorian": 1, "phrygian": 2, "lydian": 3, "mixolydian": 4, "minor": 5, "locrian": 6}
_WORDS_OF_DENSITY = {"sparse": (0.25, 1), "medium": (0.75, 2), "dense": (1.5, 4)}  # notes a quarter
_STEPS_OF_END = {"tonic": (1,), "open": (2, 5, 7)}
_CHORDS = {
    "": (0, 4, 7), "m": (0, 3, 7), "dim": (0, 3, 6), "aug": (0, 4, 8), "sus4": (0, 5, 7), "6": (0, 4, 7, 9),
    "7": (0, 4, 7, 10), "m7": (0, 3, 7, 10), "maj7": (0, 4, 7, 11), "m7b5": (0, 3, 6, 10), "dim7": (0, 3, 6, 9),
}  # fmt: skip


def broken(asked: Any, melody: Any, primed: int = 0) -> list[str]:
    """Say which promises the notes from number `primed` on do not keep."""
    if len(melody.notes) <= primed:
        return ["there are no notes"]
    facts = _Facts(asked, melody, tuple(melody.notes[primed:]), primed)
    return [said for check in _CHECKS for said in check(facts)]


@dataclass(frozen=True)
class _Facts:
    """A melody beside what was asked for."""

    asked: Any
    melody: Any
    new: tuple[Any, ...]
    primed: int

    def of(self, name: str) -> Any:
        """What was asked for by a name; None for nothing."""
        if isinstance(self.asked, Mapping):
            return self.asked.get(name)
        return getattr(self.asked, name, None)

    @property
    def end(self) -> int:
        """Where the music ends."""
        return max(self.melody.length, self.melody.notes[-1].onset + self.melody.notes[-1].duration)

    @property
    def bar(self) -> int:
        """Ticks of a bar of the first metre."""
        return _bar_ticks(self.melody.metres[0])

    @property
    def lines(self) -> list[int]:
        """Bar lines, from 0 to the first at or after the end."""
        lines = [0]
        while lines[-1] < self.end:
            later = [m.onset for m in self.melody.metres if m.onset > lines[-1]]
            lines.append(min([lines[-1] + _bar_ticks(self.metre_at(lines[-1])), *later]))
        return lines

    @property
    def bars(self) -> int:
        """Bars, the last one counted whole."""
        return len(self.lines) - 1

    @property
    def upbeat(self) -> int:
        """Ticks before the first full bar."""
        return -self.melody.notes[0].onset % self.bar

    @property
    def tonic_and_scale(self) -> tuple[int, tuple[int, ...]]:
        """The tonic and the steps of the key's scale, from it up."""
        key = self.melody.key
        return (0, _scale(0, "major")) if key is None else (key.tonic, _scale(key.tonic, key.mode))

    def metre_at(self, tick: int) -> Any:
        """The metre at a tick."""
        return [m for m in self.melody.metres if m.onset <= tick][-1]

    def place(self, tick: int) -> tuple[int, int]:
        """Number of the bar, from 0, and ticks since its line."""
        bar = bisect_right(self.lines, tick) - 1
        return bar, tick - self.lines[bar]


# readers of what musicians write


def _bar_ticks(metre: Any) -> int:
    return metre.numerator * 4 * QUARTER // metre.denominator


def _beat_ticks(metre: Any) -> int:
    """6/8, 9/8, 12/8 … beat in three."""
    unit = 4 * QUARTER // metre.denominator
    return 3 * unit if metre.denominator >= 8 and metre.numerator in range(6, 100, 3) else unit


def _scale(tonic: int, mode: str) -> tuple[int, ...]:
    first = _FIRST_WHITE_KEY[mode]
    keys = [_WHITE_KEYS[(first + k) % 7] for k in range(7)]
    return tuple((tonic + key - keys[0]) % 12 for key in keys)


def _class(name: str) -> int:
    """Pitch class of a name without octave."""
    return (_LETTERS[name[0].upper()] + sum(_SIGNS[sign] for sign in name[1:])) % 12


def _pitches(name: str) -> set[int]:
    """MIDI numbers of a name: one with an octave, all of the class without."""
    letter, octave = re.fullmatch(r"([A-Ga-g][#♯b♭]*)(-?[0-9]+)?", name).groups()
    if octave is None:
        return set(range(_class(letter), 128, 12))
    return {12 * (int(octave) + 1) + _LETTERS[letter[0].upper()] + sum(_SIGNS[sign] for sign in letter[1:])}


def _named(text: str | None) -> list[tuple[str, set[int]]]:
    return [(name, _pitches(name)) for name in re.split(r"[\s,]+", text or "") if name]


def _ticks(text: str) -> int:
    """Of a note value."""
    return int(Fraction(text) * 4 * QUARTER)


def _number(asked: Any) -> int | None:
    """A whole number, or None where that is left free."""
    return None if asked in (None, "free") else int(asked)


def _density(text: str, metre: Any) -> tuple[int, int]:
    """Fewest and most notes of a bar."""
    if text in _WORDS_OF_DENSITY:
        quarters = 4 * metre.numerator / metre.denominator
        fewest, most = (max(1, int(a_quarter * quarters)) for a_quarter in _WORDS_OF_DENSITY[text])
        return fewest, most
    fewest, _, most = text.partition("-")
    return int(fewest), int(most or fewest)


def _chord(symbol: str) -> tuple[int, ...]:
    """Pitch classes of a chord symbol; none for N.C."""
    if symbol == "N.C.":
        return ()
    root, quality, bass = re.fullmatch(r"([A-G][#b]?)([^/]*)(?:/([A-G][#b]?))?", symbol).groups()
    tones = tuple((_class(root) + step) % 12 for step in _CHORDS[quality])
    return tones if bass is None else (*tones, _class(bass))


def _progression(text: str, metre: Any) -> list[tuple[int, int, str]]:
    """(first tick, ticks, symbol); chords without a number of beats share what is left of their bar."""
    found: list[tuple[int, int, str]] = []
    bar, at, waiting = _bar_ticks(metre), 0, []

    def share() -> int:
        left = bar - at % bar if waiting else 0
        cuts = [left * k // len(waiting) for k in range(len(waiting) + 1)] if waiting else []
        found.extend((at + a, b - a, symbol) for (a, b), symbol in zip(pairwise(cuts), waiting, strict=True))
        waiting.clear()
        return at + left

    for word in [*text.replace("|", " | ").split(), "|"]:
        symbol, _, beats = word.partition(":")
        if word != "|" and not beats:
            waiting.append(symbol)
            continue
        at = share()
        if beats:
            found.append((at, int(Fraction(beats) * _beat_ticks(metre)), symbol))
            at += found[-1][1]
    return found


# the checks


def _length(facts: _Facts) -> Iterator[str]:
    bars, upbeat = _number(facts.of("bars")), facts.of("upbeat")
    if isinstance(upbeat, str):
        upbeat = None if upbeat == "free" else _ticks(upbeat)
    if bars is not None and not facts.primed:
        whole = bars + (1 if facts.upbeat else 0)
        if (facts.bars, facts.end) != (whole, whole * facts.bar):
            yield f"bars: {facts.bars} that end at {facts.end}"
    if upbeat is not None and not facts.primed and facts.upbeat != upbeat:
        yield f"upbeat: {facts.upbeat}"
    last = facts.new[-1].onset + facts.new[-1].duration
    if facts.of("loop") and not last == facts.end == facts.lines[-1]:
        yield f"loop: the last note ends at {last} of {facts.lines[-1]}"
    if any(a.onset + a.duration > b.onset for a, b in pairwise(facts.melody.notes)):
        yield "notes overlap"


def _allowed(facts: _Facts) -> Iterator[str]:
    pitches = {note.pitch for note in facts.new}
    named, strictness = facts.of("scale"), facts.of("in_scale")
    if strictness == "strict" or (named and strictness is None):
        scale = {_class(name) for name in re.split(r"[\s,]+", named)} if named else set(facts.tonic_and_scale[1])
        if outside := {p for p in pitches if p % 12 not in scale}:
            yield f"scale: {outside}"
    if facts.of("range"):
        (low,), (high,) = map(_pitches, re.fullmatch(r"\s*(.+[0-9])\s*-\s*(\D.*?)\s*", facts.of("range")).groups())
        if not low <= min(pitches) <= max(pitches) <= high:
            yield f"range: {min(pitches)}-{max(pitches)}"
    for name, meant in _named(facts.of("forbid")):
        if meant & pitches:
            yield f"forbid: {name}"
    for name, meant in _named(facts.of("require")):
        if not meant & pitches:
            yield f"require: no {name}"


def _leaps(facts: _Facts) -> Iterator[str]:
    widest = _number(facts.of("max_leap"))
    if widest is None:
        return
    line = [note.pitch for note in facts.melody.notes[max(0, facts.primed - 1) :]]
    if facts.of("loop"):
        line.append(facts.melody.notes[0].pitch)
    if any(abs(a - b) > widest for a, b in pairwise(line)):
        yield f"max-leap: {max(abs(a - b) for a, b in pairwise(line))} semitones"


def _notes_in_bars(facts: _Facts) -> Iterator[str]:
    if facts.of("density") is None:
        return
    fewest, most = _density(facts.of("density"), facts.melody.metres[0])
    bar, into = facts.place(facts.new[0].onset)
    for number in range(bar, facts.bars):
        count = sum(facts.place(note.onset)[0] == number for note in facts.new)
        whole = number > bar or not into  # neither an upbeat nor begun by a prime
        if count > most or (count < fewest and whole and number < facts.bars - 1):
            yield f"density: {count} notes in bar {number + 1}"


def _values(facts: _Facts) -> Iterator[str]:
    if facts.of("durations") is None:
        return
    values = {_ticks(value) for value in re.split(r"[\s,]+", facts.of("durations"))}
    if odd := {note.duration for note in facts.new} - values:
        yield f"durations: {odd}"
    rests = {b.onset - a.onset - a.duration for a, b in pairwise(facts.new)}
    if _number(facts.of("bars")) is not None:
        rests.add(facts.end - facts.new[-1].onset - facts.new[-1].duration)
    if odd := rests - values - {0}:
        yield f"durations: rests of {odd}"


def _end(facts: _Facts) -> Iterator[str]:
    end = facts.of("end")
    if end in (None, "free"):
        return
    last, scale = facts.new[-1], facts.tonic_and_scale[1]
    if last.pitch % 12 not in {scale[step - 1] for step in _STEPS_OF_END.get(end) or (int(end),)}:
        yield f"end: on {last.pitch}"
    place, metre = facts.place(last.onset)[1], facts.metre_at(last.onset)
    beat, bar = _beat_ticks(metre), _bar_ticks(metre)
    long = min(beat, bar - place) if beat >= QUARTER else min(QUARTER, bar)
    short = bar - facts.upbeat - place  # after an upbeat the music may end so much before the last bar line
    if 0 < short < long and facts.upbeat and not place % beat and last.duration >= short:
        return
    if place % beat or last.duration < long:
        yield f"end: {last.duration} ticks, {place} into the bar"


def _form(facts: _Facts) -> Iterator[str]:
    form, bars = facts.of("form"), _number(facts.of("bars"))
    if form is None or bars is None:
        return
    sections = re.findall(r"([A-Z])('|[+-][0-9]|-inv|-retro)?", form)
    length, first = bars // len(sections) * facts.bar, facts.new[0].onset
    known: dict[str, list[tuple[int, int, int]]] = {}
    for number, (letter, mark) in enumerate(sections):
        at = first + number * length
        notes = [(n.onset - at, n.duration, n.pitch) for n in facts.new if at <= n.onset < at + length]
        if not notes or notes[0][0] or notes[-1][0] + notes[-1][1] > length + facts.upbeat:
            yield f"form: section {number + 1} does not stand by itself"
        compared = length - facts.bar if mark == "'" else length
        before = _as_changed(facts, known.setdefault(letter, notes), mark)
        if [n for n in notes if n[0] < compared] != [n for n in before if n[0] < compared]:
            yield f"form: section {number + 1} is not {letter}{mark}"


def _as_changed(facts: _Facts, notes: list[tuple[int, int, int]], mark: str) -> list[tuple[int, int, int]]:
    """Moved by steps of the scale, mirrored at its third step, or with its pitches backwards."""
    if mark == "-retro":
        return [(a, b, pitch) for (a, b, _), (_, _, pitch) in zip(notes, reversed(notes), strict=True)]
    if mark in {"", "'"}:
        return notes
    tonic, steps = facts.tonic_and_scale
    if named := facts.of("scale"):
        steps = tuple(_class(name) for name in re.split(r"[\s,]+", named))
    ladder = [p for p in range(-60, 190) if p % 12 in steps]
    low = (facts.new[0].pitch + 5 - tonic) // 12 * 12 + tonic  # the tonic that lies 5 below to 6 above the first note
    third = ladder.index(min(p for p in ladder if p >= low)) + 2

    def moved(pitch: int) -> int:
        step = max(k for k, p in enumerate(ladder) if p <= pitch)
        over = min(pitch - ladder[step], 1)  # a note between two steps
        new = step + int(mark) if mark != "-inv" else 2 * third - step - (1 if over else 0)
        return ladder[new] + (over if ladder[new] + over < ladder[new + 1] else 0)

    return [(a, b, moved(pitch)) for a, b, pitch in notes]


def _phrases(facts: _Facts) -> Iterator[str]:
    if facts.of("phrase") is None:
        return
    lengths = [int(word) for word in re.split(r"[\s,]+", facts.of("phrase").strip())]
    bar, begin = 1 if facts.upbeat else 0, 0
    while True:
        bar += lengths.pop(0) if len(lengths) > 1 else lengths[0]
        if bar >= facts.bars:
            return
        end = facts.lines[bar] - facts.upbeat
        own = [note for note in facts.new if begin <= note.onset < end]
        if own and own[-1].onset + own[-1].duration > end:
            yield f"phrase: a note sounds over {end}"
        beat = _beat_ticks(facts.metre_at(end - 1))
        if own and own[-1].onset > end - beat and (own[-1] is not facts.new[0] or not facts.primed):
            yield f"phrase: a note begins {end - own[-1].onset} ticks before {end}"
        begin = end


def _breath(facts: _Facts) -> Iterator[str]:
    if facts.of("breathe") is None:
        return
    most = Fraction(facts.of("breathe")) * facts.bar
    stretches = [[facts.new[0].onset, facts.new[0].onset]]
    for note in facts.new:
        if note.onset - stretches[-1][1] >= QUARTER // 2:
            stretches.append([note.onset, note.onset])
        stretches[-1][1] = note.onset + note.duration
    lengths = [end - begin for begin, end in stretches]
    first, last = stretches[0][0], stretches[-1][1]
    if facts.of("loop") and facts.end - last + first < QUARTER // 2 and len(lengths) > 1:
        lengths.append(lengths[0] + lengths[-1])
    if max(lengths) > most:
        yield f"breathe: {max(lengths)} ticks without a rest"


def _rhythm(facts: _Facts) -> Iterator[str]:
    if facts.of("rhythm") is None:
        return
    words = re.split(r"[\s,|]+", facts.of("rhythm").strip())
    at, wanted, end = facts.new[0].onset, [], facts.end
    over = end - facts.upbeat if facts.upbeat else end
    while at < over:
        word = words[len(wanted) % len(words)]
        wanted.append((at, min(_ticks(word.lstrip("r")), end - at), word[0] != "r"))
        at += _ticks(word.lstrip("r"))
    if [(n.onset, n.duration) for n in facts.new] != [(a, b) for a, b, sounds in wanted if sounds]:
        yield "rhythm: another one"


def _pattern(facts: _Facts) -> Iterator[str]:
    if facts.of("onsets") is None:
        return
    patterns = [re.sub(r"\s", "", bar) for bar in facts.of("onsets").split("|")]
    begun, into = facts.place(facts.new[0].onset)
    for bar in range(begun, facts.bars):
        pattern = patterns[(bar - (1 if facts.upbeat else 0)) % len(patterns)]
        a, b = facts.lines[bar], facts.lines[bar + 1]
        places = {(n.onset - a) * len(pattern) / (b - a) for n in facts.new if a <= n.onset < b}
        if bar == begun and into:  # an upbeat, and what goes on from a prime, begin where they do
            places.discard(into * len(pattern) / (b - a))
        if odd := places - {k for k, sign in enumerate(pattern) if sign != "."}:
            yield f"onsets: {min(odd)} in bar {bar + 1}"
        whole = bar < facts.bars - 1 and (bar > begun or not into)
        if whole and {k for k, sign in enumerate(pattern) if sign == "x"} - places:
            yield f"onsets: one is missing in bar {bar + 1}"


def _line(facts: _Facts) -> Iterator[str]:
    if facts.of("pitches") is None:
        return
    wanted = [min(_pitches(name)) for name in re.split(r"[\s,]+", facts.of("pitches").strip())]
    if [note.pitch for note in facts.new] != wanted:
        yield "pitches: others, or in another order"


def _motif(facts: _Facts) -> Iterator[str]:
    bars = _number(facts.of("bars"))
    if facts.of("motif") is None or bars is None:
        return
    words = [word.partition(":") for word in re.split(r"[\s,|]+", facts.of("motif").strip())]
    first, period = facts.new[0].onset, bars // 2 if bars <= 16 else 8
    again = [] if facts.of("form") else range(period, bars - period + 1, period)
    for start in (first, *(first + bar * facts.bar for bar in again)):
        at, wanted = start, []
        for name, _, value in words:
            wanted += [] if name == "r" else [(at, _ticks(value), min(_pitches(name)))]
            at += _ticks(value)
        if [(n.onset, n.duration, n.pitch) for n in facts.new if start <= n.onset < at] != wanted:
            yield f"motif: not at {start}"


_SHARED = {"low": 2, "medium": 4, "high": 10**6}  # at most one bar of so many


def _contrast(facts: _Facts) -> Iterator[str]:
    form, bars, asked = facts.of("form"), _number(facts.of("bars")), facts.of("contrast")
    if form is None or bars is None or asked is None:
        return
    letters = re.findall(r"[A-Z]", form)
    each, first = bars // len(letters), facts.new[0].onset
    known: dict[str, list[list[tuple[int, int, int]]]] = {}
    for number, letter in enumerate(letters):
        starts = [first + (number * each + bar) * facts.bar for bar in range(each)]
        notes = [[n for n in facts.new if at <= n.onset < at + facts.bar] for at in starts]
        own = [
            [(n.onset - at, n.duration, n.pitch - bar[0].pitch) for n in bar]
            for at, bar in zip(starts, notes, strict=True)
        ]
        if letter in known:
            continue
        for other, earlier in known.items():
            if sum(bar in earlier for bar in own) > each // _SHARED[asked]:
                yield f"contrast: {letter} shares too many bars with {other}"
        known[letter] = own


def _thirds(facts: _Facts) -> Iterator[str]:
    narrowed = any(facts.of(name) for name in ("scale", "in_scale", "forbid", "range"))
    if facts.of("chords") is None or facts.of("chord_tones") != "rule" or narrowed:
        return
    spans = _progression(facts.of("chords"), facts.melody.metres[0])
    start, around = facts.lines[1 if facts.upbeat else 0], sum(ticks for _, ticks, _ in spans)
    two = 2 * _beat_ticks(facts.melody.metres[0])
    for again in range(start, facts.end, around):
        for at, ticks, symbol in spans:
            begin, tones = again + at, _chord(symbol)
            if begin < facts.new[0].onset or min(begin + ticks, facts.end) - begin < two or len(tones) < 2:
                continue
            classes = {n.pitch % 12 for n in facts.new if begin <= n.onset < begin + ticks}
            if (tones[1] - tones[0]) % 12 in {3, 4} and tones[1] not in classes:
                yield f"chords: no third over {symbol} at {begin}"


def _chord_tones(facts: _Facts) -> Iterator[str]:
    if facts.of("chords") is None or facts.of("chord_tones") != "rule":
        return
    spans = _progression(facts.of("chords"), facts.melody.metres[0])
    start, around = facts.lines[1 if facts.upbeat else 0], sum(ticks for _, ticks, _ in spans)
    for note in facts.new:
        if note.onset < start:
            continue
        at = (note.onset - start) % around
        begin, _, symbol = next(span for span in spans if span[0] <= at < span[0] + span[1])
        place, metre = facts.place(note.onset)[1], facts.metre_at(note.onset)
        bar = _bar_ticks(metre)
        middle = bar // _beat_ticks(metre) % 4 == 0 and place == bar // 2
        tones = _chord(symbol)
        if tones and (at == begin or place == 0 or middle) and note.pitch % 12 not in tones:
            yield f"chords: {note.pitch} at {note.onset} over {symbol}"


_CHECKS = (
    _length, _allowed, _leaps, _notes_in_bars, _values, _end, _form, _phrases, _breath, _contrast, _rhythm,
    _pattern, _line, _motif,    _chord_tones, _thirds,
)  # fmt: skip
