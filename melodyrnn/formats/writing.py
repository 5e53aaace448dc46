"""The way to a writer: what writers take, how they are found, and what they need that may not be installed.

    Written (a melody, played and noted) + Manner → the writer that the row of the format names → bytes

Contents: Written, Manner; write_as, write_all_as, refuse_missing, refuse_lacking, left_out, as_played (the writer of
MIDI).
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from melodyrnn.errors import OptionError, OutputError
from melodyrnn.formats.registry import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from melodyrnn.music.melody import Melody


class Written(NamedTuple):
    """A melody with all that a format may hold of it. A named tuple: to make a dataclass costs a first melody 3 ms."""

    melody: Melody
    midi: bytes = b""  # as it is played, recipe and chord track in it; empty where the format's row is not `played`
    symbols: Mapping[int, str] = {}  # tick → chord symbol; none where it is not `noted`
    sections: tuple[tuple[int, str], ...] = ()  # tick and name of each
    bits: tuple[float, ...] = ()  # surprise of each note to a model; () = none has heard it
    caption: str = ""  # of a picture that is to show the bits; "" = it is to show the notes alone
    recipe: str = ""  # how melodyrnn made it, as its MIDI keeps it
    facts: tuple[tuple[str, str], ...] = ()  # name and value, for people: seed, bits a note, rank
    style: str = ""  # a name of music.style_names, where one was asked for or drawn


class Manner(NamedTuple):
    """How a user wants a format written; each writer takes what concerns it."""

    soundfont: Path | None = None  # None: the one that is installed
    loop: bool = False  # sound that begins again without a seam: as long as its bars, to the sample
    depth: int = 16  # bits of a sample, 16 or 24


PLAIN: Final = Manner()


def write_as(form: str, written: Written, manner: Manner = PLAIN) -> bytes:
    """Write a melody in a format of the registry. Raises OptionError for one that is not written, and what writers do.

    >>> write_as("midi", Written(melody=None, midi=b"MThd"))
    b'MThd'
    """
    row = BY_NAME.get(form)
    if row is None or not row.writer:
        raise OptionError("format", f"{form!r} is not written")
    return _writer(row.writer)(written, form, manner)


def write_all_as(form: str, every: Sequence[Written], manner: Manner = PLAIN) -> bytes:
    """Write melodies into one file of a format that gathers them. Raises OptionError for one that does not."""
    row = BY_NAME.get(form)
    if row is None or not row.gathers:
        raise OptionError("format", f"{form!r} holds one melody; write each into a file of its own")
    return _gatherer(row.gathers)(every, form, manner)


def refuse_missing(form: str) -> None:
    """Raise OutputError where a format needs a package that is not installed: before anything is composed."""
    row = BY_NAME[form]
    refuse_lacking(form, row.needs, row.extra)


def refuse_lacking(what: str, needs: Iterable[str], extra: str) -> None:
    """Raise OutputError where one of the modules that something needs is not installed."""
    lacking = [name for name in needs if find_spec(name) is None]
    if lacking:
        raise OutputError(f"{what} needs {' and '.join(lacking)}: pip install 'melodyrnn[{extra}]'")


def left_out(form: str) -> str:
    """What is said where a format is written without something, for want of a package; "" where all is there."""
    row = BY_NAME[form]
    lacking = [name for name in row.wishes if find_spec(name) is None]
    return f"{form} is written without {row.extra}: pip install 'melodyrnn[{row.extra}]' brings it" if lacking else ""


@cache
def _writer(name: str) -> Callable[[Written, str, Manner], bytes]:
    """The function that a row names, imported when first used."""
    return cast("Callable[[Written, str, Manner], bytes]", _function(name))


@cache
def _gatherer(name: str) -> Callable[[Sequence[Written], str, Manner], bytes]:
    return cast("Callable[[Sequence[Written], str, Manner], bytes]", _function(name))


def _function(name: str) -> object:
    module, _, function = name.partition(":")
    return getattr(import_module(f"melodyrnn.formats.{module}"), function)


def as_played(written: Written, _form: str, _manner: Manner) -> bytes:
    """MIDI: the bytes as they are."""
    return written.midi
