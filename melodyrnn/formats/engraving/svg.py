"""Our MusicXML → SVG, engraved by verovio (LGPL-3, a wheel without dependencies).

Conventions
    Measures of a page are verovio's: tenths of a millimetre on paper, 90 to a staff space within the picture.
    Texts of strangers (titles, chord symbols) go through XML writers, ours and verovio's, and are never pasted.

Contents: engraved (a melody → SVG as text), printed (→ pages).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

from melodyrnn.errors import MelodyRNNError, one_line
from melodyrnn.formats.engraving.tidy import SVG, stacked, tidied
from melodyrnn.formats.notation.write import score_tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from melodyrnn.music.melody import Melody

_WIDTH, _HEIGHT = 2100, 2970  # of a page on paper, A4
_TALLEST: Final = 60_000  # verovio's limit; more goes onto further pages
_OPTIONS: Final = {
    "adjustPageHeight": True, "adjustPageWidth": True, "breaks": "auto", "footer": "none", "header": "none",
    "lyricSize": 3.2, "pageHeight": _TALLEST, "scale": 45, "smuflTextFont": "none", "svgViewBox": True, "xmlIdSeed": 1,
}  # fmt: skip
_SIGNS: Final = {"b": "♭", "#": "♯"}
_ALTERED: Final = re.compile(r"[b#](?=\d)")  # of a quality: 7b9, maj7#11
_TITLE_ROOM: Final = 120


def engraved(
    melody: Melody, symbols: Mapping[int, str] | None = None, *, width: int = _WIDTH, paper: bool = True,
    title: bool = True, folded: bool = True, whole: bool = False, colours: Sequence[str] = (),
    words: Sequence[str] = (), prefix: str = "g",
) -> str:  # fmt: skip
    """Engrave a melody with its chord symbols (tick → symbol).

    `paper`: black on white; else in the colour of the text around it. `folded`, `whole`: as `score_tree` has them.
    `colours` and `words`: for each note, where they are given. Notes have the ids prefix-n0, prefix-n1 …, what is tied
    to them prefix-n0-1 …. Raises OptionError for a melody without notes.
    """
    score = score_tree(melody, symbols, folded=folded, whole=whole)
    _prepare(score, words)
    named = one_line(melody.title) if title else ""
    root = stacked(_sheets(score, named, {"pageWidth": width, **_margins(60 if paper else 10, named)}, prefix))
    root.set("role", "img")
    label = ET.Element(f"{{{SVG}}}title")
    label.text = f"{one_line(melody.title) or 'A melody'}, as it is written"
    root.insert(0, label)
    _colour(root, colours, prefix)
    if paper:
        root.insert(1, ET.Element(f"{{{SVG}}}rect", width="100%", height="100%", fill="white"))
        root.set("color", "black")
    return ET.tostring(root, encoding="unicode", short_empty_elements=True)


def printed(melody: Melody, symbols: Mapping[int, str] | None = None, *, whole: bool = False) -> list[ET.Element]:
    """Engrave a melody as `engraved` does, on pages of A4."""
    score = score_tree(melody, symbols, whole=whole)
    _prepare(score, ())
    named = one_line(melody.title)
    fixed = {"adjustPageHeight": False, "adjustPageWidth": False, "pageWidth": _WIDTH, "pageHeight": _HEIGHT}
    return _sheets(score, named, fixed | _margins(150, named), "g")


def _margins(edge: int, named: str) -> dict[str, int]:
    """The margins of a page, with room for a title where there is one."""
    margins = dict.fromkeys(("pageMarginBottom", "pageMarginLeft", "pageMarginRight", "pageMarginTop"), edge)
    return margins | ({"pageMarginTop": edge + _TITLE_ROOM} if named else {})


def _sheets(score: ET.Element, named: str, options: Mapping[str, Any], prefix: str) -> list[ET.Element]:
    """The pages of a score, the title on the first."""
    pages = [tidied(page, prefix) for page in _pages(ET.tostring(score, encoding="unicode"), {**_OPTIONS, **options})]
    if named:
        _add_title(pages[0], named, 10 * options["pageMarginTop"])
    return pages


def _prepare(score: ET.Element, words: Sequence[str]) -> None:
    """Give every note its id and its word, and chord symbols the text that they are to show."""
    for harmony in score.iter("harmony"):
        for degree in harmony.findall("degree"):  # verovio would print them beside the text
            harmony.remove(degree)
        for kind in harmony.iter("kind"):
            kind.set("text", _ALTERED.sub(lambda found: _SIGNS[found[0]], kind.get("text", "")))
    number, tied = -1, 0
    for note in score.iter("note"):
        if note.find("pitch") is None:
            continue
        tied = tied + 1 if note.find("tie[@type='stop']") is not None else 0
        number += not tied
        note.set("id", f"n{number}-{tied}" if tied else f"n{number}")
        if not tied and number < len(words):
            lyric = ET.SubElement(note, "lyric")
            ET.SubElement(lyric, "syllabic").text = "single"
            ET.SubElement(lyric, "text").text = words[number]


def _pages(score: str, options: dict[str, Any]) -> list[ET.Element]:
    """The pages of a score as verovio draws them."""
    import verovio  # noqa: PLC0415 - 0.6 s to import, and an extra

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(options)
    if not toolkit.loadData(score):
        raise MelodyRNNError("verovio does not read this score; write .musicxml, and engrave it elsewhere")
    drawn = [toolkit.renderToSVG(number) for number in range(1, toolkit.getPageCount() + 1)]
    return [ET.fromstring(page) for page in drawn]  # noqa: S314 - verovio wrote it


def _add_title(page: ET.Element, title: str, room: int) -> None:
    """Put the title over the first system, in the middle."""
    *_, inner = page.iter(f"{{{SVG}}}svg")
    width = float(inner.get("viewBox", "0 0 0 0").split()[2])
    place = {"x": f"{width / 2:g}", "y": f"{room - 650}", "text-anchor": "middle", "font-size": "620px"}
    ET.SubElement(inner, f"{{{SVG}}}text", place).text = title


def _colour(root: ET.Element, colours: Sequence[str], prefix: str) -> None:
    """Draw notes in colours of their own."""
    for one in root.iter(f"{{{SVG}}}g"):
        _, _, number = one.get("id", "").partition(f"{prefix}-n")
        place = int(number.partition("-")[0]) if number else len(colours)
        if place < len(colours):
            one.attrib |= {"fill": colours[place], "color": colours[place]}
