"""The network: shapes, gradients everywhere, tables that compute what embeddings do, and no sight of the future."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from melodyrnn.checkpoint.file import expected_shapes
from melodyrnn.events import viewpoints as vp
from melodyrnn.training.batches import Share, heldout, training_step
from melodyrnn.training.network import LAYER_OF_CELL, MelodyRNN, TableScores, Views


@pytest.fixture
def network(config):
    """A network that has learnt nothing."""
    torch.manual_seed(0)
    return MelodyRNN(config)


@pytest.mark.parametrize("cell", LAYER_OF_CELL)
@pytest.mark.parametrize("layers", [1, 2])
def test_weights_are_what_a_checkpoint_expects(config, cell, layers):
    """Names and shapes agree with expected_shapes, which knows no torch."""
    config = replace(config, cell=cell, layers=layers)
    shapes = {name: tuple(tensor.shape) for name, tensor in MelodyRNN(config).state_dict().items()}
    assert shapes == expected_shapes(config)


@pytest.mark.parametrize("cell", LAYER_OF_CELL)
def test_surprise_is_finite_and_stands_where_something_is_predicted(config, melodies, cell):
    """(B, P) each, positive at notes, 0 where nothing is predicted; END is counted in the rest."""
    torch.manual_seed(0)
    batch = heldout(melodies)
    found = MelodyRNN(replace(config, cell=cell))(batch)
    for name, where in (("rest", batch.rests), ("duration", batch.notes), ("pitch", batch.notes)):
        term = getattr(found, name)
        assert term.shape == batch.rest.shape
        assert torch.isfinite(term).all()
        assert (term[where] > 0).all()
        assert (term[~where] == 0).all()


def test_gradients_reach_every_parameter(network, config, recipe, melodies):
    """No table, head or layer is left out of learning."""
    told = [replace(m, style=2) for m in melodies]
    always = replace(recipe, hide_bars=0.0, hide_style=0.0, hide_mode=0.0, hide_register=0.0)
    inputs, dropped = training_step(told, always, config, 0, Share())
    sum(term.sum() for term in network(inputs, dropped)).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("cell", LAYER_OF_CELL)
def test_no_gradient_is_summed_in_the_order_of_threads(config, melodies, cell):
    """Advanced indexing is not used: its gradient adds up as threads arrive, and a resumed run would be another one."""
    network = MelodyRNN(replace(config, cell=cell))
    ahead, found = [term.grad_fn for term in network(heldout(melodies))], set()
    while ahead:
        step = ahead.pop()
        if step is not None and step not in found:
            found.add(step)
            ahead += [before for before, _ in step.next_functions]
    names = {step.name() for step in found}
    assert "GatherBackward0" in names  # the walk has come as far as the intervals
    assert not names & {"IndexBackward0", "IndexPutBackward0", "PutBackward0", "TakeBackward0"}


def test_neighbours_and_padding_change_nothing(network, melodies):
    """A melody's surprise beside longer ones is its surprise alone (to rounding)."""
    together = network(heldout(melodies))
    for row, melody in enumerate(melodies):
        for one, many in zip(network(heldout([melody])), together, strict=True):
            width = len(melody) + 1
            torch.testing.assert_close(many[row, :width], one[0], atol=1e-5, rtol=1e-5)


def test_the_future_is_not_seen(network, melodies):
    """Changing notes from position k on changes no surprise before k."""
    melody = melodies[5]
    k = 9
    turned = {name: np.concatenate([getattr(melody, name)[:k], getattr(melody, name)[k:][::-1]])
              for name in ("pitch",)}  # fmt: skip
    before, after = network(heldout([melody])), network(heldout([replace(melody, **turned)]))
    for one, other in zip(before, after, strict=True):
        assert torch.equal(one[0, :k], other[0, :k])
    assert not torch.equal(before.pitch[0, k:], after.pitch[0, k:])


