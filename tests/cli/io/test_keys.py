"""Keys of a terminal, and none where there is no terminal."""

import os
import pty
import sys
import time

import pytest

from melodyrnn.cli.io.console import Console
from melodyrnn.cli.io.keys import Keys


def test_without_a_terminal_nobody_waits_for_keys():
    """It is waited as long as asked, and no more."""
    begun = time.monotonic()
    with Keys(Console(None, None, None)) as keys:
        assert not keys.there
        assert keys.pressed(0.05) == ""
    assert time.monotonic() - begun < 2


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_keys_are_heard_at_once_and_the_terminal_is_as_before():
    """Space, arrows, q; others are none; stdin may be a pipe meanwhile."""
    script = (
        "import sys, termios\n"
        "from melodyrnn.cli.io.console import Console\n"
        "from melodyrnn.cli.io.keys import Keys\n"
        "before = termios.tcgetattr(1)\n"
        "with Keys(Console(None, None, sys.stdout, {})) as keys:\n"
        "    print('ready', keys.there, flush=True)\n"
        "    print([keys.pressed(5) for _ in range(5)], flush=True)\n"
        "print(termios.tcgetattr(1) == before, flush=True)\n"
    )
    process, terminal = pty.fork()
    if not process:
        os.environ["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
        os.execv(sys.executable, [sys.executable, "-c", script])  # noqa: S606 - nothing else gives it a terminal
    said = b""
    while b"ready" not in said:
        said += os.read(terminal, 1000)
    for key in (b" ", b"\x1b[C", b"\x1b[D", b"x", b"q"):
        os.write(terminal, key)
        time.sleep(0.15)
    while b"True\r\n" not in said.partition(b"[")[2]:
        said += os.read(terminal, 1000)
    os.waitpid(process, 0)
    os.close(terminal)
    assert b"ready True" in said
    assert b"['pause', 'right', 'left', '', 'quit']" in said
