"""An engraved score → PDF, lines and letters as outlines: what is printed needs no font.

matplotlib, which is installed anyway, writes it: tidied SVG (see `tidy`) knows some ten elements, and paths of eight
letters. Pages are A4.

Conventions
    An outline is a matplotlib Path, a place an Affine2D from the units of an element to those of the page, which are
    pixels of SVG with y downwards.

Contents: pdf_of (pages → bytes), write_pdf (for the registry).
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from xml.etree import ElementTree as ET

from matplotlib import rc_context
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from matplotlib.transforms import Affine2D

from melodyrnn.formats.engraving.lettering import lettered
from melodyrnn.formats.engraving.surprise import surprise_svg
from melodyrnn.formats.engraving.svg import printed
from melodyrnn.formats.engraving.tidy import HREF, SVG

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from melodyrnn.formats.writing import Manner, Written

_POINTS: Final = 595 / 945  # of a pixel: a page of verovio's is 945 wide, A4 595
_NUMBER: Final = re.compile(r"-?\d*\.?\d+(?:e-?\d+)?")
_COMMAND: Final = re.compile(r"([MLHVCSZmlhvcsz])([^MLHVCSZmlhvcsz]*)")
_CODES: Final = {
    "M": Outline.MOVETO, "L": Outline.LINETO, "H": Outline.LINETO, "V": Outline.LINETO, "C": Outline.CURVE4,
    "S": Outline.CURVE4, "Z": Outline.CLOSEPOLY,
}  # fmt: skip
_SIDES: Final = ((0, "width"), (1, "height"))
_OPERATION: Final = re.compile(r"(translate|scale)\(([^)]*)\)")
_NOWHERE: Final = (0.0, 0.0)


class _Ink(NamedTuple):
    """What elements inherit: the colour of `currentColor`, and the fill."""

    colour: str = "black"
    fill: str = "black"


def pdf_of(pages: list[ET.Element]) -> bytes:
    """Draw pages, each a tidied SVG; the same ones give the same bytes."""
    data = io.BytesIO()
    undated = {"CreationDate": None, "Creator": "melodyrnn", "Producer": None}
    with rc_context({"pdf.compression": 6}), PdfPages(data, metadata=undated) as pdf:
        for page in pages:
            pdf.savefig(_figure(page))
    return data.getvalue()


def _figure(page: ET.Element) -> Figure:
    """A page as matplotlib draws it, pixel for pixel."""
    _, _, width, height = _numbers(page.get("viewBox", "0 0 1 1"))
    inches = _POINTS / 72
    figure = Figure(figsize=(width * inches, height * inches))
    upwards = Affine2D().scale(inches, -inches).translate(0, height * inches) + figure.dpi_scale_trans
    glyphs = {one.get("id", ""): one for one in page.iter() if "id" in one.attrib}
    for patch in _patches(page, Affine2D(), _Ink(), glyphs, (width, height)):
        patch.set_transform(upwards)
        figure.add_artist(patch)  # to axes, which ask how far it reaches, it would take three times as long
    return figure


def _patches(
    one: ET.Element, place: Affine2D, ink: _Ink, glyphs: Mapping[str, ET.Element], room: tuple[float, ...]
) -> Iterator[PathPatch]:
    """Everything that an element shows; `room`: the units that all of the width and the height are."""
    name = one.tag.removeprefix(f"{{{SVG}}}")
    if name in {"defs", "title"}:
        return
    if name == "svg":
        place, room = _within(_inner(one, room), place), _numbers(one.get("viewBox", "0 0 1 1"))[2:]
    place = _within(_transform(one.get("transform", "")), place)
    colour, fill = one.get("color", ink.colour), one.get("fill", ink.fill)
    ink = _Ink(colour, colour if fill == "currentColor" else fill)
    if name == "use":
        yield from _patches(glyphs[one.get(HREF, "")[1:]], place, ink, glyphs, room)
    elif (outline := _outline(one, name, room)) is not None:
        yield _patch(outline, one, place, ink)
    else:
        for child in one:
            yield from _patches(child, place, ink, glyphs, room)


def _within(inner: Affine2D, outer: Affine2D) -> Affine2D:
    """First the one, then the other."""
    return Affine2D(outer.get_matrix() @ inner.get_matrix())


def _inner(one: ET.Element, room: tuple[float, ...]) -> Affine2D:
    """From the units of a picture within a picture to those around it."""
    left, top, width, height = _numbers(one.get("viewBox", "0 0 1 1"))
    scale = min(float(one.get("width", room[0])) / width, float(one.get("height", room[1])) / height)
    x, y = float(one.get("x", 0)), float(one.get("y", 0))
    return Affine2D().translate(-left, -top).scale(scale).translate(x, y)


def _transform(text: str) -> Affine2D:
    """What `transform` says; of several operations the last comes first."""
    whole = Affine2D()
    for name, numbers in reversed(_OPERATION.findall(text)):
        x, *rest = _numbers(numbers)
        y = rest[0] if rest else (x if name == "scale" else 0.0)
        whole = whole.scale(x, y) if name == "scale" else whole.translate(x, y)
    return whole


def _patch(outline: Outline, one: ET.Element, place: Affine2D, ink: _Ink) -> PathPatch:
    """An outline where it stands, filled and drawn as its element says."""
    drawn = one.get("stroke") == "currentColor"
    wide = float(one.get("stroke-width", 1)) * abs(float(place.get_matrix()[0, 0])) * _POINTS
    filled = ink.fill != "none"
    return PathPatch(
        place.transform_path(outline), facecolor=ink.fill if filled else "none",
        edgecolor=ink.colour if drawn else "none", linewidth=wide if drawn else 0.0, capstyle="butt", joinstyle="miter",
    )  # fmt: skip


def _outline(one: ET.Element, name: str, room: tuple[float, ...]) -> Outline | None:
    """The outline of an element in its own units; None for what holds others."""
    if name == "path":
        return _path(one.get("d", ""))
    if name in {"polygon", "polyline"}:
        points = _numbers(one.get("points", ""))
        return Outline([*zip(points[::2], points[1::2], strict=True)], closed=False)
    if name == "rect":
        width, height = (room[n] if one.get(key, "").endswith("%") else float(one.get(key, 0)) for n, key in _SIDES)
        return Outline.unit_rectangle().transformed(
            Affine2D().scale(width, height).translate(float(one.get("x", 0)), float(one.get("y", 0)))
        )
    if name == "ellipse":
        x, y, wide, high = (float(one.get(key, 0)) for key in ("cx", "cy", "rx", "ry"))
        return Outline.unit_circle().transformed(Affine2D().scale(wide, high).translate(x, y))
    return _text(one) if name == "text" else None


def _text(one: ET.Element) -> Outline:
    """A line of text, from its beginning or around its middle."""
    size = one.get("font-size", "")
    parts = [(one.text or "", size), *((part.text or "", part.get("font-size", size)) for part in one)]
    outline, wide = lettered([(words, float(much.removesuffix("px") or 0)) for words, much in parts if words])
    left = wide / 2 if one.get("text-anchor") == "middle" else 0.0
    place = Affine2D().scale(1, -1).translate(float(one.get("x", 0)) - left, float(one.get("y", 0)))
    return place.transform_path(outline)


def _path(text: str) -> Outline:
    """The outline that the letters of `d` draw: M L H V C S Z, capital ones absolute."""
    points: list[tuple[float, float]] = []
    codes: list[Any] = []
    for letter, told in _COMMAND.findall(text):
        numbers = _numbers(told)
        step = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Z": 0}[letter.upper()]
        groups = [numbers[at : at + step] for at in range(0, len(numbers), step)] if step else [()]
        for place, group in enumerate(groups):
            now = points[-1] if points else _NOWHERE
            kind = "L" if letter.upper() == "M" and place else letter.upper()
            new = _drawn(kind, group, now, points, relative=letter.islower())
            points += new
            codes += [_CODES[kind]] * len(new)
    return Outline(points, codes)


def _drawn(
    kind: str, numbers: Sequence[float], now: tuple[float, float], points: list[tuple[float, float]], *, relative: bool
) -> list[tuple[float, float]]:
    """The points of one stroke, controls first."""
    dx, dy = now if relative else _NOWHERE
    if kind == "Z":
        return [now]
    if kind == "H":
        return [(numbers[0] + dx, now[1])]
    if kind == "V":
        return [(now[0], numbers[0] + dy)]
    found = [(x + dx, y + dy) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
    if kind == "S":  # its first control mirrors the last one
        found.insert(0, (2 * now[0] - points[-2][0], 2 * now[1] - points[-2][1]))
    return found


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(map(float, _NUMBER.findall(text)))


def write_pdf(written: Written, _form: str, manner: Manner) -> bytes:
    """A melody to be printed, on pages of A4; or its surprise, on one page."""
    if written.caption:
        drawn = surprise_svg(written.melody, written.bits, written.caption, written.symbols)
        return pdf_of([ET.fromstring(drawn)])  # noqa: S314 - ours
    return pdf_of(printed(written.melody, written.symbols, whole=manner.loop))
