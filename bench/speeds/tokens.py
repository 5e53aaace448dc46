"""Prepared melodies as MidiTok's REMI tokens, exact: 24 ticks a quarter, no velocities, transposed to a tonic of C.

A sequence is [start, mode, Bar, TimeSig, …, end]. What the network of this program is told (mode, tonic, first metre)
is told here too, for nothing: the first four tokens are not predicted. Everything after them is, the end included.

Contents: Tokens, tokens_of, melody_of.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from melodyrnn.events.vocabulary import DURATIONS, METRES, OTHER_METRE, PITCHES, RESTS
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.key import MODES, Key
from melodyrnn.music.melody import Melody, Metre, Note

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from melodyrnn.events.columns import Columns

TOLD: Final = 4  # tokens at the start that are told, not predicted
_LONGEST: Final = 16  # quarters of the longest note: the same as our tables'


@dataclass(frozen=True, slots=True)
class Tokens:
    """Sequences of a set of melodies, and the vocabulary they are of."""

    sequences: list[NDArray[np.int64]]
    notes: int
    vocabulary: int
    pitches: frozenset[int]  # tokens that begin a note
    end: int


def melody_of(columns: Columns) -> Melody:
    """A prepared melody as notes, its tonic moved to the C below."""
    onsets = np.cumsum(np.asarray(RESTS)[columns.rest] + np.asarray(DURATIONS)[columns.duration])
    onsets = onsets - np.asarray(DURATIONS)[columns.duration]
    anchor = columns.anchor // 12 * 12
    notes = tuple(
        Note(int(onset), DURATIONS[duration], min(127, max(0, anchor + PITCHES[pitch])))
        for onset, duration, pitch in zip(onsets, columns.duration, columns.pitch, strict=True)
    )
    changes = np.flatnonzero(np.diff(columns.metre, prepend=-1))
    metres = []
    for i in changes.tolist():
        row, ticks = int(columns.metre[i]), int(columns.bar_ticks[i])
        signature = (max(1, ticks // 6), 16) if row == OTHER_METRE else METRES[row]
        metres.append(Metre(*signature, onset=int(onsets[i] - columns.place[i]) if metres else 0))
    return Melody(notes, tuple(metres), Key(0, MODES[columns.mode]))


def tokens_of(melodies: Iterable[Columns]) -> Tokens:
    """Tokenise melodies by MidiTok's REMI."""
    import miditok  # noqa: PLC0415 - an extra of this benchmark
    import symusic  # noqa: PLC0415

    config = miditok.TokenizerConfig(
        pitch_range=(0, 127), beat_res={(0, _LONGEST): 24}, use_velocities=False, use_time_signatures=True,
        time_signature_range={2: [*range(1, 5)], 4: [*range(1, 13)], 8: [*range(1, 16)], 16: [*range(1, 25)]},
        special_tokens=["PAD", "BOS", "EOS"],
    )  # fmt: skip
    remi = miditok.REMI(config)
    start, end, size = remi["BOS_None"], remi["EOS_None"], len(remi.vocab)
    sequences, notes = [], 0
    for columns in melodies:
        score = symusic.Score.from_midi(midi_bytes(melody_of(columns)))
        ids: Any = remi.encode(score)
        ids = (ids[0] if isinstance(ids, list) else ids).ids
        sequences.append(np.array([start, size + columns.mode, *ids, end]))
        notes += len(columns)
    pitches = frozenset(i for name, i in remi.vocab.items() if name.startswith("Pitch_"))
    return Tokens(sequences, notes, size + len(MODES), pitches, end)


def kept(path: Any, tokens: Tokens | None = None) -> Tokens | None:
    """Write tokens to a file, or read them if they are there."""
    if tokens is not None:
        flat, ends = np.concatenate(tokens.sequences), np.cumsum([len(s) for s in tokens.sequences])
        facts = np.array([tokens.notes, tokens.vocabulary, tokens.end])
        buffer = io.BytesIO()
        np.savez(buffer, flat=flat, ends=ends, facts=facts, pitches=np.array(sorted(tokens.pitches)))
        path.write_bytes(buffer.getvalue())
        return tokens
    if not path.exists():
        return None
    found = np.load(path, allow_pickle=False)
    notes, vocabulary, end = found["facts"].tolist()
    sequences = np.split(found["flat"], found["ends"][:-1])
    return Tokens(list(sequences), notes, vocabulary, frozenset(found["pitches"].tolist()), end)
