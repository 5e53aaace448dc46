"""Files appear whole or not at all, and nothing is replaced by accident."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from melodyrnn.cli.io.output import check_writable, hold, refuse_existing, write_file, write_free, writing
from melodyrnn.errors import OutputError

ROOT = Path(__file__).parents[3]


def inside(folder):
    """List the names in a folder."""
    return [path.name for path in folder.iterdir()]


def broken(path):
    """Write half a file, then fail."""
    with writing(path) as stream:
        stream.write(b"half")
        raise ZeroDivisionError


def test_a_file_is_written_with_the_usual_permissions(tmp_path):
    """The mode is that of any new file, and nothing else lies beside it."""
    old = os.umask(0o027)
    try:
        write_file(tmp_path / "x.mid", b"abc")
    finally:
        os.umask(old)
    assert (tmp_path / "x.mid").read_bytes() == b"abc"
    assert stat.S_IMODE((tmp_path / "x.mid").stat().st_mode) == 0o640
    assert inside(tmp_path) == ["x.mid"]


def test_an_existing_file_is_kept_unless_forced(tmp_path):
    """Without --force the old file stays, byte for byte."""
    path = tmp_path / "x.mid"
    path.write_bytes(b"old")
    with pytest.raises(OutputError, match=r"x\.mid: already there; choose another name, or --force to replace it$"):
        write_file(path, b"new")
    assert path.read_bytes() == b"old"
    write_file(path, b"new", force=True)
    assert path.read_bytes() == b"new"
    assert inside(tmp_path) == ["x.mid"]


def test_a_failure_leaves_nothing(tmp_path):
    """When the work breaks off half-way, neither the name nor a temporary file is there."""
    with pytest.raises(ZeroDivisionError):
        broken(tmp_path / "x.mid")
    assert inside(tmp_path) == []


def test_a_link_stays_a_link(tmp_path):
    """The file behind a link is written, the link is not replaced."""
    (tmp_path / "real.mid").write_bytes(b"old")
    (tmp_path / "link.mid").symlink_to("real.mid")
    write_file(tmp_path / "link.mid", b"new", force=True)
    assert (tmp_path / "link.mid").is_symlink()
    assert (tmp_path / "real.mid").read_bytes() == b"new"


def test_a_fifo_is_written_through(tmp_path):
    """A named pipe is still one afterwards, and its reader has the bytes."""
    fifo = tmp_path / "pipe.mid"
    os.mkfifo(fifo)
    read = []
    reader = threading.Thread(target=lambda: read.append(fifo.read_bytes()))
    reader.start()
    write_file(fifo, b"abc" * 50_000)
    reader.join(600)
    assert read == [b"abc" * 50_000]
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_a_device_is_not_replaced():
    """/dev/null swallows, /dev/full says why not; both are devices before and after."""
    write_file(Path(os.devnull), b"abc")
    with pytest.raises(
        OutputError, match=r"^/dev/full: cannot be written: no space left on the device; make room and run it again$"
    ):
        write_file(Path("/dev/full"), b"abc")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


def test_a_stream_that_is_open_is_written_through(tmp_path):
    """Its name in /proc or /dev stands for the stream, even where that leads to a file that is there."""
    with (tmp_path / "out.mid").open("wb") as stream:
        for folder in ("/proc/self/fd", "/dev/fd"):
            path = Path(folder) / str(stream.fileno())
            refuse_existing([path], force=False)
            write_file(path, b"abc")
    assert (tmp_path / "out.mid").read_bytes() == b"abc"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/proc/x.mid", "/proc belongs to the system and takes no files; name one elsewhere"),
        ("/proc/version", "/proc belongs to the system and takes no files; name one elsewhere"),
        ("/sys/kernel/x.mid", "/sys belongs to the system and takes no files; name one elsewhere"),
        ("/dev/x.mid", "there is no such device or open stream; name a file elsewhere"),
        ("/dev/fd/987", "there is no such device or open stream; name a file elsewhere"),
    ],
)
@pytest.mark.parametrize("force", [False, True])
def test_the_places_of_the_system_take_no_files(path, message, force):
    """The message says so, instead of asking for a folder that is there or for --force that does not help."""
    with pytest.raises(OutputError) as caught:
        write_file(Path(path), b"abc", force=force)
    assert str(caught.value) == f"{path}: {message}"
    assert not Path("/dev/x.mid").exists()


def test_shared_memory_is_a_folder_like_any_other(tmp_path):
    """/dev/shm lies under /dev, but its files appear whole and are kept."""
    path = Path("/dev/shm") / f"{tmp_path.name}-{os.getpid()}.mid"
    try:
        write_file(path, b"abc")
        with pytest.raises(OutputError, match="already there"):
            write_file(path, b"new")
    finally:
        path.unlink(missing_ok=True)


def test_a_missing_folder_is_said(tmp_path):
    """The error names the file and the next move."""
    with pytest.raises(OutputError, match=r"x\.mid: cannot be written: there is no such folder; make it first$"):
        write_file(tmp_path / "no" / "x.mid", b"abc")


def test_a_folder_is_no_file(tmp_path):
    """A folder as a target is refused by name."""
    with pytest.raises(OutputError, match=r"a folder; name a file in it$"):
        write_file(tmp_path, b"abc")


def left(process):
    """How what a writer of this number leaves is called."""
    return f".x.mid.{process}-0123abcd.tmp"


def test_what_a_killed_writer_left_is_removed(tmp_path):
    """A writer killed half-way leaves a hidden file; the next write there removes it, and nothing else."""
    code = (
        "import os, sys; from pathlib import Path; from melodyrnn.cli.io.output import writing\n"
        "with writing(Path(sys.argv[1])) as stream: stream.write(b'half'); stream.flush(); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "x.mid"], check=False, cwd=ROOT)
    assert done.returncode == -9
    (half,) = inside(tmp_path)
    assert left(12345).replace("12345-0123abcd", "") == re.sub(r"[0-9]+-[0-9a-f]{8}", "", half)
    dead = int(half.split(".")[3].split("-")[0])
    others = [left(os.getpid()), left(os.getppid()), f".x.mid.{dead}-0123.tmp", f"x.mid.{dead}-0123abcd.tmp"]
    for name in others:
        (tmp_path / name).write_bytes(b"")
    (tmp_path / left(dead)).mkdir()
    write_file(tmp_path / "y.mid", b"new")
    assert sorted(inside(tmp_path)) == sorted([*others, left(dead), "y.mid"])


def test_what_is_locked_is_not_removed(tmp_path):
    """A writer in another container has a number that is nobody's here; it holds its file."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    held = tmp_path / left(dead.pid)
    with held.open("wb") as stream:
        assert hold(stream.fileno())
        write_file(tmp_path / "x.mid", b"new")
        assert held.exists()
    write_file(tmp_path / "y.mid", b"new")
    assert not held.exists()


