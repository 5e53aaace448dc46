"""Bars filled anew and variations: what stays is what it was, what follows weighs."""

from dataclasses import replace
from itertools import pairwise
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from melodyrnn.compose import edit
from melodyrnn.compose.edit import LOCKS, infill, vary
from melodyrnn.compose.generate import generate
from melodyrnn.compose.prompt import conditions_of, prefill
from melodyrnn.compose.sampling.acceptance import is_static
from melodyrnn.controls.options import Options
from melodyrnn.errors import OptionError, Unsatisfiable
from melodyrnn.events.tokenizer import encode
from melodyrnn.inference.decoder import Decoder, of_metres
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

TUNE = Melody(
    tuple(
        Note(24 * i + (12 if i % 5 == 4 else 0), 24 - (12 if i % 5 in {3, 4} else 0), p, 70 + i)
        for i, p in enumerate((60, 62, 64, 65, 67, 67, 65, 64, 69, 67, 65, 64, 62, 64, 65, 62, 60, 59, 62, 60))
    ),
    (Metre(),), Key(0), 90.0, "tune",
)  # fmt: skip


HELD = Melody((Note(0, 96, 60), Note(96, 240, 64), Note(336, 48, 65)), key=Key(0))  # the second sounds through bar 3

RESTS_BETWEEN = [0, 0, 0, 0, 12, 49, 7, 1, 97, 500, 1000]  # many of them, and of the lengths, off the tables
LENGTHS = [24, 12, 48, 24, 12, 53, 97, 5, 1, 47, 23, 401]
FRAMES = [
    (Metre(),), (Metre(3, 4),), (Metre(6, 8), Metre(2, 4, 144)), (Metre(7, 8), Metre(4, 4, 84), Metre(3, 4, 276)),
]  # fmt: skip
WISHES = [
    {}, {}, {}, {"max_leap": 5}, {"scale": "C D E G A"}, {"range": "C4-C5"}, {"density": "medium"},
    {"durations": "1/4 1/8"}, {"require": "G", "max_leap": 4}, {"end": "tonic"},
]  # fmt: skip


@st.composite
def melodies(draw):
    """Melodies of any rhythm, on and off the tables, with upbeats, rests, long silences and metre changes."""
    tick, notes = draw(st.sampled_from([0, 0, 72, 24, 7])), []
    for _ in range(draw(st.integers(1, 20))):
        tick += draw(st.sampled_from(RESTS_BETWEEN))
        length = draw(st.sampled_from(LENGTHS))
        notes.append(Note(tick, length, draw(st.integers(50, 80)), draw(st.integers(1, 127))))
        tick += length
    length = draw(st.sampled_from([0, tick + 100, tick + 900]))
    key = draw(st.sampled_from([None, Key(7), Key(2, "dorian")]))
    return Melody(tuple(notes), draw(st.sampled_from(FRAMES)), key, 90.0, "x", length)


@st.composite
def bars_of(draw, melody):
    """Some bars of a melody: one, the first, the last, several, all."""
    count = melody.bars
    some = st.sets(st.integers(0, count - 1), min_size=1, max_size=min(4, count))
    return draw(st.one_of(st.just({0}), st.just({count - 1}), some, st.just(set(range(count)))))


