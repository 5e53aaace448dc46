"""Mutate MIDI files and read them: nothing but a melody or Unreadable may come out, soon and in little memory.

    python bench/fuzz_midi.py --count 20000 --seed 0

Mutants are structure-aware: lengths, header fields, variable-length numbers and events are damaged where they
stand, besides bits, cuts, copies and swaps anywhere. Printed are a tally of outcomes, the slowest mutants and the
peak memory; exit status 1 if anything else was raised, took over 5 s, or memory grew beyond 1 GB. A mutant that
failed is written to the folder given by --keep, and --only N repeats mutant N alone.
"""

from __future__ import annotations

import argparse
import random
import resource
import signal
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from melodyrnn.errors import Unreadable
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LIMIT: Final = 5.0  # seconds a file
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


def verdict(data: bytes) -> str:
    """Read a mutant and name the outcome; anything but a melody or Unreadable is a bug and named as such."""
    signal.alarm(int(2 * LIMIT))
    try:
        reading = read_midi(data)
    except Unreadable as error:
        return error.reason
    except Exception as error:  # noqa: BLE001 (finding these is what the program is for)
        return f"BUG {type(error).__name__}: {error}"
    finally:
        signal.alarm(0)
    notes = reading.melody.notes
    if any(a.end > b.onset for a, b in pairwise(notes)) or min(n.duration for n in notes) < 1:
        return "BUG: notes overlap"
    return "melody with warnings" if reading.warnings else "melody"


def hang(*_: object) -> None:
    """End a mutant that takes too long."""
    raise TimeoutError(f"over {2 * LIMIT:g} s")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGALRM, hang)
    sound = originals(random.Random(options.seed))  # noqa: S311 (music, not secrets)
    tally: Counter[str] = Counter()
    slowest: list[tuple[float, int, int]] = []
    for number in range(options.count) if options.only is None else [options.only]:
        data = mutant(number, options.seed, sound)
        before = time.process_time()
        outcome = verdict(data)
        spent = time.process_time() - before
        slowest = sorted([*slowest, (spent, number, len(data))], reverse=True)[:3]
        tally[outcome] += 1
        if outcome.startswith("BUG") or spent > LIMIT:
            print(f"mutant {number}: {outcome}, {spent:.2f} s", file=sys.stderr)
            if options.keep:
                options.keep.mkdir(parents=True, exist_ok=True)
                (options.keep / f"{options.seed}-{number}.mid").write_bytes(data)
    for outcome, count in tally.most_common():
        print(f"{count:8,}  {outcome}")
    print("slowest: " + ", ".join(f"mutant {n} {spent:.3f} s ({size:,} bytes)" for spent, n, size in slowest))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory: {peak:.2f} GB")
    broken = any(outcome.startswith("BUG") for outcome in tally) or slowest[0][0] > LIMIT or peak > 1
    return int(broken)


if __name__ == "__main__":
    raise SystemExit(main())
