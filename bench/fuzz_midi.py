"""Mutants of MIDI files, damaged where lengths, header fields, variable-length numbers and events stand.

A mutant is a function of number and seed alone. `bench.fuzz` and `bench.readings` read them.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ODD: Final = (0, 1, 0x40, 0x7F, 0x80, 0x90, 0x99, 0xF0, 0xF7, 0xFF)
PIECES: Final = tuple(
    bytes.fromhex(dump)
    for dump in (
        "00ff2f00", "00ff5103000000", "00ff5103ffffff", "00ff580400ff1808", "00ff580403021808", "00ff59020900",
        "00ff590201", "00f08400", "00f7ffffffff7f", "ffffffff7f", "8780808000", "00903c50", "00803c00", "00993c50",
        "4d54726b00000004", "4d54726bffffffff", "4d546864", "00ff7f8fffffff7f", "00ff0304c3a91b5b", "00f8", "00f23c40",
        "00ff21010a", "00c105", "83ffff7f",
    )
)  # fmt: skip


def originals(rng: random.Random) -> list[bytes]:
    """Sound files of several shapes: type 0 and 1, chords, drums, running status, short and long."""
    found = []
    for size in (1, 8, 40, 900):
        at, notes = 0, []
        for _ in range(size):
            at += rng.choice((0, 0, 12, 24))
            notes.append(Note(at, rng.choice((6, 12, 24, 48)), rng.randint(48, 84), rng.randint(1, 127)))
            at = notes[-1].end
        melody = Melody(tuple(notes), (Metre(3, 4), Metre(4, 4, 144)), Key(2, "dorian"), 97.0, "Tune")
        plain = midi_bytes(melody, recipe="melodyrnn generate --seed 1")
        chordal = midi_bytes(melody, chords=tuple((96 * bar, 96, (48, 52, 55)) for bar in range(size // 4 + 1)))
        single = b"MThd\0\0\0\6\0\0\0\1" + plain[12:14] + plain[plain.rindex(b"MTrk") :]
        running = single.replace(b"\x80", b"\x90", 1)
        found += [plain, chordal, single, running, chordal.replace(b"\x91", b"\x99").replace(b"\x81", b"\x89")]
    return found


def flip(data: bytearray, rng: random.Random) -> None:
    """Change one bit."""
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def odd(data: bytearray, rng: random.Random) -> None:
    """Set a byte to a value that means something."""
    data[rng.randrange(len(data))] = rng.choice(ODD)


def cut(data: bytearray, rng: random.Random) -> None:
    """Cut the end off."""
    del data[rng.randrange(len(data)) + 1 :]


def drop(data: bytearray, rng: random.Random) -> None:
    """Take a stretch out."""
    start = rng.randrange(len(data))
    del data[start : start + rng.randint(1, 30)]
    data.extend(b"M" * (not data))


def copy(data: bytearray, rng: random.Random) -> None:
    """Repeat a stretch, seldom thousands of times."""
    start = rng.randrange(len(data))
    times = rng.choice((1, 1, 2, 10, 10, 100, rng.choice((1, 1000, 20_000))))
    data[start:start] = data[start : start + rng.randint(1, 40)] * times


def insert(data: bytearray, rng: random.Random) -> None:
    """Put a piece of MIDI in."""
    start = rng.randrange(len(data))
    data[start:start] = rng.choice(PIECES)


def header(data: bytearray, rng: random.Random) -> None:
    """Change a field of the header."""
    at = rng.choice((7, 9, 10, 11, 12, 13))
    if at < len(data):
        data[at] = rng.choice((*ODD, 2, 6, 24))


def length(data: bytearray, rng: random.Random) -> None:
    """Lie about the length of a chunk."""
    at = data.find(b"MTrk", rng.randrange(len(data)))
    if at >= 0:
        data[at + 4 : at + 8] = rng.choice((rng.randrange(200), 0, 2**31 - 1, 2**32 - 1)).to_bytes(4)


MUTATIONS: Final[tuple[Callable[[bytearray, random.Random], None], ...]] = (
    flip, flip, odd, odd, odd, cut, drop, copy, insert, insert, insert, header, length,
)  # fmt: skip


def mutant(number: int, seed: int, sound: Sequence[bytes]) -> bytes:
    """The mutant of that number: a function of number and seed alone, whatever was run before."""
    rng = random.Random(f"{seed}/{number}")  # noqa: S311 (music, not secrets)
    data = bytearray(rng.choice(sound))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 5, 8))):
        rng.choice(MUTATIONS)(data, rng)
    return bytes(data)
