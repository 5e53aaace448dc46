"""Which numbers a network is trained with: fp32 everywhere, bf16 where the processor has instructions for it.

What is chosen hangs on the network and the machine alone, never on a stopwatch: the same command makes the
same file, however busy the machine is. Weights, moments and averages stay fp32; only matrix products and the
recurrent layer run in bf16 (torch.autocast). Never needed: a processor without it trains in fp32.

Contents: choose, autocast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

from melodyrnn.training.network import CELLS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from melodyrnn.checkpoint.file import NetworkConfig
    from melodyrnn.training.distributed import Team

_INSTRUCTIONS: Final = ("amx_bf16", "avx512_bf16")  # names of torch.cpu.get_capabilities
_WIDE: Final = 128  # hidden units from which the recurrent product is worth halving


def choose(config: NetworkConfig, team: Team) -> str:
    """'bf16' if every process of the team has the instructions and the network gains by them, else 'fp32'."""
    return "fp32" if team.agree(not _gains(config, team.device)) else "bf16"


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """The context in which a network of this precision runs forward."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


def _gains(config: NetworkConfig, device: torch.device) -> bool:
    """Whether bf16 is known to be faster here. On a CPU: wide LSTMs only, oneDNN has no other cell in bf16."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    able: Mapping[str, object] = getattr(torch.cpu, "get_capabilities", dict)()  # torch 2.10 may lack it
    wide = config.cell == "lstm" and config.hidden >= _WIDE
    return wide and any(able.get(name, False) for name in _INSTRUCTIONS) and _runs(config, device)


def _runs(config: NetworkConfig, device: torch.device) -> bool:
    """Whether torch does it at all: oneDNN may refuse what the processor could do."""
    with torch.random.fork_rng(devices=[]):  # the trial leaves no trace
        layers = CELLS[config.cell](config.embed, config.hidden, config.layers, batch_first=True).to(device)
    try:
        with autocast("bf16", device):
            out, _ = layers(torch.ones(2, 2, config.embed, device=device))
        out.float().sum().backward()
    except RuntimeError:  # "could not create a primitive descriptor"
        return False
    return True
