"""--chord-scale."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Self

from melodyrnn.controls.control import Control, Option, one_of
from melodyrnn.controls.rules import Preference
from melodyrnn.music.chord_scales import chord_scale, colour_tones, foreign_tones

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.constraints.automaton import Flags
    from melodyrnn.constraints.logit_rules import DecodingContext
    from melodyrnn.controls.clock import Frame
    from melodyrnn.music.chords import Chord

OFF_SCALE: Final = -4.0  # what is added to the log-probability of notes that are not in the chord's scale
OWED: Final = 0.35  # share that a tone which tells the chord has at least, until it has come
_LED: Final = 1.5  # what is taken from the log-probability of leaving a foreign chord otherwise than by step


class ChordScale(Control):
    """auto: over a chord outside the key its own scale, and the tones that tell it, are likely; off: the key's goes on.

    Chords of the key change nothing.
    """

    option = Option("--chord-scale", "Chords outside the key change the scale.", "auto|off", panel="Chords")
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
        import numpy as np  # noqa: PLC0415

        from melodyrnn.constraints.colour import leading, owed  # noqa: PLC0415

        costs = np.zeros((frame.end + 1, len(frame.sounding)))
        for at, ticks, chord in foreign:
            within = slice(max(at, 0), max(at + ticks, 0))
            costs[within] = np.where(frame.of_classes(chord_scale(chord, frame.scale)), 0, OFF_SCALE)
        yield Preference(costs)
        yield Preference(rule=owed(_due(frame, foreign), OWED))
        yield Preference(rule=leading(*_changes(frame, spans), _LED))


def _due(frame: Frame, foreign: list[tuple[int, int, Chord]]) -> Any:
    """Which tones of the foreign chord at hand have not come since it began, (R, P)."""
    import numpy as np  # noqa: PLC0415

    from melodyrnn.events.vocabulary import onsets_of  # noqa: PLC0415

    told = [[frame.of_classes((tone,)) for tone in colour_tones(chord, frame.scale)] for _, _, chord in foreign]

    def due(context: DecodingContext) -> Flags:
        out = np.zeros((len(context.tick), len(frame.sounding)), bool)
        for row, tick in enumerate(context.tick.tolist()):
            k = next((k for k, (at, ticks, _) in enumerate(foreign) if at <= tick < at + ticks), None)
            if k is None:
                continue
            rests, durations, pitches = (column[row] for column in context.heard)
            came = pitches[onsets_of(rests, durations) >= foreign[k][0]]
            for tones in told[k]:
                out[row] |= tones & ~tones[came].any()
        return out

    return due


def _changes(frame: Frame, spans: list[tuple[int, int, Chord]]) -> tuple[Flags, Flags]:
    """Ticks at which a chord follows one outside the key (T,), and its tones there (T, P)."""
    import numpy as np  # noqa: PLC0415

    begins, tones = np.zeros(frame.end + 1, bool), np.zeros((frame.end + 1, len(frame.sounding)), bool)
    for (_, _, before), (at, _, chord) in pairwise(spans):
        if foreign_tones(before, frame.scale) and chord.tones and at >= 0:
            begins[at], tones[at] = True, frame.of_classes(chord.tones)
    return begins, tones
