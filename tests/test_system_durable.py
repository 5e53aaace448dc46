"""Names that outlive a power cut."""

import errno
import os
import stat

import pytest

from melodyrnn.checkpoint.file import write_whole
from melodyrnn.cli.io.output import write_file
from melodyrnn.corpus.replacing import growing, put
from melodyrnn.errors import OutputError


def replace_folder(path, data):
    """Write a folder that holds one file."""
    with growing(path) as part:
        (part / "one").write_bytes(data)
        put(part, path)


@pytest.mark.parametrize("write", [write_whole, write_file, replace_folder])
def test_a_folder_that_cannot_be_synced(tmp_path, monkeypatch, write):
    """Where the system has no such thing, what is written stands; where the disk fails, that is said."""
    why = [errno.EINVAL]

    def fsync(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(why[0], os.strerror(why[0]))

    monkeypatch.setattr(os, "fsync", fsync)
    write(tmp_path / "x", b"new")
    assert os.listdir(tmp_path) == ["x"]  # noqa: PTH208
    why[0] = errno.EIO
    with pytest.raises((OutputError, OSError), match="Input/output error"):
        write(tmp_path / "y", b"new")
