"""Degrees of a key as chord symbols: ii7 of C major is Dm7.

Conventions: see `music.chords`, whose progressions hold them.

Contents: is_degree, symbol_of_degree.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from melodyrnn.music.chord_symbols import degrees_of
from melodyrnn.music.key import SCALES, spell

if TYPE_CHECKING:
    from melodyrnn.music.key import Key

_NUMERAL: Final = r"[b#♭♯]?(?:VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)"
_DEGREE: Final = re.compile(rf"([b#♭♯]?)([IV]+|[iv]+)(.*?)(?:/({_NUMERAL}))?")
_NUMERALS: Final = ("i", "ii", "iii", "iv", "v", "vi", "vii")
_OWN_THIRD: Final = ("°", "º", "o", "dim", "ø", "h", "m", "-", "+", "aug", "sus", "5")
_FLAT: Final = {"b", "♭"}
_WIDEST: Final = 4  # fifths of a signature up to which roots are spelled without double accidentals


def is_degree(symbol: str) -> bool:
    """Whether a word is a degree of a key.

    >>> [is_degree(word) for word in ("ii7", "V7/V", "bVII", "vii°", "Am", "C", "ix")]
    [True, True, True, True, False, False, False]
    """
    match = _DEGREE.fullmatch(symbol)
    return match is not None and match[2].lower() in _NUMERALS and degrees_of(_quality(match)) is not None


def symbol_of_degree(symbol: str, key: Key) -> str:
    """The chord symbol of a degree.

    >>> from melodyrnn.music.key import Key
    >>> [symbol_of_degree(word, Key(9, "minor")) for word in ("i", "VI", "bVII", "V7", "vii°", "iiø7", "V7/iv")]
    ['Am', 'F', 'G', 'E7', 'G#°', 'Bø7', 'A7']
    """
    match = _DEGREE.fullmatch(symbol)
    assert match is not None, symbol  # noqa: S101 - the caller has looked
    quality, of, tonic, scale = _quality(match), match[4], key.tonic, SCALES[key.mode]
    if of:
        above = _NUMERALS.index(of.lstrip("b#♭♯").lower())
        tonic, scale = (tonic + _step(of[0], above, scale)) % 12, SCALES["major"]
    degree = _NUMERALS.index(match[2].lower())
    step = _step(match[1], degree, scale)
    if degree == 6 and not match[1] and match[2].islower() and (5, 6) in (degrees_of(quality) or ()):
        step = 11
    leaning = -_WIDEST if match[1] in _FLAT else 2 if match[1] or step == 11 else 0
    fifths = max(-_WIDEST, min(_WIDEST, key.fifths + leaning))
    return spell((tonic + step) % 12, fifths) + quality


def _quality(match: re.Match[str]) -> str:
    """What stands after the root: small letters are minor, unless that says more."""
    rest = match[3]
    return f"m{rest}" if match[2].islower() and not rest.startswith(_OWN_THIRD) else rest


def _step(sign: str, degree: int, scale: tuple[int, ...]) -> int:
    """Semitones of a degree above the tonic."""
    if sign in _FLAT:
        return SCALES["major"][degree] - 1
    return scale[degree] + (1 if sign in {"#", "♯"} else 0)
