"""What is written out of the program itself: the manual, the table of controls, the keywords of `options_of`.

    python -m bench.manual > docs/cli.md    the help pages
    python -m bench.manual --controls       the table at the end of docs/controls.md, in its place
    python -m bench.manual --types          melodyrnn/controls/options.pyi

Contents: manual, help_page; table, with_table; types.
"""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

from melodyrnn.cli.app import COMMANDS, app
from melodyrnn.controls import every

if TYPE_CHECKING:
    from melodyrnn.controls.control import Control

WIDTH: Final = 80
BAR: Final = "\\|"  # within a cell
BEGIN: Final = "<!-- written by python -m bench.manual --controls -->"
END: Final = "<!-- end -->"
PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "controls.md"
STUB: Final = Path(__file__).resolve().parents[1] / "melodyrnn" / "controls" / "options.pyi"
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


def table() -> str:
    """Every control in a line: what it promises, how it is spelt, where."""
    head = "| option | in Python | what it asks for | commands |\n|---|---|---|---|\n"
    return head + "".join(f"{_row(control)}\n" for control in every().values())


def _row(control: type[Control]) -> str:
    told = control.option
    spelt = f"`{told.name} {told.metavar}`" if told.metavar else f"`{told.name}`"
    meaning = (control.__doc__ or "").splitlines()[0]
    cells = (spelt, f"`{control.name()}={control.default!r}`", meaning, ", ".join(told.verbs))
    return f"| {' | '.join(cell.replace('|', BAR) for cell in cells)} |"


def with_table(page: str) -> str:
    """A page of Markdown with the table in its place."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n{END}{rest.partition(END)[2]}"


def types() -> str:
    """The stub of `melodyrnn.controls.options`."""
    keywords = [f"{name}: {_hint(control)} = {_default(control)}" for name, control in every().items()]
    values = "".join(f"    {name}: {_hint(control, read=True)}\n" for name, control in every().items())
    arguments = ",\n".join(f"        {keyword}" for keyword in keywords)
    function = arguments.replace("        ", "    ")
    return (
        "# Made by `python -m bench.manual --types`; a test compares.\n"
        "from melodyrnn.controls.asked import Asked\n"
        "from melodyrnn.music.key import Key\n"
        "from melodyrnn.music.melody import Metre\n\n"
        f"class Options(Asked):\n{values}"
        f"    def __init__(\n        self,\n        *,\n{arguments},\n    ) -> None: ...\n\n"
        f"def options_of(\n    *,\n{function},\n) -> Options: ...\n"
    )


def _default(control: type[Control]) -> str:
    """As the formatter writes it."""
    return f'"{control.default}"' if isinstance(control.default, str) else repr(control.default)


def _hint(control: type[Control], *, read: bool = False) -> str:
    """The type of a control's value: as it is read from an option, or as callers may write it."""
    kinds = get_args(control.stored) or (control.stored,)
    names = ["None" if kind is type(None) else kind.__name__ for kind in kinds]
    given = names if read else [*names, "str"]
    if "bool" in names:
        given = names
    return " | ".join(dict.fromkeys(sorted(given, key=lambda name: name == "None")))


def _main() -> None:
    if "--controls" in sys.argv[1:]:
        PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    elif "--types" in sys.argv[1:]:
        STUB.write_text(types(), encoding="utf-8")
    else:
        sys.stdout.write(manual())


if __name__ == "__main__":
    _main()
