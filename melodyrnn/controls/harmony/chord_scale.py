"""--chord-scale."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Self

from melodyrnn.controls.control import VARIES, Control, Option, one_of
from melodyrnn.controls.rules import Preference
from melodyrnn.music.chord_scales import chord_scale, colour_tones, foreign_tones

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.constraints.automaton import Flags
    from melodyrnn.controls.clock import Frame
    from melodyrnn.music.chords import Chord

OFF_SCALE: Final = -4.0  # what is added to the log-probability of notes that are not in the chord's scale
DUE_SHARE: Final = 0.5  # share that a tone which tells the chord has at least, until it has come
_LAST: Final = 4.0  # times that share, for the last note that fits over the chord
_ROOM: Final = 1.5  # what is taken from the log-probability of lengths that fill a foreign chord with one note
_GUIDED: Final = 0.7  # what is added to that of pitches a step from such a tone, where the chord is about to begin
_HELD: Final = 3.0  # what is taken from that of a note which sounds on over it and is not in its scale
_LED: Final = 1.5  # what is taken from the log-probability of leaving a foreign chord otherwise than by step


class ChordScale(Control):
    """auto: over a chord outside the key its own scale, and the tones that tell it, are likely; off: the key's goes on.

    Chords of the key change nothing.
    """

    option = Option(
        "--chord-scale", "Chords outside the key change the scale.", "auto|off", panel="Chords", verbs=VARIES
    )
    default = "auto"
    stored = str
    standing = True
    needs = {"chords": "there are no chords to take a scale from; give them with chords"}  # noqa: RUF012 - only read

    @classmethod
    def parse(cls, given: Any) -> Self:
        """One of the words."""
        return cls(one_of(cls, given, ("auto", "off")))

    def constrain(self, frame: Frame) -> Iterator[Preference]:
        """What is likely over chords outside the key, and where one of them goes on to another chord."""
        spans = list(frame.chord_spans())
        foreign = [(at, ticks, chord) for at, ticks, chord in spans if foreign_tones(chord, frame.scale)]
        if self.value == "off" or not foreign:
            return
        from melodyrnn.constraints.colour import Owing, by_spans, guiding, leading, leaving_room, owed, since  # noqa: PLC0415

        scales = [frame.of_classes(chord_scale(chord, frame.scale)) for _, _, chord in foreign]
        costs = [(at, at + n, ~scale * OFF_SCALE) for (at, n, _), scale in zip(foreign, scales, strict=True)]
        yield Preference(by_spans(len(frame.ticks), costs))
        if not frame.chords_learnt:
            told = [Owing(at, at + n, self._colours(frame, chord)) for at, n, chord in foreign]
            yield Preference(rule=owed(since(told, _LAST), DUE_SHARE), duration=leaving_room(told, _ROOM))
            yield Preference(rule=guiding(told, scales, _GUIDED, _HELD))
        changes = [
            (at, frame.of_classes(chord.tones))
            for (_, _, before), (at, _, chord) in pairwise(spans)
            if chord.tones and foreign_tones(before, frame.scale)
        ]
        yield Preference(rule=leading(changes, _LED))

    def _colours(self, frame: Frame, chord: Chord) -> list[Flags]:
        """The tones that tell a chord, each in every octave."""
        return [frame.of_classes((tone,)) for tone in colour_tones(chord, frame.scale)]
