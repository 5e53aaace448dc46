"""Verovio's SVG → SVG that every reader draws alike, a third as long.

Verovio draws lines by a style sheet that is bound to a random id, indents the parts of a text, so that gaps come
between them, and takes the notes and flats within texts from a music font that readers of SVG do not have. Here lines
say their colour themselves, texts are one line, ♭ and ♯ are letters of any text font, and the note of a metronome mark
is a path, as heads, stems and clefs are. The same score gives the same bytes.

Contents: SVG (its namespace), HREF (the attribute that refers), tidied (a page), stacked (pages one below another).
"""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SVG: Final = "http://www.w3.org/2000/svg"
HREF: Final = "{http://www.w3.org/1999/xlink}href"
_FONTS: Final = "STIX, 'STIX Two Text', 'Times New Roman', Times, serif"
_LINES: Final = {f"{{{SVG}}}{name}" for name in ("ellipse", "path", "polygon", "polyline", "rect")}
_GLYPHS: Final = {
    "\uea63": "♭♭", "\uea64": "♭", "\uea65": "♮", "\uea66": "♯", "\uea67": "♯♯", "\ue260": "♭", "\ue261": "♮",
    "\ue262": "♯", "\ued60": "♭", "\ued61": "♮", "\ued62": "♯",
}  # fmt: skip
"""Accidentals of verovio's music font (SMuFL) → of text fonts."""
_FONT: Final = "Leipzig"
_SCALE: Final = 0.55  # of the notes of metronome marks
_KEPT_CLASSES: Final = frozenset({"note", "rest", "tie", "harm", "tempo", "measure", "system", "clef", "verse"})
_LETTERS: Final = "405px"  # where a text has none to go by
_NOTE: Final = re.compile(r"n\d+(-\d+)?")
_NUMBER: Final = re.compile(r"-?[\d.]+")

ET.register_namespace("", SVG)
ET.register_namespace("xlink", "http://www.w3.org/1999/xlink")


def tidied(page: ET.Element, prefix: str) -> ET.Element:
    """Tidy a page and return it; ids begin with the prefix, so that several stand in one document."""
    _drop(page)
    for one in page.iter():
        one.tail = None
        if one.tag in {f"{{{SVG}}}text", f"{{{SVG}}}tspan"}:
            continue
        one.text = None
        if one.get("class") == "definition-scale":
            one.attrib |= {"fill": "currentColor", "font-family": _FONTS}
            one.attrib.pop("color", None)
        _name(one, prefix)
        if one.tag in _LINES and "stroke" not in one.attrib:
            one.set("stroke", "currentColor")
    for parent in list(page.iter()):
        for place, one in enumerate(parent):
            if one.tag == f"{{{SVG}}}text":
                parent[place] = _set(one)
    return page


def _drop(parent: ET.Element) -> None:
    """Leave out the style sheet, what is only told of the file, and what shows nothing."""
    for one in list(parent):
        kind = one.get("class", "")
        if one.tag in {f"{{{SVG}}}style", f"{{{SVG}}}desc"} or "placeholder" in kind:
            parent.remove(one)
            continue
        if one.tag != f"{{{SVG}}}text":
            _drop(one)
        if one.tag == f"{{{SVG}}}g" and not len(one):
            parent.remove(one)


def _name(one: ET.Element, prefix: str) -> None:
    """Keep the ids of notes and glyphs, and the classes that say something."""
    name = one.attrib.pop("id", "")
    if _NOTE.fullmatch(name):
        one.set("id", f"{prefix}-{name}")
    elif name[:1] == "E" and "-" in name:
        one.set("id", f"{prefix}-{name.partition('-')[0]}")
    for reference in (HREF, "href"):
        if target := one.attrib.get(reference):
            one.set(reference, f"#{prefix}-{target[1:].partition('-')[0]}")
    kinds = _KEPT_CLASSES.intersection(one.attrib.pop("class", "").split())
    if kinds:
        one.set("class", min(kinds))


def _set(text: ET.Element) -> ET.Element:
    """Set a text anew: notes as paths, then one line of parts that differ in size alone."""
    placed = next((part for part in text.iter() if "x" in part.attrib), text)
    x, y = (float(placed.get(name, 0)) for name in ("x", "y"))
    whole = ET.Element(f"{{{SVG}}}g")
    for sign in _notes_in(text):
        shape, wide = _note_shape(sign)
        place = f"translate({x:g}, {y:g}) scale({_SCALE}, -{_SCALE})"
        ET.SubElement(whole, f"{{{SVG}}}path", {"transform": place, "d": shape})
        x += _SCALE * (wide + 60)
    attributes = {"x": f"{x:g}", "y": f"{y:g}"}
    if anchor := placed.get("text-anchor"):
        attributes["text-anchor"] = anchor
    line = ET.SubElement(whole, f"{{{SVG}}}text", attributes)
    for words, size in _parts(text):
        ET.SubElement(line, f"{{{SVG}}}tspan", {"font-size": size}).text = words
    return whole if len(whole) > 1 else line


def _notes_in(text: ET.Element) -> list[str]:
    """The signs of a metronome mark, in which nothing stands before them."""
    return [letter for one in text.iter() for letter in one.text or "" if _is_sign(letter) and letter not in _GLYPHS]


def _is_sign(letter: str) -> bool:
    """Whether it is one of the private letters by which music fonts go."""
    return "\ue000" <= letter <= "\uf8ff"


@cache
def _note_shape(sign: str) -> tuple[str, float]:
    """The path and the width of a sign, as verovio's font has them."""
    place = getattr(find_spec("verovio"), "origin", None) or "."
    folder, code = Path(place).parent / "data" / _FONT, f"{ord(sign):04X}"
    shape = ET.parse(folder / f"{code}.xml").find("path")  # noqa: S314 - a file of verovio's
    box = ET.parse(folder.with_suffix(".xml")).find(f"g[@c='{code}']")  # noqa: S314
    return (shape.get("d", "") if shape is not None else ""), float(box.get("w", 0)) if box is not None else 0.0


def _parts(text: ET.Element) -> Iterator[tuple[str, str]]:
    """The words of a text and their sizes; an accidental is as high as the letters beside it."""
    found = [(one.text or "", one.get("font-size", "0px")) for one in text.iter() if not one.tag.endswith("}title")]
    sized = [(words, size) for words, size in found if words.strip() and size != "0px"]
    letters = next((size for words, size in sized if not any(map(_is_sign, words))), _LETTERS)
    for words, size in sized:
        said = "".join(_GLYPHS.get(letter, "" if _is_sign(letter) else letter) for letter in words)
        if said:
            yield said, size if said == words else letters


def stacked(pages: Sequence[ET.Element]) -> ET.Element:
    """One picture of all pages, the first on top."""
    if len(pages) == 1:
        return pages[0]
    below, widest = 0.0, 0.0
    root = ET.Element(f"{{{SVG}}}svg")
    for page in pages:
        _, _, width, height = map(float, _NUMBER.findall(page.get("viewBox", "0 0 0 0")))
        page.attrib |= {"y": f"{below:g}", "width": f"{width:g}", "height": f"{height:g}"}
        below, widest = below + height, max(widest, width)
        root.append(page)
    root.set("viewBox", f"0 0 {widest:g} {below:g}")
    return root
