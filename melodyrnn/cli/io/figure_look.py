"""How figures look: as the pages and the pictures of surprise do.

Contents: FIGURE_LOOK, settings of matplotlib.
"""

from __future__ import annotations

from typing import Any, Final

from melodyrnn.formats.engraving.surprise import SURPRISE_COLOURS

_INK, _DIM, _LINE = "#1b1a18", "#5d5a54", "#d8d4ca"
_LINES: Final = [SURPRISE_COLOURS[place] for place in (0, 4, 7, 2)]

FIGURE_LOOK: Final[dict[Any, Any]] = {
    "font.family": "DejaVu Sans", "font.size": 9.5, "text.color": _INK, "axes.labelcolor": _INK, "axes.titlesize": 10.5,
    "axes.edgecolor": _DIM, "xtick.color": _DIM, "ytick.color": _DIM, "axes.spines.top": False,
    "axes.spines.right": False, "grid.color": _LINE, "legend.frameon": False,
    "axes.prop_cycle": f"cycler('color', {_LINES})", "svg.hashsalt": "melodyrnn",
}  # fmt: skip
"""With a fixed salt: the same figures give the same bytes."""
