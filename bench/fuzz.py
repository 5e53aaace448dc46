"""Mutate files of music and read them: nothing but melodies or reasons may come out, soon and in little memory.

    python -m bench.fuzz --format midi --count 20000 --seed 4
    python -m bench.fuzz --format musicxml --count 5000         also: abc, krn
    python -m bench.fuzz --format abc --only 317 --keep out/     mutant 317 alone, written to out/ if it fails

Mutants are structure-aware (`bench.fuzz_midi`, `bench.fuzz_text`): fields, lengths, tags and signs are damaged where
they stand, besides bits, cuts, copies and swaps anywhere. Printed are a tally of outcomes, the slowest mutants and peak
memory; exit status 1 if anything else was raised, took over 5 s of the processor, or memory grew beyond 1 GB.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import random
import resource
import signal
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench import fuzz_midi, fuzz_text
from melodyrnn.errors import REASONS, Unreadable
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.formats.notation.music21_reader import import_music21, read_score

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.music.melody import Melody

FORMATS: Final = ("midi", "musicxml", "abc", "krn")
LIMIT: Final = 5.0  # seconds of the processor a file
MEMORY: Final = 1.0  # GB
ALLOWED: Final = 3 << 29  # bytes of address space: as much as the child has in which files of others are read


class TooLongError(BaseException):
    """A mutant takes so long that it is ended. No Exception, so that no reader can catch it by the way."""


def mutants(form: str, numbers: Sequence[int], seed: int) -> Iterator[tuple[int, bytes]]:
    """Mutants of these numbers."""
    rng = random.Random(seed)  # noqa: S311 (music, not secrets)
    sound = fuzz_midi.originals(rng) if form == "midi" else fuzz_text.originals(form, rng)
    for number in numbers:
        data = fuzz_midi.mutant(number, seed, sound) if form == "midi" else fuzz_text.mutant(form, number, seed, sound)
        yield number, data


def verdict(form: str, data: bytes) -> str:
    """Read a mutant and name the outcome; anything but melodies or Unreadable is a bug and named as such."""
    try:
        if form == "midi":
            found = read_midi(data)
            return fault(found.melody) or ("melody with warnings" if found.warnings else "melody")
        with contextlib.redirect_stderr(io.StringIO()):  # music21 speaks
            outcomes = list(read_score(data, format=form, name="t"))
    except Unreadable as error:
        return error.reason if error.reason in REASONS else f"BUG: no reason {error.reason}"
    except TooLongError:
        return f"BUG: over {2 * LIMIT:g} s"
    except Exception as error:  # noqa: BLE001 (finding these is what the program is for)
        return f"BUG {type(error).__name__}: {error}"
    faults = [told for one in outcomes if not isinstance(one, Unreadable) and (told := fault(one.melody))]
    reasons = [one.reason for one in outcomes if isinstance(one, Unreadable)]
    return faults[0] if faults else reasons[0] if len(reasons) == len(outcomes) and reasons else "melody"


def fault(melody: Melody) -> str:
    """What is wrong with a melody that was read; '' for nothing."""
    notes = melody.notes
    if any(a.end > b.onset for a, b in pairwise(notes)) or min(n.duration for n in notes) < 1:
        return "BUG: notes overlap"
    if not all(0 <= n.pitch <= 127 and n.onset >= 0 for n in notes) or not 1 <= melody.tempo < 1e8:
        return "BUG: a pitch, onset or tempo that is none"
    return ""


def hang(*_: object) -> None:
    """End a mutant that takes too long."""
    raise TooLongError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--format", choices=FORMATS, default="midi")
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args(arguments)
    if options.format in {"musicxml", "krn"}:
        import_music21()
    signal.signal(signal.SIGPROF, hang)
    resource.setrlimit(resource.RLIMIT_AS, (ALLOWED, resource.RLIM_INFINITY))
    tally: Counter[str] = Counter()
    slowest: list[tuple[float, int, int]] = []
    numbers = range(options.count) if options.only is None else [options.only]
    for number, data in mutants(options.format, numbers, options.seed):
        before, grown = time.process_time(), peak()
        signal.setitimer(signal.ITIMER_PROF, 2 * LIMIT)
        outcome = verdict(options.format, data)
        signal.setitimer(signal.ITIMER_PROF, 0)
        spent = time.process_time() - before
        slowest = sorted([*slowest, (spent, number, len(data))], reverse=True)[:3]
        tally[outcome] += 1
        if outcome.startswith("BUG") or spent > LIMIT or peak() > max(MEMORY, grown):
            print(f"mutant {number}: {outcome}, {spent:.2f} s, {peak():.2f} GB", file=sys.stderr, flush=True)
            if options.keep:
                options.keep.mkdir(parents=True, exist_ok=True)
                (options.keep / f"{options.seed}-{number}.{options.format}").write_bytes(data)
    for outcome, count in tally.most_common():
        print(f"{count:8,}  {outcome}")
    print("slowest: " + ", ".join(f"mutant {n} {spent:.3f} s ({size:,} bytes)" for spent, n, size in slowest))
    print(f"peak memory: {peak():.2f} GB")
    return int(any(outcome.startswith("BUG") for outcome in tally) or slowest[0][0] > LIMIT or peak() > MEMORY)


def peak() -> float:
    """The most memory that this process had, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    raise SystemExit(main())
