"""The program composes what it composed: every third of the recorded requests, asked again.

`python -m bench.golden` asks all of them, and says how answers are recorded anew when the music is meant to change.
Digests are compared on the processor kind that recorded them, for elsewhere a sum may be rounded to another note;
that melodies are written, how many, and what is refused, holds everywhere.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import melodyrnn

ROOT = Path(__file__).parents[2]
FILE = json.loads((ROOT / "tests" / "golden" / "requests.json").read_text(encoding="utf-8"))
PACKAGE = Path(melodyrnn.__file__).resolve().parent
PARTS = 4  # processes, of about 3 s each, that run side by side where the tests do
OF_THE_SHELL = {"output", "seed", "count", "recipe", "force", "json", "quiet", "verbose", "help", "soundfont", "listen"}


def said_by(*words, **settings):
    """What a process says that imports the package that is under test."""
    environ = os.environ | {"PYTHONPATH": str(PACKAGE.parent)}
    command = [sys.executable, "-P", *words]
    return subprocess.run(command, env=environ, stdout=subprocess.PIPE, text=True, check=True, **settings).stdout


def compared(answer, *, alike):
    """What of an answer must be the same: of a refusal all but its words, elsewhere only the number of melodies."""
    if "exit" in answer:
        return answer["exit"], answer["about"]
    return answer["melodies"] if alike else len(answer["melodies"])


@pytest.mark.parametrize("part", range(PARTS))
def test_the_tree_answers_as_recorded(part):
    """The same notes on the processor kind that recorded them, the same refusals everywhere."""
    requests = FILE["requests"][::3][part::PARTS]
    asked = json.dumps({"melodies": FILE["melodies"], "requests": requests})
    told = json.loads(said_by(ROOT / "bench" / "golden_answers.py", input=asked))
    assert Path(told["package"]) == PACKAGE
    alike = told["processor"] == FILE["processor"]
    for request in requests:
        mine, recorded = (compared(a, alike=alike) for a in (told["answers"][request["id"]], request["answer"]))
        assert mine == recorded, f"{request}: {told['answers'][request['id']]}"


@pytest.mark.parametrize("verb", ["generate", "infill", "vary"])
def test_every_option_is_asked_for(verb):
    """No option that has a part in the music is left out of the requests."""
    page = said_by("-m", "melodyrnn", verb, "--help")
    options = set(re.findall(r"^  +(?:-\w, )?--([a-z-]+)", page, re.MULTILINE)) - OF_THE_SHELL
    asked = {name for request in FILE["requests"] if request["verb"] == verb for name in request["options"]}
    assert options
    assert options <= asked


def test_requests_are_told_apart():
    """Answers go by the ids of requests."""
    assert len({request["id"] for request in FILE["requests"]}) == len(FILE["requests"]) >= 300
