"""What a user waits for at the shell: whole processes, from the command line to the file, on the clock.

    python -m bench.shell                 one control at a time, 8 bars, the shipped model; then 200 candidates ranked
    python -m bench.shell --runs 5

Medians of the runs. The table is printed and put into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Final

from bench.sections import write_section

CONTROLS: Final = (
    "", "--key Am", "--key Am --in-scale strict", "--in-scale mostly", "--range C4-A5", "--forbid F#",
    "--require G4", "--max-leap 7", "--contour arch", "--upbeat 1/4", "--end tonic", "--loop", "--density 3-6",
    "--durations '1/4 1/8'", "--form AABA", "--chords 'Am F'", "--chords 'Am F' --chord-tones rule", "--metre 6/8",
    "--max-copy 8", "--surprise corpus", "--humanize 0.5", "--swing 67", "--prime tune.mid",
)  # fmt: skip
VERBS: Final = ("infill tune.mid --bars 3-4", "vary tune.mid --keep rhythm", "reproduce tune.mid")
RANKED: Final = ("generate --best 8 --of 200", "generate --best 8 --of 200 --end tonic")
GOAL: Final = 1.5  # seconds for one control
GOAL_RANKED: Final = 8.0


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        _took("generate --seed 1 -o tune.mid", folder)
        lines = [f"generate --bars 8 --seed 2 {control}".rstrip() for control in CONTROLS]
        took = {line: _median(line, "x.mid", folder, runs) for line in (*lines, *VERBS)}
        ranked = {line: _median(line, "out/", folder, 1) for line in RANKED}
    text = _page(took, ranked, runs, load)
    print(text)
    write_section("shell", text)


def _median(line: str, output: str, folder: str, runs: int) -> float:
    return median(_took(f"{line} -o {output} --force", folder) for _ in range(runs))


def _took(line: str, folder: str) -> float:
    """Seconds of a command, start-up included."""
    began = time.perf_counter()
    command = f"{sys.executable} -m melodyrnn {line} -q"
    root = str(Path(__file__).resolve().parents[1])
    done = subprocess.run(  # noqa: S602 - our own words, quoted as at a shell
        command, shell=True, cwd=folder, env={**os.environ, "PYTHONPATH": root}, capture_output=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{command}: {done.stderr.decode()}")
    return time.perf_counter() - began


def _page(took: dict[str, float], ranked: dict[str, float], runs: int, load: float) -> str:
    worst = max(took.values())
    met = "met by all" if worst < GOAL else "not met by all"
    told = (
        f"Whole processes on the clock, medians of {runs}, load {load:.1f} before: `python -m bench.shell`. "
        f"Goals: one control under {GOAL} s ({met}; slowest {worst:.2f} s), 200 candidates ranked under "
        f"{GOAL_RANKED:.0f} s."
    )
    lines = ["## At the shell", "", told, "", "| `melodyrnn …` | seconds |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{line}` | {seconds:.2f} |" for line, seconds in {**took, **ranked}.items())])


if __name__ == "__main__":
    main()
