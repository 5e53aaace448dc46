"""The pages of docs/ keep their form, and what they name is there."""

import ast
import re
import shlex
from pathlib import Path

import pytest

from bench.manual import BEGIN, help_page
from melodyrnn.cli.app import COMMANDS

ROOT = Path(__file__).parents[1]
PROMISES = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
DECISIONS = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")

CONTROLS = (ROOT / "docs" / "controls.md").read_text(encoding="utf-8")
ELSEWHERE = {
    "model",
    "output",
    "count",
    "format",
    "recipe",
    "track",
    "force",
    "json",
    "quiet",
    "verbose",
    "help",
    "soundfont",
    "listen",
}
"""Options of the commands that compose which are about files and talk: docs/cli.md has them."""


def rows():
    """The rows of the table of promises, cell by cell."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in PROMISES.splitlines()[4:]]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0][:40])
def test_every_promise_names_a_test_that_exists(row):
    """Promise, test, last figure; each file is there, and has the functions that are named."""
    _, held, figure = row
    assert figure
    file = None
    for name in re.findall(r"`([^`]*)`", held):
        path, _, function = name.removeprefix("python -m ").partition("::")
        path = path.split()[0] if path else ""
        file = ROOT / (path if path.endswith(".py") else path.replace(".", "/") + ".py") if path else file
        assert file.is_file(), name
        if function:
            tree = ast.parse(file.read_text(encoding="utf-8"))
            assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert file is not None or held.startswith("by hand")


def test_promises_are_a_table_and_nothing_else():
    """A title, a head, and rows."""
    title, blank, head, *table = PROMISES.splitlines()
    assert (title, blank, head) == ("# Promises", "", "| promise | test | last figure |")
    assert all(line.startswith("|") for line in table)


def entries():
    """The decisions: number → lines."""
    found = re.findall(r"^(\d+)\. (.*(?:\n {4}.*)*)", DECISIONS, re.MULTILINE)
    return [(int(number), text.splitlines()) for number, text in found]


def test_decisions_are_short():
    """Numbered in order, each of at most five lines of at most 120 characters."""
    numbers = [number for number, _ in entries()]
    assert numbers == sorted(set(numbers))
    assert numbers[0] == 1
    assert [number for number, text in entries() if len(text) > 5] == []
    assert [line for line in DECISIONS.splitlines() if len(line) > 120] == []


def test_links_lead_somewhere():
    """Every file that a page links to is there."""
    for page in (ROOT / "docs").glob("*.md"):
        text = page.read_text(encoding="utf-8")
        links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
        assert [link for link in links if not (page.parent / link).exists()] == [], page.name


def test_every_control_is_explained():
    """docs/controls.md has every option of generate, infill and vary that is about music, and no other."""
    pages = {name: set(re.findall(r"--([a-z][\w-]*)", help_page(name))) for name in COMMANDS}
    asked = (pages["generate"] | pages["infill"] | pages["vary"]) - ELSEWHERE
    told = set(re.findall(r"(?<![\w-])--([a-z][\w-]*)", CONTROLS.replace(BEGIN, "")))
    assert asked - told == set()
    assert told - set().union(*pages.values()) == set()


def test_examples_of_controls_are_commands():
    """Each example is a command with options that it has."""
    text = CONTROLS.replace("\\|", "|")
    lines = [line for line in text.splitlines() if line.startswith("melodyrnn ")]
    for example in [*lines, *re.findall(r"`(melodyrnn [^`]*)`", text)]:
        words = shlex.split(example, comments=True)[1:]
        words = words[: words.index("|")] if "|" in words else words
        assert words[0] in COMMANDS, example
        options = {word for word in words if re.match(r"--?[a-z]", word)}
        assert options <= set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", help_page(words[0]))), example
