"""The law of the tokenizer, and what happens to values outside the tables."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from melodyrnn.errors import OptionError
from melodyrnn.events.tokenizer import anchor_of, decode, encode
from melodyrnn.events.vocabulary import DURATIONS, PITCHES, RESTS, nearest
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.music.key import MODES, Key
from melodyrnn.music.melody import Melody, Metre, Note


@st.composite
def melodies(draw):
    """Melodies whose every value stands in the tables."""
    first = draw(st.integers(48, 80))
    tick, notes = 0, []
    for _ in range(draw(st.integers(1, 30))):
        tick += draw(st.sampled_from(RESTS))
        duration = draw(st.sampled_from(DURATIONS))
        pitch = draw(st.integers(first - 24, first + 24)) if notes else first
        notes.append(Note(tick, duration, pitch, draw(st.integers(1, 127))))
        tick += duration
    key = Key(draw(st.integers(0, 11)), draw(st.sampled_from(MODES)))
    metre = Metre(*draw(st.sampled_from([(4, 4), (3, 4), (6, 8), (5, 4), (7, 8), (2, 2)])))
    return Melody(tuple(notes), (metre,), key, draw(st.floats(20, 300)), draw(st.text(max_size=9)), tick)


@given(melodies())
@settings(max_examples=200)
def test_decode_undoes_encode(melody):
    """decode(encode(m)) == m for every melody whose values stand in the tables."""
    encoded = encode(melody)
    assert encoded.snapped == 0
    assert decode(encoded) == melody


@given(melodies(), st.integers(-11, 11))
def test_a_transposed_melody_is_heard_the_same(melody, semitones):
    """Transposition moves the anchor and nothing else."""
    moved = encode(melody.transpose(semitones))
    assert moved.pitches.tolist() == encode(melody).pitches.tolist()
    assert moved.anchor == encode(melody).anchor + semitones


@given(st.integers(0, 127), st.integers(0, 11))
def test_the_anchor_is_a_tonic_near_the_first_note(pitch, tonic):
    """The first note lies 5 semitones below its anchor to 6 above."""
    anchor = anchor_of(pitch, tonic)
    assert anchor % 12 == tonic
    assert -5 <= pitch - anchor <= 6


@given(melodies(), st.integers(1, 400), st.integers(0, 29))
def test_values_between_entries_are_counted_and_do_not_shift_the_rest(melody, duration, where):
    """A duration off the table goes to the nearest entry; onsets after it stay within rounding of a rest."""
    notes = list(melody.notes)
    where %= len(notes)
    moved = [*notes[:where], replace(notes[where], duration=duration)]
    delta = duration - notes[where].duration
    moved += [replace(n, onset=n.onset + delta) for n in notes[where + 1 :]]
    melody = replace(melody, notes=tuple(moved), length=0)
    encoded = encode(melody)
    assert (encoded.snapped > 0) == (duration not in DURATIONS)
    errors = [abs(a.onset - b.onset) for a, b in zip(decode(encoded).notes, melody.notes, strict=True)]
    assert max(errors) <= 12 * (encoded.snapped > 0)


def test_pitches_beyond_three_octaves_keep_their_degree():
    """A pitch outside the table is folded by octaves and counted."""
    melody = Melody((Note(0, 24, 60), Note(24, 24, 60 + 47)), key=Key(0))
    encoded = encode(melody)
    assert encoded.snapped == 1
    assert (decode(encoded).notes[1].pitch - 107) % 12 == 0
    assert PITCHES[0] <= decode(encoded).notes[1].pitch - encoded.anchor <= PITCHES[-1]


def test_a_melody_without_a_key_says_what_to_do():
    """Encoding needs to know where the tonic is."""
    with pytest.raises(OptionError, match=r"find it with melodyrnn\.music\.key_finding\.find_key"):
        encode(Melody((Note(0, 24, 60),)))


def test_a_melody_without_notes_is_refused():
    """There is nothing to encode in silence."""
    with pytest.raises(OptionError, match="has no notes"):
        encode(Melody((), key=Key(0)))


def test_real_melodies_pass_without_loss(melody_sets):
    """Every melody of the public sets reads, encodes and decodes without loss; counts as published."""
    published = {"chorales": (185, 9227), "kinder": (213, 8393), "nova": (152, 8552), "shanxi": (237, 11056)}
    for name, files in melody_sets.items():
        readings = [read_midi(file) for file in files]
        assert (len(readings), sum(len(r.melody.notes) for r in readings)) == published[name]
        assert sum(r.snapped for r in readings) == 0
        assert all(decode(encode(r.melody)) == r.melody for r in readings)


def test_the_nearest_entry_and_the_anchor():
    """The smaller entry on a tie; the first note lies 5 below to 6 above its anchor."""
    found = nearest(DURATIONS, np.array([24, 49, 10_000])).tolist()
    assert found == [23, DURATIONS.index(48), len(DURATIONS) - 1]
    assert (anchor_of(67, 0), anchor_of(60, 0), anchor_of(66, 0)) == (72, 60, 60)
