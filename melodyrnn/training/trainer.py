"""A training run at work: network, average, optimiser and place, and how they are saved and found again.

Conventions
    A Run's future is a function of (split, plan) and its State: nothing else is kept between two steps.
    Every process of a team holds the same weights, moments and place; only the leader writes.

Contents: Trainer, digest.
"""

from __future__ import annotations

import copy
import hashlib
import math
import time
from dataclasses import fields, replace
from functools import partial, reduce
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from melodyrnn.checkpoint.file import NetworkConfig
from melodyrnn.errors import CheckpointError, OutputError, TrainingError
from melodyrnn.training.batches import Share, Span, cut, plan_epoch, spans, training_step
from melodyrnn.training.config import TrainingConfig, rate_at
from melodyrnn.training.events import (
    Bits,
    Evaluated,
    Saved,
    Split,
    Started,
    Stepped,
    Stopped,
    TrainingEvent,
    TrainingPlan,
    Weights,
)
from melodyrnn.training.network import Dropped, Inputs, MelodyRNN
from melodyrnn.training.state import Progress, State, check_fits, read_state, write_state
from melodyrnn.training.validation import measure, measured
from melodyrnn.training.workers import Workers, autocast, choose_precision, workers_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from melodyrnn.training.workers import Team

_NOTES = ("rest", "duration", "pitch", "place", "bar", "metre", "bar_ticks")
_DIVERGED = (
    "{} is no longer a number {}; what was saved before is kept: "
    "resume, or start afresh with a lower learning rate (--rate)"
)
_POSSIBLE: Final = (-0.01, 100.0)  # bits per note; choosing blindly costs 18.4, and what is certain nothing
_SCALARS = ("bars", "mode", "tonic", "anchor", "style")


def digest(split: Split, pieces: Sequence[Span]) -> str:
    """Name a training set by every note of it: a state of other melodies cannot be resumed."""
    names = hashlib.blake2b(repr((len(split.train), len(split.validation), pieces)).encode(), digest_size=8)
    for part in (split.train, split.validation):
        for i in range(len(part)):
            melody = part[i]
            names.update(repr([getattr(melody, name) for name in _SCALARS]).encode())
            names.update(np.stack([getattr(melody, name) for name in _NOTES]).astype("<i4").tobytes())
            for told in (melody.phrase, *(melody.harmony or ())):
                if told is not None:
                    names.update(told.astype("<i4").tobytes())
    return names.hexdigest()


class _Share(NamedTuple):
    """What one worker computes of a step."""

    inputs: Inputs
    dropped: Dropped
    counts: Tensor  # (B,): 0 for a row that stands for no melody


