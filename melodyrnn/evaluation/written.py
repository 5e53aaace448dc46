"""What a model writes under the frames of melodies: one of its own for each of theirs.

Conventions
    frame       metre, tonic, mode and upbeat of a melody. Length, ending and all notes are the model's.
    A melody is what its frame and seed give alone, whoever composes it: the number of processes changes nothing.

Contents: Framed, framed, WrittenMelody, write_under_frames.
"""

from __future__ import annotations

from functools import partial
from itertools import chain, groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from melodyrnn.checkpoint.file import load
from melodyrnn.compose.generate import COMPOSED_TOGETHER, generate
from melodyrnn.compose.model import model_of
from melodyrnn.controls.options import Options
from melodyrnn.errors import CorpusError, MelodyRNNError
from melodyrnn.evaluation.sets import read_melody_columns
from melodyrnn.events.statistics import form_of
from melodyrnn.events.vocabulary import METRES, RESTS
from melodyrnn.music.key import MODES, Key
from melodyrnn.music.melody import Metre
from melodyrnn.system import deal, processors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from melodyrnn.compose.model import Model
    from melodyrnn.events.columns import Columns

_KILLED: Final = "a process that composed was killed, perhaps for lack of memory; give --jobs 1"


class Framed(NamedTuple):
    """Under what a melody is written."""

    metre: int  # row of METRES
    tonic: int  # pitch class
    mode: int  # row of MODES
    upbeat: int | None  # ticks; None where no rest of the tables leads to it: the model chooses


class WrittenMelody(NamedTuple):
    """A melody by the model."""

    melody: Columns
    frame: Framed
    seed: int
    under: int = 0  # whose frame it was: a row of those given

    @property
    def name(self) -> str:
        """How it can be asked for again."""
        return f"seed {self.seed}, {'/'.join(map(str, METRES[self.frame.metre]))}, {_key(self.frame)}"


class _Wanted(NamedTuple):
    """What is to be written."""

    frame: Framed
    seed: int
    under: int


def framed(melody: Columns) -> Framed | None:
    """The frame of a melody; None where its metre has no name in the model's tables."""
    row, bar = int(melody.metre[0]), int(melody.bar_ticks[0])
    if row >= len(METRES):
        return None
    upbeat = form_of(melody).upbeat
    known = upbeat < bar and (bar - upbeat) % bar in RESTS
    return Framed(row, melody.tonic, melody.mode, upbeat if known else None)


def write_under_frames(
    model: Model, frames: Sequence[Framed], seed: int = 0, *, jobs: int = 0, temperature: float = 1.0
) -> Iterator[WrittenMelody]:
    """Write a melody of free length under each frame, those of one frame together, in `jobs` processes (0: all).

    Seeds count up from `seed` in the order in which they come, which is that of the frames. Raises CorpusError for no
    frame, MelodyRNNError where a process dies.
    """
    if not frames:
        raise CorpusError("no melody of the set is in a metre that the model knows by name")
    order = sorted(range(len(frames)), key=lambda row: _order(frames[row]))
    wanted = (_Wanted(frames[row], seed + k, row) for k, row in enumerate(order))
    groups = [part for _, one in groupby(wanted, key=lambda one: one.frame) for part in _parts(list(one))]
    jobs = min(jobs or processors(), len(groups))
    work = partial(_compose, model.checkpoint.file(), temperature)
    try:
        yield from chain.from_iterable(deal(work, groups, jobs) if jobs > 1 else work(groups))
    except ChildProcessError:
        raise MelodyRNNError(_KILLED) from None


def _parts(group: list[_Wanted]) -> Iterator[list[_Wanted]]:
    return (group[start : start + COMPOSED_TOGETHER] for start in range(0, len(group), COMPOSED_TOGETHER))


def _order(frame: Framed) -> tuple[int, ...]:
    return frame.metre, -1 if frame.upbeat is None else frame.upbeat, frame.mode, frame.tonic


def _key(frame: Framed) -> Key:
    return Key(frame.tonic, MODES[frame.mode])


def _compose(file: bytes, temperature: float, groups: Sequence[Sequence[_Wanted]]) -> Iterator[list[WrittenMelody]]:
    """In a child: the groups of its share, those of one frame side by side."""
    model = model_of(load(file))
    for group in groups:
        frame = group[0].frame
        options = Options(
            bars=None, upbeat=frame.upbeat, metre=Metre(*METRES[frame.metre]), key=_key(frame), tempo=120,
            in_scale="free", temperature=temperature, seed=group[0].seed,
        )  # fmt: skip
        written = generate(model, options, len(group))
        yield [WrittenMelody(read_melody_columns(made.melody), *one) for made, one in zip(written, group, strict=True)]
