"""Surprise on paper: every note in the colour of its bits, with the number below it, and what the colours mean.

Conventions
    Eight classes, from blue (expected) to red; SURPRISE_LIMITS are the bits at which all but the first begin. The same
    colours stand in page.css, and others there for dark screens. All have a contrast of 4.5 or more on white, and the
    numbers say the same to whoever does not see them.

Contents: SURPRISE_LIMITS, SURPRISE_COLOURS, class_of_surprise, surprise_svg.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from melodyrnn.formats.engraving.svg import engraved
from melodyrnn.formats.engraving.tidy import SVG, stacked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from melodyrnn.music.melody import Melody

SURPRISE_LIMITS: Final = (1, 2, 3, 4, 6, 8, 11)
SURPRISE_COLOURS: Final = ("#1c5d8c", "#2f6c94", "#4d6a9a", "#6a5d9e", "#8c4b93", "#ab3577", "#c42651", "#c8130b")
_WIDTH, _HEIGHT, _EDGE = 945, 60, 28


def class_of_surprise(bits: float) -> int:
    """The class of so many bits.

    >>> [class_of_surprise(bits) for bits in (0, 1, 5.5, 40)]
    [0, 1, 4, 7]
    """
    return bisect_right(SURPRISE_LIMITS, bits)


def surprise_svg(melody: Melody, bits: Sequence[float], caption: str, symbols: Mapping[int, str] | None = None) -> str:
    """Engrave a melody with the bits of each note, every pass of a repeat written out; `caption` stands below."""
    colours = [SURPRISE_COLOURS[class_of_surprise(value)] for value in bits]
    words = [f"{value:.1f}" for value in bits]
    score = ET.fromstring(engraved(melody, symbols, folded=False, colours=colours, words=words))  # noqa: S314 - ours
    whole = stacked([score, _legend(caption)])
    whole.insert(0, ET.Element(f"{{{SVG}}}rect", width="100%", height="100%", fill="white"))
    return ET.tostring(whole, encoding="unicode")


def _legend(caption: str) -> ET.Element:
    """The caption, and a square of each colour with its bits."""
    legend = ET.Element(f"{{{SVG}}}svg", {"viewBox": f"0 0 {_WIDTH} {_HEIGHT}", "font-family": "sans-serif"})
    _text(legend, _EDGE, 18, caption)
    wide = (_WIDTH - 2 * _EDGE) / len(SURPRISE_COLOURS)
    for number, colour in enumerate(SURPRISE_COLOURS):
        x = _EDGE + number * wide
        square = {"x": f"{x:g}", "y": "32", "width": "12", "height": "12", "fill": colour}
        ET.SubElement(legend, f"{{{SVG}}}rect", square)
        _text(legend, x + 17, 43, _range(number))
    return legend


def _range(number: int) -> str:
    if number == 0:
        return f"under {SURPRISE_LIMITS[0]} bit"
    first = SURPRISE_LIMITS[number - 1]
    return f"{first} and more" if number == len(SURPRISE_LIMITS) else f"{first} to {SURPRISE_LIMITS[number]}"


def _text(parent: ET.Element, x: float, y: float, words: str) -> None:
    ET.SubElement(parent, f"{{{SVG}}}text", {"x": f"{x:g}", "y": f"{y:g}", "font-size": "13"}).text = words
