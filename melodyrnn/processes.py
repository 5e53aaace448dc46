"""Processes beside this one: how many are worth it, and how a child ends.

Contents: `processors`, `follow_parent`.
"""

from __future__ import annotations

import os
import signal
import threading


def processors() -> int:
    """Processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1


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
