"""Where new notes stand: a setting on the decoder's clock. Every control's rules are worked out for a frame.

Made by `melodyrnn.compose.prompt`, and for bars that are composed anew by `melodyrnn.compose.gaps`. Controls name it in
types alone, for help pages do not wait for NumPy.

Contents: Frame.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain, pairwise, repeat
from typing import TYPE_CHECKING

import numpy as np

from melodyrnn.constraints.logit_rules import NONE
from melodyrnn.events.vocabulary import DURATIONS, PITCHES
from melodyrnn.music.chords import progression
from melodyrnn.music.parsing import scale_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from melodyrnn.constraints.automaton import Flags
    from melodyrnn.controls.setting import Setting
    from melodyrnn.events.fingerprint import Index
    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.music.chords import Chord
    from melodyrnn.music.key import Key
    from melodyrnn.music.melody import Melody, Metre


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where new notes stand; ticks of the decoder's clock."""

    setting: Setting
    melody: Melody  # metres, key and tempo, and the notes of a prime
    key: Key
    anchor: int
    shift: int = 0  # what turns the clock's ticks into the melody's
    start: int = 0  # no new note before
    onset: int | None = 0  # where the first one begins; None = by `latest`
    latest: int = 0
    end: int  # where the music is over ...
    last_bar: int  # ... or anywhere after this bar line
    exact: bool = True  # False: the network ends it anywhere before
    last: int = NONE  # row of the pitch before
    first: int = NONE  # row of the melody's first pitch, if that stands already
    upbeat: int = 0  # ticks, of the whole melody
    spans: tuple[tuple[int, int], ...] | None = None  # ticks in which new notes begin; None = from `start` on
    before: Indices | None = None  # (notes, 3) rows of the tables: what the network has heard already
    chords_learnt: bool = False  # whether the network knows from songs with chords what is sung over them
    allowed: Flags | None = None  # (P,) pitches that are left by what holds at any time
    index: Callable[[], Index] | None = field(default=None, repr=False)  # of the training melodies

    @property
    def lines(self) -> list[int]:
        """Bar lines from the last at or before tick 0, and the end."""
        lines, bar = [self.melody.bar_onset(0) - self.shift], 0
        while lines[-1] < self.end:
            bar += 1
            lines.append(self.melody.bar_onset(bar) - self.shift)
        return [a for a, b in pairwise(lines) if b > 0] + [self.end]

    def metre(self, tick: int) -> Metre:
        """The metre at a tick."""
        return self.melody.metre_at(max(0, tick + self.shift))

    @property
    def scale(self) -> tuple[int, ...]:
        """Pitch classes of the scale that is asked for, else of the key's."""
        return self.key.scale if self.setting.scale is None else scale_of(self.setting.scale, self.key.tonic)

    @property
    def sounding(self) -> Indices:
        """MIDI number of each row of PITCHES, (P,); some lie outside MIDI."""
        return np.asarray(PITCHES) + self.anchor

    @property
    def ticks(self) -> Indices:
        """All ticks, (T,)."""
        return np.arange(self.end + 1)

    @staticmethod
    def among(numbers: Indices, wanted: Iterable[int]) -> Flags:
        """Which of some numbers are among those wanted."""
        return np.isin(numbers, list(wanted))

    def of_values(self, values: tuple[int, ...]) -> tuple[Flags, Flags, Flags]:
        """Which durations (D,), rests (RESTS,) and ticks at which the last note may end (T,) keep to note values."""
        chosen, silences = np.isin(DURATIONS, values), np.isin(self.end - self.ticks, [0, *values])
        return chosen, np.append(True, chosen), silences

    def of_classes(self, classes: tuple[int, ...]) -> Flags:
        """Which rows of PITCHES sound as one of these pitch classes, (P,)."""
        return np.array([one in classes for one in range(12)])[self.sounding % 12]

    def bar_numbers(self) -> Indices:
        """The bar of each tick, from 0 at the first of `lines`, (T,)."""
        return np.maximum(np.searchsorted(self.lines, self.ticks, "right") - 1, 0)

    def composed(self) -> list[tuple[int, int]]:
        """First tick and end of each bar of which all is composed."""
        first = self.latest + 1 if self.onset is None else self.onset  # where a first bar is not whole, after it
        spans = ((first, self.end),) if self.spans is None else self.spans
        return [(a, b) for a, b in pairwise(self.lines) if any(x <= a and b <= y for x, y in spans)]

    def phrase_ends(self) -> list[int]:
        """Where the phrases end that are asked for: bar lines less the upbeat, the last with the melody; else none."""
        return self.phrases_of(self.setting.phrase) if self.setting.phrase else []

    def phrases_of(self, lengths: Sequence[int]) -> list[int]:
        """The same of phrases of so many bars each, the last number over and over."""
        bar, ends, over = 1 if self.upbeat else 0, [0], self.end - self.upbeat
        for bars in chain(lengths, repeat(lengths[-1])):
            if ends[-1] >= over:
                break
            bar += bars
            ends.append(min(self.melody.bar_onset(bar) - self.shift - self.upbeat, over))
        return [end for end in ends if end > 0]

    def within(self, ends: Sequence[int]) -> tuple[Flags, Flags]:
        """Durations (T, D) that are over by the next of some ticks, and onsets (T,) a beat or more before it.

        Where the first new note begins, if that is settled, is an onset in any case.
        """
        beats = np.array([*(self.metre(end - 1).beat_ticks for end in ends), 0])
        left = np.array([*ends, self.end + DURATIONS[-1]])
        which = np.searchsorted(left[:-1], self.ticks, "right")
        left = left[which] - self.ticks
        onsets = left >= beats[which]
        if self.onset is not None:
            onsets[self.onset] = True
        return left[:, None] >= np.asarray(DURATIONS), onsets

    def chord_spans(self) -> Iterator[tuple[int, int, Chord]]:
        """(first tick, ticks, chord), over and over from the first full bar up to the end; none without chords."""
        if self.setting.progression is None:
            return
        spans = progression(self.setting.progression, self.melody.metres[0], self.key)
        tick = self.melody.bar_onset(1 if self.upbeat else 0) - self.shift
        while tick < self.end:
            for ticks, chord in spans:
                if tick < self.end:
                    yield tick, ticks, chord
                tick += ticks
