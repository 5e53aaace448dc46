"""A counter for long work: a bar on a terminal, nothing elsewhere.

Contents: with_progress.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from melodyrnn.cli.io.console import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from melodyrnn.cli.io.console import Console

_Item = TypeVar("_Item")


def with_progress(console: Console, items: Iterable[_Item], *, doing: str, total: int | None = None) -> Iterator[_Item]:
    """Yield the items and show on a terminal how many have come."""
    if not console.interactive:
        yield from items
        return
    # rich costs more to import than most commands take; only a terminal that watches pays for it
    from rich.console import Console as RichConsole  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=RichConsole(file=console.stderr), transient=True) as progress:
        yield from progress.track(items, total=total, description=plain(doing))
