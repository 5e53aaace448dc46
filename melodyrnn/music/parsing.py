"""Pitches, scales, ranges, keys, metres, lengths, forms and numbers of bars, as musicians write them.

Conventions
    A name is a letter, sharps (#) or flats (b), and for one pitch its octave: C4 = middle C = MIDI 60.
    Without an octave it names a pitch class, that is every octave of it.
    A capital alone is a major key, a small letter a minor one. H is German, and so is B before Dur and Moll.

Contents: pitches_of, pitch_class, scale_of, key_of_scale, range_of; parse_key, parse_key_and_scale, parse_metre,
parse_upbeat, parse_bars; note_values_of, form_letters.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from melodyrnn.errors import OptionError
from melodyrnn.music.compass import compass_of
from melodyrnn.music.key import MODES, STEPS, Key
from melodyrnn.music.melody import BEAT_VALUES, TICKS_PER_QUARTER, Metre
from melodyrnn.music.scales import mode_beside, nearest_scale, scale_named

_NAME: Final = r"([A-Ga-g])([#♯b♭]{0,2})(-?[0-9]{1,2})?"
_SIGNS: Final = {"#": 1, "♯": 1, "b": -1, "♭": -1}


def pitches_of(name: str, option: str = "pitch") -> frozenset[int]:
    """MIDI numbers that a name stands for (F#4: 66; Bb: 10, 22, 34 …); raise OptionError, naming the option."""
    match = re.fullmatch(_NAME, name)
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


def scale_of(text: str, tonic: int | None = None) -> tuple[int, ...]:
    """Pitch classes of a scale, from its first note up: a list of names, or its own name; raise OptionError.

    A name (blues, harmonic minor …) is relative to a tonic, its own (A blues) or that of the key.

    >>> scale_of("C D Eb F# G Ab B"), scale_of("blues", 9), scale_of("E minor pentatonic")
    ((0, 2, 3, 6, 7, 8, 11), (9, 0, 2, 3, 4, 7), (4, 7, 9, 11, 2))
    """
    words = text.replace(",", " ").split()
    if not words:
        raise OptionError("scale", "names no pitch; write the notes of the scale: C D Eb F# G Ab B")
    named = scale_named(text)
    if named is None and not all(re.fullmatch(_NAME, word) for word in words):
        found = _key_and_scale(text)
        if found is not None:
            return found[1] or found[0].scale
        if not re.fullmatch(_NAME, words[0]):
            near = nearest_scale(text)
            known = f"the nearest that is: {near}" if near else f"write {_SCALES_SAID}"
            raise OptionError("scale", f"{text!r} is not a scale known here; {known}, or its notes, C D Eb F# G Ab B")
    if named is not None:
        if tonic is None:
            problem = f"{text!r} begins on the tonic of a key: give the key as well (--key A), or write A {text}"
            raise OptionError("scale", problem)
        return tuple((tonic + step) % 12 for step in named)
    classes = [pitch_class(name, "scale") for name in words]
    return tuple(sorted(set(classes), key=lambda c: (c - classes[0]) % 12))


def range_of(text: str) -> tuple[int, int]:
    """Lowest and highest MIDI number of a range: two notes, or a voice or an instrument; raise OptionError.

    >>> range_of("C4-A5"), range_of("tenor"), range_of("C4 to A5")
    ((60, 81), (48, 72), (60, 81))
    """
    notes = compass_of(text) or text.strip()
    names = re.fullmatch(r"(.+[0-9])(?:\s*(?:[-–—]|\.\.+|to\b)\s*|\s+)([^-\d\s].*)", notes)
    ends = [pitches_of(name, "range") for name in names.groups()] if names else []
    if len(ends) != 2 or any(len(end) != 1 for end in ends):
        voices = "or a voice or an instrument: tenor, violin"
        raise OptionError("range", f"{text!r} is not a range; write the lowest and the highest note: C4-A5, {voices}")
    low, high = (next(iter(end)) for end in ends)
    if low > high:
        raise OptionError("range", f"{text} goes down; write the lowest note first")
    return low, high


_TONIC: Final = r"(?i)([A-H])(?:[ -]?(sharp|flat)\b|([#♯b♭])|(is|es|(?<=[AE])s)(?=$|[ -]|dur|moll))?[ _-]*(.*)"
_SOLFEGE: Final = r"(?i)(do|r[eé]|mi|fa|sol|la|si)\b ?(#|♯|b|♭|di[eè]se|b[eé]mol|diesis|bemolle)?[ -]+(.*)"
_SOLFEGE_LETTERS: Final = dict(zip(("do", "re", "mi", "fa", "sol", "la", "si"), "CDEFGAB", strict=True))
_MODE_NAMES: Final = {name: name for name in MODES} | {
    "m": "minor", "min": "minor", "moll": "minor", "mineur": "minor", "minore": "minor", "menor": "minor",
    "aeolian": "minor", "natural minor": "minor", "äolisch": "minor", "aeol": "minor", "aeo": "minor",
    "maj": "major", "dur": "major", "majeur": "major", "maggiore": "major", "mayor": "major", "ionian": "major",
    "ionisch": "major", "ion": "major", "dor": "dorian", "dorisch": "dorian", "phr": "phrygian",
    "phrygisch": "phrygian", "lyd": "lydian", "lydisch": "lydian", "mix": "mixolydian", "mixo": "mixolydian",
    "mixolydisch": "mixolydian",
    "loc": "locrian", "lokrisch": "locrian",
}  # fmt: skip
_GERMAN: Final = {"dur", "moll"}
_SCALES_SAID: Final = "blues, minor pentatonic, harmonic minor, whole tone, hijaz"
_FRACTION: Final = r"([0-9]{1,3})/([0-9]{1,3})"


def parse_key(text: str) -> Key:
    """Read a key (Am, F#, E dorian, Bb minor, a-Moll, c, which is minor); raise OptionError."""
    found = _key_and_scale(text)
    if found is not None and found[1] is not None:
        problem = f"{text!r} names a scale too, which is no key by itself; write {found[0]}"
        raise OptionError("key", problem)
    if found is None:
        known = ", ".join(MODES)
        raise OptionError("key", f"{text!r} is not a key; write Am, F#, Bb minor or E dorian (modes: {known})")
    return found[0]


def key_of_scale(text: str) -> Key:
    """The key of a scale where none is given; raise OptionError.

    On the first of its notes; on that of its name, if it has one; else where the mode nearest to it has no signature.

    >>> asked = ("C D Eb F# G Ab B", "harmonic minor", "blues", "pentatonic", "dorian", "E hijaz")
    >>> ", ".join(str(key_of_scale(text)) for text in asked)
    'C minor, A minor, A minor, C major, D dorian, E phrygian'
    """
    classes, named = scale_of(text, 0), scale_named(text)
    if named is not None:
        mode = mode_beside(text, named)
        return next(key for key in (Key(tonic, mode) for tonic in range(12)) if key.fifths == 0)
    words = text.replace(",", " ").split()
    found = None if all(re.fullmatch(_NAME, word) for word in words) else _key_and_scale(text)
    if found is not None:
        return found[0]
    tonic = pitch_class(words[0], "scale")
    return Key(tonic, mode_beside("", tuple((one - tonic) % 12 for one in classes)))


def parse_key_and_scale(text: str) -> tuple[Key, tuple[int, ...] | None]:
    """Read a key, or a key with a scale that is no mode (A blues: A minor and its six notes); raise OptionError.

    >>> key, scale = parse_key_and_scale("A blues")
    >>> str(key), scale, parse_key_and_scale("E dorian")[1]
    ('A minor', (9, 0, 2, 3, 4, 7), None)
    """
    found = _key_and_scale(text)
    return found if found is not None else (parse_key(text), None)


def _key_and_scale(text: str) -> tuple[Key, tuple[int, ...] | None] | None:
    """A key and the scale that it names beside it; None for what is no key."""
    tonic, rest, minor = _tonic_of(text.strip())
    if not tonic:
        return None
    name = " ".join(rest.lower().replace("-", " ").split()).removesuffix(" mode").removesuffix(" scale")
    if rest == "M":
        name = "major"
    mode = _MODE_NAMES.get(name or ("minor" if minor else "major"))
    if mode is not None:
        return Key.named(tonic, mode), None
    steps = scale_named(name)
    if steps is None:
        return None
    key = Key.named(tonic, mode_beside(name, steps))
    return key, tuple((key.tonic + step) % 12 for step in steps)


def _tonic_of(text: str) -> tuple[str, str, bool]:
    """The tonic in English, what stands after it, and whether it is written small; "" where there is none."""
    solfege = re.fullmatch(_SOLFEGE, text)
    if solfege is not None:
        sign = (solfege[2] or "").lower()[:1]
        letter = _SOLFEGE_LETTERS[solfege[1].lower().replace("é", "e")]
        return letter + {"#": "#", "♯": "#", "d": "#", "": ""}.get(sign, "b"), solfege[3], False
    match = re.fullmatch(_TONIC, text)
    if match is None:
        return "", "", False
    letter, word, sign, suffix, rest = match.groups()
    german, small = bool(_GERMAN & {*rest.lower().replace("-", " ").split()}), letter.islower()
    if letter.upper() == "H":
        return ("B", rest, small) if german and not (word or sign or suffix) else ("", "", False)
    down = (word or "").lower() == "flat" or sign in {"b", "B", "♭"} or (suffix or "").lower() in {"es", "s"}
    down = down or (german and letter.upper() == "B" and not (word or sign or suffix))
    raised = (word or sign or suffix) and not down
    return letter.upper() + ("b" if down else "#" if raised else ""), rest, small


def parse_metre(text: str) -> Metre:
    """Read a metre (6/8); raise OptionError."""
    match = re.fullmatch(_FRACTION, text.strip())
    if match is None or int(match[2]) not in BEAT_VALUES or not int(match[1]):
        raise OptionError("metre", f"{text!r} is not a metre; write 4/4, 3/4, 6/8 or 5/4")
    return Metre(int(match[1]), int(match[2]))


def parse_tempo(text: str) -> float:
    """Read a tempo as quarters a minute: 120, or other beats as scores write them, 3/8=116; raise OptionError.

    >>> parse_tempo("120"), parse_tempo("3/8=116"), parse_tempo("1/8 = 200")
    (120.0, 174.0, 100.0)
    """
    match = re.fullmatch(r"(?:([1-9]\d?)/([1-9]\d?)\s*=\s*)?(\d{1,4}(?:\.\d{1,6})?)", text.strip())
    if match is None:
        raise OptionError("tempo", f"{text!r} is no tempo: write quarters a minute, 120, or another beat, 3/8=116")
    beat = Fraction(4 * int(match[1] or 1), int(match[2] or 4))
    return float(beat * Fraction(match[3]))


def parse_upbeat(text: str) -> int | None:
    """Ticks of an upbeat written as a note value (1/4: 24), None where it is left to the network ('free')."""
    if text == "free":
        return None
    match = re.fullmatch(_FRACTION, text.strip())
    value = Fraction(0) if text == "0" else None
    if match is not None and int(match[2]):
        value = Fraction(int(match[1]), int(match[2])) * 4 * TICKS_PER_QUARTER
    if value is None or value.denominator != 1:
        raise OptionError("upbeat", f"{text!r} is not a note value; write 1/4, 1/8, 0 or free")
    return int(value)


_UNITS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS: Final = {
    name: 10 * tens
    for tens, name in enumerate(("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), 2)
}


def parse_bars(text: str) -> int | None:
    """Read a number of bars (8, eight, 8 bars); None when the network is to end by itself ('free').

    Raises OptionError.
    """
    said = re.sub(r" ?(bars?|measures?)$", "", text.strip().lower())
    if said == "free":
        return None
    number = _spelled(said)
    if number is None and re.fullmatch(r"[0-9]{1,9}", said):
        number = int(said)
    if number is None:
        raise OptionError("bars", f"{text!r} is not a number of bars; write 8, or free for as many as come")
    return number


def _spelled(text: str) -> int | None:
    """A number below a hundred in words (thirty-two); None for anything else."""
    units = _UNITS.split()
    tens, _, unit = text.replace(" ", "-").partition("-")
    if tens in _TENS and (not unit or unit in units[1:10]):
        return _TENS[tens] + (units.index(unit) if unit else 0)
    return units.index(text) if text in units else None


_LENGTHS: Final = {
    "whole": 1, "semibreve": 1, "half": 2, "minim": 2, "quarter": 4, "crotchet": 4, "eighth": 8, "quaver": 8,
    "sixteenth": 16, "semiquaver": 16,
}  # fmt: skip
_LENGTH: Final = r"(?i)(?:([0-9]{1,2})/)?([1-9][0-9]?)(?:th|nd)?(\.|t)?"


def note_values_of(text: str) -> tuple[int, ...]:
    """Ticks of note values, in their order: 1/8 or 8 or eighth, 4. with its dot, 8t of a triplet; raise OptionError.

    >>> note_values_of("8 16"), note_values_of("1/4, 3/8"), note_values_of("quarter 4. 8t")
    ((12, 6), (24, 36), (24, 36, 8))
    """
    found = []
    for word in text.replace(",", " ").split():
        match = re.fullmatch(_LENGTH, word)
        single = word.lower().removesuffix("s").removesuffix("-note")
        value = Fraction(1, _LENGTHS[single]) if single in _LENGTHS else Fraction(0)
        if match is not None:
            value = Fraction(int(match[1] or 1), int(match[2]))
            value *= {".": Fraction(3, 2), "t": Fraction(2, 3)}.get((match[3] or "").lower(), 1)
        ticks = value * 4 * TICKS_PER_QUARTER
        if ticks.denominator != 1 or ticks < 1:
            raise OptionError("durations", f"{word!r} is not a note value of the grid; write 1/4 1/8 3/8")
        found.append(int(ticks))
    if not found:
        raise OptionError("durations", "names no note value; write 1/4 1/8")
    return tuple(dict.fromkeys(found))


_SECTION: Final = r"[A-Za-z](?:'|[+~][1-9]|~(?:inv|retro))?"


def form_letters(text: str) -> str:
    """A form as its sections alone, whatever stands between them; what is none stays as it is.

    >>> form_letters("A A B A"), form_letters("a-a'-b-a’"), form_letters("AABA"), form_letters("rondo")
    ('AABA', "AA'BA'", 'AABA', 'rondo')
    >>> form_letters("A - A+2 - B - A-inv")
    'AA+2BA-inv'
    """
    told = text.strip().replace("’", "'").replace("′", "'")
    parts = re.split(r"[\s,;|-]+", re.sub(r"-(?=inv|retro|[1-9])", "~", told))
    sections = re.findall(_SECTION, "".join(parts))
    if "".join(sections) != "".join(parts):
        return text
    letters = [section[0] for section in sections]
    small = all(re.fullmatch(_SECTION, part) for part in parts) or all(letter in "abcd" for letter in letters)
    if not (all(map(str.isupper, letters)) or (small and all(map(str.islower, letters)))):
        return text
    return "".join(section[0].upper() + section[1:].replace("~", "-") for section in sections)
