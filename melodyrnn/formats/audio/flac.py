"""Samples as FLAC, by libsndfile.

Contents: write_flac (what the registry names), flac_bytes.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import soundfile

from melodyrnn.errors import one_line
from melodyrnn.formats.audio.render import RATE, render
from melodyrnn.formats.audio.wav import whole_numbers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from melodyrnn.formats.writing import Manner, Written


def write_flac(written: Written, _form: str, manner: Manner) -> bytes:
    """Play a melody into a FLAC file. Raises OptionError, OutputError."""
    samples = render(written.midi, manner.soundfont, loop=manner.loop)
    return flac_bytes(samples, depth=manner.depth, title=one_line(written.melody.title))


def flac_bytes(samples: NDArray[np.float32], *, depth: int = 16, title: str = "") -> bytes:
    """Write samples, (frames, 2) of full scale 1, as a FLAC file of 16 or 24 bits."""
    stream = io.BytesIO()
    with soundfile.SoundFile(stream, "w", RATE, 2, f"PCM_{depth}", format="FLAC") as file:
        if title:
            file.title = title
        file.write(whole_numbers(samples, depth) << (32 - depth))
    return stream.getvalue()
