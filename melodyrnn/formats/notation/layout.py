"""From a melody to what stands on paper: bars, written lengths, ties, tuplets, spelled notes.

Conventions
    A Piece is one written note or rest; its length in ticks (24 a quarter) has a single note sign:
    plain, dotted, or inside a triplet group (three in the time of two).
    A melody that starts inside its first bar and goes on beyond it begins with an upbeat bar, without
    the silence before it. Its last bar makes room for that one: it ends so much before its bar line, where
    nothing sounds there.
    Pitches are spelled for the key: no accidental on a note of the scale.

Contents: Piece, Line, engrave (melody → bars), written_end, note_sign (ticks → sign and dots), spelled, signature,
changes.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from melodyrnn.music.key import SHARPS, STEPS, spell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from melodyrnn.formats.notation.repeats import Repeat
    from melodyrnn.music.key import Key
    from melodyrnn.music.melody import Melody, Metre

_PLAIN: Final = (144, 96, 72, 48, 36, 24, 18, 12, 9, 6, 3)  # with at most one dot
_TRIPLET: Final = (96, 64, 48, 32, 24, 16, 12, 8, 6, 4, 2, 1)  # two thirds of a sign with at most one dot
_BEAT: Final = 24
_ONSET: Final = attrgetter("onset")
_END: Final = attrgetter("end")
_SIGNS: Final = {96: "whole", 48: "half", 24: "quarter", 12: "eighth", 6: "16th", 3: "32nd"}


@dataclass(frozen=True, slots=True)
class Piece:
    """One written note, or a rest where `pitch` is None."""

    ticks: int
    pitch: int | None
    tied_from: bool = False  # continues the piece before it
    tied_to: bool = False  # is continued by the next piece
    group: int = 0  # number of pieces of the triplet group that starts here
    in_triplet: bool = False
    ends_group: bool = False
    symbol: str = ""  # chord symbol over its beginning


@dataclass(frozen=True, slots=True)
class Line:
    """A bar as written."""

    metre: Metre  # its onset is not of interest
    pieces: tuple[Piece, ...]
    upbeat: bool = False
    begin: int = 0  # the tick of the melody
    place: int = 0  # ticks of its bar that are not written before it: of an upbeat, or where a repeat cuts the bar
    opens: bool = False  # a section that is repeated
    closes: bool = False

    @property
    def ticks(self) -> int:
        """How long it is as written."""
        return sum(piece.ticks for piece in self.pieces)


def engrave(
    melody: Melody, symbols: Mapping[int, str] | None = None, repeats: Sequence[Repeat] = (), *, over: int | None = None
) -> list[Line]:
    """Write a melody bar by bar, up to its end or to tick `over`; where a chord symbol stands (by tick) a piece begins.

    `repeats` are written once. A silence shorter than a bar behind the last of them is not written.
    """
    lines: list[Line] = []
    cuts = sorted({tick for repeat in repeats for tick in repeat})
    for start, end, metre in _bars(melody, melody.end if over is None else over):
        upbeat = not lines and 0 < melody.notes[0].onset < end < melody.end
        ticks = [melody.notes[0].onset if upbeat else start, *(cut for cut in cuts if start < cut < end), end]
        for begin, until in pairwise(sorted({*ticks})):
            if any(one.again <= begin < one.end for one in repeats) or _is_left_over(melody, begin, cuts):
                continue
            pieces = tuple(_pieces(melody, begin, until, symbols or {}))
            opens, closes = (any(one[place] == tick for one in repeats) for place, tick in enumerate((begin, until)))
            lines.append(Line(metre, pieces, upbeat, begin, begin - start, opens, closes))
    return lines


def written_end(melody: Melody, symbols: Mapping[int, str], repeats: Sequence[Repeat] = ()) -> int:
    """Where a melody ends on paper: short of the last bar line by its upbeat, where nothing sounds or begins there."""
    whole, upbeat = melody.end, melody.metres[0].bar_ticks - melody.notes[0].onset
    bar, place = melody.place(whole)
    over, last = whole - upbeat, melody.notes[-1]
    if place or not 0 < upbeat < melody.metres[0].bar_ticks or not melody.bar_onset(bar - 1) < last.end <= over:
        return whole
    kept = max([*symbols, *(repeat.end - 1 for repeat in repeats)], default=0)
    return over if bar > 1 and kept < over else whole


def _is_left_over(melody: Melody, begin: int, cuts: Sequence[int]) -> bool:
    """Whether nothing sounds from a tick on, at which the last repeat ends within a bar."""
    return bool(cuts) and begin == cuts[-1] and begin >= melody.notes[-1].end and melody.place(begin)[1] > 0


def _bars(melody: Melody, over: int) -> Iterator[tuple[int, int, Metre]]:
    """Start, end and metre of each bar; the last one ends where the melody is over."""
    changes = [metre.onset for metre in melody.metres[1:]]
    for metre, until in zip(melody.metres, [*changes, over], strict=True):
        start = metre.onset
        while start < min(until, over):
            end = min(start + metre.bar_ticks, until)
            yield start, end, metre
            start = end


class _Span(NamedTuple):
    """What sounds, or a rest, between two ticks of a bar."""

    start: int
    end: int
    pitch: int | None
    tied_from: bool = False
    tied_to: bool = False


def _pieces(melody: Melody, begin: int, end: int, symbols: Mapping[int, str]) -> Iterator[Piece]:
    """What stands between two ticks: cut into signs, triplet groups marked."""
    spans: list[_Span] = []
    now = begin
    notes = melody.notes
    for note in notes[bisect_right(notes, begin, key=_END) : bisect_left(notes, end, key=_ONSET)]:
        first, last = max(note.onset, begin), min(note.end, end)
        if first > now:
            spans.append(_Span(now, first, None))
        spans.append(_Span(first, last, note.pitch, note.onset < first, note.end > last))
        now = last
    if now < end:
        spans.append(_Span(now, end, None))
    parts = chain.from_iterable(_parted(span, symbols) for span in spans)
    metre = melody.metre_at(begin)
    bar = begin - melody.place(begin)[1]
    pieces = ((part, _cut(part, begin, bar, metre)) for part in parts)
    yield from _grouped([piece for part, cut in pieces for piece in _with_symbol(cut, symbols.get(part.start, ""))])


def _parted(span: _Span, symbols: Mapping[int, str]) -> Iterator[_Span]:
    """A span in parts that begin where a symbol stands, tied unless it is a rest."""
    ticks = [span.start, *sorted(tick for tick in symbols if span.start < tick < span.end), span.end]
    sounds = span.pitch is not None
    for a, b in pairwise(ticks):
        back = span.tied_from if a == span.start else sounds
        yield _Span(a, b, span.pitch, back, span.tied_to if b == span.end else sounds)


def _cut(span: _Span, begin: int, bar: int, metre: Metre) -> list[Piece]:
    """Cut a span into single signs, tied unless it is a rest; what is written begins at `begin`, the bar at `bar`."""
    lengths: list[int] = []
    now, sounds = span.start, span.pitch is not None
    while now < span.end:
        until = min(span.end, now + _room(now - bar, span.end - now, metre, sounds=sounds))
        lengths.append(_next_sign(now - begin, until - now))
        now += lengths[-1]
    pieces = []
    for place, ticks in enumerate(lengths):
        back = sounds and (place > 0 or span.tied_from)
        on = sounds and (place < len(lengths) - 1 or span.tied_to)
        pieces.append(Piece(ticks, span.pitch, back, on))
    return pieces


def _with_symbol(pieces: list[Piece], symbol: str) -> list[Piece]:
    return [replace(pieces[0], symbol=symbol), *pieces[1:]] if symbol else pieces


def _room(place: int, left: int, metre: Metre, *, sounds: bool) -> int:
    """How long a sign may be that begins so many ticks into the bar, so that the beats can be seen.

    A note from between the beats hides neither the middle of a bar of four nor a dotted beat; a rest hides no beat, but
    for those of the whole bar and of its halves.
    """
    beat = metre.beat_ticks
    if beat % 9 == 0:  # dotted beats
        return beat - place % beat if place % beat or (left < metre.bar_ticks and not sounds) else left
    if not sounds and beat == _BEAT and not (place == 0 and left >= metre.bar_ticks):
        return 48 if place % 48 == 0 and left >= 48 and metre.numerator % 2 == 0 else beat - place % beat
    return 48 - place if metre.bar_ticks == 96 and place < 48 and place % _BEAT else left


def _next_sign(place: int, left: int) -> int:
    """The sign to write here, `place` ticks into the bar, of a span that has so much left."""
    if place % 3 == 0 and left % 3 == 0:
        return next(ticks for ticks in _PLAIN if ticks <= left)
    if place % 16 == 0 and left in {16, 32} and place % 48 + left <= 48:  # three quarters in the time of two
        return left
    to_beat = -place % _BEAT
    if place % 3 == 0:  # leave the plain grid with the last sign of the span
        if left in _TRIPLET:
            return left
        plain = [ticks for ticks in _PLAIN if ticks <= left]
        leading = [ticks for ticks in plain if left - ticks in _TRIPLET]
        otherwise = (leading or plain or _TRIPLET[-1:])[0]
        return next((ticks for ticks in leading if (place + ticks) % _BEAT == 0), otherwise)
    if to_beat in _TRIPLET and to_beat <= left:  # come back to it on the beat
        return to_beat
    fitting = [ticks for ticks in _TRIPLET if ticks <= left]
    return next((ticks for ticks in fitting if (place + ticks) % 3 == 0 or ticks == left), fitting[0])


def _grouped(pieces: list[Piece]) -> Iterator[Piece]:
    """Mark the runs of pieces that leave the plain grid, up to where they come back to it."""
    group: list[Piece] = []
    total = 0
    for piece in pieces:
        if total % 3 == 0 and piece.ticks % 3 == 0:
            yield piece
            continue
        group.append(replace(piece, in_triplet=True))
        total += piece.ticks
        if total % 3 == 0:
            yield from _closed(group)
            group, total = [], 0
    if group:
        yield from _closed(group)


def _closed(group: list[Piece]) -> list[Piece]:
    group[0] = replace(group[0], group=len(group))
    group[-1] = replace(group[-1], ends_group=True)
    return group


def note_sign(piece: Piece) -> tuple[str, int]:
    """The sign and its dots: 36 ticks are a quarter with one, 8 in a triplet an eighth without."""
    doubled = piece.ticks * (3 if piece.in_triplet else 2)  # twice the written length, to stay whole
    for ticks, sign in _SIGNS.items():
        if doubled == 2 * ticks:
            return sign, 0
        if doubled == 3 * ticks:
            return sign, 1
    return ("64th", 0) if doubled == 3 else ("64th", 1)


def spelled(pitch: int, key: Key) -> tuple[str, int, int]:
    """Letter, semitones of its accidental, and octave (middle C is octave 4) of a pitch in a key.

    In minor the fourth is raised where major has a lowered fifth: F sharp in C minor, as before G.
    """
    name = spell(pitch % 12, key.fifths + (key.mode == "minor"))
    shift = name.count("#") - name.count("b")
    return name[0], shift, (pitch - shift - STEPS[name[0]]) // 12 - 1


def signature(fifths: int) -> dict[str, int]:
    """Semitones by letter of a signature of so many sharps (flats if negative)."""
    order = SHARPS if fifths > 0 else SHARPS[::-1]
    return {letter: (1 if fifths > 0 else -1) if letter in order[: abs(fifths)] else 0 for letter in STEPS}


def changes(lines: list[Line]) -> list[bool]:
    """Whether each bar after the first states another metre than the bar before it."""
    metres = [(line.metre.numerator, line.metre.denominator) for line in lines]
    return [True, *(before != now for before, now in pairwise(metres))]
