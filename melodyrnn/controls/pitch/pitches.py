"""--pitches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from melodyrnn.controls.control import Control, Option
from melodyrnn.controls.material import line_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.constraints.automaton import InOrder
    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.rules import Preference


class Pitches(Control):
    """The pitches of all new notes, in this order, each once; the rhythm is new."""

    option = Option(
        "--pitches", 'The pitches of FILE, or "C4 E4 G4", in a new rhythm.', "FILE|NOTES",
        panel="Material", files="melody",
    )  # fmt: skip
    takes_time = True
    concerns = "whole"
    excludes = {  # noqa: RUF012 - it is only read
        "form": "a form repeats its sections, and the pitches come once; leave out one of the two",
        "motif": "a motif has pitches of its own; leave out one of the two",
    }

    @classmethod
    def read(cls, text: str) -> str:
        """Names with octaves; a file has been read before."""
        line_of(text)
        return text

    @property
    def reaches(self) -> bool:
        """How fast they come decides whether there is room for the last of them."""
        return True

    def opens(self) -> int:
        """The first of them."""
        return line_of(self.value)[0]

    def constrain(self, frame: Frame) -> Iterator[InOrder | Preference]:
        """They are held to, and come at such a pace that they last."""
        from melodyrnn.controls.laying import laid_line  # noqa: PLC0415

        yield from laid_line(frame, line_of(self.value))

    def impossible(self, length: str) -> str:
        """How many they are."""
        return f"{len(line_of(self.value))} pitches in order do not make a melody of {length}"
