"""The README is short, and everything that it shows is there: files, commands, options, and Python that runs."""

import re
import shlex
import warnings
from pathlib import Path

import pytest

from bench.manual import help_page
from melodyrnn.cli.app import COMMANDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands():
    """Every call of melodyrnn in a shell block or in the text: its words after `melodyrnn`, pipes and comments cut."""
    shown = "\n".join(blocks("sh")).splitlines() + re.findall(r"`(melodyrnn [^`]*)`", README)
    for line in shown:
        words = shlex.split(line, comments=True)
        for at, word in enumerate(words):
            if word == "melodyrnn":
                rest = words[at + 1 :]
                yield rest[: next((end for end, w in enumerate(rest) if w in {"|", ">", "&&"}), len(rest))]


def test_it_is_read_in_one_sitting():
    """Under 120 lines of at most 120 characters."""
    lines = README.splitlines()
    assert len(lines) < 120
    assert [line for line in lines if len(line) > 120] == []


def test_links_lead_somewhere():
    """Every file that the README links to is there."""
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_every_command_exists(words):
    """Each command that is shown is one, and has the options that it is shown with."""
    depth = 2 if words[0] == "corpus" else 1
    assert words[0] in COMMANDS
    known = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", help_page(*words[:depth])))
    assert {word for word in words if re.match(r"--?[a-z]", word)} <= known


@pytest.mark.skipif(not (ROOT / ".ci" / "run").exists(), reason="an sdist has no .ci/run")
def test_the_two_commands_are_what_ci_runs():
    """`.ci/run` says that it runs the README's commands word for word."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for part in (part for block in blocks("sh")[:2] for part in block.strip().split(" && ")):
        program, _, rest = part.partition(" ")
        expected = f'/{program}" {"install -q" + rest.removeprefix("install") if program == "pip" else rest}'
        assert expected in script


def test_the_python_runs(tmp_path, monkeypatch):
    """The Python of the README runs as it stands, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    (code,) = blocks("python")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile(code, "README.md", "exec"), {})  # noqa: S102 - our own page
    assert {path.name for path in tmp_path.iterdir()} == {"melody.mid", "longer.mid"}
