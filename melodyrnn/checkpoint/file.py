"""One .safetensors file: configuration, vocabulary, weights, card. Opens without torch, runs no code.

Conventions
    weights     names and shapes of MelodyRNN's state_dict, fp32 or fp16, C order; read-only views of the file's bytes.
    fingerprints   arrays named fingerprints.* and tunes.*: what of the training melodies is kept to tell a
                copy from an invention (melodyrnn.events.fingerprint writes and reads them).
    A file is read once, whole: what happens to it later does not matter. It is checked whole before
    anything is returned; a refusal is one line and a CheckpointError.

Contents: Checkpoint, load, save, write_whole, shipped, find; from `card`: NetworkConfig, Card; from `verify`:
expected_shapes.
"""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from melodyrnn.checkpoint.card import Card, NetworkConfig, card_text, check_config
from melodyrnn.checkpoint.critic_parts import PREFIX
from melodyrnn.checkpoint.verify import MAX_CHECKPOINT_BYTES, METADATA, expected_shapes, read_container
from melodyrnn.errors import CheckpointError, OutputError, printable
from melodyrnn.system import sync_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["Card", "Checkpoint", "NetworkConfig", "expected_shapes", "find", "load", "save", "shipped", "write_whole"]

SUFFIX: Final = ".safetensors"
SHIPPED: Final = tuple(Path(__file__).resolve().parents[up] / "checkpoints" for up in (1, 2))
"""Where the models that ship lie: in the installed package, or beside it in a working copy."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A trained network and what there is to know about it."""

    config: NetworkConfig
    card: Card
    weights: Mapping[str, NDArray[Any]] = field(repr=False)  # fp32 or fp16, as stored
    fingerprints: Mapping[str, NDArray[Any]] = field(default_factory=dict, repr=False)  # name → unsigned integers
    critic: Mapping[str, NDArray[Any]] = field(default_factory=dict, repr=False)  # weights of its critic; {} = none
    source: bytes | None = field(default=None, repr=False, compare=False)  # the file, if it came from one
    _digest: str = field(default="", init=False, repr=False, compare=False)  # once it has been asked for

    @property
    def digest(self) -> str:
        """First 16 hex digits of the file's SHA-256; computed when first asked for, for it reads the whole file."""
        if not self._digest:
            found = hashlib.sha256(self.source or _to_bytes(self)).hexdigest()[:16]
            object.__setattr__(self, "_digest", found)
        return self._digest

    def file(self) -> bytes:
        """The whole file, as `load` reads it."""
        return self.source or _to_bytes(self)

    def float32(self) -> dict[str, NDArray[np.float32]]:
        """The weights as fp32 arrays; those stored so are not copied."""
        return {name: np.asarray(array, dtype=np.float32) for name, array in self.weights.items()}

    def halved(self) -> Checkpoint:
        """The same with fp16 weights: half the file. Raises CheckpointError where a weight is too large for fp16."""
        weights, critic = map(_halved, (self.weights, self.critic))
        return replace(self, weights=weights, critic=critic, source=None)


def _halved(weights: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float16]]:
    with np.errstate(over="ignore"):
        halves = {name: np.asarray(array).astype(np.float16) for name, array in weights.items()}
    for name, array in halves.items():
        if not np.isfinite(array).all():
            raise CheckpointError(f"{name} holds weights beyond 65504, which fp16 cannot say: keep fp32")
    return halves


def load(source: str | Path | bytes) -> Checkpoint:
    """Open a checkpoint by path or bytes; no code in it can run. Raises CheckpointError, one line on what is wrong."""
    name = "checkpoint" if isinstance(source, bytes) else printable(_written(Path(source)))
    try:
        buffer = source if isinstance(source, bytes) else _read(Path(source))
        config, card, arrays = read_container(buffer)
    except CheckpointError as problem:
        raise CheckpointError(f"{name}: {problem}") from None
    weights = {n: arrays.pop(n) for n in expected_shapes(config)}
    critic = {n.removeprefix(PREFIX): arrays.pop(n) for n in sorted(arrays) if n.startswith(PREFIX)}
    return Checkpoint(config, card, weights, arrays, critic, buffer)


