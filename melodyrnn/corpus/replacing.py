"""A folder that appears whole or not at all, and what a killed process has left of that, put right.

A new folder grows beside its target as .NAME.xxxxxxxx.tmp. An older one steps aside as .NAME.xxxxxxxx.old between two
renames, and is called .tmp again before it is removed: an .old is always whole, a .tmp never of use to anybody else.
The process at work holds both by a lock (flock) that dies with it, so what nobody holds is known to be left behind.
Where there are no such locks (Windows) nothing is tidied.

Contents: growing, put, settle.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from melodyrnn.system import lock_file, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def growing(target: Path) -> Iterator[Path]:
    """Give an empty folder beside a target; `put` makes it the target, else it is gone after the block."""
    settle(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    part, lock = _beside(target, "tmp"), None
    for _ in range(3):  # another process may take it for one of a dead one before it is locked, and remove it
        part.mkdir(exist_ok=True)
        if (lock := _hold(part)) is not None:
            break
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)
        _let_go(lock)


def put(part: Path, target: Path) -> None:
    """Make a folder the target, safe against a power cut; an older one is replaced. Raises OSError."""
    for file in part.iterdir():
        _sync(file)
    sync_folder(part)
    old, lock = _beside(target, "old"), None
    if target.exists():
        lock = _hold(target)
        target.rename(old)
    try:
        part.rename(target)
    except OSError:
        if old.exists():  # nothing has come: what was there shall stay
            old.rename(target)
        raise
    finally:
        if old.exists():
            gone = _beside(target, "tmp")
            old.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)
        _let_go(lock)
    sync_folder(target.parent)


def settle(folder: str | Path) -> None:
    """Put right what killed processes have left: a folder that had stepped aside for nothing is back, the rest gone."""
    target = Path(os.path.realpath(folder))
    left_over = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{8}}\.(old|tmp)")
    try:
        names = sorted(name for name in os.listdir(target.parent) if left_over.fullmatch(name))  # noqa: PTH208
    except OSError:
        return  # no such folder, or none of ours
    for path in (target.with_name(name) for name in names):
        lock = _hold(path)
        if lock is None:
            continue  # in use
        with suppress(OSError):  # a folder that may not be written stays as it is
            if path.suffix == ".old" and not target.exists():
                path.rename(target)
            else:
                shutil.rmtree(path, ignore_errors=True)
        _let_go(lock)


def _beside(target: Path, kind: str) -> Path:
    """A new name beside a target."""
    return target.with_name(f".{target.name}.{os.urandom(4).hex()}.{kind}")


def _hold(folder: Path) -> int | None:
    """Lock a folder of ours that nobody holds; None where that cannot be."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except (AttributeError, OSError):  # AttributeError: Windows
        return None
    with suppress(OSError, ImportError):  # held by another, removed, or on a system without locks
        if lock_file(descriptor, folder) and os.fstat(descriptor).st_uid == os.geteuid():
            return descriptor
    os.close(descriptor)
    return None


def _let_go(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)


def _sync(path: Path) -> None:
    """Make what was written to a file survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
