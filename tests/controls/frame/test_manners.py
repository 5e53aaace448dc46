"""What a model does where nobody says."""

from collections import Counter
from dataclasses import replace

import pytest

from melodyrnn.checkpoint.card import Card
from melodyrnn.compose.generate import generate
from melodyrnn.controls.frame.manners import has_manners, in_manner
from melodyrnn.controls.options import Options
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

CARD = Card(
    styles={"jig": 1, "reel": 2},
    manners={"1 6/8 12 4 minor 4 174": 5, "2 2/4 0 2 major 2 112": 4, "2 2/4 0 100 major 7 112": 3},
)


@pytest.fixture(scope="module")
def mannered(model):
    """A model of jigs and reels."""
    return replace(model, checkpoint=replace(model.checkpoint, card=CARD))


def frame(**asked):
    """Metre, key, tempo, upbeat, bars."""
    setting = in_manner(CARD, Options(**asked)).setting
    return str(setting.metre), str(setting.key), setting.tempo, setting.upbeat, setting.bars


def test_manners_come_as_often_as_they_were_learnt():
    """Whole: no jig in the key of a reel. What is longer than can be composed has the usual length."""
    drawn = Counter(frame(seed=seed) for seed in range(600))
    shares = {
        ("6/8", "E minor", 174.0, 12, 4): 5, ("2/4", "D major", 112.0, 0, 2): 4, ("2/4", "G major", 112.0, 0, 8): 3,
    }  # fmt: skip
    assert drawn.keys() == shares.keys()
    assert all(abs(drawn[one] - 50 * share) < 40 for one, share in shares.items())


@pytest.mark.parametrize(
    ("asked", "at", "expected"),
    [
        ({"metre": "6/8"}, (0, 1, 4), {("6/8", "E minor", 4)}),
        ({"key": "Am"}, (0, 1, 2), {("6/8", "A minor", 174.0)}),
        ({"bars": 8}, (4,), {(8,)}),  # the default, asked for
        ({"upbeat": "0"}, (0, 3), {("2/4", 0)}),
        ({"style": "reel"}, (0, 2), {("2/4", 112.0)}),
        ({"metre": "5/4"}, (0, 2, 3), {("5/4", None, 0)}),  # which nobody has learnt
        ({"form": "ABAB", "bars": 4}, (4,), {(4,)}),
        ({"form": "ABCD", "metre": "2/4"}, (0, 4), {("2/4", 8)}),  # which has a length of its own
        ({"scale": "C D E G A"}, (1,), {("None",)}),
        ({"chords": "F | C7"}, (1,), {("None",)}),
    ],
)
def test_what_is_asked_for_stays(asked, at, expected):
    """And what is drawn agrees with it."""
    assert {tuple(frame(seed=seed, **asked)[place] for place in at) for seed in range(40)} == expected


def test_melodies_of_a_call_are_those_of_their_seeds(mannered):
    """Whatever frames are composed side by side; another has a model without manners, and a prime its own."""
    together = list(generate(mannered, Options(seed=3), 6))
    assert {str(made.melody.metres[0]) for made in together} == {"2/4", "6/8"}
    alone = [next(generate(mannered, Options(seed=seed))) for seed in range(3, 9)]
    assert [made.melody for made in together] == [made.melody for made in alone]
    assert {(made.melody.tempo, str(made.melody.metres[0])) for made in together} == {(112.0, "2/4"), (174.0, "6/8")}
    prime = Melody((Note(0, 24, 60), Note(24, 24, 64), Note(48, 48, 67)), (Metre(),), Key(0))
    assert next(generate(mannered, Options(seed=3), prime=prime)).melody.metres == (Metre(),)


def test_who_says_all_asks_for_none():
    """Then nothing is drawn."""
    told = Options(metre="4/4", key="C", bars=8, upbeat="0", tempo=120)
    assert has_manners(CARD, Options(seed=2))
    assert not has_manners(CARD, told)
    assert not has_manners(Card(), Options())
    assert in_manner(CARD, told) == told


def test_a_jig_without_a_tempo_goes_at_a_jigs():
    """Where its melodies say none; without a style there is none to take."""
    card = Card(styles={"jig": 1}, manners={"1 6/8 0 8 major 7 0": 1})
    assert in_manner(card, Options()).setting.tempo == 168
    assert in_manner(Card(manners={"0 6/8 0 8 major 7 0": 1}), Options()).setting.tempo is None
