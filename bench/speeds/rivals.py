"""Item 4: a transformer (GPT-2's configuration) and an LSTM, both on REMI tokens, against the network of this program.

The same melodies are learnt and judged, all cores, fp32, the same seconds of training steps (ours set them: whole
epochs, as many as fit), AdamW, one cycle of the learning rate over those seconds, about as many parameters.
Bits per note: the bits of all predicted tokens of the test melodies, over their notes.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from bench.speeds.tokens import TOLD, Tokens, kept, tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from melodyrnn.corpus.prepared import Prepared

_WINDOW: Final = 1024  # tokens that the transformer sees at most
_BATCH: Final = 6144  # padded tokens of a step
_RATES: Final = {"transformer": 1e-3, "flat LSTM": 3e-3}


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a rival came to."""

    parameters: int
    bits: float  # per note, on the test melodies
    notes: float  # learnt per second
    one: float  # notes a second, one melody at a time, one thread
    many: float  # 64 melodies side by side, one thread


class Flat(nn.Module):
    """An LSTM on tokens, as folk-rnn is (Sturm et al. 2016)."""

    def __init__(self, vocabulary: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, 128)
        self.recurrent = nn.LSTM(128, width, 2, batch_first=True, dropout=0.1)
        self.out = nn.Linear(width, vocabulary)

    def forward(self, tokens: Tensor, past: Any = None) -> tuple[Tensor, Any]:
        """Logits and state."""
        state, past = self.recurrent(self.embedding(tokens), past)
        return self.out(state), past


class Attention(nn.Module):
    """GPT-2 of Hugging Face's transformers, small."""

    def __init__(self, vocabulary: int, width: int, layers: int) -> None:
        super().__init__()
        from transformers import GPT2Config, GPT2LMHeadModel  # noqa: PLC0415 - an extra of this benchmark

        config = GPT2Config(
            vocab_size=vocabulary, n_positions=_WINDOW, n_embd=width, n_layer=layers, n_head=width // 32,
            resid_pdrop=0.1, embd_pdrop=0.1, attn_pdrop=0.1, bos_token_id=1, eos_token_id=2,
        )  # fmt: skip
        self.model = GPT2LMHeadModel(config)

    def forward(self, tokens: Tensor, past: Any = None) -> tuple[Tensor, Any]:
        """Logits and the cache of keys and values; in training, where nothing goes on, none."""
        out = self.model(input_ids=tokens, past_key_values=past, use_cache=not self.training)
        return out.logits, out.past_key_values


def token_sets(prepared: Prepared, folder: Path) -> tuple[Tokens, Tokens]:
    """Train and test melodies as tokens; kept in the folder, for this takes a minute."""
    sets = []
    for part in ("train", "test"):
        path = folder / f"remi-{part}.npz"
        tokens = kept(path)
        if tokens is None:
            tokens = kept(path, tokens_of(prepared.columns(int(i)) for i in prepared.part(part)))
        sets.append(tokens)
    return sets[0], sets[1]


def widths(parameters: int, vocabulary: int) -> dict[str, Callable[[], nn.Module]]:
    """Makers of both rivals, about as large as this."""
    layers = 6
    wide = min(range(64, 1024, 32), key=lambda w: abs(12 * layers * w * w + (vocabulary + _WINDOW) * w - parameters))
    flat = min(
        range(64, 2048, 16), key=lambda w: abs(12 * w * w + (512 + 16) * w + vocabulary * (w + 128) - parameters)
    )
    return {"transformer": lambda: Attention(vocabulary, wide, layers), "flat LSTM": lambda: Flat(vocabulary, flat)}


