"""The chords of written music: its chord symbols, else the chords of a part.

Conventions
    Symbols are laid out bar by bar as the notes are (see `barring`): repeats once, the last of alternative endings.
    Each holds until the next. What stands in an upbeat is left out. Scores come as music21's objects, made by
    `notation`; this module imports nothing of it.

Contents: chords_of_bars (bars with symbols), bars_with_symbols and bars_with_chords (a music21 score → such bars).
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from melodyrnn.errors import OptionError, Unreadable
from melodyrnn.formats.notation.measures import Bar, Heading, Sound, assemble
from melodyrnn.music.chords import chord_of
from melodyrnn.music.harmony import Change, Harmony, laid_out, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def chords_of_bars(bars: list[Bar], where: str, source: str) -> Harmony:
    """Lay the symbols of bars end to end. Raises Unreadable: 'no-chords', 'too-long'."""
    names: dict[str, int] = {}  # a symbol stands as a note whose pitch is its number here
    placed = []
    for bar in bars:
        found = dict(sorted((place, symbol) for place, text in bar.symbols if (symbol := _symbol(text))))
        ends = [*list(found)[1:], max(bar.length, *found)] if found else []
        sounds = (
            Sound(place, max(end - place, Fraction(1, 24)), names.setdefault(symbol, len(names)))
            for (place, symbol), end in zip(found.items(), ends, strict=True)
        )
        placed.append(replace(bar, sounds=tuple(sounds)))
    if not names:
        raise Unreadable(where, "no-chords")
    made = assemble(placed, Heading(where))
    line, metres, symbols = made.melody.notes, made.melody.metres, list(names)
    until = [*[note.onset for note in line[1:]], made.melody.end]
    changes = [Change(note.onset, end, symbols[note.pitch]) for note, end in zip(line, until, strict=True)]
    first = next(bar.length for bar in placed if bar.length > 0)
    upbeat = made.metre_stated and len(bars) > 1 and first * 24 < metres[0].bar_ticks
    return laid_out(changes, metres, where, source=source, begin=metres[0].bar_ticks if upbeat else None)


def _symbol(text: str) -> str:
    """A chord symbol, without a bass that cannot be read; '' for other words."""
    for tried in (text.strip(), text.partition("/")[0].strip()):
        try:
            return chord_of(tried).symbol
        except OptionError:
            continue
    return ""


def bars_with_symbols(parts: list[tuple[Any, list[Bar]]], fifths: int) -> list[Bar] | None:
    """The bars of the part with most chord symbols, with them; None where no part has any."""
    found = [(part, bars, [tuple(_written(measure, fifths)) for measure in _measures(part)]) for part, bars in parts]
    _, bars, symbols = max(found, key=lambda one: sum(map(len, one[2])))
    if not any(symbols):
        return None
    return [replace(bar, symbols=told) for bar, told in zip(bars, symbols, strict=True)]


def bars_with_chords(parts: list[tuple[Any, list[Bar]]], fifths: int) -> list[Bar]:
    """Bars with the names of the chords struck in the part that has most of them, else in all parts together."""
    found = [(bars, [tuple(_struck([measure], fifths)) for measure in _measures(part)]) for part, bars in parts]
    bars, symbols = max(found, key=lambda one: sum(map(len, one[1])))
    if not any(symbols):  # a choir: one note to a part
        together = zip(*(_measures(part) for part, theirs in parts if len(theirs) == len(bars)), strict=True)
        symbols = [tuple(_struck(measures, fifths)) for measures in together]
    return [replace(bar, symbols=told) for bar, told in zip(bars, symbols, strict=True)]


def _measures(part: Any) -> list[Any]:
    return list(part.getElementsByClass("Measure")) or [part]


def _written(measure: Any, fifths: int) -> Iterator[tuple[Fraction, str]]:
    """Chord symbols of a measure, named anew from their tones."""
    for one in measure.flatten().getElementsByClass("ChordSymbol"):
        place = Fraction(one.offset).limit_denominator(960)
        tones = {pitch.pitchClass for pitch in one.pitches}
        if "NoChord" in one.classes:
            yield place, "N.C."
        elif tones:
            name = name_of(tones, one.bass().pitchClass, root=one.root().pitchClass, fifths=fifths)
            if name is not None:
                yield place, name


def _struck(measures: Sequence[Any], fifths: int) -> Iterator[tuple[Fraction, str]]:
    """Names of what begins together in measures that sound at one time."""
    together: dict[Fraction, set[int]] = {}
    for note in (note for measure in measures for note in measure.flatten().notes):
        if not note.duration.isGrace and "Harmony" not in note.classes and note.pitches:
            place = Fraction(note.offset).limit_denominator(960)
            together.setdefault(place, set()).update(pitch.midi for pitch in note.pitches)
    for place in sorted(together):
        tones = {pitch % 12 for pitch in together[place]}
        name = name_of(tones, min(together[place]) % 12, fifths=fifths) if len(tones) > 2 else None
        if name is not None:
            yield place, name
