"""Mutants: is every control tested? Each is taken out of the program, or kept from saying what it means.

    python -m bench.mutants                  every control, each change in a process of its own
    python -m bench.mutants --only max_leap  one control
    python -m bench.mutants --jobs 4         so many processes side by side

Of each control: taken out of `melodyrnn.controls.CONTROLS`; then each of constrain, allows and settle that it defines,
as a method that does nothing (`bench.mutation`). The control's own test in tests/controls/test_every_control.py must
fail; and it must pass unchanged, or its failures say nothing. Exit status 1 if a mutant survives, or a test does not
pass unchanged.

Contents: Verdict, judged, main.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

from bench.mutation import VARIABLE, mutants

ROOT: Final = Path(__file__).parents[1]
TESTS: Final = "tests/controls/test_every_control.py"
_PASSED, _FAILED = 0, 1  # exit statuses of pytest


class Verdict(NamedTuple):
    """What became of a mutant; the control unchanged has no change."""

    mutant: str
    status: int
    seconds: float
    said: str

    @property
    def control(self) -> str:
        """Which one."""
        return self.mutant.partition(":")[0]

    @property
    def fine(self) -> bool:
        """Whether the test failed for what was changed, and for nothing else."""
        return self.status == (_FAILED if ":" in self.mutant else _PASSED)


def judged(mutant: str) -> Verdict:
    """Run the control's own test with one thing changed, or with nothing (a name alone)."""
    name, _, change = mutant.partition(":")
    environ = {key: value for key, value in os.environ.items() if key != VARIABLE}
    environ |= {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path[1:]])} | ({VARIABLE: mutant} if change else {})
    test = f"{TESTS}::test_it_is_kept[{name}]"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "--tb=line",
        "-p",
        "no:cacheprovider",
        "-p",
        "bench.mutation",
    ]
    begun = time.monotonic()
    done = subprocess.run([*command, test], cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    return Verdict(mutant, done.returncode, time.monotonic() - begun, done.stdout + done.stderr)


def main() -> int:
    """Judge them, tell of each, and say which survived."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="NAME", help="one control")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes side by side")
    asked = parser.parse_args()
    known = mutants()
    names = list(dict.fromkeys(mutant.partition(":")[0] for mutant in known))
    if asked.only is not None and asked.only not in names:
        parser.error(f"no control is called {asked.only}; they are {', '.join(names)}")
    wanted = [one for one in [*names, *known] if asked.only in (None, one.partition(":")[0])]
    survived = []
    with ThreadPoolExecutor(asked.jobs) as pool:
        for verdict in pool.map(judged, wanted):
            told = "unchanged" if ":" not in verdict.mutant else "survives"
            print(f"{verdict.mutant:32} {'' if verdict.fine else told + '!':12} {verdict.seconds:5.1f} s", flush=True)
            if not verdict.fine:
                survived.append(verdict)
    for verdict in survived:
        print(f"\n{verdict.mutant}: pytest ended with {verdict.status}\n{verdict.said.strip()[-2000:]}")
    changes = sum(":" in mutant for mutant in wanted)
    print(f"\n{changes} mutants, {sum(':' in verdict.mutant for verdict in survived)} survive")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
