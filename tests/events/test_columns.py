"""What the network reads: places, match lengths, and that no position knows what comes after it."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from melodyrnn.events.columns import Withheld, answers_hidden, collate, columns, match_lengths
from melodyrnn.events.statistics import count_registers, register_bits
from melodyrnn.events.tokenizer import encode
from melodyrnn.events.viewpoints import AT_DURATION, AT_PITCH, AT_REST, HEARD, MATCHES, PLACES_APART
from melodyrnn.events.vocabulary import END, METRES, OTHER_METRE
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note


def tune(rows, metre=None, key=None):
    """A melody of (rest, duration, pitch) triples as columns."""
    tick, notes = 0, []
    for rest, duration, pitch in rows:
        notes.append(Note(tick + rest, duration, pitch))
        tick += rest + duration
    return columns(encode(Melody(tuple(notes), (metre or Metre(),), key or Key(0))))


events = st.tuples(st.sampled_from([0, 0, 12, 24]), st.sampled_from([6, 12, 24, 36]), st.integers(55, 80))
steps = st.lists(events, min_size=2, max_size=24)


def test_an_upbeat_in_three_stands_before_the_second_bar_line():
    """A quarter upbeat in 3/4 has onset 48; the next note opens bar 1 (the second)."""
    melody = tune([(48, 24, 67), (0, 24, 72), (0, 48, 74)], Metre(3, 4))
    assert melody.place.tolist() == [48, 0, 24]
    assert melody.bar.tolist() == [0, 1, 1]
    assert melody.bars == 2


def test_places_follow_a_change_of_metre():
    """After two bars of 4/4 a bar of 6/8 begins; bars are counted on."""
    notes = tuple(Note(24 * i, 24, 60 + i % 5) for i in range(11))
    melody = Melody(notes, (Metre(4, 4), Metre(6, 8, 192)), Key(0))
    told = columns(encode(melody))
    assert told.bar.tolist() == [0] * 4 + [1] * 4 + [2] * 3
    assert told.place.tolist() == [0, 24, 48, 72] * 2 + [0, 24, 48]
    assert told.bar_ticks.tolist() == [96] * 8 + [72] * 3
    assert told.metre.tolist() == [METRES.index((4, 4))] * 8 + [METRES.index((6, 8))] * 3


def test_a_metre_without_a_name_keeps_its_bar_length():
    """13/8 is heard as OTHER_METRE, its bars are 156 ticks all the same."""
    melody = tune([(0, 72, 60), (0, 84, 62), (0, 24, 64)], Metre(13, 8))
    assert melody.metre.tolist() == [OTHER_METRE] * 3
    assert melody.bar.tolist() == [0, 0, 1]


@given(st.lists(st.integers(-1, 3), min_size=1, max_size=14))
def test_match_lengths_count_equal_notes_backwards(values):
    """The vectorised count equals the definition, written out."""
    told = match_lengths(np.array([values]))[0]
    for i in range(len(values) + 1):
        for c in range(len(values) + 1):
            length = 0
            while c < i and length < c and values[i - 1 - length] == values[c - 1 - length] >= 0:
                length += 1
            assert told[i, c] == length


@given(steps, steps, st.integers(0, 23))
@settings(max_examples=60)
def test_no_position_knows_what_comes_after(rows, other, where):
    """Replace everything from note k on: what positions up to k hear, and how they compare, stays the same.

    The duration and pitch heads are told this note's rest (and duration), so theirs is compared one position less.
    """
    k = 1 + where % len(rows)
    ours, theirs = (collate([tune(r)], answers_hidden(1)) for r in (rows, rows[:k] + other))
    for name, known in (("heard", k + 1), ("at_rest", k + 1), ("at_duration", k), ("at_pitch", k)):
        assert np.array_equal(getattr(ours, name)[0, :known], getattr(theirs, name)[0, :known]), name
    for name, known in (("matches", k + 1), ("apart_rest", k + 1), ("apart_duration", k), ("apart_pitch", k)):
        pairs = slice(known), slice(known)
        assert np.array_equal(getattr(ours, name)[0][pairs], getattr(theirs, name)[0][pairs]), name


def test_the_last_position_says_end_in_the_rest_alone():
    """After the last note only END is predicted; padding predicts nothing."""
    batch = collate([tune([(0, 24, 60)] * 3), tune([(0, 24, 60)] * 5)], answers_hidden(2))
    assert batch.rest[0].tolist()[3] == END
    assert batch.notes.sum(1).tolist() == [3, 5]
    assert (batch.rests & ~batch.notes).sum(1).tolist() == [1, 1]


@given(steps)
@settings(max_examples=40)
def test_every_row_stands_in_its_table(rows):
    """No view, match or distance leaves its table."""
    shown = np.zeros(1, dtype=bool)
    batch = collate([tune(rows, Metre(7, 8))], Withheld(*[shown] * len(Withheld._fields)))
    for name, sizes in (("heard", HEARD), ("at_rest", AT_REST), ("at_duration", AT_DURATION), ("at_pitch", AT_PITCH)):
        views = getattr(batch, name)
        assert (views >= 0).all()
        assert (views < np.array(list(sizes.values()))).all(), name
    assert batch.matches.max() < MATCHES
    assert max(batch.apart_rest.max(), batch.apart_duration.max(), batch.apart_pitch.max()) < PLACES_APART


def test_the_register_is_hidden_until_the_first_note_is_known():
    """The anchor follows from the first note: its row is 0 where that note is predicted."""
    where = list(HEARD).index("register")
    shown = np.zeros(1, dtype=bool)
    batch = collate([tune([(0, 24, 60)] * 3)], Withheld(*[shown] * len(Withheld._fields)))
    assert batch.heard[0, 0, where] == 0
    assert (batch.heard[0, 1:4, where] == 61).all()


def test_octaves_of_a_first_note_are_a_distribution():
    """The charge for the octave sums to one over all octaves, and seen octaves cost less."""
    registers = count_registers([tune([(0, 24, 67), (0, 24, 60)])] * 9)
    assert registers == {67: 9}
    for pitch in (0, 7, 60, 67, 127):
        shares = [2 ** -register_bits(registers, p) for p in range(pitch % 12, 132, 12)]
        assert abs(sum(shares) - 1) < 1e-9
    assert register_bits(registers, 67) < register_bits(registers, 79)
