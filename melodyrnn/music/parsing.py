"""Pitches, scales, ranges, keys, metres, upbeats and numbers of bars, as musicians write them.

Conventions
    A name is a letter, sharps (#) or flats (b), and for one pitch its octave: C4 = middle C = MIDI 60.
    Without an octave it names a pitch class, that is every octave of it.

Contents: pitches_of, pitch_class, scale_of, range_of; parse_key, parse_metre, parse_upbeat, parse_bars.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from melodyrnn.errors import OptionError
from melodyrnn.music.key import MODES, STEPS, Key
from melodyrnn.music.melody import BEAT_VALUES, TICKS_PER_QUARTER, Metre

_NAME: Final = re.compile(r"([A-Ga-g])([#♯b♭]{0,2})(-?[0-9]{1,2})?")
_SIGNS: Final = {"#": 1, "♯": 1, "b": -1, "♭": -1}


def pitches_of(name: str, option: str = "pitch") -> frozenset[int]:
    """MIDI numbers that a name stands for (F#4: 66; Bb: 10, 22, 34 …); raise OptionError, naming the option."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise OptionError(option, f"{name!r} is not a pitch; write F#4 or Bb3, or F# for every octave of it")
    step = STEPS[match[1].upper()] + sum(_SIGNS[sign] for sign in match[2])
    if match[3] is None:
        return frozenset(range(step % 12, 128, 12))
    number = 12 * (int(match[3]) + 1) + step
    if not 0 <= number <= 127:
        raise OptionError(option, f"{name} lies outside MIDI, which goes from C-1 to G9")
    return frozenset((number,))


def pitch_class(name: str, option: str = "pitch") -> int:
    """Pitch class 0..11 of a name without an octave (Eb: 3); raise OptionError."""
    found = pitches_of(name, option)
    if len(found) == 1:
        raise OptionError(option, f"{name!r} names an octave; write {name.rstrip('-0123456789')}")
    return min(found)


def scale_of(text: str) -> tuple[int, ...]:
    """Pitch classes of a list of names (C D Eb F# G Ab B), from the first one up; raise OptionError."""
    classes = [pitch_class(name, "scale") for name in text.replace(",", " ").split()]
    if not classes:
        raise OptionError("scale", "names no pitch; write the notes of the scale: C D Eb F# G Ab B")
    return tuple(sorted(set(classes), key=lambda c: (c - classes[0]) % 12))


def range_of(text: str) -> tuple[int, int]:
    """Lowest and highest MIDI number of a range (C4-A5: 60 and 81); raise OptionError."""
    names = re.fullmatch(r"(.+[0-9])\s*-\s*(\D.*)", text.strip())
    ends = [pitches_of(name, "range") for name in names.groups()] if names else []
    if len(ends) != 2 or any(len(end) != 1 for end in ends):
        raise OptionError("range", f"{text!r} is not a range; write the lowest and the highest note: C4-A5")
    low, high = (next(iter(end)) for end in ends)
    if low > high:
        raise OptionError("range", f"{text} goes down; write the lowest note first")
    return low, high


_KEY: Final = re.compile(r"([A-Ga-g])([#♯b♭]?)(?:\s*(m)|\s+(\w+)|)")
_ALIASES: Final = {"ionian": "major", "aeolian": "minor", "maj": "major", "min": "minor"}
_FRACTION: Final = re.compile(r"([0-9]{1,3})/([0-9]{1,3})")


def parse_key(text: str) -> Key:
    """Read a key (Am, F#, E dorian, Bb minor, c); raise OptionError."""
    match = _KEY.fullmatch(text.strip())
    mode = (match[4] or ("minor" if match[3] else "major")).lower() if match else ""
    mode = _ALIASES.get(mode, mode)
    if match is None or mode not in MODES:
        known = ", ".join(MODES)
        raise OptionError("key", f"{text!r} is not a key; write Am, F#, Bb minor or E dorian (modes: {known})")
    sign = match[2].replace("♯", "#").replace("♭", "b")
    return Key.named(match[1].upper() + sign, mode)


def parse_metre(text: str) -> Metre:
    """Read a metre (6/8); raise OptionError."""
    match = _FRACTION.fullmatch(text.strip())
    if match is None or int(match[2]) not in BEAT_VALUES or not int(match[1]):
        raise OptionError("metre", f"{text!r} is not a metre; write 4/4, 3/4, 6/8 or 5/4")
    return Metre(int(match[1]), int(match[2]))


def parse_upbeat(text: str) -> int | None:
    """Ticks of an upbeat written as a note value (1/4: 24), None where it is left to the network ('free')."""
    if text == "free":
        return None
    match = _FRACTION.fullmatch(text.strip())
    value = Fraction(0) if text == "0" else None
    if match is not None and int(match[2]):
        value = Fraction(int(match[1]), int(match[2])) * 4 * TICKS_PER_QUARTER
    if value is None or value.denominator != 1:
        raise OptionError("upbeat", f"{text!r} is not a note value; write 1/4, 1/8, 0 or free")
    return int(value)


def parse_bars(text: str) -> int | None:
    """Read a number of bars; None when the network is to end by itself ('free'). Raises OptionError."""
    if text == "free":
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise OptionError("bars", f"{text!r} is not a number of bars; write 8, or free for as many as come")
    return int(text)
