"""Whole processes: pipes, signals, what is loaded, and the help of the shell."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "music21", "pretty_midi", "matplotlib", "pydantic", "mido")


def melodyrnn(*arguments, **settings):
    """Run the program in a process of its own."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), **settings.pop("environ", {})}
    command = [sys.executable, "-m", "melodyrnn", *(str(a) for a in arguments)]
    settings = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings}
    return subprocess.Popen(command, env=environ, **settings)


def ended(process):
    """Wait; status, stdout and stderr."""
    out, err = process.communicate(timeout=600)
    return process.returncode, out, err.decode() if err is not None else ""


@pytest.mark.parametrize("arguments", [["generate", "-q", "-o", "x.mid"], ["inspect", "x.mid"], ["--help"]])
def test_the_cold_path_loads_nothing_heavy(model, tmp_path, arguments):
    """A whole run of generate imports NumPy and no more; help and the reading of MIDI not even that."""
    code = (
        "import json, sys\n"
        "from melodyrnn.cli import run\n"
        "status = run(sys.argv[1:])\n"
        "json.dump([int(status), sorted({name.partition('.')[0] for name in sys.modules})], sys.stderr)\n"
    )
    if arguments[0] == "generate":
        arguments = [*arguments, "-m", str(model)]
    if arguments[0] == "inspect":
        ended(melodyrnn("generate", "-q", "-o", tmp_path / "x.mid", "-m", model))
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    status, loaded = json.loads(done.stderr)
    assert status == 0
    assert not set(loaded) & {*HEAVY, "rich"}
    assert ("numpy" in loaded) == (arguments[0] == "generate")


def test_a_second_preparation_loads_nothing_heavy(tmp_path):
    """Where nothing has changed, the run costs a look at the files: NumPy is not imported."""
    (tmp_path / "tunes").mkdir()
    tune = "X:1\nT:a\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|cBAG|FEDC|\n"
    (tmp_path / "tunes" / "a.abc").write_text(tune)
    code = (
        "import json, sys\n"
        "from melodyrnn.cli import run\n"
        "status = run(['corpus', 'prepare', 'tunes', '-o', 'p'])\n"
        "print(json.dumps([int(status), 'numpy' in sys.modules]))\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    for expected in ([0, True], [0, False]):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, env=environ
        )
        assert json.loads(done.stdout) == expected


def test_importing_the_command_line_is_free():
    """`import melodyrnn.cli` loads neither Typer nor anything heavier."""
    code = "import sys, melodyrnn.cli; print(sorted({n.partition('.')[0] for n in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert not {"typer", "numpy", "rich", *HEAVY} & set(json.loads(done.stdout.replace("'", '"')))


def test_same_seed_same_bytes_in_two_processes(model):
    """One seed gives one file, whatever the hash seed, the locale and the place in a batch."""
    first = ended(melodyrnn("generate", "-m", model, "--seed", 9, environ={"PYTHONHASHSEED": "1"}))
    other = ended(melodyrnn("generate", "-m", model, "--seed", 9, environ={"PYTHONHASHSEED": "2", "LC_ALL": "C"}))
    assert first[0] == other[0] == 0
    assert first[1] == other[1] != b""


def test_a_closed_pipe_ends_quietly(model):
    """`melodyrnn … | true`: no traceback, no message."""
    reader, writer = os.pipe()
    os.close(reader)
    process = melodyrnn("generate", "-q", "-m", model, stdout=writer)
    os.close(writer)
    assert ended(process)[::2] == (1, "")


_FULL = "stdout: cannot be written: no space left on the device; make room and run it again"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [(["generate", "-q"], _FULL), (["inspect"], _FULL), (["--help"], "No space left on device")],
)
def test_a_full_disk_is_one_line(model, arguments, text):
    """Stdout on /dev/full: status 1, one line, silence at exit."""
    arguments = [*arguments, *{"generate": ["-m", model], "inspect": [model]}.get(arguments[0], [])]
    with Path("/dev/full").open("wb") as full:
        process = melodyrnn(*arguments, stdout=full)
        assert ended(process)[::2] == (1, f"melodyrnn: error: {text}\n")


def test_a_terminal_never_gets_bytes(model, tmp_path):
    """With a real terminal as stdout a file is written, and its name said."""
    leader, follower = pty.openpty()
    process = melodyrnn("generate", "-m", model, stdout=follower, cwd=tmp_path)
    status, _, err = ended(process)
    os.set_blocking(leader, False)
    with pytest.raises(BlockingIOError):  # nothing has come
        os.read(leader, 1)
    os.close(follower)
    os.close(leader)
    assert status == 0
    assert err.startswith("melody.mid: 8 bars")
    assert (tmp_path / "melody.mid").read_bytes().startswith(b"MThd")


@pytest.mark.parametrize(("number", "status", "word"), [
    (signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated"),
])  # fmt: skip
def test_a_signal_is_one_line(number, status, word):
    """Ctrl-C and SIGTERM while waiting for stdin: one line, the status of the signal."""
    process = melodyrnn("inspect", "-", stdin=subprocess.PIPE, environ={"PYTHONUNBUFFERED": "1"})
    _wait_until_reading(process.pid)
    process.send_signal(number)
    assert ended(process) == (status, b"", f"melodyrnn: error: {word}\n")


def _wait_until_reading(pid):
    """Wait until a process sleeps in the reading of a pipe, its handlers long installed."""
    import time  # noqa: PLC0415

    for _ in range(6000):
        if "pipe" in Path(f"/proc/{pid}/wchan").read_text() or _reads(pid):
            return
        time.sleep(0.05)


def _reads(pid):
    try:
        return Path(f"/proc/{pid}/syscall").read_text().startswith("0 0x0 ")  # read(0, …)
    except OSError:
        return False


def test_the_shell_completes_commands_and_names():
    """Completion offers commands and the built-in corpora."""
    for words, wanted in (("melodyrnn gen", "generate"), ("melodyrnn corpus build kin", "kinder")):
        environ = {"_MELODYRNN_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        process = melodyrnn(environ=environ)
        status, out, _ = ended(process)
        assert (status, out.decode().split()) == (0, [wanted])
