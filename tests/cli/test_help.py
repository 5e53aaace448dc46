"""The manual is what the help pages say."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.manual import help_page, manual
from melodyrnn.cli.app import COMMANDS
from melodyrnn.cli.io import EPILOG

PAGES = [(), *((name,) for name in COMMANDS), ("corpus", "list"), ("corpus", "build"), ("corpus", "check")]


def test_docs_cli_md_is_up_to_date():
    """`python -m bench.manual > docs/cli.md` has been run since the last change of an option."""
    assert (Path(__file__).parents[2] / "docs" / "cli.md").read_text() == manual()


@pytest.mark.parametrize("command", PAGES)
def test_each_page_has_examples_first_and_statuses_last(command):
    """Verb, examples, options, exit statuses; plain ASCII that any terminal shows."""
    page = help_page(*command)
    assert page.index("Examples:") < page.index("Options:") < page.index(EPILOG)
    assert page.isascii()
    assert "<str" not in page  # no Python types
    assert "<list" not in page
    assert max(len(line) for line in page.splitlines()) <= 100


def test_no_summary_is_cut():
    """What each command is for stands whole on the first page, at 80 columns."""
    page = help_page()
    assert max(len(line) for line in page.splitlines()) <= 80
    assert "..." not in page.partition("Commands:")[2]


@pytest.mark.parametrize("command", PAGES)
def test_pages_name_no_file_of_the_repository(command):
    """Who has installed the package has no docs/; and a prime is spoken of only where one can be given."""
    page = help_page(*command)
    assert "docs/" not in page
    page = page.replace("prime|exact|FILE", "")  # of --feel: the file itself
    assert "prime" not in page or command in {(), ("generate",), ("reproduce",), ("jam",)}
