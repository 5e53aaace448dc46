"""--rhythm."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

from melodyrnn.controls.control import Control, Option
from melodyrnn.controls.material import rhythm_of
from melodyrnn.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.rules import Mask


class Rhythm(Control):
    """Onsets and lengths of all notes, over and over up to the end; pitches are new."""

    option = Option(
        "--rhythm", 'The rhythm of FILE, or "1/4 1/8 r1/8", with new pitches.', "FILE|VALUES",
        panel="Material", files="melody",
    )  # fmt: skip
    concerns = "whole"
    excludes = {  # noqa: RUF012 - it is only read
        "rests": "the rhythm is given, silences and all; leave out rests",
        "onsets": "two things say where notes begin; leave out rhythm or onsets",
        "motif": "a motif has a rhythm of its own; leave out one of the two",
    }

    @classmethod
    def read(cls, text: str) -> str:
        """Note values and silences; a file has been read before."""
        rhythm_of(text)
        return text

    def constrain(self, frame: Frame) -> Iterator[Mask]:
        """A note begins where it says and nowhere else, and lasts as long as it says. Raises OptionError."""
        from melodyrnn.controls.laying import laid_rhythm  # noqa: PLC0415

        if frame.melody.notes or not frame.exact or frame.onset is None:
            raise OptionError("rhythm", "needs a number of bars and a fixed upbeat, and no prime")
        yield laid_rhythm(frame, self._notes(frame, frame.onset))

    def _notes(self, frame: Frame, onset: int) -> list[tuple[int, int]]:
        """Onset and ticks of each note; what would sound beyond the end is cut."""
        found, tick = [], onset
        for ticks in cycle(rhythm_of(self.value)):
            if tick >= frame.end - frame.upbeat * (tick > onset):
                break
            if ticks > 0:
                found.append((tick, min(ticks, frame.end - tick)))
            tick += abs(ticks)
        return found

    def impossible(self, length: str) -> str:
        """That its values are not those of the tables, or do not end where the rest wants it."""
        return f"this rhythm does not fit into {length}; change bars, upbeat or metre"
