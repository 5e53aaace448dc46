"""Feel: how a melody is played on the way out; the grid stays as it is."""

from __future__ import annotations

import io
from itertools import pairwise

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from melodyrnn.compose.performing.performance import PPQ, Feel, play, swung
from melodyrnn.errors import OptionError
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

EIGHTHS = Melody(tuple(Note(12 * i, 12, 60 + i % 5, 80) for i in range(16)), key=Key(0))


@st.composite
def melodies(draw):
    """Any line of notes in any metre, silence included."""
    tick, notes = 0, []
    for rest, duration in draw(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 60)), min_size=1, max_size=30)):
        notes.append(Note(tick + rest, duration, 60, draw(st.integers(1, 127))))
        tick += rest + duration
    metre = draw(st.sampled_from([Metre(4, 4), Metre(6, 8), Metre(3, 4), Metre(7, 8), Metre(2, 2)]))
    return Melody(tuple(notes), (metre,), Key(0), length=tick + draw(st.integers(0, 50)))


@settings(max_examples=100, deadline=None)
@given(melodies(), st.floats(0, 1), st.floats(50, 80), st.integers(0, 2**40))
def test_notes_stay_in_order_and_within(melody, humanize, swing, seed):
    """Whatever the feel: every note sounds, none overlaps, none passes the end, velocities are MIDI's."""
    played, timing = play(melody, Feel(humanize, swing), seed)
    times = timing or [(n.onset * 20, n.end * 20) for n in melody.notes]
    assert all(start < end for start, end in times)
    assert all(a[1] <= b[0] for a, b in pairwise(times))
    assert times[0][0] >= 0
    assert times[-1][1] <= melody.end * PPQ // 24
    assert all(1 <= n.velocity <= 127 for n in played.notes)
    assert [(n.onset, n.duration, n.pitch) for n in played.notes] == [
        (n.onset, n.duration, n.pitch) for n in melody.notes
    ]
    assert (played, timing) == play(melody, Feel(humanize, swing), seed)


def test_exact_is_exact():
    """Without humanize and swing nothing changes, not even the file."""
    assert play(EIGHTHS, Feel(), 7) == (EIGHTHS, ())
    assert midi_bytes(EIGHTHS, timing=()) == midi_bytes(EIGHTHS)


def test_swing_delays_the_second_eighth_alone():
    """At 67 the second eighth comes at two thirds of the quarter; beats stay; legato stays legato."""
    _, timing = play(EIGHTHS, Feel(swing=67))
    starts = [start for start, _ in timing]
    assert starts[::2] == [PPQ * k for k in range(8)]
    assert {start % PPQ for start in starts[1::2]} == {round(0.67 * PPQ)}
    assert [end for _, end in timing][:-1] == starts[1:]


@pytest.mark.parametrize("metre", [Metre(6, 8), Metre(7, 8)])
def test_swing_leaves_music_that_counts_eighths(metre):
    """In 6/8 and 7/8 all eighths are alike."""
    melody = Melody(EIGHTHS.notes, (metre,), Key(0))
    _, timing = play(melody, Feel(swing=67))
    assert timing == tuple((n.onset * 20, n.end * 20) for n in melody.notes)


def test_swing_leaves_triplets():
    """A quarter of triplets is not bent; the straight one after it is."""
    notes = (*(Note(8 * i, 8, 60) for i in range(3)), Note(24, 12, 62), Note(36, 12, 64))
    _, timing = play(Melody(notes, key=Key(0)), Feel(swing=60))
    assert [start for start, _ in timing] == [0, 160, 320, 480, 768]


def test_humanize_differs_by_seed_and_keeps_what_was_given():
    """Another seed, another hand; a prime keeps its velocities; the file reads back to nearly the same grid."""
    one, timing = play(EIGHTHS, Feel(humanize=1), 1, given=4)
    other, _ = play(EIGHTHS, Feel(humanize=1), 2, given=4)
    assert one != other
    assert [n.velocity for n in one.notes[:4]] == [80] * 4
    assert len({n.velocity for n in one.notes[4:]}) > 5
    assert max(abs(start - 20 * n.onset) for (start, _), n in zip(timing, EIGHTHS.notes, strict=True)) <= 24
    again = read_midi(midi_bytes(one, timing=timing)).melody
    assert all(abs(a.onset - b.onset) <= 1 for a, b in zip(again.notes, EIGHTHS.notes, strict=True))


def test_timing_is_what_the_file_says():
    """Note-ons of the file stand at the ticks asked for."""
    played, timing = play(EIGHTHS, Feel(humanize=0.5), 3)
    track = mido.MidiFile(file=io.BytesIO(midi_bytes(played, timing=timing))).tracks[1]
    now, starts = 0, []
    for message in track:
        now += message.time
        if message.type == "note_on":
            starts.append(now)
    assert starts == [start for start, _ in timing]


@pytest.mark.parametrize(
    ("wrong", "text"),
    [({"humanize": 2}, "humanize: 2 is not a number from 0 to 1"),
     ({"swing": 90}, "swing: 90 is not a number from 50 to 80"),
     ({"swing": True}, "swing: True is not a number from 50 to 80"),
     ({"humanize": float("nan")}, "humanize: nan is not a number from 0 to 1")],
)  # fmt: skip
def test_senseless_feel_is_named(wrong, text):
    """Out of bounds, or no number at all."""
    with pytest.raises(OptionError, match=f"^{text}$"):
        Feel(**wrong)


def test_as_many_times_as_notes():
    """A timing of another length is refused, not cut."""
    with pytest.raises(OptionError, match=r"^timing: 1 times for 16 notes$"):
        midi_bytes(EIGHTHS, timing=((0, 10),))


def test_chords_swing_with_the_melody():
    """A chord on the second eighth of a beat comes when a note there comes, in the file too; straight is exact."""
    spans = [(0, 36), (36, 60)]
    assert swung(EIGHTHS, spans, Feel()) == ()
    times = swung(EIGHTHS, spans, Feel(swing=67))
    assert times == ((0, 480 + 322), (480 + 322, 1920))
    _, timing = play(EIGHTHS, Feel(swing=67))
    assert times[1][0] in [start for start, _ in timing]
    chords = tuple((onset, ticks, (48, 52)) for onset, ticks in spans)
    track = mido.MidiFile(file=io.BytesIO(midi_bytes(EIGHTHS, chords=chords, chord_timing=times))).tracks[2]
    now, starts = 0, set()
    for message in track:
        now += message.time
        if message.type == "note_on":
            starts.add(now)
    assert starts == {0, 802}


def test_humanize_is_as_loose_as_asked():
    """A tenth of it moves every note a tenth as far."""
    late = {
        share: [start - 240 * k for k, (start, _) in enumerate(play(EIGHTHS, Feel(humanize=share), 1)[1])]
        for share in (0.1, 1)
    }
    assert max(map(abs, late[1])) > 5
    assert all(abs(little - much / 10) <= 1 for little, much in zip(late[0.1][1:], late[1][1:], strict=True))


def test_swing_after_a_bar_that_ends_off_the_beat():
    """Eighths are counted from where their metre begins."""
    notes = (*(Note(12 * i, 12, 60 + i) for i in range(7)), Note(84, 12, 62), Note(96, 12, 64), Note(108, 24, 65))
    melody = Melody(notes, (Metre(7, 8), Metre(4, 4, 84)), Key(0))
    assert [start - 84 * 20 for start, _ in play(melody, Feel(swing=67))[1]][7:] == [0, 322, 480]
