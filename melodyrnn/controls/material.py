"""Material for a melody, as text: a rhythm, a line of pitches, a motif; and that of a melody that is there.

Conventions
    rhythm      "1/4 1/8 1/8 r1/2": note values, with an r silences. Ticks below 0 are silent.
    line        "C4 E4 G4".
    motif       "C4:1/4 E4:1/8 r:1/8 G4:1/2": both. A pitch of None is a silence.

Contents: rhythm_of, rhythm_text; line_of, line_text; motif_of, motif_text; MOST_SOUNDS, MOST_OF_MOTIF.
"""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from melodyrnn.errors import OptionError
from melodyrnn.music.melody import TICKS_PER_QUARTER
from melodyrnn.music.parsing import note_values_of, pitches_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.music.melody import Melody

MOST_SOUNDS: Final = 512
"""Notes and silences of a rhythm, and notes of a line."""
MOST_OF_MOTIF: Final = 64
_WHOLE: Final = 4 * TICKS_PER_QUARTER
_NAMES: Final = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


def rhythm_of(text: str, option: str = "rhythm") -> tuple[int, ...]:
    """Ticks of notes, and, below 0, of silences; raise OptionError.

    >>> rhythm_of("1/4 8 r1/8, 1/2")
    (24, 12, -12, 48)
    """
    words = _words(text, option, MOST_SOUNDS)
    ticks = tuple(_ticks(word.lstrip("rRzZ"), option) * (-1 if word[0] in "rRzZ" else 1) for word in words)
    if ticks[0] < 0:
        raise OptionError(option, "begins with a silence; begin with a note, and say with --upbeat where it stands")
    return ticks


def rhythm_text(melody: Melody) -> str:
    """The rhythm of a melody from its first note to its end.

    >>> from melodyrnn.music.melody import Melody, Note
    >>> rhythm_text(Melody((Note(0, 24, 60), Note(36, 12, 62)), length=96))
    '1/4 r1/8 1/8 r1/2'
    """
    return " ".join(f"r{_value(ticks)}" if pitch is None else _value(ticks) for ticks, pitch in _sounds(melody))


def line_of(text: str, option: str = "pitches") -> tuple[int, ...]:
    """MIDI numbers; raise OptionError.

    >>> line_of("C4 Eb4, G4")
    (60, 63, 67)
    """
    return tuple(_pitch(word, option) for word in _words(text, option, MOST_SOUNDS))


def line_text(melody: Melody) -> str:
    """The pitches of a melody."""
    return " ".join(_name(note.pitch) for note in melody.notes)


def motif_of(text: str, option: str = "motif") -> tuple[tuple[int, int | None], ...]:
    """Ticks and pitch of each note, None for a silence; raise OptionError.

    >>> motif_of("C4:1/4 r:1/8 Eb4:1/8")
    ((24, 60), (12, None), (12, 63))
    """
    found: list[tuple[int, int | None]] = []
    for word in _words(text, option, MOST_OF_MOTIF):
        name, _, value = word.partition(":")
        found.append((_ticks(value, option), None if name in {"r", "R", "z"} else _pitch(name, option)))
    if found[0][1] is None:
        raise OptionError(option, "begins with a silence; begin with a note, and say with --upbeat where it stands")
    return tuple(found)


def motif_text(melody: Melody) -> str:
    """A melody as a motif, from its first note to its end."""
    return " ".join(f"{'r' if pitch is None else _name(pitch)}:{_value(ticks)}" for ticks, pitch in _sounds(melody))


def _sounds(melody: Melody) -> list[tuple[int, int | None]]:
    """Ticks and pitch of notes and of the silences between and after them."""
    found: list[tuple[int, int | None]] = []
    for note, following in pairwise((*melody.notes, None)):
        assert note is not None  # noqa: S101 - only the last is None
        found.append((note.duration, note.pitch))
        gap = (melody.end if following is None else following.onset) - note.end
        if gap > 0:
            found.append((gap, None))
    return found


def _words(text: str, option: str, most: int) -> Sequence[str]:
    words = text.replace(",", " ").replace("|", " ").split()
    if not words:
        raise OptionError(option, "names no note")
    if len(words) > most:
        raise OptionError(option, f"has {len(words)} notes and silences; at most {most}")
    return words


def _ticks(value: str, option: str) -> int:
    """Of a fraction of a whole (5/96), or a note value as musicians name it (4., 8t)."""
    ticks = Fraction(value) * _WHOLE if re.fullmatch("[0-9]{1,3}/[1-9][0-9]?", value) else Fraction(0)
    if not ticks:
        try:
            ticks = Fraction(*note_values_of(value))
        except (OptionError, TypeError):
            ticks = Fraction(0)
    if ticks.denominator != 1 or not 0 < ticks <= 4 * _WHOLE:
        raise OptionError(option, f"{value!r} is not a note value; write 1/4, 1/8 or 3/8")
    return int(ticks)


def _value(ticks: int) -> str:
    value = Fraction(ticks, _WHOLE)
    return f"{value.numerator}/{value.denominator}"


def _pitch(name: str, option: str) -> int:
    found = pitches_of(name, option)
    if len(found) > 1:
        raise OptionError(option, f"{name!r} names no octave; write {name}4")
    return min(found)


def _name(pitch: int) -> str:
    return f"{_NAMES[pitch % 12]}{pitch // 12 - 1}"
