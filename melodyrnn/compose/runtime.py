"""The network of melodyrnn.learn.network in NumPy: what depends on weights alone. No torch.

Conventions
    R rows (melodies side by side), H hidden units, V rows of a vocabulary table; all float32.
    Weights come by their torch names. At load they are laid out for speed: a head's logits, query, key and
    sentinel become one matrix; biases join tables that are summed anyway; weights under a sigmoid are
    halved, for sigmoid(x) = (1 + tanh(x / 2)) / 2 needs no second pass then.

Rows and bits
    OpenBLAS rounds a matrix product differently for different numbers of rows, for different places of a row
    in a block (rows 0-7 and 8-11 of twelve), and for one thread and several. A product of one row with a matrix
    was the same with 1, 2, 4 and 7 threads. So every melody is multiplied alone, in a loop inside NumPy: its
    numbers cannot depend on its neighbours. It is also 4 times as fast as a block for one melody, and
    half as fast as one large product for 200 (`bench/speed.py`): a wide matrix is cut into panels that stay in the
    processor's second-level cache while all melodies pass.

Contents: `panels`, `dense`, `mixed`, `Head`, `Network`; the notes heard so far live in melodyrnn.compose.stream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.events import viewpoints as vp
from melodyrnn.events.vocabulary import PITCHES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from melodyrnn.checkpoint import NetworkConfig

    Floats = NDArray[np.float32]
    Indices = NDArray[np.int64]
    Logs = NDArray[np.float64]
    Weights = Mapping[str, Floats]
    Panels = tuple[Floats, ...]

_CACHED: Final = 150_000  # numbers of a panel: 0.6 MB, of the 1 MB or more that a core has for itself
_LEAST: Final = 1e-300  # keeps logarithms finite
_PARTS: Final = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
HEADS: Final = {
    "rest": (vp.AT_REST, 1),
    "duration": (vp.AT_DURATION, 1),
    "pitch": (vp.AT_PITCH, 2),
}
"""Each head's views of what is known, and how many kinds of copy it offers (pitch: the pitch, the interval)."""


