"""A run that is asked to stop: the state is saved, the status is the signal's, and a second signal does not wait."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Note
from melodyrnn.system import scratch, undisturbed

ROOT = Path(__file__).parents[3]
TRAIN = ("train", "tunes", "-o", "m.safetensors", "--hidden", "8", "--epochs", "400", "--set", "patience=400")


@pytest.fixture
def start(tmp_path):
    """Give a function that starts the program in a folder with twenty short tunes."""
    folder = tmp_path / "tunes"
    folder.mkdir()
    for k in range(20):
        chance = random.Random(k)  # noqa: S311 - music, no secrets
        notes = tuple(Note(24 * i, 24, 60 + chance.choice(Key(0).scale)) for i in range(16))
        (folder / f"{k:02d}.mid").write_bytes(midi_bytes(Melody(notes, key=Key(0))))
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}

    def call(*arguments):
        command = [sys.executable, "-m", "melodyrnn", *arguments]
        return subprocess.Popen(command, cwd=tmp_path, env=environ, stderr=subprocess.PIPE, text=True)

    return call


@pytest.mark.slow
def test_signals_save_and_say_where(start, tmp_path):
    """SIGINT gives 130, SIGTERM 143; the last line names the state, and each run goes on from the one before."""
    for number, status, more in ((signal.SIGINT, 130, ()), (signal.SIGTERM, 143, ("--resume",))):
        process = start(*TRAIN, *more)
        lines = []
        while not (lines and lines[-1].startswith("epoch ")):
            lines.append(process.stderr.readline())
            assert lines[-1], lines
        process.send_signal(number)
        _, rest = process.communicate(timeout=600)
        assert process.returncode == status
        last = rest.splitlines()[-1]
        assert last.startswith("stopped after step ")
        assert last.endswith("the state is safe in m.safetensors.state: --resume goes on from it")
        assert "Traceback" not in rest
        assert ("going on at epoch" in "".join(lines)) == bool(more)
        assert sorted(p.name for p in tmp_path.iterdir()) == ["cache", "m.safetensors.state", "tunes"]


@pytest.mark.parametrize(("number", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_the_second_signal_leaves_at_once(number, status):
    """Asked twice, the process ends although nothing asks whether to stop; under torchrun twice counts as once."""
    code = (
        "import os, signal\nfrom melodyrnn.cli.runs.models.train_run import Stop\nstop = Stop(patient=True)\n"
        f"with stop.listening():\n    for _ in range(2):\n        os.kill(os.getpid(), signal.{number})\n"
        "    assert stop()\nos._exit(7)"
    )
    for more, ended in (({}, status), ({"TORCHELASTIC_RUN_ID": "1"}, 7)):
        environ = {**os.environ, "PYTHONPATH": str(ROOT), **more}
        assert subprocess.run([sys.executable, "-c", code], env=environ, check=False).returncode == ended


@pytest.mark.parametrize(("number", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
@pytest.mark.parametrize("moment", ["melodyrnn.cli.io.console", "typer", "numpy", "atexit"])
def test_a_signal_among_the_imports_has_no_traceback(number, status, moment):
    """Whatever is being imported when the signal comes, and while Python leaves: at most one line, and the status."""
    code = (
        "import atexit, os, signal, sys\n"
        f"def kill():\n    os.kill(os.getpid(), signal.{number})\n"
        "class Finder:\n    def find_spec(self, name, *_):\n"
        f"        if name == {moment!r}:\n            kill()\n"
        "sys.meta_path.insert(0, Finder())\n"
        f"atexit.register(kill) if {moment!r} == 'atexit' else None\n"
        "from melodyrnn.cli import main\nsys.argv = ['melodyrnn', 'corpus', 'check', '/dev/null']\nmain()"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode in ({status} if moment != "atexit" else {-getattr(signal, number)})
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 1


def test_resuming_is_safe_to_repeat(start, tmp_path):
    """Nothing saved yet: it starts afresh and says so. Finished already: it says so and touches nothing."""
    fresh = start(*TRAIN[:-4], "--epochs", "1", "--resume")
    _, err = fresh.communicate(timeout=600)
    assert fresh.returncode == 0
    assert "warning: there is no m.safetensors.state: nothing was saved, starting afresh" in err
    before = (tmp_path / "m.safetensors").read_bytes()
    (tmp_path / "m.safetensors.lock").touch()  # killed when it was about to leave
    again = start(*TRAIN[:-4], "--epochs", "1", "--resume")
    assert again.communicate(timeout=600)[1] == "m.safetensors: finished already; --force trains it anew\n"
    assert again.returncode == 0
    assert (tmp_path / "m.safetensors").read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cache", "m.safetensors", "tunes"]


def test_folders_of_killed_runs_are_removed(tmp_path, monkeypatch):
    """A temporary folder goes when its block ends, or, after kill -9, when the next run begins; living ones stay."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    hold = (
        "import sys, tempfile, time\nfrom melodyrnn.system import scratch\ntempfile.tempdir = sys.argv[1]\n"
        "with scratch() as folder:\n    print(folder, flush=True)\n    time.sleep(600)"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", hold, str(tmp_path)]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        held = Path(process.stdout.readline().strip())
        with scratch() as own:
            assert sorted(tmp_path.iterdir()) == sorted([held, own])
        process.kill()
    assert list(tmp_path.iterdir()) == [held]
    (tmp_path / "melodyrnn-run-other").symlink_to(ROOT)
    with scratch() as own:
        assert sorted(tmp_path.iterdir()) == sorted([own, tmp_path / "melodyrnn-run-other"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_until_an_import_is_over(number):
    """In the block nothing is raised; when it is left the signal comes, once, to who listened before."""
    came = []

    def listen(number, _frame):
        came.append(number)

    old = signal.signal(number, listen)
    try:
        with undisturbed():
            for _ in range(2):
                os.kill(os.getpid(), number)
                time.sleep(0.05)
            assert came == []
        assert came == [number]
        assert signal.getsignal(number) is listen
    finally:
        signal.signal(number, old)
