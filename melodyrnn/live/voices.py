"""What sounds on a port, so that nothing goes on sounding: every way out leads through `hush`.

A port that is lost is looked for again, and taken when it comes back; what was sent meanwhile is lost, for nobody would
hear it in its place.

Contents: Voices.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from melodyrnn.live.clip import is_note_off, is_note_on
from melodyrnn.live.ports import PortError

if TYPE_CHECKING:
    from collections.abc import Callable

    from melodyrnn.live.ports import OutPort

_LOOK: Final = 1.0  # seconds from look to look whether a port is there
_SUSTAIN, _ALL_OFF = 64, 123  # controllers


class Voices:
    """An output port, the notes that sound on it, and the pedals that are down.

    `opened` opens the port, and opens it again when it comes back; `say` tells the user. Raises PortError if it is not
    there at first.
    """

    def __init__(self, opened: Callable[[], OutPort], say: Callable[[str], None]) -> None:
        self._opened, self._say = opened, say
        self._port: OutPort | None = opened()
        self._sounding: Counter[tuple[int, int]] = Counter()  # channel and pitch
        self._channels: set[int] = set()  # that were sent to
        self._looked = 0.0
        self.name = self._port.name

    @property
    def sounding(self) -> int:
        """How many notes sound."""
        return self._sounding.total()

    @property
    def is_lost(self) -> bool:
        """Whether the port is gone for now."""
        return self._port is None

    def send(self, message: bytes) -> None:
        """Send a message and keep count. A note that does not sound is not ended."""
        voice = message[0] & 0x0F, message[1] if len(message) > 1 else 0
        if is_note_on(message):
            self._sounding[voice] += 1  # before it is sent: whatever happens between is on the safe side
        elif is_note_off(message) and not self._sounding[voice]:
            return
        if message[0] < 0xF0:
            self._channels.add(voice[0])
        self._pass(message)
        if is_note_off(message):
            self._sounding[voice] -= 1

    def hush(self) -> None:
        """End all notes, lift the pedals; the port stays open."""
        for (channel, pitch), count in list(self._sounding.items()):
            for _ in range(count):
                self._pass(bytes((0x80 | channel, pitch, 64)))
        for channel in sorted(self._channels):
            self._pass(bytes((0xB0 | channel, _SUSTAIN, 0)))
            self._pass(bytes((0xB0 | channel, _ALL_OFF, 0)))
        self._sounding.clear()
        self._channels.clear()

    def look(self, now: float) -> None:
        """See once a second whether the port is there; take one that has come back."""
        if now - self._looked < _LOOK:
            return
        self._looked = now
        if self._port is not None and not self._port.is_there():
            self._lose("it is not there any more")
        elif self._port is None:
            self._find()

    def close(self) -> None:
        """End all notes and close the port."""
        self.hush()
        if self._port is not None:
            self._port.close()
            self._port = None

    def _pass(self, message: bytes) -> None:
        if self._port is None:
            return
        try:
            self._port.send(message)
        except PortError as problem:
            self._lose(str(problem))

    def _lose(self, why: str) -> None:
        port, self._port = self._port, None
        self._sounding.clear()
        with suppress(PortError):
            if port is not None:
                port.close()
        self._say(f"{self.name}: lost ({why}); it is taken again when it comes back")

    def _find(self) -> None:
        try:
            self._port = self._opened()
        except PortError:
            return
        for channel in sorted(self._channels or {0}):  # what sounded there when it went may sound there still
            self._pass(bytes((0xB0 | channel, _SUSTAIN, 0)))
            self._pass(bytes((0xB0 | channel, _ALL_OFF, 0)))
        self._say(f"{self.name}: is back")
