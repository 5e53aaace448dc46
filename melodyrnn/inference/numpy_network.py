"""The network of melodyrnn.training.network in NumPy: what depends on weights alone. No torch.

Everything runs on it where no compiler was at hand; what the compiled step does, this says in few lines.

Conventions
    R rows (melodies side by side), H hidden units, V rows of a vocabulary table, C kinds of copy that a head
    offers; all float32. Weights come by their torch names. At load they are laid out for speed: a head's logits,
    query, key and sentinel become one matrix; biases join tables that are summed anyway; weights under a sigmoid
    are halved, for sigmoid(x) = (1 + tanh(x / 2)) / 2 needs no second pass then.
    Small arrays cost by the call, not by the number: what is done per note is written with few calls.

Rows and bits: OpenBLAS rounds a product differently by the number of rows, a row's place in its block and the number
of threads, so every melody is multiplied alone, in a loop inside NumPy: its numbers cannot depend on its neighbours.
For several melodies panels of a matrix's columns are laid out, each small enough for the second-level cache. A row's
numbers stay the same as long as cuts fall on multiples of 64 columns and the last panel is as wide as that, filled up
with columns of zeros (tests/inference/test_numpy_network.py).

Contents: Matrix, room, mixed, Head, Layer, Network; what was heard lives in melodyrnn.inference.pointer.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from melodyrnn.events import viewpoints as vp
from melodyrnn.events.vocabulary import PITCHES, Indices

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from melodyrnn.checkpoint.file import NetworkConfig

    Weights = Mapping[str, NDArray[np.float32]]

Floats = NDArray[np.float32]
Logs = NDArray[np.float64]
"""Natural log-probabilities."""
BITS: Final = -1 / np.log(2)
"""Bits of a natural log-probability, as a factor."""
_CACHED: Final = 150_000  # numbers of a panel: 0.6 MB, of the 1 MB or more that a core has for itself
_CUT: Final = 64  # columns: panels are cut at multiples
_LINE: Final = 64  # bytes of a line of the cache, where a matrix begins: a twentieth to a tenth faster
_LEAST: Final = 1e-300  # keeps logarithms finite
_PARTS: Final = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
_ALL: Final = np.arange(len(PITCHES))
_LEAPS: Final = np.insert(vp.interval_row(_ALL - _ALL[:, None]), 0, 0, 0)
"""Rows of intervals from the last pitch (row 0: none yet) to every pitch."""
_ABOVE_ROOT: Final = (vp.degree(_ALL) - np.arange(12)[:, None]) % 12
"""Semitones of every pitch above each root."""
HEADS: Final = {
    "rest": (vp.AT_REST, slice(0, 1)),
    "duration": (vp.AT_DURATION, slice(1, 2)),
    "pitch": (vp.AT_PITCH, slice(2, 4)),
}
"""Each head's views of what is known, and which of all kinds of copy it offers (pitch: the pitch, the interval)."""


