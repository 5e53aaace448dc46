"""Files with hostile recipes, and what `melodyrnn reproduce` makes of them: a file or one line, soon, in little memory.

    python -m bench.hostile_recipes --count 100 --seed 0

Each recipe is one that a stranger could write: of the right model, well formed or damaged, and as expensive as the
options allow, alone and together. Each file is given to a process of its own. Printed are a tally of what was said, the
largest processor time and the largest memory; exit status 1 if a process took 10 s of processor time or more, 500 MB or
more, or ended in anything but a result or one line.

Contents: recipe_of (number → recipe), hostile_file, Outcome, outcome_of, main.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from melodyrnn.checkpoint.file import find, load
from melodyrnn.compose.provenance import MARK, hash_of
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.melody import Melody, Metre, Note
from melodyrnn.music.melody_json import melody_to_json

SECONDS: Final = 10.0
MEGABYTES: Final = 500
_BREAK: Final = 60.0  # seconds by the clock after which a process is ended
_LONG_BAR: Final = {"numerator": 4, "denominator": 1}
_FOR_NEW: Final = ("loop", "form", "metre", "contour", "upbeat", "chords", "chord_track", "chord_tones", "density")
_REQUIRED: Final = "C4 D4 E4 F4 G4"


def _melody(rng: random.Random) -> Melody:
    """A melody to go on from: long, wide, silent, crowded, or of many metres."""
    notes = rng.choice((16, 200, 500, 1_000, 1_000, 2_600))
    step = rng.choice((1, 12, 12, 24, 24, 96, 384, 100_000))
    odd = ((Metre(4, 1),), (Metre(1, 32),), (Metre(2_000_000_000, 1),), (Metre(255, 64),))
    metres: tuple[Metre, ...] = rng.choice(((Metre(),), (Metre(),), (Metre(),), *odd))
    if rng.random() < 0.2:
        metres = tuple(Metre(k % 7 + 1, 8, 5_000 * k) for k in range(rng.choice((2, 50, 1_000))))
    length = rng.choice((0, 0, 0, 0, 2**31 - 1, 96 * 1_999))
    return Melody(tuple(Note(step * k, step, 60 + k % 3) for k in range(notes)), metres, length=length)


def _options(rng: random.Random, verb: str) -> dict[str, Any]:
    """As expensive as may be asked for."""
    asked: dict[str, Any] = {"bars": rng.choice((64, 64, 32, 8, 1, 2_000)) if verb == "generate" else None}
    every: dict[str, Any] = {
        "effort": rng.choice((4_096, 1_024, 512, 256, 128, 64, 10**9)),
        "metre": _LONG_BAR, "require": _REQUIRED, "density": rng.choice(("dense", "16-32", "32")),
        "max_copy": 8, "temperature": rng.choice((0.0, 0.05, 100.0)), "max_leap": rng.choice((1, 3, 12)),
        "loop": True, "end": "tonic", "form": rng.choice(("ABCDEFGHIJKLMNOP", "AABA", "AAAAAAAA")),
        "chords": rng.choice(("C:1/24 D:1/24 " * 400, "C:999999999", "C | % | " * 300 + "C")), "chord_track": True,
        "chord_tones": "rule", "range": rng.choice(("C-1-G9", "C4-C4")), "surprise": 30.0, "contour": "0 1 " * 32,
        "scale": "C D Eb F# G A B", "durations": "1/32 1/96", "upbeat": None,
    }  # fmt: skip
    for name in rng.sample(sorted(every), rng.choice((1, 2, 3, 5))):
        asked[name] = every[name]
    if asked.keys() & {"chord_tones", "chord_track"}:
        asked["chords"] = every["chords"]
    if "surprise" in asked:
        asked.pop("temperature", None)
    if verb != "generate" and rng.random() < 0.9:  # what an edit refuses at once
        asked = {name: value for name, value in asked.items() if name not in _FOR_NEW}
    return asked


def recipe_of(number: int, seed: int, digest: str) -> str:
    """A recipe as its file keeps it."""
    rng = random.Random(f"{seed} {number}")  # noqa: S311 - no secrets
    verb = rng.choice(("generate", "generate", "infill", "vary"))
    told: dict[str, Any] = {"version": "0.3.0", "verb": verb, "model": "folk", "digest": digest, "output": {}}
    told["options"] = {"seed": rng.randrange(100)} | _options(rng, verb)
    if verb != "generate" or rng.random() < 0.3:
        melody = _melody(rng)
        packed = zlib.compress(json.dumps(melody_to_json(melody), separators=(",", ":"), sort_keys=True).encode(), 9)
        told |= {"given": base64.b64encode(packed).decode(), "given_hash": hash_of(melody)}
    if verb == "infill":
        told["task"] = {"bars": rng.choice((list(range(0, 120, 2)), list(range(64)), [0], [10**9], list(range(900))))}
    if verb == "vary":
        told["task"] = {"strength": 1.0, "keep": rng.choice(([], ["rhythm"], ["pitches"]))}
    if rng.random() < 0.1:  # bombs
        told["given"] = base64.b64encode(zlib.compress(b"[" * rng.choice((10**5, 10**7)), 9)).decode()
    return MARK + json.dumps(told, separators=(",", ":"), sort_keys=True)


def hostile_file(recipe: str) -> bytes:
    """A MIDI file that keeps a recipe."""
    return midi_bytes(Melody(tuple(Note(24 * k, 24, 60 + k % 5) for k in range(8))), recipe=recipe)


@dataclass(frozen=True)
class Outcome:
    """How a process ended."""

    status: int
    seconds: float  # of the processor
    megabytes: float
    said: str

    @property
    def fine(self) -> bool:
        """Soon, in little memory, with a result or one line."""
        clean = self.status in {0, 1} and self.said.count("\n") <= 1 and "bug" not in self.said
        return clean and self.seconds < SECONDS and self.megabytes < MEGABYTES


def outcome_of(content: bytes) -> Outcome:
    """Reproduce a file in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hostile.mid"
        path.write_bytes(content)
        words = [sys.executable, "-P", "-m", "melodyrnn", "reproduce", str(path), "-o", f"{folder}/again.mid", "-q"]
        with (Path(folder) / "said").open("w+") as said:
            process = subprocess.Popen(words, stderr=said, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[1])
            end, most = time.monotonic() + _BREAK, 0.0
            while True:
                most = max(most, _megabytes(process.pid))
                pid, status, used = os.wait4(process.pid, os.WNOHANG)
                if pid:
                    break
                if time.monotonic() > end:
                    process.kill()
                time.sleep(0.02)
            process.returncode = os.waitstatus_to_exitcode(status)
            said.seek(0)
            text = said.read().replace(folder, "")
    return Outcome(process.returncode, used.ru_utime + used.ru_stime, most, text)


