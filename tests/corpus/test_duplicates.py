"""Duplicates: the same melody in any guise is known, variants make families, strangers do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from melodyrnn.corpus.duplicates import KIN, Kin, divide_families, entries_of, families, identity
from melodyrnn.events.columns import Columns, columns
from melodyrnn.events.tokenizer import encode
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.music.key import Key
from melodyrnn.music.key_finding import find_key
from melodyrnn.music.melody import Melody, Note


def tune(seed: int, notes: int = 32, onset: int = 0) -> Melody:
    """A random melody of quarters and eighths."""
    rng = np.random.default_rng(seed)
    lengths = rng.choice([12, 24], notes)
    starts = onset + np.cumsum(lengths) - lengths
    pitches = 60 + np.clip(np.cumsum(rng.integers(-4, 5, notes)), -12, 12)
    rows = zip(starts.tolist(), lengths.tolist(), pitches.tolist(), strict=True)
    return Melody(tuple(Note(*row) for row in rows), key=Key(0))


def cols(melody: Melody) -> Columns:
    """The columns of a melody."""
    return columns(encode(melody, melody.key or find_key(melody)))


def moved(notes: tuple[Note, ...], ticks: int, factor: int = 1) -> tuple[Note, ...]:
    """Notes later, and in other values."""
    return tuple(replace(n, onset=n.onset * factor + ticks, duration=n.duration * factor) for n in notes)


def repeated(melody: Melody, first: int) -> Melody:
    """The melody with its first notes played twice: a repeat written out."""
    head, tail = melody.notes[:first], melody.notes[first:]
    again = moved(head, head[-1].end)
    return replace(melody, notes=(*head, *again, *moved(tail, head[-1].end)))


def upbeaten(melody: Melody) -> Melody:
    """The melody a bar later, with a quarter upbeat."""
    return replace(melody, notes=(Note(72, 24, 55), *moved(melody.notes, 96)))


GUISES = {
    "higher": lambda m: m.transpose(5),
    "an octave lower": lambda m: m.transpose(-12),
    "in double values": lambda m: replace(m, notes=moved(m.notes, 0, 2)),
    "with all repeated": lambda m: repeated(m, 32),
    "with the first half repeated": lambda m: repeated(m, 16),
    "with an upbeat": upbeaten,
    "with all at once": lambda m: upbeaten(repeated(m, 12)).transpose(-3),
    "with a longer last note": lambda m: replace(m, notes=(*m.notes[:-1], replace(m.notes[-1], duration=96))),
}


@pytest.mark.parametrize("how", GUISES)
@pytest.mark.parametrize("seed", range(4))
def test_identity_sees_through_the_guise(how, seed):
    """Key, octave, note values, written-out repeats, upbeat and last note do not make another melody."""
    assert identity(cols(GUISES[how](tune(seed)))) == identity(cols(tune(seed)))


def test_identity_tells_melodies_apart():
    """A different note, or the same notes in another rhythm, is another melody."""
    melody = tune(0)
    other_note = replace(melody, notes=(*melody.notes[:9], replace(melody.notes[9], pitch=71), *melody.notes[10:]))
    even = replace(melody, notes=tuple(Note(24 * i, 24, n.pitch) for i, n in enumerate(melody.notes)))
    found = {identity(cols(m)) for m in (melody, other_note, even, *(tune(s) for s in range(1, 50)))}
    assert len(found) == 52


def test_identity_is_fixed():
    """The number is the same on every machine: parts of a corpus follow from it."""
    scale = Melody(tuple(Note(24 * i, 24, 60 + i) for i in range(9)), key=Key(0))
    assert identity(cols(scale)) == 10494887550430932077


def kin_of(melodies: list[Melody]) -> tuple[Kin, list]:
    """An index of melodies and the entries of each."""
    entries = [entries_of(cols(m), i) for i, m in enumerate(melodies)]
    return Kin.build(np.concatenate(entries), len(melodies), least=2), entries


def test_variants_make_a_family_and_strangers_do_not():
    """Three versions of a tune, each with other changes, are one family; random melodies stay alone."""
    one = tune(1, 60)
    changed = replace(one, notes=tuple(replace(n, pitch=n.pitch + (i in (20, 40))) for i, n in enumerate(one.notes)))
    part = replace(one.transpose(2), notes=one.transpose(2).notes[25:])
    melodies = [tune(7, 60), one, tune(8, 60), changed, part, tune(9, 60)]
    kin, entries = kin_of(melodies)
    assert families(6, entries.__getitem__, kin).tolist() == [0, 1, 2, 1, 1, 5]


def test_kinship_is_the_share_of_the_smaller_melody():
    """Half of a melody is wholly akin to it; a melody is wholly akin to itself."""
    one = tune(1, 60)
    kin, entries = kin_of([one, replace(one, notes=one.notes[:30])])
    others, kinship = kin.relatives(entries[1])
    assert others.tolist() == [0, 1]
    assert kinship.tolist() == [1.0, 1.0]
    assert kinship.min() >= KIN


def test_what_everybody_has_makes_nobody_kin():
    """A formula in more than 200 melodies links none of them."""
    formula = tuple(Note(24 * i, 24, 60 + i) for i in range(12))
    melodies = [Melody((*formula, *moved(tune(s, 10).notes, 288)), key=Key(0)) for s in range(230)]
    kin, entries = kin_of(melodies)
    assert len(kin.commons) == 1
    assert len(set(families(230, entries.__getitem__, kin).tolist())) > 200


def test_division_is_by_family_and_stable():
    """Parts follow from seed and identities alone: other melodies, another order, change nothing."""
    rng = np.random.default_rng(0)
    identities = rng.integers(0, 2**63, 3000).astype(np.uint64)
    family = np.arange(3000) // 3 * 3
    parts = divide_families(family, identities, 5)
    assert (parts.reshape(-1, 3) == parts[::3, None]).all()
    assert np.bincount(parts) / 3000 == pytest.approx([0.8, 0.1, 0.1], abs=0.03)
    np.testing.assert_array_equal(divide_families(family[:1500], identities[:1500], 5), parts[:1500])
    assert (divide_families(family, identities, 6) != parts).any()


@pytest.mark.parametrize(("count", "held"), [(1, 0), (2, 0), (3, 1), (6, 1), (10, 1), (30, 3), (49, 5)])
@pytest.mark.parametrize("seed", range(5))
def test_a_small_corpus_is_divided_by_number(count, held, seed):
    """A tenth each, at least one, is held out of a few families; chance never leaves next to nothing to train on."""
    parts = divide_families(np.arange(count), np.arange(count, dtype=np.uint64), seed)
    assert np.bincount(parts, minlength=3).tolist() == [count - 2 * held, held, held]


def test_twins_of_real_sets_are_found(melody_sets):
    """Chorales and nova are known to hold 28 and 7 melodies with a twin; those and more distant variants are linked."""
    known = {"chorales": (28, 50), "kinder": (50, 70), "nova": (7, 20)}
    for name in known.keys() & melody_sets.keys():
        melodies = [read_midi(path).melody for path in melody_sets[name]]
        kin, entries = kin_of(melodies)
        family = families(len(melodies), entries.__getitem__, kin)
        least, most = known[name]
        assert least <= int((np.bincount(family)[family] > 1).sum()) <= most
