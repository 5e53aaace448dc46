"""A melody as a piano roll in the terminal.

One line a pitch, highest first, those outside the key only where they sound. Time goes in columns of equal length.
Above stand the chords, the numbers of the bars and the sections; long melodies wrap at bar lines and are cut after two
systems. Colours say what a note is in the key (tonic, other notes of the scale, strangers) and nothing else: without
them the drawing is the same.

Conventions
    cell        (pitch, column) of a grid; a column holds `step` ticks.
    bars        numbered from 1, that of an upbeat among them, as `infill --bars` counts them.
    signs       the onset of a note, a note that is held, several onsets within a column, a bar line.

Contents: draw_roll, Roll (a melody that is drawn again while it plays), pitch_name.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Final, NamedTuple

from melodyrnn.errors import one_line
from melodyrnn.music.key import Key, spell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from melodyrnn.music.melody import Melody

_STEPS: Final = (6, 12, 24, 48)  # ticks a column: sixteenths first
_MARGIN: Final = 6  # columns for the pitch name
_SYSTEMS: Final = 2  # that are drawn of a long melody
_SEVERAL, _ONSET, _HELD, _BAR = 3, 2, 1, -1  # what a cell holds; absent = nothing

_TONIC: Final = {
    _SEVERAL: 220,
    _ONSET: 220,
    _HELD: 172,
}  # of the 256-colour table: amber, onsets brighter than the rest
_IN_SCALE: Final = {_SEVERAL: 117, _ONSET: 117, _HELD: 68}  # blue
_OUTSIDE: Final = {_SEVERAL: 210, _ONSET: 210, _HELD: 167}  # red
_DIM: Final = 242
_SIGNS: Final = {
    True: {_SEVERAL: "≡", _ONSET: "■", _HELD: "━", _BAR: "·"},
    False: {_SEVERAL: "=", _ONSET: "o", _HELD: "-", _BAR: ":"},
}  # fmt: skip
_HEAD: Final = {True: "▼", False: "v"}  # where it plays


class _System(NamedTuple):
    """What sounds where in some bars of a melody."""

    ticks: range
    columns: range


class Roll:
    """A melody on paper of a width, system by system."""

    def __init__(
        self, melody: Melody, *, width: int = 80, colour: bool = False, unicode: bool = True,
        shades: Sequence[int] = (), chords: Mapping[int, str] | None = None, sections: Iterable[tuple[int, str]] = (),
    ) -> None:  # fmt: skip
        """Lay a melody with notes out. `chords`: tick → symbol; `sections`: tick and name; see draw_roll."""
        self.melody, self._colour, self._unicode = melody, colour, unicode
        self._chords = {tick: one_line(symbol) for tick, symbol in (chords or {}).items()}  # out of strangers' files
        self._sections = [(tick, f"[{one_line(name)}]") for tick, name in sections]
        self._lines = [melody.bar_onset(bar) for bar in range(melody.bars + 1)]
        self._width = max(width - _MARGIN - 1, 8)
        self._step, self._breaks = _laid_out(self._lines, self._width)
        self._cells, self._own = _cells(melody, self._step, shades)
        sounding = [note.pitch for note in melody.notes]
        heard = range(max(sounding), min(sounding) - 1, -1)
        self._pitches = [pitch for pitch in heard if pitch in sounding or _is_in(pitch, melody.key)]

    @property
    def systems(self) -> int:
        """How many there are."""
        return len(self._breaks) - 1

    @property
    def height(self) -> int:
        """Lines of a system that plays: the same for each."""
        return max(len(self._head(self._system(index))) for index in range(self.systems)) + len(self._pitches) + 1

    def lines(self) -> list[str]:
        """The first systems, and how many bars are left."""
        lines: list[str] = []
        for index in range(min(self.systems, _SYSTEMS)):
            system = self._system(index)
            lines += (
                ["", *self._head(system), *self._rows(system)] if index else [*self._head(system), *self._rows(system)]
            )
        left = len(self._lines) - 1 - self._breaks[min(self.systems, _SYSTEMS)]
        return [*lines, f"and {left} more bar{'s' * (left > 1)}"] if left else lines

    def at(self, tick: int) -> list[str]:
        """The system that holds a tick, and above it where that is."""
        starts = [self._lines[bar] for bar in self._breaks[:-1]]
        system = self._system(max(sum(start <= tick for start in starts) - 1, 0))
        column = min(max(tick // self._step, system.columns.start), system.columns.stop - 1)
        mark = " " * (_MARGIN + column - system.columns.start) + _HEAD[self._unicode]
        lines = [*self._head(system), mark, *self._rows(system)]
        return [""] * (self.height - len(lines)) + lines

    def _system(self, index: int) -> _System:
        begin, end = self._lines[self._breaks[index]], self._lines[self._breaks[index + 1]]
        first = begin // self._step
        return _System(range(begin, end), range(first, min(-(-end // self._step), first + self._width)))

    def _head(self, system: _System) -> list[str]:
        """Sections, chords and bars, as far as there are any."""
        bars = [(line, str(number)) for number, line in enumerate(self._lines[:-1], 1) if line in system.ticks]
        sections = [(tick, name) for tick, name in self._sections if tick in system.ticks]
        chords = sorted((tick, symbol) for tick, symbol in self._chords.items() if tick in system.ticks)
        rows = (
            [self._written(sections, system), self._written(bars, system)]
            if sections
            else [self._written(bars, system)]
        )
        above, left = self._placed(chords, system)
        second = [self._placed(left, system)[0]] if left else []
        return [*rows[:-1], *([above] if chords else []), *second, rows[-1]]

    def _written(self, words: Sequence[tuple[int, str]], system: _System) -> str:
        return self._placed(words, system)[0]

    def _placed(self, words: Sequence[tuple[int, str]], system: _System) -> tuple[str, list[tuple[int, str]]]:
        """Words above their columns, and those for which there is no room."""
        text, left = "", []
        for tick, word in words:
            place = tick // self._step - system.columns.start
            if (text and place <= len(text)) or place + len(word) > self._width:
                left.append((tick, word))
            else:
                text += " " * (place - len(text)) + word
        return (" " * _MARGIN + text).rstrip(), left

    def _rows(self, system: _System) -> Iterator[str]:
        """One line a pitch."""
        bars = {line // self._step for line in self._lines}
        for pitch in self._pitches:
            signs = [self._sign(pitch, column, bar=column in bars) for column in system.columns]
            while signs and signs[-1] == " ":
                signs.pop()
            yield f"{pitch_name(pitch, self.melody.key):>{_MARGIN - 1}} {''.join(signs)}".rstrip()

    def _sign(self, pitch: int, column: int, *, bar: bool) -> str:
        """One cell as it is shown."""
        signs = _SIGNS[self._unicode]
        cell = self._cells.get((pitch, column), 0)
        sign = signs[cell] if cell else signs[_BAR] if bar else " "
        if not self._colour or sign == " ":
            return sign
        colour = self._own.get((pitch, column)) or self._shade(pitch, cell) if cell else _DIM
        return f"\x1b[38;5;{colour}m{sign}\x1b[0m"

    def _shade(self, pitch: int, cell: int) -> int:
        key = self.melody.key
        if not _is_in(pitch, key):
            return _OUTSIDE[cell]
        return (_TONIC if key is not None and pitch % 12 == key.tonic else _IN_SCALE)[cell]


def draw_roll(
    melody: Melody, *, width: int = 80, colour: bool = False, unicode: bool = True, shades: Sequence[int] = (),
    chords: Mapping[int, str] | None = None, sections: Iterable[tuple[int, str]] = (),
) -> list[str]:  # fmt: skip
    """Draw a melody as lines of text, at most `width` columns wide, without a final newline.

    `colour` uses ANSI colours; `unicode` False keeps to ASCII. `shades` colours each note by a number of the 256-colour
    table instead of by its place in the key. `chords`: symbols by their tick; `sections`: tick and name of each.
    """
    if not melody.notes:
        return []
    roll = Roll(melody, width=width, colour=colour, unicode=unicode, shades=shades, chords=chords, sections=sections)
    return roll.lines()


def pitch_name(pitch: int, key: Key | None = None) -> str:
    """Name a MIDI pitch with its octave as the key spells it.

    >>> pitch_name(60), pitch_name(70, Key(5)), pitch_name(71, Key(6))
    ('C4', 'Bb4', 'B4')
    """
    name = spell(pitch % 12, key.fifths if key else 0)
    natural = pitch - name.count("#") + name.count("b")  # the octave is that of the letter: Cb4 lies below C4
    return f"{name}{natural // 12 - 1}"


def _is_in(pitch: int, key: Key | None) -> bool:
    """Whether a pitch belongs to the key, if there is one."""
    return key is None or pitch % 12 in key.scale


def _laid_out(lines: Sequence[int], width: int) -> tuple[int, list[int]]:
    """Ticks a column so that few systems are needed, and the numbers of the bars at which systems begin and end."""
    for step in _STEPS:
        breaks = _breaks(lines, width * step)
        if len(breaks) <= _SYSTEMS + 1:
            break
    return step, breaks


def _breaks(lines: Sequence[int], room: int) -> list[int]:
    """Indices of the bar lines where a system ends so that each fits into `room` ticks; a bar at least."""
    breaks = [0]
    for bar in range(1, len(lines)):
        if lines[bar] - lines[breaks[-1]] > room and bar - 1 > breaks[-1]:
            breaks.append(bar - 1)
    return [*breaks, len(lines) - 1]


def _cells(
    melody: Melody, step: int, shades: Sequence[int]
) -> tuple[dict[tuple[int, int], int], dict[tuple[int, int], int]]:
    """What the cells hold, and the colours of those that have colours of their own."""
    cells: dict[tuple[int, int], int] = {}
    own: dict[tuple[int, int], int] = {}
    for note, shade in zip_longest(melody.notes, shades):
        first, last = note.onset // step, max(note.onset // step, (note.end - 1) // step)
        own |= {(note.pitch, column): shade for column in range(first, last + 1) if shade is not None}
        cells |= {(note.pitch, column): _HELD for column in range(first + 1, last + 1)}
        begun = cells.get((note.pitch, first), 0) >= _ONSET
        cells[note.pitch, first] = _SEVERAL if begun else _ONSET
    return cells, own
