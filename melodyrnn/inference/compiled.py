"""The compiled step: kernel.c, built when melodyrnn was installed, behind the classes of numpy_network and pointer.

Where no compiler was at hand, the processor lacks instructions that the library was built for, or it was built from
another kernel.c, everything runs in NumPy. Both say the same to rounding (tests/inference/test_compiled.py).

Conventions
    Arrays are lent to the library by their addresses: contiguous, writable ones (`_at` refuses others) that outlive the
    call. Whatever comes from outside is looked at for its shape and type first; rows of tables are checked in C.
    Its structures hold nothing but addresses and 64-bit numbers: here they are tuples and arrays of integers, field
    by field in the order of kernel.c, 0 for NULL.

Contents: found, kernel, described; network_of, layer_of and pointer_of, which choose; CompiledMatrix, CompiledLayer,
CompiledHead, CompiledNetwork, CompiledPointer.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from melodyrnn.inference import pointer
from melodyrnn.inference.numpy_network import Head, Layer, Matrix, Network, room
from melodyrnn.inference.pointer import FIELDS, MARGIN, Pointer, PointerQuery

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from melodyrnn.checkpoint.file import NetworkConfig
    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.inference.numpy_network import Floats, Logs, Weights

    Fields = tuple[int, ...]

SOURCE: Final = Path(__file__).with_name("kernel.c")
LIBRARY: Final = SOURCE.with_suffix(".so")  # so named on every system
ASIDE: Final = "MELODYRNN_RUNTIME"  # "numpy" in this environment variable leaves the library aside
_PANEL: Final = 64  # columns
_HALF: Final = 8  # times which weights are kept in half precision: by no less than an eighth are any scaled
_CELLS: Final = ("rnn", "gru", "lstm")
_NO_MEMORY: Final = 2
_ARGUMENTS: Final = {  # a: an address, n: a number
    "usable": "", "pack": "anannna", "product": "ananann", "hear": "aanannaaa", "joint": "ananana",
    "expect": "aaaananaaaaaaa",
}  # fmt: skip
_KINDS: Final = {"a": ctypes.c_void_p, "n": ctypes.c_int64}
_INT64: Final = np.dtype(np.int64)
_FLOAT32: Final = np.dtype(np.float32)


@cache
def found() -> tuple[ctypes.CDLL | None, str]:
    """The library, ready to be called, and nothing; or None, and why there is none that can be used."""
    if os.environ.get(ASIDE, "").lower() == "numpy":
        return None, f"{ASIDE} asks for it"
    if not LIBRARY.exists():
        return None, "nothing was compiled when melodyrnn was installed; with a C compiler at hand install it again"
    try:
        library = ctypes.CDLL(str(LIBRARY))
        source = ctypes.c_char_p.in_dll(library, "source").value
        current = hashlib.sha256(SOURCE.read_bytes()).hexdigest().encode()
    except (OSError, ValueError):
        return None, f"{LIBRARY.name} is no library for this system; install melodyrnn again"
    if source != current:
        return None, f"{LIBRARY.name} was built from another {SOURCE.name}; install melodyrnn again"
    for name, kinds in _ARGUMENTS.items():
        function = getattr(library, name)
        function.argtypes, function.restype = [_KINDS[kind] for kind in kinds], ctypes.c_int64
    return (library, "") if library.usable() else (None, "this processor lacks AVX2, FMA or F16C")


def kernel() -> ctypes.CDLL | None:
    """The library, ready to be called; None where there is none that can be used."""
    return found()[0]


def described() -> str:
    """By what melodies are composed here, in words."""
    library, why_not = found()
    return "compiled" if library else f"NumPy ({why_not})"


def network_of(config: NetworkConfig, weights: Weights) -> Network:
    """A network in the fastest implementation that there is."""
    return Network(config, weights) if kernel() is None else CompiledNetwork(config, weights)


def layer_of(index: int, weights: Weights, config: NetworkConfig) -> Layer:
    """A recurrent layer by itself in the fastest implementation that there is."""
    return Layer(index, weights, config) if kernel() is None else CompiledLayer(index, weights, config)


def pointer_of(network: Network, rows: int, capacity: int) -> Pointer:
    """The pointers of so many melodies under a network, for the same implementation."""
    if isinstance(network, CompiledNetwork):
        return CompiledPointer(network, rows, capacity)
    return Pointer(network, rows, capacity)


def _at(array: Any) -> int:
    """The address of an array, 0 of None and of one that holds nothing. Raises TypeError unless it can be lent."""
    return 0 if array is None or not array.size else ctypes.addressof(ctypes.c_char.from_buffer(array))


def _rows(array: Indices | None, rows: int) -> int:
    """The address of a caller's array (R, …) of rows of tables, 0 of None. Raises TypeError or IndexError."""
    if array is None:
        return 0
    if array.dtype != _INT64:
        raise TypeError(f"rows of tables are int64, not {array.dtype}")
    if len(array) != rows:
        raise IndexError(f"{len(array)} rows for {rows} melodies")
    return _at(array)


