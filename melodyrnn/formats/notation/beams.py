"""Which notes of a bar hang on one beam, and the clef in which a melody has the fewest ledger lines.

Conventions
    A level is one of the beams over a note: an eighth has level 1, a sixteenth 1 and 2. What a beam does at a note is
    said in MusicXML's words: begin, continue, end, forward hook, backward hook.
    Eighths are beamed by the half bar in 4/4, by the bar in 3/8 and, where they fill it, in 3/4, by the dotted beat in
    6/8, 9/8 and 12/8; else, and where shorter notes stand among them, by the beat. Five and seven eighths are counted
    so that notes hide the fewest beats of the melody: 3 + 2 or 2 + 3; 3 + 2 + 2, 2 + 2 + 3 or 2 + 3 + 2.

Contents: beams_of (bars → what the beams do at each piece), Clef, clef_of.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

from melodyrnn.formats.notation.layout import note_sign, spelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.formats.notation.layout import Line, Piece
    from melodyrnn.music.key import Key
    from melodyrnn.music.melody import Melody, Metre

_LEVELS: Final = {"eighth": 1, "16th": 2, "32nd": 3, "64th": 4}
_LETTERS: Final = "CDEFGAB"
_UNEVEN: Final = {
    (5, 8): ((0, 36), (0, 24)),
    (7, 8): ((0, 36, 60), (0, 24, 48), (0, 24, 60)),
}
"""Ticks at which their beats may begin."""
_BEAT: Final = 24


def beams_of(lines: Sequence[Line]) -> list[list[tuple[str, ...]]]:
    """What the beams do at each piece of each bar, from level 1 on; () where there are none."""
    counted = {metre: min(ways, key=lambda way: _hidden(lines, metre, way)) for metre, ways in _UNEVEN.items()}
    return [_beamed(line, counted.get((line.metre.numerator, line.metre.denominator), ())) for line in lines]


def _hidden(lines: Sequence[Line], metre: tuple[int, int], beats: Sequence[int]) -> int:
    """How many beats of a way to count a metre are hidden by notes that sound over them."""
    bars = [line for line in lines if (line.metre.numerator, line.metre.denominator) == metre]
    return sum(
        at < beat < at + piece.ticks
        for line in bars
        for at, piece in zip(_places(line), line.pieces, strict=False)
        for beat in beats
    )


def _places(line: Line) -> list[int]:
    """Where in their bar the pieces begin, and the last one ends."""
    return list(accumulate((piece.ticks for piece in line.pieces), initial=line.place))


def _beamed(line: Line, beats: Sequence[int]) -> list[tuple[str, ...]]:
    told: list[tuple[str, ...]] = [() for _ in line.pieces]
    for group in _groups(line, beats or _beats(line.metre), beats or _windows(line.metre)):
        levels = [_level(line.pieces[place]) for place in group]
        for place, own in zip(group, _told(levels), strict=True):
            told[place] = own
    return told


def _groups(line: Line, beats: Sequence[int], windows: Sequence[int]) -> Iterator[list[int]]:
    """Places of pieces that are beamed together, two and more: within windows, with shorter notes within beats."""
    at = _places(line)
    for run in _runs(line, at, windows):
        fits = len(windows) > 1 or at[run[-1] + 1] - at[run[0]] == line.metre.bar_ticks
        if fits and all(_level(line.pieces[place]) == 1 for place in run):
            yield run
        else:
            yield from _runs(line, at, beats, run)


def _runs(line: Line, at: Sequence[int], windows: Sequence[int], among: Sequence[int] = ()) -> Iterator[list[int]]:
    """Runs of notes with flags that begin in the same window; `windows`: the ticks at which these begin."""
    run: list[int] = []
    for place in among or range(len(line.pieces)):
        short = _level(line.pieces[place]) > 0
        if run and (not short or any(at[run[-1]] < window <= at[place] for window in windows)):
            yield from [run] * (len(run) > 1)
            run = []
        run += [place] * short
    yield from [run] * (len(run) > 1)


def _level(piece: Piece) -> int:
    """How many flags a note has; 0 for a rest."""
    return 0 if piece.pitch is None else _LEVELS.get(note_sign(piece)[0], 0)


def _beats(metre: Metre) -> list[int]:
    """Ticks at which the beats of a bar begin."""
    beat = (
        _BEAT if metre.denominator <= 2 else metre.bar_ticks if metre.bar_ticks == 36 else max(metre.beat_ticks, _BEAT)
    )
    return list(range(0, metre.bar_ticks, beat))


def _windows(metre: Metre) -> list[int]:
    """Ticks at which what eighths are beamed in begins."""
    if metre.bar_ticks == 96 and metre.denominator in {2, 4}:
        return [0, 48]
    return [0] if metre.bar_ticks <= 72 and metre.numerator == 3 else _beats(metre)


def _told(levels: Sequence[int]) -> Iterator[tuple[str, ...]]:
    """What each note of a group says of its levels."""
    for place, own in enumerate(levels):
        before = levels[place - 1] if place else 0
        after = levels[place + 1] if place + 1 < len(levels) else 0
        yield tuple(_word(before >= level, after >= level, first=not place) for level in range(1, own + 1))


def _word(before: bool, after: bool, *, first: bool) -> str:  # noqa: FBT001 - two sides of one note
    if before and after:
        return "continue"
    if before or after:
        return "end" if before else "begin"
    return "forward hook" if first else "backward hook"


class Clef(NamedTuple):
    """A clef: its sign, its line from below, how many octaves it sounds higher; its middle line in steps above C0."""

    sign: str
    line: int
    octaves: int
    middle: int


TREBLE: Final = Clef("G", 2, 0, 34)
_CLEFS: Final = (TREBLE, Clef("F", 4, 0, 22), Clef("G", 2, 1, 41), Clef("F", 4, -1, 15))
_OWED: Final = (0.0, 0.0, 1.5, 1.5)  # ledger lines a note that an octave clef has to spare


def clef_of(melody: Melody, key: Key) -> Clef:
    """The clef with the fewest ledger lines a note; the treble clef where two are alike."""
    steps = [_step(note.pitch, key) for note in melody.notes]
    costs = [
        sum(_ledgers(step - clef.middle) for step in steps) / len(steps) + owed
        for clef, owed in zip(_CLEFS, _OWED, strict=True)
    ]
    return _CLEFS[costs.index(min(costs))]


def _step(pitch: int, key: Key) -> int:
    """A note's place on the staff: steps of the scale above C0."""
    letter, _, octave = spelled(pitch, key)
    return 7 * octave + _LETTERS.index(letter)


def _ledgers(steps: int) -> int:
    """Ledger lines of a note so many steps from the middle line."""
    return max(0, abs(steps) // 2 - 2)
