"""MusicXML as people write it → as music21 reads it.

What is put right, in the order of the standard (MusicXML 4.0): notes without `<duration>` get it from their sign; cue
notes, which another player plays, become rests; a tie that stands as `<tied>` alone is one; "c. 72" is a tempo of 72,
"0" is none; a key of single accidentals is none either (what it alters is written at each note as well).
Our own repeats are written out (`repeats`). A text in which nothing is to be put right is given back as it was.

Conventions
    quarters    lengths as Fractions of a quarter; divisions: how many of a `<duration>` make one.

Contents: mended.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from melodyrnn.formats.notation.repeats import as_it_sounds

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNS: Final = {"maxima": Fraction(32), "long": Fraction(16), "breve": Fraction(8), "whole": Fraction(4)} | {
    name: Fraction(2, 2**power)
    for power, name in enumerate(
        ("half", "quarter", "eighth", "16th", "32nd", "64th", "128th", "256th", "512th", "1024th")
    )
}
_MOST_DOTS: Final = 10
_MOST_BEATS: Final = 99
_FIFTHS: Final = frozenset(map(str, range(12)))
_OF_A_REST: Final = frozenset({"duration", "voice", "type", "dot", "time-modification", "staff"})
_TIES: Final = {"start": ("start",), "stop": ("stop",), "continue": ("stop", "start")}
_NUMBER: Final = re.compile(r"\d{1,4}(?:[.,]\d{1,6})?")


def mended(text: str) -> str:
    """Put right what music21 does not understand; a text that is no MusicXML is given back as it is."""
    try:
        root = ET.fromstring(text)  # noqa: S314 - expat limits entity growth and opens nothing
    except (ET.ParseError, LookupError, ValueError):
        return text
    changed = [as_it_sounds(root), _tempos(root), *map(_part, root.findall("part"))]
    return ET.tostring(root, encoding="unicode") if any(changed) else text


def _tempos(root: ET.Element) -> bool:
    """Leave the number alone of tempos that are words as well: "c. 72", "72-76"; no tempo of 0."""
    changed = False
    for mark in root.iter("per-minute"):
        found = _NUMBER.search(mark.text or "")
        number = found[0].replace(",", ".") if found is not None and _number(found[0].replace(",", ".")) else ""
        if number != (mark.text or "").strip():
            mark.text, changed = number, True
    for sound in root.iter("sound"):
        if "tempo" in sound.attrib and not _number(sound.get("tempo")):
            del sound.attrib["tempo"]
            changed = True
    return changed


def _part(part: ET.Element) -> bool:
    """Put the notes of a part right; whether anything was."""
    changed = False
    divisions, bar = Fraction(), Fraction(4)
    for measure in part.findall("measure"):
        for one in list(measure):
            if one.tag == "attributes":
                divisions, bar = _divisions(one) or divisions, _bar_length(one) or bar
                absurd = [key for key in one.findall("key") if not _is_key(key)]
                for sign in [*absurd, *(time for time in one.findall("time") if _is_endless(time))]:
                    one.remove(sign)
                    changed = True
            elif one.tag == "note":
                if not divisions:  # required before the first note; what leaves it out counts quarters
                    divisions, changed = Fraction(1), True
                    _state_divisions(measure, one)
                changed |= _timed(one, divisions, bar) | _tied(one)
        for chord in [chord for chord in _chords(measure) if _has_cue(chord)]:
            _without_cues(measure, chord)
            changed = True
    return changed


def _is_key(key: ET.Element) -> bool:
    """Whether a key has a usual number of sharps or flats; music21 counts to any number."""
    text = (key.findtext("fifths") or "").strip()
    return key.find("key-step") is None and text.removeprefix("-") in _FIFTHS


def _is_endless(time: ET.Element) -> bool:
    """Whether a time signature has so many beats that music21 does not come to their end."""
    return any(_number(beats.text) > _MOST_BEATS for beats in time.findall("beats"))


def _divisions(attributes: ET.Element) -> Fraction:
    """What `<divisions>` says, 0 for nothing."""
    return _number(attributes.findtext("divisions"))


def _bar_length(attributes: ET.Element) -> Fraction:
    """Quarters of a bar of the time signature, 0 where none is stated in plain numbers."""
    above, below = (_number(attributes.findtext(f"time/{name}")) for name in ("beats", "beat-type"))
    return 4 * above / below if above and below else Fraction()


def _number(text: str | None) -> Fraction:
    """A positive number of a reasonable size, 0 for anything else."""
    try:
        value = Fraction(text.strip()) if text and len(text) < 30 and "e" not in text.lower() else Fraction()
    except (ValueError, ZeroDivisionError):
        return Fraction()
    return value if 0 < value < 10**9 else Fraction()


def _state_divisions(measure: ET.Element, note: ET.Element) -> None:
    """Say before a note that durations count quarters."""
    attributes = ET.Element("attributes")
    ET.SubElement(attributes, "divisions").text = "1"
    measure.insert(list(measure).index(note), attributes)


def _timed(note: ET.Element, divisions: Fraction, bar: Fraction) -> bool:
    """Give a note that has no duration that of its sign, a rest of a bar that of its bar."""
    stated = note.find("duration")
    if note.find("grace") is not None or (stated is not None and _is_number(stated.text)):
        return False
    rest = note.find("rest")
    length = _sign(note) or (bar if rest is not None and rest.get("measure") == "yes" else Fraction())
    if not length:
        return False
    if stated is None:
        stated = ET.SubElement(note, "duration")
    value = length * divisions
    stated.text = str(value) if value.denominator == 1 else repr(float(value))
    return True


def _is_number(text: str | None) -> bool:
    """Whether a duration can be read."""
    try:
        float(text or "")
    except ValueError:
        return False
    return True


def _sign(note: ET.Element) -> Fraction:
    """Quarters of a note's sign, with its dots and in its tuplet; 0 if it has none."""
    length = _SIGNS.get((note.findtext("type") or "").strip(), Fraction())
    dots = min(len(note.findall("dot")), _MOST_DOTS)
    actual, normal = (_number(note.findtext(f"time-modification/{name}-notes")) for name in ("actual", "normal"))
    return length * (2 - Fraction(1, 2**dots)) * (normal / actual if actual and normal else 1)


