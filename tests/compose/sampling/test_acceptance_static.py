"""Melodies that sit or go in circles are not handed out, unless nothing else comes or an effort is asked for."""

import numpy as np
import pytest

from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import load_model
from melodyrnn.compose.sampling.acceptance import Weight, is_in_mode, is_lively, is_repetitive, is_wide
from melodyrnn.compose.sampling.task import prompt_for, thirds_of
from melodyrnn.controls.options import Options, options_of
from melodyrnn.events.vocabulary import DURATIONS, PITCHES, RESTS
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note


def rows(*pitches):
    """A melody of these pitches."""
    return np.column_stack((np.zeros((len(pitches), 2), np.int64), pitches))


@pytest.mark.parametrize(
    ("pitches", "moves"),
    [
        ([30] * 8, False),
        ([30] * 4, True),
        ([30, 32] * 8, False),
        ([30, 32, 33] * 4, True),
        ([30] * 8 + [32, 33], False),
        ([30] * 7 + [32, 33, 35], True),
    ],
)
def test_what_sits(pitches, moves):
    """Fewer than three pitches, or one for more than 70 % of at least five notes."""
    assert is_lively(rows(*pitches)) is moves


def test_what_is_wide():
    """From the lowest to the highest note, wherever they stand."""
    middle = PITCHES.index(0)
    assert is_wide(rows(middle - 12, middle, middle + 13), 24.0)
    assert not is_wide(rows(middle - 12, middle, middle + 12), 24.0)
    assert not is_wide(rows(), 24.0)


@pytest.mark.parametrize(
    ("metre", "lengths", "borne"),
    [
        (Metre(), [96, 96], True),  # on the bar line
        (Metre(), [96, 48, 48], True),  # on the third beat
        (Metre(), [96, 72, 24], False),  # on the fourth
        (Metre(), [96, 48, 36, 12], False),  # too short, and beside
        (Metre(), [96, 12, 84], False),
        (Metre(3, 4), [72, 72], True),
        (Metre(3, 4), [72, 24, 48], False),
        (Metre(6, 8), [72, 36, 36], True),
        (Metre(6, 8), [72, 36, 24], True),  # short by an upbeat
        (Metre(6, 8), [72, 48, 24], False),
    ],
)
def test_a_note_to_end_on(metre, lengths, borne):
    """It begins a bar, or its second half where that is a beat, and lasts most of one."""
    weight = Weight(2 * metre.bar_ticks, metre.bar_ticks, metre.beat_ticks)
    own = [[RESTS.index(0), DURATIONS.index(ticks), 30] for ticks in lengths]
    assert weight.is_borne(np.array(own)) is borne


@pytest.mark.parametrize(
    ("degrees", "minor"), [((0, 3, 7, 4), True), ((0, 4, 7, 4, 3), False), ((0, 2, 7), True), ((0, 4), False)]
)
def test_the_third_says_the_mode(degrees, minor):
    """The own third as often as the other one, at least; where none comes nothing is said."""
    pitches = [PITCHES.index(0) + degree for degree in degrees]
    assert is_in_mode(rows(*pitches), (3, 4)) is minor


@pytest.mark.parametrize("asked", [{}, {"end": "tonic"}, {"max_leap": 7}, {"form": "AB"}])
def test_a_key_is_in_its_mode(asked):
    """Not one of 24 in A minor has more C sharps than Cs; seed 1 had."""
    model = load_model("folk")
    for made in generate(model, options_of(key="Am", seed=1, bars=8, **asked), 24):
        classes = [note.pitch % 12 for note in made.melody.notes]
        assert classes.count(1) <= classes.count(0)


def test_nobody_is_held_to_a_third_who_names_a_scale_or_chords(model):
    """They say what is heard."""
    thirds = [thirds_of(prompt_for(model, options_of(**asked)).frame) for asked in (
        {"key": "Am"}, {"key": "E dorian"}, {"key": "G"}, {"scale": "blues", "key": "A"}, {"chords": "Am F"},
    )]  # fmt: skip
    assert thirds == [(3, 4), (3, 4), (4, 3), None, None]


def sitting(model, options, count=12):
    """Which of so many melodies sit."""
    made = [g.melody.notes for g in generate(model, options, count)]
    return [not is_lively(rows(*(note.pitch for note in notes))) for notes in made]


def test_a_tight_leap_brings_no_drones(model):
    """Where an effort asked for by number brings some that sit, the default brings fewer, and the same each time."""
    asked = Options(max_leap=1, durations="1/16", bars=4, seed=5)
    left = sitting(model, asked.replace(effort=1))
    ours = sitting(model, asked)
    assert any(left)
    assert sum(ours) < sum(left)
    assert ours == sitting(model, asked)
    assert [a for a, b in zip(ours, left, strict=True) if not b] == [False] * left.count(False)


def test_where_nothing_else_is_left_it_sits(model):
    """One pitch is one pitch: the request is met."""
    made = next(iter(generate(model, Options(range="C5-C5", bars=4))))
    assert {note.pitch for note in made.melody.notes} == {72}


@pytest.mark.parametrize(
    ("bars", "round_and_round"),
    [
        ("a", False),
        ("abcd", False),
        ("aab", False),
        ("aaab", True),
        ("aabaac", False),
        ("aaaaaab", True),
        ("abababab", True),
        ("aabaaaba", True),
    ],
)
def test_what_circles(bars, round_and_round):
    """More than two thirds of the bars are bars over again; the same notes elsewhere in a bar are not the same bar."""
    pitches = {"a": 60, "b": 62, "c": 64, "d": 65}
    tune = Melody(tuple(Note(96 * k, 48, pitches[bar]) for k, bar in enumerate(bars)), key=Key(0))
    assert is_repetitive(tune) is round_and_round
    moved = Melody(tuple(Note(96 * k + 6 * k % 48, 48, 60) for k in range(6)), key=Key(0))
    assert not is_repetitive(moved)


def test_cold_melodies_neither_sit_nor_circle():
    """At temperature 0.3 most would: what closes sits the more easily, and is looked at all the same."""
    made = list(generate(load_model("folk"), Options(temperature=0.3, seed=100), 12))
    assert sum(not is_lively(rows(*(note.pitch for note in m.melody.notes))) for m in made) <= 1
    assert sum(is_repetitive(m.melody) for m in made) <= 1


def test_particles_do_not_circle(model, monkeypatch):
    """One of them that does not is drawn; where all do, particles again, some times."""
    looked = []
    monkeypatch.setattr(
        "melodyrnn.compose.generate.is_repetitive", lambda melody: looked.append(melody) or len(looked) < 3
    )
    (made,) = generate(model, Options(bars=4, end="tonic", seed=3))
    assert looked[2] == made.melody
    monkeypatch.setattr("melodyrnn.compose.generate.is_repetitive", lambda _: True)
    assert next(generate(model, Options(bars=2, end="tonic", seed=3))).melody.bars == 2
