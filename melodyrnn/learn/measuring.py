"""What a network makes of melodies that it has not learnt: bits per note, the answers hidden.

Contents: measure; measured, the same batch by batch.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from melodyrnn.learn.batches import heldout
from melodyrnn.learn.news import Bits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.events.columns import Columns


def measure(network: nn.Module, melodies: Sequence[Columns], positions: int = 4096) -> Bits:
    """Bits per note of a network on melodies, answers hidden."""
    bits = Bits(0.0, 0.0, 0.0)
    for bits, _ in measured(network, melodies, positions):  # noqa: B007 - the last one counts
        continue
    return bits


def measured(network: nn.Module, melodies: Sequence[Columns], positions: int = 4096) -> Iterator[tuple[Bits, int]]:
    """The same batch by batch, for who may want to stop: bits per note so far, and how many melodies are left."""
    network.eval()
    total, notes = np.zeros(3), 0
    order = sorted(range(len(melodies)), key=lambda i: len(melodies[i]))
    device = next(network.parameters()).device
    while order:
        longest = len(melodies[order[-1]]) + 1
        some = [melodies[order.pop()] for _ in range(min(len(order), max(1, positions // longest)))]
        with torch.no_grad():
            surprise = network(type(batch := heldout(some))(*(t.to(device) for t in batch)))
        total += [float(term.sum(dtype=torch.float64)) for term in surprise]
        notes += sum(len(m) for m in some)
        yield Bits(*(total / max(1, notes) / math.log(2)).tolist()), len(order)
