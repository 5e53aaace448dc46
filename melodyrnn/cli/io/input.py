"""A melody from wherever the user points: a file of any format, or stdin.

Which reader a file gets, its suffix or its first bytes say (`formats.registry`). What music21 reads (**kern and
MusicXML) goes through a child process with limits, for it can be made to loop. A pipe that the user names himself,
`--prime <(command)`, is read as stdin is, but not waited for longer than a minute; in folders pipes are refused
(formats.midi.container, corpus.worker).

Contents: Input, read_melody, read_book, input_of, tell, read_bytes, read_named_pipe.
"""

from __future__ import annotations

import os
import re
import select
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from melodyrnn.cli.io.console import MAX_STDIN
from melodyrnn.errors import OptionError, Unreadable
from melodyrnn.formats.midi.container import read_bytes_of
from melodyrnn.formats.registry import BY_NAME, INPUT_FORMATS, ISOLATED, format_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.cli.io.console import Console
    from melodyrnn.corpus.sources import Outcome
    from melodyrnn.formats.midi.original import Original
    from melodyrnn.formats.notation.score_reading import ScoreReading
    from melodyrnn.music.harmony import Harmony
    from melodyrnn.music.melody import Melody

_KEY_LINE: Final = rb"(?m)^[ \t]*K:"  # which every tune of ABC has before its notes
_ABC_HEAD: Final = 1 << 16  # bytes in which it is looked for
_TELLING: Final = 16  # notes from which on a melody says something of its key
_PATIENCE: Final = 60.0  # seconds for all that comes through a named pipe


class Input(NamedTuple):
    """A melody and how it was found."""

    name: str  # the file as the user called it, or '-'
    melody: Melody
    format: str
    track: str = ""  # which voice was taken, and why
    warnings: tuple[str, ...] = ()
    snapped: int = 0
    recipe: str = ""  # how melodyrnn made the file, if it did
    program: int = 0  # General MIDI sound of a MIDI file's voice
    others: tuple[str, ...] = ()  # voices of a MIDI file that the melody has nothing of
    original: Original | None = None  # a MIDI file, and where the notes stand in it
    doubts: tuple[str, ...] = ()  # of the warnings those that hold where that file is written again
    chords: Harmony | None = None  # that sound with it, where they were asked for and are there


def read_melody(
    console: Console, source: str, *, track: str | None = None, strict: bool = False, chords: bool = False
) -> Input:
    """Read one melody from a file, or from stdin when `source` is '-'; raise Unreadable.

    `book.abc:12` is the tune of number 12 (`X:12`) in a file of several. `chords`: with those that are told beside it.
    """
    wanted = _Wanted(track, strict, chords)
    if not source:
        raise OptionError("FILE", "names no file")
    path = Path(source)
    if source == "-" or _is_pipe(path):
        return _from_bytes(read_bytes(console, source), source, wanted)
    book, _, tune = source.rpartition(":")
    if book.lower().endswith(".abc") and tune and not path.exists():
        return _score(read_bytes(console, book), "abc", book, wanted, tune=tune)
    form = INPUT_FORMATS.get(path.suffix.lower(), "midi")
    if form in ISOLATED:
        return _isolated(path, source, wanted)
    if form != "midi":
        return _score(read_bytes(console, source), form, source, wanted)
    return _midi(path, source, wanted)


def read_book(source: str, *, track: str | None = None, strict: bool = False) -> Iterator[Input | Unreadable]:
    """Read every tune of a file that this process reads itself, with its chords; what cannot be read, as the error."""
    form = INPUT_FORMATS.get(Path(source).suffix.lower(), "midi")
    try:
        if form == "midi":
            yield _midi(Path(source), source, _Wanted(track, strict, chords=True))
        else:
            for found in _tunes(read_bytes_of(source, source), form, source, _Wanted(track, strict, chords=True)):
                yield found if isinstance(found, Unreadable) else _input(found, form)
    except Unreadable as error:
        yield error


def input_of(outcome: Outcome, form: str) -> Input | Unreadable:
    """What a reader in a child process has found, as this module gives it."""
    if outcome.melody is None:
        return outcome.error
    track, warnings = outcome.track, outcome.warnings
    return Input(outcome.name, outcome.melody, form, track, warnings, chords=outcome.chords)


def tell(console: Console, found: Input, *, key: str | None = None, kept: bool = False) -> None:
    """Warn of what was not as it should be; and of a key that the notes belie, unless the user names one.

    `kept`: the file is written again with all that is in it, so that what reading left out or moved is no loss.
    """
    for warning in found.warnings:
        lost = not kept or found.original is None or warning in found.doubts
        (console.warn if lost else console.detail)(f"{found.name}: {warning}")
    stated, short = found.melody.key, len(found.melody.notes) < _TELLING
    if found.format != "midi" or found.recipe or short or key is not None or stated is None or stated.mode != "major":
        return
    from melodyrnn.music.key_finding import find_key  # noqa: PLC0415

    heard = find_key(found.melody, fifths=stated.fifths)
    if heard is not None and heard != stated:
        console.warn(
            f"{found.name}: its signature says {stated}, its notes sound like {heard} (some programs write every "
            f"signature as major); give --key with the right one"
        )


