"""What a melody is: frozen values on an integer grid, and how long a melody may be.

Conventions
    tick        1/24 of a quarter note (TICKS_PER_QUARTER): thirty-seconds and triplets are exact.
    onset       ticks from the bar line that opens the first bar. An upbeat is a first note that
                does not start at 0: a quarter upbeat in 4/4 has onset 72.
    pitch       MIDI number, 60 = middle C (C4).
    bar         counted from 0 in code and from 1 in everything a person reads.
    given       a melody that is kept or continued: a prime, what `infill` and `vary` change, a recipe's melody.

A melody is one line: its notes are in order, never overlap and never sound together. It may be made of four columns of
numbers instead of notes, for a Note costs as much as all else that reading does; notes are then made on first use.

Contents: Note, NoteColumns, Metre, Melody; the limits; check_given and check_new, which hold a melody against them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, replace
from itertools import repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

from melodyrnn.errors import OptionError
from melodyrnn.music.key import Key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TICKS_PER_QUARTER: Final = 24


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One sounding note."""

    onset: int  # ticks from the first bar line, >= 0
    duration: int  # ticks, >= 1
    pitch: int  # MIDI number 0..127
    velocity: int = 80  # MIDI velocity 1..127

    @property
    def end(self) -> int:
        """Tick at which the note has ended."""
        return self.onset + self.duration


class NoteColumns(NamedTuple):
    """The notes of a melody, field by field, each as long as the melody."""

    onsets: Sequence[int]
    durations: Sequence[int]
    pitches: Sequence[int]
    velocities: Sequence[int]


_FIELDS: Final = attrgetter("onset", "duration", "pitch", "velocity")
_SETTERS: Final = tuple(getattr(Note, name).__set__ for name in ("onset", "duration", "pitch", "velocity"))


def notes_of(columns: NoteColumns) -> tuple[Note, ...]:
    """Make the notes of columns, in half the time that Note itself takes to set its frozen fields."""
    notes = tuple(map(object.__new__, repeat(Note, len(columns.onsets))))
    for setter, values in zip(_SETTERS, columns, strict=True):
        deque(map(setter, notes, values), maxlen=0)
    return notes


@dataclass(frozen=True, slots=True)
class Metre:
    """A time signature and the tick from which it holds."""

    numerator: int = 4
    denominator: int = 4  # a power of two
    onset: int = 0

    @property
    def bar_ticks(self) -> int:
        """Length of a bar in ticks (3/4 and 6/8: 72)."""
        return self.numerator * 4 * TICKS_PER_QUARTER // self.denominator

    @property
    def beat_ticks(self) -> int:
        """Length of a beat in ticks: compound metres (6/8, 9/8, 12/8) beat in dotted values."""
        unit = 4 * TICKS_PER_QUARTER // self.denominator
        compound = self.denominator >= 8 and self.numerator % 3 == 0 and self.numerator > 3
        return 3 * unit if compound else unit

    def __str__(self) -> str:
        """Write as musicians do: 6/8."""
        return f"{self.numerator}/{self.denominator}"


_INSTEAD: Final = {
    "to_pretty_midi": "melodyrnn.to_pretty_midi(melody)",
    "from_pretty_midi": "melodyrnn.from_pretty_midi(pm)",
}
"""Methods that Melody had → the functions that do the same."""


