"""Libraries of the system that talk on stderr: JACK's that no server answers, ALSA's that no card is there.

Contents: hushed.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def hushed() -> Iterator[None]:
    """Keep off the terminal what libraries of the system say about devices and servers that are not there."""
    try:
        kept = os.dup(2)
    except OSError:  # stderr is closed: nobody hears them
        yield
        return
    if sys.stderr is not None:
        sys.stderr.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