def save(path: str | Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, whole or not at all. Raises CheckpointError for what `load` would refuse, OutputError."""
    data = _to_bytes(checkpoint)
    load(data)  # the law: what is saved opens
    write_whole(path, data)


def write_whole(path: str | Path, data: bytes) -> None:
    """Write a file atomically: temporary file beside it, fsync, rename, fsync of the folder.

    A target that exists and is no regular file (/dev/null, a pipe) is written straight through, for a rename
    would replace it. Raises OutputError; then the old file is intact and no temporary file is left.
    """
    target = Path(os.path.realpath(path))
    part = target.with_name(f".{target.name}.{os.urandom(4).hex()}.tmp")
    try:
        if target.exists() and not target.is_file():
            with target.open("wb") as device:
                device.write(data)
            return
        # mode 0666 at creation lets the system apply the umask, as for any file a program writes
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666), "wb") as out:  # noqa: PTH123
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)
        sync_folder(target.parent)
    except OSError as problem:
        raise OutputError(f"{printable(str(path))}: cannot be written ({problem.strerror})") from problem
    finally:
        with suppress(OSError):  # gone already, unless something failed
            part.unlink()


def shipped() -> dict[str, Path]:
    """The models that ship: name → file, in the order of their names."""
    found = {file.stem: file for folder in reversed(SHIPPED) for file in folder.glob(f"*{SUFFIX}")}
    return {name: found[name] for name in sorted(found)}


def find(name: str | Path) -> Path:
    """Where a checkpoint lies: a bare name ('folk') is a model that ships, a path has a separator or a suffix.

    What lies under a bare name in the current directory is never taken for a model. Raises CheckpointError.
    """
    path = Path(name)
    if path.suffix or path.name != str(name):
        return path
    known = shipped()
    if str(name) in known:
        return known[str(name)]
    names = ", ".join(known) or "none"
    told = f"{printable(str(name)) or 'no name'}: no model of this name ships (there is {names})"
    if str(name) and os.path.lexists(name):
        told += f"; for the file of this folder write {printable(_written(path))}"
    raise CheckpointError(told)


def _written(path: Path) -> str:
    """A path as `find` reads it: a bare name would be a model that ships, and a Path drops the dot before it."""
    return str(path) if path.suffix or path.name != str(path) else f".{os.sep}{path}"


def _to_bytes(checkpoint: Checkpoint) -> bytes:
    """The file as bytes; equal checkpoints give equal bytes."""
    from safetensors.numpy import save as to_safetensors  # noqa: PLC0415 - only writers pay for it

    check_config(checkpoint.config)
    critic = {PREFIX + name: array for name, array in checkpoint.critic.items()}
    parts = {**checkpoint.weights, **checkpoint.fingerprints, **critic}
    arrays = {name: np.ascontiguousarray(array) for name, array in parts.items()}
    data: bytes = to_safetensors(arrays, metadata={METADATA: card_text(checkpoint.config, checkpoint.card)})
    return data


def _read(path: Path) -> bytes:
    """Read a regular file whole. Not mapped: a model that is written over while it composes would end the process."""
    try:
        # O_NONBLOCK: opening a FIFO without a writer must not wait
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as problem:
        raise CheckpointError(f"cannot be opened ({problem.strerror})") from None
    except ValueError:
        raise CheckpointError("is not a possible file name") from None
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise CheckpointError("is not a regular file (a folder, pipe or device)")
        if facts.st_size > MAX_CHECKPOINT_BYTES:
            raise CheckpointError(f"is {facts.st_size:,} bytes long; a checkpoint has at most {MAX_CHECKPOINT_BYTES:,}")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(facts.st_size)  # one that is cut short or grows meanwhile is refused by its lengths
    except OSError as problem:
        raise CheckpointError(f"cannot be read ({problem.strerror})") from None
    finally:
        os.close(descriptor)
