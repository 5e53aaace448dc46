"""Hidden files beside an output while it is written, and what killed writers have left of them.

A file has its writer's process number in its name and is locked while it is filled. Only what bears our own
pattern, is locked by nobody and whose process is gone is removed: another process, in another container or on
another machine even, may be writing in the same folder.

Contents: beside, hold, remove_left.
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_PATTERN: Final = re.compile(r"\..*\.([1-9][0-9]{0,9})-[0-9a-f]{8}\.tmp", re.DOTALL)


def beside(path: Path) -> Path:
    """Name a new hidden file for what shall stand at `path` in the end."""
    return path.with_name(f".{path.name[:100]}.{os.getpid()}-{os.urandom(4).hex()}.tmp")


def hold(descriptor: int) -> bool:
    """Lock an open file as long as it is open; says whether that could be done, where the system has such locks."""
    try:
        import fcntl  # noqa: PLC0415 - not on Windows

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):  # held by another, or a file system without locks
        return False
    return True


def remove_left(folder: Path) -> None:
    """Remove what writers that were killed have left in a folder; what cannot be removed stays, silently."""
    if os.name == "nt":  # to ask for a process there would end it
        return
    with suppress(OSError):
        for name in os.listdir(folder):  # noqa: PTH208 - names alone: a folder may hold many files
            match = _PATTERN.fullmatch(name) if name.startswith(".") and name.endswith(".tmp") else None
            if match and not _alive(int(match[1])):
                _remove(folder / name)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # it is another user's
        return True
    return True


def _remove(path: Path) -> None:
    """Remove a regular file that nobody holds."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        try:
            if stat.S_ISREG(os.fstat(descriptor).st_mode) and hold(descriptor):
                path.unlink()
        finally:
            os.close(descriptor)
