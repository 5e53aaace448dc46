"""The command line: the app, and main(), the one place where errors become exit statuses.

Conventions
    Each command lives in the module of its name and is imported when it is asked for, so that `--help` and
    completion wait for nothing. Commands get their streams as a Console in `context.obj`.

Contents: main, run; commands as COMMANDS names them.
"""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NoReturn

from melodyrnn.cli.io import ExitStatus, Terminated

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from melodyrnn.cli.io.console import Console

__all__ = ["main", "run"]


_OBJECTS: Final = 20_000
"""New objects before Python looks for cycles: with its usual 700 a fortieth of a first melody is waiting for that."""


def main() -> NoReturn:
    """Run the command line of this process and exit with its status."""
    try:
        # Before any heavy import: from here on every signal ends in one line, not in a traceback out of an import.
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _terminate)
        # NumPy reads this when it is imported. Its threads wait for each other longer than a melody's products take,
        # and to start them takes a quarter of the time of the import.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        # No process that we or a library of ours start imports from the folder of the user's tunes.
        os.environ["PYTHONSAFEPATH"] = "1"
        gc.set_threshold(_OBJECTS)
        status = run(sys.argv[1:])
    except KeyboardInterrupt:  # before there was anything to stop, or while leaving
        status = ExitStatus.INTERRUPTED
    except Terminated:
        status = ExitStatus.TERMINATED
    for number in (signal.SIGINT, signal.SIGTERM):  # all is done: no traceback out of Python's own leaving
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    gc.freeze()  # Python, leaving, shall not look for cycles in what goes with the process anyway
    if status in {ExitStatus.INTERRUPTED, ExitStatus.TERMINATED}:
        # Python ends itself by SIGINT, not by our status, if Ctrl-C ever passed through an exec of a library import.
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(status)
    sys.exit(int(status))


def run(arguments: Sequence[str], console: Console | None = None) -> ExitStatus:
    """Run a command and say how it ended; errors are told on the console's stderr."""
    from melodyrnn.cli.io.console import Console  # noqa: PLC0415

    console = console or Console.of_process()
    try:
        status = _invoke(arguments, console)
        console.finish()
    except (BrokenPipeError, ConnectionResetError):
        console.abandon()  # the reader has what it wanted: nothing to say
        return ExitStatus.FAILED
    except KeyboardInterrupt:
        console.error("interrupted")
        return ExitStatus.INTERRUPTED
    except Terminated:
        console.error("terminated")
        return ExitStatus.TERMINATED
    except Exception as error:  # noqa: BLE001 - the boundary: whatever it is, the user gets a line and a status
        return _explain(error, console)
    return status


def _invoke(arguments: Sequence[str], console: Console) -> ExitStatus:
    """Parse and run; Typer's own errors are told here, for only here Typer is imported."""
    import typer  # noqa: PLC0415

    from melodyrnn.cli.app import app  # noqa: PLC0415

    try:
        result = app(list(arguments), prog_name="melodyrnn", standalone_mode=False, obj=console)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        page = f"{context.command_path} --help" if context is not None else "melodyrnn --help"
        said = _instead(error) or error.format_message().strip().rstrip(".")
        console.error(f"{said} (see {page})")
        return ExitStatus.USAGE
    except typer.Abort:
        return ExitStatus.INTERRUPTED
    except SystemExit as leaving:  # Typer leaves so after a closed pipe and after completion
        return ExitStatus(leaving.code if isinstance(leaving.code, int) else 0)
    if result == ExitStatus.INTERRUPTED and not isinstance(result, ExitStatus):
        raise KeyboardInterrupt  # which Typer has turned into a number; a command that stopped well says so itself
    return ExitStatus(result) if isinstance(result, int) else ExitStatus.DONE


def _instead(error: Exception) -> str:
    """What an option of another program is called here; '' where that is not known."""
    from melodyrnn.controls import every  # noqa: PLC0415

    asked = getattr(error, "option_name", "")
    found = [control.option.name for control in every().values() if asked in control.option.elsewhere]
    return f"No such option: {asked} (it is {found[0]} here)" if found else ""


def _explain(error: Exception, console: Console) -> ExitStatus:
    """Tell the user what went wrong; a bug of ours comes with its traceback."""
    from melodyrnn.errors import MelodyRNNError, OptionError  # noqa: PLC0415

    if os.environ.get("MELODYRNN_DEBUG") == "1":
        raise error
    if isinstance(error, OSError):
        console.abandon()  # if stdout is what failed, Python must not try again at exit
    if isinstance(error, MelodyRNNError | OSError):
        said = _sentence(error)
        console.error(said if isinstance(error, OptionError) or _GONE in said else said + _folder_gone())
        return ExitStatus.USAGE if isinstance(error, OptionError) else ExitStatus.FAILED
    if isinstance(error, MemoryError):
        console.error("out of memory; ask for less at once, or close other programs")
        return ExitStatus.FAILED
    import traceback  # noqa: PLC0415

    from melodyrnn.cli.io.console import plain  # noqa: PLC0415

    for line in "".join(traceback.format_exception(error)).splitlines():
        console.draw([plain(line)])
    console.error("this is a bug in melodyrnn: please report it with these lines and the command you gave")
    return ExitStatus.FAILED


def _sentence(error: Exception) -> str:
    """One line: what an error of ours says, or where and why the system refused."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error) or type(error).__name__
    where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
    if isinstance(error, FileNotFoundError) and not where:  # only the system's own look at where we are names no file
        return _GONE
    return f"{where}{error.strerror}" + ("; allow more with ulimit -n" if error.errno == errno.EMFILE else "")


_GONE: Final = "the working folder is gone; change to another"


def _folder_gone() -> str:
    """Why no relative name is found, where that is why."""
    with suppress(PermissionError):
        try:
            os.getcwd()  # noqa: PTH109 - pathlib may not be loaded
        except FileNotFoundError:
            return f"; {_GONE}"
    return ""


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated
