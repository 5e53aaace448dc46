"""New notes are as loud as those that are there."""

from dataclasses import replace

import pytest

from melodyrnn.compose.edit import infill, vary
from melodyrnn.compose.generate import generate
from melodyrnn.compose.performing.performance import BEAT, DOWNBEAT, OFFBEAT, velocity_of
from melodyrnn.controls.options import Options
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

USUAL = {0: DOWNBEAT, 24: BEAT, 36: OFFBEAT, 96: DOWNBEAT}
TUNE = Melody(
    tuple(Note(24 * k, 24, 60 + p, 40) for k, p in enumerate((0, 2, 4, 5, 7, 5, 4, 2, 0, 4, 2, 0))), (Metre(),), Key(0)
)


def notes(*velocities):
    """Notes on a bar line, a beat, beside one, and on a bar line."""
    return [Note(onset, 12, 60, velocity) for onset, velocity in zip(USUAL, velocities, strict=False)]


def test_by_place_in_the_bar():
    """Bar lines, beats, others; or flat."""
    loudness = velocity_of(TUNE, None)
    assert {onset: loudness(onset) for onset in USUAL} == USUAL
    assert {velocity_of(TUNE, 55, TUNE.notes)(onset) for onset in USUAL} == {55}


@pytest.mark.parametrize(
    ("given", "new"),
    [
        ((96, 86, 76, 96), (96, 86, 76, 96)),  # as we write
        ((40, 40, 40, 40), (40, 40, 40, 40)),  # flat
        ((56, 46, 36, 56), (56, 46, 36, 56)),  # softer
        ((80, 75, 70, 80), (80, 75, 70, 80)),  # more even
        ((20, 30, 40, 20), (28, 28, 28, 28)),  # the other way round: in the mean
        ((127, 87, 7, 127), (102, 82, 62, 102)),  # at most twice as uneven
        ((33,), (33, 33, 33, 33)),
    ],
)
def test_in_the_manner_of_given_notes(given, new):
    """A line is fitted; nothing leaves what MIDI has."""
    loudness = velocity_of(TUNE, None, notes(*given))
    made = [loudness(onset) for onset in USUAL]
    assert made == list(new)
    assert all(1 <= velocity <= 127 for velocity in made)


def test_a_soft_clip_stays_soft(model):
    """Gone on from, filled, varied: new notes are as soft as the others; where pitches are kept each keeps its own."""
    (longer,) = generate(model, Options(bars=2, seed=1), prime=TUNE)
    filled = infill(model, TUNE, [1], Options(seed=1, bars=None))
    for made in (longer, filled, vary(model, TUNE, Options(seed=1, bars=None), strength=1.0)):
        assert {note.velocity for note in made.melody.notes} == {40}
    louder = replace(TUNE, notes=tuple(replace(n, velocity=40 + k) for k, n in enumerate(TUNE.notes)))
    varied = vary(model, louder, Options(seed=1, bars=None), keep=["pitches"], strength=1.0).melody
    assert [n.velocity for n in varied.notes] == [n.velocity for n in louder.notes]
    assert {n.velocity for n in infill(model, TUNE, [1], Options(seed=1, bars=None, velocity=99)).melody.notes} == {
        40,
        99,
    }
