"""Samples as files: WAV and FLAC, of 16 or 24 bits.

Contents: write_sound (what the registry names), wav_bytes, flac_bytes.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from melodyrnn.errors import one_line
from melodyrnn.formats.audio.render import RATE, render

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from melodyrnn.formats.writing import Manner, Written


def write_sound(written: Written, form: str, manner: Manner) -> bytes:
    """Play a melody into a 'wav' or 'flac' file. Raises OptionError, OutputError."""
    samples = render(written.midi, manner.soundfont, loop=manner.loop)
    write = wav_bytes if form == "wav" else flac_bytes
    return write(samples, depth=manner.depth, title=one_line(written.melody.title))


def wav_bytes(samples: NDArray[np.float32], *, depth: int = 16, title: str = "") -> bytes:
    """Write samples, (frames, 2) of full scale 1, as a WAV file."""
    whole = _whole(samples, depth)
    size = depth // 8
    data = whole.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :size].tobytes()
    frame = 2 * size
    form = struct.pack("<HHIIHH", 1, 2, RATE, RATE * frame, frame, depth)
    told = title.encode() + b"\0"
    info = _chunk(b"LIST", b"INFO" + _chunk(b"INAM", told)) if title else b""
    return _chunk(b"RIFF", b"WAVE" + _chunk(b"fmt ", form) + info + _chunk(b"data", data))


def flac_bytes(samples: NDArray[np.float32], *, depth: int = 16, title: str = "") -> bytes:
    """Write samples, (frames, 2) of full scale 1, as a FLAC file."""
    whole = _whole(samples, depth) << (32 - depth)
    stream = io.BytesIO()
    with soundfile.SoundFile(stream, "w", RATE, 2, f"PCM_{depth}", format="FLAC") as file:
        if title:
            file.title = title
        file.write(whole)
    return stream.getvalue()


def _whole(samples: NDArray[np.float32], depth: int) -> NDArray[np.int32]:
    """Samples as whole numbers of so many bits."""
    return np.rint(samples.astype(np.float64) * ((1 << depth - 1) - 1)).astype(np.int32)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) & 1)