class _Gone:
    """A method that a class no longer has; to ask for it is an AttributeError that says what to write."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type | None = None) -> NoReturn:
        raise AttributeError(f"Melody.{self.name} is gone; write {_INSTEAD[self.name]}")


class _Columned:
    """A value whose notes may still lie in columns."""

    __slots__ = ("_columns",)
    _columns: NoteColumns

    if not TYPE_CHECKING:  # a type checker shall go on seeing which attributes there are

        def __getattr__(self, name: str) -> object:
            """Make the notes on first use: only then is their slot empty."""
            if name in _INSTEAD:  # the message of _Gone, which does not come through to here
                raise AttributeError(f"Melody.{name} is gone; write {_INSTEAD[name]}")
            if name != "notes":
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            notes = notes_of(self._columns)
            object.__setattr__(self, "notes", notes)
            return notes


@dataclass(frozen=True, slots=True)
class Melody(_Columned):
    """A melody: one line of notes with its metre, key, tempo and name.

    `length` is where the music ends, trailing silence included; 0 means "at the end of the last note".
    """

    notes: tuple[Note, ...]
    metres: tuple[Metre, ...] = (Metre(),)  # in order, the first at onset 0, each on a bar line
    key: Key | None = None
    tempo: float = 120.0  # quarter notes a minute
    title: str = ""
    length: int = 0  # ticks
    phrases: tuple[int, ...] = ()  # onsets of the notes that begin a phrase, the first aside; () = not told

    @staticmethod
    def of_columns(
        columns: NoteColumns,
        metres: tuple[Metre, ...],
        *,
        key: Key | None = None,
        tempo: float = 120.0,
        title: str = "",
        length: int = 0,
        phrases: tuple[int, ...] = (),
    ) -> Melody:
        """Make a melody of columns; its notes are made when they are asked for."""
        melody = object.__new__(Melody)
        facts = {"metres": metres, "key": key, "tempo": tempo, "title": title, "length": length, "phrases": phrases}
        for name, value in {"_columns": columns, **facts}.items():
            object.__setattr__(melody, name, value)
        return melody

    @property
    def size(self) -> int:
        """Number of notes."""
        columns = getattr(self, "_columns", None)
        return len(self.notes if columns is None else columns.onsets)

    @property
    def columns(self) -> NoteColumns:
        """The notes, field by field."""
        try:
            return self._columns
        except AttributeError:  # made of notes
            return NoteColumns(*zip(*map(_FIELDS, self.notes), strict=True)) if self.notes else _NO_NOTES

    @property
    def end(self) -> int:
        """Tick at which the music ends."""
        return max(self.length, self.notes[-1].end if self.notes else 0)

    @property
    def upbeat(self) -> int:
        """Ticks that sound before the first full bar; 0 when the melody starts on a bar line."""
        if not self.notes or self.notes[0].onset % self.metres[0].bar_ticks == 0:
            return 0
        return self.metres[0].bar_ticks - self.notes[0].onset % self.metres[0].bar_ticks

    def metre_at(self, tick: int) -> Metre:
        """The metre that holds at a tick."""
        return self.metres[bisect_right([m.onset for m in self.metres], tick) - 1]

    def place(self, tick: int) -> tuple[int, int]:
        """Bar number (from 0) and ticks since its bar line."""
        bar = 0
        for metre, following in zip(self.metres, (*self.metres[1:], None), strict=True):
            if following is None or tick < following.onset:
                bars, rest = divmod(tick - metre.onset, metre.bar_ticks)
                return bar + bars, rest
            bar += -(-(following.onset - metre.onset) // metre.bar_ticks)
        raise AssertionError("metres always cover every tick")

    def bar_onset(self, bar: int) -> int:
        """Tick of the bar line that opens a bar (from 0)."""
        for metre, following in zip(self.metres, (*self.metres[1:], None), strict=True):
            bars = None if following is None else -(-(following.onset - metre.onset) // metre.bar_ticks)
            if bars is None or bar < bars:
                return metre.onset + bar * metre.bar_ticks
            bar -= bars
        raise AssertionError("metres always cover every bar")

    @property
    def bars(self) -> int:
        """Number of bars that hold music, the last one counted whole."""
        return self.place(self.end - 1)[0] + 1 if self.end else 0

    def transpose(self, semitones: int) -> Melody:
        """The same melody, higher or lower; its key goes along."""
        notes = tuple(replace(n, pitch=n.pitch + semitones) for n in self.notes)
        key = self.key
        if key is not None and semitones % 12:
            key = Key((key.tonic + semitones) % 12, key.mode)
        return replace(self, notes=notes, key=key)

    # What left this class so that no music imports a format: whoever calls it is told what to write.
    to_pretty_midi = _Gone()
    from_pretty_midi = _Gone()


_NO_NOTES: Final = NoteColumns((), (), (), ())

BEAT_VALUES: Final = (1, 2, 4, 8, 16, 32)
"""What may stand below the line of a metre that is composed in."""
SHORTEST_BAR: Final = 6
LONGEST_BAR: Final = 4 * 4 * TICKS_PER_QUARTER
"""Ticks in a bar that is composed: four whole notes, the longest rest that the tokenizer can say."""
MOST_BARS: Final = 64
"""Bars composed for one melody."""
MOST_NEW_TICKS: Final = MOST_BARS * LONGEST_BAR
"""Ticks that `infill` and `vary` compose anew at a time: 256 bars of 4/4."""
MOST_GIVEN_NOTES: Final = 10_000
MOST_GIVEN_BARS: Final = 2_000
MOST_READ_NOTES: Final = 20_000
"""Notes of a melody that is read from a file."""
MOST_READ_TICKS: Final = 1 << 24
"""Ticks of a melody that is read from a score: about 175,000 bars of 4/4, beyond any music."""


def check_given(option: str, melody: Melody) -> None:
    """Raise OptionError, naming the option, for a melody that is longer than any that is gone on from."""
    if melody.size > MOST_GIVEN_NOTES:
        raise OptionError(option, f"holds {melody.size:,} notes; give a part of it, at most {MOST_GIVEN_NOTES:,}")
    if melody.bars > MOST_GIVEN_BARS:
        raise OptionError(option, f"holds {melody.bars:,} bars; give a part of it, at most {MOST_GIVEN_BARS:,}")


def check_new(option: str, metres: Iterable[Metre]) -> None:
    """Raise OptionError for bars (one metre each) that are too long, or too many, to be composed."""
    ticks = 0
    for metre in metres:
        if metre.bar_ticks > LONGEST_BAR:
            most = LONGEST_BAR // (4 * TICKS_PER_QUARTER)
            told = f"a bar of {metre} is longer than {most} whole notes, the longest that are composed in"
            raise OptionError(option, f"{told}; --metre 4/4 hears it in another metre")
        ticks += metre.bar_ticks
    if ticks > MOST_NEW_TICKS:
        most = MOST_NEW_TICKS // Metre().bar_ticks
        raise OptionError(option, f"so many bars cannot be composed at a time; at most {most} bars of 4/4, or as much")
