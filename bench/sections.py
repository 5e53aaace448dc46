"""Sections of docs/benchmarks.md, each between its own markers, so that each benchmark replaces its own.

Contents: parser_of, write_section.
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


def write_section(name: str, text: str) -> None:
    """Put a text between the markers of a section; a new section goes to the end."""
    begin, end = f"<!-- {name}: made by python -m bench.{name} -->", f"<!-- {name}: end -->"
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else "# Benchmarks\n"
    section = f"{begin}\n{text}\n{end}"
    old = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    page = old.sub(lambda _: section, page) if old.search(page) else f"{page.rstrip()}\n\n{section}\n"
    PAGE.write_text(page, encoding="utf-8")
