"""One run at a time on one output: an advisory lock that dies with its process.

OUTPUT.lock is locked, not merely present: what a killed run leaves behind does not block the next one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from melodyrnn.errors import Locked, OutputError


@contextmanager
def only_one(output: Path, *, leads: bool = True) -> Iterator[None]:
    """Hold the lock of an output; raises Locked when another run holds it. Followers of a team hold nothing."""
    if not leads or os.name == "nt":  # no flock there; the rename of a state is still atomic
        yield
        return
    import fcntl  # noqa: PLC0415 - not there on Windows

    path = output.with_name(output.name + ".lock")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Locked(f"{output}: another training run is writing there; wait for it or choose another -o") from error
        for stale in output.parent.glob(f".{output.name}*.tmp"):
            stale.unlink(missing_ok=True)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)
