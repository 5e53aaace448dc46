"""What we ask of the operating system: child processes, durable names, locks, temporary folders, held-back signals.

Conventions
    children    import nothing from the current directory, where a stranger's json.py may lie beside the tunes.
    locks       advisory (flock), held by a process and gone with it: what a killed run leaves behind blocks nobody.

Why no ProcessPoolExecutor: a child that is killed while it hands over a result leaves half of it in the pipe shared by
all, and the pool waits for the rest for ever. Here each child has a pipe of its own, which ends with it.

Contents: processors, import_path, user_folder, deal, Helper, safe_imports, deaf_to_ctrl_c; sync_folder; lock_file,
only_one, scratch; undisturbed, held_back.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from melodyrnn.errors import Locked, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

Item = TypeVar("Item")
Result = TypeVar("Result")

_SAFE: Final = "PYTHONSAFEPATH"
_STARTING: Final = threading.Lock()
"""Held while children start, for the environment and the path that they inherit belong to all threads."""


def processors() -> int:
    """Processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def import_path() -> str:
    """PYTHONPATH for a Python that we start with -P: what this one sees, the current directory left out.

    If melodyrnn itself lies there, it comes last: nothing beside it stands in for a module of Python or a package.
    """
    root = str(Path(__file__).resolve().parents[1])
    try:
        here = str(Path.cwd())
    except FileNotFoundError:  # removed: nothing can be imported from it
        here = ""
    seen = [entry for entry in sys.path if entry and str(Path(entry).absolute()) != here]
    return os.pathsep.join(seen if root in seen else [*seen, root])


def user_folder(kind: Literal["cache", "data"]) -> Path | None:
    """Where this system keeps what belongs to a user and a program; None for a user without a home folder."""
    import platformdirs  # noqa: PLC0415 - most commands need no such folder

    try:
        found = Path(getattr(platformdirs, f"user_{kind}_dir")("melodyrnn"))
    except RuntimeError:  # no home folder, by environment or by account
        return None
    return found if found.is_absolute() else None


def deal(work: Callable[[Sequence[Item]], Iterable[Result]], items: Sequence[Item], jobs: int) -> Iterator[Result]:
    """Deal items to `jobs` spawned processes, in turn; yield what comes of each, in order.

    `work` gives a result for each item of its share, as it is ready. What it raises is raised here; ChildProcessError
    when a process is killed. The processes end with us, however we end.
    """
    team: list[tuple[SpawnProcess, Connection]] = []
    try:
        with safe_imports(), deaf_to_ctrl_c():
            team.extend(_started() for _ in range(jobs))
        for first, (_, end) in enumerate(team):  # not as arguments: so much takes until the child reads it
            _send(end, (work, items[first::jobs]))
        for position in range(len(items)):
            yield _received(team[position % jobs][1])
    finally:
        for child, _ in team:
            child.terminate()  # nothing is written there that could be left half done
        for child, end in team:
            child.join()
            end.close()


class Helper:
    """A child process that does one piece of work after another, while we do something else.

    `work` makes an answer of an order; what it raises is the answer then. The child ends with us.
    """

    def __init__(self, work: Callable[[Any], Any]) -> None:
        self._work = work
        self._child: SpawnProcess | None = None
        self._end: Connection | None = None
        self.busy = False  # an order has not been answered

    def order(self, order: object) -> None:
        """Hand over an order, to be answered after those before; a child that has died is started anew."""
        if self._child is None or not self._child.is_alive():
            self.close()
            with safe_imports(), deaf_to_ctrl_c():
                self._child, self._end = _started(_attend)
            _send(self._end, self._work)
        assert self._end is not None  # noqa: S101 - it comes with the child
        _send(self._end, order)
        self.busy = True

    def answer(self, seconds: float = 0.0) -> Any:
        """The next answer, None where none comes in time. Raises ChildProcessError when the child has died."""
        if self._end is None or not self.busy or not self._end.poll(seconds):
            return None
        self.busy = False
        try:
            return self._end.recv()
        except (EOFError, OSError):
            raise ChildProcessError("killed at work") from None

    def close(self) -> None:
        """End the child."""
        if self._child is not None and self._end is not None:
            self._child.terminate()
            self._child.join()
            self._end.close()
        self._child, self._end, self.busy = None, None, False


def _attend(end: Connection) -> None:
    """In a child: answer orders until nobody is left who gives any."""
    _follow_parent()
    try:
        work = end.recv()
        while True:
            order = end.recv()
            try:
                answer = work(order)
            except Exception as error:  # noqa: BLE001 - it is the answer
                answer = error
            end.send(answer)
    except (EOFError, OSError):
        return


def _started(target: Callable[[Connection], None] | None = None) -> tuple[SpawnProcess, Connection]:
    """A child that waits for work, and our end of the pipe to it."""
    from multiprocessing import get_context  # noqa: PLC0415 - only who has children waits for it

    context = get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=target or _serve, args=(theirs,), daemon=True)
    child.start()
    theirs.close()  # ours alone is left open here: the pipe ends with the child
    return child, ours


def _send(end: Connection, order: object) -> None:
    try:
        end.send(order)
    except OSError:
        raise ChildProcessError("killed before it had heard what to do") from None


def _received(end: Connection) -> Any:
    try:
        came = end.recv()
    except (EOFError, OSError):  # with what we sent read or not, and its answer begun or not
        raise ChildProcessError("killed at work") from None
    if isinstance(came, Exception):
        raise came
    return came