class Trainer:
    """A training run. Only `training.fit` uses it."""

    def __init__(self, split: Split, plan: TrainingPlan, team: Team, place: Progress = Progress()) -> None:  # noqa: B008 - frozen
        self.split, self.plan, self.team = split, plan, team
        self.workers = plan.workers or (Workers() if plan.compile else workers_for(plan.recipe, team))
        torch.manual_seed(plan.recipe.seed)
        self.network = MelodyRNN(plan.config).to(team.device)
        self.base: dict[str, Tensor] = {}
        if plan.start is not None:
            self._start_from(plan.start)
        self.average = AveragedModel(self.network, avg_fn=partial(_averaged, plan.recipe.average))
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), plan.recipe.rate, (0.9, 0.99), weight_decay=plan.recipe.decay, fused=True
        )
        lengths = np.array([len(m) for m in split.train])
        self.pieces = spans(lengths, plan.recipe.longest)
        self.notes = int(lengths.sum())
        self.corpus = digest(split, self.pieces)
        self.place = place
        self.best: dict[str, Tensor] = {}
        self.saved_at = time.monotonic()
        self.precision = plan.precision
        if plan.resume and plan.state is not None:
            self._load(plan.state)
        if self.precision == "auto":
            self.precision = choose_precision(plan.config, team)
        self.trained = team.wrap(torch.compile(self.network) if plan.compile else self.network)  # type: ignore[arg-type]

    @property
    def out_of_patience(self) -> bool:
        """Whether the held-out figure has stood still for too long."""
        waited = self.place.epoch - 1 - self.place.best_epoch
        if self.rehearses or not len(self.split.validation) or self.place.best_epoch < 0:
            return False
        return waited >= self.plan.recipe.patience

    @property
    def rehearses(self) -> bool:
        """Whether this is one of several runs that find for how long to learn from few melodies."""
        return bool(self.base and self.plan.recipe.folds and len(self.split.validation))

    def judged_base(self) -> Bits:
        """What the weights that we started from make of the held-out melodies."""
        network = copy.deepcopy(self.network)
        network.load_state_dict(self.base)
        return measure(network, self.split.validation)

    def started(self) -> Started:
        """What is about to happen."""
        parameters = sum(p.numel() for p in self.network.parameters())
        place = self.place
        epochs = self.plan.recipe.epochs
        return Started(len(self.split.train), self.notes, parameters, epochs, place.epoch, place.step, self.plan.config)

    def epoch(self, stop: Callable[[], bool]) -> Iterator[TrainingEvent]:
        """Train what is left of an epoch, then judge and save."""
        recipe, epoch = self.plan.recipe, self.place.epoch
        steps = plan_epoch(self.pieces, recipe.positions, recipe.seed, epoch)
        upcoming: Future[list[_Share]] | None = None
        for index in range(self.place.index, len(steps)):
            began = time.perf_counter()
            progress, step = (epoch + index / len(steps)) / recipe.epochs, self.place.step
            shares = self._shares(steps[index], step) if upcoming is None else upcoming.result()
            waited = time.perf_counter() - began
            more = index + 1 < len(steps)
            upcoming = self.workers.meanwhile(self._shares, steps[index + 1], step + 1) if more else None
            nats, notes = self._step(shares, steps[index], progress)
            took = time.perf_counter() - began
            self.place = self.place.after(index + 1, nats, notes)
            bits = nats / math.log(2) / max(1, notes)
            yield Stepped(epoch, progress, self.place.step, bits, notes / took, waited / took)
            if self.team.agree(stop()):
                yield self._stopped()
                return
            if self.plan.state is not None and time.monotonic() - self.saved_at > self.plan.save_every:
                self._save()
                yield Saved(self.plan.state, self.place.step)
        judged = self._judge(stop)
        if judged is None:  # the epoch is not counted: it is judged again, from the same weights, when resumed
            yield self._stopped()
            return
        yield judged
        if not self.rehearses or self.place.epoch == recipe.epochs:
            self._save()

    def _stopped(self) -> Stopped:
        """Save, because we were asked to stop."""
        self._save()
        return Stopped(self.plan.state, self.place.step)

    def _shares(self, spans_: Sequence[Span], step: int) -> list[_Share]:
        """What each worker computes of our share of a step: a function of the seed and the step's number."""
        team, of = self.team, self.workers.of
        melodies = [cut(self.split.train[s.melody], s) for s in spans_]
        made = []
        for worker in range(of):
            share = Share(team.share.rank + team.share.of * worker, team.share.of * of)
            inputs, dropped = training_step(melodies, self.plan.recipe, self.plan.config, step, share)
            real = [row < len(melodies) for row in share.rows(len(melodies))]
            made.append(_Share(inputs, dropped, torch.tensor(real, dtype=torch.float32)))
        return made

    def _step(self, shares: Sequence[_Share], spans_: Sequence[Span], progress: float) -> tuple[float, int]:
        """One optimiser step. Returns the nats and notes of the whole team."""
        notes = sum(s.stop - s.start for s in spans_)
        self.trained.train()
        self.optimiser.zero_grad(set_to_none=True)
        parts = self.workers.each(lambda worker: self._part(shares[worker], notes))
        if self.workers.of > 1:
            each = zip(*(gradients for _, gradients in parts), strict=True)
            for parameter, gradients in zip(self.network.parameters(), each, strict=True):
                parameter.grad = reduce(torch.add, gradients)
        self._learn(progress)
        return self.team.total(sum(nats for nats, _ in parts)), notes

    def _part(self, share: _Share, notes: int) -> tuple[float, tuple[Tensor, ...]]:
        """Forward and backward of one worker's share of a step: nats, and gradients unless it is the only worker."""
        device = self.team.device
        inputs = Inputs(*(t.to(device) for t in share.inputs))
        dropped = Dropped(*(t.to(device) for t in share.dropped))
        with autocast(self.precision, device):
            surprise = self.trained(inputs, dropped)
        each = sum(term.sum(1) for term in surprise) * share.counts.to(device)
        loss = each.sum() * (self.team.share.of / notes)  # DistributedDataParallel averages over the team
        nats = float(each.detach().sum())
        if self.workers.of > 1:
            return nats, torch.autograd.grad(loss, list(self.network.parameters()))
        loss.backward()
        return nats, ()

    def _learn(self, progress: float) -> None:
        """Go down the gradient, unless it is no longer a number."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(self.plan.recipe, progress)
        self._hold()
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.plan.recipe.clip)
        if not torch.isfinite(norm):
            raise TrainingError(_DIVERGED.format("the loss", f"at step {self.place.step + 1}"))
        self.optimiser.step()
        self.average.update_parameters(self.network)

    def _hold(self) -> None:
        """Add what the distance to the base's weights weighs in the loss: its gradient (L2-SP, Li et al. 2018)."""
        if not self.base or not self.plan.recipe.hold:
            return
        for name, parameter in self.network.named_parameters():
            if parameter.grad is not None:
                parameter.grad.add_(parameter.detach() - self.base[name], alpha=self.plan.recipe.hold)

    def _judge(self, stop: Callable[[], bool]) -> Evaluated | None:
        """End an epoch: measure the averaged weights and remember them if they are the best; None if asked to stop."""
        place = self.place
        train = place.nats / math.log(2) / max(1, place.notes)
        melodies = self.split.validation
        bits = Bits(math.nan, math.nan, math.nan)
        for bits, left in measured(self.average.module, melodies, workers=self.workers):  # noqa: B007 - the last bits count
            if left and self.team.agree(stop()):
                return None
        if len(melodies) and not math.isfinite(bits.total):
            raise TrainingError(_DIVERGED.format("the held-out figure", f"after epoch {place.epoch + 1}"))
        figure = bits.total if len(melodies) else train
        if not _POSSIBLE[0] <= figure <= _POSSIBLE[1]:
            raise TrainingError(
                f"training has diverged: {figure:.3g} bits per note after epoch {place.epoch + 1} cannot be "
                "(choosing blindly costs 18); start afresh with a lower learning rate (--rate)"
            )
        better = not len(melodies) or bits.total < place.best
        if better:
            self.best = {n: t.clone() for n, t in self.average.module.state_dict().items()}
            best = bits.total if len(melodies) else math.inf
            place = replace(place, best=best, best_epoch=place.epoch)
        row = (float(place.epoch), train, *bits)
        self.place = replace(place, epoch=place.epoch + 1, index=0, nats=0.0, notes=0, history=(*place.history, row))
        weights = {name: tensor.cpu().numpy().copy() for name, tensor in self.average.module.state_dict().items()}
        return Evaluated(place.epoch, train, bits, better, weights)

    def kept(self) -> Weights:
        """The weights to ship."""
        source = self.best or self.average.module.state_dict()
        return {name: tensor.cpu().numpy().copy() for name, tensor in source.items()}

    def _start_from(self, weights: Weights) -> None:
        """Begin with the weights of another run."""
        own = {name: tuple(tensor.shape) for name, tensor in self.network.state_dict().items()}
        if own != {name: array.shape for name, array in weights.items()}:
            raise CheckpointError("the weights to start from belong to a network of other sizes; leave the sizes away")
        self.network.load_state_dict({n: torch.from_numpy(np.array(w)) for n, w in weights.items()})
        self.base = {n: t.clone() for n, t in self.network.state_dict().items()}

    def _save(self) -> None:
        """Write the state, if one is wanted and we lead."""
        self.saved_at = time.monotonic()
        if self.plan.state is None or not self.team.is_main:
            return
        tensors = {f"network.{n}": t for n, t in self.network.state_dict().items()}
        tensors |= {f"average.{n}": t for n, t in self.average.state_dict().items()}
        tensors |= {f"best.{n}": t for n, t in self.best.items()}
        for index, moments in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{index}.{n}": t for n, t in moments.items()}
        state = State(self.plan.config, self.plan.recipe, self.corpus, self.place, tensors, self.precision)
        try:
            write_state(self.plan.state, state)
        except OutputError as error:
            before = "what was saved before is intact: when that is mended, --resume goes on"
            problem = before if self.plan.state.exists() else "nothing had been saved before"
            raise OutputError(f"{error}; {problem}") from error

    def _load(self, path: Path) -> None:
        """Go on from a state on disk."""
        state = read_state(path)
        for name, told, ours in (
            ("network", state.config, self.plan.config),
            ("recipe", state.recipe, self.plan.recipe),
            ("corpus", state.corpus, self.corpus),
            ("precision", state.precision, state.precision if self.precision == "auto" else self.precision),
        ):
            if told != ours:
                problem = f"belongs to another {name}{_differences(told, ours)}; give the same options, or start afresh"
                raise CheckpointError(f"{path}: {problem}")
        check_fits(path, state, self.network)
        parts: dict[str, dict[str, Tensor]] = {"network": {}, "average": {}, "best": {}, "optimiser": {}}
        for name, tensor in state.tensors.items():
            part, _, rest = name.partition(".")
            parts[part][rest] = tensor
        self.network.load_state_dict(parts["network"])
        self.average.load_state_dict(parts["average"])
        self.best = parts["best"]
        moments: dict[int, dict[str, Tensor]] = {}
        for name, tensor in parts["optimiser"].items():
            index, _, rest = name.partition(".")
            moments.setdefault(int(index), {})[rest] = tensor
        if moments:
            self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": moments})
        self.place, self.precision = state.place, state.precision


def _averaged(most: float, average: Tensor, current: Tensor, count: Tensor | int) -> Tensor:
    """Exponential average that starts quickly: the first weights, far from good, are soon forgotten."""
    count = int(count)
    rate = min(most, (1 + count) / (10 + count))
    return average.lerp(current, 1 - rate)


def _differences(told: object, ours: object) -> str:
    """What a state has and we have not, in brackets; nothing for what is a mere number of bytes."""
    if not (isinstance(told, NetworkConfig | TrainingConfig) and type(told) is type(ours)):
        return ""
    both = ((f.name, getattr(told, f.name), getattr(ours, f.name)) for f in fields(told))
    return f" ({', '.join(f'{name} {theirs}, not {own}' for name, theirs, own in both if theirs != own)})"
