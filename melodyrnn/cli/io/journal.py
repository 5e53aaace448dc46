"""What a long run has finished, kept line by line: a run that was stopped goes on from it.

    melodyrnn state 1
    CRC-32 JSON
    …

Conventions
    Each line is on disk before the next thing is begun. What a killed run left half written is cut off: lines count up
    to the first whose checksum is wrong. A line says of what it is ("of"): those of other requests stay and are not
    looked at. One run at a time has the file.

Contents: Journal, key_of.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from melodyrnn.cli.io.console import reason
from melodyrnn.cli.io.output import hold, refuse_nowhere
from melodyrnn.errors import Locked, OutputError
from melodyrnn.system import sync_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_HEAD: Final = b"melodyrnn state 1\n"


def key_of(facts: object) -> str:
    """Tell requests apart: 16 hex digits of the SHA-256 of plain data."""
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(slots=True)
class Journal:
    """An open file of finished things; `lines` as they were found."""

    path: Path
    lines: list[dict[str, Any]]
    _descriptor: int

    @classmethod
    def open(cls, path: Path) -> Journal:
        """Open it, or begin one; raise OutputError for a file of another kind, Locked while another run has it."""
        refuse_nowhere(path)
        if path.exists() and not path.is_file():
            raise OutputError(f"{path}: no file; a state is kept in a file")
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written: {reason(error)}") from error
        try:
            return cls(path, _begun(path, descriptor), descriptor)
        except BaseException:
            os.close(descriptor)
            raise

    def of(self, key: str) -> list[dict[str, Any]]:
        """What it has of a request."""
        return [line for line in self.lines if line.get("of") == key]

    def add(self, key: str, facts: Mapping[str, Any]) -> None:
        """Keep one thing more; raise OutputError."""
        text = json.dumps({"of": key, **facts}, separators=(",", ":")).encode()
        try:
            _write(self._descriptor, b"%08x %s\n" % (zlib.crc32(text), text))
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written: {reason(error)}") from error

    def close(self, *, remove: bool = False) -> None:
        """Let go of it; a state that nobody needs any more is removed."""
        if remove:
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)


def _begun(path: Path, descriptor: int) -> list[dict[str, Any]]:
    """The whole lines of a file, which ends behind them from now on."""
    if os.name != "nt" and not hold(descriptor):
        raise Locked(f"{path}: another run keeps its state there, or its disk has no locks; name another")
    with os.fdopen(os.dup(descriptor), "rb") as stream:
        content = stream.read()
    if not content.startswith(_HEAD) and not _HEAD.startswith(content):
        raise OutputError(f"{path}: there is a file that is no state of melodyrnn; choose another name")
    good, found = len(_HEAD), []
    for line in content[good:].splitlines(keepends=True):
        facts = _read(line)
        if facts is None:
            break
        found.append(facts)
        good += len(line)
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        if not content.startswith(_HEAD):
            os.ftruncate(descriptor, 0)
            _write(descriptor, _HEAD)
            sync_folder(path.absolute().parent)
        elif good < len(content):
            os.ftruncate(descriptor, good)
        os.lseek(descriptor, 0, os.SEEK_END)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {reason(error)}") from error
    return found


def _read(line: bytes) -> dict[str, Any] | None:
    """What a line says; None for one that is not whole."""
    checksum, _, text = line.removesuffix(b"\n").partition(b" ")
    if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(text):
        return None
    try:
        facts = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return facts if isinstance(facts, dict) else None


def _write(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)
