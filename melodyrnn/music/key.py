"""Keys: a tonic and a mode, their scales and signatures, and how pitches are spelled under them.

Conventions
    tonic       pitch class 0..11, 0 = C.
    signature   so many sharps, flats if negative: places on the circle of fifths from C major.

Contents: MODES, SCALES, FIFTHS_OF_MODE, STEPS, SHARPS; Key, spell. Finding a melody's key: music.key_finding.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

MODES: Final = ("major", "minor", "dorian", "phrygian", "lydian", "mixolydian", "locrian")
"""Modes by name; 'minor' is the aeolian set, 'major' the ionian."""

SCALES: Final = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
}
"""Semitones above the tonic for each mode."""

FIFTHS_OF_MODE: Final = {
    "lydian": 1, "major": 0, "mixolydian": -1, "dorian": -2, "minor": -3, "phrygian": -4, "locrian": -5,
}  # fmt: skip
"""Sharps (flats if negative) of each mode with the tonic C."""

STEPS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
"""Pitch classes of the letters."""

SHARPS: Final = "FCGDAEB"
"""The letters in the order in which a signature raises them, and from the end on lowers them."""
_MOST_SHARPS: Final = 7


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic and a mode. Two spellings of what sounds the same (F# major, Gb major) are equal."""

    tonic: int  # pitch class 0..11
    mode: str = "major"  # one of MODES
    written: int | None = field(default=None, compare=False)  # its signature, where that is known to be no other

    @classmethod
    def named(cls, tonic: str, mode: str = "major") -> Key:
        """The key of a tonic with its sharps (#) or flats (b), spelled so where a signature can be.

        >>> str(Key.named("Gb")), str(Key.named("F#")), str(Key.named("G#", "major"))
        ('Gb major', 'F# major', 'Ab major')
        """
        place = SHARPS.index(tonic[0]) - 1 + 7 * (tonic.count("#") - tonic.count("b"))
        return cls.signed(7 * place % 12, mode, place + FIFTHS_OF_MODE[mode])

    @classmethod
    def signed(cls, tonic: int, mode: str, signature: int) -> Key:
        """The key of a signature of so many sharps (flats if negative), as far as it is one of that key.

        >>> str(Key.signed(6, "major", -6)), str(Key.signed(6, "major", 3))
        ('Gb major', 'F# major')
        """
        key = cls(tonic, mode)
        other = abs(signature) <= _MOST_SHARPS and abs(signature - key.fifths) == 12
        return cls(tonic, mode, signature) if other else key

    @property
    def scale(self) -> tuple[int, ...]:
        """Pitch classes of the scale, from the tonic up."""
        return tuple((self.tonic + step) % 12 for step in SCALES[self.mode])

    @property
    def fifths(self) -> int:
        """Sharps (positive) or flats (negative) of the signature, -7..7.

        Six of either are the same keys: F# major and B lydian, but Eb minor, Ab dorian and F locrian.

        >>> Key(9, "minor").fifths, Key(2, "dorian").fifths, Key(5).fifths, Key(3, "minor").fifths
        (0, 0, -1, -6)
        """
        if self.written is not None:
            return self.written
        lowest = -5 if FIFTHS_OF_MODE[self.mode] >= 0 else -6
        return ((7 * self.tonic % 12) + FIFTHS_OF_MODE[self.mode] - lowest) % 12 + lowest

    def __str__(self) -> str:
        """Write as 'A minor'; the tonic is spelled for the signature."""
        return f"{spell(self.tonic, self.fifths)} {self.mode}"


def spell(pitch_class: int, fifths: int = 0) -> str:
    """Name a pitch class as a signature of so many sharps (flats if negative) would.

    The fifteen names nearest on the circle of fifths to the signature's own seven are used, so
    notes of the scale never need an accidental.

    >>> spell(6, 2), spell(10, -2), spell(6, -5), spell(8, 0)
    ('F#', 'Bb', 'Gb', 'G#')
    """
    place = 7 * pitch_class % 12  # places on the circle of fifths, C = 0
    low = fifths - 3  # two fifths below the signature's first letter (flat side), nine above
    place = low + (place - low) % 12
    accidental, letter = divmod(place + 1, 7)
    return SHARPS[letter] + ("#" * accidental if accidental >= 0 else "b" * -accidental)
