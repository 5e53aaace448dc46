"""Item 1, cold start: whole processes, from nothing to a MIDI file, against importing NumPy and torch."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from bench.speeds.timing import Row, Setting, interleaved, median, met

if TYPE_CHECKING:
    from collections.abc import Callable


def measure(setting: Setting) -> list[Row]:
    """Time the three commands in turn; one round before is not counted, so that all files are in memory."""
    # A working copy that may not write its bytecode would be compiled anew each time; an installed program never is.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPYCACHEPREFIX": str(setting.folder / "bytecode"), "PYTHONPATH": os.pathsep.join(sys.path)}
    environment.pop("OPENBLAS_NUM_THREADS", None)

    def process(*arguments: str) -> Callable[[], object]:
        command = [sys.executable, *arguments]
        return lambda: subprocess.run(command, check=True, capture_output=True, cwd=setting.folder, env=environment)

    ours = ("-m", "melodyrnn", "generate", "-m", str(setting.model.resolve()), "--bars", "8", "-o", "x.mid", "--force")
    work = {"ours": process(*ours), "numpy": process("-c", "import numpy"), "torch": process("-c", "import torch")}
    for do in work.values():
        do()
    took = {name: median(seconds) for name, seconds in interleaved(work, 2 * setting.runs + 1).items()}
    floor, torch = took["ours"] / took["numpy"], took["ours"] / took["torch"]
    return [
        Row('`python -c "import numpy"`, the floor', f"{took['numpy']:.3f} s"),
        Row('`python -c "import torch"`', f"{took['torch']:.2f} s"),
        Row(
            "`melodyrnn generate --bars 8 -o x.mid`, as a process", f"{took['ours']:.3f} s",
            f"{floor:.2f} × NumPy, {torch:.3f} × torch",
            f"at most 3.0: {met(floor <= 3)}; at most 0.25: {met(torch <= 0.25)}",
        ),
    ]  # fmt: skip
