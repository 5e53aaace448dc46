"""MIDI → samples, by a synthesiser and a soundfont.

Conventions
    samples     float32, (frames, 2), full scale 1; RATE frames a second.
    silent      below -72 dBFS.

The loudest sample is at -1 dBFS. A loop is as long as its bars, to the sample, and what rings on behind its end sounds
at its beginning; anything else ends when its last note has died away, at the end of its bars at the earliest.

Contents: RATE, render.
"""

from __future__ import annotations

import io
import math
import wave
from typing import TYPE_CHECKING, Any, Final

import midirenderer
import numpy as np

from melodyrnn.errors import OptionError
from melodyrnn.formats.audio.sequence import sequence_of
from melodyrnn.formats.audio.soundfont import find_soundfont, soundfont_at

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

RATE: Final = 48_000
"""Frames a second, as the synthesiser gives them."""
PEAK: Final = 10 ** (-1 / 20)
"""The loudest sample: -1 dBFS."""
_TAIL: Final = 8.0  # seconds in which the last notes may die away
_SILENT: Final = 10 ** (-72 / 20)
_FADE: Final = RATE // 20  # frames at the end of what dies away
_FULL: Final = 32_767
_SOFT: Final = _FULL // 8  # the loudest sample of a rendering that uses its 16 bits badly
_GAIN: Final = 14  # decibels at which a melody uses them well
_LESS: Final = 12
_MOST: Final = 60


def render(midi: bytes, soundfont: Path | None = None, *, loop: bool = False) -> NDArray[np.float32]:
    """Play a MIDI file: samples, (frames, 2), at RATE. Raises Unreadable, OptionError, OutputError."""
    sequence = sequence_of(midi, tail=_TAIL)
    samples = _played(sequence.midi, find_soundfont(soundfont))
    if loop:
        return _levelled(_wrapped(samples, round(sequence.looped * RATE)))
    return _ended(_levelled(samples), round(sequence.seconds * RATE))


def _played(midi: bytes, soundfont: Path) -> NDArray[np.float32]:
    """Render at a gain at which nothing is clipped and 16 bits are made use of."""
    gain = _GAIN
    while True:
        samples = _rendered(midi, soundfont, gain)
        peak = max(int(samples.max(initial=0)), -int(samples.min(initial=0)))
        if peak >= _FULL and gain > -_MOST:
            gain -= _LESS
        elif peak < _SOFT and gain == _GAIN:
            gain = min(_MOST, gain + math.floor(20 * math.log10(_FULL / 2 / max(peak, 1))))
        else:
            return np.divide(samples, _FULL + 1, dtype=np.float32)


def _rendered(midi: bytes, soundfont: Path, gain: int) -> NDArray[np.int16]:
    """What the synthesiser makes of a file."""
    try:
        sound = midirenderer.render_wave_from(soundfont_at(soundfont, gain), midi)
    except Exception as error:  # of the soundfont: the file is our own
        raise OptionError("--soundfont", f"{soundfont}: cannot be played: {_said(error)}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what Rust raises is no Exception
            raise
        raise OptionError("--soundfont", f"{soundfont}: cannot be played: damaged") from error
    with wave.open(io.BytesIO(sound)) as stream:
        frames = stream.readframes(stream.getnframes())
    return np.frombuffer(frames, "<i2").reshape(-1, 2)


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _levelled(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring the loudest sample to its level; silence stays silence."""
    peak = float(np.abs(samples).max(initial=0.0))
    return samples * np.float32(PEAK / peak) if peak else samples


def _wrapped(samples: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """As many frames, and what comes behind them at their beginning."""
    frames = max(frames, 1)
    padded = np.zeros((-(-len(samples) // frames) * frames, 2), np.float32)
    padded[: len(samples)] = samples
    turns: Any = padded.reshape(-1, frames, 2)
    wrapped: NDArray[np.float32] = turns.sum(0, dtype=np.float32)
    return wrapped


def _ended(samples: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """Cut where all is silent, at `frames` at the earliest, and let the end fade."""
    heard = np.flatnonzero(np.abs(samples).max(1) > _SILENT)
    end = max(frames, min(len(samples), (int(heard[-1]) + 1 if len(heard) else 0) + _FADE))
    kept = samples[:end].copy()
    kept[-_FADE:] *= np.linspace(1.0, 0.0, min(_FADE, len(kept)), dtype=np.float32)[:, None]
    return kept
