"""--motif."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from melodyrnn.controls.control import Control, Option
from melodyrnn.controls.form.form import sections_of
from melodyrnn.controls.material import motif_of
from melodyrnn.errors import OptionError, Unsatisfiable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.controls.clock import Frame
    from melodyrnn.controls.rules import Mask, Preference

_LONG: Final = 16  # bars from which on it comes back more than once, …
_PERIOD: Final = 8  # … every so many bars
_LEAN: Final = 2.0  # nats towards its rhythm and its steps where a bar between begins


class Motif(Control):
    """The melody begins with these notes, and they come back note for note where its second half begins.

    In more than 16 bars they do every 8 bars; in a form where its section does. Midway between, the melody leans to
    their rhythm and to their steps in the key, from whatever pitch it has come to: a sequence.
    """

    option = Option(
        "--motif", 'Begin with FILE, or "C4:1/4 E4:1/8", which comes back.', "FILE|NOTES",
        panel="Material", files="melody",
    )  # fmt: skip
    concerns = "whole"

    @classmethod
    def read(cls, text: str) -> str:
        """Notes with their values; a file has been read before."""
        motif_of(text)
        return text

    def opens(self) -> int | None:
        """Its first pitch."""
        return motif_of(self.value)[0][1]

    def constrain(self, frame: Frame) -> Iterator[Mask | Preference]:
        """It stands where it stands; leant to in between. Raises OptionError."""
        from melodyrnn.controls.laying import laid_motif, leaning_to_motif  # noqa: PLC0415

        if frame.melody.notes or not frame.exact or frame.onset is None:
            raise OptionError("motif", "needs a number of bars and a fixed upbeat, and no prime")
        starts = self._starts(frame, frame.onset)
        yield laid_motif(frame, starts, motif_of(self.value))
        between = [a + (b - a) // 2 for a, b in zip(starts, [*starts[1:], frame.end - frame.upbeat], strict=True)]
        between = [a for a in between if (a - frame.onset) % frame.melody.metres[0].bar_ticks == 0]
        if between and frame.setting.form is None:
            yield leaning_to_motif(frame, between, motif_of(self.value), _LEAN)

    def _starts(self, frame: Frame, first: int) -> list[int]:
        """Ticks at which it begins."""
        bar = frame.melody.metres[0].bar_ticks
        if frame.setting.form is not None:
            letters = [section.letter for section in sections_of(frame.setting.form)]
            if letters.count(letters[0]) == 1:
                raise OptionError("motif", f"section {letters[0]} of the form does not come back, nor would the motif")
            return [first]
        bars = (frame.end - first) // bar
        period = bars // 2 if bars <= _LONG else _PERIOD
        if sum(ticks for ticks, _ in motif_of(self.value)) > period * bar:
            raise Unsatisfiable("motif", f"is too long to come back in {bars} bars; give more bars, or less of it")
        return list(range(first, first + (bars - period) * bar + 1, period * bar))

    def impossible(self, length: str) -> str:
        """That it does not go with what else is asked."""
        return f"the motif does not fit into {length}"
