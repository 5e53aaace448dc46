"""The judge of a two-sample test: a small network that learns to tell real melodies from written ones.

A bidirectional GRU hears a melody and says after each note how much its state speaks for "written"; what all notes say,
where each of its units was highest, and what it says at the end of its way, decides. Whatever it can tell on melodies
that it has not learnt from, the two sets differ in (Lopez-Paz & Oquab 2017, "Revisiting classifier two-sample tests").

Conventions
    hearing     (notes, V) rows of V tables (`events.judge_views`).
    written     1.0 for a written melody, 0.0 for a real one.
    evidence    logit that a melody is written; split among its notes it sums to that, but for the bias.

Contents: ClassifierSettings, FROZEN; Classifier; Sample; learn_to_tell, evidence_of, weights_of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import torch
from torch import nn

from melodyrnn.training.workers import one_thread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class ClassifierSettings:
    """How the judge is built and learns.

    Frozen on 2026-11-30, before anything that it judges was changed: figures by other settings cannot be compared.
    """

    hidden: int = 96  # units in each direction
    embed: int = 64  # width of a view's rows, which are summed
    epochs: int = 6
    batch: int = 32  # melodies
    rate: float = 4e-3
    drop: float = 0.2  # of what is embedded, and of what is read out
    clip: float = 1.0  # length of the gradient


FROZEN: Final = ClassifierSettings()
_ASKED_TOGETHER: Final = 64  # melodies
_LOWEST: Final = -9.0  # below any unit of a GRU's state, scaled up as dropout does


class Classifier(nn.Module):
    """Hears melodies and says how much each of their notes speaks for "written"."""

    def __init__(self, tables: Sequence[int], settings: ClassifierSettings = FROZEN) -> None:
        super().__init__()
        self.first = torch.tensor(np.concatenate(([0], np.cumsum(tables)[:-1])))  # row of each view's table
        self.views = nn.EmbeddingBag(int(sum(tables)), settings.embed, mode="sum")
        nn.init.normal_(self.views.weight, std=0.3)
        self.onward, self.homeward = (nn.GRU(settings.embed, settings.hidden, batch_first=True) for _ in range(2))
        self.drop = settings.drop
        self.mean = nn.Linear(2 * settings.hidden, 1)
        self.highest = nn.Linear(2 * settings.hidden, 1, bias=False)
        self.ends = nn.Linear(2 * settings.hidden, 1, bias=False)

    def forward(self, heard: Tensor, lengths: Tensor) -> Tensor:
        """Evidence of each note, (B, P), of melodies `heard` (B, P, V) of these lengths, 0 behind their ends."""
        melodies, notes, views = heard.shape
        rows = (heard + self.first).view(-1, views)
        embedded = self._dropped(self.views(rows).view(melodies, notes, -1))
        states = torch.cat((self.onward(embedded)[0], self._back_to_front(embedded, lengths)), -1)
        states = self._dropped(states)
        inside = torch.arange(notes) < lengths[:, None]
        each = (self.mean(states).squeeze(-1) - self.mean.bias) / lengths[:, None]
        highest, where = states.masked_fill(~inside[..., None], _LOWEST).max(1)
        found: Tensor = (each * inside).scatter_add(1, where, highest * self.highest.weight)
        return found.scatter_add(1, *self._at_ends(states, lengths))

    def _at_ends(self, states: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """The last and the first note, (B, 2), where each direction has heard everything, and what its state says."""
        half, last = states.shape[-1] // 2, lengths - 1
        whole = states[torch.arange(len(states)), last, :half], states[:, 0, half:]
        parts = [state @ weight for state, weight in zip(whole, self.ends.weight.view(2, half), strict=True)]
        return torch.stack((last, torch.zeros_like(last)), 1), torch.stack(parts, 1)

    def _dropped(self, values: Tensor) -> Tensor:
        """Some units of each melody silenced while it learns, the same at all its notes."""
        if not self.training:
            return values
        kept = torch.rand(len(values), 1, values.shape[-1]) >= self.drop
        return values * kept / (1 - self.drop)

    def _back_to_front(self, embedded: Tensor, lengths: Tensor) -> Tensor:
        """States of the GRU that hears each melody from its last note on; packed sequences would take twice as long."""
        place = torch.arange(embedded.shape[1])
        last = lengths[:, None] - 1
        turned = torch.where(place <= last, last - place, place)[..., None]
        states: Tensor = self.homeward(embedded.gather(1, turned.expand_as(embedded)))[0]
        return states.gather(1, turned.expand_as(states))

    def evidence(self, heard: Tensor, lengths: Tensor) -> Tensor:
        """Evidence of each melody, (B,)."""
        found: Tensor = self(heard, lengths).sum(1) + self.mean.bias
        return found


class Sample(NamedTuple):
    """Melodies as they are heard, and which of them are written."""

    heard: Sequence[NDArray[np.int16]]
    written: NDArray[np.float32]  # (melodies,)


def learn_to_tell(
    sample: Sample, tables: Sequence[int], seed: int, settings: ClassifierSettings = FROZEN
) -> Iterator[Classifier]:
    """Train a judge; yield it after each epoch. The same for the same seed, whatever the number of threads."""
    rng = np.random.default_rng(seed)
    with one_thread():
        torch.manual_seed(seed)
        judge = Classifier(tables, settings)
        adam = torch.optim.Adam(judge.parameters(), lr=settings.rate, foreach=True)
        steps = settings.epochs * -(-len(sample.heard) // settings.batch)
        rate = torch.optim.lr_scheduler.OneCycleLR(adam, settings.rate, total_steps=steps)
    for _ in range(settings.epochs):
        with one_thread(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(rng.integers(2**31)))
            judge.train()
            for rows in _batches(sample.heard, settings.batch, rng):
                heard, lengths = _padded([sample.heard[row] for row in rows])
                loss = nn.functional.binary_cross_entropy_with_logits(
                    judge.evidence(heard, lengths), torch.from_numpy(sample.written[rows])
                )
                adam.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(judge.parameters(), settings.clip)
                adam.step()
                rate.step()
        yield judge


def evidence_of(judge: Classifier, heard: Sequence[NDArray[np.int16]]) -> list[NDArray[np.float32]]:
    """Evidence of each note of each melody, each (notes,); a melody's is the sum and the judge's bias."""
    found: list[NDArray[np.float32]] = [np.zeros(0, np.float32)] * len(heard)
    order = np.argsort([len(one) for one in heard], kind="stable").tolist()
    judge.eval()
    with one_thread(), torch.no_grad():
        for start in range(0, len(order), _ASKED_TOGETHER):
            rows = order[start : start + _ASKED_TOGETHER]
            told = judge(*_padded([heard[row] for row in rows])).numpy()
            for row, each in zip(rows, told, strict=True):
                found[row] = each[: len(heard[row])].copy()
    return found


def weights_of(judge: Classifier) -> dict[str, NDArray[np.float32]]:
    """Its weights as a checkpoint keeps those of a critic (`checkpoint.critic_parts`)."""
    return {name: array.detach().numpy().copy() for name, array in judge.state_dict().items()}


def _batches(heard: Sequence[NDArray[np.int16]], size: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """An epoch's batches: melodies of like length together, in an order of chance."""
    lengths = np.array([len(one) for one in heard])
    order = np.argsort(lengths * rng.uniform(0.9, 1.1, len(heard)), kind="stable")
    batches = [order[start : start + size] for start in range(0, len(order), size)]
    return [batches[k] for k in rng.permutation(len(batches))]


def _padded(heard: Sequence[NDArray[np.int16]]) -> tuple[Tensor, Tensor]:
    """Melodies side by side, (B, P, V), and their lengths (B,)."""
    lengths = torch.tensor([len(one) for one in heard])
    padded = np.zeros((len(heard), int(lengths.max()), heard[0].shape[1]), np.int64)
    for row, one in zip(padded, heard, strict=True):
        row[: len(one)] = one
    return torch.from_numpy(padded), lengths
