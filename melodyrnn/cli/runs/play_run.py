"""What play does without a port, and --listen: music through the loudspeaker, its roll moving along, keys heard.

What they need may be missing: `manner.ready_to_play` says so, before this module is imported.

Contents: run_aloud, play_aloud.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from melodyrnn.cli.io.console import amount
from melodyrnn.cli.io.input import read_melody, tell
from melodyrnn.cli.io.keys import Keys
from melodyrnn.cli.io.piano_roll import Roll
from melodyrnn.compose.told_sections import told_sections
from melodyrnn.formats.audio.render import RATE, render
from melodyrnn.formats.audio.sequence import sequence_of
from melodyrnn.formats.conversion import symbols_along, written_from
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.live.loudspeaker import Loudspeaker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.cli.io.console import Console
    from melodyrnn.formats.audio.sequence import TempoMap
    from melodyrnn.formats.midi.reader import Reading

_LOOK: Final = 0.05  # seconds between two looks at the keys and at what is heard
_AGAIN: Final = 1.0  # seconds after a bar line in which "left" means the bar before
_HINT: Final = "space waits, left and right go a bar, q ends"


def run_aloud(console: Console, file: str, *, track: str | None, turns: int | None, soundfont: str | None) -> None:
    """Play a file; `turns`: how many times, None for ever. Raises Unreadable, OptionError, OutputError."""
    found = read_melody(console, file, track=track, chords=True)
    whole = track is None
    tell(console, found, key="", kept=whole)
    data = found.original.data if whole and found.original is not None else b""
    written = written_from(found.melody, "midi", chords=found.chords, data=data, program=found.program)
    play_aloud(console, written.midi, found.name, turns=turns, soundfont=Path(soundfont) if soundfont else None)


def play_aloud(
    console: Console, midi: bytes, name: str, *,
    turns: int | None = 1, soundfont: Path | None = None, sections: Sequence[tuple[int, str]] = (),
) -> None:  # fmt: skip
    """Play a MIDI file to its end, or until a key ends it. Raises OptionError, OutputError."""
    with console.waiting("rendering"):
        samples = render(midi, soundfont, loop=turns != 1)
    stage = _Stage(console, read_midi(midi, name=name, chords=True), sequence_of(midi, tail=0).tempos, RATE, sections)
    console.say(f"{name}: {len(samples) / RATE:.1f} s, {amount(stage.reading.melody.bars, 'bar')}")
    with Keys(console) as keys, Loudspeaker(samples, rate=RATE, turns=turns) as speaker:
        if keys.there:
            console.say(_HINT)
        stage.watch(speaker, keys)


class _Stage:
    """What someone sees while it plays."""

    def __init__(
        self, console: Console, reading: Reading, tempos: TempoMap, rate: int, sections: Sequence[tuple[int, str]]
    ) -> None:
        self.console, self.reading, self.tempos, self.rate = console, reading, tempos, rate
        sections = sections or told_sections(reading.recipe, reading.melody)
        chords = dict(symbols_along(reading.melody, reading.chords)) if reading.chords else None
        self.roll = Roll(
            reading.melody, width=console.width, colour=console.colour, unicode=console.unicode, chords=chords,
            sections=sections,
        )  # fmt: skip
        self.shown: list[str] = []

    def watch(self, speaker: Loudspeaker, keys: Keys) -> None:
        """Look at keys and at what is heard until it is over."""
        while not speaker.over:
            if self.console.interactive:
                self._show(speaker)
            match keys.pressed(_LOOK):
                case "quit":
                    return
                case "pause":
                    speaker.pause()
                case "right":
                    speaker.seek(self._frame(self._bar(speaker) + 1))
                case "left":
                    speaker.seek(self._frame(self._bar_back(speaker)))

    def _show(self, speaker: Loudspeaker) -> None:
        """Draw the bars that are heard, over those that were drawn before."""
        melody = self.reading.melody
        bar = min(self._bar(speaker) + 1, melody.bars)
        at = f"bar {bar} of {melody.bars}, {speaker.position / self.rate:5.1f} s"
        told = at + (f", turn {speaker.turn + 1}" if speaker.turn else "") + (", waiting" if speaker.paused else "")
        fits = self.roll.height + 1 < self.console.height
        lines = [*(self.roll.at(round(self._tick(speaker))) if fits else ()), told]
        if lines == self.shown:
            return
        up = f"\x1b[{len(self.shown)}A\r" if self.shown else ""
        self.console.draw([up + "\n".join(f"{line}\x1b[K" for line in lines)])
        self.shown = lines

    def _tick(self, speaker: Loudspeaker) -> float:
        """The tick of the melody that is heard."""
        tick = self.tempos.tick(speaker.position / self.rate)
        original = self.reading.original
        return max(0.0, tick if original is None else original.grid(round(tick)))

    def _bar(self, speaker: Loudspeaker) -> int:
        return self.reading.melody.place(int(self._tick(speaker)))[0]

    def _bar_back(self, speaker: Loudspeaker) -> int:
        """The bar that is heard, or where that has just begun, the one before."""
        bar = self._bar(speaker)
        return bar if speaker.position - self._frame(bar) > _AGAIN * self.rate else bar - 1

    def _frame(self, bar: int) -> int:
        """Where a bar begins."""
        tick = self.reading.melody.bar_onset(max(bar, 0))
        original = self.reading.original
        return round(self.tempos.seconds(tick if original is None else max(0, original.tick(tick))) * self.rate)