def _tied(note: ET.Element) -> bool:
    """Let ties sound that are only drawn."""
    if note.find("tie") is not None:
        return False
    types = {kind for tied in note.findall("notations/tied") for kind in _TIES.get(tied.get("type", ""), ())}
    for kind in sorted(types, reverse=True):  # stop, start
        ET.SubElement(note, "tie", type=kind)
    return bool(types)


def _chords(measure: ET.Element) -> Iterator[list[ET.Element]]:
    """The notes of a measure, those of one stem together."""
    group: list[ET.Element] = []
    for one in list(measure):
        if one.tag == "note":
            if group and one.find("chord") is None:
                yield group
                group = []
            group.append(one)
    if group:
        yield group


def _has_cue(notes: list[ET.Element]) -> bool:
    """Whether any of these is another player's."""
    return any(note.find("cue") is not None for note in notes)


def _without_cues(measure: ET.Element, notes: list[ET.Element]) -> None:
    """Take the cue notes of a chord out; where nothing else is left, leave a rest of their length."""
    kept = [note for note in notes if note.find("cue") is None]
    first = notes[0]
    for note in notes:
        if note not in kept and (kept or note is not first or note.find("grace") is not None):
            measure.remove(note)
    if kept and (sign := kept[0].find("chord")) is not None and first not in kept:
        kept[0].remove(sign)
    elif not kept and first.find("grace") is None:
        first[:] = [ET.Element("rest"), *(child for child in first if child.tag in _OF_A_REST)]
