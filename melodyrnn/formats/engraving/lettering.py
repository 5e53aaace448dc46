"""Letters as outlines, from the fonts that lie beside matplotlib: STIX, and DejaVu for what it lacks.

Contents: lettered.
"""

from __future__ import annotations

from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Final

from matplotlib.font_manager import FontProperties, get_font
from matplotlib.path import Path as Outline
from matplotlib.textpath import TextPath, text_to_path
from matplotlib.transforms import Affine2D

from melodyrnn.formats.engraving.picture import FONT_FILES

if TYPE_CHECKING:
    from collections.abc import Sequence

_FONTS: Final = (FONT_FILES[0], FONT_FILES[-1])
_UNKNOWN: Final = "\N{WHITE SQUARE}"


def lettered(parts: Sequence[tuple[str, float]]) -> tuple[Outline, float]:
    """The outline of words of given sizes, one after another from x = 0 on, y upwards; and how wide they are.

    A letter that no font has is a □.
    """
    outlines: list[Outline] = []
    at = 0.0
    for words, size in parts:
        for font, letters in groupby(words, key=_font_of):
            run = "".join(letter if font else _UNKNOWN for letter in letters)
            properties = FontProperties(fname=font or _FONTS[-1], size=size)
            if not run.isspace():  # which has no outline
                outlines.append(Affine2D().translate(at, 0).transform_path(TextPath((0, 0), run, prop=properties)))
            at += text_to_path.get_text_width_height_descent(run, properties, ismath=False)[0]
    return Outline.make_compound_path(*outlines), at


@cache
def _font_of(letter: str) -> str:
    """The first font that has a letter; "" where none has it."""
    return next((font for font in _FONTS if get_font(font).get_char_index(ord(letter))), "")