@pytest.mark.parametrize("force", [False, True])
def test_a_name_is_synced_after_it_is_given(tmp_path, monkeypatch, force):
    """The last thing is the fsync of the folder, when nothing but the file lies in it."""
    seen = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: seen.append((os.fstat(descriptor).st_mode, inside(tmp_path))))
    write_file(tmp_path / "x.mid", b"new", force=force)
    assert [stat.S_IFMT(mode) for mode, _ in seen] == [stat.S_IFREG, stat.S_IFDIR]
    assert seen[1][1] == ["x.mid"]


def test_free_names_count_up(tmp_path, monkeypatch):
    """Nothing is overwritten where nobody named a file."""
    monkeypatch.chdir(tmp_path)
    names = [str(write_free("melody", ".mid", bytes([k]))) for k in range(3)]
    assert names == ["melody.mid", "melody-2.mid", "melody-3.mid"]
    assert [Path(name).read_bytes() for name in names] == [b"\0", b"\1", b"\2"]


def test_a_long_run_is_told_early(tmp_path):
    """What could not be written at the end is refused at the start."""
    (tmp_path / "old.safetensors").write_bytes(b"")
    check_writable(tmp_path / "new.safetensors")
    check_writable(tmp_path / "old.safetensors", force=True)
    with pytest.raises(OutputError, match="already there"):
        check_writable(tmp_path / "old.safetensors")
    with pytest.raises(OutputError, match="there is no folder"):
        check_writable(tmp_path / "no" / "new.safetensors")
    with pytest.raises(OutputError, match="a folder"):
        check_writable(tmp_path)
    with pytest.raises(OutputError, match=r"^/proc/x: /proc belongs to the system and takes no files"):
        check_writable(Path("/proc/x"))
    with pytest.raises(OutputError, match=r"^/dev/null: a device, which keeps nothing; name a file$"):
        check_writable(Path("/dev/null"), force=True)
