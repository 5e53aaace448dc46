"""A network that has learnt 20 tunes by heart is caught copying, and can be held to eight notes."""

from __future__ import annotations

import torch

from melodyrnn.checkpoint.file import Card, Checkpoint, NetworkConfig
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import model_of
from melodyrnn.constraints.originality import copied, index_of
from melodyrnn.controls.options import Options
from melodyrnn.events.columns import columns
from melodyrnn.events.fingerprint import Index
from melodyrnn.events.tokenizer import encode
from melodyrnn.training.batches import heldout
from melodyrnn.training.network import MelodyRNN

CONFIG = NetworkConfig(hidden=96, embed=48, head=64, keys=8)


def test_twenty_tunes_by_heart(tune):
    """Free, it copies long runs and each is named with its tune and bar; held to 8 notes, none is longer."""
    tunes = {f"tune {seed}": tune(seed, 28) for seed in range(20)}
    known = {name: columns(encode(melody)) for name, melody in tunes.items()}
    torch.manual_seed(0)
    network, inputs = MelodyRNN(CONFIG), heldout(list(known.values()))
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    for _ in range(120):
        optimizer.zero_grad()
        (sum(term.sum() for term in network(inputs)) / inputs.notes.sum()).backward()
        optimizer.step()
    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    model = model_of(Checkpoint(CONFIG, Card(), weights, Index.build(known.items()).to_tensors()))
    index, metre = index_of(model.checkpoint), tunes["tune 0"].metres[0]
    free, held = (
        [
            copied(index, g.melody)
            for g in generate(model, Options(seed=1, bars=10, metre=metre, max_copy=n, temperature=0.7), 100)
        ]
        for n in (None, 8)
    )
    caught = [one for one in free if one.length > 8]
    assert len(caught) > 30
    for one in caught:
        assert 0 <= one.tune_bar < tunes[one.tune].bars
    assert len({one.tune for one in caught}) > 3
    assert max(one.length for one in held) <= 8
