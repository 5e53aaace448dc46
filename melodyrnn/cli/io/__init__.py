"""How the command line talks to the world: streams and files in the modules here, and the exit status of a run.

Imports next to nothing: main() needs it before it can answer signals.

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


_MEANINGS: Final = ("done", "failed", "wrong use", "interrupted", "terminated")

EPILOG: Final = (
    "Exit status: " + ", ".join(f"{s:d} {text}" for s, text in zip(ExitStatus, _MEANINGS, strict=True)) + "."
)
"""The last line of every help page."""


class Terminated(BaseException):
    """The process was asked to end (SIGTERM); not an Exception, so that nothing on the way swallows it."""
