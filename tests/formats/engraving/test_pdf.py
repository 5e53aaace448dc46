"""Scores to be printed."""

import re
from xml.etree import ElementTree as ET

import numpy as np

from bench.engraved import TWELVE, line
from melodyrnn.formats.engraving.lettering import lettered
from melodyrnn.formats.engraving.pdf import Affine2D, _Ink, _patches, _path, pdf_of
from melodyrnn.formats.engraving.svg import engraved
from melodyrnn.formats.engraving.tidy import SVG
from melodyrnn.formats.writing import Written, write_as
from melodyrnn.music.key import Key

LEAD = next(one for one in TWELVE if one.name == "lead-sheet")


def pages(data):
    """How many pages a PDF has."""
    return len(re.findall(rb"/Type /Page\b", data))


def test_it_is_the_same_again_and_needs_no_font():
    """No date, and letters as outlines."""
    data = write_as("pdf", Written(melody=LEAD.melody, symbols=LEAD.symbols))
    assert data == write_as("pdf", Written(melody=LEAD.melody, symbols=LEAD.symbols))
    assert data.startswith(b"%PDF")
    assert pages(data) == 1
    assert b"/FontFile" not in data
    assert b"/BaseFont" not in data


def test_long_melodies_have_pages_of_a4():
    """As many as it takes."""
    tune = line(" ".join(f"{60 + (n * n * n // 7 + n // 40) % 12}:24" for n in range(340)), key=Key(0))
    data = write_as("pdf", Written(melody=tune))
    assert pages(data) > 1
    assert set(re.findall(rb"/MediaBox \[ 0 0 595 (\d+)", data)) == {b"841"}


def test_surprise_is_one_page():
    """With its colours."""
    data = write_as("pdf", Written(melody=LEAD.melody, bits=(0.5,) * 5 + (20.0,), caption="tune: 3 bits"))
    assert pages(data) == 1


def test_paths_are_read_as_svg_means_them():
    """Capital letters are places, small ones steps; S mirrors the control before it; M goes on as L."""
    found = _path("M1 2 4 2h6v-1l-1 -1c0 1 1 2 2 2s1-1 1 -3zM0 0H5V6C1 1 2 2 3 3z")
    assert [tuple(point) for point in found.vertices[:5]] == [(1, 2), (4, 2), (10, 2), (10, 1), (9, 0)]
    assert [tuple(point) for point in found.vertices[5:11]] == [(9, 1), (10, 2), (11, 2), (12, 2), (12, 1), (12, -1)]
    assert [tuple(point) for point in found.vertices[12:18]] == [(0, 0), (5, 0), (5, 6), (1, 1), (2, 2), (3, 3)]


def test_everything_stands_on_the_page():
    """Nothing that is drawn lies outside of it, and there is a patch for each thing that the SVG shows."""
    page = ET.fromstring(engraved(LEAD.melody, LEAD.symbols))
    _, _, width, height = map(float, page.get("viewBox").split())
    glyphs = {one.get("id"): one for one in page.iter() if "id" in one.attrib}
    found = list(_patches(page, Affine2D(), _Ink(), glyphs, (width, height)))
    shown = sum(1 for one in page.iter() if one.tag.removeprefix(f"{{{SVG}}}") in {"use", "text", "rect", "polygon"})
    assert len(found) > shown
    corners = np.vstack([patch.get_path().vertices for patch in found])
    assert corners.min() >= -1
    assert (corners.max(0) <= (width + 1, height + 1)).all()


def test_letters_that_one_font_lacks_come_from_another():
    """Latin is Times-like, Cyrillic and Hebrew are not; width grows with the size."""
    assert lettered([("Am", 10)])[1] * 2 == lettered([("Am", 20)])[1]
    assert len(lettered([(" ", 10)])[0].vertices) == 0
    for words in ("Ноты", "אב", "♭", "中", "中 中"):
        outline, wide = lettered([(words, 10)])
        assert len(outline.vertices) > 4
        assert wide > 0


def test_nothing_is_a_page_too():
    """A page without anything on it."""
    assert pages(pdf_of([ET.Element(f"{{{SVG}}}svg", viewBox="0 0 10 10")])) == 1
