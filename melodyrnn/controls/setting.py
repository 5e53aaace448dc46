"""What is settled before anything is composed: what holds for the melody as a whole.

The controls make a `Setting` of a request (`Options.setting`); where its new notes stand on the decoder's clock is told
by the `Frame` (`melodyrnn.controls.clock`).

Contents: Setting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from melodyrnn.music.key import Key
    from melodyrnn.music.melody import Metre


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What holds for a melody as a whole; None = nobody asked."""

    bars: int | None = 8  # None: the network ends the melody
    upbeat: int | None = 0  # ticks; None: the network chooses
    key: Key | None = None
    metre: Metre | None = None
    tempo: float | None = None
    style: str | None = None
    loop: bool = False
    counts_bars: str = ""  # the control that counts the notes of each bar
    velocity: int | None = None
    feel: str | None = None  # prime, exact, or a groove as text; None = as the prime if that was played by hand
    rhythm_heat: float | None = None  # temperature of rests and durations; None = that of pitches
    seed: int = 0
    effort: int | None = None  # melodies side by side from which one is drawn
    scale: str | None = None  # its notes, or its name
    compass: tuple[int, int] | None = None  # lowest and highest MIDI number
    progression: str | None = None  # chords as text
    phrase: tuple[int, ...] = ()  # bars of each phrase, the last over and over; () = not asked for
    rests: float | None = None  # share of the time that is silent
    writes_chords: bool = False
    ending: Literal["drawn", "asked", "free"] = "drawn"
    closes_on: tuple[int, ...] = ()  # steps of the scale, from 0, on which it is to end; none: nobody said
    form: str | None = None  # letters of sections

    @property
    def draws_home(self) -> bool:
        """Whether nobody has said how the melody ends, so that whether it does on the tonic is drawn."""
        return self.ending == "drawn" and self.progression is None

    @property
    def written_chords(self) -> str:
        """The chords that are written beside the melody; '' for none."""
        return (self.progression or "") if self.writes_chords else ""
