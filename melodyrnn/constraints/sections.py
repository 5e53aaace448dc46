"""Where sections meet: the look-ahead over a form whose leaps are limited, exact.

A section that comes back leads to more than one place, and is led to from more than one. So its first and its last
pitch bind what is composed later, and what is composed later must leave them possible. Three steps, all exact:

1. For each piece (a stretch that is composed, not copied) and each pitch to end on: what can be completed so that the
   piece ends there? That is `Lookahead` over the piece alone, with the last pitch in the place of the first.
2. What may the piece in hand begin and end on, given the pitches at the borders of pieces that stand already, so that
   all pieces to come have borders too? Pairs of pitches that may meet, and pairs that a piece can join, are relations;
   borders to come are eliminated one after another (R. Dechter, Bucket elimination, Artificial Intelligence 113, 1999).
3. The table of step 1 for the ends of step 2 is one column of the look-ahead that the rules read; it is made when
   the first melody needs it.

Conventions
    pieces are numbered in the order of composing; borders are rows of PITCHES; F of `Lookahead` numbers columns.
    A variable is a pair of numbers (piece, 0 = its first or 1 = its last pitch); all have the same values.
    m           a subset of the required groups that pieces to come will see to.

Contents: Factor, eliminated, widest; Pieces, manageable; SectionLookahead.
"""

from __future__ import annotations

from itertools import pairwise, product
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from melodyrnn.constraints.logit_rules import NONE
from melodyrnn.constraints.lookahead import Lookahead
from melodyrnn.events.vocabulary import PITCHES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from melodyrnn.constraints.automaton import Flags
    from melodyrnn.constraints.lookahead import SearchSpace
    from melodyrnn.events.vocabulary import Indices

Variable = tuple[int, int]


class Factor(NamedTuple):
    """Which values of some variables go together: one axis each."""

    scope: tuple[Variable, ...]
    allowed: Flags


def eliminated(factors: Sequence[Factor], kept: tuple[Variable, Variable], values: int) -> Flags:
    """Values of two variables for which all others have values that all factors allow, (values, values)."""
    left = list(factors)
    while rest := {v for f in left for v in f.scope} - set(kept):
        variable = _cheapest([set(f.scope) for f in left], rest)
        bucket = [f for f in left if variable in f.scope]
        scope = tuple(sorted({v for f in bucket for v in f.scope} - {variable}))
        left = [f for f in left if variable not in f.scope] + [Factor(scope, _product(bucket, scope))]
    every = Factor(kept, np.ones((values, values), bool))
    return _product([every, *left], kept)


def widest(scopes: Iterable[set[Variable]], kept: set[Variable]) -> int:
    """How many others the variable depends on that depends on most when it is eliminated, in the order used here."""
    left, most = [set(scope) for scope in scopes], 0
    while rest := set().union(*left) - kept:
        variable = _cheapest(left, rest)
        scope = set().union(*(s for s in left if variable in s)) - {variable}
        left, most = [s for s in left if variable not in s] + [scope], max(most, len(scope))
    return most


def _cheapest(scopes: Sequence[set[Variable]], variables: set[Variable]) -> Variable:
    """The variable that stands together with fewest others."""
    return min(sorted(variables), key=lambda v: len(set().union(*(s for s in scopes if v in s))))


def _product(factors: Sequence[Factor], scope: tuple[Variable, ...]) -> Flags:
    """All factors at once, variables outside `scope` summed out."""
    numbers: dict[Variable, int] = {}
    operands: list[object] = []
    for f in factors:
        operands += [f.allowed.astype(np.float32), [numbers.setdefault(v, len(numbers)) for v in f.scope]]
    found = np.einsum(*operands, [numbers[v] for v in scope], optimize="greedy")  # type: ignore[call-overload]
    return np.asarray(found > 0)


_P: Final = len(PITCHES)
MOST_SECTION_CELLS: Final = 6 * 10**7  # of the table of step 1
MOST_SPLITS: Final = 128  # ways to share required groups out among pieces
MOST_SHARED_BORDERS: Final = 3  # borders on which another one may depend when it is eliminated: 73^4 numbers


