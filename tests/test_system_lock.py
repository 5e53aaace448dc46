"""One run at a time on one output."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from melodyrnn.errors import Locked, OutputError
from melodyrnn.system import only_one

HOLD = (
    "import sys, time; from pathlib import Path; from melodyrnn.system import only_one\n"
    "with only_one(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(600)"
)


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of x."""
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path / "x"], stdout=subprocess.PIPE, env=environ)
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_two_runs_refuse_each_other(tmp_path, holder):
    """The second is told what to do; other outputs are free."""
    with pytest.raises(Locked, match="another training run is writing there; wait for it or choose another -o"):
        only_one(tmp_path / "x").__enter__()
    with only_one(tmp_path / "y"):
        assert (tmp_path / "y.lock").is_file()


def test_a_link_to_the_output_is_the_output(tmp_path, holder):
    """Two names of one file are one lock."""
    (tmp_path / "link").symlink_to(tmp_path / "x")
    with pytest.raises(Locked):
        only_one(tmp_path / "link").__enter__()


def test_a_killed_run_blocks_nobody(tmp_path, holder):
    """A kill -9 leaves the file, and the file alone holds nothing."""
    holder.kill()
    holder.wait()
    assert (tmp_path / "x.lock").exists()
    with only_one(tmp_path / "x"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_lock_is_gone_whatever_happened(tmp_path):
    """Also when the run ended badly."""
    with pytest.raises(ZeroDivisionError), only_one(tmp_path / "x"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_followers_hold_nothing(tmp_path):
    """Only the leader of a team locks."""
    with only_one(tmp_path / "x"), only_one(tmp_path / "x", is_main=False):
        pass


def test_what_killed_writers_left_is_removed(tmp_path):
    """Temporary files of this output and its state go; those of other outputs, however alike, stay."""
    ours = [".m[1].safetensors.0123abcd.tmp", ".m[1].safetensors.state.89abcdef.tmp"]
    others = [".m1.safetensors.0123abcd.tmp", ".m[1].safetensors2.0123abcd.tmp", ".m[1].safetensors.tmp", "a.tmp",
              ".m[1].safetensors.state2.0123abcd.tmp"]  # fmt: skip
    for name in (*ours, *others):
        (tmp_path / name).touch()
    with only_one(tmp_path / "m[1].safetensors"):
        pass
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(others)


def test_a_lock_that_was_removed_meanwhile_is_taken_anew(tmp_path, monkeypatch):
    """Who opens the file just before its holder removes it does not hold a file that nobody else sees."""
    plain, opened = os.open, []

    def open_and_lose(path, *rest):
        descriptor = plain(path, *rest)
        if str(path).endswith(".lock") and not opened:
            Path(path).unlink()
        opened.append(path)
        return descriptor

    monkeypatch.setattr(os, "open", open_and_lose)
    with only_one(tmp_path / "x"):
        assert len(opened) == 2
        with pytest.raises(Locked):
            only_one(tmp_path / "x").__enter__()


def test_a_folder_that_vanished(tmp_path):
    """OutputError names the file."""
    with pytest.raises(OutputError, match=r"x\.lock: cannot be written"):
        only_one(tmp_path / "gone" / "x").__enter__()


def test_a_disk_without_locks_is_called_so(tmp_path, monkeypatch):
    """What the system says is told; nobody is sent to wait for a run that does not exist."""
    import fcntl  # noqa: PLC0415 - not there on Windows

    def refuse(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(OutputError, match="cannot be locked"), only_one(tmp_path / "x"):
        pass
