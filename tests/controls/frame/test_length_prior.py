"""A melody of free length gets a length that the training melodies had, and closes as theirs do."""

from collections import Counter
from dataclasses import replace

import pytest

from melodyrnn.compose.generate import generate
from melodyrnn.controls.frame.length_prior import with_length_prior
from melodyrnn.controls.options import Options
from melodyrnn.errors import OptionError
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

FORMS = {"1 4/4 0 4": 30, "3 4/4 0 6": 10, "3 4/4 24 3": 20, "3 6/8 12 2": 5, "3 4/4 0 99": 50}
ENDS = {"1 major 0": 30, "3 major 7": 10, "3 minor 1": 5, "3 dorian 10": 1}
PRIME = Melody((Note(0, 24, 60), Note(24, 24, 64), Note(48, 48, 67)), (Metre(),), Key(0))


@pytest.fixture
def counted(model):
    """The small model with counts on its card."""
    card = replace(model.card, forms=FORMS, ends=ENDS)
    return replace(model, checkpoint=replace(model.checkpoint, card=card))


def drawn(counted, prime=None, **asked):
    """What 300 seeds draw."""
    options = [Options(**{"bars": None, "upbeat": None, "seed": seed, **asked}) for seed in range(300)]
    return [with_length_prior(counted.card, one, prime) for one in options]


def test_lengths_and_upbeats_come_as_often_as_counted(counted):
    """Half the tunes have four bars, a third an upbeat and three. None has 99 bars."""
    made = drawn(counted)
    forms = Counter((o.upbeat, o.bars) for o in made)
    assert forms.keys() == {(0, 4), (0, 6), (24, 3)}
    assert 120 < forms[0, 4] < 180
    assert 70 < forms[24, 3] < 130


def test_what_is_asked_for_stays(counted):
    """Upbeat, metre, style, effort; where bars or something that takes time are asked for, nothing is drawn at all."""
    assert {(o.upbeat, o.bars) for o in drawn(counted, upbeat=0)} == {(0, 4), (0, 6)}
    assert {(o.upbeat, o.bars) for o in drawn(counted, upbeat=36)} == {(36, 3)}
    assert {(o.upbeat, o.bars) for o in drawn(counted, metre=Metre(6, 8))} == {(12, 2)}
    assert {(o.upbeat, o.bars) for o in drawn(counted, style="march")} == {(0, 6), (24, 3)}
    assert {o.effort for o in drawn(counted)} == {None}
    assert {o.effort for o in drawn(counted, effort=4)} == {4}
    assert {o.temperature for o in drawn(counted)} == {0.925}
    assert {o.temperature for o in drawn(counted, temperature=2.0)} == {1.85}
    assert {(o.temperature, o.surprise) for o in drawn(counted, surprise=2.0)} == {(1.0, 2.0)}
    for asked in ({"density": "2-6"}, {"bars": 8}, {"metre": Metre(7, 8)}):
        assert all(o.seeded(0) == Options(**{"bars": None, "upbeat": None, **asked}) for o in drawn(counted, **asked))


def test_what_takes_no_time_leaves_the_length_to_be_drawn(counted):
    """A range, a leap, a scale or chords: bars and upbeat as training tunes had them, the last note by the rules."""
    for asked in ({"max_leap": 5}, {"chords": "Am"}, {"range": "C4-A5"}, {"scale": "C D E"}, {"end": "open"}):
        found = drawn(counted, **asked)
        assert {(o.upbeat, o.bars) for o in found} == {(0, 4), (0, 6), (24, 3)}
        assert {(o.end, o.effort) for o in found} == {(asked.get("end"), None)}


def test_a_prime_is_gone_on_from_up_to_a_length_that_was_seen(counted):
    """One bar is there: of four bars three are to come, of six five; after an upbeat and a bar, of three two."""
    assert {o.bars for o in drawn(counted, prime=PRIME)} == {3, 5}
    upbeat = replace(PRIME, notes=(Note(72, 24, 60), Note(96, 96, 64)))
    assert {o.bars for o in drawn(counted, prime=upbeat)} == {2}
    long = replace(PRIME, length=96 * 70)
    assert {o.bars for o in drawn(counted, prime=long)} == {None}


def test_melodies_are_as_drawn(counted):
    """Each melody has the bars of its own seed, alone or among others."""
    asked = Options(bars=None, upbeat=None, seed=5)
    made = list(generate(counted, asked, 8))
    assert len({m.melody.bars for m in made}) > 1
    for k, one in enumerate(made):
        form = with_length_prior(counted.card, asked.seeded(5 + k), None)
        assert one.melody.bars == form.bars + (form.upbeat > 0)
        assert one.melody.upbeat == form.upbeat
        assert [one.melody] == [alone.melody for alone in generate(counted, asked.seeded(5 + k))]


def test_what_circles_is_composed_again(counted, monkeypatch):
    """Another melody of the same seed and form; after some tries what there is."""
    asked = Options(bars=None, seed=3)
    (first,) = generate(counted, asked)
    tries = []
    monkeypatch.setattr(
        "melodyrnn.compose.generate.is_repetitive", lambda melody: tries.append(melody) or melody == first.melody
    )
    (second,) = generate(counted, asked)
    assert tries == [first.melody, second.melody]
    assert second.melody != first.melody
    assert (second.melody.bars, second.seed) == (first.melody.bars, first.seed)
    monkeypatch.setattr("melodyrnn.compose.generate.is_repetitive", lambda _: True)
    (last,) = generate(counted, asked)
    assert last.melody.bars == first.melody.bars


def test_what_circles_in_a_length_that_was_asked_for(model, monkeypatch):
    """Is composed again too, but where sections are to return, an effort is told, or it would be the same again."""
    asked, looked = Options(bars=4, seed=3), []
    (first,) = generate(model, asked)
    monkeypatch.setattr(
        "melodyrnn.compose.generate.is_repetitive", lambda melody: looked.append(melody) or melody == first.melody
    )
    (second,) = generate(model, asked)
    assert looked == [first.melody, second.melody]
    assert second.melody != first.melody
    monkeypatch.setattr("melodyrnn.compose.generate.is_repetitive", lambda _: pytest.fail("was not asked for"))
    for held in ({"form": "AB"}, {"effort": 1}, {"temperature": 0}, {"top_k": 1}):
        assert len(list(generate(model, asked.replace(**held), 3))) == 3
    assert len(list(generate(model, asked, 3, prime=PRIME))) == 3


def test_what_is_wrong_is_said_at_once(counted):
    """Before the first melody is asked for."""
    with pytest.raises(OptionError, match="knows no"):
        generate(counted, Options(bars=None, style="tango"), 2)


def test_a_card_without_counts_leaves_the_end_to_the_network(model):
    """As models made before this have none."""
    assert with_length_prior(model.card, Options(bars=None), None) == Options(bars=None)