def unless_refused(edit_it):
    """What an edit gives; None if it was refused before the first note. Nothing else may go wrong."""
    with patch.object(edit, "draw_one", wraps=edit.draw_one) as drawing:
        try:
            return edit_it()
        except Unsatisfiable:
            if drawing.called:
                raise
            return None


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # hypothesis prints the network's weights
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), melodies(), st.sampled_from(WISHES), st.integers(0, 99))
def test_what_stands_around_a_gap_stays(model, data, melody, wishes, seed):
    """Notes that begin outside the bars come back as they were; new ones begin inside and touch no other."""
    bars = data.draw(bars_of(melody))
    made = unless_refused(lambda: infill(model, melody, bars, Options(seed=seed, effort=2, **wishes)))
    if made is None:
        return
    made = made.melody
    outside = [n for n in melody.notes if melody.place(n.onset)[0] not in bars]
    assert [n for n in made.notes if melody.place(n.onset)[0] not in bars] == outside
    assert all(a.end <= b.onset for a, b in pairwise(made.notes))
    assert all(n.duration > 0 for n in made.notes)
    assert (made.key, made.metres, made.tempo, made.title, made.bars) == (
        melody.key, melody.metres, 90.0, "x", melody.bars,
    )  # fmt: skip
    new = set(made.notes) - set(melody.notes)
    assert "range" not in wishes or all(60 <= n.pitch <= 72 for n in new)
    assert "scale" not in wishes or {n.pitch % 12 for n in new} <= {0, 2, 4, 7, 9}
    assert "durations" not in wishes or {n.duration for n in new} <= {12, 24}
    for a, b in pairwise(made.notes):
        assert "max_leap" not in wishes or not {a, b} & new or abs(a.pitch - b.pitch) <= wishes["max_leap"]


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.data(), melodies(), st.sampled_from(WISHES), st.sampled_from([(), *LOCKS]), st.sampled_from([0.3, 1]),
    st.integers(0, 99),
)  # fmt: skip
def test_locks_hold_for_any_melody(model, data, melody, wishes, lock, strength, seed):
    """What is locked is identical, on the tables or off; what cannot be is refused before the first note."""
    bars, options = data.draw(bars_of(melody)), Options(seed=seed, effort=2, **wishes)
    bars = bars if len(bars) < melody.bars else set()  # with every bar kept nothing is left to vary
    keep = {lock} if lock else ()
    made = unless_refused(lambda: vary(model, melody, options, keep=keep, bars=bars, strength=strength))
    if made is None:
        return
    for m in (made.melody, melody):
        assert [n for n in m.notes if m.place(n.onset)[0] in bars] == [
            n for n in melody.notes if melody.place(n.onset)[0] in bars
        ]
        assert all(a.end <= b.onset for a, b in pairwise(m.notes))
    both = made.melody.notes, melody.notes
    if lock in {"rhythm", "contour"}:
        assert [(n.onset, n.duration) for n in both[0]] == [(n.onset, n.duration) for n in both[1]]
    if lock == "contour":
        assert len({tuple(np.sign(b.pitch - a.pitch) for a, b in pairwise(notes)) for notes in both}) == 1
    if lock == "pitches":
        assert [n.pitch for n in both[0]] == [n.pitch for n in both[1]]