def _megabytes(pid: int) -> float:
    """The most memory that a process has had so far; what the system tells at its end counts its parent's, too."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def main() -> int:
    """Try so many recipes; 1 if one was not fine."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="try this one alone")
    asked = parser.parse_args()
    digest = load(find("folk")).digest
    tally, bad, most_seconds, most_megabytes = Counter[str](), 0, 0.0, 0.0
    for number in range(asked.count) if asked.only is None else [asked.only]:
        outcome = outcome_of(hostile_file(recipe_of(number, asked.seed, digest)))
        said = outcome.said.removeprefix("melodyrnn: error: /hostile.mid: ").strip()
        tally["".join("#" if c.isdecimal() else c for c in said)[:60] or "made again"] += 1
        most_seconds, most_megabytes = max(most_seconds, outcome.seconds), max(most_megabytes, outcome.megabytes)
        if not outcome.fine:
            bad += 1
            spent = f"{outcome.seconds:.1f} s, {outcome.megabytes:.0f} MB"
            print(f"{number}: status {outcome.status}, {spent}: {said[:200]}")
    for words, count in tally.most_common():
        print(f"{count:>5}  {words}")
    print(f"{bad} of {sum(tally.values())} not fine; at most {most_seconds:.1f} s, {most_megabytes:.0f} MB")
    return bool(bad)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.exit(main())
