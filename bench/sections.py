"""Sections of docs/benchmarks.md, each between its own markers, so that each benchmark replaces its own.

Contents: parser_of, read_section, write_section.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def parser_of(doc: str | None, count: int) -> argparse.ArgumentParser:
    """The command line of a benchmark that counts melodies of a model."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-m", "--model", default="folk")
    parser.add_argument("--count", type=int, default=count)
    return parser


def read_section(name: str) -> str:
    """What stands between the markers of a section; nothing where there is none."""
    found = _between(name).search(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else None
    return found[1] if found else ""


def write_section(name: str, text: str) -> None:
    """Put a text between the markers of a section; a new section goes to the end."""
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else "# Benchmarks\n"
    section, old = "\n".join((_begin(name), text, _end(name))), _between(name)
    page = old.sub(lambda _: section, page) if old.search(page) else f"{page.rstrip()}\n\n{section}\n"
    PAGE.write_text(page, encoding="utf-8")


def _begin(name: str) -> str:
    return f"<!-- {name}: made by python -m bench.{name} -->"


def _end(name: str) -> str:
    return f"<!-- {name}: end -->"


def _between(name: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(_begin(name))}\n(.*?)\n{re.escape(_end(name))}", re.DOTALL)
