"""Melodies on their way, side by side: a loop over `choose`, `Stream.take` and `Stream.hear`.

Each draft has numbers of its own, so that none depends on its neighbours. One whose last bars may be composed
again is kept as it stood where they begin (`Fork`).

Contents: `Draft`, `compose`, `compose_end`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from melodyrnn.compose.sampling import filters as sampling
from melodyrnn.compose.sampling.note import Choice, choose, filters_of
from melodyrnn.events.vocabulary import END

if TYPE_CHECKING:
    from melodyrnn.compose.prompt import Beginning
    from melodyrnn.compose.sampling.filters import Indices
    from melodyrnn.controls.options import Options
    from melodyrnn.inference.decoder import Stream

    Steps = list[tuple[Indices, Choice]]


@dataclass(frozen=True, slots=True)
class Fork:
    """A melody as it stood where its last bars begin."""

    stream: Stream  # of this melody alone
    notes: int  # new ones so far


@dataclass(slots=True, eq=False)
class Draft:
    """A melody that is being composed."""

    seed: int
    notes: list[tuple[int, int, int]] = field(default_factory=list)  # rows of the tables
    bits: list[list[float]] = field(default_factory=list)
    prices: list[float] = field(default_factory=list)  # of each note and of END
    fork: Fork | None = None

    @property
    def lost(self) -> bool:
        """Whether the rules have left it nothing; see Choice.lost."""
        return self.prices[-1] == np.inf

    def cut(self, notes: int) -> None:
        """Leave the first so many new notes."""
        self.notes, self.bits, self.prices = self.notes[:notes], self.bits[:notes], self.prices[:notes]


def compose(
    beginning: Beginning, options: Options, drafts: list[Draft], number: int = 0, mark: int | None = None
) -> None:
    """Give drafts notes until each is over, or lost, by sequence `number` of its seed; fork each at tick `mark`."""
    for draft in drafts:
        draft.cut(0)
        draft.fork = None
    stream = beginning.stream.take(np.zeros(len(drafts), np.int64))
    _go_on(stream, beginning, options, drafts, number, mark)


def compose_end(beginning: Beginning, options: Options, draft: Draft, number: int) -> None:
    """Give a draft that has a fork other last bars."""
    assert draft.fork is not None  # noqa: S101 - the caller has looked
    draft.cut(draft.fork.notes)
    _go_on(draft.fork.stream.take(np.zeros(1, np.int64)), beginning, options, [draft], number, None)


def _go_on(
    stream: Stream, beginning: Beginning, options: Options, drafts: list[Draft], number: int, mark: int | None
) -> None:
    """Go on from where the drafts stand until all of them are over."""
    filters, primed = filters_of(options), beginning.stream.notes
    which = np.arange(len(drafts))
    uniform = np.zeros((len(drafts), 0, 3))
    steps: Steps = []
    while True:
        position = stream.notes - primed
        if mark is not None:
            _fork(stream, [drafts[k] for k in which], position, mark)
        if position >= uniform.shape[1]:
            again = -number or None  # particles are counted from 1
            uniform = np.stack([sampling.uniforms(draft.seed, max(128, 2 * position), again) for draft in drafts])
        choice = choose(stream, beginning.rules, filters, uniform[which, position], primed)
        steps.append((which, choice))
        made = (choice.rest, choice.duration, choice.pitch)
        going = np.flatnonzero(choice.rest != END)
        if not len(going):
            break
        if len(going) < len(stream):
            stream, which = stream.take(going), which[going]
            made = (made[0][going], made[1][going], made[2][going])
        stream.hear(*made)
    _write(steps, drafts)


def _fork(stream: Stream, drafts: list[Draft], notes: int, mark: int) -> None:
    """Keep each melody as it stands when it has come to the mark."""
    for row in np.flatnonzero(stream.tick >= mark).tolist():
        if drafts[row].fork is None:
            drafts[row].fork = Fork(stream.take(np.array([row])), notes)


def _write(steps: Steps, drafts: list[Draft]) -> None:
    """Share out to each draft what was chosen, for which of them, at each step; END is no note."""
    which = np.concatenate([k for k, _ in steps])
    rows = [np.concatenate([getattr(choice, name) for _, choice in steps]) for name in ("rest", "duration", "pitch")]
    bits, price = (np.concatenate([getattr(choice, name) for _, choice in steps]) for name in ("bits", "price"))
    ends = np.cumsum(np.bincount(which, minlength=len(drafts)))
    for draft, own in zip(drafts, np.split(np.argsort(which, kind="stable"), ends[:-1]), strict=True):
        notes = own[rows[0][own] != END]
        draft.notes += zip(*(values[notes].tolist() for values in rows), strict=True)
        draft.bits += bits[notes].tolist()
        draft.prices += map(sum, price[own].tolist())
