"""The README names every file of the package, in the order in which they can be read, and nothing that is not there."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def listed():
    """The files of the table, from the top down."""
    table = (ROOT / "README.md").read_text(encoding="utf-8").split("## The files")[1]
    return re.findall(r"^\| `([\w/]+\.py)` \|", table, re.MULTILINE)


def imported(file):
    """Files of the package that one imports: at once, later, or for its types alone."""
    for node in ast.walk(ast.parse((ROOT / "melodyrnn" / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for name in (node.module, *(f"{node.module}.{one.name}" for one in node.names)):
                yield name.removeprefix("melodyrnn.").replace(".", "/") + ".py"


def test_every_file_stands_in_the_readme():
    """The table of files is the tree, one line each."""
    files = {p.relative_to(ROOT / "melodyrnn").as_posix() for p in (ROOT / "melodyrnn").rglob("*.py")}
    rooms = {name for name in files if name.endswith(("__init__.py", "__main__.py"))}
    assert sorted(listed()) == sorted(files - rooms)


def test_no_file_needs_one_below_it():
    """Who reads from the top down has read all that a file is made of."""
    order = {file: place for place, file in enumerate(listed())}
    upwards = {(a, b) for a in order for b in imported(a) if b in order and b != a and order[b] > order[a]}
    assert upwards == set()


def test_links_lead_somewhere():
    """Every file that the README links to is there."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