def read_bytes(console: Console, source: str) -> bytes:
    """Read all of a file, a named pipe, or of stdin when `source` is '-'; raise Unreadable."""
    if source == "-":
        return console.read()
    path = Path(source)
    return read_named_pipe(path, source) if _is_pipe(path) else read_bytes_of(path, source)


def read_named_pipe(path: Path, name: str, *, seconds: float = _PATIENCE) -> bytes:
    """Read all that comes through a FIFO or /dev/fd/N; raise Unreadable when it is too much or takes too long."""
    end = time.monotonic() + seconds
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # which waits for no writer
    except OSError as error:
        raise Unreadable(name, "unreadable", error.strerror or str(error)) from error
    try:
        waiting = select.poll()
        waiting.register(descriptor, select.POLLIN)
        content = bytearray()
        while waiting.poll(1000 * max(0.0, end - time.monotonic())):
            part = os.read(descriptor, 1 << 20)
            content += part
            if not part:
                return bytes(content)
            if len(content) > MAX_STDIN:
                raise Unreadable(name, "too-large", f"more than {MAX_STDIN >> 20} MB through a pipe")
    finally:
        os.close(descriptor)
    raise Unreadable(name, "timeout", f"its writer was not done in {seconds:g} s; write to a file first")


def _is_pipe(path: Path) -> bool:
    """Whether a name stands for a pipe now."""
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except (OSError, ValueError):  # its reader says why
        return False


class _Wanted(NamedTuple):
    """What is asked for beside a file."""

    track: str | None = None
    strict: bool = False
    chords: bool = False


def _from_bytes(content: bytes, name: str, wanted: _Wanted) -> Input:
    """Read a melody whose format only its first bytes tell."""
    form, head = format_of(content[:512]), content[:_ABC_HEAD]
    if not form and b"\0" not in head and re.search(_KEY_LINE, head):
        form = "abc"
    if form in ISOLATED:
        return _parked(content, BY_NAME[form].reads[0], name, wanted)
    if form not in {"", "midi"}:
        return _score(content, form, name, wanted)
    return _midi(content, name, wanted)


def _midi(source: Path | bytes, name: str, wanted: _Wanted) -> Input:
    from melodyrnn.formats.midi.reader import read_midi  # noqa: PLC0415

    found = read_midi(source, track=wanted.track, strict=wanted.strict, name=name, chords=wanted.chords)
    return Input(
        name, found.melody, "midi", found.track, found.warnings, found.snapped, found.recipe, found.program,
        found.others, found.original, found.doubts, found.chords,
    )  # fmt: skip


def _tunes(
    content: bytes, form: str, name: str, wanted: _Wanted, tune: str | None = None
) -> Iterator[ScoreReading | Unreadable]:
    from melodyrnn.formats.notation.music21_reader import read_score  # noqa: PLC0415

    return read_score(content, format=form, name=name, track=wanted.track, tune=tune, chords=wanted.chords)


def _input(found: ScoreReading, form: str, name: str = "", book: tuple[str, ...] = ()) -> Input:
    told = book + found.warnings
    return Input(name or found.name, found.melody, form, found.track, told, found.snapped, chords=found.chords)


def _score(content: bytes, form: str, name: str, wanted: _Wanted, *, tune: str | None = None) -> Input:
    """Read the first tune of a score, or the one of that number."""
    found = next(_tunes(content, form, name, wanted, tune))
    if isinstance(found, Unreadable):
        raise found
    if tune is not None:
        return _input(found, form, f"{name}:{tune}")
    return _input(found, form, name, _other_tunes(content, name) if form == "abc" else ())


def _other_tunes(content: bytes, name: str) -> tuple[str, ...]:
    """What is told of an ABC file of several tunes."""
    from melodyrnn.formats.abc.abc import split_abc  # noqa: PLC0415
    from melodyrnn.formats.notation.text import decoded  # noqa: PLC0415

    count = len(split_abc(decoded(content).replace("\r", "\n")))
    another = f"{name}:NUMBER gives another" if name.lower().endswith(".abc") else "give a file for another"
    return (f"the first of {count} tunes is taken; {another}",) if count > 1 else ()


def _parked(content: bytes, suffix: str, name: str, wanted: _Wanted) -> Input:
    """Read what came through a pipe by way of a temporary file, which a child process can open."""
    import tempfile  # noqa: PLC0415 - composing, which needs no such folder, does not wait for it

    with tempfile.TemporaryDirectory(prefix="melodyrnn-") as folder:
        path = Path(folder) / f"stdin{suffix}"
        path.write_bytes(content)
        return _isolated(path, name, wanted)


def _isolated(path: Path, name: str, wanted: _Wanted) -> Input:
    """Read one score in a child process."""
    from melodyrnn.corpus.reading import Limits, read_outcome  # noqa: PLC0415
    from melodyrnn.corpus.sources import Source, source_of  # noqa: PLC0415

    item = source_of(path, name=name, track=wanted.track)
    outcome = read_outcome(item._replace(harmony=wanted.chords) if isinstance(item, Source) else item, Limits())
    found = input_of(outcome, path.suffix[1:])
    if isinstance(found, Unreadable):
        raise found
    return found