@pytest.mark.parametrize("bars", [[10], [3, 10], [3, 7], [12], range(13)])
def test_silences_longer_than_any_rest_are_no_hindrance(model, bars):
    """Bars far from any note that stays are filled, and everything else stands where it stood."""
    notes = (Note(0, 24, 60, 70), Note(96 * 5, 24, 62, 71), Note(96 * 12 + 5, 24, 64, 72))
    melody = Melody(notes, (Metre(),), Key(0), length=96 * 13)
    made = infill(model, melody, bars, Options(seed=2, effort=4)).melody
    assert [n for n in made.notes if n.onset // 96 not in bars] == [n for n in notes if n.onset // 96 not in bars]
    assert any(n.onset // 96 in bars for n in set(made.notes) - set(notes))
    assert made.bars == 13


@pytest.mark.parametrize(
    ("wishes", "bars", "said"),
    [
        (
            {"require": "C2", "max_leap": 4, "durations": "1/4"},
            [1],
            "in bar 2, .* any one of: require C2, max-le",
        ),
        ({"forbid": "C", "end": "tonic"}, [0, 3, 4], "in bars 4 to 5, .* without any one of: forbid C, end tonic"),
    ],
)
def test_what_fits_no_gap_is_named_with_its_bars(model, wishes, bars, said):
    """All gaps are looked at before one is filled; the reason names bars and what excludes what."""
    with patch.object(edit, "draw_one") as drawing, pytest.raises(Unsatisfiable, match=said):
        infill(model, TUNE, bars, Options(**wishes))
    assert not drawing.called


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
    decoder = Decoder(
        model.network, conditions_of(encoded.key, 0, encoded.anchor, melody.bars), of_metres(melody.metres, 1)
    )
    bits = prefill(decoder, encoded, len(encoded))
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
        (lambda m: vary(m, TUNE, Options(), keep={"tempo"}), "keep: must be one of rhythm"),
        (lambda m: vary(m, TUNE, Options(), keep={"rhythm", "pitches"}), "keep: with the pitches"),
        (lambda m: vary(m, TUNE, Options(), strength=2), "strength: 2 is not"),
        (lambda m: vary(m, TUNE, Options(), bars=range(5)), "keep: with every bar kept nothing is left to vary"),
        (lambda m: infill(m, HELD, [0, 2], Options()), "bars: bar 3 lies under a note from before"),
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


@pytest.mark.parametrize("wish", ["C5-C6", "C2-C3"])
def test_what_is_composed_anew_may_lie_in_another_octave(model, wish):
    """The old first note ties nothing when it goes: new bars and pitches may begin an octave or two away."""
    low, high = {"C5-C6": (72, 84), "C2-C3": (36, 48)}[wish]
    options = Options(seed=4, bars=None, range=wish)
    every, composed = range(TUNE.bars), 0
    for made, bars in (
        (infill(model, TUNE, [0], options), [0]),
        (infill(model, TUNE, every, options), every),
        (vary(model, TUNE, options, strength=1.0), every),
        (vary(model, TUNE, options, keep=["rhythm"], strength=1.0), every),
    ):
        melody = made.melody
        inside, outside = (
            [n for n in melody.notes if (melody.place(n.onset)[0] in bars) is new] for new in (True, False)
        )
        assert all(low <= n.pitch <= high for n in inside)
        assert outside == [n for n in TUNE.notes if TUNE.place(n.onset)[0] not in bars]
        composed += len(inside)
    assert composed > len(TUNE.notes)
    with pytest.raises(Unsatisfiable, match="no pitches fit the rhythm together with all that is asked"):
        vary(model, TUNE, options.replace(max_leap=1, scale="C"), keep=["contour"], strength=1.0)


def test_what_is_varied_moves_where_it_can(model):
    """Equal notes, all pitches free: none of the variations sits, unless the rules leave one pitch, or the tune sat."""
    even = Melody(tuple(Note(24 * i, 24, 60 + i % 5, 80) for i in range(32)), (Metre(),), Key(0))
    free = Options(bars=None, max_leap=5)
    assert not any(is_static(vary(model, even, free.seeded(k), keep=["rhythm"], strength=1.0).melody) for k in range(8))
    one = vary(model, even, Options(bars=None, range="E4-E4"), keep=["rhythm"], strength=1.0).melody
    assert {n.pitch for n in one.notes} == {64}
    drone = replace(even, notes=tuple(replace(n, pitch=60) for n in even.notes))
    assert len(infill(model, drone, [2], Options(bars=None, range="C4-C4")).melody.notes) > 8


def test_a_gap_takes_in_the_bar_from_which_a_long_note_sounds(model):
    """Bars 2 and 3 together are free: the long note belongs to them."""
    made = infill(model, HELD, [1, 2], Options())
    assert made.melody.notes[0] == HELD.notes[0]
    assert made.melody.notes[1:] != HELD.notes[1:]


def test_chords_in_a_gap_begin_after_the_upbeat(model):
    """The first chord stands in the first full bar, as in a melody that is composed whole."""
    for seed in range(4):
        tune = next(generate(model, Options(bars=6, upbeat=24, seed=seed))).melody
        options = Options(bars=None, chords="C | F# | D | Bb", chord_tones="rule", seed=seed)
        made = infill(model, tune, range(2, 5), options).melody
        for bar, tones in ((2, {6, 10, 1}), (3, {2, 6, 9}), (4, {10, 2, 5})):
            at = made.bar_onset(bar)
            assert {n.pitch % 12 for n in made.notes if n.onset in (at, at + 48)} <= tones


@pytest.mark.parametrize("seed", range(6))
def test_bars_on_both_sides_of_a_long_silence(model, seed):
    """Silence that the tables cannot say moves no note into another bar."""
    notes = tuple(Note(96 * bar + 24 * k, 24, 60 + 2 * k) for bar in (0, 7, 8) for k in range(4))
    made = infill(model, Melody(notes, key=Key(0)), [0, 7], Options(seed=seed)).melody
    assert {made.place(n.onset)[0] for n in made.notes} <= {0, 7, 8}


def test_kept_pitches_that_leap_too_far_are_refused(model):
    """The order of kept pitches is part of the look-ahead."""
    tune = Melody(tuple(Note(24 * k, 24, pitch) for k, pitch in enumerate((60, 72) * 4)), key=Key(0))
    with pytest.raises(Unsatisfiable, match="max-leap"):
        vary(model, tune, Options(max_leap=5), keep=("pitches",), strength=1)
