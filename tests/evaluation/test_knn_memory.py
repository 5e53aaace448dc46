"""Recalling melodies: near states bid for the next pitch, what agrees alone is heard, and the future is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from melodyrnn.checkpoint.file import NetworkConfig
from melodyrnn.evaluation.bits import SHARPNESS, KnnMemory
from melodyrnn.events.vocabulary import END
from melodyrnn.inference.numpy_network import Network
from melodyrnn.inference.scoring import score, teacher_force

SMALL = {"hidden": 32, "embed": 24, "head": 24, "keys": 8}


@pytest.fixture(params=["lstm", "gru", "rnn"])
def network(request, random_weights):
    """A small network of each cell."""
    config = NetworkConfig(cell=request.param, **SMALL)
    return Network(config, random_weights(config))


@pytest.fixture
def tunes(random_columns):
    """Five melodies of different lengths."""
    return [random_columns(8 + 5 * k, k) for k in range(5)]


def awaited(network, melodies):
    """(melody, note, state, logs, rest, duration, pitch) of every note, one melody at a time."""
    for k, melody in enumerate(melodies):
        for _, decoder, (rest, duration, pitch) in teacher_force(network, [melody]):
            if rest[0] != END:
                logs = decoder.pitch(rest, duration)[0]
                yield k, decoder.notes, decoder.state[-1, 0, 0].copy(), logs, rest[0], duration[0], pitch[0]


def test_it_is_the_formula_of_its_docstring(network, tunes):
    """Against a loop in float64 over all notes."""
    known, other = tunes[:4], tunes[1:]
    notes = list(awaited(network, known))
    nearest = [min(float(((a[2] - b[2]).astype(float) ** 2).sum()) for b in notes if b[0] != a[0]) for a in notes]
    memory = KnnMemory(network, known)
    assert memory.reach == pytest.approx(np.median(nearest), rel=1e-3)
    scored = score(network, other, memory=memory)
    for k, i, state, logs, rest, duration, pitch in awaited(network, other):
        shares, whole = np.exp(logs), 1.0
        for _, _, there, _, *event in notes:
            weight = np.exp(-SHARPNESS * float(((state - there).astype(float) ** 2).sum()) / memory.reach)
            if event[:2] == [rest, duration] and weight > 1e-4:
                shares[event[2]] += weight
                whole += weight
        assert scored[k].bits[i, 2] == pytest.approx(-np.log2(shares[pitch] / whole), abs=2e-3)


def test_rhythm_is_the_networks_own(network, tunes):
    """Only pitches are recalled."""
    alone, recalling = score(network, tunes[3:]), score(network, tunes[3:], memory=KnnMemory(network, tunes[:3]))
    for a, b in zip(alone, recalling, strict=True):
        np.testing.assert_array_equal(a.bits[:, :2], b.bits[:, :2])


def test_a_melody_of_the_repertoire_is_known(network, tunes):
    """What it has heard before costs little; the same notes without the repertoire cost much."""
    known, alone = score(network, tunes[:1], memory=KnnMemory(network, tunes[:2]))[0], score(network, tunes[:1])[0]
    assert known.bits[1:-1, 2].mean() < 1.5 < alone.bits[1:-1, 2].mean()


def test_the_future_is_not_heard(network, tunes):
    """Other notes from the sixth on: the first five say the same, bit for bit."""
    melody, memory = tunes[3], KnnMemory(network, tunes[:3])
    rng = np.random.default_rng(1)
    pitch = melody.pitch.copy()
    pitch[5:] = rng.permutation(pitch[5:])
    changed = score(network, [replace(melody, pitch=pitch)], memory=memory)[0]
    same = score(network, [melody], memory=memory)[0]
    np.testing.assert_array_equal(changed.bits[:5], same.bits[:5])
    assert (changed.bits[5:] != same.bits[5:]).any()


def test_neighbours_do_not_matter(network, tunes):
    """A melody's bits are the same in any company."""
    memory = KnnMemory(network, tunes[:3])
    together = score(network, tunes, memory=memory)
    for melody, scored in zip(tunes, together, strict=True):
        np.testing.assert_array_equal(score(network, [melody], memory=memory)[0].bits, scored.bits)


@pytest.mark.parametrize("twice", [False, True])
def test_where_there_is_no_reach_equal_states_are_near(network, tunes, twice):
    """A repertoire of one melody, or of one melody twice, knows that melody and changes nothing else."""
    memory = KnnMemory(network, tunes[:1] * (1 + twice))
    alone, recalling = score(network, tunes[3:4]), score(network, tunes[3:4], memory=memory)
    np.testing.assert_allclose(alone[0].bits[1:], recalling[0].bits[1:], rtol=1e-9)
    assert score(network, tunes[:1], memory=memory)[0].bits[1:-1, 2].mean() < 1.05
