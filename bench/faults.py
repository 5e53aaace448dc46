"""Kill, stop and starve training runs, resume each, and compare the model with that of an uninterrupted run.

    python -m bench.faults                          100 × kill -9, 20 × SIGINT and SIGTERM, 20 × a full disk
    python -m bench.faults --kills 1000 --fresh     every run in a process of its own from the start

A run is `melodyrnn train kinder` with a small network. A trial is clean when the model is the same file, byte for
byte, and nothing lies beside it. Kills fall at any moment of a run: half of them anywhere, half within milliseconds
of a change in its folder (while a state or the model is written). Runs are forked from one process that has imported
everything, to spare the two seconds of imports; with --fresh they are not, and signals always go to whole processes.
A full disk is a tmpfs that is filled up after the first state (Linux, root); without one that part is left out.
The table is printed and put into docs/benchmarks.md, section Faults.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch

from bench.sections import write_section
from melodyrnn.cli import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MODEL: Final = "m.safetensors"
GRACE: Final = 30.0  # seconds in which a signal must be obeyed on a busy machine
PATIENCE: Final = 600.0  # seconds after which a run is taken for hanging


@dataclass(slots=True)
class Tally:
    """What came of the trials of one kind."""

    name: str
    until: float = float("inf")  # when there is no more time (monotonic)
    wanted: int = 0
    trials: int = 0
    clean: int = 0
    early: int = 0  # runs that had ended before they were hit
    slowest: float = 0.0  # seconds from a signal to the end
    problems: list[str] = field(default_factory=list)

    def all(self) -> Iterator[int]:
        """Numbers of trials, as long as there is time."""
        while self.trials < self.wanted and time.monotonic() < self.until:
            yield self.trials

    def judge(self, folder: Path, whole: bytes, problem: str = "") -> None:
        """Count a trial that has come to its end."""
        self.trials += 1
        left = sorted(p.name for p in folder.iterdir())
        model = folder / MODEL
        if not problem and left != [MODEL]:
            problem = f"left behind: {left}"
        if not problem and model.read_bytes() != whole:
            problem = "another model"
        self.clean += not problem
        if problem:
            self.problems.append(problem)
            print(f"  {self.name} {self.trials}: {problem}", flush=True)


class Runs:
    """Starts runs, forked or afresh."""

    def __init__(self, options: Sequence[str], *, fresh: bool) -> None:
        self.options, self.fresh = tuple(options), fresh

    def start(self, folder: Path, *, resume: bool = False, fresh: bool | None = None) -> int:
        """Start a run in a folder; its process."""
        arguments = ["train", "kinder", "-o", MODEL, *self.options, *(["--resume"] if resume else [])]
        if self.fresh if fresh is None else fresh:
            log = (folder.parent / f"{folder.name}.log").open("ab")
            command = [sys.executable, "-m", "melodyrnn", *arguments]
            environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
            return subprocess.Popen(
                command, cwd=folder, env=environ, stdout=log, stderr=log, start_new_session=True
            ).pid
        child = os.fork()
        if not child:
            self._become(folder, arguments)
        return child

    @staticmethod
    def _become(folder: Path, arguments: Sequence[str]) -> None:
        """Be the run, in a forked process."""
        status = 99
        try:
            os.setsid()
            os.chdir(folder)
            log = os.open(folder.parent / f"{folder.name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(log, 1)
            os.dup2(log, 2)
            status = int(run(arguments))
        finally:
            os._exit(status)

    def end(self, folder: Path) -> str:
        """Resume a run to its end; what went wrong, or ''."""
        status = ended(self.start(folder, resume=True), PATIENCE)
        return "" if status == 0 else f"status {status} after --resume: {last_line(folder)}"


def ended(child: int, seconds: float) -> int | None:
    """The status of a process as a shell says it, None if it had to be killed for taking too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def last_line(folder: Path) -> str:
    """The last thing that was said in a folder."""
    said = (folder.parent / f"{folder.name}.log").read_text().splitlines()
    return said[-1] if said else "(nothing said)"


def look(folder: Path) -> list[tuple[str, int, int]]:
    """What lies in a folder."""
    found = []
    for path in folder.iterdir():
        try:
            found.append((path.name, path.stat().st_mtime_ns, path.stat().st_ino))
        except FileNotFoundError:
            continue
    return sorted(found)


