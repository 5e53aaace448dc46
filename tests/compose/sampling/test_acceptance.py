"""Melodies of so many bars end as the tunes of their model do, or are composed again."""

from dataclasses import replace

import numpy as np
import pytest

from melodyrnn.compose.generate import AGAIN, ENDINGS, WEIGHTY_ENDINGS, generate
from melodyrnn.compose.model import load_model
from melodyrnn.compose.sampling.acceptance import Closing, closing_of
from melodyrnn.compose.sampling.task import prompt_for
from melodyrnn.controls.options import Options
from melodyrnn.events.vocabulary import DURATIONS, PITCHES
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

ENDS = {"1 major 0": 30, "3 major 7": 10, "3 minor 0": 1}
A_MINOR, C_MAJOR = Key(9, "minor"), Key(0)
HOME, FIFTH = ([[0, 0, semitones - PITCHES[0]]] for semitones in (12, 7))
PRIME = Melody((Note(0, 24, 69), Note(24, 24, 72), Note(48, 48, 76)), (Metre(),), A_MINOR)


@pytest.fixture(scope="module")
def folk():
    """The shipped model."""
    return load_model("folk")


@pytest.fixture
def counted(model):
    """The small model with counts on its card."""
    card = replace(model.card, ends=ENDS)
    return replace(model, checkpoint=replace(model.checkpoint, card=card))


def at_home(melodies, key):
    """Share of melodies that end on the tonic."""
    return np.mean([(m.melody.notes[-1].pitch - key.tonic) % 12 == 0 for m in melodies])


def test_the_tonic_is_drawn_as_often_as_counted():
    """For each seed once and for all: another attempt asks for the same."""
    closing, rows = Closing(0.75), (np.array(HOME), np.array(FIFTH))
    homes = [closing.takes(seed, rows[0], 0.0) for seed in range(1000)]
    assert 710 < sum(homes) < 790
    assert homes == [not closing.takes(seed, rows[1], 0.0) for seed in range(1000)]
    assert homes == [closing.takes(seed, rows[0], 0.0, attempt=4) for seed in range(1000)]


def test_what_has_to_end_is_taken_as_often_as_it_would():
    """Two bits: one in four; and not the same one at the next attempt."""
    closing, rows = Closing(1.0), np.array(HOME)
    taken = [[closing.takes(seed, rows, 2.0, attempt) for seed in range(1000)] for attempt in range(2)]
    assert 210 < sum(taken[0]) < 290
    assert 210 < sum(taken[1]) < 290
    assert 30 < sum(a and b for a, b in zip(*taken, strict=True)) < 100


def closing(model, **asked):
    """What is wanted of the end of a melody."""
    options = Options(**asked)
    return closing_of(model.card, options, prompt_for(model, options))


def test_where_nothing_is_drawn(counted):
    """Said otherwise, certain, free, without a tonic, or in a mode of which nothing is known."""
    assert closing(counted).tonic == 0.75
    assert closing(counted, key=A_MINOR).tonic == 1.0
    assert closing(counted, style="march").tonic == 0.0
    for held in ({"range": "E4-C5"}, {"forbid": "F C4"}, {"scale": "C D E"}, {"in_scale": "strict"}):
        assert closing(counted, **held).tonic == 0.75
    for asked in (
        {"end": "open"}, {"chords": "C F"}, {"range": "D4-B4"}, {"forbid": "C"}, {"scale": "D E F", "key": Key(0)},
        {"range": "C4-B4", "forbid": "C4"}, {"key": Key(2, "dorian")},
    ):  # fmt: skip
        assert closing(counted, **asked).tonic is None
    for asked in ({"end": "free"}, {"loop": True}, {"bars": None}, {"temperature": 0}, {"top_k": 1}, {"effort": 4}):
        assert closing(counted, **asked) is None


def test_where_the_last_note_has_to_reach(counted):
    """The middle of the last bar, from where new notes may begin; not where an upbeat wants time."""
    assert closing(counted, bars=2).sounding == 96 + 48
    assert closing(counted, bars=2, metre=Metre(3, 4)).sounding == 72 + 36
    assert closing(counted, bars=2, end="tonic", chords="C").sounding == 96 + 48
    assert closing(counted, upbeat=24).sounding == 0
    free = closing(counted, upbeat=None, bars=2)
    assert (free.sounding, free.upbeat) == (96 + 48, True)
    begins = [np.array([[rest, DURATIONS.index(36), 30]]) for rest in (0, 3)]
    assert [Closing(None, 48, upbeat=True).takes(0, rows, 0.0) for rows in begins] == [False, True]
    options = Options(bars=2)
    assert closing_of(counted.card, options, prompt_for(counted, options, PRIME)).sounding == 96 + 48
    begun = replace(PRIME, notes=tuple(replace(n, onset=n.onset + 24) for n in PRIME.notes))
    assert closing_of(counted.card, options, prompt_for(counted, options, begun)).sounding == 0
    assert Closing(None, 48).takes(0, np.array([[0, DURATIONS.index(48), 30]]), 9.0)
    assert not Closing(None, 48).takes(0, np.array([[0, DURATIONS.index(36), 30]]), 0.0)