def test_views_are_a_sum_of_embeddings():
    """Value and gradient are those of one nn.Embedding a view, summed, each scaled by its dropout."""
    sizes = {"a": 5, "b": 7, "c": 3}
    torch.manual_seed(0)
    views = Views(sizes, vp.Hears(), 4)
    tables = [nn.Embedding(size, 4) for size in sizes.values()]
    with torch.no_grad():
        for table, part in zip(tables, views.weight.split(list(sizes.values())), strict=True):
            table.weight.copy_(part)
    rows = torch.stack([torch.randint(0, size, (3, 6)) for size in sizes.values()], -1)
    for keep in (None, torch.tensor([[[0.0, 1.5, 1.0]], [[1.0, 0.0, 2.0]], [[1.0, 1.0, 1.0]]])):
        scale = torch.ones(3, 1, 3) if keep is None else keep
        slow = sum(table(rows[..., i]) * scale[..., i, None] for i, table in enumerate(tables))
        fast = views(rows, keep)
        torch.testing.assert_close(fast, slow)
        weights = torch.randn_like(fast)
        (fast * weights).sum().backward()
        (slow * weights).sum().backward()
        torch.testing.assert_close(views.weight.grad, torch.cat([table.weight.grad for table in tables]))
        views.weight.grad = None
        for table in tables:
            table.weight.grad = None


@pytest.mark.parametrize("width", [1, 2])
def test_lookups_have_the_gradient_of_an_embedding(width):
    """Counting gradients together gives what nn.Embedding gives, to rounding."""
    torch.manual_seed(0)
    scores, table = TableScores(20, width), nn.Embedding(20, width)
    with torch.no_grad():
        scores.weight.copy_(table.weight)
    rows = torch.randint(0, 15, (4, 9, 9))  # five rows are never looked up
    assert torch.equal(scores(rows), table(rows))
    weights = torch.randn(4, 9, 9, width)
    (scores(rows) * weights).sum().backward()
    (table(rows) * weights).sum().backward()
    torch.testing.assert_close(scores.weight.grad, table.weight.grad)
    assert scores.weight.grad.dtype == torch.float32


def test_probabilities_sum_to_one(network, melodies):
    """Over all durations of a position, softmax and copies together are a distribution.

    So they are over all pitches, but for what copied intervals would put beyond the table.
    """
    from melodyrnn.events.vocabulary import DURATIONS, PITCHES  # noqa: PLC0415 - the sizes of the tables

    melody, at = melodies[4], 11
    lengths = [replace(melody, duration=np.where(np.arange(len(melody)) == at, row, melody.duration))
               for row in range(len(DURATIONS))]  # fmt: skip
    with torch.no_grad():
        surprise = network(heldout(lengths)).duration[:, at]
    assert float(torch.exp(-surprise).sum()) == pytest.approx(1, abs=1e-4)
    every = [replace(melody, pitch=np.where(np.arange(len(melody)) == at, row, melody.pitch))
             for row in range(len(PITCHES))]  # fmt: skip
    with torch.no_grad():
        surprise = network(heldout(every)).pitch[:, at]
    assert 0.9 < float(torch.exp(-surprise).sum()) < 1 + 1e-4


def test_matches_start_where_long_ones_are_trusted(network):
    """Before anything is learnt, the more notes agreed, the more an earlier place is worth copying."""
    trust = network.pitch.matches.weight[:, 0]
    assert vp.match_row(*(np.array(0),) * 3) == 0
    assert trust[0] < trust[int(vp.match_row(*(np.array(3),) * 3))] < trust[int(vp.match_row(*(np.array(20),) * 3))]


@pytest.mark.parametrize("of", [2, 4])
def test_gradients_of_all_shares_are_the_gradient_of_the_step(network, config, recipe, melodies, of):
    """What several processes learn from their rows adds up to what one learns from all (to rounding)."""
    gradients = []
    for shares in ([Share()], [Share(rank, of) for rank in range(of)]):
        network.zero_grad()
        for share in shares:
            inputs, dropped = training_step(melodies, recipe, config, 3, share)
            counts = torch.tensor([row < len(melodies) for row in share.rows(len(melodies))], dtype=torch.float32)
            (sum(term.sum(1) for term in network(inputs, dropped)) * counts).sum().backward()
        gradients.append([parameter.grad.clone() for parameter in network.parameters()])
    for one, several in zip(*gradients, strict=True):
        torch.testing.assert_close(several, one, rtol=1e-4, atol=1e-4)
