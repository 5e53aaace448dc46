"""New takes while the last one plays, and answers, out of a process that composes.

Contents: Composing (the process), answer_of; Refreshed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from melodyrnn.errors import MelodyRNNError
from melodyrnn.live.composer import StageAnswer, TakeOrder
from melodyrnn.live.player import Fixed

if TYPE_CHECKING:
    from collections.abc import Callable

    from melodyrnn.live.clip import Clip

LEAD: Final = 0.1  # seconds before the end of a pass at which the next one is looked for


class Composing(Protocol):
    """What composes elsewhere: `melodyrnn.system.Helper`."""

    busy: bool

    def order(self, order: object) -> None:
        """Hand over an order."""

    def answer(self, seconds: float = 0.0) -> object:
        """The answer, None where there is none yet. Raises ChildProcessError."""


def answer_of(helper: Composing, say: Callable[[str], None]) -> StageAnswer | None:
    """What has been composed, None where nothing has or it could not be; why not is told."""
    try:
        came = helper.answer()
    except ChildProcessError:
        say("the process that composes was killed; another is started")
        return None
    if isinstance(came, MelodyRNNError):
        say(f"nothing new was composed: {came}")
        return None
    if isinstance(came, Exception):
        raise came
    return came if isinstance(came, StageAnswer) else None


class Refreshed(Fixed):
    """A clip that gives way to a new take every `every` passes; one that is late comes a pass later, and is told."""

    def __init__(
        self, clip: Clip, order: TakeOrder, helper: Composing, say: Callable[[str], None], *, every: int = 1,
        passes: int = 0,
    ) -> None:  # fmt: skip
        super().__init__(clip, passes)
        self._order, self._helper, self._say, self._every = order, helper, say, every
        self._ready: StageAnswer | None = None
        self._since = 0  # pass at which this take began
        self._number = 0

    def take(self, number: int) -> Clip | None:
        """The take for a pass; the next one is ordered when it begins."""
        self._number = number
        if number - self._since >= self._every or number < self._since:
            if self._ready is not None:
                self.clip, self._since = self._ready.clip, number
                self._say(f"pass {number + 1}: {self._ready.told}")
                self._ready = None
            elif number:
                self._say(f"pass {number + 1}: the new take is not ready; the last one again")
        if not self._helper.busy and self._ready is None:
            self._order = replace(self._order, number=self._order.number + 1)
            self._helper.order(self._order)
        return super().take(number)

    def lead(self, seconds_a_part: float) -> float:
        """A tenth of a second."""
        return LEAD / seconds_a_part

    def prepare(self) -> None:
        """Take in what has been composed."""
        self._ready = answer_of(self._helper, self._say) or self._ready