class Matrix:
    """Weights (N, K) laid out so that rows (R, K) are multiplied by them one by one."""

    def __init__(self, weights: Floats, scale: Floats | float = 1.0) -> None:
        """Transpose; `scale` (N,) multiplies rows of the weights."""
        self.columns, inputs = weights.shape
        self.panel = max(_CUT, _CACHED // inputs // _CUT * _CUT)
        self.width = self.columns if self.columns <= self.panel else -(-self.columns // _CUT) * _CUT
        self.whole = room(inputs, self.width)
        np.multiply(weights.T, np.asarray(scale, np.float32), out=self.whole[:, : self.columns])

    def __call__(self, x: Floats) -> Floats:
        """Multiply rows (R, K), each alone: the same in any company. (R, N)."""
        if len(x) == 1:
            product: Floats = np.matmul(x, self.whole)
            return product[:, : self.columns]
        rows, product = x[:, None], np.empty((len(x), 1, self.width), np.float32)
        for at, panel in self.panels:
            np.matmul(rows, panel, out=product[:, :, at : at + self.panel])
        return product[:, 0, : self.columns]

    @cached_property
    def panels(self) -> list[tuple[int, Floats]]:
        """First column and weights of each panel; who composes one melody does not wait for them."""
        if self.width <= self.panel:
            return [(0, self.whole)]
        cut = [(at, self.whole[:, at : at + self.panel]) for at in range(0, self.width, self.panel)]
        return [(at, np.add(panel, 0, out=room(*panel.shape))) for at, panel in cut]

    @property
    def nbytes(self) -> int:
        """Bytes that a product reads."""
        return self.whole.nbytes


def room(rows: int, columns: int = 1) -> Floats:
    """Zeros (rows, columns) that begin on a line of the cache."""
    room = np.zeros(rows * columns + _LINE // 4, np.float32)
    first = -room.__array_interface__["data"][0] % _LINE // 4
    return room[first : first + rows * columns].reshape(rows, columns)


def mixed(logits: Floats, scores: Floats, offers: Indices) -> Logs:
    """Weigh a softmax and copies by one softmax over sentinel and scores: log-probabilities (R, V).

    `logits` (R, V); `scores` (R, 1 + i): the sentinel's, then one for each of i copies. `offers` (R, V + 1 + i): rows
    of the vocabulary for both in turn, 0 … V - 1, then V (none, whose share is lost) for the sentinel, then what
    each copy would give, or V.
    """
    rows, values = logits.shape
    shares = np.empty(offers.shape)
    plain, copies = shares[:, :values], shares[:, values:]
    np.subtract(logits, np.maximum.reduce(logits, 1, keepdims=True), out=plain)
    np.subtract(scores, np.maximum.reduce(scores, 1, keepdims=True), out=copies)
    np.exp(shares, out=shares)
    plain *= copies[:, :1] / np.add.reduce(plain, 1, keepdims=True)  # the softmax takes the sentinel's share
    whole = np.add.reduce(copies, 1, keepdims=True)
    if rows > 1:
        offers = offers + (np.arange(rows) * (values + 1))[:, None]
    counted = np.bincount(offers.ravel(), shares.ravel(), rows * (values + 1)).reshape(rows, values + 1)
    mix = counted[:, :values] / whole
    np.maximum(mix, _LEAST, out=mix)
    return np.log(mix, out=mix)


def _numbered(table: Floats, views: dict[str, int], config: NetworkConfig) -> Floats:
    """A table (V, width) with rows for the numbers of bars; where the network has none they are those of NONE."""
    if config.bar_numbers:
        return table
    views = vp.sizes(views, config.hears)
    names = list(views)
    first = sum(views[name] for name in names[: names.index("bars_left")])
    behind = first + views["bars_left"]
    return np.concatenate((table[:behind], np.tile(table[first], (vp.BAR_NUMBERS, 1)), table[behind:]))


def _roots(first: int) -> Indices:
    """Columns of the joint output by the root's row (row 0: none) and pitch, where degrees of the chord begin."""
    return np.concatenate((np.full((1, len(PITCHES)), 12), _ABOVE_ROOT)) + first


class Head:
    """One attribute's head, folded.

    `joint` maps the hidden layer to (logits | query | key | sentinel | extra); `logits` … are its columns.
    `known` is halved, because silu(x) = x (1 + tanh(x / 2)) / 2.
    """

    matrix: ClassVar = Matrix

    def __init__(self, name: str, weights: Weights, config: NetworkConfig) -> None:
        sizes, self.kinds = HEADS[name]
        self.views = len(vp.sizes(sizes, config.hears))
        self.copies = self.kinds.stop - self.kinds.start
        first = list(HEADS).index(name) * config.head
        self.part = slice(first, first + config.head)  # what it takes of the projected state
        parts = [part for part in weights if part.startswith(f"{name}.") and part != f"{name}.state.weight"]
        own = {part.removeprefix(f"{name}."): weights[part] for part in parts}
        self.known = np.multiply(_numbered(own["known.weight"], sizes, config), 0.5, dtype=np.float32)
        self.known[: next(iter(sizes.values()))] += own["state.bias"] * np.float32(0.5)  # every sum takes one of these
        out, bias = own["out.weight"], own["out.bias"]
        extra = out[:0]
        if name == "pitch":  # degrees only rearrange into pitches; intervals depend on the last note
            degrees = weights["degree.weight"][(np.arange(len(PITCHES)) + PITCHES[0]) % 12]
            out, extra = np.add(out, degrees, dtype=np.float32), weights["interval.weight"]
        leaps = len(extra)
        if name == "pitch" and config.harmony:  # then one column of nothing, for where no root is told
            above = weights["chord_degree.weight"]
            extra = np.concatenate((extra, above, np.zeros_like(above[:1])))
        joint = (out, own["query.weight"], own["key.weight"], own["sentinel.weight"], extra)
        biases = (bias, own["query.bias"], own["key.bias"], own["sentinel.bias"], np.zeros(len(extra)))
        ends = np.cumsum([len(p) for p in joint])
        self.logits, self.query, self.key, self.sentinel, self.extra = (
            slice(end - len(part), end) for part, end in zip(joint, ends.tolist(), strict=True)
        )
        scale = np.ones(ends[-1], np.float32)
        scale[self.query] = config.keys**-0.5
        self.joint = self.matrix(np.concatenate(joint), scale)
        self.bias = np.concatenate(biases).astype(np.float32) * scale
        self.leaps = None if name != "pitch" else _LEAPS + self.extra.start  # columns of the joint output
        self.roots = None if len(extra) == leaps else _roots(self.extra.start + leaps)
        self.matches = own["matches.weight"].T.astype(np.float32)  # (C, MATCHES); joined for all heads
        self.apart = np.array(own["apart.weight"].T, np.float32, order="C")  # (C, PLACES_APART)

    def __call__(self, projected: Floats, rows: Indices) -> Floats:
        """The joint output (R, …) from the projected state (R, heads · head) and rows of `known`, views or more."""
        half = np.add.reduce(self.known.take(rows[:, : self.views], 0), 1)
        half += projected[:, self.part]
        gate = np.tanh(half)
        gate += 1
        half *= gate  # x sigmoid(x), of x = 2 half
        joint = self.joint(half)
        joint += self.bias
        return joint


class Layer:
    """One recurrent layer, folded."""

    matrix: ClassVar = Matrix

    def __init__(self, index: int, weights: Weights, config: NetworkConfig) -> None:
        own = {part: weights[f"recurrent.{part}_l{index}"] for part in _PARTS}
        self.cell, units = config.cell, config.hidden
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
        self.recurrent = self.matrix(own["weight_hh"], halve)
        self.inputs = self.matrix(own["weight_ih"], halve)

    def step(self, given: Floats, h: Floats, c: Floats) -> None:
        """Advance h and c, (R, H) each, in place, by the input (R, …); c is the LSTM's own."""
        units, own, side = h.shape[1], self.recurrent(h), self.inputs(given)
        side += self.bias
        if self.recurrent_bias is not None:
            both = 2 * units
            gates = 0.5 * np.tanh(side[:, :both] + own[:, :both]) + 0.5
            fresh = np.tanh(side[:, both:] + gates[:, :units] * (own[:, both:] + self.recurrent_bias))
            h[:] = fresh + gates[:, units:] * (h - fresh)
            return
        own += side
        np.tanh(own, out=own)
        if self.cell == "rnn":
            h[:] = own
            return
        i, f, g, o = (own[:, k * units : (k + 1) * units] for k in range(4))
        for sigmoid in (own[:, : 2 * units], o):
            np.multiply(sigmoid, 0.5, out=sigmoid)
            np.add(sigmoid, 0.5, out=sigmoid)
        c *= f
        i *= g
        c += i
        np.tanh(c, out=h)
        h *= o


class Network:
    """Folded weights and the recurrent step; immutable, shared by any number of decoders."""

    matrix: ClassVar = Matrix
    layer: ClassVar = Layer
    head: ClassVar = Head

    def __init__(self, config: NetworkConfig, weights: Weights) -> None:
        """Fold weights given by their torch names, fp32 or fp16; each is widened where it is laid out."""
        self.config = config
        self.layers: Sequence[Layer] = [self.layer(i, weights, config) for i in range(config.layers)]
        # Folded with the first layer's input weights this table would save one small product a note, but the fold
        # itself (one large product) takes longer than a melody and rounds differently with several threads.
        self.table = _numbered(np.array(weights["views.weight"], np.float32), vp.HEARD, config)
        self.heads: Mapping[str, Head] = {name: self.head(name, weights, config) for name in HEADS}
        self.matches = np.concatenate([head.matches for head in self.heads.values()])  # (C of all heads, MATCHES)
        # halved, as the heads' tables are: a head takes half of what stands under its silu
        self.state = self.matrix(np.concatenate([weights[f"{n}.state.weight"] for n in HEADS]), 0.5)

    def blank(self, rows: int) -> Floats:
        """The state before anything is heard, (layers, 2, R, H): h and c of each layer."""
        return np.zeros((self.config.layers, 2, rows, self.config.hidden), np.float32)

    def step(self, state: Floats, heard: Indices) -> Floats:
        """Advance a state in place by one event, rows (R, len(HEARD)); what the heads take of it, (R, heads · head)."""
        given = np.add.reduce(self.table.take(heard, 0), 1)
        for layer, (h, c) in zip(self.layers, state, strict=True):
            layer.step(given, h, c)
            given = h
        return self.state(given)
