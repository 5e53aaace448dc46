"""Both measures of memory as a plot. No pyplot: no windows, no state.

Contents: plot_memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from melodyrnn.cli.io.figure_look import FIGURE_LOOK
from melodyrnn.cli.io.output import writing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from melodyrnn.training.memory_span import Memory


def plot_memory(found: Sequence[Memory], path: Path, *, force: bool) -> None:
    """Draw both measures side by side; the same ones give the same bytes. Raises OutputError."""
    kind, undated = path.suffix[1:].lower(), {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with rc_context(FIGURE_LOOK), writing(path, force=force) as stream:
        figure = Figure(figsize=(10, 4), layout="constrained")
        left, right = figure.subplots(1, 2)
        for one in found:
            lags = range(1, len(one.influence) + 1)
            left.semilogy(lags, [value / one.influence[0] for value in one.influence], marker=".", label=one.name)
            line: Any = right.plot(one.contexts, one.bits, marker=".", label=one.name)[0]
            right.axhline(one.whole, color=line.get_color(), linewidth=0.8, linestyle=":")
        left.set(xlabel="notes ago", ylabel="influence on the next note (last note = 1)", title="What still moves it")
        right.set(xlabel="notes known", ylabel="bits a note", title="What it costs to forget (dotted: all known)")
        for axes in (left, right):
            axes.grid(visible=True)
            axes.legend()
        figure.savefig(stream, format=kind, dpi=150, metadata=undated.get(kind, {}))
