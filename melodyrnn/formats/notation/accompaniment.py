"""The chords that sound with the melody of a score: its symbols where they are written, else what the other parts play.

For corpora: the whole piece, laid out as the melody is (`measures`), so that a chord and the note that it sounds with
have one tick. That a score has no chords that can be read is no fault of its melody: nothing is refused here.

Conventions: parts and measures are music21's objects; this module does not import it.

Contents: harmony_of_score, harmony_of_bars.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from melodyrnn.errors import Unreadable
from melodyrnn.formats.naming import says_drums
from melodyrnn.formats.notation.measures import Bar, bar_starts, bars_with_symbols, chords_of_bars
from melodyrnn.formats.notation.parts import first_offset, label_of, signature_at
from melodyrnn.music.chord_reading import Sounding, read_chords
from melodyrnn.music.harmony import Harmony, laid_out
from melodyrnn.music.melody import TICKS_PER_QUARTER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.music.melody import Metre

_FEW: Final = 8  # bars a symbol, on average, from which on symbols are no harmony but a remark
_MOST_NOTES: Final = 50_000  # of an accompaniment; an orchestra's would cost more time than its melody


def harmony_of_score(score: Any, part: Any, bars: list[Bar], metres: tuple[Metre, ...], where: str) -> Harmony | None:
    """The chords of a music21 score beside the part that is its melody; None where there are none."""
    parts = list(getattr(score, "parts", [])) or [score]
    fifths = signature_at(part, first_offset(part))[1] or 0
    written = [one for one in parts if len(_measures(one)) == len(bars)]
    symbols = bars_with_symbols([(one, bars) for one in written], fifths) if _has_symbols(written) else None
    others = [one for one in written if one is not part and not says_drums(label_of(one), 0)]
    if symbols is not None and (not others or sum(len(bar.symbols) for bar in symbols) * _FEW >= len(bars)):
        return harmony_of_bars(symbols, where)
    if not others:
        return None
    notes = list(_sounding(others, bar_starts(bars)))
    if len(notes) > _MOST_NOTES:
        return None
    try:
        return laid_out(read_chords(notes, metres, fifths=fifths), metres, where, source="the other parts", whole=True)
    except Unreadable:  # nothing sounds in them
        return None


def harmony_of_bars(bars: list[Bar], where: str) -> Harmony | None:
    """The chord symbols of bars that are read already; None where there are none that can be read."""
    if not any(bar.symbols for bar in bars):
        return None
    try:
        return chords_of_bars(bars, where, "its chord symbols", whole=True)
    except Unreadable:
        return None


def _has_symbols(parts: Sequence[Any]) -> bool:
    """Whether any chord symbol is written."""
    return any(part.recurse().getElementsByClass("ChordSymbol").first() is not None for part in parts)


def _measures(part: Any) -> list[Any]:
    return list(part.getElementsByClass("Measure")) or [part]


def _sounding(parts: Sequence[Any], starts: Sequence[Fraction | None]) -> Iterator[Sounding]:
    """The notes of some parts, in ticks; bars that the melody leaves out have none."""
    for part in parts:
        for measure, start in zip(_measures(part), starts, strict=True):
            if start is None:
                continue
            for place, length, note in _notes(measure, Fraction()):
                onset = round((start + place) * TICKS_PER_QUARTER)
                end = round((start + place + length) * TICKS_PER_QUARTER)
                yield from (Sounding(onset, end, pitch.midi) for pitch in note.pitches if end > onset)


def _notes(stream: Any, at: Fraction) -> Iterator[tuple[Fraction, Fraction, Any]]:
    """Place and length (quarters) of the notes and chords of a measure, in all its voices, without grace notes."""
    for one in stream:
        place = at + Fraction(stream.elementOffset(one)).limit_denominator(960)
        if one.isStream:
            yield from _notes(one, place)
        elif _sounds_there(one):
            yield place, Fraction(one.quarterLength).limit_denominator(960), one


def _sounds_there(one: Any) -> bool:
    """Whether this is a note or chord that takes time, no rest, symbol or ornament."""
    noted = bool(getattr(one, "pitches", ())) and "NotRest" in one.classes and "Harmony" not in one.classes
    return noted and not one.duration.isGrace
