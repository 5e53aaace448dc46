"""stdin, stdout and stderr as one object that every command is given.

Conventions
    stdout      the result alone: bytes, lines or JSON lines.
    stderr      talk: what happens, warnings, drawings. `quiet` leaves errors only.
    text        whatever comes out of a file or a command line goes through `plain`: no control sequence
                reaches a terminal, and nothing is ever read as markup.

Contents: Console; amount (a number of things in words), plain, reason (of an OSError).
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TextIO, TypeVar

from melodyrnn.errors import OptionError, OutputError, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rich.progress import Progress


_OVER: Final = object()
_UNTOLD: Final = 0.3  # seconds of waiting of which nothing is said
MAX_STDIN: Final = 64 << 20  # bytes; no melody is larger
_Item = TypeVar("_Item")


def amount(count: int, thing: str) -> str:
    """Tell a number of things.

    >>> amount(1, "note"), amount(2, "melody"), amount(1_000, "file")
    ('1 note', '2 melodies', '1,000 files')
    """
    if count == 1:
        return f"1 {thing}"
    return f"{count:,} {thing[:-1]}ies" if thing.endswith("y") else f"{count:,} {thing}s"


def plain(text: str) -> str:
    r"""Make a text of unknown origin harmless: one line, control characters escaped.

    >>> plain("jig \x1b[31mred\n")
    'jig \\x1b[31mred\\n'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def reason(error: OSError) -> str:
    """Why the system did not write, with the next move where there is one."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "no space left on the device; make room and run it again"
    return error.strerror or str(error)


@dataclass(slots=True)
class Console:
    """The three streams and how much is said on them. A stream that the caller has closed is None."""

    stdin: BinaryIO | None
    stdout: TextIO | None
    stderr: TextIO | None
    environ: Mapping[str, str] = field(default_factory=dict)
    _bar: Progress | None = field(default=None, init=False, repr=False)  # that is on the terminal now
    quiet: bool = False
    verbose: bool = False
    json: bool = False

    @classmethod
    def of_process(cls) -> Console:
        """The console of this process, as its streams are now."""
        return cls(getattr(sys.stdin, "buffer", None), sys.stdout, sys.stderr, os.environ)

    def settle(self, *, quiet: bool = False, verbose: bool = False, json: bool = False) -> Console:
        """Take over what a command's options say, and return itself."""
        self.quiet, self.verbose, self.json = quiet, verbose and not quiet, json
        return self

    # the result, on stdout

    @property
    def to_terminal(self) -> bool:
        """Whether the result would be printed on a terminal."""
        return _is_terminal(self.stdout)

    def data(self, content: bytes) -> None:
        """Write bytes to stdout; never to a terminal."""
        if self.to_terminal:
            raise OptionError("-o", "stdout is a terminal: name a file, or pipe the result into a program")
        stream = self._stdout()
        binary = getattr(stream, "buffer", None)
        if binary is None:
            raise OutputError("stdout takes text only; name a file with -o")
        with self._told():
            binary.write(content)
            binary.flush()

    def lines(self, texts: Iterable[str]) -> None:
        """Write lines of text to stdout."""
        stream = self._stdout()
        for text in texts:
            line = _speakable(plain(text), stream) + "\n"
            with self._told():
                stream.write(line)
        with self._told():
            stream.flush()

    def record(self, facts: Mapping[str, Any]) -> None:
        """Write one JSON object as a line of stdout."""
        self.lines([json.dumps(facts, allow_nan=False)])

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say of what cannot be written that it was stdout; a reader that has gone is no failure to tell."""
        try:
            yield
        except (BrokenPipeError, ConnectionResetError):
            raise
        except OSError as error:
            self.abandon()  # Python must not try again at exit
            raise OutputError(f"stdout: cannot be written: {reason(error)}") from error

    def _stdout(self) -> TextIO:
        if self.stdout is None or self.stdout.closed:
            raise OutputError("stdout is closed; name a file with -o")
        return self.stdout

    # talk, on stderr

    @property
    def interactive(self) -> bool:
        """Whether someone watches stderr on a terminal that can be drawn on."""
        return _is_terminal(self.stderr) and not self.quiet and self.environ.get("TERM") != "dumb"

    @property
    def colour(self) -> bool:
        """Whether stderr takes colours (NO_COLOR and TERM=dumb are kept)."""
        return self.interactive and not self.environ.get("NO_COLOR")

    @property
    def unicode(self) -> bool:
        """Whether stderr can show block characters."""
        return _speaks_unicode(self.stderr)

    @property
    def out_unicode(self) -> bool:
        """Whether stdout can."""
        return _speaks_unicode(self.stdout)

    @property
    def width(self) -> int:
        """Columns of the terminal."""
        return max(20, min(shutil.get_terminal_size().columns, 120))

    @property
    def height(self) -> int:
        """Lines of the terminal."""
        return shutil.get_terminal_size().lines

    def say(self, text: str) -> None:
        """Tell the user, unless asked to be quiet."""
        if not self.quiet:
            self._talk(plain(text))

    def detail(self, text: str) -> None:
        """Tell the user who asked for more."""
        if self.verbose:
            self._talk(plain(text))

    def warn(self, text: str) -> None:
        """Tell the user that something was not as it should be."""
        self.say(f"melodyrnn: warning: {text}")

    def error(self, text: str) -> None:
        """Tell the user why it failed, always."""
        self._talk(f"melodyrnn: error: {plain(text)}")

    def draw(self, lines: Iterable[str]) -> None:
        """Put one of our own drawings, colours included, on stderr. Never for texts out of files."""
        if not self.quiet:
            for line in lines:
                self._talk(line)

    def _talk(self, line: str) -> None:
        """Write a line to stderr; when nobody can hear, talk is not worth failing for."""
        if self.stderr is None or self.stderr.closed:
            return
        bar, self._bar = self._bar, None
        if bar is not None:  # it goes for as long as something is said
            bar.stop()
        try:
            self.stderr.write(_speakable(line, self.stderr) + "\n")
            self.stderr.flush()
        except OSError:
            self.stderr = None
            return
        if bar is not None:
            bar.start()
            self._bar = bar

    def progress(self, items: Iterable[_Item], *, doing: str, total: int | None = None) -> Iterator[_Item]:
        """Yield the items; on a terminal, show how many have come."""
        if not self.interactive:
            yield from items
            return
        # rich costs more to import than most commands take; only a terminal that watches pays for it
        from rich.console import Console as RichConsole  # noqa: PLC0415
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

        text = TextColumn("{task.description}", markup=False)
        columns = (text, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=RichConsole(file=self.stderr), transient=True) as bar:
            self._bar = bar
            try:
                yield from bar.track(items, total=total, description=plain(doing))
            finally:
                self._bar = None

    @contextmanager
    def waiting(self, doing: str) -> Iterator[None]:
        """While the block runs, say on a terminal that it does, and since when; nothing is left of it."""
        if not self.interactive:
            yield
            return
        done = threading.Event()
        clock = threading.Thread(target=self._count, args=(plain(doing), done), daemon=True)
        clock.start()
        try:
            yield
        finally:
            done.set()
            clock.join()

    def waited(self, items: Iterable[_Item], doing: str) -> Iterator[_Item]:
        """Yield the items; say while each is waited for."""
        rest = iter(items)
        while True:
            with self.waiting(doing):
                item = next(rest, _OVER)
            if item is _OVER:
                return
            yield item  # type: ignore[misc]

    def _count(self, doing: str, done: threading.Event) -> None:
        """Write the seconds over each other until it is done."""
        begun, shown = time.monotonic(), False
        while not done.wait(_UNTOLD):
            shown = self._put(f"\r{doing}, {time.monotonic() - begun:.0f} s\x1b[K") or shown
        if shown:
            self._put("\r\x1b[K")

    def _put(self, text: str) -> bool:
        """Write to stderr as it is; whether that could be done."""
        try:
            if self.stderr is None or self.stderr.closed:
                return False
            self.stderr.write(text)
            self.stderr.flush()
        except OSError:
            return False
        return True

    # stdin

    def read(self) -> bytes:
        """Read all of stdin."""
        if self.stdin is None or self.stdin.closed:
            raise Unreadable("-", "unreadable", "stdin is closed; pipe a file into it")
        if _is_terminal(self.stdin):
            raise OptionError("-", "stdin is a terminal: name a file, or pipe one into melodyrnn")
        content = self.stdin.read(MAX_STDIN + 1)
        if len(content) > MAX_STDIN:
            raise Unreadable("-", "too-large", f"more than {MAX_STDIN >> 20} MB on stdin")
        return content

    def finish(self) -> None:
        """Flush stdout; raise OutputError when it takes no more."""
        with self._told():
            if self.stdout is not None and not self.stdout.closed:
                self.stdout.flush()

    def abandon(self) -> None:
        """Point stdout at nothing: its reader has gone, or its disk is full."""
        try:
            descriptor = self.stdout.fileno() if self.stdout is not None else -1
        except (OSError, ValueError):
            return  # a stream of a test has no descriptor, and no flush at exit either
        if descriptor >= 0:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, descriptor)
            os.close(nowhere)


def _speaks_unicode(stream: TextIO | None) -> bool:
    return "utf" in (getattr(stream, "encoding", None) or "").lower()


def _is_terminal(stream: TextIO | BinaryIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()


def _speakable(text: str, stream: TextIO) -> str:
    """Escape what the stream's encoding cannot say."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
