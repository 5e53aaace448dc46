"""The manual is what the help pages say."""

from __future__ import annotations

from pathlib import Path

import pytest

from melodyrnn.cli.app import COMMANDS
from melodyrnn.cli.docs import help_page, manual
from melodyrnn.cli.status import EPILOG

PAGES = [(), *((name,) for name in COMMANDS), ("corpus", "list"), ("corpus", "build"), ("corpus", "check")]


def test_docs_cli_md_is_up_to_date():
    """`python -m melodyrnn.cli.docs > docs/cli.md` has been run since the last change of an option."""
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
