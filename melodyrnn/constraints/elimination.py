"""Relations between a few unknowns, and what they leave to two of them: elimination of variables.

R. Dechter, Bucket elimination: a unifying framework for reasoning, Artificial Intelligence 113 (1999).

Conventions
    A variable is a pair of numbers; all have the same values, 0 to V - 1. Contents: `Factor`, `eliminated`, `widest`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Variable = tuple[int, int]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Factor:
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
