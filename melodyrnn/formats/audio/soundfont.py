"""The sounds of the instruments: a SoundFont 2 file, used where it lies.

Conventions
    gain        decibels by which a soundfont is made louder; below 0 softer. The synthesiser gives 16 bits of which a
                melody would use ten: it is asked to play louder, and what comes is brought to its level afterwards.

Contents: find_soundfont (whichever is meant → its path), soundfont_at (its bytes, at a gain).
"""

from __future__ import annotations

import struct
from functools import lru_cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator

_INSTALLED: Final = ("pretty_midi", "TimGM6mb.sf2")  # package and file: GPL-2, so it is not ours to bring along
_LARGEST: Final = 2 << 30  # bytes
_RANGES: Final = (43, 44)  # generators of keys and velocities, which stand first in a zone
_ATTENUATION: Final = 48  # generator: centibels that a zone is softer
_STEP: Final = 25  # centibels of it that are a decibel: synthesisers take 0.4 of what it says, as the first ones did


def find_soundfont(path: Path | None) -> Path:
    """The soundfont of this path, or without one that which pretty_midi installs. Raises OptionError."""
    if path is None:
        package, file = _INSTALLED
        spec = find_spec(package)
        path = Path(spec.origin).parent / file if spec is not None and spec.origin else Path(file)
        if not path.is_file():
            raise OptionError("--soundfont", f"{package} has not installed {file} here; name a soundfont (.sf2)")
        return path
    if not path.is_file():
        raise OptionError("--soundfont", f"{path}: no such file")
    _check(path)
    return path


def _check(path: Path) -> None:
    """Raise OptionError for what is no SoundFont 2."""
    try:
        with path.open("rb") as stream:
            head = stream.read(12)
    except OSError as error:
        raise OptionError("--soundfont", f"{path}: cannot be read: {error.strerror}") from error
    if head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise OptionError("--soundfont", f"{path}: no SoundFont 2 file (.sf2)")
    if path.stat().st_size > _LARGEST:
        raise OptionError("--soundfont", f"{path}: larger than {_LARGEST >> 30} GB; take a smaller one")


@lru_cache(maxsize=1)
def soundfont_at(path: Path, gain: int) -> bytes:
    """The bytes of a soundfont that plays louder by `gain` decibels. Raises OptionError for a damaged one."""
    try:
        return _louder(path.read_bytes(), gain)
    except (struct.error, KeyError, ValueError) as error:
        raise OptionError("--soundfont", f"{path}: damaged ({error})") from error
    except OSError as error:
        raise OptionError("--soundfont", f"{path}: cannot be read: {error.strerror}") from error


def _louder(data: bytes, gain: int) -> bytes:
    """The file with another attenuation in every zone of its presets."""
    body = [_chunk(name, _with_gain(part, gain) if part[:4] == b"pdta" else part) for name, part in _parts(data, 12)]
    return _chunk(b"RIFF", b"sfbk" + b"".join(body))


def _with_gain(presets: bytes, gain: int) -> bytes:
    """The list of presets, each zone softer by -gain."""
    parts = dict(_parts(presets, 4))
    bags = np.frombuffer(parts[b"pbag"], "<u2").reshape(-1, 2).tolist()
    generators = np.frombuffer(parts[b"pgen"], "<u2").reshape(-1, 2).tolist()
    written: list[list[int]] = []
    zones = []
    for (first, modulator), (end, _) in pairwise(bags):
        zones.append([len(written), modulator])
        written += _zone(generators[first:end], gain)
    zones.append([len(written), bags[-1][1]])
    written.append([0, 0])
    parts[b"pbag"], parts[b"pgen"] = (np.array(rows, "<u2").tobytes() for rows in (zones, written))
    return b"pdta" + b"".join(_chunk(name, part) for name, part in parts.items())


def _zone(generators: list[list[int]], gain: int) -> list[list[int]]:
    """The generators of a zone, louder."""
    own = next((value for kind, value in generators if kind == _ATTENUATION), 0)
    rest = [one for one in generators if one[0] != _ATTENUATION]
    ahead = sum(kind in _RANGES for kind, _ in rest)
    return [*rest[:ahead], [_ATTENUATION, (own - _STEP * gain) % (1 << 16)], *rest[ahead:]]


def _parts(data: bytes, place: int) -> Iterator[tuple[bytes, bytes]]:
    """The chunks that follow one another from a place on: name and content."""
    while place + 8 <= len(data):
        size = struct.unpack_from("<I", data, place + 4)[0]
        yield data[place : place + 4], data[place + 8 : place + 8 + size]
        place += 8 + size + (size & 1)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) & 1)
