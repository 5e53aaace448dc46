"""Waiting: by the system's clock, interrupted by what is heard.

Contents: StageTime (the protocol that the player waits by), RealTime; urgently.
"""

from __future__ import annotations

import os
import time
from collections import deque
from contextlib import contextmanager, suppress
from threading import Event
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_WAIT: Final = 0.25  # seconds, after which ports and clocks are looked at
_PRIORITY: Final = 20  # of those of a real-time thread, 1 to 99; JACK's own is higher


class HeardMessage(NamedTuple):
    """A message that came, where from, and when."""

    source: str  # "clock", "keys"
    message: bytes
    when: float


class StageTime(Protocol):
    """A clock to wait by, and what was heard meanwhile."""

    def now(self) -> float:
        """Seconds."""

    def wait(self, until: float) -> None:
        """Wait until a time or until something is heard, whichever is first."""

    def heard(self) -> list[HeardMessage]:
        """What has been heard since the last call, in order."""


class RealTime:
    """The system's clock; `hear` may be called in any thread."""

    def __init__(self) -> None:
        self._inbox: deque[HeardMessage] = deque()
        self._bell = Event()

    def now(self) -> float:
        """Seconds of `time.monotonic`."""
        return time.monotonic()

    def hear(self, source: str, message: bytes, when: float) -> None:
        """Take in a message, and end the wait."""
        self._inbox.append(HeardMessage(source, message, when))
        self._bell.set()

    def wait(self, until: float) -> None:
        """Wait, a quarter of a second at most."""
        if not self._inbox:
            self._bell.wait(min(until - time.monotonic(), LONGEST_WAIT))
        self._bell.clear()

    def heard(self) -> list[HeardMessage]:
        """What has been heard."""
        return [self._inbox.popleft() for _ in range(len(self._inbox))]


@contextmanager
def urgently() -> Iterator[None]:
    """Let this thread go before others where the system allows it; children do not inherit that."""
    if not hasattr(os, "sched_setscheduler"):  # not on macOS and Windows
        yield
        return
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    with suppress(OSError):  # most users may not
        policy = os.SCHED_RR | getattr(os, "SCHED_RESET_ON_FORK", 0)
        os.sched_setscheduler(0, policy, os.sched_param(_PRIORITY))
    try:
        yield
    finally:
        with suppress(OSError):
            os.sched_setscheduler(0, *before)
