"""The voices of an ABC tune while they are read: one by one, and which of them is the melody.

Contents: AbcVoice; set_properties, melodic, told_of, without_lines.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final

from melodyrnn.errors import one_line
from melodyrnn.formats.abc.abc_fields import abc_stave
from melodyrnn.formats.naming import listed
from melodyrnn.formats.notation.measures import Bar, Sound
from melodyrnn.formats.notation.phrases import LINE

_LONGEST_NAME: Final = 40  # characters of a voice's name that are told


@dataclass(slots=True)
class AbcVoice:
    """Where a voice stands while it is read."""

    unit: Fraction  # quarters of the written length 1
    metre: tuple[int, int] | None
    signature: dict[str, int]
    shifts: dict[str, int] = field(default_factory=dict)  # of clef, octave and transposition: semitones
    percussion: bool = False
    name: str = ""  # as players read it
    bars: list[Bar] = field(default_factory=list)
    sounds: list[Sound] = field(default_factory=list)
    symbols: list[tuple[Fraction, str]] = field(default_factory=list)  # of this bar: place and what stands in quotes
    now: Fraction = Fraction()
    accidentals: dict[str, int] = field(default_factory=dict)  # of this bar: letter → semitones
    ending: int = 0
    tuplet: Fraction = Fraction(1)
    tuplet_left: int = 0
    factor: Fraction = Fraction(1)  # what a broken rhythm leaves for the next note
    dotted: Fraction = Fraction()  # length of the note before >, as it was written
    tie: bool = False
    written: tuple[str, int] = ("", 0)  # the last note's letter with octave marks, and its accidental
    muted: bool = False  # in an overlay (&), up to the bar line
    last: tuple[Fraction, bool] = (Fraction(), False)  # length of the last note or rest; whether it sounds
    holds: bool = False  # a fermata or breath mark stands with the next note
    before: Fraction = Fraction()  # quarters in the bars that are closed
    lines: list[Fraction] = field(default_factory=list)  # quarters up to each end of a line
    sounded: int = -1  # the last bar that is closed and has notes
    folded: bool = False  # what stands between repeat signs is heard twice
    opened: int = 0  # bars before what is repeated

    def close(self) -> None:
        """End the bar."""
        if self.now > 0:
            self.before += self.now
            self.sounded = len(self.bars) if self.sounds else self.sounded
            self.bars.append(Bar(tuple(self.sounds), self.now, self.metre, self.ending, tuple(self.symbols)))
            self.symbols = []  # what stands before a bar line sounds after it
        self.sounds, self.now, self.muted = [], Fraction(), False
        self.accidentals = {}

    def repeat(self, *, closes: bool) -> None:
        """At a repeat sign: what it closes is heard again."""
        again = self.bars[self.opened :] if closes else []
        self.bars += again
        self.before += sum((bar.length for bar in again), Fraction())
        self.sounded = next((k for k in range(len(self.bars) - 1, -1, -1) if self.bars[k].sounds), -1)
        self.opened = len(self.bars)

    def end_phrase(self, shown: int) -> None:
        """Let the last note end a phrase, unless it is tied on."""
        if self.tie:
            return
        if self.sounds:
            self.sounds[-1] = _ending(self.sounds[-1], shown)
        elif self.sounded >= 0:
            bar = self.bars[self.sounded]
            self.bars[self.sounded] = replace(bar, sounds=(*bar.sounds[:-1], _ending(bar.sounds[-1], shown)))

    def end_line(self) -> None:
        """A line of the source ends here."""
        self.lines.append(self.before + self.now)
        self.end_phrase(LINE)


def _ending(sound: Sound, shown: int) -> Sound:
    return replace(sound, ends=max(sound.ends, shown))


def set_properties(voice: AbcVoice, properties: str) -> None:
    """Take in the clef and what else a K: or V: field says of a voice."""
    if properties:
        stave = abc_stave(properties)
        voice.shifts |= stave.shifts
        voice.percussion = voice.percussion if stave.percussion is None else stave.percussion
        voice.name = stave.name or voice.name


def melodic(voices: dict[str, AbcVoice]) -> str:
    """The first voice with notes that is no percussion; the first with notes; the first."""
    sounding = [name for name, voice in voices.items() if any(bar.sounds for bar in voice.bars)]
    pitched = [name for name in sounding if not voices[name].percussion]
    return (pitched or sounding or list(voices))[0]


def told_of(voices: dict[str, AbcVoice], chosen: str) -> tuple[str, tuple[str, ...]]:
    """What the voice is called that is read of several, and which are left out."""
    names = {name: _called(name, voice) for name, voice in voices.items() if any(bar.sounds for bar in voice.bars)}
    read = names.pop(chosen, "")
    return (read, (f"{read} is read; {listed([*names.values()])} left out",)) if read and names else ("", ())


def _called(name: str, voice: AbcVoice) -> str:
    """A voice by its V:, which `track` takes, and as players read it."""
    told = f"voice {one_line(name)[:_LONGEST_NAME]}" + (
        f" '{one_line(voice.name)[:_LONGEST_NAME]}'" if voice.name else ""
    )
    return f"{told} (percussion)" if voice.percussion else told


def without_lines(bar: Bar) -> Bar:
    """A bar in which the ends of lines say nothing."""
    if all(sound.ends != LINE for sound in bar.sounds):
        return bar
    return replace(bar, sounds=tuple(replace(s, ends=0) if s.ends == LINE else s for s in bar.sounds))
