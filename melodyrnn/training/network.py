"""MelodyRNN: a recurrent network that predicts the next note's rest, then duration, then pitch.

Conventions
    B melodies, P positions, H hidden units, V rows of a vocabulary table; logarithms are natural.
    Position i has heard notes 0 … i-1 and predicts note i (or END).

The path of one step
    views of the last note → sum of embeddings → rnn | gru | lstm → state
    state + what is known at this point → a head's hidden layer → logits over the vocabulary
    pointers: the hidden layer asks which earlier positions were like this one, by learned keys and by how
    many notes in a row agreed before them, and offers to copy what came there
    one softmax over a sentinel and all pointers mixes them: P(x) = p(sentinel) softmax(x) + p(copies that say x)

Sources: viewpoints, Conklin & Witten 1995; pointer sentinel, Merity et al. 2017; match lengths as in the
short-term models of Pearce 2005; dropout shared over time, Gal & Ghahramani 2016.

Contents: Views and TableScores (tables with cheaper gradients than nn.Embedding's), PredictionHead, MelodyRNN; Inputs,
Dropped, Surprise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from melodyrnn.events import viewpoints as vp
from melodyrnn.events.context import NO_CHORD, QUALITY_CLASSES
from melodyrnn.events.vocabulary import DURATIONS, END, PITCHES

if TYPE_CHECKING:
    from melodyrnn.checkpoint.file import NetworkConfig


class Views(nn.Module):
    """Several integer views, each with its own table, summed to one vector."""

    starts: Tensor
    sizes: Tensor
    which: Tensor

    def __init__(self, views: dict[str, int], hears: vp.Hears, width: int) -> None:
        """Tables for those of the views that a network hears."""
        super().__init__()
        sizes = vp.sizes(views, hears)
        self.register_buffer("which", torch.tensor(vp.columns_heard(views, hears)), persistent=False)
        starts = torch.tensor([0, *list(sizes.values())[:-1]]).cumsum(0)
        self.register_buffer("starts", starts, persistent=False)
        self.register_buffer("sizes", torch.tensor(list(sizes.values())), persistent=False)
        self.weight = nn.Parameter(torch.randn(sum(sizes.values()), width) * 0.1)

    def forward(self, rows: Tensor, keep: Tensor | None = None) -> Tensor:
        """Rows (B, P, all views) → (B, P, width); `keep` (B, 1, views heard) scales each, 0 leaves it out.

        A row that a view's table does not have is NONE, row 0.
        """
        rows = rows.index_select(-1, self.which)
        flat = (rows * (rows < self.sizes) + self.starts).flatten(0, 1)
        scale = None if keep is None else keep.expand(rows.shape).flatten(0, 1)
        summed = functional.embedding_bag(flat, self.weight, mode="sum", per_sample_weights=scale)
        return summed.view(*rows.shape[:2], -1)


class _Lookup(torch.autograd.Function):
    """weight[rows] for a narrow weight (V, width) and many rows."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, rows: Tensor) -> Tensor:
        """Gather."""
        ctx.save_for_backward(rows)
        ctx.size = weight.shape[0]
        return weight[rows]

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> tuple[Tensor, None]:
        """Count each row's gradients together."""
        (rows,) = ctx.saved_tensors
        rows, grad = rows.flatten(), grads[0].reshape(rows.numel(), -1)
        columns = [torch.bincount(rows, weights=grad[:, k], minlength=ctx.size) for k in range(grad.shape[1])]
        return torch.stack(columns, 1).to(grad.dtype), None


class TableScores(nn.Module):
    """A few numbers for every row of a small table."""

    def __init__(self, rows: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(rows, width))

    def forward(self, rows: Tensor) -> Tensor:
        """Rows of any shape → (..., width)."""
        found: Tensor = _Lookup.apply(self.weight, rows)  # type: ignore[no-untyped-call]
        return found


LAYER_OF_CELL: Final = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
_PITCH_HEARD: Final = list(vp.HEARD).index("pitch")
_CHORD_KNOWN: Final = list(vp.AT_PITCH).index("chord")
MASKED_SCORE: Final = -60.0  # a score that no softmax notices; exp of what fp32 cannot hold takes twelve times as long


