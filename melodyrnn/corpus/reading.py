"""Files read in parallel and in isolation; every refusal has a reason.

A pool of child processes (`worker`) reads batches of files: many of MIDI, which take a fifth of a
millisecond each, few of the rest. A file that takes too long, too much memory or its reader with it
costs that file and no other: the children answer file by file, so the one in work is known and the
rest of its batch goes to a new child. They count the processor's time themselves, so that a busy machine
refuses nothing; here a child is given up only that has not answered for ten minutes.

Conventions: outcomes come in the order of the files whatever the number of jobs; nothing is printed,
and progress is the consuming of the iterator; closing the iterator ends the children.

Contents: Limits, read_files, read_one, read_outcome, read_chords.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from melodyrnn.corpus.sources import Outcome, Source, source_of
from melodyrnn.corpus.worker import out_of_time, read_source
from melodyrnn.formats.registry import ISOLATED
from melodyrnn.system import import_path, processors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from melodyrnn.music.harmony import Harmony
    from melodyrnn.music.melody import Melody

_BATCH: Final = {"midi": 200}
_SMALL_BATCH: Final = 4
_LOOK: Final = 0.25  # seconds between two looks at the children
_PATIENCE: Final = 600.0  # seconds without an answer, or 30 for each of the limit, after which a child is killed
_TIME_UP: Final = -getattr(signal, "SIGXCPU", sys.maxsize)  # status of a child that the system ended for its time


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading a file may cost."""

    timeout: float = 20.0  # seconds of the processor a tune
    memory_mb: int = 1500  # address space of a child
    strict: bool = False  # refuse damaged MIDI files instead of keeping what parsed


def read_files(
    items: Iterable[Path | str | Source],
    *,
    jobs: int | None = None,
    limits: Limits | None = None,
    track: str | None = None,
) -> Iterator[tuple[Source | None, list[Outcome]]]:
    """Read files in parallel; yield each with the outcomes of its tunes (no source: not a kind we read)."""
    jobs = max(1, jobs or processors())
    pool = _Pool(limits or Limits())
    waiting: deque[Future[list[tuple[Source | None, list[Outcome]]]]] = deque()
    with ThreadPoolExecutor(jobs, thread_name_prefix="melodyrnn-reader") as threads:
        try:
            for batch in _batches(items, track):
                waiting.append(threads.submit(pool.read, batch))
                if len(waiting) > 3 * jobs:  # enough to keep everyone busy, and memory flat
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            pool.close()  # if nobody wants the rest, no batch is begun any more, nor waited for


