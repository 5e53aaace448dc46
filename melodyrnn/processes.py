"""Processes beside this one: how many are worth it, and how a child ends.

Contents: `processors`, `deaf_to_ctrl_c`, `follow_parent`.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def processors() -> int:
    """Processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1


@contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Children that start in here never hear of Ctrl-C, which a terminal sends to all: whoever starts them ends them.

    Otherwise one that is still importing ends in a traceback. We hear of it when the block is left.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing.resource_tracker import ensure_running  # noqa: PLC0415 - only who has children waits for it

    ensure_running()  # now, for when it starts it lets Ctrl-C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def follow_parent() -> None:
    """Begin as a child: die in silence on Ctrl-C, which a terminal sends to us too, and when the parent is gone."""
    import multiprocessing  # noqa: PLC0415 - only who has children waits for it
    from multiprocessing.connection import wait  # noqa: PLC0415

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = multiprocessing.parent_process()

    def follow() -> None:
        wait([parent.sentinel])  # type: ignore[union-attr]  # a child has one
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
