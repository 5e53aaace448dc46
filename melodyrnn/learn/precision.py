"""Which numbers a network is trained with: fp32 everywhere, bf16 where the processor has it and it is faster.

Weights, moments and averages stay fp32; only matrix products and the recurrent layer run in bf16
(torch.autocast). Never needed: a processor without it, on which torch refuses or crawls, trains in fp32.

Contents: PRECISIONS, choose, autocast.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import torch

from melodyrnn.learn.network import CELLS

if TYPE_CHECKING:
    from melodyrnn.checkpoint import NetworkConfig
    from melodyrnn.learn.team import Team

PRECISIONS: Final = ("auto", "fp32", "bf16")
_WORTH_IT: Final = 1.5  # times faster; less could turn out otherwise the next time, and runs shall be repeatable
_SHAPE: Final = (16, 32)  # melodies, positions of the trial
_TRIALS: Final = 3


def choose(config: NetworkConfig, team: Team) -> str:
    """Try both once: 'bf16' if every process of the team is clearly faster with it, else 'fp32'."""
    try:
        fast = _seconds(config, team.device, "bf16") * _WORTH_IT < _seconds(config, team.device, "fp32")
    except RuntimeError:  # "could not create a primitive descriptor": this processor has no bf16
        fast = False
    return "fp32" if team.agree(not fast) else "bf16"


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """The context in which a network of this precision runs forward."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


def _seconds(config: NetworkConfig, device: torch.device, precision: str) -> float:
    """The shortest of a few times forward and backward through the recurrent layers."""
    with torch.random.fork_rng(devices=[]):  # the trial leaves no trace
        layers = CELLS[config.cell](config.embed, config.hidden, config.layers, batch_first=True).to(device)
        heard = torch.ones(*_SHAPE, config.embed, device=device)
    times = []
    for _ in range(_TRIALS):
        began = time.perf_counter()
        with autocast(precision, device):
            out, _ = layers(heard)
        out.float().sum().backward()
        float(layers.bias_hh_l0.grad.sum())  # waits for a GPU
        times.append(time.perf_counter() - began)
    return min(times)
