"""--end."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Self

from melodyrnn.controls.control import VARIES, Control, Option, one_of
from melodyrnn.controls.rules import Mask
from melodyrnn.music.melody import TICKS_PER_QUARTER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.constraints.automaton import Flags, LastNote
    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.setting import Setting

ENDS: Final = {"tonic": (0,), "open": (1, 4, 6)} | {str(step + 1): (step,) for step in range(7)}
"""Steps of the scale on which to end, from 0."""


class End(Control):
    """The last note is one of these steps, begins on a beat and lasts a beat or more; free: as the network likes."""

    option = Option(
        "--end", "End on 1, on 2, 5 or 7, or N: on a beat, long.", "tonic|open|N|free", panel="Pitches", verbs=VARIES
    )
    concerns = "ending"

    @classmethod
    def parse(cls, given: Any) -> Self:
        """One of the words, or a step as text."""
        return cls(None if given is None else one_of(cls, given, (*ENDS, "free")))

    @property
    def holds(self) -> bool:
        """Unless it is free."""
        return bool(self.value != "free")

    @property
    def reaches(self) -> bool:
        """A cadence is prepared."""
        return bool(self.value != "free")

    @property
    def by_chance(self) -> bool:
        """A melody of known length ends on a tonic every second or third time."""
        return self.reaches

    def settle(self, setting: Setting) -> Setting:
        """Who says how the melody ends."""
        if self.value == "free":
            return replace(setting, ending="free")
        return replace(setting, ending="asked", closes_on=ENDS[self.value])

    def constrain(self, frame: Frame) -> Iterator[Mask | LastNote]:
        """A cadence."""
        from melodyrnn.constraints.automaton import LastNote  # noqa: PLC0415

        if self.value == "free":
            return
        yield LastNote(cadences(frame))
        yield Mask(final=frame.of_classes(tuple(frame.key.scale[step] for step in ENDS[self.value])))


def cadences(frame: Frame) -> Flags:
    """Notes that may close, (T, D): on a beat, a beat long or more, and where beats are short a quarter.

    Or to the end of the music: after an upbeat the last bar is shorter by it.
    """
    import numpy as np  # noqa: PLC0415

    from melodyrnn.events.vocabulary import DURATION_TICKS  # noqa: PLC0415

    cadence = np.zeros((frame.end + 1, len(DURATION_TICKS)), bool)
    for a, b in pairwise(frame.lines):
        beat = frame.metre(a).beat_ticks
        long = max(beat, min(TICKS_PER_QUARTER, b - a))
        over = b - frame.upbeat if b == frame.end and frame.upbeat < b - a else b
        for tick in range(max(a, 0), b):
            if (tick - a) % beat == 0 and (long == beat or over - tick >= long):
                cadence[tick] = min(long, over - tick if tick < over else b - tick) <= DURATION_TICKS
    return cadence
