"""What the fields of ABC say: metre, unit length, tempo, key, clef and voice.

Conventions: a signature is a mapping of letters to semitones (1 sharp, -1 flat); a tempo counts quarters a minute; a
metre is (numerator, denominator), None where the text means no metre; lengths are quarters.

Contents: SIGNS, abc_metre, abc_unit, abc_tempo, abc_key; Stave and abc_stave (clef, octave=, transpose=),
is_percussion (a name); length_of.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final, NamedTuple

from melodyrnn.music.key import FIFTHS_OF_MODE, SHARPS, STEPS, Key

SIGNS: Final = {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0}
_METRE: Final = re.compile(r"\(?(\d{1,2}(?:[ ]?\+[ ]?\d{1,2})*)\)?[ ]?/[ ]?(\d{1,2})")
_RATIO: Final = re.compile(r"(\d{1,3})(?:[ \t]*/[ \t]*(\d{1,3}))?")
_UNITS: Final = re.compile(r"[Cc](\d{0,3}/{0,6}\d{0,3})")
_SPEED: Final = re.compile(r"\d{1,4}(?:\.\d{1,9})?")
_MOST_BEATS: Final = 4  # that a tempo adds up: Q:1/4 3/8 1/4 3/8=40
_KEY: Final = re.compile(r"([A-Ha-g])(#|b|s(?![a-z])|es|is|[ \t]?(?:flat|sharp)(?![a-z]))?♮?[ \t]*([A-Za-z]*)")
_NO_TONIC: Final = re.compile(r"(?:none|exp(?:licit)?)(?![a-z])", re.IGNORECASE)
_MODES: Final = {
    "": "major", "maj": "major", "ion": "major", "m": "minor", "min": "minor", "aeo": "minor", "mix": "mixolydian",
    "dor": "dorian", "phr": "phrygian", "lyd": "lydian", "loc": "locrian",
}  # fmt: skip
_ACCIDENTAL: Final = re.compile(r"(\^{1,2}|_{1,2}|=)([A-Ga-g])(?![A-Za-z])")
_PROPERTY: Final = re.compile(
    r"(?<![A-Za-z])(clef|octave|transpose|name|nm|subname|sname|snm|middle|stafflines|staffscale|style|score"
    r"|sound|shift|instrument|cue|scale|stem|gstem|dyn|lyrics|gchord|space|program|brace|bracket|merge|perc)"
    r'[ \t]*=[ \t]*("[^"]*"?|[^\s"]+)',
    re.IGNORECASE,
)
_CLEF: Final = re.compile(
    r"(?<!\S)(treble|violin|french|bass|subbass|tenor|alto|soprano|mezzo-?soprano|mezzo|baritone|auto|perc(?:ussion)?"
    r"|drums?|[GFCP](?=[1-5+\-_^]))([1-5]?)([+\-^_]?(?:8|15|22))?(?!\S)",
    re.IGNORECASE,
)
_OCTAVES: Final = {"8": 12, "15": 24, "22": 36}
_DRUMS: Final = re.compile(r"(?<![a-z])(?:perc(?:ussion)?|drums?|drum ?(?:set|kit)|snare)(?![a-z])", re.IGNORECASE)


def abc_metre(text: str) -> tuple[int, int] | None:
    """Read C, C|, 6/8, (2+3)/8, also in the middle of other words; None where no metre is meant."""
    if text.startswith("C|"):
        return 2, 2
    if re.match(r"C(?![A-Za-z])", text):
        return 4, 4
    match = _METRE.search(text)
    if match is None:
        return None
    above, below = sum(int(part) for part in match[1].split("+")), int(match[2])
    usable = above > 0 and below in {1, 2, 4, 8, 16, 32}
    return (above, below) if usable else None


def abc_unit(text: str) -> Fraction | None:
    """Quarters of an L: field (1/8, 1); None where it says none."""
    match = _RATIO.match(text)
    return _quarters(match) or None if match else None


def _quarters(match: re.Match[str]) -> Fraction:
    return Fraction(4 * int(match[1]), int(match[2] or 1) or 1)


def abc_tempo(text: str, otherwise: float, unit: Fraction = Fraction(1)) -> float:
    """Quarters a minute of a Q: field: 1/4=120, 1/4 3/8=40 (the beats added), C3=110 (in units), or quarters alone."""
    left, equals, right = re.sub(r'"[^"]*"?', " ", text).partition("=")
    if "/" in right and "/" not in left:
        left, right = right, left  # 120=1/4
    speed = _SPEED.search(right if equals else left)
    if speed is None:
        return otherwise
    beat = Fraction(1)
    if equals and (units := _UNITS.search(left)):
        beat = unit * length_of(units[1])
    elif equals and (parts := list(_RATIO.finditer(left))):
        beat = sum(map(_quarters, parts[:_MOST_BEATS]), Fraction())
    tempo = round(float(speed[0]) * float(beat), 6)
    return tempo if 4 <= tempo <= 1000 else otherwise


def length_of(text: str) -> Fraction:
    """The length written after a note, as a multiple of the unit: 3, /2, 3/2, /, //."""
    above, slashes, below = text.partition("/")
    if not slashes:
        return Fraction(int(above or 1))
    more = len(below) - len(below.lstrip("/"))
    return Fraction(int(above or 1), int(below[more:] or 0) or 2 ** (1 + more))


