"""One process or several: torchrun's environment, DistributedDataParallel, and who speaks.

    torchrun --nproc-per-node 2 --no-python melodyrnn train kinder -o k.safetensors

gloo between CPUs, NCCL between GPUs. Alone, nothing of torch.distributed is touched.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
from torch import distributed, nn

from melodyrnn.training.batches import Share


@dataclass(frozen=True, slots=True)
class Team:
    """This process among all that train together."""

    share: Share
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this is the one that writes and talks."""
        return self.share.rank == 0

    def wrap(self, network: nn.Module) -> nn.Module:
        """The network, its gradients averaged over the team."""
        if self.share.of == 1:
            return network
        ids = [self.device.index] if self.device.type == "cuda" else None
        return nn.parallel.DistributedDataParallel(network, device_ids=ids)

    def agree(self, flag: bool) -> bool:  # noqa: FBT001 - one flag is the whole question
        """Whether any of the team says yes; all hear the same answer at the same step."""
        if self.share.of == 1:
            return flag
        said = torch.tensor(float(flag), device=self.device)
        distributed.all_reduce(said, distributed.ReduceOp.MAX)
        return bool(said.item())

    def total(self, figure: float) -> float:
        """The sum of everybody's figure; all hear the same, to the last bit."""
        if self.share.of == 1:
            return figure
        said = torch.tensor(figure, dtype=torch.float64, device=self.device)
        distributed.all_reduce(said, distributed.ReduceOp.SUM)
        return float(said.item())

    def lost(self, error: RuntimeError) -> bool:
        """Whether an error says that another process of the team is gone."""
        told = str(error).lower()
        gone = ("peer", "connection", "socket", "timed out", "nccl", "gloo")
        return self.share.of > 1 and (isinstance(error, distributed.DistError) or any(word in told for word in gone))

    def leave(self) -> None:
        """Close the connection to the others."""
        if self.share.of > 1:
            distributed.destroy_process_group()


def join() -> Team:
    """Join the team that torchrun started, or be alone."""
    of = int(os.environ.get("WORLD_SIZE", "1"))
    rank = int(os.environ.get("RANK", "0"))
    gpus = torch.cuda.device_count()
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")) % gpus) if gpus else torch.device("cpu")
    if of > 1:
        _meet("nccl" if gpus else "gloo", rank, of)
    return Team(Share(rank, of), device)


def _meet(backend: str, rank: int, of: int) -> None:
    """Wait for the others, without reading the addresses of an attempt before, which torchrun's store still holds."""
    attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    store, _, _ = next(distributed.rendezvous("env://"))  # type: ignore[attr-defined]  # it is documented
    own = distributed.PrefixStore(f"melodyrnn-{attempt}", store)  # type: ignore[attr-defined]  # so is this
    distributed.init_process_group(backend, store=own, rank=rank, world_size=of)