def hit(child: int, folder: Path, rng: random.Random, took: float) -> bool:
    """Kill a run at a random moment, or just after a change in its folder; False if it had ended before."""
    deadline = time.monotonic() + rng.uniform(0, took)
    aimed, before = rng.random() < 0.5, look(folder)
    while time.monotonic() < deadline:
        if os.waitpid(child, os.WNOHANG)[0]:
            return False
        time.sleep(0.001)
    while aimed and look(folder) == before:
        if os.waitpid(child, os.WNOHANG)[0]:
            return False
        time.sleep(0.0002)
    time.sleep(rng.uniform(0, 0.005) if aimed else 0)
    os.killpg(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def kills(runs: Runs, root: Path, whole: bytes, took: float, tally: Tally) -> None:
    """Kill with -9, one to three times a trial, each time resumed."""
    rng = random.Random(0)  # noqa: S311 - moments, no secrets
    for trial in tally.all():
        folder = root / f"kill{trial}"
        folder.mkdir()
        for again in range(rng.randint(1, 3)):
            child = runs.start(folder, resume=bool(again))
            if not hit(child, folder, rng, took):
                tally.early += 1
        tally.judge(folder, whole, runs.end(folder))
        shutil.rmtree(folder)
        if trial % 10 == 9:
            print(f"  {trial + 1} trials, {tally.clean} clean", flush=True)


def signals(runs: Runs, root: Path, whole: bytes, took: float, tally: Tally) -> None:
    """SIGINT and SIGTERM at any moment of a whole process, its imports included."""
    rng = random.Random(1)  # noqa: S311 - moments
    for trial in tally.all():
        folder = root / f"signal{trial}"
        folder.mkdir()
        number, expected = ((signal.SIGINT, 130), (signal.SIGTERM, 143))[trial % 2]
        child = runs.start(folder, fresh=True)
        time.sleep(rng.uniform(0.5, took))
        began = time.monotonic()
        os.killpg(child, number)
        status = ended(child, GRACE)
        tally.slowest = max(tally.slowest, time.monotonic() - began)
        problem = ""
        if status == 0:
            tally.early += 1
        elif status != expected:
            problem = f"status {status}, not {expected}: {last_line(folder)}"
        if "Traceback" in (root / f"signal{trial}.log").read_text():
            problem = "a traceback"
        tally.judge(folder, whole, problem or runs.end(folder))
        shutil.rmtree(folder)


def full_disks(runs: Runs, root: Path, whole: bytes, _took: float, tally: Tally) -> None:
    """A disk that is full from some moment after the first state on, and has room again when resumed."""
    rng = random.Random(2)  # noqa: S311 - moments
    for trial in tally.all():
        disk = root / f"disk{trial}"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(disk)], check=False)
        if mounted.returncode:
            break
        try:
            tally.judge(disk, whole, starve(runs, disk, rng))
        finally:
            subprocess.run(["umount", str(disk)], check=False)


def starve(runs: Runs, disk: Path, rng: random.Random) -> str:
    """One run on a disk that fills up; what went wrong, or ''."""
    child, state = runs.start(disk), disk / f"{MODEL}.state"
    while not state.exists():
        time.sleep(0.002)
    time.sleep(rng.uniform(0, 0.5))
    try:
        with (disk / "filler").open("wb", buffering=0) as filler:
            while filler.write(bytes(4096)):
                continue
    except OSError:
        pass
    status = ended(child, PATIENCE)
    said = last_line(disk)
    (disk / "filler").unlink(missing_ok=True)
    if status == 0:
        return ""  # it had written its last before the disk was full
    if status != 1 or "No space left on device" not in said:
        return f"status {status}: {said}"
    return runs.end(disk)


def rows(tallies: Sequence[Tally], command: str, options: str) -> str:
    """The table as Markdown."""
    lines = [
        "## Faults",
        "",
        f"`{command}` on {os.cpu_count()} cores: runs of `melodyrnn train kinder {options}`, interrupted and",
        "resumed. Clean: the model is the uninterrupted run's byte for byte, and nothing lies beside it.",
        "",
        "| fault | trials | clean | ended before it was hit | slowest answer to a signal |",
        "|---|---|---|---|---|",
    ]
    for tally in tallies:
        slow = f"{tally.slowest:.1f} s" if tally.slowest else ""
        lines.append(f"| {tally.name} | {tally.trials} | {tally.clean} | {tally.early} | {slow} |")
    return "\n".join(lines)


def main() -> int:
    """Run the trials; exit status 1 unless all are clean."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--signals", type=int, default=20)
    parser.add_argument("--full", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=1e6, help="for each kind of fault at most")
    parser.add_argument("--fresh", action="store_true", help="no forks: each run a process from the start")
    parser.add_argument("--options", default="--hidden 32 --epochs 3 --seed 1", help="of the runs")
    parser.add_argument("--no-docs", action="store_true", help="print only")
    told = parser.parse_args()
    torch.set_num_threads(1)
    for module in ("torch._dynamo", "melodyrnn.cli.watch", "melodyrnn.corpus.prepare", "melodyrnn.corpus.cache"):
        import_module(module)  # once for all forks
    os.environ["OMP_NUM_THREADS"] = "1"
    runs = Runs([*told.options.split(), "-q"], fresh=told.fresh)
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        root, times = Path(name), []
        for trial in ("whole", "again"):
            (root / trial).mkdir()
            began = time.monotonic()
            if ended(runs.start(root / trial), PATIENCE) != 0:
                print(f"the uninterrupted run failed: {last_line(root / trial)}")
                return 1
            times.append(time.monotonic() - began)
        whole = (root / "whole" / MODEL).read_bytes()
        if whole != (root / "again" / MODEL).read_bytes():
            print("two uninterrupted runs differ")
            return 1
        print(f"an uninterrupted run takes {times[1]:.1f} s", flush=True)
        tallies = []
        kinds = (
            ("kill -9", kills, told.kills),
            ("signals", signals, told.signals),
            ("full disk", full_disks, told.full),
        )
        for name_, kind, wanted in kinds:
            tallies.append(Tally(name_, time.monotonic() + 60 * told.minutes, wanted))
            kind(runs, root, whole, times[1], tallies[-1])
            print(tallies[-1], flush=True)
    command = "python -m bench.faults" + ("" if len(sys.argv) == 1 else " " + " ".join(sys.argv[1:]))
    text = rows([tally for tally in tallies if tally.trials], command, told.options)
    print(text)
    if not told.no_docs:
        write_section("faults", text)
    return int(any(tally.problems for tally in tallies))


if __name__ == "__main__":
    sys.exit(main())
