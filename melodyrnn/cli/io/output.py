"""Where results go: decided before anything is composed, then written whole or not at all.

Conventions
    -o FILE         that file; its suffix says the format unless --format does.
    -o FOLDER/      a file for each melody.
    -o -            stdout, never a terminal.
    nothing         stdout when that is a pipe or a file, else a new file in the current folder.

    Nothing half-written is ever visible at the name asked for. An existing file is kept unless `force`.
    What exists and is no regular file (a FIFO, /dev/null) is written through, never replaced; so are the names of
    streams that are open already (/dev/stdout, /dev/fd/3, /proc/self/fd/3), whatever they lead to.
    The system's own folders (/proc, /sys) take no files, and the error says so.

    While it is written a file is hidden beside its target, with its writer's process number in its name, and locked.
    The next writer removes what killed ones have left (`tidy`; of many files in a row, the first is enough): only
    what bears our pattern, is locked by nobody and whose process is gone, for others may be writing there too.

Contents: Results, format_named, look_for_packages, results_of; writing, write_file, write_free, remove_left,
make_folder, refuse_existing, refuse_nowhere, check_writable; hold.
"""

from __future__ import annotations

import errno
import itertools
import os
import re
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from melodyrnn.cli.io.console import reason
from melodyrnn.errors import OptionError, OutputError
from melodyrnn.formats.registry import BY_NAME, OUTPUT_FORMATS, OUTPUT_SUFFIXES
from melodyrnn.formats.writing import left_out, refuse_missing
from melodyrnn.system import sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import BinaryIO

    from melodyrnn.cli.io.console import Console

_STEM: Final = "melody"
_MOST: Final = 100_000  # melodies of one run
_PATTERN: Final = r"(?s)\..*\.([1-9][0-9]{0,9})-[0-9a-f]{8}\.tmp"


class Results(NamedTuple):
    """Where the results go. With neither paths nor stdout: to names found free when they are written, or nowhere."""

    format: str
    paths: tuple[Path, ...] = ()  # one for each melody, or one that holds all
    stdout: bool = False
    free: bool = False  # new names in the current folder
    force: bool = False
    gathered: bool = False  # several melodies become one file
    going_on: bool = False  # files that are there already may be those of a stopped run

    def deliver(self, console: Console, index: int, content: bytes) -> str:
        """Write result number `index`; return the name of its file, '' when it has none."""
        if self.paths:
            path = self.paths[index]
            if self.going_on and path.is_file() and path.read_bytes() == content:
                return str(path)
            if not path.parent.is_dir():
                make_folder(path.parent)
            write_file(path, content, force=self.force, tidy=index == 0)
            return str(path)
        if self.free:
            return str(write_free(_STEM, OUTPUT_FORMATS[self.format], content, tidy=index == 0))
        if self.stdout:
            console.data(content)
        return ""


def format_named(text: str) -> str:
    """The format that is meant: its name, or a suffix of it (mid, xml); raise OptionError."""
    if text in OUTPUT_FORMATS:
        return text
    if (named := OUTPUT_SUFFIXES.get(f".{text.lower()}")) is None:
        raise OptionError("--format", f"{text}: must be one of {', '.join(OUTPUT_FORMATS)}")
    return named


def look_for_packages(console: Console, form: str) -> None:
    """Raise OutputError where a format cannot be written for want of a package; warn of what will be left out."""
    refuse_missing(form)
    if missing := left_out(form):
        console.warn(missing)


