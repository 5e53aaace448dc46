"""The candidates of --best, kept as they are composed: the same command goes on with them after it was stopped.

They are no files, for only the best become some. A state lies where the files go (OUT/candidates.state, or beside a
single file) until all of these are written. What it holds of other requests (model, options, prime, seed) does not
count. Without --seed the seed of the stopped run is taken again.

Contents: has_candidates, Candidates.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from melodyrnn._version import __version__
from melodyrnn.cli.io import Terminated
from melodyrnn.cli.io.console import amount
from melodyrnn.cli.io.journal import Journal, key_of
from melodyrnn.cli.io.output import make_folder, refuse_existing, remove_left
from melodyrnn.cli.runs.going_on import recipe_seed
from melodyrnn.compose.model import Generated
from melodyrnn.compose.plain import options_to_plain
from melodyrnn.compose.provenance import hash_of
from melodyrnn.errors import Locked, MelodyRNNError, OutputError
from melodyrnn.music.melody_json import melody_from_json, melody_to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from melodyrnn.cli.runs.compose_run import MelodyWriter


def has_candidates(_format: str, paths: Sequence[Path]) -> bool:
    """Whether a stopped run has left candidates where the files go."""
    return _state(paths).is_file()


def _state(paths: Sequence[Path]) -> Path:
    """Where candidates are kept."""
    first = paths[0]
    many = len(paths) > 1 or first.name.startswith("melody-1.")
    return first.with_name("candidates.state" if many else f"{first.name}.state")


@dataclass(slots=True)
class Candidates:
    """What there is of `many` candidates, and what is left to compose."""

    writer: MelodyWriter
    many: int
    key: str = ""
    found: dict[int, dict[str, Any]] = field(default_factory=dict)
    journal: Journal | None = None
    _keeps: bool = True
    _made: Path | None = None  # a folder that was not there before

    @classmethod
    @contextmanager
    def of(cls, writer: MelodyWriter, many: int) -> Iterator[Candidates]:
        """Open those of this request; the state is removed when the block ends well, and stays when it is stopped."""
        self = cls(writer, many)
        try:
            self._find()
            yield self
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | Terminated):
                self._tell()
            useless = isinstance(error, MelodyRNNError) and not isinstance(error, OutputError) and not writer.written
            self._close(remove=useless and not self.left)  # the same candidates would be refused again
            raise
        self._close(remove=True)

    @property
    def left(self) -> list[int]:
        """Which are still to be composed."""
        return [k for k in range(self.many) if k not in self.found]

    def all(self, new: Iterable[Generated]) -> Iterator[Generated]:
        """Give all candidates in the order of their seeds; the new ones are kept first."""
        coming = iter(new)
        for k in range(self.many):
            if (kept := self.found.get(k)) is not None:
                yield _read(kept)
            else:
                made = next(coming)
                self._keep(k, made)
                yield made

    def _find(self) -> None:
        writer, paths = self.writer, self.writer.results.paths
        plain = options_to_plain(writer.options.seeded(0))
        given = None if writer.given is None else hash_of(writer.given)
        self.key = key_of([__version__, writer.model.checkpoint.digest, plain, given])
        if not paths or not _state(paths).is_file():
            return
        self.journal = self._open()
        lines = self.journal.of(self.key) if self.journal else []
        if writer.drawn and lines:
            writer.options = writer.options.seeded(lines[-1]["first"])
        first = writer.options.setting.seed
        self.found = {line["k"]: line for line in lines if line["first"] == first and line["k"] < self.many}
        if not self.found:
            refuse_existing(paths, force=writer.results.force)
            return
        if writer.results.format == "midi" and writer.recipe and not writer.results.force:
            others = [path for path in paths if path.is_file() and not self._is_ours(path)]
            refuse_existing(others, force=False)
        remove_left(paths[0].parent)  # what a killed run was writing
        there = f"{len(self.found)} of {amount(self.many, 'candidate')} are there already"
        writer.console.say(f"{_state(paths)}: {there}; going on with the other {len(self.left)}")

    def _open(self) -> Journal | None:
        """The state; None where it cannot be locked: then nothing is kept."""
        try:
            return Journal.open(_state(self.writer.results.paths))
        except Locked as problem:
            self._keeps = False
            self.writer.console.detail(f"{problem}: candidates are not kept")
            return None

    def _is_ours(self, path: Path) -> bool:
        seed = recipe_seed(path, self.writer)
        return seed is not None and 0 <= seed - self.writer.options.setting.seed < self.many

    def _keep(self, k: int, made: Generated) -> None:
        paths = self.writer.results.paths
        if not self._keeps or not paths or (paths[0].exists() and not paths[0].is_file()):
            return
        if self.journal is None:
            if not paths[0].parent.is_dir():
                make_folder(paths[0].parent)
                self._made = paths[0].parent
            self.journal = self._open()
        if self.journal is None:
            return
        facts = {"melody": melody_to_json(made.melody), "bits": made.bits.tolist(), "price": float(made.price)}
        first = self.writer.options.setting.seed
        self.journal.add(self.key, {"first": first, "k": k, "seed": made.seed, "primed": made.primed, **facts})
        self.found[k] = {}  # it is there; who asks for all has it already

    def _tell(self) -> None:
        if self.journal is not None:
            seed = f" with --seed {self.writer.options.setting.seed}" if self.writer.drawn else ""
            there = f"{len(self.found)} of {amount(self.many, 'candidate')} are there"
            self.writer.console.say(f"{self.journal.path}: {there}; the same command goes on{seed}")

    def _close(self, *, remove: bool = False) -> None:
        if self.journal is not None:
            self.journal.close(remove=remove)
            if remove and self._made is not None:
                with suppress(OSError):  # a folder that holds something stays
                    self._made.rmdir()


def _read(kept: dict[str, Any]) -> Generated:
    bits = np.array(kept["bits"], np.float64).reshape(-1, 3)
    return Generated(melody_from_json(kept["melody"]), kept["seed"], bits, kept["primed"], kept["price"])
