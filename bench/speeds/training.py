"""Items 4 and 5: our training, against a bare PyTorch loop, the machine's matrix rate, and rivals on tokens.

The bare loop: one embedding of the note, `nn.LSTM` of our size, three linear heads, AdamW, fp32 — what one writes in an
afternoon. It is timed twice: with our own batches (melodies of like length together), and with as many melodies in
each step in random order, padded to the longest, which is how such a loop is mostly written.
"""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch import nn

from bench.speeds.timing import Row, Setting, median, met
from melodyrnn.corpus.prepared import Prepared, open_prepared
from melodyrnn.events.vocabulary import DURATIONS, END, PITCHES
from melodyrnn.training.batches import plan_epoch, spans
from melodyrnn.training.config import defaults
from melodyrnn.training.events import Evaluated, Split, Stepped, TrainingPlan
from melodyrnn.training.fit import fit
from melodyrnn.training.network import MelodyRNN
from melodyrnn.training.validation import measure as judge
from melodyrnn.training.workers import join

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.checkpoint.file import NetworkConfig
    from melodyrnn.events.columns import Columns
    from melodyrnn.training.config import TrainingConfig

TARGET: Final = 2.9  # bits per note
_TIMED: Final = 12  # steps


def measure(setting: Setting) -> list[Row]:
    """Item 5: some steps of each loop."""
    prepared = open_prepared(setting.prepared)
    split = _split(prepared)
    config, recipe = defaults(len(split.train), int(prepared.lengths[prepared.part("train")].sum()))
    torch.set_num_threads(setting.cores)
    ours, waiting = _ours(split, config, recipe)
    bare = _bare(split.train, config, recipe, like=True)
    naive = _bare(split.train, config, recipe, like=False)
    steps = plan_epoch(spans(np.array([len(m) for m in split.train]), recipe.longest), recipe.positions, 0, 0)
    padded = sum(max(s.stop - s.start for s in step) * len(step) for step in steps)
    padding = 1 - sum(s.stop - s.start for step in steps for s in step) / padded
    flops = 6 * sum(p.numel() for n, p in MelodyRNN(config).named_parameters() if not _looked_up(n)) * ours
    peak = _product()
    return [
        Row("a bare loop, fp32, our batches", f"{bare:,.0f} notes/s"),
        Row("a bare loop, fp32, random order", f"{naive:,.0f} notes/s"),
        Row(
            f"our training, {setting.cores} threads", f"{ours:,.0f} notes/s",
            f"{ours / bare:.2f} × the bare loop with our batches, {ours / naive:.2f} × in random order",
            f"at least 1.5: {met(ours / bare >= 1.5)}",
        ),
        Row(
            "its matrix products", f"{flops / 1e9:.0f} Gflop/s", f"{flops / peak:.2f} of {peak / 1e9:.0f} Gflop/s, fp32"
        ),
        Row("padding", f"{100 * padding:.1f} %", "", f"under 5 %: {met(padding < 0.05)}"),
        Row("waiting for data", f"{100 * waiting:.1f} %", "", f"under 3 %: {met(waiting < 0.03)}"),
    ]  # fmt: skip


def measure_rivals(setting: Setting) -> list[Row]:
    """Item 4: ours for as many epochs as fit into the minutes, then the rivals for just as many seconds."""
    from bench.speeds import rivals  # noqa: PLC0415 - with transformers and miditok

    prepared = open_prepared(setting.prepared)
    split = _split(prepared)
    notes = int(prepared.lengths[prepared.part("train")].sum())
    config, recipe = defaults(len(split.train), notes)
    torch.set_num_threads(setting.cores)
    rate, _ = _ours(split, config, recipe)
    epochs = max(1, int(60 * setting.minutes * rate / notes))
    network, spent, bits, reached = _trained(split, config, rivals.scaled(recipe, epochs), prepared)
    parameters = sum(p.numel() for p in network.parameters())
    sets = rivals.token_sets(prepared, setting.folder)
    one, many = _composing(network, config)
    rows = [
        Row(
            f"ours, {parameters / 1e6:.2f} M parameters, {epochs} epochs in {spent:.0f} s", f"{bits:.3f} bits per note",
            f"{notes * epochs / spent:,.0f} notes/s learnt; {one:,.0f} notes/s composed, {many:,.0f} at 64",
        ),
        Row(
            f"time to {TARGET} bits per note on the validation part, by epochs",
            f"{reached:.0f} s" if reached else "not reached",
        ),
    ]  # fmt: skip
    for name, make in rivals.widths(parameters, sets[0].vocabulary).items():
        told = rivals.learn(name, make, sets, spent)
        behind = bits < told.bits and one > told.one
        rows.append(
            Row(
                f"{name} on REMI tokens, {told.parameters / 1e6:.2f} M parameters, {spent:.0f} s",
                f"{told.bits:.3f} bits per note",
                f"{told.notes:,.0f} notes/s learnt; {told.one:,.0f} notes/s composed, {told.many:,.0f} at 64",
                f"behind in both: {met(behind)}",
            )
        )
    return rows


def _split(prepared: Prepared) -> Split:
    train, validation = ([prepared.columns(int(i)) for i in prepared.part(p)] for p in ("train", "validation"))
    return Split(train, validation)


