"""Melody ⇄ events: one event is one note, said as (rest, duration, pitch).

Conventions
    rest        the silence before the note; before the first note, its onset (so 72 in 4/4 says
                "a quarter upbeat").
    pitch       semitones above the anchor.
    anchor      the tonic (as a MIDI number) for which the first note lies 5 below to 6 above. It
                depends on nothing later than the first note, so a held-out figure cannot see ahead,
                and it moves with the melody, so learning is the same in every key and octave.

The law: decode(encode(m)) == m for every melody whose values stand in the tables of `vocabulary`.
Other values go to the nearest entry and are counted in `Encoded.snapped`; later onsets do not drift.

Contents: Encoded, anchor_of, encode, decode.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from melodyrnn.errors import OptionError
from melodyrnn.events.vocabulary import DURATIONS, PITCHES, RESTS, Indices, nearest
from melodyrnn.music.melody import Melody, Note

if TYPE_CHECKING:
    from melodyrnn.music.key import Key

LOWEST_FIRST = -5  # semitones of the first note below its anchor, at most


@dataclass(frozen=True, slots=True)
class Encoded:
    """A melody as rows of the tables. `frame` is the melody without its notes: what is told, not predicted."""

    frame: Melody
    key: Key  # the key in which pitches are heard; equals frame.key when that is known
    anchor: int  # MIDI number of the tonic from which pitches are counted
    rests: Indices  # (n,) rows of RESTS
    durations: Indices  # (n,) rows of DURATIONS
    pitches: Indices  # (n,) rows of PITCHES
    velocities: Indices  # (n,) MIDI velocities, carried beside the events
    snapped: int = 0  # values that went to a nearest entry

    def __len__(self) -> int:
        return len(self.rests)


def anchor_of(first_pitch: int, tonic: int) -> int:
    """MIDI number of the tonic that hears this first pitch at -5..6 semitones (in C: 67 from 72, 66 from 60)."""
    return first_pitch - LOWEST_FIRST - (first_pitch - LOWEST_FIRST - tonic) % 12


def encode(melody: Melody, key: Key | None = None) -> Encoded:
    """Turn a melody into rows of the tables, heard in `key` or its own. Raises OptionError without notes or any key."""
    key = key or melody.key
    if key is None:
        raise OptionError("key", "the melody has none; find it with melodyrnn.music.key_finding.find_key")
    if not melody.notes:
        raise OptionError("melody", "has no notes")
    table = np.array([(n.onset, n.duration, n.pitch, n.velocity) for n in melody.notes], dtype=np.int64)
    anchor = anchor_of(int(table[0, 2]), key.tonic)
    rests, durations, snapped = _time(table[:, 0], table[:, 1])
    heard = table[:, 2] - anchor
    folded = np.clip(heard, PITCHES[0] + (heard - PITCHES[0]) % 12, PITCHES[-1] - (PITCHES[-1] - heard) % 12)
    pitches = folded - PITCHES[0]
    snapped += int((heard != folded).sum())
    frame = replace(melody, notes=(), length=melody.length)
    return Encoded(frame, key, anchor, rests, durations, pitches, table[:, 3], snapped)


def decode(encoded: Encoded) -> Melody:
    """Turn events back into a melody; the inverse of `encode`."""
    lengths = np.asarray(DURATIONS)[encoded.durations]
    ends = np.cumsum(np.asarray(RESTS)[encoded.rests] + lengths)
    pitches = encoded.anchor + PITCHES[0] + encoded.pitches
    columns = (ends - lengths, lengths, pitches, encoded.velocities)
    notes = tuple(Note(*row) for row in zip(*(c.tolist() for c in columns), strict=True))
    return replace(encoded.frame, notes=notes)


def _time(onsets: Indices, lengths: Indices) -> tuple[Indices, Indices, int]:
    """Rows of RESTS and DURATIONS, and how many values were not in the tables."""
    silences = np.diff(onsets, prepend=0) - np.concatenate(([0], lengths[:-1]))
    rests, durations = nearest(RESTS, silences), nearest(DURATIONS, lengths)
    off = int((np.asarray(RESTS)[rests] != silences).sum() + (np.asarray(DURATIONS)[durations] != lengths).sum())
    if off:  # a value that moved would shift all that follows: measure each rest from where we really are
        tick = 0
        for i, (onset, duration) in enumerate(zip(onsets.tolist(), durations.tolist(), strict=True)):
            rests[i] = nearest(RESTS, np.array([max(0, onset - tick)]))[0]
            tick += RESTS[rests[i]] + DURATIONS[duration]
    return rests, durations, off
