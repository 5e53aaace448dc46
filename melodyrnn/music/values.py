"""Keys, metres, upbeats and numbers of bars as musicians write them.

Contents: key_of, metre_of, upbeat_of, bars_of.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from melodyrnn.errors import OptionError
from melodyrnn.music.key import MODES, Key
from melodyrnn.music.melody import TICKS_PER_QUARTER, Metre

_KEY: Final = re.compile(r"([A-Ga-g])([#♯b♭]?)(?:\s*(m)|\s+(\w+)|)")
_ALIASES: Final = {"ionian": "major", "aeolian": "minor", "maj": "major", "min": "minor"}
_FRACTION: Final = re.compile(r"([0-9]{1,3})/([0-9]{1,3})")


def key_of(text: str) -> Key:
    """Read a key; raise OptionError.

    >>> [str(key_of(text)) for text in ("Am", "F#", "E dorian", "Bb minor", "c")]
    ['A minor', 'F# major', 'E dorian', 'Bb minor', 'C major']
    """
    match = _KEY.fullmatch(text.strip())
    mode = (match[4] or ("minor" if match[3] else "major")).lower() if match else ""
    mode = _ALIASES.get(mode, mode)
    if match is None or mode not in MODES:
        raise OptionError("key", f"{text!r} is no key; write Am, F#, Bb minor or E dorian (modes: {', '.join(MODES)})")
    sign = match[2].replace("♯", "#").replace("♭", "b")
    return Key.named(match[1].upper() + sign, mode)


def metre_of(text: str) -> Metre:
    """Read a metre; raise OptionError.

    >>> metre_of("6/8").bar_ticks
    72
    """
    match = _FRACTION.fullmatch(text.strip())
    if match is None or int(match[2]) not in {1, 2, 4, 8, 16, 32} or not int(match[1]):
        raise OptionError("metre", f"{text!r} is no metre; write 4/4, 3/4, 6/8 or 5/4")
    return Metre(int(match[1]), int(match[2]))


def upbeat_of(text: str) -> int | None:
    """Read the length of an upbeat as a note value; ticks, or None when it is left to the network ('free').

    >>> upbeat_of("1/4"), upbeat_of("0"), upbeat_of("free")
    (24, 0, None)
    """
    if text == "free":
        return None
    match = _FRACTION.fullmatch(text.strip())
    value = Fraction(0) if text == "0" else None
    if match is not None and int(match[2]):
        value = Fraction(int(match[1]), int(match[2])) * 4 * TICKS_PER_QUARTER
    if value is None or value.denominator != 1:
        raise OptionError("upbeat", f"{text!r} is no note value; write 1/4, 1/8, 0 or free")
    return int(value)


def bars_of(text: str) -> int | None:
    """Read a number of bars; None when the network is to end by itself ('free').

    >>> bars_of("8"), bars_of("free")
    (8, None)
    """
    if text == "free":
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise OptionError("bars", f"{text!r} is no number of bars; write 8, or free for as many as come")
    return int(text)
