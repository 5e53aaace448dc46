"""The README names every file of the package, and nothing that is not there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_file_stands_in_the_readme():
    """The table of files is the tree, one line each."""
    table = (ROOT / "README.md").read_text(encoding="utf-8").split("## The files")[1]
    named = set(re.findall(r"^\| `([\w/]+\.py)` \|", table, re.MULTILINE))
    files = {p.relative_to(ROOT / "melodyrnn").as_posix() for p in (ROOT / "melodyrnn").rglob("*.py")}
    rooms = {name for name in files if name.endswith(("__init__.py", "__main__.py"))}
    assert named == files - rooms


def test_links_lead_somewhere():
    """Every file that the README links to is there."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
