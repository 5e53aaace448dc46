"""Key finding, for files that do not state a key.

Krumhansl and Schmuckler's method: the durations of the twelve pitch classes are correlated with a profile of each key
(C. L. Krumhansl, Cognitive Foundations of Musical Pitch, 1990, chapter 4). The profiles are Temperley's, counted in
the Kostka-Payne collection (D. Temperley, Music and Probability, 2007, chapter 6). Three in four songs end on their
tonic, so keys whose tonic is the last note get a small bonus. How often it is right: docs/log.md.

Contents: find_key, find_keys (of many melodies at once), key_or_found, find_mode (the tonic is known),
find_key_of_chords.
"""

from __future__ import annotations

from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.music.key import MODES, SCALES, Key
from melodyrnn.music.melody import TICKS_PER_QUARTER, Melody

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from melodyrnn.music.chords import Chord

PROFILES: Final = {
    "major": (0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400),
    "minor": (0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330),
}
"""How often each pitch class occurs in a segment, from the tonic up (Temperley 2007)."""

LAST_NOTE_BONUS: Final = 0.1  # in units of correlation; 0.1 is best over seven collections
_FIRST_CHORD: Final = 0.1  # what a tonic chord there counts, in shares of all that sounds
_LAST_CHORD: Final = 0.05
_THIRDS: Final = {"major": 4, "minor": 3}


def find_key(melody: Melody, *, fifths: int | None = None) -> Key | None:
    """Find the major or minor key that fits best; None when there are no notes.

    `fifths` (sharps, flats negative) limits the choice to the two keys of that signature.

    >>> from melodyrnn.music.melody import Note
    >>> str(find_key(Melody(tuple(Note(24 * i, 24, p) for i, p in enumerate((60, 64, 67, 65, 62, 60))))))
    'C major'
    """
    keys = [Key(tonic, mode) for mode in PROFILES for tonic in range(12)]
    if fifths is not None:
        keys = [Key.signed(key.tonic, key.mode, fifths) for key in keys if (key.fifths - fifths) % 12 == 0]
    return _best(melody, keys)


def key_or_found(melody: Melody) -> Key:
    """The key that a melody states, else the one that is found; C major where there are no notes."""
    return melody.key or find_key(melody) or Key(0)


def find_keys(melodies: Sequence[Melody]) -> list[Key]:
    """What `find_key` finds for each of many melodies, which all have notes, in a fraction of the time."""
    told = [melody.columns for melody in melodies]
    sizes = [len(columns.onsets) for columns in told]
    durations = np.fromiter(chain.from_iterable(columns.durations for columns in told), np.int64, sum(sizes))
    pitches = np.fromiter(chain.from_iterable(columns.pitches for columns in told), np.int64, sum(sizes))
    classes = np.repeat(np.arange(len(told)) * 12, sizes) + pitches % 12
    weights = np.bincount(classes, durations / TICKS_PER_QUARTER, 12 * len(told)).reshape(-1, 12)
    apart, deviations = weights - weights.mean(-1, keepdims=True), weights.std(-1)
    keys = [Key(tonic, mode) for mode in PROFILES for tonic in range(12)]
    profiles = [_profile(key.mode, key.tonic) for key in keys]
    scale = deviations[:, None] * np.array([spread for _, spread in profiles])
    fits = (apart[:, None] * np.array([profile for profile, _ in profiles])).mean(-1)
    fits = np.divide(fits, scale, out=np.zeros_like(scale), where=scale != 0)
    last = pitches[np.cumsum(sizes) - 1] % 12
    fits[last[:, None] == np.array([key.tonic for key in keys])] += LAST_NOTE_BONUS
    return [keys[best] for best in fits.argmax(-1).tolist()]


def find_mode(melody: Melody, tonic: int) -> Key:
    """Find the mode of a melody of known tonic: the scale that leaves out least, of equals the more common mode."""
    weights = np.roll(pitch_class_durations(melody), -tonic)
    common = ("major", "minor", "dorian", "mixolydian", "phrygian", "lydian", "locrian")
    outside = {mode: weights.sum() - weights[list(SCALES[mode])].sum() for mode in MODES}
    return Key(tonic, min(common, key=lambda mode: (round(outside[mode], 6), common.index(mode))))


def find_key_of_chords(spans: Sequence[tuple[int, Chord]]) -> Key | None:
    """Find the major or minor key whose scale leaves out least of a progression; None where no chord sounds.

    Of equals the one whose tonic chord comes first, or last. A dominant of minor may have its leading note.

    >>> from melodyrnn.music.chords import progression
    >>> from melodyrnn.music.melody import Metre
    >>> [str(find_key_of_chords(progression(text, Metre()))) for text in ("Am F | G C", "C Am | F G", "E7 | Am")]
    ['A minor', 'C major', 'A minor']
    """
    sounding = [(ticks, chord) for ticks, chord in spans if chord.tones]
    if not sounding:
        return None
    total = sum(ticks * len(chord.tones) for ticks, chord in sounding)

    def fit(key: Key) -> float:
        inside = sum(ticks * len({*chord.tones} & _scale_under(key, chord)) for ticks, chord in sounding) / total
        first, last = (_is_tonic(chord, key) for chord in (sounding[0][1], sounding[-1][1]))
        return inside + _FIRST_CHORD * first + _LAST_CHORD * last

    return max((Key(tonic, mode) for mode in PROFILES for tonic in range(12)), key=fit)


def _scale_under(key: Key, chord: Chord) -> set[int]:
    raised = {(key.tonic + 11) % 12} if key.mode == "minor" and chord.root == (key.tonic + 7) % 12 else set()
    return {*key.scale} | raised


def _is_tonic(chord: Chord, key: Key) -> bool:
    return chord.root == key.tonic and (key.tonic + _THIRDS[key.mode]) % 12 in chord.tones


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
    last, apart, deviation = melody.notes[-1].pitch % 12, weights - weights.mean(), weights.std()

    def fit(key: Key) -> float:
        profile, spread = _profile(key.mode, key.tonic)
        correlation = float((apart * profile).mean() / (deviation * spread)) if deviation * spread else 0.0
        return correlation + (LAST_NOTE_BONUS if key.tonic == last else 0.0)

    return max(keys, key=fit)


@cache
def _profile(mode: str, tonic: int) -> tuple[NDArray[np.float64], np.float64]:
    """A key's profile around its mean, and its standard deviation."""
    profile = np.roll(PROFILES[mode], tonic)
    return profile - profile.mean(), profile.std()
