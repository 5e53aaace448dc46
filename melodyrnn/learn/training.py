"""fit(): trains a network and tells what happens, as a generator of events; it prints nothing.

Conventions
    bits        bits per note: -log2 P summed over an attribute, divided by the number of notes; END is
                counted in the rest. Held-out figures hide the answers (bars left, style).
    state       OUTPUT.state, beside the output: written every `save_every` seconds, after each epoch and
                when asked to stop; gone when the model is written. `resume=True` goes on from it bit for bit.

Contents: Split (what to learn from), Plan (how), the events, fit.
Optimiser: AdamW (Loshchilov & Hutter 2019), one-cycle rate, gradient clipping; what is kept is the
exponential average of the weights (Polyak & Juditsky 1992) at its best held-out figure.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from melodyrnn.checkpoint import NetworkConfig
from melodyrnn.errors import CheckpointError, CorpusError, TrainingError
from melodyrnn.events.columns import Columns
from melodyrnn.learn import state as states
from melodyrnn.learn.batches import Span, cut, heldout, plan, spans, training_step
from melodyrnn.learn.network import MelodyRNN
from melodyrnn.learn.recipe import Recipe, rate_at
from melodyrnn.learn.state import Place, State
from melodyrnn.learn.team import Team

Weights = dict[str, NDArray[np.float32]]


class Bits(NamedTuple):
    """Bits per note."""

    rest: float
    duration: float
    pitch: float

    @property
    def total(self) -> float:
        """All three."""
        return self.rest + self.duration + self.pitch


@dataclass(frozen=True, slots=True)
class Split:
    """What to learn from, and what to judge by. Without validation melodies the last weights are kept."""

    train: Sequence[Columns]
    validation: Sequence[Columns] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """One training run: shape, recipe, where its state lies, and the weights to start from."""

    config: NetworkConfig
    recipe: Recipe
    state: Path | None = None  # None keeps no state
    resume: bool = False
    start: Weights | None = None  # fine-tuning: the weights of another run
    save_every: float = 60.0  # seconds
    compile: bool = False  # torch.compile, where there is a compiler


@dataclass(frozen=True, slots=True)
class Started:
    """Training begins, or goes on from `epoch` and `step`."""

    melodies: int
    notes: int
    parameters: int
    epochs: int
    epoch: int
    step: int


@dataclass(frozen=True, slots=True)
class Stepped:
    """One step is done."""

    epoch: int
    progress: float  # 0..1 of the whole training
    step: int
    bits: float  # of this step, with dropout
    notes_per_second: float
    waited: float  # share of the time spent waiting for data


@dataclass(frozen=True, slots=True)
class Evaluated:
    """An epoch is done and the averaged weights have been judged."""

    epoch: int
    train: float  # bits per note in training, with dropout
    heldout: Bits  # nan without validation melodies
    best: bool
    weights: Weights = field(repr=False, compare=False)  # the average, to hear how far it has come


@dataclass(frozen=True, slots=True)
class Saved:
    """The state is safe on disk."""

    path: Path
    step: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """Asked to stop: the state is saved and `resume` goes on from it."""

    path: Path | None
    step: int


@dataclass(frozen=True, slots=True)
class Finished:
    """Training is done."""

    weights: Weights
    best: float  # held-out bits per note; inf without validation melodies
    epoch: int
    history: tuple[tuple[float, ...], ...]  # rows of (epoch, train, rest, duration, pitch)


Event = Started | Stepped | Evaluated | Saved | Stopped | Finished


def fit(split: Split, plan_: Plan, team: Team, stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
    """Train; yield what happens, Finished or Stopped last.

    `stop` is asked after each step. Raises TrainingError when the loss is no longer a number (the last
    state is kept), CorpusError without melodies, CheckpointError when a state does not fit.
    """
    if not len(split.train):
        raise CorpusError("there is no melody to train on")
    plan_.recipe.check()
    run = _Run(split, plan_, team)
    yield run.started()
    while run.place.epoch < plan_.recipe.epochs and not run.out_of_patience:
        for event in run.epoch(stop):
            yield event
            if isinstance(event, Stopped):
                return
    yield Finished(run.kept(), run.place.best, run.place.best_epoch, run.place.history)


def measure(network: MelodyRNN, melodies: Sequence[Columns], positions: int = 4096) -> Bits:
    """Bits per note of a network on melodies, answers hidden."""
    network.eval()
    total, notes = np.zeros(3), 0
    order = sorted(range(len(melodies)), key=lambda i: len(melodies[i]))
    device = next(network.parameters()).device
    with torch.no_grad():
        while order:
            longest = len(melodies[order[-1]]) + 1
            some = [melodies[order.pop()] for _ in range(min(len(order), max(1, positions // longest)))]
            surprise = network(type(batch := heldout(some))(*(t.to(device) for t in batch)))
            total += [float(term.sum(dtype=torch.float64)) for term in surprise]
            notes += sum(len(m) for m in some)
    return Bits(*(total / max(1, notes) / math.log(2)).tolist())


def digest(split: Split, pieces: Sequence[Span]) -> str:
    """Name a training set: a state of other melodies cannot be resumed."""
    names = hashlib.sha256(repr((len(split.train), len(split.validation), pieces)).encode())
    for melody in (split.train[0], split.train[len(split.train) - 1]):
        names.update(melody.pitch.astype("<i8").tobytes() + melody.duration.astype("<i8").tobytes())
    return names.hexdigest()[:16]


class _Run:
    """A training run: network, average, optimiser and place. Only `fit` uses it."""

    def __init__(self, split: Split, plan_: Plan, team: Team) -> None:
        self.split, self.plan, self.team = split, plan_, team
        torch.manual_seed(plan_.recipe.seed)
        self.network = MelodyRNN(plan_.config).to(team.device)
        if plan_.start is not None:
            self.network.load_state_dict({n: torch.from_numpy(np.array(w)) for n, w in plan_.start.items()})
        self.average = AveragedModel(self.network, avg_fn=self._averaged)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), plan_.recipe.rate, (0.9, 0.99), weight_decay=plan_.recipe.decay, fused=True
        )
        lengths = np.array([len(m) for m in split.train])
        self.pieces = spans(lengths, plan_.recipe.longest)
        self.notes = int(lengths.sum())
        self.corpus = digest(split, self.pieces)
        self.place = Place()
        self.best: dict[str, Tensor] = {}
        self.saved_at = time.monotonic()
        if plan_.resume and plan_.state is not None:
            self._load(plan_.state)
        self.trained = team.wrap(torch.compile(self.network) if plan_.compile else self.network)  # type: ignore[arg-type]

    @property
    def out_of_patience(self) -> bool:
        """Whether the held-out figure has stood still for too long."""
        waited = self.place.epoch - 1 - self.place.best_epoch
        return bool(len(self.split.validation)) and waited >= self.plan.recipe.patience and self.place.best_epoch >= 0

    def started(self) -> Started:
        """What is about to happen."""
        parameters = sum(p.numel() for p in self.network.parameters())
        place = self.place
        return Started(len(self.split.train), self.notes, parameters, self.plan.recipe.epochs, place.epoch, place.step)

    def epoch(self, stop: Callable[[], bool]) -> Iterator[Event]:
        """Train what is left of an epoch, then judge and save."""
        recipe, epoch = self.plan.recipe, self.place.epoch
        steps = plan(self.pieces, recipe.positions, recipe.seed, epoch)
        for index in range(self.place.index, len(steps)):
            began = time.perf_counter()
            progress = (epoch + index / len(steps)) / recipe.epochs
            nats, notes, waited = self._step(steps[index], progress)
            took = time.perf_counter() - began
            self.place = self.place.after(index + 1, nats, notes)
            bits = nats / math.log(2) / max(1, notes)
            yield Stepped(epoch, progress, self.place.step, bits, notes * self.team.share.of / took, waited / took)
            if self.team.agree(stop()):
                self._save()
                yield Stopped(self.plan.state, self.place.step)
                return
            if time.monotonic() - self.saved_at > self.plan.save_every and self.plan.state is not None:
                self._save()
                yield Saved(self.plan.state, self.place.step)
        yield self._judge()
        self._save()

    def _step(self, spans_: Sequence[Span], progress: float) -> tuple[float, int, float]:
        """One optimiser step. Returns our nats, our notes, and the seconds spent on data."""
        began = time.perf_counter()
        recipe, team = self.plan.recipe, self.team
        short = -len(spans_) % team.share.of  # every process needs a row; a borrowed one counts for nothing
        melodies = [cut(self.split.train[s.index], s) for s in (*spans_, *spans_[:1] * short)]
        inputs, dropped = training_step(melodies, recipe, self.plan.config, self.place.step, team.share)
        own = range(team.share.rank, len(melodies), team.share.of)
        counts = torch.tensor([i < len(spans_) for i in own], dtype=torch.float32)
        waited = time.perf_counter() - began
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(recipe, progress)
        self.trained.train()
        move = team.device.type != "cpu"
        if move:
            inputs = type(inputs)(*(t.to(team.device) for t in inputs))
            dropped = type(dropped)(*(t.to(team.device) for t in dropped))
        surprise = self.trained(inputs, dropped)
        each = sum(term.sum(1) for term in surprise) * counts.to(team.device)
        notes = sum(s.stop - s.start for s in spans_)
        loss = each.sum() * (team.share.of / notes)  # DistributedDataParallel averages over the team
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), recipe.clip)
        if not torch.isfinite(norm):
            raise TrainingError(
                f"the loss is no longer a number at step {self.place.step + 1}; the last good state is kept: "
                "resume with a lower learning rate (--rate)"
            )
        self.optimiser.step()
        self.average.update_parameters(self.network)
        ours = sum(len(melodies[i]) for i in own if i < len(spans_))
        return float(each.detach().sum()), ours, waited

    def _judge(self) -> Evaluated:
        """End an epoch: measure the averaged weights and remember them if they are the best."""
        place = self.place
        train = place.nats / math.log(2) / max(1, place.notes)
        melodies = self.split.validation
        bits = measure(self.average.module, melodies) if len(melodies) else Bits(math.nan, math.nan, math.nan)
        better = not len(melodies) or bits.total < place.best
        if better:
            self.best = {n: t.clone() for n, t in self.average.module.state_dict().items()}
            best = bits.total if len(melodies) else math.inf
            place = replace(place, best=best, best_epoch=place.epoch)
        row = (float(place.epoch), train, *bits)
        self.place = replace(place, epoch=place.epoch + 1, index=0, nats=0.0, notes=0, history=(*place.history, row))
        weights = {name: tensor.cpu().numpy() for name, tensor in self.average.module.state_dict().items()}
        return Evaluated(place.epoch, train, bits, better, weights)

    def kept(self) -> Weights:
        """The weights to ship."""
        source = self.best or self.average.module.state_dict()
        return {name: tensor.cpu().numpy().copy() for name, tensor in source.items()}

    def _averaged(self, average: Tensor, current: Tensor, count: Tensor | int) -> Tensor:
        """Exponential average that starts quickly: the first weights, far from good, are soon forgotten."""
        count = int(count)
        rate = min(self.plan.recipe.average, (1 + count) / (10 + count))
        return average.lerp(current, 1 - rate)

    def _save(self) -> None:
        """Write the state, if one is wanted and we lead."""
        self.saved_at = time.monotonic()
        if self.plan.state is None or not self.team.leads:
            return
        tensors = {f"network.{n}": t for n, t in self.network.state_dict().items()}
        tensors |= {f"average.{n}": t for n, t in self.average.state_dict().items()}
        tensors |= {f"best.{n}": t for n, t in self.best.items()}
        for index, moments in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{index}.{n}": t for n, t in moments.items()}
        states.write(self.plan.state, State(self.plan.config, self.plan.recipe, self.corpus, self.place, tensors))

    def _load(self, path: Path) -> None:
        """Go on from a state on disk."""
        state = states.read(path)
        for name, told, ours in (
            ("network", state.config, self.plan.config),
            ("recipe", state.recipe, self.plan.recipe),
            ("corpus", state.corpus, self.corpus),
        ):
            if told != ours:
                raise CheckpointError(f"{path}: belongs to another {name}; give the same options, or start afresh")
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
        self.place = state.place
