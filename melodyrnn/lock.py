"""One run at a time on one output: an advisory lock that dies with its process.

OUTPUT.lock is locked, not merely present: what a killed run leaves behind does not block the next one.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from melodyrnn.errors import Locked, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNFINISHED: Final = r"\.{}(\.state)?\.[0-9a-f]{{8}}\.tmp"  # as checkpoint.write_whole calls them


@contextmanager
def only_one(output: Path, *, leads: bool = True) -> Iterator[None]:
    """Hold the lock of an output; raises Locked when another run holds it, OutputError where there is no locking.

    Followers of a team hold nothing.
    """
    if not leads or os.name == "nt":  # no flock there; the rename of a state is still atomic
        yield
        return
    target = Path(os.path.realpath(output))  # by whatever name the output is called
    path = target.with_name(target.name + ".lock")
    descriptor = _locked(path, output)
    try:
        for folder, name in {(target.parent, target.name), (output.parent, output.name)}:
            _tidy(folder, name)
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _locked(path: Path, output: Path) -> int:
    """A descriptor that holds the lock of the file that stands at this path now."""
    import fcntl  # noqa: PLC0415 - not there on Windows

    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK, 0o666)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written ({error.strerror})") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The run that held it may have removed the file since we opened it: then what we hold locks nobody out.
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except FileNotFoundError:
            pass
        except BlockingIOError as error:
            os.close(descriptor)
            problem = "another training run is writing there; wait for it or choose another -o"
            raise Locked(f"{output}: {problem}") from error
        except OSError as error:
            os.close(descriptor)
            problem = f"cannot be locked ({error.strerror}); choose another -o, on a disk of this machine"
            raise OutputError(f"{path}: {problem}") from error
        os.close(descriptor)


def _tidy(folder: Path, name: str) -> None:
    """Remove what runs that were killed while writing have left."""
    pattern = re.compile(_UNFINISHED.format(re.escape(name)))
    for path in folder.iterdir():
        if pattern.fullmatch(path.name):
            path.unlink(missing_ok=True)