def test_melodies_come_home_as_tunes_do(folk):
    """Nine in ten tunes in minor end on the tonic; the network left alone three in five, or in the middle of a beat."""
    asked = Options(key=A_MINOR, seed=1000)
    closed, free = (list(generate(folk, asked.replace(end=end), 100)) for end in (None, "free"))
    assert at_home(closed, A_MINOR) > 0.8
    assert at_home(free, A_MINOR) < 0.7
    beside = [sum(m.melody.notes[-1].onset % 24 > 0 for m in melodies) for melodies in (closed, free)]
    assert beside[0] < beside[1]
    assert all(m.melody.bars == 8 for m in closed)
    same = [m.melody == other.melody for m, other in zip(closed, free, strict=True)]
    assert 30 < sum(same) < 80  # what closes anyhow is as it was


def test_alone_and_among_others_the_same(folk):
    """However many are composed again."""
    asked = Options(key=C_MAJOR, bars=4, seed=20)
    made = [m.melody for m in generate(folk, asked, 12)]
    assert made == [next(generate(folk, asked.seeded(20 + k))).melody for k in range(12)]


def test_after_a_prime_and_beside_rules_too(folk):
    """A prime's key is looked at; with rules, one of many particles that closes is drawn."""
    assert at_home(generate(folk, Options(bars=4, seed=1), 40, prime=PRIME), A_MINOR) > 0.75
    for held in ({"in_scale": "strict"}, {"range": "A3-A5"}, {"density": "medium"}):
        assert at_home(generate(folk, Options(key=A_MINOR, bars=4, seed=1, **held), 12), A_MINOR) > 0.7


def test_what_is_required_does_not_come_at_the_last_moment(folk):
    """One in three melodies had its B flat in the last bar for the first time, one in four as the last note of all."""
    asked = Options(require="Bb", seed=1000)
    flats = [[n.onset for n in m.melody.notes if n.pitch % 12 == 10] for m in generate(folk, asked, 16)]
    assert all(flats)
    assert sum(onsets[0] >= 7 * 96 for onsets in flats) <= 3


def test_the_last_bar_sounds_to_its_middle(folk):
    """With an ending that is asked for, too; 22 of 40 melodies in 5/4 left most of it silent."""
    for end in (None, "tonic"):
        asked = Options(metre=Metre(5, 4), bars=4, seed=1000, end=end)
        assert all(m.melody.notes[-1].end >= 3 * 120 + 60 for m in generate(folk, asked, 12))


def test_an_ending_lasts_a_quarter_where_beats_are_short(folk):
    """In 7/8 too, on a beat."""
    for made in generate(folk, Options(metre=Metre(7, 8), bars=4, seed=1, end="tonic"), 12):
        last = made.melody.notes[-1]
        assert last.duration >= 24
        assert last.onset % 12 == 0


def test_after_some_attempts_it_is_taken(counted, monkeypatch):
    """A network that never comes home still composes: its last bars some times, and the whole some times."""
    asked = []
    monkeypatch.setattr(Closing, "takes", lambda *values: asked.append(values[-1]))
    (made,) = generate(counted, Options(bars=4, seed=3))
    assert asked == list(range((AGAIN + 1) * WEIGHTY_ENDINGS))
    assert made.melody.bars == 4


def test_a_form_is_composed_anew_less_often_for_its_end(counted, monkeypatch):
    """Each try weighs its sections; after so many the end is a rule, and kept."""
    asked = []
    monkeypatch.setattr(Closing, "takes", lambda *values: asked.append(values[-1]))
    (made,) = generate(counted, Options(bars=4, seed=3, form="AB", end="tonic"))
    assert len(asked) == AGAIN
    assert made.melody.notes[-1].pitch % 12 == 0


def test_what_stands_before_the_last_two_bars_stays(counted, monkeypatch):
    """While only the end is composed again; with a form, whose end may be a copy, the whole is."""
    takes = []
    monkeypatch.setattr(Closing, "takes", lambda *values: takes.append(values) or len(takes) == 3)
    (first,) = generate(counted, Options(bars=6, seed=3, end="free"))
    (again,) = generate(counted, Options(bars=6, seed=3))
    before, after = ([n for n in m.melody.notes if n.onset < 4 * 96 - 96] for m in (first, again))
    assert before == after
    assert first.melody != again.melody
    assert (again.melody.bars, len(again.bits)) == (6, len(again.melody.notes))
    assert [len(values[2]) for values in takes][-1] == len(again.melody.notes)
    takes.clear()
    (formed,) = generate(counted, Options(bars=6, seed=3, form="AB"))
    assert [values[-1] for values in takes] == [0, ENDINGS, 2 * ENDINGS]
    assert formed.melody.bars == 6
