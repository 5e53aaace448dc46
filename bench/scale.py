"""Prepare 2,000 and 20,000 files, once and once more: files per second, peak memory, and what a second run costs.

    python -m bench.scale                           both sizes, with the built-in kinder and chorales
    python -m bench.scale --sizes 1000 100000

The files are those melodies in all keys, a third of them varied by a few notes, a seventh damaged (cut, bytes flipped,
noise), written as MIDI. What runs is `melodyrnn corpus prepare FOLDER -o CORPUS`, with an empty cache and then again.
Memory is the highest resident size of each process of the run, added up. The table goes to docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bench.sections import write_section
from melodyrnn.corpus.cache import load_corpus
from melodyrnn.formats.midi.write import midi_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.music.melody import Melody


@dataclass(frozen=True)
class Cost:
    """What a command took."""

    seconds: float
    megabytes: float


def varied(melodies: Sequence[Melody], count: int) -> Iterator[bytes]:
    """MIDI files made of the melodies: transposed, some varied, some damaged."""
    for k in range(count):
        rng = random.Random(k)  # noqa: S311 - music, no secrets
        melody = melodies[k % len(melodies)]
        shift = rng.randint(-6, 5)
        notes = [replace(n, pitch=min(127, max(0, n.pitch + shift))) for n in melody.notes]
        if k % 3 == 0:
            for _ in range(1 + len(notes) // 8):
                at = rng.randrange(len(notes))
                notes[at] = replace(notes[at], pitch=min(127, max(0, notes[at].pitch + rng.choice((-2, -1, 1, 2)))))
        content = bytearray(midi_bytes(replace(melody, notes=tuple(notes), key=None)))
        if k % 7 == 0:
            damage(content, rng)
        yield bytes(content)


def damage(content: bytearray, rng: random.Random) -> None:
    """Cut a file, flip some of its bytes, or leave nothing of it."""
    kind = rng.randrange(3)
    if kind == 0:
        del content[rng.randrange(len(content)) :]
    elif kind == 1:
        for _ in range(rng.randint(1, 20)):
            content[rng.randrange(len(content))] = rng.randrange(256)
    else:
        content[:] = rng.randbytes(len(content))


def run(command: Sequence[str], cache: Path) -> Cost:
    """Run the program; its time and memory."""
    environ = {**os.environ, "XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(Path(__file__).parents[1])}
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "melodyrnn", *command], env=environ, start_new_session=True)
    peaks: dict[str, int] = {}

    def watch() -> None:
        while process.returncode is None:
            for child in members(process.pid):
                peaks[child] = max(peaks.get(child, 0), peak(child))
            time.sleep(0.05)

    watching = threading.Thread(target=watch)
    watching.start()
    process.wait()  # beside the looking, which would add its pauses to a short run
    seconds = time.monotonic() - began
    watching.join()
    if process.returncode:
        raise SystemExit(f"{command} ended with status {process.returncode}")
    return Cost(seconds, sum(peaks.values()) / 1024)


def members(session: int) -> list[str]:
    """The processes of a session."""
    found = []
    for entry in os.scandir("/proc"):
        try:
            if entry.name.isdigit() and os.getsid(int(entry.name)) == session:
                found.append(entry.name)
        except ProcessLookupError:
            continue
    return found


def peak(process: str) -> int:
    """Highest resident size of a process so far, in kB."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def measured(melodies: Sequence[Melody], size: int, root: Path) -> tuple[Cost, Cost, str]:
    """First and second run on so many files; and what came of them."""
    folder = root / f"{size}"
    for number, content in enumerate(varied(melodies, size)):
        place = folder / f"{number // 1000:03}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:06}.mid").write_bytes(content)
    command = ["corpus", "prepare", str(folder), "-o", str(root / f"{size}.prepared")]
    first = run(command, root / f"{size}.cache")
    second = run(command, root / f"{size}.cache")
    return first, second, (root / f"{size}.prepared" / "manifest.json").read_text()


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[2_000, 20_000])
    parser.add_argument("--no-docs", action="store_true", help="print only")
    told = parser.parse_args()
    melodies = [o.melody for name in ("kinder", "chorales") for o in load_corpus(name) if o.melody is not None]
    lines = [
        "## Scale",
        "",
        f"`python -m bench.scale` on {os.cpu_count()} cores: melodies of kinder and the chorales, transposed, a third",
        "of them varied, a seventh damaged; `melodyrnn corpus prepare` with an empty cache, and once more.",
        "",
        "| files | first run | files a second | peak memory, all processes | second run | share of the first |",
        "|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory(prefix="scale-") as name:
        costs = []
        for size in told.sizes:
            first, second, _ = measured(melodies, size, Path(name))
            costs.append(first)
            lines.append(
                f"| {size:,} | {first.seconds:.1f} s | {size / first.seconds:,.0f} | {first.megabytes:.0f} MB "
                f"| {second.seconds:.2f} s | {second.seconds / first.seconds:.1%} |"
            )
            print(lines[-1], flush=True)
    growth = costs[-1].megabytes / costs[0].megabytes - 1
    lines += ["", f"Memory grows by {growth:.0%} from {told.sizes[0]:,} to {told.sizes[-1]:,} files."]
    print("\n".join(lines))
    if not told.no_docs:
        write_section("scale", "\n".join(lines))


if __name__ == "__main__":
    main()
