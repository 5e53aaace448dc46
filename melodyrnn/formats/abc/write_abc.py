"""Bars as they stand on paper → ABC 2.1, with L:1/8, four bars a line.

Contents: abc_of.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from melodyrnn.errors import one_line
from melodyrnn.formats.notation.layout import changes, signature, spelled
from melodyrnn.music.key import spell
from melodyrnn.music.melody import TICKS_PER_QUARTER

if TYPE_CHECKING:
    from melodyrnn.formats.notation.layout import Line, Piece
    from melodyrnn.music.key import Key
    from melodyrnn.music.melody import Melody

_MODES: Final = {
    "major": "", "minor": "m", "dorian": "dor", "phrygian": "phr", "lydian": "lyd", "mixolydian": "mix",
    "locrian": "loc",
}  # fmt: skip
_SIGNS: Final = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
_BARS_A_LINE: Final = 4


def abc_of(melody: Melody, key: Key, lines: list[Line]) -> bytes:
    """Write a tune whose bars are engraved with the chord symbols in them."""
    first, title = melody.metres[0], one_line(melody.title.replace("%", "")) or "Melody"
    head = [
        "%abc-2.1", "X:1", f"T:{title}", f"M:{first}", "L:1/8",
        f"Q:1/4={melody.tempo:g}", f"K:{spell(key.tonic, key.fifths)}{_MODES[key.mode]}",
    ]  # fmt: skip
    bars = []
    for place, (line, changed) in enumerate(zip(lines, changes(lines), strict=True)):
        metre = f"[M:{line.metre}]" if changed and place else ""
        bars.append(metre + _abc_bar(line, key.fifths))
    rows = [bars[at : at + _BARS_A_LINE] for at in range(0, len(bars), _BARS_A_LINE)]
    body = ["".join(f"{bar} | " for bar in row).rstrip() for row in rows]
    body[-1] += "]"
    return ("\n".join([*head, *body]) + "\n").encode()


def _abc_bar(line: Line, fifths: int) -> str:
    """A bar of ABC, notes of a beat beamed; an accidental is written wherever a reader could think of another."""
    own = signature(fifths)
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
            letter, shift, octave = spelled(piece.pitch, fifths)
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
