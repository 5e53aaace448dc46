"""No stretch without a breath is longer than it may be, and silence is leant to where phrases end."""

from itertools import pairwise

import numpy as np
import pytest

from melodyrnn.constraints.breath import EIGHTH, Breath, Breathing, resting
from melodyrnn.constraints.logit_rules import DecodingContext
from melodyrnn.constraints.replay import is_content
from melodyrnn.events.vocabulary import DURATIONS, PITCHES, REST_TICKS, RESTS, onsets_of

MIDDLE = PITCHES.index(0)
RESTING, SOUNDING = ([table.index(ticks) for ticks in (6, 8, 12, 24, 36)] for table in (RESTS, DURATIONS))


def rows_of(dice, notes):
    """Notes by chance, each second one after a silence."""
    rests = [0 if dice.random() < 0.5 else dice.choice(RESTING) for _ in range(notes)]
    return np.array([(rest, dice.choice(SOUNDING), MIDDLE) for rest in rests])


def units(rows, unit=EIGHTH):
    """Of each stretch, from the unit in which it begins to that in which it ends."""
    onsets = onsets_of(rows[:, 0], rows[:, 1])
    ends = onsets + np.array(DURATIONS)[rows[:, 1]]
    first = [0, *(k + 1 for k, (a, b) in enumerate(zip(ends, onsets[1:], strict=False)) if b - a >= EIGHTH), len(rows)]
    return [-(-int(ends[b - 1]) // unit) - int(onsets[a]) // unit for a, b in pairwise(first)]


@pytest.mark.parametrize("seed", range(3))
def test_it_counts_eighths(seed):
    """As by hand, over melodies by chance; so many are kept and so many are not."""
    dice, kept = np.random.default_rng(seed), []
    for _ in range(200):
        rows, most = rows_of(dice, 8), int(dice.integers(4, 14))
        kept.append(is_content(Breath(most), rows, 0, loop=False))
        assert kept[-1] == (max(units(rows)) <= most)
        assert is_content(Breath(most // 2, unit=24), rows, 0, loop=False) == (max(units(rows, 24)) <= most // 2)
    assert 20 < sum(kept) < 180


def test_at_a_seam_two_stretches_are_one():
    """Half the length is left to either side; before a joint there is a breath."""
    quarter = (0, DURATIONS.index(24), MIDDLE)
    three, rested = np.array([quarter] * 3), np.array([quarter] * 2 + [(RESTS.index(24), *quarter[1:])])
    assert is_content(Breath(6), three, 0, loop=False)
    assert not is_content(Breath(6, (48,)), np.array([quarter] * 4), 0, loop=False)
    assert is_content(Breath(8, (48,)), three, 0, loop=False)
    assert not is_content(Breath(8, (), (48,)), three, 0, loop=False)
    assert is_content(Breath(8, (), (72,)), rested, 0, loop=False)
    assert Breath(8, loop=True).ending(0).tolist() == [True] * 5 + [False] * 4


def context(tick, *, rest=None, notes=((0, 24), (0, 24))):
    """One melody at a tick after some notes."""
    rests, durations = zip(*notes, strict=True)
    heard = (
        np.array([[RESTS.index(r) for r in rests]]), np.array([[DURATIONS.index(d) for d in durations]]),
        np.full((1, len(notes)), MIDDLE),
    )  # fmt: skip
    chosen = None if rest is None else np.array([RESTS.index(rest)])
    return DecodingContext(len(notes), 0, np.array([tick]), np.array([MIDDLE]), None, heard, chosen)


WHERE = Breathing(np.array([192]), np.array([24]), 0.125, None)
"""A quarter of silence, owed at the end of the second bar."""


def test_silence_is_leant_to_where_a_phrase_ends():
    """As long as is owed; over by its end rather than much before; not within the phrase, nor once it has been."""
    rest, _ = resting(WHERE)
    logs = np.zeros((1, len(RESTS) + 1))
    found = rest(logs, context(168))[0]
    assert found[:-1].argmax() == RESTS.index(24)
    assert found[0] < -5
    assert found[-1] == 0
    assert not rest(logs, context(96)).any()
    after = context(168, notes=((0, 24), (24, 24)))
    assert (rest(logs, after)[0, : len(RESTS)][REST_TICKS >= EIGHTH] <= 0).all()
    assert rest(logs, after)[0, 0] == 0


def test_a_note_leaves_room_for_it():
    """One that sounds to the phrase's end is unlikely where there is silence to come, and free where there is none."""
    _, duration = resting(WHERE)
    logs = np.zeros((1, len(DURATIONS)))
    found = duration(logs, context(144, rest=0))[0]
    assert found[DURATIONS.index(24)] == 0
    assert found[DURATIONS.index(48)] < -5
    assert not duration(logs, context(144, rest=24)).any()
    assert not duration(logs, context(192, rest=0)).any()
