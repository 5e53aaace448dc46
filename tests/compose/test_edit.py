"""Bars filled anew and variations: what stays is what it was, what follows weighs."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from melodyrnn.compose.beginning import listen, told_of
from melodyrnn.compose.edit import infill, vary
from melodyrnn.compose.generate import generate
from melodyrnn.compose.options import Options
from melodyrnn.compose.stream import Stream
from melodyrnn.compose.timeline import of_metres
from melodyrnn.errors import OptionError, Unsatisfiable
from melodyrnn.events.tokenizer import encode
from melodyrnn.music.melody import Key, Melody, Metre, Note

TUNE = Melody(
    tuple(
        Note(24 * i + (12 if i % 5 == 4 else 0), 24 - (12 if i % 5 in {3, 4} else 0), p, 70 + i)
        for i, p in enumerate((60, 62, 64, 65, 67, 67, 65, 64, 69, 67, 65, 64, 62, 64, 65, 62, 60, 59, 62, 60))
    ),
    (Metre(),), Key(0), 90.0, "tune",
)  # fmt: skip


@st.composite
def melodies(draw):
    """Melodies of any rhythm, on and off the tables, with upbeats, rests and metre changes."""
    tick, notes = draw(st.sampled_from([0, 0, 72, 24])), []
    for _ in range(draw(st.integers(1, 20))):
        tick += draw(st.sampled_from([0, 0, 0, 12, 49, 7]))
        length = draw(st.sampled_from([24, 12, 48, 24, 12, 53, 97, 5]))
        notes.append(Note(tick, length, draw(st.integers(50, 80)), draw(st.integers(1, 127))))
        tick += length
    metres = draw(st.sampled_from([(Metre(),), (Metre(3, 4),), (Metre(6, 8), Metre(2, 4, 144))]))
    length = draw(st.sampled_from([0, tick + 100]))
    return Melody(tuple(notes), metres, draw(st.sampled_from([None, Key(7), Key(2, "dorian")])), 90.0, "x", length)


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # hypothesis prints the network's weights
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(melodies(), st.sets(st.integers(0, 99), min_size=1, max_size=3), st.integers(0, 99))
def test_what_stands_around_a_gap_stays(model, melody, picked, seed):
    """Notes that begin outside the bars come back as they were; new ones begin inside and touch no other."""
    bars = {bar % melody.bars for bar in picked}
    off = encode(melody, melody.key or Key(0)).snapped  # then the clock that the network hears is not the file's
    try:
        made = infill(model, melody, bars, Options(seed=seed, effort=2)).melody
    except Unsatisfiable:  # off the tables a gap may have a length that no rests and durations fill
        assert off
        return
    outside = [n for n in melody.notes if melody.place(n.onset)[0] not in bars]
    assert [n for n in made.notes if n in set(outside)] == outside
    new = [n for n in made.notes if n not in set(outside)]
    assert off or all(made.place(n.onset)[0] in bars for n in new)
    assert all(a.end <= b.onset for a, b in pairwise(made.notes))
    assert all(n.duration > 0 for n in made.notes)
    assert (made.key, made.metres, made.tempo, made.title, made.bars) == (
        melody.key, melody.metres, 90.0, "x", melody.bars,
    )  # fmt: skip


def test_constraints_hold_inside_a_gap(model):
    """Range, scale and leaps are those of the new notes, the step to what follows included."""
    options = Options(effort=4, scale="C D E F G A B", range="C4-C5", max_leap=6)
    made = infill(model, TUNE, [1, 2], options).melody
    new = [n for n in made.notes if 96 <= n.onset < 288]
    assert {n.pitch % 12 for n in new} <= {0, 2, 4, 5, 7, 9, 11}
    assert all(60 <= n.pitch <= 72 for n in new)
    inside = [n.pitch for n in made.notes if 72 <= n.onset <= 288]
    assert max(abs(a - b) for a, b in pairwise(inside)) <= 6


def test_what_follows_is_less_surprising_than_after_a_plain_continuation(model):
    """The notes after a gap cost fewer bits after many particles than after one."""

    def heard(effort):
        return np.mean([
            right_bits(model, infill(model, TUNE, [2], Options(seed=k, effort=effort)).melody) for k in range(6)
        ])  # fmt: skip

    assert heard(24) < heard(1) - 0.5


def right_bits(model, melody):
    """Bits of the notes from bar 4 on."""
    encoded = encode(melody)
    stream = Stream(model.network, told_of(encoded.key, 0, encoded.anchor, melody.bars), of_metres(melody.metres, 1))
    bits = listen(stream, encoded, len(encoded))
    return bits[[n.onset >= 288 for n in melody.notes]].sum()


@pytest.mark.parametrize("strength", [0, 0.2, 0.5, 1])
def test_a_kept_rhythm_is_kept(model, strength):
    """Onsets, durations and velocities stay note for note, and with them the kept bars."""
    made = vary(model, TUNE, Options(seed=3, effort=2), keep={"rhythm"}, bars=[1], strength=strength).melody
    assert [(n.onset, n.duration, n.velocity) for n in made.notes] == [
        (n.onset, n.duration, n.velocity) for n in TUNE.notes
    ]
    assert [n for n in made.notes if 96 <= n.onset < 192] == [n for n in TUNE.notes if 96 <= n.onset < 192]
    assert (made == TUNE) == (strength == 0)


@pytest.mark.parametrize("seed", range(4))
def test_a_kept_contour_is_kept(model, seed):
    """Every step goes the way it went."""
    made = vary(model, TUNE, Options(seed=seed, effort=2), keep={"contour"}, strength=0.6).melody
    signs = [[np.sign(b.pitch - a.pitch) for a, b in pairwise(m.notes)] for m in (made, TUNE)]
    assert signs[0] == signs[1]
    assert made != TUNE


@pytest.mark.parametrize("seed", range(4))
def test_kept_pitches_are_kept(model, seed):
    """The same pitches in the same order, in another rhythm; bars that are kept stay."""
    made = vary(model, TUNE, Options(seed=seed, effort=2), keep={"pitches"}, bars=[0], strength=1).melody
    assert [n.pitch for n in made.notes] == [n.pitch for n in TUNE.notes]
    assert made.notes[:3] == TUNE.notes[:3]
    assert made != TUNE
    assert made.bars == TUNE.bars


@pytest.mark.parametrize("keep", [{"rhythm"}, {"pitches"}, {"contour"}, set()])
def test_distance_rises_with_strength(model, keep):
    """Nothing changes at 0, and more at 1 than at a third, over a few seeds."""

    def changed(strength):
        found = [vary(model, TUNE, Options(seed=k, effort=2), keep=keep, strength=strength).melody for k in range(3)]
        return sum(len(set(TUNE.notes) - set(m.notes)) for m in found)

    few, many = changed(0.34), changed(1)
    assert 0 == changed(0) < few < many


def test_the_same_seed_gives_the_same_variation(model):
    """Randomness is an argument here too."""
    made = [vary(model, TUNE, Options(seed=5, effort=2)).melody for _ in range(2)]
    assert made[0] == made[1] != vary(model, TUNE, Options(seed=6, effort=2)).melody


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda m: infill(m, TUNE, [9], Options()), "bars: the melody has bars 1 to 5"),
        (lambda m: infill(m, TUNE, [], Options()), "bars: the melody has"),
        (lambda m: infill(m, replace(TUNE, notes=()), [0], Options()), "bars: the melody has bars 1 to 0"),
        (lambda m: vary(m, TUNE, Options(), keep={"tempo"}), "keep: 'tempo' is none of rhythm"),
        (lambda m: vary(m, TUNE, Options(), keep={"rhythm", "pitches"}), "keep: with the pitches"),
        (lambda m: vary(m, TUNE, Options(), strength=2), "strength: 2 is not"),
    ],
)
def test_senseless_edits_are_refused(model, call, said):
    """What cannot be meant is named."""
    with pytest.raises(OptionError) as refused:
        call(model)
    assert said in str(refused.value)


def test_a_gap_in_a_composed_melody_is_filled(model):
    """What generate writes, infill can change."""
    (made,) = generate(model, Options(bars=6, seed=2, durations="1/4 1/8"))
    filled = infill(model, made.melody, [2, 3], Options(effort=2))
    assert filled.melody != made.melody
    assert filled.bits.shape == (len(filled.melody.notes), 3)
