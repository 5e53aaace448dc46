"""Bars as they stand on paper → ABC 2.1, with L:1/8, four bars a line.

What is repeated stands once, between repeat signs, in a tune that says who wrote it: our own repeats are read twice,
those of others once (see `measures`). In compound metres Q: counts dotted beats, where these are told exactly.

Contents: abc_of.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from melodyrnn.errors import one_line
from melodyrnn.formats.abc.abc_text import FOLDED
from melodyrnn.formats.notation.beams import clef_of
from melodyrnn.formats.notation.layout import changes, signature, spelled
from melodyrnn.music.key import spell
from melodyrnn.music.melody import TICKS_PER_QUARTER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.formats.notation.layout import Line, Piece
    from melodyrnn.music.key import Key
    from melodyrnn.music.melody import Melody

_MODES: Final = {
    "major": "", "minor": "m", "dorian": "dor", "phrygian": "phr", "lydian": "lyd", "mixolydian": "mix",
    "locrian": "loc",
}  # fmt: skip
_SIGNS: Final = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
_BARS_A_LINE: Final = 4
_DOTTED, _EIGHTHS = 36, 8  # ticks of a dotted quarter; what is counted where it is the beat


def abc_of(melody: Melody, key: Key, lines: list[Line], style: str = "") -> bytes:
    """Write a tune whose bars are engraved with the chord symbols in them; `style`: what R: says of it."""
    first, title = melody.metres[0], one_line(melody.title.replace("%", "")) or "Melody"
    clef = " clef=bass" if clef_of(melody, key).sign == "F" else ""
    head = [
        "%abc-2.1", "X:1", f"T:{title}", *([FOLDED] if any(line.closes for line in lines) else []),
        *([f"R:{style}"] if style else []), f"M:{first}", "L:1/8",
        f"Q:{_tempo(melody)}", f"K:{spell(key.tonic, key.fifths)}{_MODES[key.mode]}{clef}",
    ]  # fmt: skip
    bars = []
    for place, (line, changed) in enumerate(zip(lines, changes(lines), strict=True)):
        metre = f"[M:{line.metre}]" if changed and place else ""
        sign = ":|" if line.closes else "|"
        bars.append(f"{'|: ' * line.opens}{metre}{_abc_bar(line, key)} {sign}")
    body = [" ".join(row) for row in _rows(lines, bars)]
    body[-1] += "]"
    return ("\n".join([*head, *body]) + "\n").encode()


def _rows(lines: list[Line], bars: list[str]) -> Iterator[list[str]]:
    """Four bars a line, and no line goes on behind a repeat; an upbeat that is repeated does not count."""
    row: list[str] = []
    count = 0
    for before, line, bar in zip([None, *lines], lines, bars, strict=False):
        closed = before is not None and before.closes
        if row and (line.opens or closed or (count >= _BARS_A_LINE and not line.place)):
            yield row
            row, count = [], 0
        row.append(bar)
        count += not (line.opens and line.place)
    yield row


def _tempo(melody: Melody) -> str:
    """Quarters a minute, or dotted beats in compound metres."""
    metre = melody.metres[0]
    dotted = f"{melody.tempo * TICKS_PER_QUARTER / metre.beat_ticks:g}"
    exact = round(float(dotted) * metre.beat_ticks / TICKS_PER_QUARTER, 6) == melody.tempo
    if metre.beat_ticks == _DOTTED and metre.denominator == _EIGHTHS and exact:
        return f"3/8={dotted}"
    return f"1/4={melody.tempo:g}"


def _abc_bar(line: Line, key: Key) -> str:
    """A bar of ABC, notes of a beat beamed; an accidental is written wherever a reader could think of another."""
    own = signature(key.fifths)
    by_octave: dict[tuple[str, int], int] = {}
    by_letter: dict[str, int] = {}
    place = line.place
    bar, beamed = "", -1  # the beat in which the last piece could be beamed
    for piece in line.pieces:
        text = f'"{piece.symbol}"' if piece.symbol else ""
        text += f"(3:2:{piece.group}" if piece.group else ""
        if piece.pitch is None:
            text += "z"
        else:
            letter, shift, octave = spelled(piece.pitch, key)
            here = (letter, octave)
            if {by_octave.get(here, own[letter]), by_letter.get(letter, own[letter])} != {shift}:
                text += _SIGNS[shift]
            by_octave[here] = by_letter[letter] = shift
            text += letter.lower() + "'" * (octave - 5) if octave >= 5 else letter + "," * (4 - octave)
        text += _abc_length(piece) + ("-" if piece.tied_to else "")
        beat = place // max(line.metre.beat_ticks, TICKS_PER_QUARTER)
        short = piece.pitch is not None and piece.ticks < TICKS_PER_QUARTER
        bar += text if (short and beamed == beat) or not bar else f" {text}"
        beamed, place = beat if short else -1, place + piece.ticks
    return bar


def _abc_length(piece: Piece) -> str:
    """The length in eighths, as ABC writes it: nothing, 3, /2, 3/2."""
    length = Fraction(piece.ticks * (3 if piece.in_triplet else 2), 24)
    if length.denominator == 1:
        return "" if length == 1 else str(length.numerator)
    return f"{length.numerator if length.numerator > 1 else ''}/{length.denominator}"
