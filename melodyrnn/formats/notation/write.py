"""Melodies → MusicXML and ABC, chord symbols over them, without music21 (composing must not wait for it).

Conventions: see `layout`. MusicXML 4.0 partwise, 24 divisions a quarter; ABC (`abc.write_abc`), in which notes are
split where a symbol stands. Tempo, key with its mode, metre changes, upbeat and title are written; velocities are not.

Contents: symbols_over (a progression → tick and symbol), harmony_element (a symbol → MusicXML), write_notation,
write_score (for the registry), musicxml_of, score_tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from melodyrnn.errors import OptionError, Unsatisfiable, one_line
from melodyrnn.formats.abc.write_abc import abc_of
from melodyrnn.formats.notation.beams import beams_of, clef_of
from melodyrnn.formats.notation.layout import Piece, changes, engrave, note_sign, signature, spelled, written_end
from melodyrnn.formats.notation.repeats import SOFTWARE, literal_repeats
from melodyrnn.music.chord_symbols import degrees_of, parts_of
from melodyrnn.music.chords import spans_over
from melodyrnn.music.key_finding import key_or_found
from melodyrnn.music.melody import TICKS_PER_QUARTER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from melodyrnn.formats.notation.beams import Clef
    from melodyrnn.formats.notation.layout import Line
    from melodyrnn.formats.writing import Manner, Written
    from melodyrnn.music.chord_symbols import Degrees
    from melodyrnn.music.key import Key
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
        degree = ET.SubElement(harmony, "degree", {"print-object": "no"})  # the kind's text says it
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


_ACCIDENTALS: Final = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_DOCTYPE: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 '
    'Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">\n'
)


def write_notation(
    melody: Melody,
    format: str,  # noqa: A002
    symbols: Mapping[int, str] | None = None,
    style: str = "",
    *,
    whole: bool = False,
) -> bytes:
    """Write a melody as 'musicxml' or 'abc', spelled for its key (found where it has none); `symbols` over it, by tick.

    `style`: what it is said to be, a jig; ABC says it. `whole`: of a loop the last bar is full, upbeat or not.

    Raises OptionError: another format, or a melody without notes.
    """
    if format not in {"abc", "musicxml"}:
        raise OptionError("format", f"{format!r} is not written; choose abc or musicxml")
    if format == "musicxml":
        return musicxml_of(melody, symbols, whole=whole)
    _refuse_empty(melody)
    repeats = literal_repeats(melody, symbols or {})
    lines = engrave(melody, symbols, repeats, over=None if whole else written_end(melody, symbols or {}, repeats))
    return abc_of(melody, key_or_found(melody), lines, style)


def write_score(written: Written, form: str, manner: Manner) -> bytes:
    """Write a melody and its symbols as the registry asks. Raises as `write_notation` does."""
    return write_notation(written.melody, form, written.symbols, written.style, whole=manner.loop)


def _refuse_empty(melody: Melody) -> None:
    if not melody.notes:
        raise Unsatisfiable("melody", "has no notes to write")


def musicxml_of(melody: Melody, symbols: Mapping[int, str] | None = None, *, whole: bool = False) -> bytes:
    """Write a melody as MusicXML; raise OptionError for one without notes."""
    score = score_tree(melody, symbols, whole=whole)
    ET.indent(score)
    return (_DOCTYPE + ET.tostring(score, encoding="unicode") + "\n").encode()


def score_tree(
    melody: Melody, symbols: Mapping[int, str] | None = None, *, folded: bool = True, whole: bool = False
) -> ET.Element:
    """A melody as the tree of MusicXML; raise OptionError for one without notes.

    `folded`: what is repeated literally stands once, between repeat signs. `whole`: the last bar is full in any case.
    """
    _refuse_empty(melody)
    symbols = symbols or {}
    key = key_or_found(melody)
    repeats = literal_repeats(melody, symbols) if folded else ()
    lines = engrave(melody, None, repeats, over=None if whole else written_end(melody, symbols, repeats))
    score = ET.Element("score-partwise", version="4.0")
    ET.SubElement(ET.SubElement(score, "work"), "work-title").text = one_line(melody.title) or "Melody"
    encoding = ET.SubElement(ET.SubElement(score, "identification"), "encoding")
    ET.SubElement(encoding, "software").text = SOFTWARE
    part_list = ET.SubElement(score, "part-list")
    name = ET.SubElement(ET.SubElement(part_list, "score-part", id="P1"), "part-name", {"print-object": "no"})
    name.text = "Melody"
    _measures(ET.SubElement(score, "part", id="P1"), melody, key, lines, symbols)
    return score


def _measures(part: ET.Element, melody: Melody, key: Key, lines: list[Line], symbols: Mapping[int, str]) -> None:
    """The bars, numbered; the rest of one that a repeat cuts in two is counted with its beginning."""
    number, clef = 0, clef_of(melody, key)
    for place, (line, changed, beams) in enumerate(zip(lines, changes(lines), beams_of(lines), strict=True)):
        cut = line.place > 0 and not line.upbeat
        number += not cut and not line.upbeat
        measure = ET.SubElement(part, "measure", number=f"{number}X1" if cut else str(number))
        if line.upbeat or cut:
            measure.set("implicit", "yes")
        if changed:
            _attributes(measure, line, key if place == 0 else None, clef)
        if line.opens and place:
            _bar_line(measure, "left", "heavy-light", "forward")
        if place == 0:
            _tempo(measure, melody)
        _notes(measure, line, key, symbols, beams)
        last = place == len(lines) - 1
        if line.closes or last:
            _bar_line(measure, "right", "light-heavy", "backward" if line.closes else "")


def _bar_line(measure: ET.Element, location: str, style: str, repeat: str) -> None:
    line = ET.SubElement(measure, "barline", location=location)
    ET.SubElement(line, "bar-style").text = style
    if repeat:
        ET.SubElement(line, "repeat", direction=repeat)


def _attributes(measure: ET.Element, line: Line, key: Key | None, clef: Clef) -> None:
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
        sign = ET.SubElement(attributes, "clef")
        ET.SubElement(sign, "sign").text = clef.sign
        ET.SubElement(sign, "line").text = str(clef.line)
        if clef.octaves:
            ET.SubElement(sign, "clef-octave-change").text = str(clef.octaves)


def _tempo(measure: ET.Element, melody: Melody) -> None:
    """A metronome mark in the beat of the metre, to a tenth; what sounds is told in quarters, exactly."""
    beat = melody.metres[0].beat_ticks
    unit, dots = note_sign(Piece(beat, None)) if beat % 9 == 0 else ("quarter", 0)
    direction = ET.SubElement(measure, "direction", placement="above")
    metronome = ET.SubElement(ET.SubElement(direction, "direction-type"), "metronome")
    ET.SubElement(metronome, "beat-unit").text = unit
    for _ in range(dots):
        ET.SubElement(metronome, "beat-unit-dot")
    shown = melody.tempo * TICKS_PER_QUARTER / beat if dots else melody.tempo
    ET.SubElement(metronome, "per-minute").text = f"{round(shown, 1):g}"
    ET.SubElement(direction, "sound", tempo=f"{melody.tempo:g}")


def _notes(
    measure: ET.Element, line: Line, key: Key, symbols: Mapping[int, str], beams: Sequence[Sequence[str]]
) -> None:
    """The notes of a bar, with accidentals where the signature and the bar so far say otherwise."""
    own = signature(key.fifths)
    seen: dict[tuple[str, int], int] = {}
    at = line.begin
    if line.pieces and line.ticks == line.metre.bar_ticks and all(piece.pitch is None for piece in line.pieces):
        _harmonies(measure, symbols, at, at + line.ticks)
        _whole_rest(measure, line.ticks)
        return
    for piece, beam in zip(line.pieces, beams, strict=True):
        _harmonies(measure, symbols, at, at + piece.ticks)
        at += piece.ticks
        note = ET.SubElement(measure, "note")
        accidental = None
        if piece.pitch is None:
            ET.SubElement(note, "rest")
        else:
            letter, shift, octave = spelled(piece.pitch, key)
            pitch = ET.SubElement(note, "pitch")
            ET.SubElement(pitch, "step").text = letter
            if shift:
                ET.SubElement(pitch, "alter").text = str(shift)
            ET.SubElement(pitch, "octave").text = str(octave)
            if seen.get((letter, octave), own[letter]) != shift and not piece.tied_from:
                accidental = _ACCIDENTALS[shift]
            seen[letter, octave] = shift
        ET.SubElement(note, "duration").text = str(piece.ticks)
        _note_details(note, piece, accidental, beam)


def _whole_rest(measure: ET.Element, ticks: int) -> None:
    """The rest of a silent bar, whatever its length."""
    note = ET.SubElement(measure, "note")
    ET.SubElement(note, "rest", measure="yes")
    ET.SubElement(note, "duration").text = str(ticks)
    ET.SubElement(note, "voice").text = "1"


def _harmonies(measure: ET.Element, symbols: Mapping[int, str], begin: int, end: int) -> None:
    """The chord symbols that come while a note sounds, each so many divisions after its beginning."""
    for tick in sorted(tick for tick in symbols if begin <= tick < end):
        harmony = harmony_element(symbols[tick])
        if tick > begin:
            ET.SubElement(harmony, "offset").text = str(tick - begin)
        measure.append(harmony)


def _note_details(note: ET.Element, piece: Piece, accidental: str | None, beam: Sequence[str]) -> None:
    """Ties, voice, sign, accidental, beams and triplet bracket, in the order the format wants."""
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
    for level, word in enumerate(beam, 1):
        ET.SubElement(note, "beam", number=str(level)).text = word
    marks = [("tied", "stop", piece.tied_from), ("tied", "start", piece.tied_to)]
    marks += [("tuplet", "start", piece.group > 0), ("tuplet", "stop", piece.ends_group)]
    wanted = [(name, kind) for name, kind, there in marks if there]
    if wanted:
        notations = ET.SubElement(note, "notations")
        for name, kind in wanted:
            ET.SubElement(notations, name, type=kind)
