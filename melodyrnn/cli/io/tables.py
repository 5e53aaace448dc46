"""Bits per note as a table for people and as JSON for programs.

Contents: Row, show, facts_of.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from melodyrnn.evaluation.bits import Bits, Judged, pool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from melodyrnn.cli.io.console import Console

_TERMS: Final = ("rest", "duration", "pitch", "total")
_NOTE: Final = "Bits per note; END is counted in the rest. Style and bars left are hidden."


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: a set under one model."""

    name: str
    judged: Sequence[Judged]
    whole: bool = True  # its melodies are told one by one when asked for
    more: Mapping[str, Any] = field(default_factory=dict)  # further facts for JSON


def show(console: Console, rows: Sequence[Row]) -> None:
    """Print the figures: a table (with each melody when the user asked for more), or a JSON line for each row."""
    if console.json:
        for row in rows:
            console.record(facts_of(row))
        return
    console.lines(_table(rows, each=console.verbose))


def facts_of(row: Row) -> dict[str, Any]:
    """A row as plain data; melodies one by one where they belong to it."""
    bits = pool(row.judged)
    facts: dict[str, Any] = {"set": row.name, **row.more, "melodies": bits.melodies, "notes": bits.notes}
    facts |= {"bits": {term: getattr(bits, term) for term in _TERMS}, "perplexity": bits.perplexity}
    facts["accuracy"] = bits.accuracy and {"rhythm": bits.accuracy.rhythm, "pitch": bits.accuracy.pitch}
    facts |= {"end_counted_in": "rest", "hidden": ["style", "bars_left"]}
    if row.whole:
        facts["each"] = [
            {"name": j.name, "notes": j.notes, "bits": {t: getattr(pool([j]), t) for t in _TERMS}} for j in row.judged
        ]
    return facts


def _table(rows: Sequence[Row], *, each: bool) -> Iterator[str]:
    names = [row.name for row in rows] + [f"  {j.name}" for row in rows if each and row.whole for j in row.judged]
    width = min(40, max(3, *map(len, names)))
    yield (
        f"{'set':<{width}} {'melodies':>9} {'notes':>9} {'rest':>8} {'duration':>8} {'pitch':>8} {'total':>8} "
        f"{'perplexity':>10} {'rhythm':>8} {'pitch':>8}"
    )
    for row in rows:
        yield _line(row.name, pool(row.judged), width)
        if each and row.whole:
            for judged in row.judged:
                yield _line(f"  {judged.name}", pool([judged]), width)
    yield _NOTE + (
        " Last: how often the first choice was right." if any(j.right is not None for j in _all(rows)) else ""
    )


def _all(rows: Sequence[Row]) -> Iterator[Judged]:
    return (judged for row in rows for judged in row.judged)


def _line(name: str, bits: Bits, width: int) -> str:
    short = name if len(name) <= width else f"{name[: width - 1]}…"
    right = ("", "") if bits.accuracy is None else (f"{bits.accuracy.rhythm:.1%}", f"{bits.accuracy.pitch:.1%}")
    line = (
        f"{short:<{width}} {bits.melodies:>9,} {bits.notes:>9,} {bits.rest:>8.3f} {bits.duration:>8.3f} "
        f"{bits.pitch:>8.3f} {bits.total:>8.3f} {bits.perplexity:>10.2f} {right[0]:>8} {right[1]:>8}"
    )
    return line.rstrip()
