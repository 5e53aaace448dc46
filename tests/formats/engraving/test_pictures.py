"""Engraved melodies as SVG and PNG."""

import io
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from bench.engraved import FOLDER, TWELVE, line
from melodyrnn.formats.engraving import svg
from melodyrnn.formats.engraving.picture import png_of
from melodyrnn.formats.engraving.surprise import SURPRISE_COLOURS, surprise_svg
from melodyrnn.formats.engraving.svg import engraved
from melodyrnn.formats.engraving.tidy import SVG
from melodyrnn.music.key import Key

EVIL = """</svg><script>alert(1)</script>"><img src=x onerror=alert(2)> & 'q' ]]>"""
LEAD = next(one for one in TWELVE if one.name == "lead-sheet")


@pytest.mark.parametrize("one", TWELVE, ids=lambda one: one.name)
def test_the_gallery_is_what_the_program_draws(one):
    """`python -m bench.engraved` has been run since the last change; the same melody gives the same bytes."""
    assert (FOLDER / f"{one.name}.svg").read_text(encoding="utf-8") == engraved(one.melody, one.symbols)


def test_every_note_can_be_found():
    """n0, n1 … and what is tied to them."""
    ties = next(one for one in TWELVE if one.name == "ties")
    root = ET.fromstring(engraved(ties.melody, prefix="a"))
    ids = [one.get("id") for one in root.iter() if re.fullmatch(r"a-n\d+", one.get("id", ""))]
    assert ids == [f"a-n{number}" for number in range(len(ties.melody.notes))]
    assert sum(1 for one in root.iter() if re.fullmatch(r"a-n\d+-1", one.get("id", ""))) == 2


def test_nothing_is_left_that_only_verovio_knows():
    """No style bound to an id, no letter of a music font, no reference that leads out."""
    text = engraved(LEAD.melody, LEAD.symbols)
    assert "<style" not in text
    assert not re.search("[\ue000-\uf8ff]", text)
    assert set(re.findall(r'href="(.)', text)) == {"#"}
    words = "".join(ET.fromstring(text).itertext()).replace("\N{NO-BREAK SPACE}", " ")
    assert "F♯ø7" in words
    assert "B7♭9" in words
    assert "= 96" in words


@pytest.mark.parametrize(
    "drawn", [engraved, lambda melody: surprise_svg(melody, [1.0] * 6, EVIL)], ids=["score", "surprise"]
)
def test_texts_of_strangers_are_text(drawn):
    """A title that is markup is shown as it is written."""
    melody = replace(LEAD.melody, title=EVIL)
    root = ET.fromstring(drawn(melody))
    assert {one.tag.removeprefix(f"{{{SVG}}}") for one in root.iter()} <= {
        "svg", "g", "defs", "path", "polygon", "polyline", "rect", "ellipse", "text", "tspan", "use", "title",
    }  # fmt: skip
    assert not any(name.startswith("on") for one in root.iter() for name in one.attrib)
    assert EVIL in "".join(root.itertext())


def test_long_melodies_are_one_picture(monkeypatch):
    """Where verovio needs further pages they stand below the first."""
    monkeypatch.setitem(svg._OPTIONS, "pageHeight", 1000)
    root = ET.fromstring(engraved(line("60:24 62:24 64:24 65:24 " * 40, key=Key(0)), folded=False))
    pages = [one for one in root if one.tag == f"{{{SVG}}}svg"]
    assert len(pages) > 1
    assert float(root.get("viewBox").split()[3]) == pytest.approx(sum(float(one.get("height")) for one in pages))


def test_a_png_has_its_texts():
    """Where the title stands there is ink, and without a title there is none."""
    plain = replace(LEAD.melody, title="")
    with_title, without = (
        np.asarray(Image.open(io.BytesIO(png_of(engraved(one, LEAD.symbols)))).convert("L"))
        for one in (LEAD.melody, plain)
    )
    assert with_title.shape[0] > without.shape[0]
    assert (with_title[:110] < 128).sum() > 300
    assert (with_title[0] == 255).all()


def test_surprise_is_said_in_colours_and_numbers():
    """A number below each note, in its colour, and what the colours mean."""
    text = surprise_svg(LEAD.melody, [0.4, 12.5, 3.1, 0, 0, 5], "tune: 3.5 bits a note")
    words = list(ET.fromstring(text).itertext())
    assert {"0.4", "12.5", "3.1", "tune: 3.5 bits a note", "11 and more"} <= set(words)
    assert f'fill="{SURPRISE_COLOURS[7]}" color=' in text
