"""--surprise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

from melodyrnn.controls.control import Control, Option, real
from melodyrnn.controls.rules import Filter
from melodyrnn.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.checkpoint.file import Card
    from melodyrnn.constraints.logit_rules import DecodingContext
    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.setting import Setting
    from melodyrnn.inference.numpy_network import Logs

PROPORTIONAL: Final = 16.0  # bits too few that raise the log-temperature by one
INTEGRAL: Final = 400.0  # bits too few, added up over the notes, that do
_WIDEST: Final = 1.2  # log-temperatures from -1.2 to 1.2


class SurpriseControl(Control):
    """Bits a note (-log2 P by the network itself) to be met in the mean, instead of a temperature.

    What was spent too little or too much so far raises or lowers one temperature slowly: a controller with a
    proportional part (PROPORTIONAL) and one that takes away the error that would stay (INTEGRAL). 'corpus' stands for
    the bits of melodies that the network had not seen.
    """

    option = Option(
        "--surprise", "So many bits a note, 0.05 to 30, instead of a temperature.", "X|corpus", panel="Chance"
    )
    stored = float | None
    excludes = {  # noqa: RUF012 - it is only read
        "temperature": "sets the temperature itself; leave out one of the two",
        "rhythm_temperature": "sets the temperature itself; leave out one of the two",
    }

    @classmethod
    def parse(cls, given: Any) -> Self:
        """A number of bits, or 'corpus'."""
        if given is None or given == "corpus":
            return cls(given)
        if isinstance(given, str):
            try:
                given = float(given)
            except ValueError:
                raise OptionError("surprise", f"{given!r} is not a number of bits; write 2.4, or corpus") from None
        return cls(real(cls, given, 0.05, 30))

    @property
    def holds(self) -> bool:
        """It changes what is probable, not what is allowed."""
        return False

    def check(self, setting: Setting, others: Sequence[Control]) -> None:  # noqa: ARG002
        """Something is left to choose from."""
        if any(control.certain for control in others):
            raise OptionError("surprise", "top-k 1 leaves nothing to choose from; leave out one of the two")

    def told(self, card: Card) -> Self:
        """The corpus's own bits, as the model's card tells."""
        if self.value != "corpus":
            return self
        if "total" not in card.bits:
            raise OptionError("surprise", "the model's card has no held-out figure: give a number of bits, like 2.4")
        return type(self)(card.bits["total"])

    def constrain(self, frame: Frame) -> Iterator[Filter]:  # noqa: ARG002
        """A temperature that adapts itself."""

        def paced(logs: Logs, context: DecodingContext) -> Logs:
            if context.spent is None:
                return logs
            heat = temperature_of(self.value, context.notes - context.primed, context.spent)
            sharper: Logs = (logs - logs.max(1, keepdims=True)) / heat[:, None]
            return sharper

        yield Filter(pitch=paced, rhythm=paced, paced=True)


def temperature_of(target: float, notes: int, spent: Logs) -> Logs:
    """What the next note is drawn with, (R,); `spent` (R, 2) as `compose.sampling.note.spent_with` keeps it."""
    import numpy as np  # noqa: PLC0415

    owed = target * notes - spent[:, 0]
    owing = target * notes * (notes + 1) / 2 - spent[:, 1]
    return np.asarray(np.exp(np.clip(owed / PROPORTIONAL + owing / INTEGRAL, -_WIDEST, _WIDEST)))