class Inputs(NamedTuple):
    """A Batch as tensors; fields as in melodyrnn.events.columns.Batch."""

    heard: Tensor
    at_rest: Tensor
    at_duration: Tensor
    at_pitch: Tensor
    rest: Tensor
    duration: Tensor
    pitch: Tensor
    notes: Tensor
    rests: Tensor
    matches: Tensor
    apart_rest: Tensor
    apart_duration: Tensor
    apart_pitch: Tensor


class Dropped(NamedTuple):
    """Dropout as an argument: what each unit is multiplied by, 0 where dropped, the same at every position."""

    views: Tensor  # (B, 1, views)
    state: Tensor  # (B, 1, H)
    rest: Tensor  # (B, 1, head)
    duration: Tensor  # (B, 1, head)
    pitch: Tensor  # (B, 1, head)


class Surprise(NamedTuple):
    """-ln P of what came, (B, P) each; 0 where nothing is predicted. END is counted in rest."""

    rest: Tensor
    duration: Tensor
    pitch: Tensor


class PredictionHead(nn.Module):
    """Predicts one attribute: a hidden layer, a softmax, and pointers to earlier positions."""

    def __init__(self, config: NetworkConfig, sizes: dict[str, int], rows: int, copies: int) -> None:
        super().__init__()
        self.copies = copies
        self.known = Views(sizes, config.hears, config.head)
        self.state = nn.Linear(config.hidden, config.head)
        self.out = nn.Linear(config.head, rows)
        self.query = nn.Linear(config.head, config.keys * copies)
        self.key = nn.Linear(config.head, config.keys * copies)
        self.sentinel = nn.Linear(config.head, 1)
        self.matches = TableScores(vp.MATCHES, copies)
        self.apart = TableScores(vp.PLACES_APART, copies)
        agreed = torch.arange(vp.MATCHES)
        total = agreed // vp.LEVELS**2 + agreed // vp.LEVELS % vp.LEVELS + agreed % vp.LEVELS
        with torch.no_grad():  # start where longer matches are trusted more
            self.matches.weight.copy_((total[:, None] * 0.2 - 3.0).expand(-1, copies))

    def hidden(self, state: Tensor, known: Tensor, dropped: Tensor | None) -> Tensor:
        """The head's hidden layer, (B, P, head)."""
        z = functional.silu(self.state(state) + self.known(known))
        kept: Tensor = z if dropped is None else z * dropped
        return kept

    def scores(self, z: Tensor, matches: Tensor, apart: Tensor) -> Tensor:
        """How much each earlier position is worth copying, (B, P, P, copies); MASKED_SCORE where there is none."""
        batch, positions, _ = z.shape
        shape = (batch, positions, self.copies, -1)
        query, key = self.query(z).view(shape), self.key(z).view(shape)
        dots = torch.einsum("bikd,bjkd->bijk", query, key) / key.shape[-1] ** 0.5
        scores: Tensor = dots + self.matches(matches) + self.apart(apart)
        later = torch.ones(positions, positions, dtype=torch.bool, device=z.device).triu()
        return scores.masked_fill(later[None, :, :, None], MASKED_SCORE)

    def surprise(self, z: Tensor, logits: Tensor, target: Tensor, scores: Tensor, hit: Tensor) -> Tensor:
        """-ln P of the targets, (B, P), under softmax and copies; `hit` says which copies give the target."""
        plain = functional.log_softmax(logits.float(), -1).gather(-1, target[..., None])[..., 0]
        sentinel = self.sentinel(z)[..., 0].float()
        copied = scores.masked_fill(~hit, MASKED_SCORE).flatten(2).logsumexp(-1)
        every = scores.flatten(2).logsumexp(-1)
        return torch.logaddexp(sentinel, every) - torch.logaddexp(sentinel + plain, copied)


