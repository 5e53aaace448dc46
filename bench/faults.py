"""Kill, stop and starve training runs, resume each, and compare the model with that of an uninterrupted run.

    python -m bench.faults                          100 × kill -9, 20 × SIGINT and SIGTERM, 20 × a full disk
    python -m bench.faults --work FOLDER            ... to be gone on with by the same command, should it be interrupted
    python -m bench.faults --kills 1000 --fresh     every run in a process of its own from the start

A run is `melodyrnn train kinder` with a small network. A trial of kill -9 is killed one to three times. It is clean
when what lies under the names asked for is whole after each kill, the model is in the end the same file, byte for byte,
and nothing lies beside it or in the folder for temporary files. Kills fall at any moment of a run: half of them
anywhere, half within milliseconds of a change in its folder (while a state or the model is written). Runs are forked
from one process that has imported everything, to spare the seconds of imports; with --fresh they are not, and signals
always go to whole processes. A full disk is a tmpfs that is filled up after the first state (Linux, root); without one
that part is left out. The table is printed and put into docs/benchmarks.md, section Faults.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch

from bench.fault_runs import MODEL, PATIENCE, Runs, ended, half_written, hit, last_line, processor, spent
from bench.sections import write_section

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GRACE: Final = 60.0  # seconds in which a signal must be obeyed, on however busy a machine


@dataclass(slots=True)
class Tally:
    """What came of the trials of one kind."""

    name: str
    trials: int = 0
    clean: int = 0
    hits: int = 0  # runs that were killed or stopped
    early: int = 0  # runs that had ended before they were hit
    slowest: float = 0.0  # seconds from a signal to the end
    dearest: float = 0.0  # ... of the processor
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Book:
    """All that has been found so far, in a file, so that an interrupted command goes on."""

    root: Path
    code: str = ""
    took: float = 0.0  # seconds of the processor that an uninterrupted run takes
    whole: bytes = b""  # its model
    tallies: dict[str, Tally] = field(default_factory=dict)
    until: float = float("inf")  # when there is no more time (monotonic)

    def write(self) -> None:
        """Keep what has been found."""
        text = json.dumps({"code": self.code, "took": self.took, "tallies": [asdict(t) for t in self.tallies.values()]})
        (self.root / "book.part").write_text(text)
        (self.root / "book.part").replace(self.root / "book.json")

    def read(self) -> bool:
        """Take up what an interrupted command of the same code and options has found; False if there is nothing."""
        try:
            told = json.loads((self.root / "book.json").read_text())
            self.whole = (self.root / "whole" / MODEL).read_bytes()
        except FileNotFoundError:
            return False
        self.tallies = {t["name"]: Tally(**t) for t in told["tallies"]}
        self.took = told["took"]
        return told["code"] == self.code

    def trials(self, tally: Tally, wanted: int) -> Iterator[tuple[Path, random.Random]]:
        """An empty folder and the chance of each trial, as long as there is time."""
        self.tallies[tally.name] = tally
        while tally.trials < wanted and time.monotonic() < self.until:
            folder = self.root / f"trial{tally.trials}"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            yield folder, random.Random(f"{tally.name} {tally.trials} {tally.early}")  # noqa: S311
            shutil.rmtree(folder, ignore_errors=True)
            Path(f"{folder}.log").unlink(missing_ok=True)
            self.write()
            if tally.trials and tally.trials % 10 == 0:
                print(f"  {tally.trials} × {tally.name}, {tally.hits} hits, {tally.clean} clean", flush=True)

    def judge(self, tally: Tally, folder: Path, problem: str) -> None:
        """Count a trial that has come to its end."""
        tally.trials += 1
        left = sorted(p.name for p in folder.iterdir())
        spare = sorted(p.name for p in Path(tempfile.gettempdir()).iterdir())
        if not problem and (left != [MODEL] or spare):
            problem = f"left behind: {left}, {spare}"
        if not problem and (folder / MODEL).read_bytes() != self.whole:
            problem = "another model"
        tally.clean += not problem
        if problem:
            tally.problems.append(problem)
            print(f"  {tally.name} {tally.trials}: {problem}", flush=True)


def kills(runs: Runs, book: Book, tally: Tally, wanted: int) -> None:
    """Kill with -9, one to three times a trial, each time resumed; a trial that no kill has hit is drawn again."""
    for folder, rng in book.trials(tally, wanted):
        problem, hits = "", 0
        for again in range(rng.randint(1, 3)):
            struck = hit(runs.start(folder, resume=bool(again)), folder, rng, book.took)
            problem = problem or half_written(folder, book.whole)
            hits += struck
            tally.early += not struck
        problem = runs.end(folder) or problem
        if hits or problem:
            book.judge(tally, folder, problem)
            tally.hits += hits


def signals(runs: Runs, book: Book, tally: Tally, wanted: int) -> None:
    """SIGINT and SIGTERM at any moment of a whole process, its imports included."""
    imports = 0.0
    for folder, rng in book.trials(tally, wanted):
        if not imports:  # a whole run, once, to know how long one is
            imports = ended(runs.start(folder, fresh=True), PATIENCE).spent - book.took
            (folder / MODEL).unlink()
        number, expected = ((signal.SIGINT, 130), (signal.SIGTERM, 143))[tally.trials % 2]
        child = runs.start(folder, fresh=True)
        spent(child, rng.uniform(0.05, imports + book.took))
        began, before = time.monotonic(), processor(child)
        os.killpg(child, number)
        found = ended(child, GRACE)
        problem = ""
        if found.status == 0:
            tally.early += 1
        elif found.status == -number and not Path(f"{folder}.log").read_text():
            tally.early += 1  # before Python could hear it, or after all was done: a shell says 130 or 143 of that too
        elif found.status != expected:
            problem = f"status {found.status}, not {expected}: {last_line(folder)}"
        else:
            tally.hits += 1
            tally.slowest = max(tally.slowest, time.monotonic() - began)
            tally.dearest = max(tally.dearest, found.spent - before)
        if "Traceback" in Path(f"{folder}.log").read_text():
            problem = "a traceback"
        book.judge(tally, folder, problem or runs.end(folder))


def full_disks(runs: Runs, book: Book, tally: Tally, wanted: int) -> None:
    """A disk that is full from some moment after the first state on, and has room again when resumed."""
    for disk, rng in book.trials(tally, wanted):
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(disk)], check=False)
        if mounted.returncode:
            return
        try:
            book.judge(tally, disk, starve(runs, disk, rng, tally, book.took))
        finally:
            subprocess.run(["umount", str(disk)], check=False)


def starve(runs: Runs, disk: Path, rng: random.Random, tally: Tally, took: float) -> str:
    """One run on a disk that fills up; what went wrong, or ''."""
    child, state = runs.start(disk), disk / f"{MODEL}.state"
    while not state.exists() and spent(child, 0):
        time.sleep(0.002)
    spent(child, processor(child) + rng.uniform(0, took / 2))
    with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
        while filler.write(bytes(4096)):
            continue
    status = ended(child, PATIENCE).status
    said = last_line(disk)
    (disk / "filler").unlink(missing_ok=True)
    if status == 0:
        tally.early += 1
        return ""  # it had written its last before the disk was full
    tally.hits += 1
    if status != 1 or "No space left on device" not in said:
        return f"status {status}: {said}"
    return runs.end(disk)


def rows(tallies: Sequence[Tally], command: str, options: str) -> str:
    """The table as Markdown."""
    lines = [
        "## Faults",
        "",
        f"`{command}` on {os.cpu_count()} cores, load {os.getloadavg()[2]:.0f} at the end: runs of",
        f"`melodyrnn train kinder {options}`, interrupted and resumed. Clean: what lies under the names asked for is",
        "whole after each kill, the model is in the end the uninterrupted run's byte for byte, and nothing lies beside",
        "it or in the folder for temporary files.",
        "",
        "| fault | trials | clean | runs hit | runs that ended before | slowest answer to a signal |",
        "|---|---|---|---|---|---|",
    ]
    for tally in tallies:
        slow = f"{tally.slowest:.1f} s, of them {tally.dearest:.1f} s at work" if tally.slowest else ""
        lines.append(f"| {tally.name} | {tally.trials} | {tally.clean} | {tally.hits} | {tally.early} | {slow} |")
    return "\n".join(lines)


def reference(runs: Runs, book: Book) -> str:
    """Run twice uninterrupted, the second time with what the first has kept, and compare; what went wrong, or ''."""
    for name in ("whole", "again"):
        folder = book.root / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        done = ended(runs.start(folder), PATIENCE)
        if done.status != 0:
            return f"the uninterrupted run failed: {last_line(folder)}"
        book.took = done.spent
    book.whole = (book.root / "whole" / MODEL).read_bytes()
    book.tallies.clear()
    book.write()
    return "" if book.whole == (book.root / "again" / MODEL).read_bytes() else "two uninterrupted runs differ"


def code_of(told: argparse.Namespace) -> str:
    """A hash of the program, torch's version and the options of the runs: others are other trials."""
    seen = hashlib.blake2b(repr((torch.__version__, told.options, told.fresh)).encode(), digest_size=16)
    for path in sorted((Path(__file__).parents[1] / "melodyrnn").rglob("*.py")):
        seen.update(path.read_bytes())
    return seen.hexdigest()


