"""How much of a melody is copied: its longest run shared with a training melody, and a rule that limits it.

Conventions
    A run is notes in a row with the same intervals and the same rhythm, in any key, note value and place
    (see melodyrnn.events.fingerprint). Runs shorter than the index's span, 8 notes, count as none: they are
    every composer's property. Bars are counted from 0 in code, from 1 in what people read.

Contents: Usual, usual_of; Copied, copied (a melody's longest run), index_of, index_or_none; limit_copy (the rule),
is_original (the last look at what was composed, joints and the seam of a loop included).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from melodyrnn.constraints.logit_rules import LogitRules
from melodyrnn.errors import CheckpointError
from melodyrnn.events.columns import columns
from melodyrnn.events.fingerprint import Index, grams_of
from melodyrnn.events.tokenizer import encode
from melodyrnn.events.vocabulary import DURATION_TICKS, PITCHES, REST_OR_END_TICKS, onsets_of
from melodyrnn.music.key_finding import key_or_found

if TYPE_CHECKING:
    from melodyrnn.checkpoint.file import Card, Checkpoint
    from melodyrnn.constraints.logit_rules import DecodingContext
    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.inference.numpy_network import Logs
    from melodyrnn.music.melody import Melody

_ALL: Final = np.arange(len(PITCHES))


@dataclass(frozen=True, slots=True)
class Usual:
    """What is normal: notes of the longest run that held-out tunes share with the training tunes."""

    median: float
    p95: float  # 95 of 100 tunes share no more

    def __str__(self) -> str:
        """Write as a person reads it."""
        return f"tunes that the model never saw share {self.median:g} in the median, 95 of 100 at most {self.p95:g}"


@dataclass(frozen=True, slots=True)
class Copied:
    """The longest run of notes that a melody shares with a training melody."""

    length: int = 0  # notes; 0 = none as long as a gram
    notes: int = 0  # of the melody
    tune: str = ""
    tune_bar: int = 0  # of the tune, from 0
    bar: int = 0  # of the melody, from 0

    def __str__(self) -> str:
        """Write as a person reads it; bars from 1."""
        if not self.length:
            return "no run shared with a training tune"
        return f"{self.length} notes in a row from bar {self.bar + 1} as in '{self.tune}', bar {self.tune_bar + 1}"

    def facts(self) -> dict[str, Any]:
        """Describe as plain data; bars from 1, None where nothing is shared."""
        shared = self.length > 0
        return {
            "longest_run": self.length,
            "tune": self.tune if shared else None,
            "tune_bar": self.tune_bar + 1 if shared else None,
            "bar": self.bar + 1 if shared else None,
        }


def index_of(checkpoint: Checkpoint) -> Index:
    """The fingerprints of a model's training melodies; empty where it carries none. Raises CheckpointError."""
    return Index.from_tensors(checkpoint.fingerprints)


def index_or_none(checkpoint: Checkpoint) -> tuple[Index, str]:
    """The fingerprints of a model, or none where they are damaged, and then what is wrong with them."""
    try:
        return index_of(checkpoint), ""
    except CheckpointError as problem:
        return Index.build(()), str(problem)


def usual_of(card: Card) -> Usual | None:
    """How much held-out tunes share with the training tunes, where the card tells."""
    told = [card.facts.get(name) for name in ("copy_median", "copy_p95")]
    return None if None in told else Usual(*told)  # type: ignore[arg-type]  # no None is left


def copied(index: Index, melody: Melody, *, primed: int = 0) -> Copied:
    """Find the longest run of a melody that stands in a training melody; not within the first `primed` notes alone."""
    if not melody.notes:
        return Copied()
    heard = columns(encode(melody, key_or_found(melody)))
    run = index.longest_run(heard, since=primed)
    if not run.length:
        return Copied(notes=len(heard))
    return Copied(run.length, len(heard), run.tune, run.bar, int(heard.bar[run.start]))


def limit_copy(index: Index, longest: int) -> LogitRules:
    """Forbid every pitch that would make a run of more than `longest` notes, no fewer than the index's span."""

    def pitch(logs: Logs, context: DecodingContext) -> Logs:
        if context.rest is None or context.notes < longest:
            return logs
        rests, durations, pitches = (x[:, -longest:] for x in context.heard)
        steps = DURATION_TICKS[durations] + np.column_stack(
            (REST_OR_END_TICKS[rests[:, 1:]], REST_OR_END_TICKS[context.rest])
        )
        onsets = np.concatenate((np.zeros((len(logs), 1), np.int64), np.cumsum(steps, 1)), 1)
        return _without_copies(logs, index, onsets, pitches)

    return LogitRules(pitch=(pitch,))


def is_original(index: Index, longest: int, before: Indices, rows: Indices, seam: int | None) -> bool:
    """Whether no run that a new note belongs to is longer than so many notes, as the melody will be heard.

    `before` and `rows`: given and new notes, (notes, 3) of the tables. `seam`: where a loop is heard again from its
    beginning, so that runs across it count; None for what is no loop.
    """
    rests, durations, pitches = np.concatenate((before, rows)).T
    onsets = onsets_of(rests, durations)
    if seam is not None:
        onsets = np.concatenate((onsets, onsets[:longest] + seam))
        pitches = np.concatenate((pitches, pitches[:longest]))
    return not any(
        _places(index, onsets[end - longest : end + 1], pitches[end - longest : end + 1])
        for end in range(max(longest, len(before)), len(pitches))
    )


def _without_copies(logs: Logs, index: Index, onsets: Indices, pitches: Indices) -> Logs:
    """Forbid pitches (R, V) that go on a run of all the notes before; onsets (R, n + 1), pitches (R, n)."""
    span = index.span
    last = index.known(grams_of(onsets[:, -span - 1 : -1], pitches[:, -span:]))
    out = logs
    for row in np.flatnonzero(last).tolist():  # nearly always none
        places = _places(index, onsets[row, :-1], pitches[row])
        if not places:
            continue
        out = out.copy() if out is logs else out
        tried = np.column_stack((np.tile(pitches[row, 1 - span :], (len(_ALL), 1)), _ALL))
        grams = grams_of(np.tile(onsets[row, -span:], (len(_ALL), 1)), tried)
        for choice in np.flatnonzero(index.known(grams)).tolist():
            if not places.isdisjoint((index.hits(grams[choice]) - 1).tolist()):
                out[row, choice] = -np.inf
    return out


def _places(index: Index, onsets: Indices, pitches: Indices) -> set[int]:
    """Places of the last gram, in the training melodies, of every run of all these notes (n,)."""
    windows = np.lib.stride_tricks.sliding_window_view
    places: set[int] | None = None
    for gram in grams_of(windows(onsets, index.span), windows(pitches, index.span)):
        here = set(index.hits(gram).tolist())
        places = here if places is None else here & {place + 1 for place in places}
        if not places:
            break
    return places or set()
