"""The boundary: every error becomes one line and a status."""

from __future__ import annotations

import pytest

from melodyrnn.cli import run
from melodyrnn.cli.io import EPILOG, ExitStatus, Terminated
from melodyrnn.cli.io.console import Console
from melodyrnn.errors import CheckpointError, OptionError, Unsatisfiable

from .conftest import stream


def failing(monkeypatch, error):
    """Run a command that raises an error; the status and what was said."""

    def broken(*_, **__):
        raise error

    monkeypatch.setattr("melodyrnn.cli.app.app", broken)
    err = stream()
    status = run(["generate"], Console(None, stream(), err, {}))
    err.flush()
    return status, err.buffer.getvalue().decode()


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (OptionError("--bars", "0 is too few"), 2, "melodyrnn: error: --bars: 0 is too few\n"),
        (Unsatisfiable("--range", "holds no note"), 2, "melodyrnn: error: --range: holds no note\n"),
        (CheckpointError("x.safetensors: cut short"), 1, "melodyrnn: error: x.safetensors: cut short\n"),
        (FileNotFoundError(2, "No such file or directory", "a\x1bb"), 1,
         "melodyrnn: error: a\\x1bb: No such file or directory\n"),
        (OSError("odd"), 1, "melodyrnn: error: odd\n"),
        (MemoryError(), 1, "melodyrnn: error: out of memory; ask for less at once, or close other programs\n"),
        (KeyboardInterrupt(), 130, "melodyrnn: error: interrupted\n"),
        (Terminated(), 143, "melodyrnn: error: terminated\n"),
        (BrokenPipeError(32, "Broken pipe"), 1, ""),
    ],
)  # fmt: skip
def test_each_error_has_its_status_and_its_line(monkeypatch, error, status, text):
    """One line on stderr, and the status that the help page promises."""
    monkeypatch.delenv("MELODYRNN_DEBUG", raising=False)
    assert failing(monkeypatch, error) == (status, text)


def test_a_bug_shows_its_traceback_and_where_to_report(monkeypatch):
    """What nobody foresaw is told in full."""
    monkeypatch.delenv("MELODYRNN_DEBUG", raising=False)
    status, text = failing(monkeypatch, IndexError("oh"))
    assert status == ExitStatus.FAILED
    assert text.startswith("Traceback (most recent call last):\n")
    assert text.endswith(
        "IndexError: oh\n"
        "melodyrnn: error: this is a bug in melodyrnn: please report it with these lines and the command you gave\n"
    )


def test_debug_raises(monkeypatch):
    """MELODYRNN_DEBUG=1 lets every error through, a user's mistake too."""
    monkeypatch.setenv("MELODYRNN_DEBUG", "1")
    with pytest.raises(CheckpointError):
        failing(monkeypatch, CheckpointError("x"))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["foo"], "No such command 'foo' (see melodyrnn --help)"),
        (["genrate"], "No such command 'genrate'. Did you mean 'generate'? (see melodyrnn --help)"),
        (["inspect"], "Missing argument 'FILE' (see melodyrnn inspect --help)"),
        (["inspect", "--foo", "x"], "No such option: --foo (see melodyrnn inspect --help)"),
        (["corpus", "lisst"], "No such command 'lisst'. Did you mean 'list'? (see melodyrnn corpus --help)"),
    ],
)  # fmt: skip
def test_wrong_use_is_one_line(command, arguments, text):
    """Wrong options end with status 2, the reason and the page to read."""
    ended = command(*arguments)
    assert (ended.status, ended.err, ended.out) == (2, f"melodyrnn: error: {text}\n", "")


def test_no_command_is_wrong_use_with_help(command, capsys):
    """`melodyrnn` alone shows the page on stderr: stdout is for results."""
    assert command().status == ExitStatus.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Usage: melodyrnn [OPTIONS] COMMAND [ARGS]...")
    assert EPILOG in err


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_goes_to_stdout(command, capsys, flag):
    """Asked for, the page is the result."""
    assert command(flag).status == ExitStatus.DONE
    out, err = capsys.readouterr()
    assert out.startswith("Usage: melodyrnn")
    assert err == ""


def test_version(command, capsys):
    """--version says the version of the package."""
    import melodyrnn  # noqa: PLC0415

    assert command("--version").status == ExitStatus.DONE
    assert capsys.readouterr().out == f"melodyrnn {melodyrnn.__version__}\n"


def test_every_status_is_in_the_epilog():
    """The table and the help page agree."""
    assert EPILOG == "Exit status: 0 done, 1 failed, 2 wrong use, 130 interrupted, 143 terminated."
    assert all(str(status.value) in EPILOG for status in ExitStatus)