def results_of(
    console: Console, output: str | None, *, count: int = 1, format: str | None = None, force: bool = False,
    goes_on: Callable[[str, Sequence[Path]], bool] | None = None,
) -> Results:  # fmt: skip
    """Decide where `count` results go; raise OptionError or OutputError for what cannot work, before any is made.

    `goes_on`, of the format and the paths, says whether files that are there already are looked at later.
    """
    wanted = None if format is None else format_named(format)
    if count < 1:
        raise OptionError("-n", f"{count} melodies cannot be written; give 1 or more")
    if count > _MOST:
        raise OptionError("-n", f"{count} melodies are too many for one run, at most {_MOST:,}; go on with --seed")
    if output == "":
        raise OptionError("-o", "names no file; leave it out, or name one")
    if output is None or output == "-":
        look_for_packages(console, wanted or "midi")
        return _streamed(console, output, count, wanted or "midi")
    path = Path(output)
    if output.endswith(("/", os.sep)) or path.is_dir() or (count > 1 and not path.suffix and not path.exists()):
        if path.exists() and not path.is_dir():
            raise OutputError(f"{path}: not a folder; choose another name")
        refuse_nowhere(path)
        kind = wanted or "midi"
        paths = tuple(path / f"{_STEM}-{k:0{len(str(count))}d}{OUTPUT_FORMATS[kind]}" for k in range(1, count + 1))
    else:
        kind = wanted or _by_suffix(path)
        if (said := OUTPUT_SUFFIXES.get(path.suffix.lower(), kind)) != kind:
            raise OptionError("-o", f"{path} would hold {kind}, not {said}; end it in {OUTPUT_FORMATS[kind]}")
        paths = (path,)
        if count > 1 and not BY_NAME[kind].gathers:
            raise OptionError("-o", f"{path} is one file and there are {count} melodies: name a folder, {path.stem}/")
        refuse_nowhere(path)
    look_for_packages(console, kind)
    going_on = goes_on is not None and not force and goes_on(kind, paths)
    refuse_existing(() if going_on else paths, force=force)
    return Results(kind, paths, force=force, gathered=len(paths) < count, going_on=going_on)


def _streamed(console: Console, output: str | None, count: int, kind: str) -> Results:
    """Where results go when no file is named."""
    if console.json:
        if output == "-":
            raise OptionError("-o", "the JSON lines of --json already go to stdout: name a file")
        return Results(kind)
    if output is None and console.to_terminal:
        return Results(kind, free=True)
    if console.to_terminal:
        raise OptionError("-o", "stdout is a terminal: name a file, or pipe the result into a program")
    if count > 1 and not BY_NAME[kind].gathers:
        raise OptionError("-o", f"{count} melodies do not fit into one stream: name a folder, -o out/")
    return Results(kind, stdout=True, gathered=count > 1)


def _by_suffix(path: Path) -> str:
    """The format that a file's name asks for; a name without a suffix is MIDI."""
    if not path.suffix or path.parts[:2] == ("/", "dev"):
        return "midi"
    kind = OUTPUT_SUFFIXES.get(path.suffix.lower())
    if kind is None:
        *most, last = OUTPUT_FORMATS.values()
        problem = f"{path}: {path.suffix} cannot be written; end it in {', '.join(most)} or {last}, or give --format"
        raise OptionError("-o", problem)
    return kind


def make_folder(folder: Path) -> None:
    """Make a folder for results, unless it is there; raise OutputError."""
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made: {error.strerror}") from error


def hold(descriptor: int) -> bool:
    """Lock an open file as long as it is open; says whether that could be done, where the system has such locks."""
    try:
        import fcntl  # noqa: PLC0415 - not on Windows

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):  # held by another, or a file system without locks
        return False
    return True


def remove_left(folder: Path) -> None:
    """Remove what writers that were killed have left in a folder; what cannot be removed stays, silently."""
    if os.name == "nt":  # to ask for a process there would end it
        return
    with suppress(OSError):
        for name in os.listdir(folder):  # noqa: PTH208 - names alone: a folder may hold many files
            match = re.fullmatch(_PATTERN, name) if name.startswith(".") and name.endswith(".tmp") else None
            if match and not _alive(int(match[1])):
                _remove(folder / name)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # it is another user's
        return True
    return True


def _remove(path: Path) -> None:
    """Remove a regular file that nobody holds."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        try:
            if stat.S_ISREG(os.fstat(descriptor).st_mode) and hold(descriptor):
                path.unlink()
        finally:
            os.close(descriptor)


def refuse_existing(paths: Iterable[Path], *, force: bool) -> None:
    """Raise OutputError if one of the files is there already and may not be replaced."""
    for path in paths:
        if _is_stream(path):
            continue
        _refuse_system(path)
        if not force and path.is_file():
            raise OutputError(f"{path}: already there; choose another name, or --force to replace it")


def refuse_nowhere(path: Path) -> None:
    """Raise OutputError if the folder that shall take a file is not there."""
    folder = Path(os.path.realpath(path)).parent
    if _is_stream(path) or folder.is_dir():
        return
    shown = path.parent if path.parent.parts else folder
    if folder.exists():
        raise OutputError(f"{path}: {shown} is a file, not a folder; choose another name")
    raise OutputError(f"{path}: there is no folder {shown}; make it first")


@contextmanager
def writing(path: Path, *, force: bool = False, tidy: bool = True) -> Iterator[BinaryIO]:
    """A stream to a file that appears as a whole when the block ends well; raise OutputError when it cannot."""
    if path.is_dir():
        raise OutputError(f"{path}: a folder; name a file in it")
    special = _is_stream(path)
    if not special:
        _refuse_system(path)
    elif not path.exists():
        raise OutputError(f"{path}: there is no such device or open stream; name a file elsewhere")
    # A link stays a link: the file it leads to is the one that is written.
    target = path if special else Path(os.path.realpath(path))
    try:
        with _through(target) if special else _whole(target, force=force, tidy=tidy) as stream:
            yield stream
    except FileExistsError as error:
        raise OutputError(f"{path}: already there; choose another name, or --force to replace it") from error
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {_why(error, path)}") from error


def write_file(path: Path, content: bytes, *, force: bool = False, tidy: bool = True) -> None:
    """Write a file as a whole; raise OutputError when that cannot be done."""
    with writing(path, force=force, tidy=tidy) as stream:
        stream.write(content)


def write_free(stem: str, suffix: str, content: bytes, *, tidy: bool = True) -> Path:
    """Write to the first of stem.suffix, stem-2.suffix … in the current folder that is not there; return it."""
    for number in itertools.count(1):
        path = Path(stem + (f"-{number}" if number > 1 else "") + suffix)
        if os.path.lexists(path):
            continue
        try:
            with _whole(path, force=False, tidy=tidy) as stream:
                stream.write(content)
        except FileExistsError:
            continue  # another run took the name between the look and the write
        except OSError as error:
            raise OutputError(f"{path}: cannot be written: {_why(error, path)}") from error
        return path
    raise AssertionError("count() never ends")


def check_writable(path: Path, *, force: bool = False) -> None:
    """Raise OutputError if a long run could not put its result there in the end."""
    if path.is_dir():
        raise OutputError(f"{path}: a folder; name a file in it")
    if path.is_char_device() or path.is_block_device():
        raise OutputError(f"{path}: a device, which keeps nothing; name a file")
    _refuse_system(path)
    refuse_nowhere(path)
    folder = Path(os.path.realpath(path)).parent
    if not os.access(folder, os.W_OK):
        raise OutputError(f"{path}: the folder {folder} cannot be written to")
    refuse_existing([path], force=force)


@contextmanager
def _whole(path: Path, *, force: bool, tidy: bool) -> Iterator[BinaryIO]:
    """A new file beside the target: filled, synced, and given the name in one step when all went well."""
    if tidy:
        remove_left(path.parent)
    part = path.with_name(f".{path.name[:100]}.{os.getpid()}-{os.urandom(4).hex()}.tmp")
    # 0o666 here means 0o666 less the umask: what any other program's new file would get.
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            hold(descriptor)
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        _give_name(part, path, force=force)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)


def _give_name(part: Path, path: Path, *, force: bool) -> None:
    """Name a finished file, by force or if the name is free: a link refuses others in one step, a rename would not."""
    if force:
        part.replace(path)
        return
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        part.replace(path)


@contextmanager
def _through(path: Path) -> Iterator[BinaryIO]:
    """A pipe or a device, written as it is."""
    with path.open("wb") as stream:
        if stream.isatty():
            raise OptionError("-o", f"{path} is a terminal: name a file, or pipe the result into a program")
        yield stream


def _is_stream(path: Path) -> bool:
    """Whether a name stands for a pipe, a device, or a stream that is open already."""
    where = path.parent.parts
    named = where in {("/", "dev"), ("/", "dev", "fd")} or (where[:2] == ("/", "proc") and where[-1] == "fd")
    return named or (path.exists() and not path.is_file() and not path.is_dir())


def _refuse_system(path: Path) -> None:
    """Raise OutputError for a name where the system shows itself: nothing can be made or replaced there."""
    folder = Path(os.path.realpath(path)).parts[:2]
    if folder in {("/", "proc"), ("/", "sys")}:
        raise OutputError(f"{path}: /{folder[1]} belongs to the system and takes no files; name one elsewhere")


def _why(error: OSError, path: Path) -> str:
    """The system's reason, with the next move where there is one."""
    if error.errno == errno.ENOENT and not Path(os.path.realpath(path)).parent.is_dir():
        return "there is no such folder; make it first"
    if error.errno == errno.ENOENT:
        return "its folder takes no files; name one elsewhere"
    if error.errno in {errno.ENXIO, errno.ENODEV}:
        return "nothing stands behind this name now; name a file"
    return reason(error)
