"""Chords against a key: what in a chord is not of the key, and the scale that goes with it.

The scale over a chord is the key's, with the neighbour of each tone that is foreign to the key left out for it: over A7
in C major it has C sharp for C, over Fm A flat for A. A tone that is raised (a major third, an augmented fifth, a sharp
root) takes the place of the note below it, one that is lowered of the note above.

Contents: foreign_tones, colour_tones, chord_scale, third_of, close_tones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

    from melodyrnn.music.chords import Chord

_THIRDS: Final = (4, 3)  # semitones above the root
_RAISED: Final = (2, 4, 6, 8, 9, 11)  # above the root: tones that come from the note below where they are foreign
_FIFTHS: Final = (7, 6, 8)
_SEVENTHS: Final = (10, 11, 9)


def foreign_tones(chord: Chord, key_scale: Collection[int]) -> tuple[int, ...]:
    """Tones of a chord, as pitch classes, that a key has not.

    >>> from melodyrnn.music.chords import chord_of
    >>> foreign_tones(chord_of("A7"), (0, 2, 4, 5, 7, 9, 11)), foreign_tones(chord_of("G7"), (0, 2, 4, 5, 7, 9, 11))
    ((1,), ())
    """
    return tuple(tone for tone in chord.tones if tone not in key_scale)


def third_of(chord: Chord) -> int | None:
    """The pitch class of a chord's third, the major one where it has two; None where it has none."""
    return next(((chord.root + step) % 12 for step in _THIRDS if (chord.root + step) % 12 in chord.tones), None)


def colour_tones(chord: Chord, key_scale: Collection[int]) -> tuple[int, ...]:
    """What tells a chord outside the key: its foreign tones and its third; none for a chord of the key.

    >>> from melodyrnn.music.chords import chord_of
    >>> colour_tones(chord_of("Fm"), (0, 2, 4, 5, 7, 9, 11)), colour_tones(chord_of("D7"), (0, 2, 4, 5, 7, 9, 11))
    ((8,), (6,))
    """
    foreign, third = foreign_tones(chord, key_scale), third_of(chord)
    return tuple(dict.fromkeys((*foreign, third))) if foreign and third is not None else foreign


def chord_scale(chord: Chord, key_scale: Collection[int]) -> tuple[int, ...]:
    """The pitch classes that go with a chord; the key's own where it has all the chord's tones.

    >>> from melodyrnn.music.chords import chord_of
    >>> chord_scale(chord_of("A7"), (0, 2, 4, 5, 7, 9, 11)), chord_scale(chord_of("Bb"), (0, 2, 4, 5, 7, 9, 11))
    ((1, 2, 4, 5, 7, 9, 11), (0, 2, 4, 5, 7, 9, 10))
    """
    scale = set(key_scale)
    for tone in foreign_tones(chord, key_scale):
        near = [(tone - 1) % 12, (tone + 1) % 12]
        if not _raised(chord, tone):
            near.reverse()
        replaced = next((pitch for pitch in near if pitch in scale and pitch not in chord.tones), None)
        scale = scale - {replaced} | {tone}
    return tuple(sorted(scale))


def _raised(chord: Chord, tone: int) -> bool:
    step = (tone - chord.root) % 12
    return chord.symbol[1:2] in {"#", "♯"} if not step else step in _RAISED


def close_tones(chord: Chord) -> tuple[int, ...]:
    """Root, third (or what stands for it), fifth and seventh or sixth of a chord, without its ninths and beyond.

    >>> from melodyrnn.music.chords import chord_of
    >>> close_tones(chord_of("C9")), close_tones(chord_of("Dsus4"))
    ((0, 4, 7, 10), (2, 7, 9))
    """
    above = {(tone - chord.root) % 12 for tone in chord.tones}
    kept = {0} & above
    kept |= above & {3, 4} or above & {2, 5}
    kept |= set([step for step in _FIFTHS if step in above][:1]) or set()
    kept |= set([step for step in _SEVENTHS if step in above][:1])
    return tuple(tone for tone in chord.tones if (tone - chord.root) % 12 in kept)