def _serve(end: Connection) -> None:
    """In a child: hear what is wanted, send what comes of it, or whatever is raised, and be done."""
    _follow_parent()
    try:
        work, share = end.recv()
    except (EOFError, OSError):
        return  # nobody is left who waits for it
    try:
        for result in work(share):
            end.send(result)
    except ConnectionError:
        return
    except Exception as error:  # noqa: BLE001 - raised again where the results are wanted
        end.send(error)


@contextmanager
def safe_imports() -> Iterator[None]:
    """Processes of multiprocessing that start in here import nothing from the current directory."""
    with _STARTING:
        before, path = os.environ.get(_SAFE), sys.path[:]
        os.environ[_SAFE] = "1"
        sys.path[:] = [entry for entry in path if entry]  # an empty one is the current directory to a child
        try:
            yield
        finally:
            sys.path[:] = path
            if before is None:
                del os.environ[_SAFE]
            else:
                os.environ[_SAFE] = before


@contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Children that start in here never hear of Ctrl-C, which a terminal sends to all: whoever starts them ends them.

    Otherwise one that is still importing ends in a traceback. We hear of it when the block is left.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing.resource_tracker import ensure_running  # noqa: PLC0415 - only who has children waits for it

    ensure_running()  # now, for when it starts it lets Ctrl-C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _follow_parent() -> None:
    """Begin as a child: die in silence on Ctrl-C, which a terminal sends to us too, and when the parent is gone."""
    import multiprocessing  # noqa: PLC0415 - only who has children waits for it
    from multiprocessing.connection import wait  # noqa: PLC0415

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = multiprocessing.parent_process()

    def follow() -> None:
        wait([parent.sentinel])  # type: ignore[union-attr]  # a child has one
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


_WITHOUT: Final = {errno.EACCES, errno.EPERM, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder survive a power cut, where the system can; raise OSError when its disk fails."""
    if os.name == "nt":  # which has no such thing and needs none
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # a folder that may be written, not read: the file is there all the same
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _WITHOUT:
            raise
    finally:
        os.close(descriptor)


_UNFINISHED: Final = r"\.{}(\.state)?\.[0-9a-f]{{8}}\.tmp"  # as checkpoint.file.write_whole calls them


@contextmanager
def only_one(output: Path, *, is_main: bool = True) -> Iterator[None]:
    """Hold an output's lock; followers of a team hold nothing. Raises Locked, or OutputError if it cannot be had."""
    if not is_main or os.name == "nt":  # no flock there; the rename of a state is still atomic
        yield
        return
    target = Path(os.path.realpath(output))  # by whatever name the output is called
    path = target.with_name(target.name + ".lock")
    descriptor = _locked(path, output)
    try:
        for folder, name in {(target.parent, target.name), (output.parent, output.name)}:
            _tidy(folder, name)
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def lock_file(descriptor: int, path: Path) -> bool:
    """Lock an open file or folder; say whether it is still the one at its path: what was removed locks nobody out.

    Raises BlockingIOError when another process holds it, OSError, ImportError on Windows, which has no such locks.
    """
    import fcntl  # noqa: PLC0415

    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return os.path.samestat(os.fstat(descriptor), path.stat())


def _locked(path: Path, output: Path) -> int:
    """A descriptor that holds the lock of the file that stands at this path now."""
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK, 0o666)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written ({error.strerror})") from error
        try:
            if lock_file(descriptor, path):  # else the run that held it has removed the file since we opened it
                return descriptor
        except FileNotFoundError:
            pass
        except BlockingIOError as error:
            os.close(descriptor)
            problem = "another training run is writing there; wait for it or choose another -o"
            raise Locked(f"{output}: {problem}") from error
        except OSError as error:
            os.close(descriptor)
            problem = f"cannot be locked ({error.strerror}); choose another -o, on a disk of this machine"
            raise OutputError(f"{path}: {problem}") from error
        os.close(descriptor)


def _tidy(folder: Path, name: str) -> None:
    """Remove what runs that were killed while writing have left."""
    pattern = re.compile(_UNFINISHED.format(re.escape(name)))
    for path in folder.iterdir():
        if pattern.fullmatch(path.name):
            path.unlink(missing_ok=True)


_PREFIX: Final = "melodyrnn-run-"
_MARK: Final = "in-use"


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder that is there as long as the block lasts; remove those of runs that were killed."""
    import tempfile  # noqa: PLC0415 - composing, which needs no such folder, does not wait for it

    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if _abandoned(left):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as name:
        folder = Path(name)
        with (folder / "new").open("w") as mark:
            with suppress(ImportError):
                lock_file(mark.fileno(), folder / "new")
            (folder / "new").rename(folder / _MARK)  # locked before anyone can see it
            yield folder


def _abandoned(folder: Path) -> bool:
    """Whether a folder is one of ours and its process has died."""
    try:
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            return False
        with (folder / _MARK).open() as mark:
            return lock_file(mark.fileno(), folder / _MARK)
    except (OSError, AttributeError, ImportError):  # made just now, or held, or a system without users or locks
        return False


_SIGNALS: Final = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def undisturbed() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back until the block is left; then they come. Only in the main thread.

    Raises FileNotFoundError where the working folder is gone: what torch loads would end the process there.
    """
    Path.cwd()
    with held_back():
        yield


@contextmanager
def held_back() -> Iterator[None]:
    """Hold signals that end a program back until the block is left. In other threads than the main one none come."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {number: signal.signal(number, lambda number, _frame: came.append(number)) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])
