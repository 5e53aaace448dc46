"""Who computes a training step: processes under torchrun, threads within one, and in which precision.

    torchrun --nproc-per-node 2 --no-python melodyrnn train kinder -o k.safetensors

Processes are joined by DistributedDataParallel: gloo between CPUs, NCCL between GPUs. Alone, torch.distributed is not
touched. Within a process a worker computes some melodies of a step by itself, forward and backward, with threads of
torch's of its own (mostly one): torch's threads, which share every operation, wait for each other by spinning. Only
the gradients meet, added in the workers' order, so what is learnt depends on their number and on nothing else.

Precision depends on the network and the machine alone, never on a stopwatch: the same command makes the same file.
Weights, moments and averages stay fp32; matrix products and the recurrent layer may run in bf16 (torch.autocast).

Contents: Team, join; choose_precision, autocast; one_thread; Workers, workers_for.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, ParamSpec, Self, TypeVar

import torch
from torch import distributed, nn

from melodyrnn.training.batches import Share
from melodyrnn.training.network import LAYER_OF_CELL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Future
    from types import TracebackType

    from melodyrnn.checkpoint.file import NetworkConfig
    from melodyrnn.training.config import TrainingConfig


@dataclass(frozen=True, slots=True)
class Team:
    """This process among all that train together."""

    share: Share
    device: torch.device

    @property
    def is_main(self) -> bool:
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


_INSTRUCTIONS: Final = ("amx_bf16", "avx512_bf16")  # names of torch.cpu.get_capabilities
_WIDE: Final = 128  # hidden units from which the recurrent product is worth halving


def choose_precision(config: NetworkConfig, team: Team) -> str:
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
        layers = LAYER_OF_CELL[config.cell](config.embed, config.hidden, config.layers, batch_first=True).to(device)
    try:
        with autocast("bf16", device):
            out, _ = layers(torch.ones(2, 2, config.embed, device=device))
        out.float().sum().backward()
    except RuntimeError:  # "could not create a primitive descriptor"
        return False
    return True


_Made = TypeVar("_Made")
_Given = ParamSpec("_Given")
_SMALL: Final = 1024  # positions a step up to which Python has so large a share that workers wait for its lock
_HANDOVER: Final = 1e-4  # seconds after which a worker lets another go on in Python; 5e-3, as usual, costs a tenth
_MOST: Final = 4  # workers: more leave each too few melodies for quick products


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread: sums come in one order, so figures do not depend on what else the machine does."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Workers:
    """So many threads of ours, each with so many of torch's. A context manager: it sets torch's threads back."""

    def __init__(self, of: int = 1, threads: int = 1) -> None:
        self.of, self.threads = of, threads
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        self._before, self._interval = torch.get_num_threads(), sys.getswitchinterval()
        torch.set_num_threads(self.threads)
        if self.of > 1:
            sys.setswitchinterval(_HANDOVER)
            self._pool = ThreadPoolExecutor(self.of + 1, "worker", torch.set_num_threads, (self.threads,))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._pool is not None:
            self._pool.shutdown()
        sys.setswitchinterval(self._interval)
        torch.set_num_threads(self._before)

    def each(self, work: Callable[[int], _Made]) -> list[_Made]:
        """Do `work(0)` … `work(of - 1)` side by side; what they made, in this order. Raises what the first raises."""
        return [work(0)] if self._pool is None else list(self._pool.map(work, range(self.of)))

    def meanwhile(
        self, work: Callable[_Given, _Made], *args: _Given.args, **kwargs: _Given.kwargs
    ) -> Future[_Made] | None:
        """Begin a piece of work beside the workers; None where there is one alone, which would only wait for it."""
        return None if self._pool is None else self._pool.submit(work, *args, **kwargs)


def workers_for(recipe: TrainingConfig, team: Team) -> Workers:
    """One worker a processor where steps are large; a single one where they are small, in a team, and on a GPU."""
    threads = torch.get_num_threads()
    if team.share.of > 1 or team.device.type != "cpu":
        return Workers(1, threads)
    if recipe.positions <= _SMALL:
        return Workers()
    of = min(threads, _MOST)
    return Workers(of, threads // of)
