"""Key finding, for files that do not say.

Method: Krumhansl and Schmuckler's: the durations of the twelve pitch classes are correlated with a
profile of each key (C. L. Krumhansl, Cognitive Foundations of Musical Pitch, 1990, chapter 4). The
profiles are Krumhansl and Kessler's probe-tone ratings (Psychological Review 89, 1982). A melody
says more than its durations: the last note of a folk song is its tonic far more often than not
(Essen, with stated tonics: see `corpora/README.md`), so a bonus goes to keys on the last note.

Contents: find_key (all keys, or those of a signature), find_mode (the tonic is known).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.music.melody import MODES, SCALES, Key, Melody

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

PROFILES: Final = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
"""Probe-tone ratings of the twelve pitch classes, from the tonic up (Krumhansl & Kessler 1982)."""

LAST_NOTE_BONUS: Final = 0.25  # in units of correlation, for a key whose tonic ends the melody


def find_key(melody: Melody, *, fifths: int | None = None) -> Key | None:
    """Find the major or minor key that fits best; None when there are no notes.

    `fifths` (sharps, flats negative) limits the choice to the two keys of that signature.

    >>> from melodyrnn.music.melody import Note
    >>> str(find_key(Melody(tuple(Note(24 * i, 24, p) for i, p in enumerate((60, 64, 67, 65, 62, 60))))))
    'C major'
    """
    keys = [Key(tonic, mode) for mode in PROFILES for tonic in range(12)]
    if fifths is not None:
        wanted = (fifths + 5) % 12 - 5
        keys = [key for key in keys if key.fifths == wanted]
    return _best(melody, keys)


def find_mode(melody: Melody, tonic: int) -> Key:
    """Find the mode of a melody whose tonic is known, among all seven.

    The scale that leaves out least of the sounding time wins; ties go to the more common mode.
    """
    weights = np.roll(pitch_class_durations(melody), -tonic)
    common = ("major", "minor", "dorian", "mixolydian", "phrygian", "lydian", "locrian")
    outside = {mode: weights.sum() - weights[list(SCALES[mode])].sum() for mode in MODES}
    return Key(tonic, min(common, key=lambda mode: (round(outside[mode], 6), common.index(mode))))


def pitch_class_durations(melody: Melody) -> NDArray[np.float64]:
    """Quarters for which each pitch class sounds: shape (12,)."""
    weights = np.zeros(12)
    for note in melody.notes:
        weights[note.pitch % 12] += note.duration / 24
    return weights


def _best(melody: Melody, keys: Iterable[Key]) -> Key | None:
    """The key with the highest correlation, the last note counted in."""
    if not melody.notes:
        return None
    weights = pitch_class_durations(melody)
    last = melody.notes[-1].pitch % 12

    def fit(key: Key) -> float:
        profile = np.roll(PROFILES[key.mode], key.tonic)
        spread = weights.std() * profile.std()
        correlation = (
            float(((weights - weights.mean()) * (profile - profile.mean())).mean() / spread) if spread else 0.0
        )
        return correlation + (LAST_NOTE_BONUS if key.tonic == last else 0.0)

    return max(keys, key=fit)