class Pieces(NamedTuple):
    """What is composed and in which order it sounds."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    meets: frozenset[tuple[int, int]]  # (piece, the piece that follows somewhere)

    @classmethod
    def of(cls, space: SearchSpace, *, loop: bool) -> Pieces:
        """Read them off a space on which a form is laid out."""
        edges = [space.start, *np.flatnonzero(space.joints).tolist(), space.end]
        fresh = [
            (a, b) for a, b in pairwise(edges) if not any(copy.at <= a < copy.end for copy in space.copies)
        ]  # fmt: skip
        number = {a: k for k, (a, _) in enumerate(fresh)}
        copied = {copy.at: copy for copy in space.copies}
        order: list[int] = []
        for a in edges[:-1]:
            if a in number:
                order.append(number[a])
            elif a in copied:
                source, length = copied[a].source, copied[a].length
                order += [k for k, (at, _) in enumerate(fresh) if source <= at < source + length]
        meets = {*pairwise(order), *([(order[-1], order[0])] if loop else [])}
        return cls(tuple(a for a, _ in fresh), tuple(b for _, b in fresh), frozenset(meets))


def manageable(space: SearchSpace, *, loop: bool) -> bool:
    """Whether the exact look-ahead is small enough."""
    pieces = Pieces.of(space, loop=loop)
    ticks = sum(b - a for a, b in zip(pieces.starts, pieces.ends, strict=True))
    splits = len(pieces.starts) ** len(space.groups)
    scopes = [{(a, 1), (b, 0)} for a, b in pieces.meets] + [{(k, 0), (k, 1)} for k in range(len(pieces.starts))]
    wide = widest(scopes, {(0, 0), (0, 1)})
    return (
        ticks * space.product.states * space.subsets * _P**2 <= MOST_SECTION_CELLS
        and splits <= MOST_SPLITS
        and wide <= MOST_SHARED_BORDERS
    )


class _Table(Lookahead):
    """Step 1: each piece by itself, F = the pitch on which it ends."""

    def __init__(self, space: SearchSpace, pieces: Pieces) -> None:
        self.starts, self.inside = set(pieces.starts), np.zeros(space.end + 2, bool)
        for a, b in zip(pieces.starts, pieces.ends, strict=True):
            self.inside[a:b] = True
        super().__init__(space)

    def _kinds(self) -> int:
        return _P

    def _endings(self) -> Flags:
        out = np.zeros((self.space.lasts, 1, *self.shape[1:], _P), bool)
        out[-1, :, -1] = self.space.final & np.eye(_P, dtype=bool)
        return out

    def _begin(self, tick: int) -> None:
        if self.inside[tick]:
            super()._begin(tick)

    def _after(self, tick: int) -> None:
        g, joint = self.space, int(self.space.until[tick])
        if not (self.inside[tick] or self.inside[tick - 1]):
            return
        if not (joint < g.end and g.joints[joint]):
            super()._after(tick)
            return
        if joint > tick and len(onsets := tick + self._allowed_rests) and len(onsets := onsets[onsets < joint]):
            self.after[tick] |= self._stepped(tick, onsets)
        if joint - tick in self._allowed_rests:
            self.after[tick] |= self._left(tick, joint)

    def _left(self, tick: int, joint: int) -> Flags:
        """What may leave the piece at its end, (K, C, U, F, P)."""
        g, out = self.space, np.zeros(self.after.shape[1:], bool)
        for _, joined in self.product.rests(tick, np.array([joint])):
            alive = slice(None) if joined is None else joined.alive
            out[:, alive, -1] = np.eye(_P, dtype=bool)
        if joint in self._closing:
            out &= self._closed() & g.over[tick + self._closing[joint]]
        return out


class SectionLookahead(Lookahead):
    """Steps 2 and 3: a look-ahead whose columns are made as they are needed."""

    def __init__(self, space: SearchSpace, *, loop: bool) -> None:
        """Work out what each piece can do, and the column with which all begins."""
        self.space, self.product, self.pieces = space, space.product, Pieces.of(space, loop=loop)
        self._table = _Table(space, self.pieces)
        self.shape = (*self._table.shape[:2], 1)
        assert space.border is not None  # noqa: S101 - without it sections may meet anywhere
        self._near: Flags = space.border
        self._borders: dict[tuple[int, ...], Flags] = {}
        self._columns: dict[tuple[int, bool, bytes], int] = {}
        table = self._table
        self.step = np.zeros((*table.step.shape[:3], 4, _P + 1), bool)
        self.after = np.zeros((*table.after.shape[:4], 4, _P), bool)
        self.ending = np.zeros((*table.ending.shape[:3], 4, _P), bool)
        self._column(0, None, self._bordered(0, ()))

    def columns(self, at: Indices, onsets: Indices, pitches: Indices) -> Indices:
        """The column of each melody (R,) that chooses at a tick (R,), from its notes (R, notes)."""
        pieces, out = self.pieces, np.zeros_like(at)
        number = np.maximum(np.searchsorted(pieces.starts, at, "right") - 1, 0)
        for row, (tick, piece) in enumerate(zip(at.tolist(), number.tolist(), strict=True)):
            if tick > pieces.ends[piece] or (tick == pieces.ends[piece] and tick < self.space.end):
                continue  # in a copy: nothing is chosen
            known = self._known(piece, onsets[row], pitches[row])
            borders = self._bordered(piece, known)
            begun = tick > pieces.starts[piece]
            own = int(pitches[row, np.searchsorted(onsets[row], pieces.starts[piece])]) if begun else None
            out[row] = self._column(piece, own, borders)
        return out

    def _known(self, piece: int, onsets: Indices, pitches: Indices) -> tuple[int, ...]:
        """Borders of earlier pieces that meet this one or later ones."""
        found = []
        for a, b in sorted(self.pieces.meets):
            if a < piece <= b:
                found.append(int(pitches[np.searchsorted(onsets, self.pieces.ends[a]) - 1]))
            elif b < piece <= a:
                found.append(int(pitches[np.searchsorted(onsets, self.pieces.starts[b])]))
        return tuple(found)

    def _bordered(self, piece: int, known: tuple[int, ...]) -> Flags:
        """Step 2: first and last pitches of this piece, and what is left to later ones: (P, P, 2 ** groups)."""
        key = (piece, *known)
        if key not in self._borders:
            given = self._meetings(piece, known)
            later, groups = range(piece + 1, len(self.pieces.starts)), len(self.space.groups)
            out = np.zeros((_P, _P, 1 << groups), bool)
            for shares in product((piece, *later), repeat=groups):
                left = {k: sum(1 << g for g, share in enumerate(shares) if share == k) for k in later}
                joins = [self._joined(k, left[k]) for k in later]
                out[:, :, sum(left.values())] |= eliminated([*given, *joins], ((piece, 0), (piece, 1)), _P)
            self._borders[key] = out
        return self._borders[key]

    def _meetings(self, piece: int, known: tuple[int, ...]) -> list[Factor]:
        """Which borders that are not known may meet: (piece, 0) is its first pitch, (piece, 1) its last."""
        factors, values = [], iter(known)
        if piece == 0:
            factors.append(Factor(((0, 0),), self.space.opening))
        for a, b in sorted(self.pieces.meets):
            if a < piece <= b:
                factors.append(Factor(((b, 0),), self._near[next(values)]))
            elif b < piece <= a:
                factors.append(Factor(((a, 1),), self._near[:, next(values)]))
            elif min(a, b) >= piece:
                factors.append(Factor(((a, 1), (b, 0)), self._near))
        return factors

    def _joined(self, piece: int, groups: int) -> Factor:
        """Which first and last pitches a piece can join that sees to these required groups."""
        begin = self._table.begin[self.pieces.starts[piece], 0, self.space.subsets - 1 - groups]
        return Factor(((piece, 0), (piece, 1)), begin.T)

    def _column(self, piece: int, own: int | None, borders: Flags) -> int:
        """Step 3: after the first note with this pitch, or (None) before it: then each pitch is the piece's first."""
        ends = borders if own is None else borders[own]
        key = (piece, own is None, ends.tobytes())
        if key not in self._columns:
            number = self._columns[key] = len(self._columns)
            if number == self.step.shape[3]:
                self.step, self.after, self.ending = (
                    np.concatenate((x, np.zeros_like(x)), -2) for x in (self.step, self.after, self.ending)
                )
            self._fill(number, piece, ends)
        return self._columns[key]

    def _fill(self, number: int, piece: int, ends: Flags) -> None:
        """Write a column; `ends` are (P first, P last, m), or (P last, m)."""
        g, table = self.space, self._table
        start, end = self.pieces.starts[piece], self.pieces.ends[piece]
        ticks, subsets = slice(start + 1, end + 1), np.arange(g.subsets)
        for m in np.flatnonzero(ends.reshape(-1, ends.shape[-1]).any(0)).tolist():
            last, had = ends[..., m], subsets | m
            self.after[ticks, ..., number, :] |= _among(table.after[ticks][..., had, :, :], last)
            self.ending[..., number, :] |= _among(table.ending[..., had, :, :], last)
            if ends.ndim == 2:  # the piece has begun: on, or out of it
                inner = slice(start + 1, end)
                self.step[inner, ..., number, :] |= _among(table.step[inner][..., had, :, :], last)
                self.step[end, :, had == g.subsets - 1, number, :_P] |= last
            else:
                begin = _among(table.begin[start][..., had, :, :], last)
                self.step[start, ..., number, :_P] |= (begin[..., None, :] & self._near).any(-1)
                self.step[start, ..., number, NONE] |= (begin & g.opening).any(-1)


def _among(table: Flags, last: Flags) -> Flags:
    """Of a table (…, F, P) by the last pitch: whether one of these (F,), or (P, F) by the pitch, will do; (…, P)."""
    if last.ndim == 1:
        return np.asarray(table[..., np.flatnonzero(last), :].any(-2))
    return np.asarray((table & last.T).any(-2))
