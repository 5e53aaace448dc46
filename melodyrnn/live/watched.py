"""A file that is edited while it plays.

Contents: Watched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from melodyrnn.errors import MelodyRNNError
from melodyrnn.live.player import Fixed

if TYPE_CHECKING:
    from collections.abc import Callable

    from melodyrnn.live.clip import Clip


class Watched(Fixed):
    """A clip out of a file that may change while it plays; what cannot be read is told, and the last one plays on.

    `stamp` says which version of the file is there, None for none; `read` makes a clip of it.
    """

    def __init__(
        self, clip: Clip, stamp: Callable[[], object], read: Callable[[], Clip], say: Callable[[str], None], *,
        passes: int = 0,
    ) -> None:  # fmt: skip
        super().__init__(clip, passes)
        self._stamp, self._read, self._say = stamp, read, say
        self._seen = stamp()
        self._next: Clip | None = None

    def look(self) -> None:
        """See whether the file has changed, and read it; called from another thread, as often as is wanted."""
        stamp = self._stamp()
        if stamp is None or stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._next = self._read()
        except (MelodyRNNError, OSError) as problem:
            self._say(f"{problem}; the last version plays on")

    def take(self, number: int) -> Clip | None:
        """The version that was read last."""
        if self._next is not None:
            self.clip, self._next = self._next, None
            self._say(f"pass {number + 1}: {self.clip.name} as it is now, {self.clip.notes} notes")
        return super().take(number)
