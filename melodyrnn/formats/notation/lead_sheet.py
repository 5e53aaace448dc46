"""Chord symbols over a melody: where they stand, and how MusicXML says them.

Contents: symbols_over (a progression → tick and symbol), harmony_element (a symbol → MusicXML).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from melodyrnn.music.chords import parts_of, progression

if TYPE_CHECKING:
    from melodyrnn.music.melody import Melody

_ALTER: Final = {"#": 1, "♯": 1, "b": -1, "♭": -1}
_KINDS: Final = {
    "": "major", "maj": "major", "M": "major", "m": "minor", "min": "minor", "-": "minor", "dim": "diminished",
    "o": "diminished", "°": "diminished", "aug": "augmented", "+": "augmented", "5": "power",
    "sus2": "suspended-second", "sus4": "suspended-fourth", "sus": "suspended-fourth", "6": "major-sixth",
    "m6": "minor-sixth", "69": "major-sixth", "6/9": "major-sixth", "7": "dominant", "maj7": "major-seventh",
    "M7": "major-seventh", "Δ": "major-seventh", "Δ7": "major-seventh", "m7": "minor-seventh", "min7": "minor-seventh",
    "-7": "minor-seventh", "mM7": "major-minor", "mmaj7": "major-minor", "m(maj7)": "major-minor",
    "dim7": "diminished-seventh", "o7": "diminished-seventh", "°7": "diminished-seventh", "m7b5": "half-diminished",
    "ø": "half-diminished", "ø7": "half-diminished", "7sus4": "suspended-fourth", "7sus": "suspended-fourth",
    "aug7": "augmented-seventh", "+7": "augmented-seventh", "7#5": "augmented-seventh", "7b5": "dominant",
    "add9": "major", "madd9": "minor", "9": "dominant-ninth", "maj9": "major-ninth", "M9": "major-ninth",
    "m9": "minor-ninth", "7b9": "dominant", "7#9": "dominant", "9sus4": "suspended-fourth", "11": "dominant-11th",
    "m11": "minor-11th", "13": "dominant-13th",
}  # fmt: skip
"""Every quality of `chords.QUALITIES` → MusicXML's kind."""
_DEGREES: Final = {
    "69": ((9, 0, "add"),), "6/9": ((9, 0, "add"),), "7sus4": ((7, -1, "add"),), "7sus": ((7, -1, "add"),),
    "7b5": ((5, -1, "alter"),), "add9": ((9, 0, "add"),), "madd9": ((9, 0, "add"),), "7b9": ((9, -1, "add"),),
    "7#9": ((9, 1, "add"),), "9sus4": ((7, -1, "add"), (9, 0, "add")),
}  # fmt: skip
"""What is added to a kind or altered in it: (degree of the scale, semitones, how)."""


def symbols_over(text: str, melody: Melody, *, begin: int | None = None) -> dict[int, str]:
    """The chord symbols of a progression over a melody, from its first full bar (or tick `begin`), over and over.

    One stands where the chord changes. Raises OptionError.

    >>> from melodyrnn.music.melody import Melody, Note
    >>> symbols_over("Am F | F C", Melody((Note(0, 192, 69),), length=192))
    {0: 'Am', 48: 'F', 144: 'C'}
    """
    spans = progression(text, melody.metres[0])
    found: dict[int, str] = {}
    at, last = melody.bar_onset(1 if melody.upbeat else 0) if begin is None else begin, ""
    while at < melody.end:
        for ticks, chord in spans:
            if at < melody.end and chord.symbol != last:
                found[at] = last = chord.symbol
            at += ticks
    return found


def harmony_element(symbol: str) -> ET.Element:
    """Write a chord symbol as MusicXML's <harmony>; raise OptionError for one that is none."""
    harmony = ET.Element("harmony")
    root, quality, bass = parts_of(symbol)
    _pitch(harmony, "root", root or "C")
    ET.SubElement(harmony, "kind", text=quality if root else symbol).text = _KINDS[quality] if root else "none"
    if bass:
        _pitch(harmony, "bass", bass)
    for value, alter, how in _DEGREES.get(quality, ()):
        degree = ET.SubElement(harmony, "degree")
        for name, told in (("degree-value", value), ("degree-alter", alter), ("degree-type", how)):
            ET.SubElement(degree, name).text = str(told)
    return harmony


def _pitch(harmony: ET.Element, what: str, name: str) -> None:
    """A root or a bass: its letter, and its accidental where it has one."""
    pitch = ET.SubElement(harmony, what)
    ET.SubElement(pitch, f"{what}-step").text = name[0]
    if name[1:]:
        ET.SubElement(pitch, f"{what}-alter").text = str(_ALTER[name[1:]])
