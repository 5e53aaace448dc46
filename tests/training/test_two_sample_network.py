"""The judge: what it says of a melody depends on that melody alone, and what it learns on its seed alone."""

import numpy as np
import pytest
import torch

from melodyrnn.training.two_sample_network import Classifier, Sample, evidence_of, learn_to_tell

TABLES = (5, 9, 3)


@pytest.fixture
def heard():
    """Melodies of 3 to 12 notes."""
    rng = np.random.default_rng(0)
    return [np.stack([rng.integers(0, t, n) for t in TABLES], -1).astype(np.int16) for n in range(3, 13)]


def test_a_melody_is_judged_as_if_it_were_alone(heard):
    """What is padded behind it, and in which company it comes, changes nothing."""
    torch.manual_seed(3)
    judge = Classifier(TABLES)
    together = evidence_of(judge, heard[::-1])[::-1]
    for one, own in zip(heard, together, strict=True):
        assert own.shape == (len(one),)
        assert own == pytest.approx(evidence_of(judge, [one])[0], abs=1e-6)


def test_the_first_note_is_heard_at_the_end_and_the_last_at_the_beginning(heard):
    """Both directions: evidence of every note moves with any note."""
    torch.manual_seed(3)
    judge, melody = Classifier(TABLES), heard[-1]
    before = evidence_of(judge, [melody])[0]
    for changed, told in ((0, -1), (-1, 0)):
        other = melody.copy()
        other[changed, 1] = (other[changed, 1] + 1) % TABLES[1]
        assert evidence_of(judge, [other])[0][told] != before[told]


def test_learning_depends_on_the_seed_alone(heard):
    """The same bits with one thread and with two; others with another seed."""
    sample = Sample(heard, (np.arange(10) % 2).astype(np.float32))
    said = []
    for seed, threads in ((1, 1), (1, 2), (2, 1)):
        torch.set_num_threads(threads)
        torch.rand(threads)  # what others draw does not matter
        (*_, judge) = learn_to_tell(sample, TABLES, seed)
        said.append(np.concatenate(evidence_of(judge, heard)))
    assert np.array_equal(said[0], said[1])
    assert not np.array_equal(said[0], said[2])
