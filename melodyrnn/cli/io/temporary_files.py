"""A temporary folder that even kill -9 does not leave behind for ever.

While it is used, a file in it is locked. A process that dies lets go of its lock, and the next one that
wants a folder removes what nobody holds.

Contents: scratch.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

_PREFIX: Final = "melodyrnn-run-"
_MARK: Final = "in-use"


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder that is there as long as the block lasts; remove those of runs that were killed."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if _abandoned(left):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as name:
        folder = Path(name)
        with (folder / "new").open("w") as mark:
            _lock(mark)
            (folder / "new").rename(folder / _MARK)  # locked before anyone can see it
            yield folder


def _abandoned(folder: Path) -> bool:
    """Whether a folder is one of ours and its process has died."""
    try:
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            return False
        with (folder / _MARK).open() as mark:
            return _lock(mark)
    except (OSError, AttributeError):  # made just now, or held, or a system without users
        return False


def _lock(mark: TextIO) -> bool:
    """Lock a file if nobody holds it; says whether it could, False where the system has no such locks."""
    try:
        import fcntl  # noqa: PLC0415 - not on Windows
    except ImportError:
        return False
    fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return True
