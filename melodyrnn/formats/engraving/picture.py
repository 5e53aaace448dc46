"""The pictures of a melody: SVG, and PNG drawn from it by resvg (MPL-2, a wheel) with fonts that lie beside matplotlib.

STIX stands for Times, and has the notes, flats and sharps of metronome marks and chord symbols; DejaVu has Cyrillic and
Greek besides. For letters that neither has, the system's fonts are asked, which takes longer.

Contents: FONT_FILES; png_of; write_svg, write_png (for the registry).
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from melodyrnn.formats.engraving.surprise import surprise_svg
from melodyrnn.formats.engraving.svg import engraved

if TYPE_CHECKING:
    from melodyrnn.formats.writing import Manner, Written

_NAMES: Final = ("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta", "DejaVuSans")
_PLACE: Final = getattr(find_spec("matplotlib"), "origin", None) or "."  # not imported: that takes half a second
FONT_FILES: Final = tuple(str(Path(_PLACE).parent / "mpl-data" / "fonts" / "ttf" / f"{name}.ttf") for name in _NAMES)
_STRANGE: Final = re.compile("[^\\x00-\u058f\u1e00-\u27ff\ufb00-\ufb06]")  # letters that these fonts lack
_ZOOM: Final = 1.7  # pixels of a unit of ours: a staff is 60 high, a page of paper 1600 wide


def png_of(svg: str) -> bytes:
    """Draw an SVG on white."""
    import resvg_py  # noqa: PLC0415 - an extra

    drawn: bytes = resvg_py.svg_to_bytes(
        svg_string=svg, zoom=_ZOOM, background="white", font_files=list(FONT_FILES), font_family="STIXGeneral",
        serif_family="STIXGeneral", sans_serif_family="DejaVu Sans", skip_system_fonts=not _STRANGE.search(svg),
    )  # fmt: skip
    return bytes(drawn)


def write_svg(written: Written, _form: str, manner: Manner) -> bytes:
    """A picture that scales: the melody, or its surprise where there is a caption."""
    return _picture(written, manner).encode()


def write_png(written: Written, _form: str, manner: Manner) -> bytes:
    """The same in pixels."""
    return png_of(_picture(written, manner))


def _picture(written: Written, manner: Manner) -> str:
    if written.caption:
        return surprise_svg(written.melody, written.bits, written.caption, written.symbols)
    return engraved(written.melody, written.symbols, whole=manner.loop)
