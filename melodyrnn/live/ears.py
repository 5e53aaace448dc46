"""A port that is listened to, taken again when it comes back.

Contents: Ears.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from melodyrnn.live.ports import PortError

if TYPE_CHECKING:
    from collections.abc import Callable

    from melodyrnn.live.ports import InPort

_LOOK: Final = 1.0  # seconds from look to look whether a port is there


class Ears:
    """An input port. `opened` opens it, and opens it again when it comes back; raises PortError if it is not there."""

    def __init__(self, opened: Callable[[], InPort], say: Callable[[str], None]) -> None:
        self._opened, self._say = opened, say
        self._port: InPort | None = opened()
        self._looked = 0.0
        self.name = self._port.name

    def look(self, now: float) -> None:
        """See once a second whether the port is there; take one that has come back."""
        if now - self._looked < _LOOK:
            return
        self._looked = now
        if self._port is None:
            with suppress(PortError):
                self._port = self._opened()
                self._say(f"{self.name}: is back")
        elif not self._port.is_there():
            self.close()
            self._say(f"{self.name}: lost; it is listened to again when it comes back")

    def close(self) -> None:
        """Hear nothing any more."""
        port, self._port = self._port, None
        with suppress(PortError):
            if port is not None:
                port.close()
