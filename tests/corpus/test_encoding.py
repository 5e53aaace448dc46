"""Many melodies encoded at once: number for number what one at a time gives."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from melodyrnn.corpus.duplicates import Kin, entries_of, families, identity
from melodyrnn.corpus.encoding import encode_many
from melodyrnn.events.columns import Columns, columns
from melodyrnn.events.tokenizer import encode
from melodyrnn.events.vocabulary import DURATIONS
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.music.harmony import Harmony
from melodyrnn.music.key import Key
from melodyrnn.music.key_finding import find_key, find_keys
from melodyrnn.music.melody import Melody, Metre, Note

if TYPE_CHECKING:
    from pathlib import Path

METRES = ((Metre(),), (Metre(3, 4),), (Metre(6, 8), Metre(4, 4, 144)), (Metre(2, 4), Metre(7, 8, 96), Metre(3, 4, 264)))


@st.composite
def melodies(draw: st.DrawFn) -> Melody:
    """A melody, some with sections repeated at once, upbeats, changing metres, values in no table, no key."""
    usual = st.tuples(st.sampled_from((0, 0, 0, 12, 24)), st.sampled_from((6, 12, 12, 24, 48)), st.integers(55, 80))
    odd = st.tuples(st.integers(0, 500), st.integers(1, 500), st.integers(0, 127))
    section = draw(st.lists(usual, min_size=1, max_size=20))
    steps = section * draw(st.integers(1, 4)) + draw(st.lists(draw(st.sampled_from((usual, usual, odd))), max_size=30))
    onset, notes = draw(st.sampled_from((0, 0, 72, 84))), []
    for rest, duration, pitch in steps:
        notes.append(Note(onset + rest, duration, pitch))
        onset += rest + duration
    key = draw(st.sampled_from((None, None, Key(7), Key(2, "dorian"))))
    metres, length = draw(st.sampled_from(METRES)), draw(st.sampled_from((0, onset + 96)))
    every = draw(st.sampled_from((0, 1, 3, 5)))
    phrases = tuple(note.onset for note in notes[every::every]) if every else ()
    return Melody(tuple(notes), metres, key, length=length, phrases=phrases)


HARMONIES = st.none() | st.builds(
    lambda spans, onset: Harmony(tuple(spans), Metre(), onset=onset),
    st.lists(st.tuples(st.integers(1, 300), st.sampled_from(("C", "Am", "G7/B", "N.C.", "F#m7b5", "Eb"))), min_size=1),
    st.integers(0, 400),
)


def same(many: list[Melody], chords: list[Harmony | None] | None = None) -> None:
    """Compare both ways, type by type."""
    chords = chords or [None] * len(many)
    for i, (melody, got) in enumerate(zip(many, encode_many(many, range(len(many)), chords), strict=True)):
        encoded = encode(melody, melody.key or find_key(melody))
        one = columns(encoded, i, chords[i])
        assert (got.snapped, got.widest, got.identity) == (encoded.snapped, one.bar_ticks.max(), identity(one))
        assert got.entries.tolist() == entries_of(one).tolist()
        for name in (field.name for field in fields(Columns)):
            told, expected = getattr(got.columns, name), getattr(one, name)
            assert type(told) is type(expected)
            assert np.array_equal(told, expected)
            assert not isinstance(told, tuple) or [c.dtype for c in told] == [c.dtype for c in expected]
            assert not isinstance(told, np.ndarray) or told.dtype == expected.dtype


@settings(deadline=None)
@given(st.lists(st.tuples(melodies(), HARMONIES), min_size=1, max_size=8))
def test_many_are_encoded_as_one_by_one(many: list[tuple[Melody, Harmony | None]]) -> None:
    """Law: rows, places, bars, keys, identities, shingles, phrases and chords are equal."""
    same([melody for melody, _ in many], [chords for _, chords in many])


def test_real_melodies_are_encoded_as_one_by_one(melody_files: list[Path]) -> None:
    """Every third melody of the sets, with their keys and without."""
    many = [read_midi(path).melody for path in melody_files[::3]]
    same([*many, *(replace(melody, key=None) for melody in many[::4])])


@settings(deadline=None)
@given(st.lists(melodies(), min_size=1, max_size=8))
def test_keys_of_many(many: list[Melody]) -> None:
    """Law: the keys of many are the key of each."""
    assert find_keys(many) == [find_key(melody) for melody in many]


def test_a_very_repetitive_melody() -> None:
    """Equal stretches without number are counted another way, with the same result."""
    drone = Melody(tuple(Note(12 * i, 12, 60) for i in range(400)), key=Key(0))
    waves = Melody(tuple(Note(12 * i, 12, 60 + i % 2) for i in range(900)), key=Key(0))
    same([drone, waves, Melody(drone.notes[:9], key=Key(0)), Melody((*waves.notes, Note(10_800, 12, 50)), key=Key(5))])


def test_octaves_of_time_do_not_depend_on_their_neighbours() -> None:
    """A logarithm is the same in an array of all durations and alone."""
    assert np.log2(np.asarray(DURATIONS)).tolist() == [float(np.log2(np.array([d]))[0]) for d in DURATIONS]


@given(st.lists(st.lists(st.integers(1, 12), unique=True, max_size=12), min_size=1, max_size=30))
def test_pairs_are_what_relatives_says_of_each(shingles: list[list[int]]) -> None:
    """Law: families found many at a time are those found melody by melody."""
    entries = [np.array(sorted(s), np.uint64) << np.uint64(30) | np.uint64(i) for i, s in enumerate(shingles)]
    kin = Kin.build(np.concatenate(entries), len(entries), least=2)
    told = {(i, other) for i, own in enumerate(entries) for other in kin.relatives(own)[0].tolist() if other > i}
    assert set(kin.pairs(np.concatenate(entries))) == told
    assert families(len(entries), entries.__getitem__, kin)[0] == 0
