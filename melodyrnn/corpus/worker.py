"""The child process that reads foreign files, with limits on time and memory.

It speaks JSON lines: a list of sources comes in on stdin; for each source go out, in order, the
outcomes of its tunes and then a line `null`. Whatever happens to a file happens to this process
alone; the parent (`reading`) sees which file it was by the lines that came before.

Time is what the processor spends on a tune, counted anew for each: how busy the machine is, what else this
process has read, and importing music21 do not count. A reader that does not hear its alarm, for it is stuck
outside Python, is ended by the system a little later.

Contents: read_source (one file, in this process), read_source_bytes, out_of_time, serve (the loop of the child).
"""

from __future__ import annotations

import gc
import json
import math
import os
import signal
import stat
import sys
import time
from contextlib import contextmanager, nullcontext
from typing import IO, TYPE_CHECKING, Any, Final

from melodyrnn.corpus.silences import shortened
from melodyrnn.corpus.sources import Outcome, Source
from melodyrnn.errors import Unreadable
from melodyrnn.formats.registry import ISOLATED

if TYPE_CHECKING:
    from collections.abc import Iterator

_JSON: Final = json.JSONEncoder(separators=(",", ":")).encode
_GRACE: Final = 5.0  # seconds of the processor over the limit, importing music21 included, before the system steps in


class _TimeUp(BaseException):
    """The time for a tune is over. No Exception, so that no reader can catch it by the way."""


def read_source(source: Source, *, timeout: float = 0.0, strict: bool = False) -> Iterator[Outcome]:
    """Read every tune of a file; each is a melody or a reason. `timeout` in processor seconds a tune, 0 for none."""
    with _alarm() if timeout else nullcontext():
        yield from _outcomes(source, timeout, strict=strict)


def _outcomes(source: Source, timeout: float, *, strict: bool) -> Iterator[Outcome]:
    """What comes of each tune of a file. The alarm is set up already, if there is to be a timeout."""
    tunes, limit = _tunes(source, strict=strict), 0.0
    while True:
        try:
            with _Limit(limit):
                outcome = next(tunes)
        except StopIteration:
            return
        except _TimeUp:
            yield out_of_time(source.name, timeout)
            return
        except MemoryError:
            gc.collect()
            yield Outcome(source.name, reason="memory")
            return
        except RecursionError:
            yield Outcome(source.name, reason="not-notation", detail="nested too deeply")
            return
        limit = timeout
        if outcome is not None:
            yield outcome


def out_of_time(name: str, timeout: float) -> Outcome:
    """The refusal of a file that took too much of the processor's time."""
    return Outcome(name, reason="timeout", detail=f"{timeout:g} s of the processor")


def _tunes(source: Source, *, strict: bool) -> Iterator[Outcome | None]:
    """What comes of each tune of a file; first None, when all is ready and the time of the first tune begins."""
    try:
        data = read_source_bytes(source)
        if source.format in ISOLATED:
            from melodyrnn.formats.notation.music21_reader import import_music21  # noqa: PLC0415 - only for the files that need it

            import_music21()
        yield None
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

    wanted = {"track": source.track, "tonic_only": source.tonic_only, "chords": source.harmony, "sung": source.sung}
    for result in read_score(data, format=source.format, name=source.name, **wanted):  # type: ignore[arg-type]
        if isinstance(result, Unreadable):
            yield Outcome.refusal(result.where, result)
        else:
            melody, chords = shortened(result.melody, result.chords, source.longest_rest)
            yield Outcome(
                result.name, melody, warnings=result.warnings, track=result.track, chords=chords, style=result.style
            )


def _chords(data: bytes, source: Source) -> Outcome:
    if source.format == "midi":
        from melodyrnn.formats.midi.chords import read_midi_chords  # noqa: PLC0415

        return Outcome(source.name, chords=read_midi_chords(data, track=source.track, name=source.name))
    from melodyrnn.formats.notation.music21_reader import read_score_chords  # noqa: PLC0415

    found = read_score_chords(data, format=source.format, name=source.name, track=source.track)
    return Outcome(source.name, chords=found)


def _midi(data: bytes, source: Source, *, strict: bool) -> Outcome:
    from melodyrnn.formats.midi.reader import read_midi  # noqa: PLC0415

    found = read_midi(data, track=source.track, strict=strict, name=source.name, chords=source.harmony)
    melody, chords = shortened(found.melody, found.chords, source.longest_rest)
    return Outcome(source.name, melody, warnings=tuple(found.warnings), track=found.track, chords=chords)


def read_source_bytes(source: Source) -> bytes:
    """Read a regular file; anything else is refused without being opened. Raises Unreadable."""
    from melodyrnn.formats.midi.container import read_bytes_of  # noqa: PLC0415

    try:
        if not stat.S_ISREG(os.stat(source.path).st_mode):  # noqa: PTH116
            raise Unreadable(source.name, "special")
    except (OSError, ValueError):  # ValueError: a NUL in the name
        pass  # the opening below says why, in the words of the system
    return read_bytes_of(source.path, source.name)


@contextmanager
def _alarm() -> Iterator[None]:
    """Let alarms raise _TimeUp, where the system has them."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def ring(_signal: int, _frame: object) -> None:
        raise _TimeUp

    before = signal.signal(signal.SIGPROF, ring)
    try:
        yield
    finally:
        signal.signal(signal.SIGPROF, before)


class _Limit:
    """The processor's time in which a tune must be read; 0 for none. A context manager."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds if hasattr(signal, "setitimer") else 0.0

    def __enter__(self) -> None:
        if self.seconds:  # again and again, should a destructor have swallowed the first
            signal.setitimer(signal.ITIMER_PROF, self.seconds, 0.25)

    def __exit__(self, *_: object) -> None:
        if self.seconds:
            signal.setitimer(signal.ITIMER_PROF, 0)


def serve(timeout: float, memory_mb: int, *, strict: bool) -> None:
    """Serve batches until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; it closes our stdin
    _cap("RLIMIT_AS", memory_mb << 20)
    _cap("RLIMIT_CORE", 0)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)  # what a library prints must not get between the answers
    os.dup2(silence, 2)
    with _alarm():
        for line in sys.stdin:
            for data in json.loads(line):
                _cap_time(timeout)
                for outcome in _outcomes(Source.from_json(data), timeout, strict=strict):
                    _say(answers, outcome.to_json())
                    _cap_time(timeout)
                _say(answers, None)


def _say(answers: IO[str], data: dict[str, Any] | None) -> None:
    answers.write(_JSON(data) + "\n")
    answers.flush()


def _cap_time(timeout: float) -> None:
    """Let the system end this process (SIGXCPU) if its next tune takes much longer than allowed."""
    _cap("RLIMIT_CPU", math.ceil(time.process_time() + timeout + _GRACE))


def _cap(kind: str, most: int) -> None:
    """Limit what this process may have of something, where the system can."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    limit = getattr(resource, kind)
    _, hard = resource.getrlimit(limit)
    resource.setrlimit(limit, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


if __name__ == "__main__":
    serve(float(sys.argv[1]), int(sys.argv[2]), strict=sys.argv[3] == "strict")
