"""How a run ends: one table of exit statuses, shown in every --help.

Contents: ExitStatus, EPILOG, Terminated.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class ExitStatus(IntEnum):
    """What the shell is told."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    INTERRUPTED = 130
    TERMINATED = 143


_MEANING: Final = {
    ExitStatus.DONE: "done",
    ExitStatus.FAILED: "failed",
    ExitStatus.USAGE: "wrong use",
    ExitStatus.INTERRUPTED: "interrupted",
    ExitStatus.TERMINATED: "terminated",
}

EPILOG: Final = "Exit status: " + ", ".join(f"{status:d} {text}" for status, text in _MEANING.items()) + "."
"""The last line of every help page."""


class Terminated(BaseException):
    """The process was asked to end (SIGTERM); not an Exception, so that nothing on the way swallows it."""