def learn(name: str, make: Callable[[], nn.Module], sets: tuple[Tokens, Tokens], seconds: float) -> Learnt:
    """Train a rival for so many seconds, judge it, and let it compose."""
    train, test = sets
    torch.manual_seed(0)
    model = make()
    optimiser = torch.optim.AdamW(model.parameters(), _RATES[name], (0.9, 0.99), weight_decay=0.01, fused=True)
    share = train.notes / sum(map(len, train.sequences))
    model.train()
    seen, spent = 0, 0.0
    for batch in _batches(train, np.random.default_rng(0)):
        began = time.perf_counter()
        progress = spent / seconds
        for group in optimiser.param_groups:
            up = progress / 0.1 if progress < 0.1 else 0.5 * (1 + math.cos(math.pi * (progress - 0.1) / 0.9))
            group["lr"] = _RATES[name] * max(0.02, up)
        nats, counted = _nats(model, batch)
        optimiser.zero_grad(set_to_none=True)
        (nats.sum() / counted).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        seen += int((batch >= 0).sum())
        spent += time.perf_counter() - began
        if spent >= seconds:
            break
    parameters = sum(p.numel() for p in model.parameters())
    return Learnt(
        parameters, judged(model, test), seen * share / spent, speed(model, train, 1), speed(model, train, 64)
    )


def judged(model: nn.Module, test: Tokens) -> float:
    """Bits per note; a melody longer than the window is heard in windows that overlap by half."""
    model.eval()
    total = 0.0
    with torch.inference_mode():
        for sequence in sorted(test.sequences, key=len):
            for start in range(0, max(1, len(sequence) - _WINDOW // 2), _WINDOW // 2):
                piece = torch.from_numpy(sequence[None, start : start + _WINDOW].copy())
                nats, _ = _nats(model, piece, known=TOLD if start == 0 else _WINDOW // 2)
                total += float(nats.sum(dtype=torch.float64))
    return total / math.log(2) / test.notes


def speed(model: nn.Module, train: Tokens, rows: int, tokens: int = 160) -> float:
    """Notes a second drawn at temperature 1, keys and values kept, on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    model.eval()
    told = torch.from_numpy(np.stack([train.sequences[k][:TOLD] for k in range(rows)]))
    pitches = torch.tensor(sorted(train.pitches))
    notes = 0
    with torch.inference_mode():
        logits, past = model(told)
        began = time.perf_counter()
        for _ in range(tokens):
            drawn = torch.multinomial(logits[:, -1].softmax(-1), 1)
            notes += int(torch.isin(drawn, pitches).sum())
            logits, past = model(drawn, past)
        took = time.perf_counter() - began
    torch.set_num_threads(threads)
    return notes / took


def _nats(model: nn.Module, batch: Tensor, known: int = TOLD) -> tuple[Tensor, int]:
    """-ln P of the tokens after the known ones, and how many those are; -1 is padding."""
    logits, _ = model(batch[:, :-1].clamp(min=0))
    target = batch[:, 1:].clone()
    target[:, : known - 1] = -1
    nats = nn.functional.cross_entropy(
        logits.flatten(0, 1).float(), target.flatten(), ignore_index=-1, reduction="none"
    )
    return nats, int((target >= 0).sum())


def _batches(tokens: Tokens, rng: np.random.Generator) -> Iterator[Tensor]:
    """Epoch after epoch: sequences of like length together, cut at half a window."""
    half = _WINDOW // 2
    pieces = [s[a : a + half] for s in tokens.sequences for a in range(0, len(s), half)]
    pieces = [p for p in pieces if len(p) > TOLD]
    while True:
        order = sorted(range(len(pieces)), key=lambda i: len(pieces[i]) * rng.uniform(0.95, 1.05))
        steps: list[list[int]] = [[]]
        for i in order:
            if steps[-1] and (len(steps[-1]) + 1) * len(pieces[i]) > _BATCH:
                steps.append([])
            steps[-1].append(i)
        for k in rng.permutation(len(steps)):
            batch = np.full((len(steps[k]), max(len(pieces[i]) for i in steps[k])), -1)
            for row, i in zip(batch, steps[k], strict=True):
                row[: len(pieces[i])] = pieces[i]
            yield torch.from_numpy(batch)


def scaled(recipe: Any, epochs: int) -> Any:
    """Our recipe for so few epochs."""
    return replace(recipe, epochs=max(1, epochs), patience=max(8, epochs))
