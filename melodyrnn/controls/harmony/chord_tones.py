"""--chord-tones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

from melodyrnn.controls.control import VARIES, Control, Option, one_of
from melodyrnn.controls.rules import Mask, Preference
from melodyrnn.music.chord_scales import close_tones, third_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.constraints.colour import OncePerSpan
    from melodyrnn.controls.clock import Frame
    from melodyrnn.music.chords import Chord

OFF_CHORD: Final = -3.0  # what is added to the log-probability of other notes on strong beats


class ChordTones(Control):
    """Chord tones on strong beats and where a chord begins: leant towards (prefer), or nothing else (rule).

    A network that has learnt from songs with their chords leans as far as those songs do, by itself.

    As a rule these are 1, 3, 5 and 7 of the chord, and its third comes where it lasts two beats or more.
    """

    option = Option("--chord-tones", "Chord tones on strong beats.", "prefer|rule", panel="Chords", verbs=VARIES)
    default = "prefer"
    stored = str
    standing = True
    needs = {"chords": "there are no chords to keep to; give them with chords"}  # noqa: RUF012 - it is only read

    @classmethod
    def parse(cls, given: Any) -> Self:
        """One of the words."""
        return cls(one_of(cls, given, ("prefer", "rule")))

    def constrain(self, frame: Frame) -> Iterator[Mask | Preference | OncePerSpan]:
        """On strong beats; the third anywhere."""
        import numpy as np  # noqa: PLC0415

        if frame.setting.progression is None:
            return
        tones = np.ones((frame.end + 1, len(frame.sounding)), bool)
        rule = self.value == "rule"
        for tick, chord in strong_chords(frame):
            if chord.tones:
                tones[tick] = frame.of_classes(close_tones(chord) if rule else chord.tones)
        if not rule:
            if not frame.chords_learnt:
                yield Preference(np.where(tones, 0, OFF_CHORD))
            return
        yield Mask(pitches=tones)
        yield from _thirds(frame)


def _thirds(frame: Frame) -> Iterator[OncePerSpan]:
    """The third of each chord that lasts two beats or more and sounds with new notes alone, where one is left to it."""
    from melodyrnn.constraints.colour import OncePerSpan  # noqa: PLC0415

    assert frame.allowed is not None  # noqa: S101 - `rules_of` has told them
    wanted, new = [(-1, frame.of_classes(()))], frame.spans or ((frame.start, frame.end),)
    for at, ticks, chord in frame.chord_spans():
        third = third_of(chord) if chord.tones else None
        stop = min(at + ticks, frame.end)
        long = stop - at >= 2 * frame.metre(max(at, 0)).beat_ticks
        asked = third is not None and long and any(a <= at and stop <= b for a, b in new)
        wanted.append((at, frame.of_classes((third,) if asked and third is not None else ()) & frame.allowed))
    if any(one.any() for _, one in wanted):
        yield OncePerSpan.over(frame.ticks, [*wanted, (frame.end, frame.of_classes(()))])


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
