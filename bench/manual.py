"""docs/cli.md out of the help pages: python -m bench.manual > docs/cli.md.

Contents: manual, help_page.
"""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stdout
from typing import Final

from melodyrnn.cli.app import COMMANDS, app

WIDTH: Final = 80
_PARTS: Final = {"corpus": ("list", "build", "check", "prepare", "merge")}


def help_page(*command: str) -> str:
    """The page that `melodyrnn COMMAND --help` prints, 80 columns wide."""
    page = io.StringIO()
    with redirect_stdout(page):
        app([*command, "--help"], prog_name="melodyrnn", standalone_mode=False, terminal_width=WIDTH)
    return "\n".join(line.rstrip() for line in page.getvalue().strip().splitlines())


def manual() -> str:
    """All pages as Markdown."""
    names = [(), *((name, *part) for name in COMMANDS for part in [(), *((p,) for p in _PARTS.get(name, ()))])]
    pages = [f"## {' '.join(('melodyrnn', *name))}\n\n```text\n{help_page(*name)}\n```" for name in names]
    return "\n\n".join(["# The command line\n\nMade by `python -m bench.manual`; a test compares.", *pages]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(manual())
