"""The chords that sound with the melody of a score: its symbols where they are written, else what the other parts play.

For corpora: the whole piece, laid out as the melody is (`measures`), so that a chord and the note that it sounds with
have one tick. That a score has no chords that can be read is no fault of its melody: nothing is refused here.

Conventions: parts and measures are music21's objects; this module does not import it.

Contents: harmony_of_score; its two ways, written_harmony and played_harmony; harmony_of_bars.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from melodyrnn.errors import Unreadable
from melodyrnn.formats.naming import says_drums
from melodyrnn.formats.notation.measures import Bar, bar_starts, bars_with_symbols, chords_of_bars
from melodyrnn.formats.notation.parts import first_offset, label_of, signature_at
from melodyrnn.music.chord_reading import Sounding, find_chords
from melodyrnn.music.harmony import Harmony, laid_out
from melodyrnn.music.melody import TICKS_PER_QUARTER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.music.melody import Metre

_FEW: Final = 8  # bars a symbol, on average, from which on symbols are no harmony but a remark
_MELODY: Final = 0.3  # what its own notes count where chords are read from the others: a chord needs its third, but
# one that is told shall not be what the melody sings anyway
_MOST_NOTES: Final = 50_000  # of an accompaniment; an orchestra's would cost more time than its melody


def harmony_of_score(score: Any, part: Any, bars: list[Bar], metres: tuple[Metre, ...], where: str) -> Harmony | None:
    """The chords of a music21 score beside the part that is its melody; None where there are none."""
    written = written_harmony(score, part, bars, where)
    if written is not None and (len(written.spans) * _FEW >= len(bars) or not _others(score, part, bars)):
        return written
    return played_harmony(score, part, bars, metres, where)


def written_harmony(score: Any, part: Any, bars: list[Bar], where: str) -> Harmony | None:
    """The chord symbols of the part that has most of them; None without any that can be read."""
    parts = _alike(score, bars)
    if all(one.recurse().getElementsByClass("ChordSymbol").first() is None for one in parts):
        return None
    symbols = bars_with_symbols([(one, bars) for one in parts], _fifths(part))
    return harmony_of_bars(symbols, where) if symbols else None


def played_harmony(score: Any, part: Any, bars: list[Bar], metres: tuple[Metre, ...], where: str) -> Harmony | None:
    """The chords that all parts make together; None where the melody is alone, or nothing sounds."""
    others = _others(score, part, bars)
    starts = bar_starts(bars)
    notes = [*_sounding(others, starts, 1.0), *(_sounding([part], starts, _MELODY) if others else ())]
    changes = find_chords(notes, metres, fifths=_fifths(part)) if 0 < len(notes) <= _MOST_NOTES else []
    return laid_out(changes, metres, where, source="the other parts", whole=True) if changes else None


def _fifths(part: Any) -> int:
    return signature_at(part, first_offset(part))[1] or 0


def _alike(score: Any, bars: list[Bar]) -> list[Any]:
    """The parts that have as many bars as the melody."""
    return [one for one in list(getattr(score, "parts", [])) or [score] if len(_measures(one)) == len(bars)]


def _others(score: Any, part: Any, bars: list[Bar]) -> list[Any]:
    """Those of them that are not the melody, nor drums."""
    return [one for one in _alike(score, bars) if one is not part and not says_drums(label_of(one), 0)]


def harmony_of_bars(bars: list[Bar], where: str) -> Harmony | None:
    """The chord symbols of bars that are read already; None where there are none that can be read."""
    if not any(bar.symbols for bar in bars):
        return None
    try:
        return chords_of_bars(bars, where, "its chord symbols", whole=True)
    except Unreadable:
        return None


def _measures(part: Any) -> list[Any]:
    return list(part.getElementsByClass("Measure")) or [part]


def _sounding(parts: Sequence[Any], starts: Sequence[Fraction | None], weight: float) -> Iterator[Sounding]:
    """The notes of some parts, in ticks; bars that the melody leaves out have none."""
    for part in parts:
        for measure, start in zip(_measures(part), starts, strict=True):
            if start is None:
                continue
            for place, length, note in _notes(measure, Fraction()):
                onset = round((start + place) * TICKS_PER_QUARTER)
                end = round((start + place + length) * TICKS_PER_QUARTER)
                yield from (Sounding(onset, end, pitch.midi, weight) for pitch in note.pitches if end > onset)


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
