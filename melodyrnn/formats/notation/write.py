"""Melodies → MusicXML and ABC, chord symbols over them, without music21 (composing must not wait for it).

Conventions: see `layout`. MusicXML 4.0 partwise, 24 divisions a quarter; ABC 2.1 with L:1/8. Tempo, key with its
mode, metre changes, upbeat and title are written; velocities are not.

Contents: symbols_over (a progression → tick and symbol), harmony_element (a symbol → MusicXML), write_notation,
write_score.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from melodyrnn.errors import OptionError, Unsatisfiable, one_line
from melodyrnn.formats.notation.layout import changes, engrave, note_sign, signature, spelled
from melodyrnn.music.chord_symbols import degrees_of, parts_of
from melodyrnn.music.chords import spans_over
from melodyrnn.music.key import Key, spell
from melodyrnn.music.key_finding import key_or_found
from melodyrnn.music.melody import TICKS_PER_QUARTER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from melodyrnn.formats.notation.layout import Line, Piece
    from melodyrnn.formats.writing import Manner, Written
    from melodyrnn.music.chord_symbols import Degrees
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
_WIDE_KINDS: Final = (
    "", "m", "dim", "aug", "sus4", "sus2", "7", "maj7", "m7", "mmaj7", "dim7", "ø7", "aug7", "6", "m6", "9", "maj9",
    "m9", "11", "m11",
)  # fmt: skip
"""Those of `_KINDS` that further qualities are told by, with what they add, alter and leave out."""
_PLAIN: Final = {2: 2, 3: 4, 4: 5, 5: 7, 6: 9, 7: 11, 9: 14, 11: 17, 13: 21}  # semitones of MusicXML's degrees


def symbols_over(text: str, melody: Melody, *, begin: int | None = None) -> dict[int, str]:
    """The chord symbols of a progression over a melody, from its first full bar (or tick `begin`), over and over.

    One stands where the chord changes. Raises OptionError.

    >>> from melodyrnn.music.melody import Melody, Note
    >>> symbols_over("Am F | F C", Melody((Note(0, 192, 69),), length=192))
    {0: 'Am', 48: 'F', 144: 'C'}
    """
    found, last = dict[int, str](), ""
    for at, _, chord in spans_over(text, melody, begin):
        if chord.symbol != last:
            found[at] = last = chord.symbol
    return found


def harmony_element(symbol: str) -> ET.Element:
    """Write a chord symbol as MusicXML's <harmony>; raise OptionError for one that is none."""
    harmony = ET.Element("harmony")
    root, quality, bass = parts_of(symbol)
    _pitch(harmony, "root", root or "C")
    kind, changes = _kind(quality) if root else ("none", ())
    ET.SubElement(harmony, "kind", text=quality if root else symbol).text = kind
    if bass:
        _pitch(harmony, "bass", bass)
    for value, alter, how in changes:
        degree = ET.SubElement(harmony, "degree")
        for name, told in (("degree-value", value), ("degree-alter", alter), ("degree-type", how)):
            ET.SubElement(degree, name).text = str(told)
    return harmony


def _kind(quality: str) -> tuple[str, tuple[tuple[int, int, str], ...]]:
    """MusicXML's kind of a quality, and its changes: the kind that needs fewest."""
    if quality in _KINDS:
        return _KINDS[quality], _DEGREES.get(quality, ())
    degrees = degrees_of(quality) or frozenset()
    told = {name: tuple(_changes(degrees_of(name) or frozenset(), degrees)) for name in _WIDE_KINDS}
    best = min(told, key=lambda name: len(told[name]))
    return _KINDS[best], told[best]


def _changes(base: Degrees, wanted: Degrees) -> Iterator[tuple[int, int, str]]:
    """What makes one set of degrees the other."""
    lacking, more = sorted(base - wanted), sorted(wanted - base)
    for number, step in more:
        alter = (step - _PLAIN[number] + 6) % 12 - 6
        fits = next((one for one in lacking if one[0] == number), None)
        if fits is not None:
            lacking.remove(fits)
        yield number, alter, "add" if fits is None else "alter"
    for number, step in lacking:
        yield number, (step - _PLAIN[number] + 6) % 12 - 6, "subtract"


def _pitch(harmony: ET.Element, what: str, name: str) -> None:
    """A root or a bass: its letter, and its accidental where it has one."""
    pitch = ET.SubElement(harmony, what)
    ET.SubElement(pitch, f"{what}-step").text = name[0]
    if name[1:]:
        ET.SubElement(pitch, f"{what}-alter").text = str(_ALTER[name[1:]])


_ABC_MODES: Final = {
    "major": "", "minor": "m", "dorian": "dor", "phrygian": "phr", "lydian": "lyd", "mixolydian": "mix",
    "locrian": "loc",
}  # fmt: skip
_SIGNS: Final = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
_ACCIDENTALS: Final = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_BARS_A_LINE: Final = 4
_DOCTYPE: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 '
    'Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">\n'
)


def write_notation(melody: Melody, format: str, symbols: Mapping[int, str] | None = None) -> bytes:  # noqa: A002
    """Write a melody as 'musicxml' or 'abc', spelled for its key (found where it has none); `symbols` over it, by tick.

    Raises OptionError: another format, or a melody without notes.
    """
    if format not in {"abc", "musicxml"}:
        raise OptionError("format", f"{format!r} is not written; choose abc or musicxml")
    if not melody.notes:
        raise Unsatisfiable("melody", "has no notes to write")
    key = key_or_found(melody)
    lines = engrave(melody, symbols)
    return _abc(melody, key, lines) if format == "abc" else _musicxml(melody, key, lines)


