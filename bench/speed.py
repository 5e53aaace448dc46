"""Speed, everything in one run on one machine: composing, training, reading, and what others need for the same.

    python -m bench.speed                        all of it, with the shipped model; ten minutes of training and more
    python -m bench.speed --minutes 2            shorter training for item 4
    python -m bench.speed --skip rivals          leave items out: cold, streams, rivals, training, reading, growth;
                                                 the page keeps what it said of them, under its own date

onnxruntime, transformers and miditok are needed to compare with them: pip install "melodyrnn[bench]".
The tables go to docs/benchmarks.md, the curves to docs/speed.svg. Medians of interleaved runs; wall-clock, or
seconds of the processor where one thread works alone.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: one stream, one thread, as the program itself has it

import argparse
import platform
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.sections import PAGE, read_section, write_section
from bench.speeds.timing import Row, Setting

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
ITEMS = {
    "cold": "Cold start",
    "streams": "One stream and many",
    "reading": "Reading",
    "training": "Training",
    "rivals": "A transformer and an LSTM on REMI tokens, trained for the same time",
}
GROWTH = "How cost grows"
HEAD = (
    "## Speed\n\n`python -m bench.speed --minutes 2`, item by item, each with its day and place. Medians of "
    "interleaved runs; trust the ratios."
)


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "checkpoints" / "folk.safetensors")
    parser.add_argument("--prepared", type=Path, help="a prepared corpus; else the built-in ones are prepared first")
    parser.add_argument("--minutes", type=float, default=5, help="training time of each model of item 4")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--skip", nargs="*", default=[], choices=[*ITEMS, "growth"])
    parser.add_argument("--cache", type=Path, help="keep tokens and files here between runs")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.cache or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        prepared = args.prepared or _prepared(folder)
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        setting = Setting(args.model, prepared, folder, args.minutes, args.runs, cores)
        tables = _told(read_section("speed"))
        for name, title in ITEMS.items():
            if name not in args.skip:
                when = _when(setting)
                tables[title] = _table(_measurer(name)(setting), when)
                print(f"\n### {title}\n\n{tables[title]}", flush=True)
                _write(tables)  # an item that fails later takes no earlier one along
        if "growth" not in args.skip:
            from bench.speeds.growing import draw  # noqa: PLC0415

            draw(setting, PAGE.parent / "speed.svg")
            tables[GROWTH] = "![How cost grows](speed.svg)"
            _write(tables)


def _told(section: str) -> dict[str, str]:
    """What the page says so far, by title."""
    parts = (part.partition("\n") for part in f"\n{section}".split("\n### ")[1:])
    return {title: text.strip() for title, _, text in parts}


def _write(tables: dict[str, str]) -> None:
    """Put all tables on the page, in their order."""
    titles = [title for title in (*ITEMS.values(), GROWTH) if title in tables]
    write_section("speed", "\n\n".join([HEAD, *(f"### {title}\n\n{tables[title]}" for title in titles)]))


def _measurer(name: str) -> Callable[[Setting], list[Row]]:
    """The item's measurement, imported when it is its turn: cold start comes before anything heavy is in memory."""
    if name == "cold":
        from bench.speeds.starting import measure  # noqa: PLC0415
    elif name == "streams":
        from bench.speeds.composing import measure  # noqa: PLC0415
    elif name == "rivals":
        from bench.speeds.training import measure_rivals as measure  # noqa: PLC0415
    elif name == "training":
        from bench.speeds.training import measure  # noqa: PLC0415
    else:
        from bench.speeds.reading import measure  # noqa: PLC0415
    return measure


def _prepared(folder: Path) -> Path:
    """The built-in corpora, prepared."""
    from melodyrnn.corpus.cache import load_corpus  # noqa: PLC0415
    from melodyrnn.corpus.prepare import prepare  # noqa: PLC0415
    from melodyrnn.corpus.sources import names  # noqa: PLC0415

    return prepare({name: load_corpus(name) for name in names()}, folder / "prepared").folder


def _when(setting: Setting) -> str:
    """When and where, and how busy the machine was."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    when = time.strftime("%Y-%m-%d", time.gmtime())
    return (
        f"{when}, {platform.machine()}, {setting.cores} cores, Python {platform.python_version()}, load {load:.1f} "
        f"before; {setting.model.name}"
    )


def _table(rows: list[Row], when: str) -> str:
    """A table in Markdown."""
    lines = [when, "", "| what | figure | ratio | goal |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {r.what} | {r.value} | {r.ratio} | {r.goal} |" for r in rows)])


if __name__ == "__main__":
    main()