def _call(function: Any, *arguments: int) -> None:
    """Call a function of the library that answers how it went. Raises IndexError or MemoryError."""
    if what := function(*arguments):
        raise MemoryError if what == _NO_MEMORY else IndexError("a row that its table does not have")


def _library() -> Any:
    library = kernel()
    assert library is not None  # noqa: S101 - whoever comes here has asked
    return library


def _padded(bias: Floats, width: int) -> Floats:
    """A bias with zeros for a matrix's columns of zeros."""
    return np.pad(bias, (0, width - len(bias)))


class CompiledMatrix(Matrix):
    """Weights (N, K) in panels of columns, in half precision where they have no more."""

    def __init__(self, weights: Floats, scale: Floats | float = 1.0) -> None:
        """Lay out; `scale` (N,) multiplies rows of the weights."""
        self.columns, inputs = weights.shape
        self.width = -(-self.columns // _PANEL) * _PANEL
        weights, scales = np.ascontiguousarray(weights), np.full(self.columns, scale, np.float32)
        if weights.dtype != np.float16:
            weights = np.ascontiguousarray(weights, np.float32)
        given = weights.__array_interface__["data"][0], weights.dtype == np.float16, _at(scales)  # perhaps not writable
        for half in (_HALF, 0):
            self.whole = room(inputs * self.width // (2 if half else 1))
            if _library().pack(*given, self.columns, inputs, half, _at(self.whole)):
                break
        self.fields: Fields = (_at(self.whole), inputs, self.width, half)
        self._lent = np.array(self.fields)
        self.address, self._multiply = _at(self._lent), _library().product

    def __call__(self, x: Floats) -> Floats:
        """Multiply rows (R, K), each alone: the same in any company. (R, N)."""
        x, out = np.ascontiguousarray(x, np.float32), np.empty((len(x), self.width), np.float32)
        if x.shape[1] != self.fields[1]:
            raise IndexError(f"rows of {x.shape[1]} for a matrix of {self.fields[1]} inputs")
        _call(self._multiply, self.address, len(x), _at(x), x.shape[1], _at(out), self.width, 0)
        return out[:, : self.columns]


class CompiledLayer(Layer):
    """One recurrent layer, folded."""

    matrix = CompiledMatrix
    recurrent: CompiledMatrix
    inputs: CompiledMatrix

    def __init__(self, index: int, weights: Weights, config: NetworkConfig) -> None:
        super().__init__(index, weights, config)
        self._padded = _padded(self.bias, self.inputs.width)
        matrices = *self.recurrent.fields, *self.inputs.fields
        biases = _at(self._padded), _at(self.recurrent_bias)
        self.fields: Fields = (*matrices, *biases, _CELLS.index(config.cell), config.hidden)


class CompiledHead(Head):
    """One attribute's head, folded. Its call is for those who want the joint output; composing asks the pointer."""

    matrix = CompiledMatrix
    joint: CompiledMatrix

    def __init__(self, name: str, weights: Weights, config: NetworkConfig) -> None:
        super().__init__(name, weights, config)
        self._padded, self.matches = _padded(self.bias, self.joint.width), np.array(self.matches, order="C")
        starts = (part.start for part in (self.query, self.key, self.sentinel))
        self._lent = np.array([
            _at(self.known), *self.known.shape, *self.joint.fields,
            *map(_at, (self._padded, self.matches, self.apart, self.leaps, self.roots)),
            self.logits.stop, *starts, config.keys, self.copies, self.kinds.start,
            self.matches.shape[1], self.apart.shape[1], self.part.start, self.views, *FIELDS[name],
        ])  # fmt: skip
        self.address, self._work = _at(self._lent), _library().joint

    def __call__(self, projected: Floats, rows: Indices) -> Floats:
        """The joint output (R, …) from the projected state (R, heads · head) and rows of `known`, views or more."""
        out = np.empty((len(rows), self.joint.width), np.float32)
        _call(self._work, self.address, len(rows), *self.given(projected, rows, len(rows)), _at(out))
        return out[:, : self.joint.columns]

    def given(self, projected: Floats, known: Indices, rows: int) -> Fields:
        """What a head is given as the library takes it. Raises TypeError or IndexError for what it cannot be."""
        if projected.dtype != _FLOAT32 or len(projected) != rows or projected.shape[1] < self.part.stop:
            raise IndexError(f"{projected.dtype} {projected.shape} is no projected state of {rows} melodies")
        if known.shape[1] < self.views:
            raise IndexError(f"{known.shape[1]} views are known where {self.views} are wanted")
        return _at(projected), projected.shape[1], _rows(known, rows), known.shape[1]


class CompiledNetwork(Network):
    """Folded weights as the library wants them, and the recurrent step."""

    matrix, layer, head = CompiledMatrix, CompiledLayer, CompiledHead
    layers: Sequence[CompiledLayer]
    heads: Mapping[str, CompiledHead]
    state: CompiledMatrix

    def __init__(self, config: NetworkConfig, weights: Weights) -> None:
        """Fold weights given by their torch names, fp32 or fp16."""
        super().__init__(config, weights)
        self._lent = np.array([_at(self.table), *self.table.shape]), np.array([own.fields for own in self.layers])
        self._given = (*map(_at, self._lent), len(self.layers), self.state.address)
        self._step = _library().hear

    def step(self, state: Floats, heard: Indices) -> Floats:
        """Advance a state in place by one event; what the heads take from it, (R, heads · head or more)."""
        units, projected = self.config.hidden, np.empty((len(heard), self.state.width), np.float32)
        if state.dtype != _FLOAT32 or state.shape != (len(self.layers), 2, len(heard), units):
            raise IndexError(f"{state.dtype} {state.shape} is no state of {len(heard)} melodies")
        _call(self._step, *self._given, *heard.shape, _rows(heard, len(heard)), _at(state), _at(projected))
        return projected


class CompiledPointer(Pointer):
    """The notes of R melodies, as the library looks at them."""

    network: CompiledNetwork
    _lent: Indices | None = None  # the structure Past of the arrays as they are now

    def expect(self, name: str, projected: Floats, known: Indices, asked: PointerQuery) -> Logs:
        """A head's log-probabilities (R, V) of the next value; its key is kept."""
        logs = np.empty((len(known), self.network.heads[name].logits.stop))
        self._ask(name, projected, known, [*(_rows(array, len(known)) for array in asked), _at(logs)])
        return logs

    def keep(self, name: str, projected: Floats, known: Indices) -> None:
        """Keep the key under which a head will find the present note."""
        self._ask(name, projected, known, [0] * (len(PointerQuery._fields) + 1))

    def _ask(self, name: str, projected: Floats, known: Indices, asked: list[int]) -> None:
        """Call the library. `asked`: addresses of what a PointerQuery holds, and of room for the answer."""
        if self.notes == self.states.shape[2]:
            self._grow()
        if self._lent is None:
            (_, rows, width), (_, kinds, capacity, _) = self.values.shape, self.keys.shape
            arrays = map(_at, (self.values, self.states, self.keys))
            self._lent = np.array([*arrays, rows, MARGIN, width, capacity, kinds, self.notes])
        self._lent[-1] = self.notes
        head, rows = self.network.heads[name], self.values.shape[1]
        _call(
            _library().expect, head.address, _at(self._lent), _at(_TERMS), *head.given(projected, known, rows), *asked
        )

    def _grow(self) -> None:
        super()._grow()
        self._lent = None


_TERMS: Final = np.array([
    _at(pointer.MATCH), _at(pointer.FAR), len(pointer.MATCH), len(pointer.FAR) - 1,
    pointer.INTERVAL, pointer.REST, pointer.DURATION,
    *(int(pointer.SAME[field][0]) for field in (pointer.PLACE, pointer.REST, pointer.DURATION)),
])  # fmt: skip
"""The structure Terms."""
