"""From the bytes of a checkpoint to arrays, each checked for name, type, shape and finite numbers.

Conventions
    layout      safetensors: 8 bytes (length of the header, little-endian), header (JSON), data.
    extras      arrays beside the weights, one-dimensional and unsigned, named fingerprints.* or tunes.*.

The safetensors library guards the container: offsets, lengths, dtypes. What its numbers mean is checked here: the
length of the header before anything is parsed, shapes against those that follow from the (bounded) configuration.

Contents: expected_shapes, weight_bytes, read_container, check_finite.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from safetensors import SafetensorError, deserialize

from melodyrnn.checkpoint.card import CELLS, Card, NetworkConfig, read_card_text, strict_json
from melodyrnn.checkpoint.critic_parts import PREFIX, critic_shapes
from melodyrnn.errors import CheckpointError, printable
from melodyrnn.events import viewpoints as vp
from melodyrnn.events.vocabulary import DURATIONS, END, PITCHES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

METADATA: Final = "melodyrnn"
"""The one key of a model's metadata: several come in random order, and equal models shall be equal bytes."""
STATE: Final = "melodyrnn-state"
"""The same of an interrupted training."""
MAX_CHECKPOINT_BYTES: Final = 120_000_000
"""An fp32 LSTM of 2,400 units and the fingerprints of 100,000 tunes fit; a file is held twice while it opens."""
MAX_HEADER: Final = 1 << 18  # a card of some thousand entries; parsed JSON takes fifty times its text
_WEIGHTS: Final[dict[str, np.dtype[Any]]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2")}
_EXTRAS: Final[dict[str, np.dtype[Any]]] = {f"U{8 * size}": np.dtype(f"<u{size}") for size in (8, 4, 2, 1)}
_EXTRA_NAME: Final = re.compile(r"(fingerprints|tunes)\.[a-z_]{1,40}")
_SAID: Final = 120  # characters of what the library says

_SIGNATURES: Final = (
    (b"PK\x03\x04", "is a zip, as torch.save writes them with a pickle inside; melodyrnn never opens those"),
    (b"\x93NUMPY", "is a NumPy array file, not a checkpoint"),
    (b"\x1f\x8b", "is compressed by gzip; unpack it first"),
    (b"\x89HDF", "is an HDF5 file, not a checkpoint of melodyrnn"),
    (b"GGUF", "is a GGUF file, not a checkpoint of melodyrnn"),
    (b"MThd", "is a MIDI file, not a checkpoint"),
    (b"version https://git-lfs", "is a Git LFS pointer; fetch the file with: git lfs pull"),
    (b"<", "is a web page or XML, not a checkpoint"),
)
_PICKLE: Final = "is a pickle; melodyrnn never opens those (a pickle can run any code)"


def expected_shapes(config: NetworkConfig) -> dict[str, tuple[int, ...]]:
    """Name and shape of every weight of MelodyRNN(config), without torch."""
    gates = CELLS[config.cell] * config.hidden
    shapes: dict[str, tuple[int, ...]] = {"views.weight": (_rows(vp.HEARD, config), config.embed)}
    for layer in range(config.layers):
        heard = config.hidden if layer else config.embed
        shapes[f"recurrent.weight_ih_l{layer}"] = (gates, heard)
        shapes[f"recurrent.weight_hh_l{layer}"] = (gates, config.hidden)
        shapes[f"recurrent.bias_ih_l{layer}"] = (gates,)
        shapes[f"recurrent.bias_hh_l{layer}"] = (gates,)
    heads = (
        ("rest", vp.AT_REST, END + 1, 1),
        ("duration", vp.AT_DURATION, len(DURATIONS), 1),
        ("pitch", vp.AT_PITCH, len(PITCHES), 2),
    )
    for name, sizes, rows, copies in heads:
        linear = {
            "state": (config.head, config.hidden), "out": (rows, config.head),
            "query": (config.keys * copies, config.head), "key": (config.keys * copies, config.head),
            "sentinel": (1, config.head),
        }  # fmt: skip
        shapes[f"{name}.known.weight"] = (_rows(sizes, config), config.head)
        shapes |= {f"{name}.{part}.weight": shape for part, shape in linear.items()}
        shapes |= {f"{name}.{part}.bias": shape[:1] for part, shape in linear.items()}
        shapes[f"{name}.matches.weight"] = (vp.MATCHES, copies)
        shapes[f"{name}.apart.weight"] = (vp.PLACES_APART, copies)
    shapes["interval.weight"] = (2 * vp.WIDEST_INTERVAL + 2, config.head)
    shapes["degree.weight"] = (12, config.head)
    if config.harmony:
        shapes["chord_degree.weight"] = (12, config.head)
    return shapes


def weight_bytes(config: NetworkConfig) -> int:
    """Bytes of all weights of MelodyRNN(config) in fp32."""
    return 4 * sum(math.prod(shape) for shape in expected_shapes(config).values())


def _rows(views: dict[str, int], config: NetworkConfig) -> int:
    return sum(vp.sizes(views, config.hears).values())


def read_container(data: bytes) -> tuple[NetworkConfig, Card, dict[str, NDArray[Any]]]:
    """Configuration, card and all arrays of a checkpoint. Raises CheckpointError."""
    metadata = _metadata(data)
    if STATE in metadata:
        raise CheckpointError("is a training that was interrupted, no model: train with --resume goes on with it")
    if not isinstance(metadata.get(METADATA), str):
        raise CheckpointError("is a safetensors file, but not of melodyrnn: it has no card")
    config, card = read_card_text(metadata[METADATA])
    try:
        parts = dict(deserialize(data))  # type: ignore[no-untyped-call]
    except SafetensorError as problem:
        raise CheckpointError(f"is damaged or cut short ({printable(str(problem))[:_SAID]})") from None
    expected = expected_shapes(config)
    if any(name.startswith(PREFIX) for name in parts):
        expected |= critic_shapes()
    _check_names(set(parts), set(expected))
    arrays = {name: _array(name, told, expected.get(name)) for name, told in parts.items()}
    check_finite({name: arrays[name] for name in expected})
    return config, card, arrays


def check_finite(weights: Mapping[str, NDArray[Any]]) -> None:
    """Refuse NaN and infinity among the weights. Raises CheckpointError.

    By their bits, read as whole numbers: from infinity up all positive ones are odd, and, without a sign, all negative
    ones. So nothing is copied; NumPy would widen fp16 first.
    """
    for name, array in weights.items():
        signed, unsigned = (array.view(f"<{kind}{array.itemsize}") for kind in "iu")
        above, below = (np.array(end, array.dtype).view(unsigned.dtype) for end in (np.inf, -np.inf))
        if array.size and (signed.max() >= above or unsigned.max() >= below):
            raise CheckpointError(f"{name} holds NaN or infinite numbers")


def _metadata(data: bytes) -> dict[str, Any]:
    """What stands in the header beside the arrays, which are the library's to check. Raises CheckpointError."""
    length = _header_length(data)
    try:
        header = strict_json(data[8 : 8 + length].decode())
    except UnicodeDecodeError:
        raise CheckpointError("its header is not UTF-8") from None
    metadata = header.get("__metadata__") if isinstance(header, dict) else None
    return metadata if isinstance(metadata, dict) else {}


def _header_length(data: bytes) -> int:
    """Bytes of the header, read before the library sees a byte. Raises CheckpointError for another kind of file."""
    if len(data) > MAX_CHECKPOINT_BYTES:
        raise CheckpointError(f"is {len(data):,} bytes long; a checkpoint has at most {MAX_CHECKPOINT_BYTES:,}")
    first = data[:32]
    if not first:
        raise CheckpointError("is empty")
    for signature, meaning in _SIGNATURES:
        if first.startswith(signature):
            raise CheckpointError(meaning)
    if first[0] == 0x80 and first[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05") and first[8:9] != b"{":
        raise CheckpointError(_PICKLE)
    length = int.from_bytes(first[:8], "little")
    if len(data) < 8 or first[8:9] != b"{":
        raise CheckpointError("is not a safetensors file")
    if length > MAX_HEADER:
        raise CheckpointError(f"announces a header of {length:,} bytes; at most {MAX_HEADER:,} are read")
    if length > len(data) - 8:
        raise CheckpointError("is cut short: it ends within its header")
    return length


def _check_names(names: set[str], expected: set[str]) -> None:
    if missing := expected - names:
        raise CheckpointError(f"lacks {len(missing)} of its arrays, {min(missing)} for one")
    for name in sorted(names - expected):
        if not _EXTRA_NAME.fullmatch(name):
            raise CheckpointError(f"holds an array that no network has: {ascii(name)[:60]}")


def _array(name: str, told: Mapping[str, Any], shape: tuple[int, ...] | None) -> NDArray[Any]:
    """One array; `shape` is what it must be, None for an extra. Raises CheckpointError."""
    dtypes = _EXTRAS if shape is None else _WEIGHTS
    if told["dtype"] not in dtypes:
        raise CheckpointError(f"{name} has dtype {ascii(told['dtype'])[:20]}; {', '.join(dtypes)} can be read")
    found = tuple(told["shape"])
    if len(found) != 1 if shape is None else found != shape:
        wanted = "one dimension" if shape is None else f"{list(shape)} by its configuration"
        raise CheckpointError(f"{name} has shape {ascii(list(found))[:40]}, not {wanted}")
    array = np.frombuffer(told["data"], dtypes[told["dtype"]]).reshape(found)
    array.flags.writeable = False
    return array
