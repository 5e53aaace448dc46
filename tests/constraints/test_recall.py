"""A motif is leant to, a line is paced, notes last to the next onset."""

import numpy as np

from melodyrnn.constraints.logit_rules import DecodingContext
from melodyrnn.constraints.recall import Recalled, changed_rows, held, paced, places, recalling
from melodyrnn.events.vocabulary import DURATION_TICKS, DURATIONS, PITCHES, REST_TICKS, RESTS

C_MAJOR = (0, 2, 4, 5, 7, 9, 11)
SOUNDING = np.asarray(PITCHES) + 60
MOTIF = Recalled.of(((24, 60), (12, None), (12, 64), (48, 62)), C_MAJOR)


def context(tick, *notes):
    """One melody at a tick after notes (rest, duration, pitch)."""
    rests, durations, pitches = (np.array([column]) for column in zip(*notes, strict=True))
    heard = (np.searchsorted(RESTS, rests), np.searchsorted(DURATIONS, durations), pitches - 60 - PITCHES[0])
    return DecodingContext(len(notes), 0, np.array([tick]), heard[2][:, -1], None, heard)


def test_a_motif_is_leant_to_on_other_steps():
    """Its silences, its lengths and its steps in the scale; it begins on another pitch; elsewhere nothing is said."""
    rest, duration, pitch = recalling(MOTIF, [96], SOUNDING, 2.0)
    blank = [np.zeros((1, n)) for n in (len(RESTS) + 1, len(DURATIONS), len(PITCHES))]
    begun = context(120, (0, 96, 60), (0, 24, 65))
    assert REST_TICKS[rest(blank[0], begun)[0, :-1] > 0].tolist() == [12]
    second = context(132, (0, 96, 60), (0, 24, 65))
    assert DURATION_TICKS[duration(blank[1], second)[0] > 0].tolist() == [12]
    assert SOUNDING[pitch(blank[2], second)[0] > 0].tolist() == [69]
    assert SOUNDING[pitch(blank[2], context(96, (0, 96, 67)))[0] < 0].tolist() == [60]
    before = context(72, (0, 72, 67))
    assert DURATION_TICKS[duration(blank[1], before)[0] < 0].min() == 26
    assert not rest(blank[0], before).any()
    assert not pitch(blank[2], context(132, (0, 108, 60), (0, 24, 65))).any()


def test_a_line_lasts_to_the_end():
    """Of three notes in three quarters each is about a quarter; the last is free."""
    rule, logs = paced(4, 96), np.zeros((1, len(DURATIONS)))
    free = DURATION_TICKS[rule(logs, context(24, (0, 24, 60)))[0] == 0]
    assert (free.min(), free.max()) == (19, 30)
    last = context(72, *[(0, 24, 60)] * 3)
    assert rule(logs, last) is logs


def test_a_note_lasts_to_the_next():
    """From where it begins; beyond the last of them nothing is said."""
    rule, logs = held([0, 36, 72], 3.0), np.zeros((1, len(DURATIONS)))
    assert DURATION_TICKS[rule(logs, context(36, (0, 24, 60)))[0] > 0].tolist() == [36]
    assert not rule(logs, context(72, (0, 24, 60))).any()


def test_steps_are_those_of_the_scale():
    """Up, down and mirrored at the third; between two steps it stays between two, where something lies there."""

    def changed(change, *midi):
        rows = changed_rows(change, SOUNDING, C_MAJOR, 60)
        return [int(SOUNDING[rows[pitch - int(SOUNDING[0])]]) for pitch in midi]

    assert changed("+2", 60, 61, 62, 63, 71) == [64, 64, 65, 66, 74]
    assert changed("-1", 60, 61, 66) == [59, 59, 64]
    assert changed("-inv", 60, 64, 67, 72, 66) == [67, 64, 60, 55, 61]
    assert changed_rows("-retro", SOUNDING, C_MAJOR, 60) is None
    assert changed_rows("+2", SOUNDING, C_MAJOR, 60)[-5:] == (71, 72, -1, -1, -1)
    assert places(np.array([59, 60]), C_MAJOR).tolist() == [34, 35]