def write_score(written: Written, form: str, _manner: Manner) -> bytes:
    """Write a melody and its symbols as the registry asks. Raises as `write_notation` does."""
    return write_notation(written.melody, form, written.symbols)


def _abc(melody: Melody, key: Key, lines: list[Line]) -> bytes:
    first, title = melody.metres[0], one_line(melody.title.replace("%", "")) or "Melody"
    head = [
        "%abc-2.1", "X:1", f"T:{title}", f"M:{first}", "L:1/8",
        f"Q:1/4={melody.tempo:g}", f"K:{spell(key.tonic, key.fifths)}{_ABC_MODES[key.mode]}",
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
    place = line.metre.bar_ticks - sum(piece.ticks for piece in line.pieces) if line.upbeat else 0
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


def _musicxml(melody: Melody, key: Key, lines: list[Line]) -> bytes:
    score = ET.Element("score-partwise", version="4.0")
    ET.SubElement(ET.SubElement(score, "work"), "work-title").text = one_line(melody.title) or "Melody"
    encoding = ET.SubElement(ET.SubElement(score, "identification"), "encoding")
    ET.SubElement(encoding, "software").text = "melodyrnn"
    part_list = ET.SubElement(score, "part-list")
    ET.SubElement(ET.SubElement(part_list, "score-part", id="P1"), "part-name").text = "Melody"
    part = ET.SubElement(score, "part", id="P1")
    number = 0 if lines[0].upbeat else 1
    for place, (line, changed) in enumerate(zip(lines, changes(lines), strict=True)):
        measure = ET.SubElement(part, "measure", number=str(number + place))
        if line.upbeat:
            measure.set("implicit", "yes")
        if changed:
            _attributes(measure, line, key if place == 0 else None)
        if place == 0:
            _tempo(measure, melody.tempo)
        _notes(measure, line, key.fifths)
    final = ET.SubElement(measure, "barline", location="right")
    ET.SubElement(final, "bar-style").text = "light-heavy"
    ET.indent(score)
    return (_DOCTYPE + ET.tostring(score, encoding="unicode") + "\n").encode()


def _attributes(measure: ET.Element, line: Line, key: Key | None) -> None:
    """Divisions, key, metre and clef at the start; the metre alone where it changes."""
    attributes = ET.SubElement(measure, "attributes")
    if key is not None:
        ET.SubElement(attributes, "divisions").text = "24"
        signs = ET.SubElement(attributes, "key")
        ET.SubElement(signs, "fifths").text = str(key.fifths)
        ET.SubElement(signs, "mode").text = key.mode
    time = ET.SubElement(attributes, "time")
    ET.SubElement(time, "beats").text = str(line.metre.numerator)
    ET.SubElement(time, "beat-type").text = str(line.metre.denominator)
    if key is not None:
        clef = ET.SubElement(attributes, "clef")
        ET.SubElement(clef, "sign").text = "G"
        ET.SubElement(clef, "line").text = "2"


def _tempo(measure: ET.Element, tempo: float) -> None:
    direction = ET.SubElement(measure, "direction", placement="above")
    metronome = ET.SubElement(ET.SubElement(direction, "direction-type"), "metronome")
    ET.SubElement(metronome, "beat-unit").text = "quarter"
    ET.SubElement(metronome, "per-minute").text = f"{tempo:g}"
    ET.SubElement(direction, "sound", tempo=f"{tempo:g}")


def _notes(measure: ET.Element, line: Line, fifths: int) -> None:
    """The notes of a bar, with accidentals where the signature and the bar so far say otherwise."""
    own = signature(fifths)
    seen: dict[tuple[str, int], int] = {}
    for piece in line.pieces:
        if piece.symbol:
            measure.append(harmony_element(piece.symbol))
        note = ET.SubElement(measure, "note")
        accidental = None
        if piece.pitch is None:
            ET.SubElement(note, "rest")
        else:
            letter, shift, octave = spelled(piece.pitch, fifths)
            pitch = ET.SubElement(note, "pitch")
            ET.SubElement(pitch, "step").text = letter
            if shift:
                ET.SubElement(pitch, "alter").text = str(shift)
            ET.SubElement(pitch, "octave").text = str(octave)
            if seen.get((letter, octave), own[letter]) != shift and not piece.tied_from:
                accidental = _ACCIDENTALS[shift]
            seen[letter, octave] = shift
        ET.SubElement(note, "duration").text = str(piece.ticks)
        _note_details(note, piece, accidental)


def _note_details(note: ET.Element, piece: Piece, accidental: str | None) -> None:
    """Ties, voice, sign, accidental and triplet bracket, in the order the format wants."""
    for kind, there in (("stop", piece.tied_from), ("start", piece.tied_to)):
        if there:
            ET.SubElement(note, "tie", type=kind)
    ET.SubElement(note, "voice").text = "1"
    sign, dots = note_sign(piece)
    ET.SubElement(note, "type").text = sign
    for _ in range(dots):
        ET.SubElement(note, "dot")
    if accidental:
        ET.SubElement(note, "accidental").text = accidental
    if piece.in_triplet:
        ratio = ET.SubElement(note, "time-modification")
        ET.SubElement(ratio, "actual-notes").text = "3"
        ET.SubElement(ratio, "normal-notes").text = "2"
    marks = [("tied", "stop", piece.tied_from), ("tied", "start", piece.tied_to)]
    marks += [("tuplet", "start", piece.group > 0), ("tuplet", "stop", piece.ends_group)]
    wanted = [(name, kind) for name, kind, there in marks if there]
    if wanted:
        notations = ET.SubElement(note, "notations")
        for name, kind in wanted:
            ET.SubElement(notations, name, type=kind)
