"""What vary composes anew where bars, an ending, chords or a tempo are asked for, and that the rest stays."""

from itertools import pairwise

import numpy as np
import pytest

from melodyrnn.compose.edit import vary
from melodyrnn.compose.varied import bars_to_vary, notes_to_vary
from melodyrnn.controls.options import Options
from melodyrnn.errors import OptionError
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

TUNE = Melody(
    tuple(Note(24 * k, 24, 60 + (0, 2, 4, 5, 7, 9, 7, 5, 4, 2, 4, 7, 5, 4, 2, 0)[k % 16]) for k in range(32)),
    (Metre(),), Key(0), 100.0,
)  # fmt: skip


def outside(melody, bars):
    """Notes that begin in other bars."""
    return [note for note in melody.notes if melody.place(note.onset)[0] not in bars]


def asked(**wishes):
    """Options with few melodies side by side."""
    return Options(bars=None, effort=4, **wishes)


@pytest.mark.parametrize("keep", [(), ("rhythm",), ("contour",), ("pitches",)])
def test_only_bars_that_are_asked_for_change(model, keep):
    """At any strength one at least does, unless it is 0; of these bars those that are kept stay."""
    bars = {4, 5}
    for strength in (0.1, 1.0):
        made = vary(model, TUNE, asked(seed=2), keep=keep, strength=strength, only=bars).melody
        assert outside(made, bars) == outside(TUNE, bars)
        assert made != TUNE or (strength < 1 and keep == ("contour",))  # a note between two others may have no place
    assert vary(model, TUNE, asked(seed=2), keep=keep, strength=0.0, only=bars).melody == TUNE
    kept = vary(model, TUNE, asked(seed=2), keep=keep, strength=1.0, only=bars, bars={4}).melody
    assert outside(kept, {5}) == outside(TUNE, {5})
    with pytest.raises(OptionError, match="nothing is left to vary"):
        vary(model, TUNE, asked(), only={4}, bars={4, 5})
    with pytest.raises(OptionError, match="bars: the melody has bars 1 to 8"):
        vary(model, TUNE, asked(), only={8})


@pytest.mark.parametrize("keep", [(), ("rhythm",), ("contour",)])
def test_an_ending_that_is_asked_for_comes(model, keep):
    """Though nothing else changes; one that is there already stays, as it is."""
    for seed in range(3):
        made = vary(model, TUNE, asked(seed=seed, end="open"), keep=keep, strength=0.0).melody
        assert made.notes[-1].pitch % 12 in {2, 7, 11}
        assert outside(made, {7}) == outside(TUNE, {7})
    assert vary(model, TUNE, asked(end="tonic"), keep=keep, strength=0.0).melody == TUNE


def test_an_ending_in_bars_that_stay_is_refused(model):
    """It says where the last note stands."""
    for stays in ({"bars": {7}}, {"only": {2}}):
        with pytest.raises(OptionError, match="end: the last note stands in bar 8, which stays"):
            vary(model, TUNE, asked(end="5"), **stays)


def test_new_notes_go_with_the_chords(model):
    """Under the rule those on strong beats are tones of the chord; what stays is not asked."""
    chords = {"chords": "F | C7", "chord_tones": "rule"}
    made = vary(model, TUNE, asked(seed=1, **chords), strength=1.0, only=range(2, 6)).melody
    assert outside(made, range(2, 6)) == outside(TUNE, range(2, 6))
    strong = [note for note in made.notes if 192 <= note.onset < 576 and note.onset % 48 == 0]
    assert strong
    assert all(note.pitch % 12 in ({5, 9, 0, 4} if note.onset // 96 % 2 == 0 else {0, 4, 7, 10}) for note in strong)


def test_a_tempo_changes_nothing_else(model):
    """Notes at no strength are as they were."""
    made = vary(model, TUNE, asked(tempo="3/8=60"), strength=0.0).melody
    assert (made.tempo, made.notes) == (90.0, TUNE.notes)


def test_more_strength_adds():
    """What is new at a low strength is so at a higher one, within bars that are asked for as well."""
    for only in (set(), {1, 2, 5, 6}):
        bars = [bars_to_vary(TUNE, asked(seed=3).setting, share, set(), only) for share in (0.0, 0.25, 0.5, 1.0)]
        assert all(a <= b for a, b in pairwise(bars))
        assert (bars[0], bars[-1]) == (set(), only or set(range(8)))
        notes = [notes_to_vary(TUNE, asked(seed=3).setting, share, set(), only) for share in (0.25, 0.5, 1.0)]
        assert all(np.all(a <= b) for a, b in pairwise(notes))
