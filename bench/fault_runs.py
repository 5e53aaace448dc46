"""Training runs to be hit: started forked or afresh, watched by their time on the processor, killed at a moment.

Conventions: a moment is a number of seconds of the processor since the run began, so that moments fall alike on an idle
and on a busy machine (Linux: /proc). A run is a session of its own; its output goes to FOLDER.log beside its folder.

Contents: MODEL, Runs, Ended, ended, processor, spent, last_line, hit, half_written.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from melodyrnn.checkpoint.file import load
from melodyrnn.cli import run
from melodyrnn.errors import CheckpointError
from melodyrnn.training.state import read_state

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

MODEL: Final = "m.safetensors"
PATIENCE: Final = 600.0  # seconds after which a run is taken for hanging


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
        status = ended(self.start(folder, resume=True), PATIENCE).status
        return "" if status == 0 else f"status {status} after --resume: {last_line(folder)}"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: status as a shell says it (None: killed for taking too long), seconds of the processor."""

    status: int | None
    spent: float


def ended(child: int, seconds: float) -> Ended:
    """Wait for the end of a run."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status, used = os.wait4(child, os.WNOHANG)
        if done:
            return Ended(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime)
        time.sleep(0.002)
    os.killpg(child, signal.SIGKILL)
    os.wait4(child, 0)
    return Ended(None, float("nan"))


def processor(child: int) -> float:
    """Seconds of the processor that a run has taken so far, all its threads; a dead one's last figure counts."""
    nanoseconds = 0
    for task in Path(f"/proc/{child}/task").iterdir():
        try:
            nanoseconds += int((task / "schedstat").read_text().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue  # a thread that has ended
    return nanoseconds / 1e9


def spent(child: int, seconds: float) -> bool:
    """Wait until a run has taken so many seconds of the processor; False if it ends (or hangs) before."""
    deadline = time.monotonic() + PATIENCE
    while processor(child) < seconds:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) or time.monotonic() > deadline:
            return False
        time.sleep(0.001)
    return True


def last_line(folder: Path) -> str:
    """The last thing that was said in a folder."""
    said = (folder.parent / f"{folder.name}.log").read_text().splitlines()
    return said[-1] if said else "(nothing said)"


def look(folder: Path) -> list[tuple[str, int, int, int]]:
    """What lies in a folder."""
    found = []
    for path in folder.iterdir():
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        found.append((path.name, status.st_size, status.st_mtime_ns, status.st_ino))
    return sorted(found)


def hit(child: int, folder: Path, rng: random.Random, took: float) -> bool:
    """Kill a run at a random moment, or within milliseconds of a change in its folder; False if it had ended before.

    `took` is what a whole run takes, in seconds of the processor; a run that has come to its second epoch has less
    before it, and its moments are drawn from what is left.
    """
    there = spent(child, rng.uniform(0, took * left(folder)))
    aimed, before = rng.random() < 0.5, look(folder)
    while there and aimed and look(folder) == before:
        there = not os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        time.sleep(0.0002)
    if there and aimed:
        time.sleep(rng.uniform(0, 0.005))
    os.killpg(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def left(folder: Path) -> float:
    """The share of a run that is still to be done, going by its state."""
    state = folder / f"{MODEL}.state"
    if not state.exists():
        return 1.0
    told = read_state(state)
    return 1 - 0.9 * told.place.epoch / told.recipe.epochs


def half_written(folder: Path, whole: bytes) -> str:
    """What is wrong with what a killed run has left under the names it was asked for, or ''."""
    model, state = folder / MODEL, folder / f"{MODEL}.state"
    try:
        if state.exists():
            read_state(state)
        if model.exists():
            load(model)
    except CheckpointError as problem:
        return f"after a kill: {problem}"
    return "after a kill: another model" if model.exists() and model.read_bytes() != whole else ""
