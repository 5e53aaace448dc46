"""A run of many melodies that was stopped: the same command goes on, and makes what an unbroken one makes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from melodyrnn.cli.runs.compose_run import MelodyWriter

ROOT = Path(__file__).parents[3]
COUNT = 12


def contents(folder):
    """Every file of a folder."""
    return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def times(folder):
    """When each file was written."""
    return {path.name: path.stat().st_mtime_ns for path in Path(folder).iterdir()}


@pytest.fixture
def stop_after(monkeypatch):
    """Give a function after which the writer hears Ctrl-C behind so many melodies; None lets it work again."""
    write = MelodyWriter.write

    def stop(count):
        done = []

        def interrupted(self, position, made, more=None):
            if len(done) == count:
                raise KeyboardInterrupt
            done.append(position)
            write(self, position, made, more)

        monkeypatch.setattr(MelodyWriter, "write", write if count is None else interrupted)

    return stop


def asked(model, folder, *more):
    """Arguments for several melodies in a folder."""
    return ("generate", "-m", model, "-n", COUNT, "--bars", 2, "-o", folder, *more)


def test_a_stopped_run_goes_on(command, model, stop_after):
    """Five of twelve, then the rest: the same files, the five untouched; a third time nothing is left."""
    assert command(*asked(model, "whole/", "--seed", 3)).status == 0
    stop_after(5)
    ended = command(*asked(model, "out/", "--seed", 3))
    assert ended.status == 130
    assert ended.err.endswith(
        "out: 5 of 12 melodies are there; the same command goes on\nmelodyrnn: error: interrupted\n"
    )
    stop_after(None)
    before = times("out")
    ended = command(*asked(model, "out/", "--seed", 3))
    assert ended.status == 0
    assert ended.err.startswith("out: 5 of 12 melodies are there already; going on with the other 7\n")
    assert contents("out") == contents("whole")
    assert before.items() <= times("out").items()
    before = times("out")
    ended = command(*asked(model, "out/", "--seed", 3))
    assert (ended.status, times("out")) == (0, before)
    assert ended.err == "out: 12 of 12 melodies are there already; nothing is left to compose\n"


def test_a_drawn_seed_is_told_and_taken_again(command, model, stop_after):
    """Without --seed the same command goes on all the same, and so does it with the seed that is told."""
    for again in (False, True):
        folder = f"out{again}/"
        stop_after(4)
        ended = command(*asked(model, folder))
        seed = ended.err.split("the same command goes on with --seed ")[1].split("\n")[0]
        stop_after(None)
        assert command(*asked(model, folder, *(("--seed", seed) if again else ()))).status == 0
        assert command(*asked(model, f"whole{again}/", "--seed", seed)).status == 0
        assert contents(folder) == contents(f"whole{again}")
    ended = command(*asked(model, "outFalse/"))  # all are there: others are wanted
    assert (ended.status, "melody-01.mid: already there" in ended.err) == (1, True)


def test_gaps_are_filled(command, model):
    """Whichever are missing, they alone are composed."""
    assert command(*asked(model, "whole/", "--seed", 3)).status == 0
    whole = contents("whole")
    for k in (1, 2, 5, 12):
        Path(f"whole/melody-{k:02d}.mid").unlink()
    before = times("whole")
    assert command(*asked(model, "whole/", "--seed", 3)).status == 0
    assert contents("whole") == whole
    assert before.items() <= times("whole").items()


@pytest.mark.parametrize(
    "other",
    [("--seed", 4), ("--seed", 3, "--scale", "C"), ("--seed", 3, "--program", 5), ("--seed", 3, "--no-recipe")],
)
def test_files_of_another_command_are_refused(command, model, other):
    """Another seed, option or output: nothing is written, and it is said."""
    assert command(*asked(model, "out/", *other)).status == 0
    Path("out/melody-12.mid").unlink()
    before = times("out")
    ended = command(*asked(model, "out/", "--seed", 3))
    text = "melodyrnn: error: out/melody-01.mid: already there; choose another name, or --force to replace it\n"
    assert (ended.status, ended.err, times("out")) == (1, text, before)


def test_a_file_that_is_cut_short_is_refused(command, model):
    """It keeps the recipe, and yet it is not the file."""
    assert command(*asked(model, "out/", "--seed", 3)).status == 0
    first = Path("out/melody-01.mid")
    first.write_bytes(first.read_bytes()[:-4])
    assert command(*asked(model, "out/", "--seed", 3)).status == 1


def test_scores_cannot_be_known(command, model, stop_after):
    """They keep no recipe: how many there are is said, and how the others are made."""
    stop_after(5)
    ended = command(*asked(model, "out/", "--seed", 3, "--format", "abc"))
    assert "out: 5 of 12 melodies are there; they keep no recipe by which they could be known again: -n 7 --seed 8" in (
        ended.err
    )
    stop_after(None)
    ended = command(*asked(model, "out/", "--seed", 3, "--format", "abc"))
    assert (ended.status, "melody-01.abc: already there" in ended.err) == (1, True)


@pytest.mark.parametrize("verb", [("vary",), ("infill", "--bars", "2")])
def test_infill_and_vary_go_on(command, model, tune_file, stop_after, verb):
    """As generate does."""
    more = ("-m", model, "-n", 4, "--seed", 3, "-o")
    assert command(verb[0], tune_file, *verb[1:], *more, "whole/").status == 0
    stop_after(2)
    ended = command(verb[0], tune_file, *verb[1:], *more, "out/")
    assert "out: 2 of 4 melodies are there; the same command goes on\n" in ended.err
    stop_after(None)
    before = times("out")
    assert command(verb[0], tune_file, *verb[1:], *more, "out/").status == 0
    assert contents("out") == contents("whole")
    assert before.items() <= times("out").items()


def killed_behind(arguments, folder, count, number=signal.SIGKILL):
    """Start the program, kill it when so many files are there, and wait."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "melodyrnn", *map(str, arguments)], env=environ, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < until:
        if folder.is_dir() and len(list(folder.glob("*.mid"))) >= count:
            process.send_signal(number)
            break
        time.sleep(0.002)
    return process, process.communicate(timeout=120)[1]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)])
def test_a_stopped_process_leaves_what_the_next_goes_on_with(command, model, tmp_path, number, status):
    """SIGKILL and Ctrl-C in the middle of many melodies: whole files alone are there, and the rest follows."""
    more = ("-m", model, "-n", 150, "--seed", 7, "--bars", 4, "-q", "-o")
    process, _ = killed_behind(("generate", *more, f"{tmp_path}/out/"), tmp_path / "out", 20, number)
    assert process.returncode == status
    Path("out/.melody-021.mid.999999999-0123abcd.tmp").write_bytes(b"half")  # as it may leave
    before = {name: when for name, when in times("out").items() if name.endswith(".mid")}
    assert 20 <= len(before) < 150
    assert command("generate", *more, f"{tmp_path}/out/").status == 0
    assert before.items() <= times("out").items()
    assert command("generate", *more, "whole/").status == 0
    assert contents("out") == contents("whole")
