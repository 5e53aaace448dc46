"""Two indexes as one: what a fine-tuned model remembers of its base's tunes and its own."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from melodyrnn.events.columns import columns
from melodyrnn.events.fingerprint import Index
from melodyrnn.events.tokenizer import encode
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Note


def tune(seed):
    """A random melody of 20 to 39 notes."""
    rng = np.random.default_rng(seed)
    pitches = rng.integers(55, 80, rng.integers(20, 40))
    return columns(encode(Melody(tuple(Note(12 * i, 12, int(p)) for i, p in enumerate(pitches)), key=Key(0))))


@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 3))
def test_joined_indexes_equal_one_built_of_all(ours, theirs, shared):
    """Joining is building at once; tunes that both hold are kept once."""
    tunes = [(f"tune {k}", tune(k)) for k in range(ours + shared + theirs)]
    joined = Index.build(tunes[: ours + shared]).joined(Index.build(tunes[ours:]))
    whole = Index.build(tunes).to_tensors()
    assert all(np.array_equal(array, whole[name]) for name, array in joined.to_tensors().items())
