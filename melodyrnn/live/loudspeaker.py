"""Samples through the loudspeaker.

Conventions
    frame       counted in what is played, from 0; what has been handed to the device is heard a buffer later.
    MELODYRNN_AUDIO=null takes a device that swallows all in due time: for tests, and machines without sound.

Contents: Loudspeaker, check_loudspeaker.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, Self

import miniaudio
import numpy as np

from melodyrnn.errors import OutputError
from melodyrnn.live.hushed import hushed

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

ASKED: Final = "MELODYRNN_AUDIO"
_BUFFER: Final = 50  # milliseconds that are handed over at a time
_NONE: Final = (
    "no loudspeaker is here; generate -o tune.wav and convert FILE tune.wav write a file "
    f"({ASKED}=null plays without one)"
)


class Loudspeaker:
    """A device that plays samples once, several times or for ever, while its owner looks on. A context manager."""

    def __init__(self, samples: NDArray[np.float32], *, rate: int, turns: int | None = 1) -> None:
        """Open the device; `turns`: how many times, None for ever. Raises OutputError where there is none."""
        self._samples = np.rint(np.clip(samples, -1, 1) * 32_767).astype("<i2")
        self._turns, self._at, self._turn = turns, 0, 0
        self._from = 0  # where it was begun last: what stood before is not heard behind it
        self._paused, self._handed_over = False, False
        self._behind = rate * _BUFFER // 1000  # frames between handing over and hearing
        self._device = _opened(rate)

    def __enter__(self) -> Self:
        source = self._source()
        next(source)
        try:
            self._device.start(source)
        except miniaudio.MiniaudioError as error:
            raise OutputError(_NONE) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._device.close()

    @property
    def position(self) -> int:
        """The frame that is heard now, within one turn."""
        return max(self._from, self._at - (0 if self._paused else self._behind))

    @property
    def turn(self) -> int:
        """Which turn is being played, from 0."""
        return self._turn

    @property
    def paused(self) -> bool:
        """Whether it waits."""
        return self._paused

    @property
    def over(self) -> bool:
        """Whether all has been handed over, and silence behind it."""
        return self._handed_over

    def pause(self) -> None:
        """Wait, or go on."""
        self._paused = not self._paused

    def seek(self, frame: int) -> None:
        """Go on from another frame."""
        self._at = self._from = max(0, min(frame, len(self._samples) - 1))

    def _source(self) -> Generator[bytes, int, None]:
        """What the device asks for, in its own thread: so many frames, as bytes."""
        wanted = yield b""
        left = 3  # buffers of silence at the end, in which the device empties its own
        while left:
            part = b"" if self._paused else self._next(wanted)
            if not part and not self._paused:
                left -= 1
            wanted = yield part + bytes(4 * wanted - len(part))
        self._handed_over = True

    def _next(self, frames: int) -> bytes:
        """The next frames, over the seam where there is one; fewer at the end."""
        parts = []
        while frames > 0:
            if self._at >= len(self._samples):
                if not len(self._samples) or (self._turns is not None and self._turn + 1 >= self._turns):
                    break
                self._turn, self._at, self._from = self._turn + 1, 0, 0
            part = self._samples[self._at : self._at + frames]
            parts.append(part.tobytes())
            self._at += len(part)
            frames -= len(part)
        return b"".join(parts)


def check_loudspeaker() -> None:
    """Raise OutputError where nothing can be heard: before anything is composed."""
    _opened(48_000).close()


def _opened(rate: int) -> Any:
    """The device of this machine, stereo, 16 bits."""
    null = os.environ.get(ASKED) == "null"
    backends = [one for one in miniaudio.Backend if (one is miniaudio.Backend.NULL) == null]
    try:
        with hushed():
            return miniaudio.PlaybackDevice(
                nchannels=2, sample_rate=rate, buffersize_msec=_BUFFER, backends=backends, app_name="melodyrnn"
            )
    except miniaudio.MiniaudioError as error:
        raise OutputError(_NONE) from error
