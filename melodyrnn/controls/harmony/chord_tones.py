"""--chord-tones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

from melodyrnn.controls.control import Control, Option, one_of
from melodyrnn.controls.rules import Mask, Preference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.controls.clock import Frame
    from melodyrnn.music.chords import Chord

OFF_CHORD: Final = -3.0  # what is added to the log-probability of other notes on strong beats


class ChordTones(Control):
    """Chord tones on strong beats and where a chord begins: leant towards (prefer), or nothing else (rule)."""

    option = Option("--chord-tones", "Chord tones on strong beats.", "prefer|rule", panel="Chords")
    default = "prefer"
    stored = str
    standing = True
    needs = {"chords": "there are no chords to keep to; give them with chords"}  # noqa: RUF012 - it is only read

    @classmethod
    def parse(cls, given: Any) -> Self:
        """One of the words."""
        return cls(one_of(cls, given, ("prefer", "rule")))

    def constrain(self, frame: Frame) -> Iterator[Mask | Preference]:
        """On strong beats."""
        import numpy as np  # noqa: PLC0415

        if frame.setting.progression is None:
            return
        tones = np.ones((frame.end + 1, len(frame.sounding)), bool)
        for tick, chord in strong_chords(frame):
            if chord.tones:
                tones[tick] = frame.of_classes(chord.tones)
        yield Mask(pitches=tones) if self.value == "rule" else Preference(np.where(tones, 0, OFF_CHORD))


def strong_chords(frame: Frame) -> Iterator[tuple[int, Chord]]:
    """Ticks at which a chord tone is wanted: bar lines, middles of bars of four beats, and where a chord begins."""
    strong = set()
    for a in frame.lines[:-1]:
        metre = frame.metre(a)
        strong.add(a)
        if metre.bar_ticks // metre.beat_ticks % 4 == 0:
            strong.add(a + metre.bar_ticks // 2)
    for first, ticks, chord in frame.chord_spans():
        for tick in range(max(first, 0), min(first + ticks, frame.end)):
            if tick == first or tick in strong:
                yield tick, chord