def read_one(
    path: Path | str, *, track: str | None = None, timeout: float = 20.0, memory_mb: int = 1500, strict: bool = False
) -> Melody:
    """Read the (first) melody of one file: MIDI and ABC here, other formats in a limited child.

    Raises Unreadable, or TypeError for what is no path (read_midi and read_notation take bytes).
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"a path is wanted, not {type(path).__name__}; read_midi and read_notation take bytes")
    outcome = read_outcome(source_of(path, track=track), Limits(timeout, memory_mb, strict))
    if outcome.melody is None:
        raise outcome.error
    return outcome.melody


def read_chords(
    path: Path | str, *, name: str = "", track: str | None = None, timeout: float = 20.0, memory_mb: int = 1500
) -> Harmony:
    """Read the chords of one file as `read_one` its melody: symbols, else those of a track. Raises Unreadable."""
    item = source_of(path, name=name, track=track)
    outcome = read_outcome(item._replace(chords=True) if isinstance(item, Source) else item, Limits(timeout, memory_mb))
    if outcome.chords is None:
        raise outcome.error
    return outcome.chords


def read_outcome(item: Source | Outcome, limits: Limits) -> Outcome:
    """What comes of one file, or of its first tune."""
    if isinstance(item, Outcome):
        return item
    if item.format not in ISOLATED:
        return next(read_source(item, strict=limits.strict))
    return next(itertools.chain.from_iterable(found for _, found in read_files([item], jobs=1, limits=limits)))


def _batches(items: Iterable[Path | str | Source], track: str | None) -> Iterator[list[Source | Outcome]]:
    """Group files of a kind so that a batch is worth a message; the first ones are small, to give all children work."""
    batch: list[Source | Outcome] = []
    kind, size = "", _SMALL_BATCH
    for item in items:
        entry = item if isinstance(item, Source) else source_of(item, track=track)
        this = entry.format if isinstance(entry, Source) else kind
        if batch and (this != kind or len(batch) >= size):
            yield batch
            batch = []
            size = min(2 * size, _BATCH.get(this, _SMALL_BATCH))
        kind = this
        batch.append(entry)
    if batch:
        yield batch


class _Pool:
    """Child processes, at most one for each thread that asks; watched from outside."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.own = threading.local()
        self.children: set[_Child] = set()
        self.closed = threading.Event()
        self.watchdog = threading.Thread(target=self._watch, name="melodyrnn-watchdog", daemon=True)
        self.watchdog.start()

    def read(self, batch: list[Source | Outcome]) -> list[tuple[Source | None, list[Outcome]]]:
        """Read a batch; replace the child whenever a file has been its end."""
        results: list[tuple[Source | None, list[Outcome]]] = []
        rest = deque(batch)
        while rest and not self.closed.is_set():
            if isinstance(rest[0], Outcome):
                results.append((None, [rest.popleft()]))  # type: ignore[list-item]
                continue
            wanted = list(itertools.takewhile(lambda entry: isinstance(entry, Source), rest))
            done = self._child().read(wanted, self.limits)  # type: ignore[arg-type]
            for _ in done:
                rest.popleft()
            results.extend(zip(wanted[: len(done)], done, strict=True))  # type: ignore[arg-type]
        return results

    def _child(self) -> _Child:
        child: _Child | None = getattr(self.own, "child", None)
        if child is None or child.process.poll() is not None:
            if child is not None:
                self.children.discard(child)
                child.end()
            child = self.own.child = _Child(self.limits)
            self.children.add(child)
            if self.closed.is_set():  # it came too late to be ended by `close`
                child.process.kill()
        return child

    def _watch(self) -> None:
        """Kill a child that waits for ever. Counted in looks: while Ctrl-Z holds us all, no time passes."""
        patience = max(_PATIENCE, 30 * self.limits.timeout)
        while not self.closed.wait(_LOOK):
            for child in tuple(self.children):
                child.silent += _LOOK
                if child.silent > patience:
                    child.overdue = True
                    child.process.kill()

    def close(self) -> None:
        """End the children and the watchdog."""
        self.closed.set()
        self.watchdog.join()
        for child in tuple(self.children):
            child.end()


class _Child:
    """One worker process."""

    def __init__(self, limits: Limits) -> None:
        self.silent = -math.inf  # seconds since its last answer, while it has something to do
        self.overdue = False
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}
        environment["PYTHONPATH"] = import_path()
        self.process = subprocess.Popen(
            [
                sys.executable, "-P", "-m", "melodyrnn.corpus.worker",
                str(limits.timeout), str(limits.memory_mb), "strict" if limits.strict else "lenient",
            ],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
        )  # fmt: skip

    def read(self, sources: list[Source], limits: Limits) -> list[list[Outcome]]:
        """Read files in order; ends early, with a refusal, at a file that ends the child."""
        inbox, outbox = self.process.stdin, self.process.stdout
        if inbox is None or outbox is None:
            raise RuntimeError("the pipes of a worker are always open")
        self.silent = 0.0
        done: list[list[Outcome]] = []
        tunes: list[Outcome] = []
        try:
            inbox.write(json.dumps([source.to_json() for source in sources]).encode() + b"\n")
            inbox.flush()
            while len(done) < len(sources):
                line = outbox.readline()
                if not line.endswith(b"\n"):  # the child has ended
                    done.append([*tunes, self._fate(sources[len(done)], limits)])
                    break
                self.silent = 0.0
                if line == b"null\n":
                    done.append(tunes)
                    tunes = []
                else:
                    tunes.append(Outcome.from_json(json.loads(line)))
        except (BrokenPipeError, ConnectionError):
            done.append([*tunes, self._fate(sources[len(done)], limits)])
        self.silent = -math.inf
        return done

    def _fate(self, source: Source, limits: Limits) -> Outcome:
        """The refusal for the file during which the child ended."""
        status = self.process.wait()
        if self.overdue:
            return Outcome(source.name, reason="timeout", detail="its reader stood still")
        if status == _TIME_UP:
            return out_of_time(source.name, limits.timeout)
        return Outcome(source.name, reason="crash", detail=f"the reader ended with status {status}")

    def end(self) -> None:
        """Kill the child and close its pipes."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue  # what was still to be sent has no reader now
