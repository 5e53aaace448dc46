"""Memory: what the state knows of notes long gone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from melodyrnn.errors import CorpusError
from melodyrnn.inference.numpy_network import Network
from melodyrnn.inference.scoring import score
from melodyrnn.training import memory_span as memory
from melodyrnn.training.memory_span import Memory, measure_memory

from .conftest import TINY, drawn_weights


def without(weights, part):
    """The weights with a part set to nothing."""
    return {name: w * 0 if part in name else w for name, w in weights.items()}


def test_silenced_networks_copy_nothing(melodies):
    """With silent pointers the keys make no difference any more; with loud ones they do."""
    weights = drawn_weights(TINY)
    keyless = without(weights, ".key.")
    silent = [score(Network(TINY, memory.silenced(w)), melodies[:2])[0].bits for w in (weights, keyless)]
    loud = [score(Network(TINY, w), melodies[:2])[0].bits for w in (weights, keyless)]
    np.testing.assert_allclose(*silent, atol=1e-5)
    assert np.abs(loud[0] - loud[1]).max() > 0.01


def test_a_network_without_recurrence_remembers_one_note(melodies):
    """Weights from state to state at nothing: influence ends after the last note, and one note of context is all."""
    rnn = replace(TINY, cell="rnn")  # a gated cell would carry its state past these weights
    weights = memory.silenced(without(drawn_weights(rnn), "weight_hh"))
    influence = memory.influence_by_lag(rnn, weights, melodies, 6)
    np.testing.assert_allclose(influence[1:] / influence[0], 0, atol=1e-9)
    bits = memory.bits_by_context(rnn, weights, melodies, (1, 4), 8)
    np.testing.assert_allclose(bits, bits[-1])


def test_a_forget_gate_that_is_open_remembers(melodies):
    """The lstm whose forget gates stand open passes on more from long ago than the one whose gates are shut."""
    lstm = replace(TINY, cell="lstm")
    weights = memory.silenced(drawn_weights(lstm))
    reaches = []
    for bias in (-6.0, 6.0):
        gates = weights["recurrent.bias_hh_l0"].copy()
        gates[lstm.hidden : 2 * lstm.hidden] = bias
        found = memory.influence_by_lag(lstm, {**weights, "recurrent.bias_hh_l0": gates}, melodies, 12)
        reaches.append(found[-1] / found[0])
    assert reaches[1] > 10 * reaches[0]


def test_all_context_is_the_whole_figure(config, melodies):
    """With as many notes as a melody has, cutting changes nothing; the whole is what the runtime says."""
    weights = memory.silenced(drawn_weights(config))
    bits = memory.bits_by_context(config, weights, melodies[:4], (2, 60), 8)
    assert bits[1] == pytest.approx(bits[2])
    assert bits[0] != pytest.approx(bits[2], abs=1e-4)
    scored = [one.bits for one in score(Network(config, weights), melodies[:4])]
    notes = sum(len(m) - 8 for m in melodies[:4])
    assert bits[2] == pytest.approx(sum(s[8:-1].sum() for s in scored) / notes, abs=1e-4)


def test_a_memory_knows_its_reach(melodies):
    """The last lag whose influence is a hundredth of the first."""
    found = measure_memory("net", TINY, memory.silenced(drawn_weights(TINY)), melodies, 10)
    relative = np.array(found.influence) / found.influence[0]
    assert found.contexts == (1, 2, 3, 4, 6, 8)
    assert relative[found.reach - 1] >= 0.01
    assert (relative[found.reach :] < 0.01).all()


def test_a_reach_that_was_cut_off_is_told():
    """Influence above the limit at the furthest lag that was looked at may go on; below it, it does not."""
    for influence, reach, beyond in (((1.0, 0.5, 0.02), 3, True), ((1.0, 0.5, 0.001), 2, False)):
        found = Memory("net", "rnn", 1, influence, (1, 2), (2.0, 2.0), 2.0)
        assert (found.reach, found.beyond) == (reach, beyond)


def test_short_melodies_cannot_tell(melodies):
    """Looking further back than any melody goes is refused with the next move."""
    with pytest.raises(CorpusError, match="no melody has more than 99 notes"):
        measure_memory("net", TINY, drawn_weights(TINY), melodies, 99)
