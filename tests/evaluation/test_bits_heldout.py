"""The held-out figure never sees the answer: what comes later, or what is predicted later, changes no bit before."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from melodyrnn.events.columns import Withheld, answers_hidden, collate, columns
from melodyrnn.events.tokenizer import encode
from melodyrnn.inference.numpy_network import Network
from melodyrnn.inference.scoring import score
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Metre
from melodyrnn.training.batches import heldout, tensors
from melodyrnn.training.network import MelodyRNN

from .conftest import TINY, drawn_weights, melody_of

NUMPY = Network(TINY, drawn_weights(TINY))
TORCH = MelodyRNN(TINY)
TORCH.load_state_dict({name: torch.from_numpy(w) for name, w in drawn_weights(TINY).items()})
TORCH.eval()

events = st.tuples(st.sampled_from((0, 0, 6, 12, 48)), st.sampled_from((3, 6, 12, 24, 96)), st.integers(55, 79))
tunes = st.lists(events, min_size=2, max_size=12)


def heard(notes):
    """Columns of (rest, duration, pitch) in D dorian, three-four time."""
    return columns(encode(melody_of(notes, Key(2, "dorian"), Metre(3, 4))))


def numpy_bits(one, other):
    """Bits of two melodies by the NumPy scorer, (notes + 1, 3) each."""
    return [scored.bits for scored in score(NUMPY, [one, other])]


def torch_bits(one, other):
    """The same by the network in training, side by side in one padded batch."""
    with torch.no_grad():
        terms = np.stack([t.numpy() for t in TORCH(heldout([one, other]))], -1) / np.log(2)
    return [terms[k, : len(m) + 1] for k, m in enumerate((one, other))]


def assert_same(one, other):
    """Equal but for the rounding of batched float32 products."""
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("bits_of", [numpy_bits, torch_bits])
@settings(max_examples=25, deadline=None)
@given(past=tunes, future=tunes, replaced=tunes)
def test_another_future_changes_no_bit_of_the_past(bits_of, past, future, replaced):
    """Whatever notes follow, and however many, each note before costs the same rest, duration and pitch."""
    one, other = bits_of(heard([*past, *future]), heard([*past, *replaced]))
    assert_same(one[: len(past)], other[: len(past)])


@pytest.mark.parametrize("bits_of", [numpy_bits, torch_bits])
@settings(max_examples=15, deadline=None)
@given(past=tunes, future=tunes, order=st.randoms(use_true_random=False))
def test_a_shuffled_future_changes_no_bit_of_the_past(bits_of, past, future, order):
    """The same notes to come in another order are no hint either."""
    shuffled = list(future)
    order.shuffle(shuffled)
    one, other = bits_of(heard([*past, *future]), heard([*past, *shuffled]))
    assert_same(one[: len(past)], other[: len(past)])


@pytest.mark.parametrize("bits_of", [numpy_bits, torch_bits])
@settings(max_examples=15, deadline=None)
@given(past=st.lists(events, max_size=8), now=events, then=events)
def test_within_a_note_nothing_is_seen_before_its_turn(bits_of, past, now, then):
    """The rest knows neither duration nor pitch of its note, the duration not the pitch: at the first note too."""
    rest, duration, pitch = now
    other_pitch = pitch + 12 if pitch < 67 else pitch - 12
    other_duration = 12 if duration != 12 else 24
    one, sung = bits_of(heard([*past, now, then]), heard([*past, (rest, duration, other_pitch), then]))
    assert_same(one[len(past), :2], sung[len(past), :2])
    one, held = bits_of(heard([*past, now, then]), heard([*past, (rest, other_duration, pitch), then]))
    assert_same(one[len(past), :1], held[len(past), :1])


def test_the_check_would_notice():
    """Told how many bars are left, the same network gives other bits for the same past: the tests above can fail."""
    past = [(0, 24, 60), (0, 24, 62), (0, 24, 64), (0, 24, 65)]
    pair = [heard(past), heard(past + past + past)]
    told = answers_hidden(2, told=Withheld._fields)
    one, other = (scored.bits for scored in score(NUMPY, pair, told))
    assert np.abs(one[:4] - other[:4]).max() > 1e-3
    with torch.no_grad():
        rest = TORCH(tensors(collate(pair, told))).rest
    assert (rest[0, :4] - rest[1, :4]).abs().max() > 1e-3


def test_measuring_hides_what_would_tell():
    """Bars left and style are hidden whenever a figure is measured; a style changes nothing."""
    assert answers_hidden(2).bars_left.all()
    assert answers_hidden(2).style.all()
    plain = encode(melody_of([(0, 24, 60), (0, 24, 62), (0, 24, 64)]))
    one, other = (scored.bits for scored in score(NUMPY, [columns(plain), columns(plain, style=3)]))
    np.testing.assert_array_equal(one, other)
