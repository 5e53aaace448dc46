"""--require."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from melodyrnn.controls.control import Control, Option
from melodyrnn.controls.pitch import named_pitches
from melodyrnn.controls.rules import Preference
from melodyrnn.errors import OptionError, Unsatisfiable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.constraints.automaton import Collected, Flags
    from melodyrnn.constraints.logit_rules import DecodingContext
    from melodyrnn.controls.clock import Frame
    from melodyrnn.inference.numpy_network import Logs

MOST_REQUIRED: Final = 5
OWED: Final = 2.5  # what is added to the log-probability of a pitch that has not come yet


class Require(Control):
    """Pitches that come at least once among the new notes; without an octave one of the name."""

    option = Option("--require", "Each of these at least once.", "NOTES", panel="Pitches", verbs=("generate", "infill"))
    takes_time = True

    @classmethod
    def read(cls, text: str) -> str:
        """Names of pitches, few of them."""
        if len(named_pitches(text, "require")) > MOST_REQUIRED:
            raise OptionError("require", f"takes {MOST_REQUIRED} pitches at most")
        return text

    @property
    def reaches(self) -> bool:
        """A pitch that is owed weighs on all notes before."""
        return True

    def constrain(self, frame: Frame) -> Iterator[Collected | Preference]:
        """Each has come in the end; until then it is leant towards.

        Left alone they would come when no other note is left. Every melody that is finished has had each, and so the
        same sum of OWED: among particles that are weighed it changes when, not which melodies are drawn.
        """
        import numpy as np  # noqa: PLC0415

        from melodyrnn.constraints.automaton import Collected  # noqa: PLC0415

        named = named_pitches(self.value, "require")
        groups: Flags = np.array([np.isin(frame.sounding, list(pitches)) for pitches in named]).reshape(len(named), -1)
        for name, group in zip(self.value.replace(",", " ").split(), groups, strict=True):
            if frame.allowed is not None and not (group & frame.allowed).any():
                raise Unsatisfiable("require", f"{name} is left out by scale, range or forbidden pitches")
        if not len(groups):
            return
        yield Collected(groups)

        def owed(logs: Logs, context: DecodingContext) -> Logs:
            had = groups.T[context.heard[2][:, context.primed :]].any(1)  # (R, groups)
            return np.asarray(logs + OWED * ((~had).astype(np.float64) @ groups))

        yield Preference(rule=owed)
