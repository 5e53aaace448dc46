"""What is preferred and forbids nothing: added to the log-probabilities of pitches.

Contents: `leaning`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.constraints.rules import Rules, Spot
from melodyrnn.controls.constraints import contour_of, named_pitches
from melodyrnn.controls.masks import of_classes, scale_in_force, strong_chords
from melodyrnn.events.vocabulary import PITCHES
from melodyrnn.music.pitches import range_of

if TYPE_CHECKING:
    from melodyrnn.compose.sampling.filters import Logs
    from melodyrnn.controls.masks import Place
    from melodyrnn.controls.options import Options

OUT_OF_SCALE: Final = -2.5  # what "mostly" and "prefer" add to a log-probability
OFF_CHORD: Final = -3.0
OWED: Final = 2.5  # what is added for a required pitch that has not come yet
CONTOUR_WIDTH: Final = 3.5  # semitones off the contour that cost half a nat


def leaning(options: Options, place: Place) -> Rules:
    """What is preferred: added to the log-probabilities of pitches, by onset."""
    soft = np.zeros((place.end + 1, len(PITCHES)))
    if options.leans:
        soft += np.where(of_classes(place, scale_in_force(options, place)), 0, OUT_OF_SCALE)
    if options.chords is not None and options.chord_tones == "prefer":
        for tick, chord in strong_chords(options, place):
            if chord.tones:
                soft[tick] += np.where(of_classes(place, chord.tones), 0, OFF_CHORD)
    heights = contour_of(options.contour)
    if heights is not None:
        low, high = range_of(options.range) if options.range else (place.anchor - 5, place.anchor + 12)
        times = np.linspace(place.start, place.end, len(heights))
        aim = (low + high) / 2 + np.interp(np.arange(place.end + 1), times, heights) * (high - low) / 2
        away = (np.asarray(PITCHES) + place.anchor - aim[:, None]) / CONTOUR_WIDTH
        soft -= np.minimum(away**2 / 2, 8)
    owed = _owed(place, named_pitches(options.require, "require"))
    if not soft.any():
        return owed

    def pitch(logs: Logs, spot: Spot) -> Logs:
        return np.asarray(logs + soft[np.minimum(spot.tick, place.end)])

    return Rules(pitch=(pitch,)) + owed


def _owed(place: Place, groups: tuple[frozenset[int], ...]) -> Rules:
    """Lean towards each required group of pitches (MIDI numbers) until one of it has come.

    Left alone they would come when no other note is left. Every melody that is finished has had each, and so the same
    sum of OWED: among particles that are weighed it changes when, not which melodies are drawn.
    """
    if not groups:
        return Rules()
    sounding = np.asarray(PITCHES) + place.anchor
    wanted = np.array([[pitch in group for pitch in sounding.tolist()] for group in groups])

    def pitch(logs: Logs, spot: Spot) -> Logs:
        had = wanted.T[spot.heard[2][:, spot.primed :]].any(1)  # (R, groups)
        return np.asarray(logs + OWED * ((~had).astype(np.float64) @ wanted))

    return Rules(pitch=(pitch,))
