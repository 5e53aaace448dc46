"""Single keys from a terminal, while something goes on.

Contents: Keys (a context manager), KEYS (what they are called).
"""

from __future__ import annotations

import os
import select
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Final, Self

with suppress(ImportError):  # Windows has none
    import termios
    import tty

if TYPE_CHECKING:
    from melodyrnn.cli.io.console import Console

KEYS: Final = {b" ": "pause", b"q": "quit", b"Q": "quit", b"\x1b[C": "right", b"\x1b[D": "left", b"\x1bOC": "right",
               b"\x1bOD": "left"}  # fmt: skip
"""What a terminal sends → what is meant."""


class Keys:
    """The keys of the terminal that someone sits at, even where stdin is a pipe; none where there is no terminal."""

    def __init__(self, console: Console) -> None:
        self._wanted = console.interactive and os.name == "posix"
        self._terminal = -1
        self._left = ExitStack()

    def __enter__(self) -> Self:
        if self._wanted:
            self._open()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.close()

    @property
    def there(self) -> bool:
        """Whether keys can be pressed."""
        return self._terminal >= 0

    def pressed(self, seconds: float) -> str:
        """Wait so long for a key; a value of KEYS, or '' for none of them."""
        if not self.there:
            time.sleep(seconds)
            return ""
        if not select.select([self._terminal], [], [], seconds)[0]:
            return ""
        found = os.read(self._terminal, 16)
        if not found:  # it has gone
            self._terminal = -1
        return KEYS.get(found, "")

    def _open(self) -> None:
        """Take keys as they come, unseen; the terminal is as it was when all is over."""
        try:
            terminal = os.open("/dev/tty", os.O_RDONLY)
        except OSError:  # nobody sits there
            return
        self._left.callback(os.close, terminal)
        try:
            if os.tcgetpgrp(terminal) != os.getpgrp():  # in the background: it would be stopped
                return
            before = termios.tcgetattr(terminal)
            self._left.callback(termios.tcsetattr, terminal, termios.TCSADRAIN, before)
            tty.setcbreak(terminal, termios.TCSANOW)
        except (termios.error, OSError):
            return
        self._terminal = terminal