class MelodyRNN(nn.Module):
    """The network: views in, rest → duration → pitch out."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.views = Views(vp.HEARD, config.hears, config.embed)
        self.recurrent = LAYER_OF_CELL[config.cell](config.embed, config.hidden, config.layers, batch_first=True)
        self.rest = PredictionHead(config, vp.AT_REST, END + 1, copies=1)
        self.duration = PredictionHead(config, vp.AT_DURATION, len(DURATIONS), copies=1)
        self.pitch = PredictionHead(config, vp.AT_PITCH, len(PITCHES), copies=2)
        self.interval = nn.Linear(config.head, 2 * vp.WIDEST_INTERVAL + 2, bias=False)
        self.degree = nn.Linear(config.head, 12, bias=False)
        self.chord_degree = nn.Linear(config.head, 12, bias=False) if config.harmony else None

    def forward(self, x: Inputs, dropped: Dropped | None = None) -> Surprise:
        """-ln P of every note of the batch."""
        state, _ = self.recurrent(self.views(x.heard, None if dropped is None else dropped.views))
        if dropped is not None:
            state = state * dropped.state
        rest, duration, pitch = self.surprise(state, x, dropped)
        return Surprise(rest * x.rests, duration * x.notes, pitch * x.notes)

    def surprise(self, state: Tensor, x: Inputs, dropped: Dropped | None = None) -> Surprise:
        """-ln P of what came at every position, padding too, given the state (B, P, H) before it."""
        heads = (self._rest, self._duration, self._pitch)
        return Surprise(*(head(state, x, dropped) for head in heads))

    def _rest(self, state: Tensor, x: Inputs, dropped: Dropped | None) -> Tensor:
        z = self.rest.hidden(state, x.at_rest, dropped and dropped.rest)
        scores = self.rest.scores(z, x.matches, x.apart_rest)
        return self.rest.surprise(z, self.rest.out(z), x.rest, scores, same(x.rest)[..., None])

    def _duration(self, state: Tensor, x: Inputs, dropped: Dropped | None) -> Tensor:
        z = self.duration.hidden(state, x.at_duration, dropped and dropped.duration)
        scores = self.duration.scores(z, x.matches, x.apart_duration)
        return self.duration.surprise(z, self.duration.out(z), x.duration, scores, same(x.duration)[..., None])

    def _pitch(self, state: Tensor, x: Inputs, dropped: Dropped | None) -> Tensor:
        z = self.pitch.hidden(state, x.at_pitch, dropped and dropped.pitch)
        scores = self.pitch.scores(z, x.matches, x.apart_pitch)
        leap = x.pitch - torch.roll(x.pitch, 1, dims=1)
        leap[:, 0] = 2 * len(PITCHES)  # the first note has no interval: nothing equals it
        hit = torch.stack((same(x.pitch), same(leap)), -1)
        return self.pitch.surprise(z, self.pitch_logits(z, x), x.pitch, scores, hit)

    def pitch_logits(self, z: Tensor, x: Inputs) -> Tensor:
        """Views of the next pitch, summed, (B, P, V): absolute, from the last note, degree of scale and of chord."""
        rows = torch.arange(len(PITCHES), device=z.device)
        last = x.heard[..., _PITCH_HEARD, None]
        leap = (rows - (last - 1)).clamp(-vp.WIDEST_INTERVAL, vp.WIDEST_INTERVAL) + vp.WIDEST_INTERVAL + 1
        leap = torch.where(last > 0, leap, 0)
        degrees = self.degree(z)
        if self.chord_degree is not None:
            degrees = degrees + _above_root(self.chord_degree(z), x.at_pitch[..., _CHORD_KNOWN])
        octaves = degrees.repeat(1, 1, len(PITCHES) // 12 + 2)  # not indexed: that gradient is a race of threads
        degrees = octaves[..., PITCHES[0] % 12 :][..., : len(PITCHES)]
        logits: Tensor = self.pitch.out(z) + self.interval(z).gather(-1, leap) + degrees
        return logits


def _above_root(scores: Tensor, chord: Tensor) -> Tensor:
    """Scores by semitones above a root (B, P, 12), as scores by degrees of the scale; 0 where no root is told."""
    root = torch.where(chord > NO_CHORD, (chord - NO_CHORD - 1) // len(QUALITY_CLASSES), -1)[..., None]
    turned = (torch.arange(12, device=scores.device) - root) % 12
    return scores.gather(-1, turned) * (root >= 0)


def same(values: Tensor) -> Tensor:
    """Which positions hold equal values: (B, P) → (B, P, P)."""
    return values[:, :, None] == values[:, None, :]
