"""What `melodyrnn generate --best` does: rank many candidates, write the best, show every score.

Contents: write_best.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from melodyrnn.compose.ranking import CRITERIA, rank
from melodyrnn.errors import MelodyRNNError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from melodyrnn.cli.runs.compose_run import Making
    from melodyrnn.compose.generate import Generated
    from melodyrnn.compose.ranking import Ranking


def write_best(making: Making, candidates: Iterable[Generated], keep: int) -> None:
    """Write the best candidates in their order, with a table on stderr; raise MelodyRNNError if none can be used."""
    ranking = rank(making.model, candidates, keep)
    out = ", ".join(f"{count} {reason}" for reason, count in ranking.out.items()) or "none"
    if not ranking.best:
        raise MelodyRNNError(f"no candidate can be used ({out}); try more of them, or looser options")
    if not making.console.json:
        making.console.draw(_table(ranking))
    for position, one in enumerate(ranking.best):
        making.write(position, one.made, {"rank": position + 1, **one.facts()})
    making.console.detail(f"left out: {out}")
    if len(ranking.best) < keep:
        making.console.warn(f"only {len(ranking.best)} of {keep} can be told apart and used; left out: {out}")


def _table(ranking: Ranking) -> Iterator[str]:
    """A line for each: its score, then the score by each criterion with what was measured."""
    yield f"{'rank':>4} {'seed':>10} {'score':>6}" + "".join(f" {name:>17}" for name in CRITERIA)
    for position, one in enumerate(ranking.best, 1):
        measured = (f"{one.bits:.2f} bits", f"{one.semitones} semi", f"{one.repeated:.0%}", f"run {one.copied.length}")
        scores = (getattr(one.scores, name) for name in CRITERIA)
        cells = "".join(f" {f'{score:.2f} ({what})':>17}" for score, what in zip(scores, measured, strict=True))
        yield f"{position:>4} {one.made.seed:>10} {one.scores.total:>6.3f}{cells}"
