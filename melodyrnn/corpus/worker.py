"""The child process that reads foreign files, with limits on time and memory.

It speaks JSON lines: a list of sources comes in on stdin; for each source go out, in order, the
outcomes of its tunes and then a line `null`. Whatever happens to a file happens to this process
alone; the parent (`reading`) sees which file it was by the lines that came before.

Contents: read_source (one file, in this process), read_source_bytes, serve (the loop of the child).
"""

from __future__ import annotations

import gc
import json
import os
import signal
import stat
import sys
from contextlib import contextmanager, nullcontext
from typing import IO, TYPE_CHECKING, Any, Final

from melodyrnn.corpus.sources import Outcome, Source
from melodyrnn.errors import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator


_JSON: Final = json.JSONEncoder(separators=(",", ":")).encode


class _TimeUp(BaseException):
    """The time for a tune is over. No Exception, so that no reader can catch it by the way."""


def read_source(source: Source, *, timeout: float = 0.0, strict: bool = False) -> Iterator[Outcome]:
    """Read every tune of a file; each is a melody or a reason. `timeout` in seconds a tune, 0 for none."""
    with _alarm() if timeout else nullcontext():
        yield from _outcomes(source, timeout, strict=strict)


def _outcomes(source: Source, timeout: float, *, strict: bool) -> Iterator[Outcome]:
    """What comes of each tune of a file. The alarm is set up already, if there is to be a timeout."""
    tunes = _tunes(source, strict=strict)
    while True:
        try:
            with _Limit(timeout):
                outcome = next(tunes, None)
        except _TimeUp:
            yield Outcome(source.name, reason="timeout", detail=f"{timeout:g} s")
            return
        except MemoryError:
            gc.collect()
            yield Outcome(source.name, reason="memory")
            return
        except RecursionError:
            yield Outcome(source.name, reason="not-notation", detail="nested too deeply")
            return
        if outcome is None:
            return
        yield outcome


def _tunes(source: Source, *, strict: bool) -> Iterator[Outcome]:
    try:
        data = read_source_bytes(source)
        if source.chords:
            yield _chords(data, source)
            return
        if source.format == "midi":
            yield _midi(data, source, strict=strict)
            return
    except Unreadable as error:
        yield Outcome.refusal(source.name, error)
        return
    from melodyrnn.formats.notation.music21_reader import read_score  # noqa: PLC0415 - only for the files that need it

    found = read_score(data, format=source.format, name=source.name, track=source.track, tonic_only=source.tonic_only)
    for result in found:
        if isinstance(result, Unreadable):
            yield Outcome.refusal(result.where, result)
        else:
            yield Outcome(result.name, result.melody, warnings=result.warnings, track=result.track)


def _chords(data: bytes, source: Source) -> Outcome:
    if source.format == "midi":
        from melodyrnn.formats.midi.chords import read_midi_chords  # noqa: PLC0415

        return Outcome(source.name, chords=read_midi_chords(data, track=source.track, name=source.name))
    from melodyrnn.formats.notation.music21_reader import read_score_chords  # noqa: PLC0415

    found = read_score_chords(data, format=source.format, name=source.name, track=source.track)
    return Outcome(source.name, chords=found)


def _midi(data: bytes, source: Source, *, strict: bool) -> Outcome:
    from melodyrnn.formats.midi.reader import read_midi  # noqa: PLC0415

    reading = read_midi(data, track=source.track, strict=strict, name=source.name)
    return Outcome(source.name, reading.melody, warnings=tuple(reading.warnings), track=reading.track)


def read_source_bytes(source: Source) -> bytes:
    """Read the bytes of a regular file; anything else is refused without being opened.

    Raises:
        Unreadable: missing, special, unreadable, empty or too large.
    """
    from melodyrnn.formats.midi.container import read_bytes_of as fetch_bytes  # noqa: PLC0415

    try:
        if not stat.S_ISREG(os.stat(source.path).st_mode):  # noqa: PTH116
            raise Unreadable(source.name, "special")
    except (OSError, ValueError):  # ValueError: a NUL in the name
        pass  # the opening below says why, in the words of the system
    return fetch_bytes(source.path, source.name)


@contextmanager
def _alarm() -> Iterator[None]:
    """Let alarms raise _TimeUp, where the system has them (the parent watches as well)."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def ring(_signal: int, _frame: object) -> None:
        raise _TimeUp

    before = signal.signal(signal.SIGALRM, ring)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)


class _Limit:
    """The time in which a tune must be read; 0 for none. A context manager."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds if hasattr(signal, "setitimer") else 0.0

    def __enter__(self) -> None:
        if self.seconds:  # again and again, should a destructor have swallowed the first
            signal.setitimer(signal.ITIMER_REAL, self.seconds, 0.25)

    def __exit__(self, *_: object) -> None:
        if self.seconds:
            signal.setitimer(signal.ITIMER_REAL, 0)


def serve(timeout: float, memory_mb: int, *, strict: bool) -> None:
    """Serve batches until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; it closes our stdin
    _limit_memory(memory_mb)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)  # what a library prints must not get between the answers
    os.dup2(silence, 2)
    with _alarm():
        for line in sys.stdin:
            for data in json.loads(line):
                for outcome in _outcomes(Source.from_json(data), timeout, strict=strict):
                    _say(answers, outcome.to_json())
                _say(answers, None)


def _say(answers: IO[str], data: dict[str, Any] | None) -> None:
    answers.write(_JSON(data) + "\n")
    answers.flush()


def _limit_memory(megabytes: int) -> None:
    """Cap the address space, where the system can."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = megabytes << 20
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    serve(float(sys.argv[1]), int(sys.argv[2]), strict=sys.argv[3] == "strict")
