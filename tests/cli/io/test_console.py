"""The console: what goes where, and what never reaches a terminal."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from melodyrnn.cli.io.console import Console, plain
from melodyrnn.errors import OptionError, OutputError, Unreadable

from ..conftest import stream

NASTY = "jig \x1b]0;owned\x07\x1b[31m[bold]\u202egij\x9b2J\r\n"


def console(**settings):
    """A console with fake streams."""
    return Console(io.BytesIO(), stream(), stream(), {}, **settings)


def said(text):
    """What a fake stream was given."""
    text.flush()
    return text.buffer.getvalue().decode()


@given(st.text())
def test_plain_lets_no_control_character_through(text):
    """Whatever a file says comes out as one printable line."""
    assert plain(text).isprintable()


def test_plain_leaves_ordinary_text_alone():
    """Titles in any script are shown as they are."""
    assert plain("Ännchen von Tharau – 荒城の月 [bold]") == "Ännchen von Tharau – 荒城の月 [bold]"


@pytest.mark.parametrize("way", ["say", "warn", "error"])
def test_talk_is_escaped(way):
    """Control sequences in names do not reach stderr raw."""
    it = console()
    getattr(it, way)(NASTY)
    assert said(it.stderr).removesuffix("\n").isprintable()
    assert said(it.stdout) == ""


def test_lines_are_escaped():
    """Control sequences in names do not reach stdout raw."""
    it = console()
    it.lines([NASTY])
    assert said(it.stdout).removesuffix("\n").isprintable()


def test_what_an_encoding_cannot_say_is_escaped():
    """An ASCII terminal gets escapes, not an error."""
    it = Console(None, stream(encoding="ascii"), stream(encoding="ascii"), {})
    it.say("Ännchen")
    it.lines(["Ännchen"])
    assert said(it.stderr) == said(it.stdout) == "\\xc4nnchen\n"


def test_quiet_leaves_errors_only():
    """-q silences talk and drawings, not errors."""
    it = console(quiet=True)
    it.say("one")
    it.warn("two")
    it.draw(["three"])
    it.error("four")
    assert said(it.stderr) == "melodyrnn: error: four\n"


def test_detail_needs_verbose():
    """-v says more, and -q wins over it."""
    silent, verbose = console(), console().settle(verbose=True)
    both = console().settle(verbose=True, quiet=True)
    for it in (silent, verbose, both):
        it.detail("more")
    assert [said(it.stderr) for it in (silent, verbose, both)] == ["", "more\n", ""]


def test_bytes_never_go_to_a_terminal():
    """MIDI on a terminal is refused with the next move."""
    it = Console(None, stream(terminal=True), stream(), {})
    with pytest.raises(OptionError, match=r"^-o: stdout is a terminal: name a file, or pipe the result"):
        it.data(b"MThd")
    assert said(it.stdout) == ""


@pytest.mark.parametrize(
    ("environ", "terminal", "interactive", "colour"),
    [
        ({"TERM": "xterm"}, True, True, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, True, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True, True, True),
        ({"TERM": "dumb"}, True, False, False),
        ({"TERM": "xterm"}, False, False, False),
    ],
)
def test_colour_follows_the_conventions(environ, terminal, interactive, colour):
    """NO_COLOR drops colours, TERM=dumb drawings too, a pipe everything."""
    it = Console(None, stream(), stream(terminal=terminal), environ)
    assert (it.interactive, it.colour) == (interactive, colour)


def test_closed_streams_are_said_or_borne():
    """A closed stdout or stdin is an error with a next move; a closed stderr is silence."""
    it = Console(None, None, None, {})
    it.say("nobody hears")
    it.finish()
    with pytest.raises(OutputError, match=r"^stdout is closed; name a file with -o$"):
        it.data(b"x")
    with pytest.raises(Unreadable, match="stdin is closed; pipe a file into it"):
        it.read()


def test_a_terminal_is_not_waited_for():
    """`--prime -` without a pipe does not hang."""
    source = io.BytesIO()
    source.isatty = lambda: True
    with pytest.raises(OptionError, match=r"^-: stdin is a terminal: name a file, or pipe one into melodyrnn$"):
        Console(source, stream(), stream(), {}).read()


def test_stdin_is_read_to_a_limit(monkeypatch):
    """An endless pipe does not fill the memory."""
    monkeypatch.setattr("melodyrnn.cli.io.console.MAX_STDIN", 10)
    assert Console(io.BytesIO(b"x" * 10), None, None, {}).read() == b"x" * 10
    with pytest.raises(Unreadable, match="larger than the reader's limit"):
        Console(io.BytesIO(b"x" * 11), None, None, {}).read()


def test_a_full_disk_is_raised_once_and_then_forgotten():
    """Talk to a full disk is dropped; data to it is an error, and Python's own exit stays silent."""
    with open("/dev/full", "w") as full:  # noqa: PTH123
        it = Console(None, full, None, {})
        with pytest.raises(OutputError, match=r"^stdout: cannot be written: no space left on the device; make room"):
            it.lines(["x"])
        it.finish()
        assert str(Path(f"/proc/self/fd/{full.fileno()}").readlink()) == os.devnull


def test_what_is_said_meanwhile_does_not_stand_on_the_bar():
    """The bar's line is cleared before, and the bar comes back after."""
    watched = Console(io.BytesIO(), stream(), stream(terminal=True), {"TERM": "xterm"})
    for item in watched.progress([1, 2], doing="composing"):
        watched.say(f"melody {item}")
    first, second, last = said(watched.stderr).split("melody ")
    assert "composing" in first
    assert first.endswith("\x1b[2K")
    assert "composing" in second
    assert second.endswith("\x1b[2K")
    assert last.startswith("2\n")


def test_waiting_is_told_on_a_terminal_and_leaves_nothing():
    """Within a second, with the seconds; what does not take long says nothing, nor what nobody watches."""
    watched, piped = (Console(io.BytesIO(), stream(), stream(terminal=way), {}) for way in (True, False))
    for one in (watched, piped):
        assert list(one.waited(iter([1, 2]), "composing")) == [1, 2]
        assert said(one.stderr) == ""
        with one.waiting("composing"):
            time.sleep(0.5)
    assert said(piped.stderr) == ""
    assert said(watched.stderr).startswith("\rcomposing, 0 s\x1b[K")
    assert said(watched.stderr).endswith("\r\x1b[K")
