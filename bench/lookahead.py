"""What laying out a request costs: thirty requests, this tree beside another version, in one run.

    python -m bench.lookahead --against ENV/bin/python          the other version installed in an environment beside
    python -m bench.lookahead --against ENV/bin/python --page   ... and the table into docs/benchmarks.md

Each request is laid out (conditions told, controls settled, looked ahead over; nothing is drawn) three times in each
version, in turns; the least CPU time of each counts. Both run as bytecode, as what is installed does. The first one,
which asks for a length alone, is taken off: what is left is the look-ahead. Peak memory is that of a process that lays
out this one request.

Contents: REQUESTS; asked_of, measured (what the measured version runs), compared.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
HEAD: Final = """Laying out a request (conditions, controls, look-ahead; nothing drawn), eight bars if it does not say:
least CPU of three runs, this tree and ca0919f in turns, without what a request for a length alone takes; megabytes of
the process."""
REQUESTS: Final[tuple[dict[str, Any], ...]] = (
    {}, {"end": "tonic"}, {"max_leap": 7}, {"max_leap": 2, "end": "open"}, {"density": "3-6"}, {"density": "dense"},
    {"require": "G4"}, {"require": "G4 E C5 A4 D"}, {"durations": "1/4 1/8"}, {"range": "C4-A5", "end": "tonic"},
    {"loop": True}, {"loop": True, "max_leap": 7}, {"loop": True, "max_leap": 5, "density": "3-6"},
    {"chords": "Am F | G C", "chord_tones": "rule"}, {"form": "AABA"}, {"form": "AABA", "max_leap": 7},
    {"form": "AA'BA'", "max_leap": 5, "end": "tonic", "bars": 16}, {"form": "ABAC", "density": "3-6"},
    {"form": "AABB", "max_leap": 7, "loop": True}, {"form": "AABA", "require": "G4 E"},
    {"end": "tonic", "max_leap": 7, "range": "C4-A5", "density": "3-6"},
    {"end": "tonic", "max_leap": 7, "range": "C4-A5", "density": "3-6", "require": "G4 E"},
    {"bars": 32, "end": "tonic", "max_leap": 7}, {"bars": 64, "density": "3-6", "end": "tonic"},
    {"bars": 64, "max_leap": 5, "end": "tonic"}, {"bars": 16, "loop": True, "max_leap": 4, "end": "tonic"},
    {"metre": "12/8", "density": "sparse", "max_leap": 9}, {"metre": "7/8", "end": "tonic", "durations": "1/8 1/4"},
    {"in_scale": "strict", "key": "Am", "max_leap": 4}, {"density": "8-16", "max_leap": 3, "end": "5"},
)  # fmt: skip


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, help="the Python of an environment with the other version")
    parser.add_argument("--page", action="store_true")
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure is not None:
        print(json.dumps(measured(REQUESTS[asked.measure])))
        return
    rows = compared(asked.against)
    lines = page(rows)
    print("\n".join(lines))
    if asked.page:
        from bench.sections import write_section  # noqa: PLC0415 - the other version has none

        write_section("lookahead", "\n".join(["## Looking ahead", "", HEAD, "", *lines]))


def measured(request: dict[str, Any]) -> dict[str, float]:
    """Seconds of CPU that laying out takes, and the megabytes of the process."""
    from melodyrnn.compose import generate  # noqa: PLC0415 - of whichever version runs this

    if before := hasattr(generate, "prepare"):  # 0.1.0
        from melodyrnn.compose.options import options_of  # noqa: PLC0415

        from melodyrnn.compose.generate import load_model  # type: ignore[attr-defined] # noqa: PLC0415
    else:
        from melodyrnn.compose.model import load_model  # type: ignore[assignment] # noqa: PLC0415
        from melodyrnn.controls.options import options_of  # noqa: PLC0415
    model, options = load_model("folk"), options_of(**{"bars": 8, **request})
    lay = generate.prepare if before else generate.prompt_for
    lay(model, options_of())
    begun = time.process_time()
    lay(model, options)
    spent = time.process_time() - begun
    return {"seconds": spent, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def compared(against: Path | None) -> list[dict[str, Any]]:
    """Every request by both versions in turns: least seconds and most megabytes of each."""
    sides = {"here": (Path(sys.executable), ROOT)} | ({} if against is None else {"there": (against, None)})
    rows = []
    for number, request in enumerate(REQUESTS):
        found: dict[str, list[dict[str, float]]] = {side: [] for side in sides}
        for _ in range(3):
            for side, (python, tree) in sides.items():
                found[side].append(_once(python, tree, number))
        row: dict[str, Any] = {"request": request}
        for side, runs in found.items():
            row[side] = min(run["seconds"] for run in runs)
            row[f"{side}_megabytes"] = max(run["megabytes"] for run in runs)
        rows.append(row)
    return rows


def _once(python: Path, tree: Path | None, number: int) -> dict[str, float]:
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")}
    own = {"OPENBLAS_NUM_THREADS": "1", "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "bench_lookahead")}
    environment = kept | own | ({} if tree is None else {"PYTHONPATH": str(tree)})
    done = subprocess.run(
        [python, "-P", __file__, "--measure", str(number)], env=environment, capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout))


def page(rows: list[dict[str, Any]]) -> list[str]:
    """The table, and the worst and the median ratio."""
    told = "there" in rows[0]
    lines = ["| request | s | MB |" + (" s before | ratio |" if told else "")]
    lines.append("|---|---|---|" + ("---|---|" if told else ""))
    ratios = []
    plain = rows[0]
    for row in rows[1:]:
        words = ", ".join(f"{name} {value}" for name, value in row["request"].items())
        here = row["here"] - plain["here"]
        line = f"| {words} | {here:.3f} | {row['here_megabytes']:.0f} |"
        if told:
            there = row["there"] - plain["there"]
            ratios.append(here / max(there, 0.005))
            line += f" {there:.3f} | {ratios[-1]:.2f} |"
        lines.append(line)
    if told:
        lines += ["", f"Median ratio {statistics.median(ratios):.2f}, worst {max(ratios):.2f}."]
    return lines


if __name__ == "__main__":
    main()
