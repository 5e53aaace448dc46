"""--durations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from melodyrnn.controls.control import Control, Option
from melodyrnn.controls.rules import Mask
from melodyrnn.music.parsing import note_values_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.controls.clock import Frame


class Durations(Control):
    """Only these note values; silences are none or one of them."""

    option = Option(
        "--durations", 'Only these note values: "1/4 1/8".', "VALUES", panel="Rhythm and form",
        verbs=("generate", "infill"),
    )  # fmt: skip
    takes_time = True
    concerns = "rhythm"

    @classmethod
    def read(cls, text: str) -> str:
        """Fractions of a whole note."""
        values_of(text)
        return text

    def constrain(self, frame: Frame) -> Iterator[Mask]:
        """Durations, rests, and the silence at the end."""
        durations, rests, silences = frame.of_values(values_of(self.value))
        yield Mask(durations=durations, rests=rests, over=silences if frame.exact else None)

    def impossible(self, length: str) -> str:
        """The values, so that one sees why they do not add up."""
        values = ", ".join(f"{ticks}/96" for ticks in values_of(self.value))
        return f"{length} cannot be filled with {self.value} alone ({values} of a whole note)"


def values_of(text: str) -> tuple[int, ...]:
    """Ticks of note values, the shortest first; raise OptionError.

    >>> values_of("1/4 1/8"), values_of("8 16")
    ((12, 24), (6, 12))
    """
    return tuple(sorted(set(note_values_of(text))))
