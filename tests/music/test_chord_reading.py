"""Chords of an accompaniment: broken ones, passing tones, silences."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from melodyrnn.music.chord_reading import Sounding, find_chords
from melodyrnn.music.chords import chord_of
from melodyrnn.music.melody import Metre

COMMON = (Metre(),)


def block(begin: int, end: int, *pitches: int) -> list[Sounding]:
    """Pitches that sound together."""
    return [Sounding(begin, end, pitch) for pitch in pitches]


def symbols(notes: list[Sounding], metres: tuple[Metre, ...] = COMMON, fifths: int = 0) -> list[tuple[int, str]]:
    """Where each chord begins, and its name."""
    return [(change.onset, change.symbol) for change in find_chords(notes, metres, fifths=fifths)]


@pytest.mark.parametrize(
    ("pitches", "name"),
    [
        ((48, 52, 55), "C"),
        ((45, 60, 64), "Am"),
        ((43, 59, 62, 65), "G7"),
        ((50, 53, 57, 60), "Dm7"),
        ((48, 52, 55, 59), "Cmaj7"),
        ((47, 50, 53, 57), "Bm7b5"),
        ((47, 50, 53, 56), "Bdim7"),
        ((47, 62, 65), "Bdim"),
        ((48, 52, 56), "Caug"),
        ((52, 55, 60), "C"),
        ((48, 64), "C"),
    ],
)
def test_what_is_struck_together_is_named(pitches, name):
    """Triads and sevenths, inversions by their root, a fifth left out."""
    assert symbols(block(0, 96, *pitches)) == [(0, name)]


def test_roots_are_spelled_as_the_signature_is():
    """E flat with flats, D sharp with sharps."""
    assert symbols(block(0, 96, 51, 55, 58), fifths=-3) == [(0, "Eb")]
    assert symbols(block(0, 96, 51, 55, 58), fifths=4) == [(0, "D#")]


def test_a_chord_broken_over_a_bar_is_one():
    """Quarters that go through C major, then F major, with nothing else."""
    broken = [Sounding(24 * k, 24 * k + 24, pitch) for k, pitch in enumerate((48, 52, 55, 60, 53, 57, 60, 65))]
    assert symbols(broken) == [(0, "C"), (96, "F")]


def test_passing_tones_change_nothing():
    """A scale above a held chord."""
    scale = [Sounding(12 * k, 12 * k + 12, pitch) for k, pitch in enumerate((72, 74, 76, 77, 79, 77, 76, 74))]
    assert symbols([*block(0, 96, 48, 52, 55), *scale]) == [(0, "C")]


def test_at_most_a_chord_a_beat_and_changes_within_a_bar():
    """Chords of half a beat are gathered; four a bar are four."""
    four = [
        *block(0, 24, 48, 52, 55),
        *block(24, 48, 53, 57, 60),
        *block(48, 72, 43, 59, 62),
        *block(72, 96, 48, 52, 55),
    ]
    assert symbols(four) == [(0, "C"), (24, "F"), (48, "G"), (72, "C")]
    eight = [note for k in range(8) for note in block(12 * k, 12 * k + 12, *((48, 52, 55) if k % 2 else (53, 57, 60)))]
    assert all(onset % 24 == 0 for onset, _ in symbols(eight))


def test_a_beat_of_six_eight_is_dotted():
    """Two chords a bar, each broken over three quavers."""
    notes = [Sounding(12 * k, 12 * k + 12, p) for k, p in enumerate((48, 52, 55, 43, 47, 50))]
    assert symbols(notes, (Metre(6, 8),)) == [(0, "C"), (36, "G")]


def test_a_melody_alone_says_no_chord_but_helps_to_name_one():
    """A note of less weight: nothing where nothing else sounds, the third where the others leave it out."""
    assert find_chords([Sounding(0, 96, 72, 0.3)], COMMON) == []
    assert symbols([*block(0, 96, 48, 55), Sounding(0, 96, 75, 0.3)]) == [(0, "Cm")]
    alone = [*block(0, 96, 48, 52, 55), Sounding(96, 192, 77, 0.3)]
    assert find_chords(alone, COMMON)[-1].end == 96


def test_metres_that_change():
    """Beats go on from each new metre."""
    notes = [*block(0, 72, 48, 52, 55), *block(72, 168, 53, 57, 60)]
    assert symbols(notes, (Metre(3, 4), Metre(4, 4, 72))) == [(0, "C"), (72, "F")]


@given(
    st.lists(
        st.builds(
            lambda a, b, p: Sounding(a, a + b, p), st.integers(0, 700), st.integers(1, 200), st.integers(21, 108)
        ),
        max_size=40,
    )
)
def test_whatever_sounds(notes):
    """Law: changes are in order, on beats, end within what sounds, and can be read."""
    changes = find_chords(notes, COMMON)
    assert bool(changes) == bool(notes)
    for change, following in pairwise(changes):
        assert change.end <= following.onset
        assert change.symbol != following.symbol
    for change in changes:
        assert change.onset % 24 == 0
        assert change.onset < change.end <= max(note.end for note in notes)
        assert chord_of(change.symbol).tones