def _ours(split: Split, config: NetworkConfig, recipe: TrainingConfig) -> tuple[float, float]:
    """Notes a second of our training, and the share of the time that it waits for data: medians over steps."""
    news = fit(Split(split.train), TrainingPlan(config, recipe, precision="fp32"), join())
    stepped = [e for e in itertools.islice(news, _TIMED + 3) if isinstance(e, Stepped)][2:]
    return median([e.notes_per_second for e in stepped]), median([e.waited for e in stepped])


def _trained(
    split: Split, config: NetworkConfig, recipe: TrainingConfig, prepared: Prepared
) -> tuple[MelodyRNN, float, float, float]:
    """A network, the seconds its steps took, its bits on the test part, and the seconds until TARGET."""
    spent, reached, began = 0.0, 0.0, time.perf_counter()
    weights: dict[str, Any] = {}
    for news in fit(split, TrainingPlan(config, recipe), join()):
        if isinstance(news, Stepped):
            spent += time.perf_counter() - began
        if isinstance(news, Evaluated):
            weights = news.weights
            reached = reached or (spent if news.heldout.total <= TARGET else 0.0)
        began = time.perf_counter()  # judging is not training
    network = MelodyRNN(config)
    network.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    test = [prepared.columns(int(i)) for i in prepared.part("test")]
    return network, spent, judge(network, test).total, reached


def _composing(network: MelodyRNN, config: NetworkConfig) -> tuple[float, float]:
    """Notes a second of composing with these weights, one melody and 64."""
    from melodyrnn.checkpoint.file import Card, Checkpoint  # noqa: PLC0415
    from melodyrnn.compose.generate import generate  # noqa: PLC0415
    from melodyrnn.compose.model import model_of  # noqa: PLC0415
    from melodyrnn.controls.options import Options  # noqa: PLC0415

    weights = {name: tensor.detach().numpy() for name, tensor in network.state_dict().items()}
    model = model_of(Checkpoint(config, Card(), weights))
    rates = []
    for count, times in ((1, 5), (64, 1)):
        began = time.perf_counter()
        made = [g for k in range(times) for g in generate(model, Options(seed=k, end="free"), count)]
        rates.append(sum(len(g.melody.notes) for g in made) / (time.perf_counter() - began))
    return rates[0], rates[1]


class _Bare(nn.Module):
    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.sizes = (END + 1, len(DURATIONS), len(PITCHES))
        self.embeddings = nn.ModuleList(nn.Embedding(size, config.embed) for size in self.sizes)
        self.recurrent = nn.LSTM(config.embed, config.hidden, config.layers, batch_first=True)
        self.heads = nn.ModuleList(nn.Linear(config.hidden, size) for size in self.sizes)

    def forward(self, notes: torch.Tensor) -> torch.Tensor:
        """Mean -ln P of notes (B, P, 3) given those before them."""
        heard = sum(embed(notes[:, :-1, k]) for k, embed in enumerate(self.embeddings))
        state, _ = self.recurrent(heard)
        losses = [
            nn.functional.cross_entropy(head(state).flatten(0, 1), notes[:, 1:, k].flatten())
            for k, head in enumerate(self.heads)
        ]
        return torch.stack(losses).sum()


def _bare(melodies: Sequence[Columns], config: NetworkConfig, recipe: TrainingConfig, *, like: bool) -> float:
    """Notes a second of the bare loop: the median over its steps."""
    model = _Bare(config)
    optimiser = torch.optim.AdamW(model.parameters(), recipe.rate)
    rates = []
    for batch in itertools.islice(_batches(melodies, recipe, like=like), _TIMED + 2):
        began = time.perf_counter()
        notes = np.zeros((len(batch), max(map(len, batch)) + 1, 3), np.int64)
        for row, melody in zip(notes, batch, strict=True):
            row[1 : len(melody) + 1] = np.stack((melody.rest, melody.duration, melody.pitch), 1)
        optimiser.zero_grad()
        model(torch.from_numpy(notes)).backward()
        optimiser.step()
        rates.append(sum(map(len, batch)) / (time.perf_counter() - began))
    return median(rates[2:])


def _batches(melodies: Sequence[Columns], recipe: TrainingConfig, *, like: bool) -> Iterator[list[Columns]]:
    short = [m for m in melodies if len(m) <= recipe.longest]
    if like:
        pieces = spans(np.array([len(m) for m in short]), recipe.longest)
        return ([short[s.melody] for s in step] for step in plan_epoch(pieces, recipe.positions, 0, 0))
    order = np.random.default_rng(0).permutation(len(short)).tolist()
    size = max(1, recipe.positions * len(short) // sum(map(len, short)))
    return ([short[i] for i in order[k : k + size]] for k in range(0, len(order), size))


def _looked_up(name: str) -> bool:
    """Whether a parameter is a table whose rows are looked up, not multiplied."""
    return any(part in name for part in ("views", "known", "matches", "apart", "bias"))


def _product() -> float:
    """Floating-point operations a second of torch's own fp32 product with these threads."""
    a = torch.randn(1024, 1024)
    times = []
    for _ in range(9):
        began = time.perf_counter()
        a @ a
        times.append(time.perf_counter() - began)
    return 2 * 1024**3 / median(times)