def panels(weights: Floats, scale: Floats | None = None) -> Panels:
    """Lay weights (N, K) out for `dense`: transposed, in panels (K, n) of C order; `scale` (N,) multiplies rows."""
    outputs, inputs = weights.shape
    width = max(64, _CACHED // inputs // 64 * 64)
    scales = np.ones(outputs, np.float32) if scale is None else scale
    spans = (slice(at, at + width) for at in range(0, outputs, width))
    return tuple(np.multiply(weights[span].T, scales[span], dtype=np.float32, order="C") for span in spans)


def dense(x: Floats, weights: Panels) -> Floats:
    """Multiply rows (R, K) by panels that together are (K, N), each row alone: the same in any company. (R, N)."""
    rows = x[:, None]
    if len(weights) == 1:
        product: Floats = np.matmul(rows, weights[0])[:, 0]
        return product
    width = weights[0].shape[1]
    product = np.empty((len(x), 1, width * (len(weights) - 1) + weights[-1].shape[1]), np.float32)
    for k, panel in enumerate(weights):
        np.matmul(rows, panel, out=product[:, :, k * width : (k + 1) * width])
    return product[:, 0]


def mixed(logits: Floats, sentinel: Floats, scores: Floats, offers: Indices) -> Logs:
    """Weigh a softmax and copies by one softmax over sentinel and scores: log-probabilities (R, V).

    `logits` (R, V), `sentinel` (R, 1), `scores` (C, R, i) of i earlier positions, `offers` likewise: the row of the
    vocabulary that copying would give; outside 0..V-1 none, and its share is lost.
    """
    rows, values = logits.shape
    plain = logits.astype(np.float64)
    plain = np.exp(plain - plain.max(1, keepdims=True))
    plain /= plain.sum(1, keepdims=True)
    if scores.shape[2]:
        top = np.maximum(sentinel, scores.max((0, 2))[:, None]).astype(np.float64)
        gate, weights = np.exp(sentinel - top), np.exp(scores - top)
        slots = np.where((offers >= 0) & (offers < values), offers, values) + (np.arange(rows) * (values + 1))[:, None]
        copied = np.bincount(slots.ravel(), weights.ravel(), minlength=rows * (values + 1)).reshape(rows, -1)
        # `copied` is summed row by row: a sum over both axes of `weights` would round differently for one row.
        plain = (gate * plain + copied[:, :values]) / (gate + copied.sum(1, keepdims=True))
    return np.asarray(np.log(np.maximum(plain, _LEAST)))


def starts_of(sizes: Mapping[str, int]) -> Indices:
    """First row of each view within its joint table."""
    return np.cumsum([0, *list(sizes.values())[:-1]])


class Head:
    """One attribute's head, folded.

    `joint` maps the hidden layer to (logits | query | key | sentinel | extra); `logits` … are its columns.
    """

    def __init__(self, name: str, weights: Weights, config: NetworkConfig) -> None:
        sizes, self.copies = HEADS[name]
        parts = [part for part in weights if part.startswith(f"{name}.") and part != f"{name}.state.weight"]
        own = {part.removeprefix(f"{name}."): np.asarray(weights[part], np.float32) for part in parts}
        self.starts = starts_of(sizes)
        self.known = own["known.weight"].copy()
        self.known[: next(iter(sizes.values()))] += own["state.bias"]  # every sum takes one row of the first view
        out, bias = own["out.weight"], own["out.bias"]
        extra = np.zeros((0, config.head), np.float32)
        if name == "pitch":  # degrees only rearrange into pitches; intervals depend on the last note
            out = out + weights["degree.weight"][(np.arange(len(PITCHES)) + PITCHES[0]) % 12]
            extra = np.asarray(weights["interval.weight"], np.float32)
        scale = np.float32(config.keys**-0.5)
        joint = (out, own["query.weight"] * scale, own["key.weight"], own["sentinel.weight"], extra)
        biases = (bias, own["query.bias"] * scale, own["key.bias"], own["sentinel.bias"], np.zeros(len(extra)))
        self.joint = panels(np.concatenate(joint), np.full(sum(map(len, joint)), 0.5, np.float32))
        self.bias = np.concatenate(biases).astype(np.float32)
        ends = np.cumsum([len(p) for p in joint])
        self.logits, self.query, self.key, self.sentinel, self.extra = (
            slice(end - len(part), end) for part, end in zip(joint, ends.tolist(), strict=True)
        )
        self.matches = np.ascontiguousarray(own["matches.weight"].T)  # (copies, MATCHES)
        self.apart = np.ascontiguousarray(own["apart.weight"].T)  # (copies, PLACES_APART)

    def __call__(self, projected: Floats, rows: Indices) -> Floats:
        """The joint output (R, …) from the projected state (R, head) and rows of the known views (R, views)."""
        z = np.add.reduce(self.known.take(rows + self.starts, 0), 1)
        z += projected
        gate = z * 0.5
        np.tanh(gate, out=gate)
        gate += 1
        z *= gate  # twice the silu; the joint matrix is halved
        joint = dense(z, self.joint)
        joint += self.bias
        return joint


class Layer:
    """One recurrent layer, folded."""

    def __init__(self, index: int, weights: Weights, config: NetworkConfig) -> None:
        own = {part: weights[f"recurrent.{part}_l{index}"] for part in _PARTS}
        units = config.hidden
        bias = own["bias_ih"].astype(np.float32)
        halve = np.ones(len(bias), np.float32)
        self.recurrent_bias: Floats | None = None
        if config.cell == "gru":  # r, z, n: n's recurrent bias stands inside the product with r
            halve[: 2 * units] = 0.5
            bias[: 2 * units] += own["bias_hh"][: 2 * units]
            self.recurrent_bias = own["bias_hh"][2 * units :].astype(np.float32)
        else:
            bias += own["bias_hh"]
            if config.cell == "lstm":  # i, f, g, o: all but g stand under a sigmoid
                halve[:] = 0.5
                halve[2 * units : 3 * units] = 1
        self.bias = bias * halve
        self.recurrent = panels(own["weight_hh"], halve)
        self.inputs = panels(own["weight_ih"], halve)

    def step(self, cell: str, given: Floats, h: Floats, c: Floats) -> tuple[Floats, Floats]:
        """Next (h, c), each (R, H), from the input side (R, gates × H); c is the LSTM's own."""
        units = h.shape[1]
        own = dense(h, self.recurrent)
        if self.recurrent_bias is not None:
            both = 2 * units
            gates = 0.5 * np.tanh(given[:, :both] + own[:, :both]) + 0.5
            fresh = np.tanh(given[:, both:] + gates[:, :units] * (own[:, both:] + self.recurrent_bias))
            return np.asarray(fresh + gates[:, units:] * (h - fresh), np.float32), c
        own += given
        np.tanh(own, out=own)
        if cell == "rnn":
            return own, c
        i, f, g, o = (own[:, k * units : (k + 1) * units] for k in range(4))
        own[:, : 2 * units] += 1  # i and f, as twice the sigmoids
        f *= c
        i *= g
        f += i
        f *= 0.5  # the new c
        o += 1
        h = np.tanh(f)
        h *= o
        h *= 0.5
        return h, f


class Network:
    """Folded weights and the recurrent step; immutable, shared by any number of streams."""

    def __init__(self, config: NetworkConfig, weights: Weights) -> None:
        """Fold weights given by their torch names, fp32 or fp16; each is widened where it is laid out."""
        self.config = config
        self.layers = [Layer(i, weights, config) for i in range(config.layers)]
        self.starts = starts_of(vp.HEARD)
        # Folded with the first layer's input weights this table would save one small product a note, but the fold
        # itself (one large product) takes longer than a melody and rounds differently with several threads.
        self.table = np.asarray(weights["views.weight"], np.float32)
        self.heads = {name: Head(name, weights, config) for name in HEADS}
        self.state = panels(np.concatenate([weights[f"{n}.state.weight"] for n in HEADS]))

    def blank(self, rows: int) -> Floats:
        """The state before anything is heard, (layers, 2, R, H): h and c of each layer."""
        return np.zeros((self.config.layers, 2, rows, self.config.hidden), np.float32)

    def hear(self, state: Floats, heard: Indices) -> None:
        """Advance a state in place by one event, rows (R, len(HEARD)) of the views."""
        given = np.add.reduce(self.table.take(heard + self.starts, 0), 1)
        for index, layer in enumerate(self.layers):
            given = dense(given, layer.inputs)
            given += layer.bias
            state[index, 0], state[index, 1] = layer.step(self.config.cell, given, state[index, 0], state[index, 1])
            given = state[index, 0]

    def project(self, state: Floats) -> dict[str, Floats]:
        """What each head takes from the state, (R, head) each."""
        joint, width = dense(state[-1, 0], self.state), self.config.head
        return {name: joint[:, i * width : (i + 1) * width] for i, name in enumerate(HEADS)}
