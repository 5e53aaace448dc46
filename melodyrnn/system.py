"""Processes beside this one: how many are worth it, what a child may import, and how it ends.

A child imports nothing from the current directory, where a stranger's json.py may lie beside the tunes. What this
process itself imports is as Python was started.

Contents: `processors`, `import_path`, `safe_imports`, `deaf_to_ctrl_c`, `follow_parent`.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator


_SAFE: Final = "PYTHONSAFEPATH"
_STARTING: Final = threading.Lock()
"""Held while children start, for the environment and the path that they inherit belong to all threads."""


def processors() -> int:
    """Processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def import_path() -> str:
    """PYTHONPATH for a Python that we start with -P: what this one sees, the current directory left out.

    If melodyrnn itself lies there, it comes last: nothing beside it stands in for a module of Python or a package.
    """
    root = str(Path(__file__).resolve().parents[1])
    try:
        here = str(Path.cwd())
    except FileNotFoundError:  # removed: nothing can be imported from it
        here = ""
    seen = [entry for entry in sys.path if entry and str(Path(entry).absolute()) != here]
    return os.pathsep.join(seen if root in seen else [*seen, root])


@contextmanager
def safe_imports() -> Iterator[None]:
    """Processes of multiprocessing that start in here import nothing from the current directory."""
    with _STARTING:
        before, path = os.environ.get(_SAFE), sys.path[:]
        os.environ[_SAFE] = "1"
        sys.path[:] = [entry for entry in path if entry]  # an empty one is the current directory to a child
        try:
            yield
        finally:
            sys.path[:] = path
            if before is None:
                del os.environ[_SAFE]
            else:
                os.environ[_SAFE] = before


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
