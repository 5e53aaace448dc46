"""Articulation: what is let go early is heard held, and what goes on from it stays on the beat."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from melodyrnn.compose.edit import infill, vary
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import load_model
from melodyrnn.compose.performing.articulation import quantized, sustained
from melodyrnn.controls.options import Options
from melodyrnn.events.vocabulary import DURATIONS
from melodyrnn.music.melody import Melody, Metre, Note

PITCHES = (60, 62, 64, 65, 67, 67, 65, 64, 69, 67, 65, 64, 62, 64, 62, 60)
RHYTHMS = {"quarters": (24,), "mixed": (24, 12, 12, 48), "dotted": (36, 12, 18, 6, 24), "triplets": (24, 8, 8, 8)}


def tune_of(rhythm, gate, bars=4):
    """Bars of 4/4 in this rhythm, every note of so much of its length."""
    tick, notes = 0, []
    while tick < 96 * bars:
        length = min(rhythm[len(notes) % len(rhythm)], 96 * bars - tick)
        notes.append(Note(tick, round(length * gate), PITCHES[len(notes) % len(PITCHES)], 70))
        tick += length
    return Melody(tuple(notes))


def beside(made, melody):
    """Onsets of new notes that are on no thirty-second and no triplet."""
    new = set(made.notes) - set(melody.notes)
    assert new
    return [note.onset for note in new if note.onset % 3 and note.onset % 4]


@pytest.fixture(scope="module")
def folk():
    """The model that ships: nonsense would leave the beat anyhow."""
    return load_model("folk")


@pytest.mark.parametrize("gate", [0.94, 0.8])
@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_what_follows_a_sequencers_notes_is_on_the_beat(folk, rhythm, gate):
    """It begins on the next bar line, stays on thirty-seconds and triplets, and the given notes are as they were."""
    tune = tune_of(RHYTHMS[rhythm], gate)
    for seed in (1, 2, 3):
        made = next(generate(folk, Options(bars=4, seed=seed), prime=tune)).melody
        assert made.notes[: len(tune.notes)] == tune.notes
        assert made.notes[len(tune.notes)].onset == tune.bars * 96
        assert beside(made, tune) == []


@pytest.mark.parametrize("gate", [0.94, 0.8])
@pytest.mark.parametrize("bars", [[2, 3], [1], [0]])
def test_bars_filled_among_a_sequencers_notes_are_on_the_beat(folk, gate, bars):
    """New onsets are on thirty-seconds and triplets; every note that begins elsewhere is as it was."""
    tune = tune_of(RHYTHMS["mixed"], gate)
    for seed in (1, 2):
        made = infill(folk, tune, bars, Options(seed=seed, effort=4)).melody
        assert beside(made, tune) == []
        assert [n for n in made.notes if n.onset // 96 not in bars] == [
            n for n in tune.notes if n.onset // 96 not in bars
        ]


def test_a_kept_rhythm_is_kept_with_its_articulation(folk):
    """Pitches change; lengths stay as they were given, not as they were heard."""
    tune = tune_of(RHYTHMS["mixed"], 0.8)
    made = vary(folk, tune, Options(seed=1, effort=4), keep={"rhythm"}, strength=1).melody
    assert [(n.onset, n.duration) for n in made.notes] == [(n.onset, n.duration) for n in tune.notes]
    assert made != tune


@pytest.mark.parametrize("gate", [0.95, 0.9375, 0.9, 0.85, 0.8, 0.75])
@pytest.mark.parametrize("rhythm", ["quarters", "mixed", "dotted"])
def test_held_notes_are_the_written_ones(rhythm, gate):
    """What a sequencer made shorter is heard as the rhythm it was made from, the last note too."""
    assert sustained(tune_of(RHYTHMS[rhythm], gate)).notes == tune_of(RHYTHMS[rhythm], 1).notes


@pytest.mark.parametrize("gate", [0.6, 0.5, 0.25, 0.1])
@pytest.mark.parametrize("rhythm", ["quarters", "triplets"])
def test_a_plucked_line_is_heard_by_its_onsets(folk, rhythm, gate):
    """Where hardly a note reaches the next, each is heard up to it, and what follows is on the beat."""
    tune = tune_of(RHYTHMS[rhythm], gate)
    assert sustained(tune).notes == tune_of(RHYTHMS[rhythm], 1).notes
    for seed in (1, 2, 3):
        made = next(generate(folk, Options(bars=4, seed=seed), prime=tune)).melody
        assert made.notes[: len(tune.notes)] == tune.notes
        assert made.notes[len(tune.notes)].onset == tune.bars * 96
        assert beside(made, tune) == []


@pytest.mark.parametrize(
    ("times", "heard"),
    [
        ([(0, 23), (24, 23), (60, 35)], [24, 24, 36]),  # a real rest after it: up to the beat
        ([(0, 94), (108, 24)], [96, 24]),  # never across the bar line
        ([(0, 24), (24, 21), (48, 24)], [24, 21, 24]),  # a thirty-second is a rest
        ([(0, 16), (24, 16), (48, 16)], [16, 16, 16]),  # and so is a third of the time
        ([(0, 24), (24, 24), (48, 18), (72, 24)], [24, 24, 18, 24]),  # one rest among notes that are held
        ([(0, 50), (51, 21)], [50, 21]),  # the tables have no 51
        ([(0, 6), (24, 6), (48, 6), (120, 6), (132, 6)], [24, 24, 24, 12, 12]),  # plucked: no longer than a beat
        ([(0, 6), (24, 24), (48, 24), (72, 6), (96, 6)], [6, 24, 24, 6, 6]),  # half of them reach the next
        ([(0, 6), (24, 6), (48, 6), (72, 6)], [6, 6, 6, 6]),  # too few to tell
    ],
)
def test_rests_stay_rests(times, heard):
    """Only what is articulation is closed."""
    melody = Melody(tuple(Note(onset, length, 60) for onset, length in times))
    assert [note.duration for note in sustained(melody).notes] == heard


def test_a_silence_at_the_end_is_measured_from_the_grid():
    """The end of the music goes to a line too; on one it stays."""
    notes = (Note(0, 24, 60), Note(24, 23, 60))
    ends = [sustained(Melody(notes, length=length)).end for length in (0, 47, 48, 95, 96, 384)]
    assert ends == [48, 48, 48, 96, 96, 384]
    assert sustained(Melody(())) == Melody(())


METRES = [(Metre(),), (Metre(6, 8),), (Metre(7, 8), Metre(4, 4, 84)), (Metre(3, 4), Metre(2, 2, 100))]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 120)), max_size=20), st.integers(0, 100),
    st.sampled_from(METRES),
)  # fmt: skip
def test_held_notes_overlap_nothing_and_add_no_bar(gaps, silence, metres):
    """Onsets and pitches stay, no note gets shorter, runs into the next or is longer than the tables can say."""
    tick, notes = 0, []
    for rest, length in gaps:
        notes.append(Note(tick + rest, length, 60 + len(notes)))
        tick += rest + length
    melody = Melody(tuple(notes), metres, length=tick + silence)
    smooth = sustained(melody)
    assert [replace(n, duration=1) for n in smooth.notes] == [replace(n, duration=1) for n in melody.notes]
    assert all(a.end <= b.onset for a, b in pairwise(smooth.notes))
    assert smooth.end >= melody.end
    assert smooth.bars == melody.bars
    for note, given_note in zip(smooth.notes, melody.notes, strict=True):
        assert note == given_note or (note.duration > given_note.duration and note.duration in DURATIONS)


@pytest.mark.parametrize(
    ("times", "heard"),
    [
        ([(1, 23), (23, 25), (47, 24), (73, 20)], [(0, 24), (24, 24), (48, 23), (72, 21)]),  # played by hand
        ([(0, 6), (7, 5), (11, 13), (24, 24)], [(0, 6), (6, 6), (12, 12), (24, 24)]),  # sixteenths
        ([(0, 7), (7, 9), (16, 8), (24, 8), (32, 8), (41, 7)], [(0, 7), (8, 8), (16, 8), (24, 8), (32, 8), (40, 8)]),
        ([(0, 24), (24, 26)], [(0, 24), (24, 24)]),  # the last one rings on over the beat
        ([(0, 24), (24, 27)], [(0, 24), (24, 24)]),  # by a thirty-second
        ([(0, 24), (24, 30)], [(0, 24), (24, 30)]),  # by a sixteenth: it is meant
        ([(0, 25), (30, 18)], [(0, 24), (30, 18)]),
        ([(0, 1), (1, 1), (2, 1)], [(0, 1), (1, 1), (2, 1)]),  # no room on the lines: as it stands
        (
            [(0, 23), (23, 1), (24, 23), (47, 25), (73, 23)],
            [(0, 23), (23, 1), (24, 23), (48, 24), (72, 24)],
        ),  # a grace note
        ([(1, 2), (11, 2), (23, 2), (37, 2)], [(0, 3), (12, 1), (24, 1), (36, 3)]),  # plucked
        ([(1, 2), (11, 1), (23, 1), (37, 2)], [(0, 3), (12, 1), (24, 1), (36, 3)]),  # moved as a whole
    ],
)
def test_notes_played_by_hand_are_heard_on_the_lines(times, heard):
    """Onsets beside a line are on it, where that leaves their order; what rings on over a line ends there."""
    notes = tuple(Note(onset, length, 60) for onset, length in times)
    assert [(n.onset, n.duration) for n in quantized(Melody(notes)).notes] == heard


@pytest.mark.parametrize("late", [1, 2, 3])
@pytest.mark.parametrize("hand", [(0, 1, -1, 1, 0, -1), (1, 0, 0, -1, 1, 0)])
def test_what_follows_a_player_is_what_follows_the_score(folk, late, hand):
    """A tick beside the line here and there, the last note held too long: what the exact notes lead to follows."""
    exact = tune_of(RHYTHMS["mixed"], 1)
    played = [replace(n, onset=max(0, n.onset + hand[k % 6])) for k, n in enumerate(exact.notes)]
    ends = [*(n.onset for n in played[1:]), exact.end + late]
    tune = Melody(tuple(replace(n, duration=end - n.onset) for n, end in zip(played, ends, strict=True)))
    for seed in (1, 2):
        plain, live = (next(generate(folk, Options(bars=4, seed=seed), prime=m)).melody for m in (exact, tune))
        assert live.notes[len(exact.notes) :] == plain.notes[len(exact.notes) :]
        assert live.notes[: len(exact.notes) - 1] == tune.notes[:-1]
        assert live.notes[len(exact.notes) - 1].end == exact.end


@pytest.mark.parametrize("bars", [[1], [0, 2], [1, 2], [3]])
def test_bars_among_notes_played_by_hand_are_on_the_beat(folk, bars):
    """What is composed stands on the lines; what stays is as it was played, and nothing overlaps."""
    hand = (0, 1, -1, 0, 1, -1, -1, 0)
    exact = tune_of(RHYTHMS["mixed"], 1)
    played = [replace(n, onset=max(0, n.onset + hand[k % 8])) for k, n in enumerate(exact.notes)]
    ends = [*(n.onset for n in played[1:]), exact.end + 2]
    tune = Melody(tuple(replace(n, duration=end - n.onset) for n, end in zip(played, ends, strict=True)))
    stays = {n for n, meant in zip(tune.notes, exact.notes, strict=True) if meant.onset // 96 not in bars}
    for seed in (1, 2, 3):
        made = infill(folk, tune, bars, Options(seed=seed, effort=4)).melody
        assert stays <= set(made.notes)
        assert all(a.end <= b.onset for a, b in pairwise(made.notes))
        after = {n.end for n in stays}  # a new note may begin where one that stays really ends
        assert [
            n.onset for n in made.notes if n not in stays and n.onset % 3 and n.onset % 4 and n.onset not in after
        ] == []


@pytest.mark.parametrize("length", [0, 97, 98, 99, 96, 288])
def test_a_ringing_end_and_what_lies_behind_it(folk, length):
    """The music's own end may ring on with its last note: new notes begin on the line; silence that is meant stays."""
    notes = tuple(Note(24 * k, 24 if k < 3 else 25, 60 + k) for k in range(4))
    for seed in (1, 2, 3):
        made = next(generate(folk, Options(bars=2, seed=seed), prime=Melody(notes, length=length))).melody
        begins = 288 if length == 288 else 96
        assert made.notes[4].onset >= begins
        assert made.notes[4].onset % 6 == 0
        assert made.bars == begins // 96 + 2
        assert made.notes[3].end == (97 if length == 288 else 96)
