"""One control changed, for a run of tests that is to notice: a plugin of pytest, see `bench.mutants`.

    MELODYRNN_MUTANT=max_leap:constrain python -m pytest -p bench.mutation TEST

The environment names a control and what to do to it: `absent` takes it out of the list, the name of a method makes that
do nothing. Without a control of that name, or a method that it defines itself, nothing runs.

Contents: METHODS, mutants, changed; pytest_configure.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from melodyrnn import controls

if TYPE_CHECKING:
    from collections.abc import Callable

VARIABLE: Final = "MELODYRNN_MUTANT"
ABSENT: Final = "absent"
METHODS: Final[dict[str, Callable[..., Any]]] = {
    "constrain": lambda _control, _frame: (),
    "allows": lambda _control, _frame, _midi: None,
    "settle": lambda _control, setting: setting,
}
"""Each method that says what a control means, as if it did not."""


def mutants() -> list[str]:
    """Every change that there is, as the environment names it."""
    found = []
    for name, control in controls.every().items():
        own = [method for method in METHODS if method in vars(control)]
        found += [f"{name}:{change}" for change in (ABSENT, *own)]
    return found


def changed(mutant: str) -> None:
    """Change a control of this process."""
    name, _, change = mutant.partition(":")
    control = controls.every()[name]
    if change == ABSENT:
        controls.CONTROLS = tuple(other for other in controls.CONTROLS if other is not control)
        return
    assert change in vars(control), f"{name} has no {change} of its own"
    setattr(control, change, METHODS[change])


def pytest_configure() -> None:
    """Change what the environment names before any test is read."""
    if mutant := os.environ.get(VARIABLE):
        changed(mutant)