def trials(told: argparse.Namespace, root: Path) -> list[Tally]:
    """All that is asked for."""
    (root / "tmp").mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = os.environ["TMPDIR"] = str(root / "tmp")
    runs, book = Runs([*told.options.split(), "-q"], fresh=told.fresh), Book(root, code_of(told))
    if not book.read() and (problem := reference(runs, book)):
        raise SystemExit(problem)
    print(f"an uninterrupted run takes {book.took:.2f} s of the processor", flush=True)
    kinds = {"kill -9": (kills, told.kills), "signals": (signals, told.signals), "full disk": (full_disks, told.full)}
    for name, (kind, wanted) in kinds.items():
        book.until = time.monotonic() + 60 * told.minutes
        kind(runs, book, book.tallies.get(name, Tally(name)), wanted)
        print(book.tallies[name], flush=True)
    return [tally for tally in book.tallies.values() if tally.trials]


def main() -> int:
    """Run the trials; exit status 1 unless all are clean."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--signals", type=int, default=20)
    parser.add_argument("--full", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=1e6, help="for each kind of fault at most")
    parser.add_argument("--fresh", action="store_true", help="no forks: each run a process from the start")
    parser.add_argument("--options", default="--hidden 32 --epochs 3 --seed 1", help="of the runs")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="where the trials lie; the same goes on")
    parser.add_argument("--no-docs", action="store_true", help="print only")
    told = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has its background jobs ignore it, and theirs
    torch.set_num_threads(1)
    for module in (
        "torch._dynamo",
        "melodyrnn.cli.runs.models.train_run",
        "melodyrnn.corpus.prepare",
        "melodyrnn.corpus.cache",
    ):
        import_module(module)  # once for all forks
    os.environ["OMP_NUM_THREADS"] = "1"
    with contextlib.ExitStack() as stack:
        root = told.work or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-")))
        tallies = trials(told, root.absolute())
    text = rows(tallies, " ".join(["python -m bench.faults", *sys.argv[1:]]), told.options)
    print(text)
    if not told.no_docs:
        write_section("faults", text)
    return int(any(tally.problems for tally in tallies))


if __name__ == "__main__":
    sys.exit(main())
