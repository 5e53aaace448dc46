"""Whether the tree still composes what it composed: 300 requests, remade and compared note by note.

    python -m bench.golden                              the tree against the answers in tests/golden/requests.json
    python -m bench.golden --against ENV/bin/python     ... against another version, installed in an environment beside
    python -m bench.golden --against ENV/bin/python --record    write the other version's answers into the file
    python -m bench.golden --record                     write the tree's
    python -m bench.golden --only infill                requests whose ids begin so

Melodies are compared by digests of what was written (`bench.golden_answers`). Of a refusal only the exit status and
what it is about are compared: wording may change; the message stands in the file for people. Answers in the file count
on the processor kind that recorded them; elsewhere they are compared all the same, and the kinds are told. --against
needs no answers in the file: both versions give theirs here and now. Exit status 1 if anything differs.

With --against nothing is recorded unless both answer alike. --record alone writes whatever the tree answers: a change
of the music that is meant, with a line in docs/log.md that says why.

Contents: remade, differences, record.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
REQUESTS: Final = ROOT / "tests" / "golden" / "requests.json"
ASKER: Final = ROOT / "bench" / "golden_answers.py"


def main() -> None:
    """Ask, compare, print; record where that is wanted."""
    asked = _parser().parse_args()
    file = json.loads(REQUESTS.read_text(encoding="utf-8"))
    file["requests"] = [request for request in file["requests"] if request["id"].startswith(asked.only)]
    if asked.record and asked.only:
        raise SystemExit("--record writes all answers: leave out --only")
    mine = remade(file, Path(sys.executable), ROOT)
    if asked.against:
        told = remade(file, asked.against, None)
    else:
        recorded = {request["id"]: request.get("answer") for request in file["requests"]}
        told = {"processor": file.get("processor"), "answers": recorded}
    if mine["processor"] != told["processor"]:
        print(f"rounding may differ: {told['processor']} there, {mine['processor']} here")
    found = differences(told["answers"], mine["answers"])
    for line in found:
        print(line)
    print(f"{len(file['requests']) - len(found)} of {len(file['requests'])} answered alike")
    if asked.record and not (asked.against and found):
        record(file, told if asked.against else mine)
        print(f"recorded in {REQUESTS.relative_to(ROOT)}")
    elif found:
        raise SystemExit(1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, metavar="PYTHON", help="the interpreter beside another version")
    parser.add_argument("--record", action="store_true", help="write answers into the file")
    parser.add_argument("--only", default="", metavar="ID", help="requests whose ids begin so")
    return parser


def remade(file: dict[str, Any], python: Path, tree: Path | None) -> dict[str, Any]:
    """Answers of the package in this tree, or, without one, of the package installed beside an interpreter.

    Raises SystemExit where another package than that has answered.
    """
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if tree is not None:
        environ["PYTHONPATH"] = str(tree)
    began = time.perf_counter()
    done = subprocess.run(
        [python, "-P", ASKER], input=json.dumps(file), env=environ, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{python}: no answers")
    answers: dict[str, Any] = json.loads(done.stdout)
    ours = Path(answers["package"]).is_relative_to(ROOT)
    if ours != (tree is not None):
        raise SystemExit(f"{python}: {answers['package']} has answered, {'the tree' if ours else 'not the tree'}")
    print(f"{answers['package']}: {time.perf_counter() - began:.1f} s")
    return answers


def differences(recorded: dict[str, Any], answers: dict[str, Any]) -> list[str]:
    """A line for each request that is answered otherwise than recorded."""
    return [
        f"{name}: {recorded[name]} before, {answer} now"
        for name, answer in answers.items()
        if _compared(recorded[name]) != _compared(answer)
    ]


def _compared(answer: dict[str, Any] | None) -> dict[str, Any]:
    """An answer without what may be worded anew."""
    return {name: value for name, value in (answer or {}).items() if name != "message"}


def record(file: dict[str, Any], told: dict[str, Any]) -> None:
    """Write the file with these answers, a request a line."""
    requests = [request | {"answer": told["answers"][request["id"]]} for request in file["requests"]]
    parts = {
        "processor": json.dumps(told["processor"]),
        "melodies": _lines("{}", [f"{json.dumps(name)}: {json.dumps(m)}" for name, m in file["melodies"].items()]),
        "requests": _lines("[]", [json.dumps(request, ensure_ascii=False) for request in requests]),
    }
    body = ",\n".join(f'"{name}": {text}' for name, text in parts.items())
    REQUESTS.write_text(f"{{\n{body}\n}}\n", encoding="utf-8")


def _lines(brackets: str, items: list[str]) -> str:
    return "\n".join([brackets[0], ",\n".join(items), brackets[1]])


if __name__ == "__main__":
    main()