def abc_key(text: str) -> tuple[Key | None, dict[str, int] | None]:
    """Key and signature (letter → semitones) of a K: field; no signature where it speaks of the clef alone."""
    if text[:2] in {"HP", "Hp"}:  # highland pipes: two sharps, A mixolydian
        return Key(9, "mixolydian"), {"F": 1, "C": 1}
    text = _CLEF.sub(" ", _PROPERTY.sub(" ", _plain(text))).strip()
    match = _KEY.match(text)
    alone = _NO_TONIC.match(text)
    if match is None or alone:
        signature = _explicit(text, {})
        return None, signature if signature or alone else None
    word = "maj" if match[3] == "M" else match[3].lower()[:3]
    if match[1].islower() and word not in _MODES and word != "exp":  # bagpipes, each
        return None, None
    letter = match[1].upper().replace("H", "B")  # German H
    shift = {"": 0, "#": 1, "is": 1, "sharp": 1}.get((match[2] or "").strip(), -1)
    tonic, rest = (STEPS[letter] + shift) % 12, text[match.end() :]
    if word == "exp":
        signature = _explicit(rest, {})
        return _nearest(tonic, signature), signature
    mode = _MODES.get(word, "major")
    fifths = SHARPS.index(letter) - 1 + 7 * shift + FIFTHS_OF_MODE[mode]
    return Key.signed(tonic, mode, fifths), _explicit(rest, _signature(fifths))


def _plain(text: str) -> str:
    """A key with the signs of print, as ABC writes them: B♭ is Bb, and ♯f after it ^f."""
    if not set("♯♭♮").intersection(text):
        return text
    text = re.sub("(?<![A-Za-z♯♭♮])([A-Ha-h])♯", r"\1#", re.sub("(?<![A-Za-z♯♭♮])([A-Ha-h])♭", r"\1b", text))
    return re.sub("[♯♭♮](?=[A-Ga-g])", lambda sign: {"♯": "^", "♭": "_", "♮": "="}[sign[0]], text)


def _signature(fifths: int) -> dict[str, int]:
    """So many sharps (flats if negative), at most seven."""
    names = SHARPS if fifths > 0 else SHARPS[::-1]
    return dict.fromkeys(names[: min(7, abs(fifths))], 1 if fifths > 0 else -1)


def _explicit(text: str, signature: dict[str, int]) -> dict[str, int]:
    """The signature with accidentals written out after the key (K:D ^g =c, K:D^g=c) put in."""
    return signature | {letter.upper(): SIGNS[sign] for sign, letter in _ACCIDENTAL.findall(text)}


def _nearest(tonic: int, signature: dict[str, int]) -> Key:
    """The key on a tonic whose scale has most notes in common with a signature; the first of MODES of several."""
    tones = {(STEPS[letter] + signature.get(letter, 0)) % 12 for letter in STEPS}
    return max((Key(tonic, mode) for mode in FIFTHS_OF_MODE), key=lambda key: len(tones.intersection(key.scale)))


class Stave(NamedTuple):
    """What a K: or V: field says of how its notes sound."""

    shifts: dict[str, int]  # clef, octave, transpose → semitones; what is not named stays
    percussion: bool | None  # None where nothing is said of it
    name: str = ""


def abc_stave(text: str) -> Stave:
    """Read clef, octave= and transpose= of a field: clef=treble-8 sounds an octave lower, and so does octave=-1."""
    stated = {match[1].lower(): match[2].strip('"') for match in _PROPERTY.finditer(text)}
    named = " ".join(stated[name] for name in ("name", "nm", "subname", "sname", "snm") if name in stated)
    clef = _CLEF.search(stated.get("clef", "")) or _CLEF.search(_PROPERTY.sub(" ", text))
    shifts = {}
    if clef or "clef" in stated:
        octaves = (clef and clef[3]) or "+"  # ^8 and _8 are drawn, and change nothing
        shifts["clef"] = {"+": 1, "-": -1}.get(octaves[0], 0) * _OCTAVES.get(octaves[1:], 0)
    for name, each in (("octave", 12), ("transpose", 1)):
        if re.fullmatch(r"[+-]?\d{1,2}", stated.get(name, "")):
            shifts[name] = each * int(stated[name])
    drums = (
        is_percussion(named) or bool(clef and clef[1].lower().startswith(("p", "drum"))) or stated.get("clef") == "P"
    )
    return Stave(shifts, True if drums else False if clef or named else None, stated.get("name", stated.get("nm", "")))


def is_percussion(name: str) -> bool:
    """Whether a voice is called percussion or drums."""
    return bool(_DRUMS.search(name))
