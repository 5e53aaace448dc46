"""A melody as a small piano roll in the terminal.

Two drawings: in colour, half blocks hold two pitches a line, coloured by what a note is in the key (tonic,
other notes of the scale, strangers); without colour, one line a pitch with its name, onset and length told
apart. Time goes in columns of equal length; long melodies wrap at bar lines and are cut after two systems.

Conventions
    cell        (pitch, column) of a grid; a column holds `step` ticks.

Contents: draw_roll, pitch_name.
"""

from __future__ import annotations

from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING, Final, NamedTuple

from melodyrnn.music.key import Key, spell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from melodyrnn.music.melody import Melody

_STEPS: Final = (6, 12, 24, 48)  # ticks a column: sixteenths first
_MARGIN: Final = 6  # columns for the pitch name
_ONSET, _HELD, _BAR = 2, 1, -1  # what a cell holds; absent = nothing

_TONIC: Final = {_ONSET: 220, _HELD: 172}  # of the 256-colour table: amber, the onset brighter than the rest
_IN_SCALE: Final = {_ONSET: 117, _HELD: 68}  # blue
_OUTSIDE: Final = {_ONSET: 210, _HELD: 167}  # red
_DIM: Final = 238
_SIGNS: Final = {True: {_ONSET: "■", _HELD: "━", _BAR: "·"}, False: {_ONSET: "o", _HELD: "-", _BAR: ":"}}


class _Page(NamedTuple):
    """One system: what sounds where, `width` columns from column `start`."""

    cells: Mapping[tuple[int, int], int]  # (pitch, column) → _ONSET or _HELD
    bars: frozenset[int]  # columns of bar lines
    columns: range
    pitches: range  # low to high
    shades: Mapping[tuple[int, int], int]  # cell → colour, where notes have colours of their own


def draw_roll(
    melody: Melody, *, width: int = 80, colour: bool = False, unicode: bool = True, shades: Sequence[int] | None = None
) -> list[str]:
    """Draw a melody as lines of text, at most `width` columns wide, without a final newline.

    `colour` uses half blocks and ANSI colours; `unicode` False keeps to ASCII. `shades` colours each note by
    a number of the 256-colour table instead of by its place in the key.
    """
    if not melody.notes:
        return []
    pages, left = _pages(melody, max(width - _MARGIN - 1, 8), shades or ())
    lines: list[str] = []
    for page in pages:
        lines += _coloured(page, melody.key) if colour and unicode else _monochrome(page, melody.key, unicode=unicode)
        lines.append("")
    lines.pop()
    if left:
        lines.append(f"and {left} more bar{'s' * (left > 1)}")
    return lines


def pitch_name(pitch: int, key: Key | None = None) -> str:
    """Name a MIDI pitch with its octave as the key spells it.

    >>> pitch_name(60), pitch_name(70, Key(5)), pitch_name(71, Key(6))
    ('C4', 'Bb4', 'B4')
    """
    name = spell(pitch % 12, key.fifths if key else 0)
    natural = pitch - name.count("#") + name.count("b")  # the octave is that of the letter: Cb4 lies below C4
    return f"{name}{natural // 12 - 1}"


def _pages(melody: Melody, width: int, shades: Sequence[int]) -> tuple[list[_Page], int]:
    """Cut the melody into at most two systems of whole bars; the number of bars that are left."""
    lines = [melody.bar_onset(bar) for bar in range(melody.bars + 1)]
    for step in _STEPS:
        starts = _breaks(lines, width * step)
        if len(starts) <= 3:
            break
    cells: dict[tuple[int, int], int] = {}
    own: dict[tuple[int, int], int] = {}
    for note, shade in zip_longest(melody.notes, shades):
        first, last = note.onset // step, max(note.onset // step, (note.end - 1) // step)
        own |= {(note.pitch, column): shade for column in range(first, last + 1) if shade is not None}
        cells |= {(note.pitch, column): _HELD for column in range(first + 1, last + 1)}
        cells[note.pitch, first] = _ONSET
    sounding = [note.pitch for note in melody.notes]
    pitches = range(min(sounding), max(sounding) + 1)
    bars = frozenset(line // step for line in lines)
    shown = starts[:3]
    pages = [
        _Page(cells, bars, range(lines[a] // step, min(lines[b] // step, lines[a] // step + width)), pitches, own)
        for a, b in pairwise(shown)
    ]
    return pages, len(lines) - 1 - shown[-1]


def _breaks(lines: Sequence[int], room: int) -> list[int]:
    """Indices of the bar lines where a system ends so that each fits into `room` ticks; a bar at least."""
    breaks = [0]
    for bar in range(1, len(lines)):
        if lines[bar] - lines[breaks[-1]] > room and bar - 1 > breaks[-1]:
            breaks.append(bar - 1)
    return [*breaks, len(lines) - 1]


def _monochrome(page: _Page, key: Key | None, *, unicode: bool) -> Iterator[str]:
    signs = _SIGNS[unicode]
    for pitch in reversed(page.pitches):
        in_key = key is None or pitch % 12 in key.scale
        row = (page.cells.get((pitch, c), _BAR if c in page.bars else 0) for c in page.columns)
        text = "".join(signs.get(cell, " ") for cell in row).rstrip()
        if in_key or text.strip(signs[_BAR] + " "):
            yield f"{pitch_name(pitch, key):>{_MARGIN - 1}} {text}"


def _coloured(page: _Page, key: Key | None) -> Iterator[str]:
    for upper in range(page.pitches[-1], page.pitches[0] - 1, -2):
        named = upper if key is None or upper % 12 in key.scale else upper - 1
        parts = [f"{pitch_name(named, key):>{_MARGIN - 1}} "]
        for column in page.columns:
            pair = (_colour(page, upper, column, key), _colour(page, upper - 1, column, key))
            parts.append(_half_blocks(*pair, bar=column in page.bars))
        yield "".join(parts).rstrip()


def _colour(page: _Page, pitch: int, column: int, key: Key | None) -> int:
    """Colour of a cell, 0 for silence."""
    cell = page.cells.get((pitch, column), 0)
    if not cell:
        return 0
    if (pitch, column) in page.shades:
        return page.shades[pitch, column]
    if key is None or pitch % 12 in key.scale:
        return (_TONIC if key is not None and pitch % 12 == key.tonic else _IN_SCALE)[cell]
    return _OUTSIDE[cell]


def _half_blocks(upper: int, lower: int, *, bar: bool) -> str:
    """One character that shows two pitches."""
    if upper and lower:
        return f"\x1b[38;5;{upper};48;5;{lower}m▀\x1b[0m"
    if upper or lower:
        return f"\x1b[38;5;{upper or lower}m{'▀' if upper else '▄'}\x1b[0m"
    return f"\x1b[38;5;{_DIM}m│\x1b[0m" if bar else " "
