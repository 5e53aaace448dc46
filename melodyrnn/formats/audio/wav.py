"""Samples as WAV.

Contents: write_wav (what the registry names), wav_bytes; whole_numbers (samples as a file holds them).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from melodyrnn.errors import one_line
from melodyrnn.formats.audio.render import RATE, render

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from melodyrnn.formats.writing import Manner, Written


def write_wav(written: Written, _form: str, manner: Manner) -> bytes:
    """Play a melody into a WAV file. Raises OptionError, OutputError."""
    samples = render(written.midi, manner.soundfont, loop=manner.loop)
    return wav_bytes(samples, depth=manner.depth, title=one_line(written.melody.title))


def wav_bytes(samples: NDArray[np.float32], *, depth: int = 16, title: str = "") -> bytes:
    """Write samples, (frames, 2) of full scale 1, as a WAV file of 16 or 24 bits."""
    size = depth // 8
    data = whole_numbers(samples, depth).astype("<i4").view(np.uint8).reshape(-1, 4)[:, :size].tobytes()
    form = struct.pack("<HHIIHH", 1, 2, RATE, RATE * 2 * size, 2 * size, depth)
    info = _chunk(b"LIST", b"INFO" + _chunk(b"INAM", title.encode() + b"\0")) if title else b""
    return _chunk(b"RIFF", b"WAVE" + _chunk(b"fmt ", form) + info + _chunk(b"data", data))


def whole_numbers(samples: NDArray[np.float32], depth: int) -> NDArray[np.int32]:
    """Samples as whole numbers of so many bits."""
    return np.rint(samples.astype(np.float64) * ((1 << depth - 1) - 1)).astype(np.int32)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) & 1)
