"""What is leant towards: pitches that are required and have not come yet."""

import numpy as np

from melodyrnn.constraints.logit_rules import DecodingContext
from melodyrnn.controls.clock import Frame
from melodyrnn.controls.gather import preferences_of, rules_of
from melodyrnn.controls.options import Options
from melodyrnn.controls.pitch.require import OWED
from melodyrnn.controls.setting import Setting
from melodyrnn.events.vocabulary import PITCHES
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre

FRAME = Frame(setting=Setting(), melody=Melody((), (Metre(),), Key(0)), key=Key(0), anchor=60, end=96, last_bar=0)


def row(pitch):
    """The row of a MIDI number under the anchor of FRAME."""
    return pitch - 60 - PITCHES[0]


def leanings(options):
    """Rules that lean."""
    return preferences_of(*rules_of(options, FRAME)).pitch


def leant(require, heard, primed=0):
    """What is added to every pitch after notes of these MIDI numbers."""
    pitches = np.array([[row(pitch) for pitch in heard]], np.int64).reshape(1, -1)
    context = DecodingContext(
        len(heard), primed, np.zeros(1, np.int64), np.zeros(1, np.int64), None, (pitches, pitches, pitches)
    )
    (rule,) = leanings(Options(require=require))
    return rule(np.zeros((1, len(PITCHES))), context)[0]


def test_what_is_required_is_leant_towards_until_it_comes():
    """In every octave that is meant; notes of a prime do not count; afterwards nothing is added."""
    before = leant("Bb F#4", [60, 62])
    assert [before[row(p)] for p in (58, 66, 70, 78, 60)] == [OWED, OWED, OWED, 0, 0]
    after = leant("Bb F#4", [60, 70])
    assert [after[row(p)] for p in (58, 66, 70)] == [0, OWED, 0]
    assert leant("Bb", [70, 60], primed=1)[row(70)] == OWED
    assert not leant("Bb F#4", [66, 70]).any()


def test_a_pitch_that_answers_two_is_leant_towards_twice():
    """So that every melody that is finished has had the same sum."""
    assert [leant("C C5", [62])[row(p)] for p in (72, 60)] == [2 * OWED, OWED]
    assert [leant("C C5", [60])[row(p)] for p in (72, 60)] == [OWED, 0]


def test_nothing_required_is_nothing_leant():
    """No rule at all."""
    assert leanings(Options()) == ()
