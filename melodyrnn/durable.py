"""What outlives a power cut: a name in a folder, once the folder itself is on its disk.

Contents: sync_folder.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_WITHOUT: Final = {errno.EACCES, errno.EPERM, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder survive a power cut, where the system can; raise OSError when its disk fails."""
    if os.name == "nt":  # which has no such thing and needs none
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # a folder that may be written, not read: the file is there all the same
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _WITHOUT:
            raise
    finally:
        os.close(descriptor)
