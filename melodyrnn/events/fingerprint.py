"""What makes two melodies the same: intervals and rhythm, in any key, tempo or note value.

Conventions
    profile     between each note and the next: the interval in semitones, and how much longer or shorter the
                step in time (onset to onset, so a rest counts with the note before it) is than the one before,
                in quarters of an octave of time: 0 the same, 4 double, -4 half. Equal for a melody and its
                transposition, its notation in doubled values, and itself some bars later.
    gram        the profile of `span` notes in a row, as a 64-bit number that is the same on every machine.
    run         notes in a row that a melody shares with one tune, interval and rhythm; shorter than `span` is 0.

An Index of training melodies costs 10 bytes a note: one sorted array holds each gram's leading bits and,
below them, the place of its first note; a gram is found by bisection, a copied run is a diagonal of hits.

Contents: profile, shingles, SharedRun, Index.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from melodyrnn.errors import CheckpointError, OptionError, printable
from melodyrnn.events.vocabulary import Indices, onsets_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from melodyrnn.events.columns import Columns

Hashes = NDArray[np.uint64]

SPAN: Final = 8  # notes of a gram: shorter runs are every composer's property
_PLACE_BITS: Final = 26  # 67 million training notes; leaves 38 bits of hash, 1 false hit in 10^5 grams at 3 million
_PLACE: Final = np.uint64((1 << _PLACE_BITS) - 1)
_SLOWEST: Final = 20  # steps of time differ by 32 times at most; beyond it all is one class
_LONGEST_SPAN: Final = 32


def grams_of(onsets: Indices, pitches: Indices) -> Hashes:
    """Grams of notes in rows as long as a gram: onsets in ticks and pitches (rows, span) → (rows,)."""
    return _hash(np.diff(pitches), _ratios(onsets)[:, 1:])


def profile(melody: Columns) -> tuple[Indices, Indices]:
    """Intervals (notes - 1,) and time ratios (notes - 1,) of a melody; the first ratio is 0."""
    return np.diff(melody.pitch), _ratios(onsets_of(melody.rest, melody.duration))


def shingles(melody: Columns, n: int = SPAN, *, rhythm: bool = True) -> Hashes:
    """Hash every n notes in a row: (notes - n + 1,), empty for a shorter melody; without `rhythm`, intervals alone."""
    intervals, ratios = profile(melody)
    return _grams(intervals, ratios if rhythm else np.zeros_like(ratios), n)


@dataclass(frozen=True, slots=True)
class SharedRun:
    """Notes in a row that a melody shares with a tune."""

    length: int = 0  # notes; 0 = none as long as a gram
    tune: str = ""
    bar: int = 0  # of the tune, from 0, where the run begins
    start: int = 0  # index of the run's first note in the melody


@dataclass(frozen=True, slots=True)
class Index:
    """Every gram of the training melodies, and which tune and bar it is from."""

    grams: Hashes  # sorted: hash above, place of the first note below
    bars: NDArray[np.uint16]  # (notes,) bar of each training note in its tune
    starts: NDArray[np.uint32]  # (tunes + 1,) place of each tune's first note
    names: tuple[str, ...]
    span: int = SPAN

    @classmethod
    def build(cls, tunes: Iterable[tuple[str, Columns]], *, span: int = SPAN) -> Index:
        """Index tunes by name."""
        grams, bars, starts, names = [], [], [0], []
        for name, melody in tunes:
            hashes = shingles(melody, span)
            places = np.arange(len(hashes), dtype=np.uint64) + np.uint64(starts[-1])
            grams.append(hashes & ~_PLACE | places)
            bars.append(np.minimum(melody.bar, np.iinfo(np.uint16).max).astype(np.uint16))
            starts.append(starts[-1] + len(melody))
            names.append(printable(name))
            if starts[-1] > int(_PLACE):
                raise OptionError("tunes", f"more than {int(_PLACE):,} notes cannot be indexed")
        packed = np.sort(np.concatenate([np.empty(0, np.uint64), *grams]))
        every_bar = np.concatenate([np.empty(0, np.uint16), *bars])
        return cls(packed, every_bar, np.array(starts, np.uint32), tuple(names), span)

    def to_tensors(self) -> dict[str, NDArray[Any]]:
        """The arrays that a checkpoint stores."""
        return {
            "fingerprints.grams": self.grams,
            "fingerprints.bars": self.bars,
            "fingerprints.span": np.array([self.span], np.uint8),
            "tunes.starts": self.starts,
            "tunes.names": np.frombuffer("\n".join(self.names).encode(), np.uint8),
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]]) -> Index:
        """Take an index out of a checkpoint; one without any gives an empty index. Raises CheckpointError."""
        if not tensors:
            return cls.build(())
        types = {"fingerprints.grams": "u8", "fingerprints.bars": "u2", "fingerprints.span": "u1",
                 "tunes.starts": "u4", "tunes.names": "u1"}  # fmt: skip
        if any(n not in tensors or tensors[n].dtype != t or tensors[n].ndim != 1 for n, t in types.items()):
            raise CheckpointError("its fingerprints are not those of this program")
        grams, bars, span, starts, raw = (tensors[n] for n in types)
        text = raw.tobytes().decode("utf-8", "replace")
        if not text.replace("\n", "").isprintable():  # seldom: looking at each of a million letters takes long
            text = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
        names = tuple(text.split("\n")) if starts.size > 1 else ()
        steps = np.diff(starts.astype(np.int64))
        sound = (
            starts.size == len(names) + 1 and starts[0] == 0 and starts[-1] == bars.size and bool((steps >= 0).all())
            and span.size == 1 and 2 <= span[0] <= _LONGEST_SPAN
            and (not grams.size or int((grams & _PLACE).max()) < bars.size)
        )  # fmt: skip
        if not sound:
            raise CheckpointError("its fingerprints contradict each other")
        return cls(grams, bars, starts, names, int(span[0]))

    def joined(self, other: Index) -> Index:
        """This index and another of the same span; tunes that both hold (name and length) are kept once."""
        if self.span != other.span:
            raise OptionError("tunes", f"indexes of {self.span} and {other.span} notes a gram cannot be joined")
        ours = set(zip(self.names, np.diff(self.starts).tolist(), strict=True))
        lengths = np.diff(other.starts)
        new = np.array([t not in ours for t in zip(other.names, lengths.tolist(), strict=True)], dtype=bool)
        starts = np.concatenate((self.starts, self.starts[-1] + np.cumsum(lengths[new], dtype=np.uint32)))
        tune = np.repeat(np.arange(len(new)), lengths)  # of each note of the other
        moved = np.zeros(len(tune), np.uint64)
        moved[new[tune]] = np.arange(self.starts[-1], starts[-1], dtype=np.uint64)
        places = (other.grams & _PLACE).astype(np.int64)
        kept = new[tune][places]
        grams = np.sort(np.concatenate((self.grams, other.grams[kept] & ~_PLACE | moved[places[kept]])))
        names = self.names + tuple(n for n, fresh in zip(other.names, new, strict=True) if fresh)
        bars = np.concatenate((self.bars, other.bars[new[tune]]))
        return Index(grams, bars, starts.astype(np.uint32), names, self.span)

    def longest_run(self, melody: Columns, *, since: int = 0) -> SharedRun:
        """The longest run shared with any tune, the earliest on a tie; one that is over before note `since` is none."""
        hashes = shingles(melody, self.span)
        first, last = self._bounds(hashes)
        counts = last - first
        if not counts.any():
            return SharedRun()
        at = np.repeat(np.arange(len(hashes)), counts)
        within = np.arange(len(at)) - np.repeat(np.cumsum(counts) - counts, counts)
        place = (self.grams[first[at] + within] & _PLACE).astype(np.int64)
        order = np.lexsort((at, place - at))  # along diagonals: melody and tune go on together
        at, place = at[order], place[order]
        breaks = np.flatnonzero((np.diff(at) != 1) | (np.diff(place) != 1)) + 1
        begins = np.concatenate(([0], breaks))
        lengths = np.diff(np.concatenate((begins, [len(at)])))
        told = np.flatnonzero(at[begins] + lengths + self.span - 2 >= since).tolist()
        if not told:
            return SharedRun()
        best = max(told, key=lambda i: (lengths[i], -at[begins[i]]))
        where = int(place[begins[best]])
        tune = self.names[int(np.searchsorted(self.starts, where, side="right")) - 1]
        return SharedRun(int(lengths[best]) + self.span - 1, tune, int(self.bars[where]), int(at[begins[best]]))

    def known(self, grams: Hashes) -> NDArray[np.bool_]:
        """Which of the grams occur in the training melodies."""
        first, last = self._bounds(grams)
        return last > first

    def hits(self, gram: np.uint64) -> Indices:
        """Places at which a gram begins in the training melodies."""
        first, last = self._bounds(np.array([gram]))
        return (self.grams[int(first[0]) : int(last[0])] & _PLACE).astype(np.int64)

    def _bounds(self, hashes: Hashes) -> tuple[Indices, Indices]:
        """Where each hash begins and ends in `grams`."""
        heads = hashes & ~_PLACE
        first, last = np.searchsorted(self.grams, heads), np.searchsorted(self.grams, heads | _PLACE, side="right")
        return np.asarray(first), np.asarray(last)


def _ratios(onsets: Indices) -> Indices:
    """Classes of each step in time against the one before, (…, notes - 1); the first is 0."""
    octaves = np.log2(np.maximum(np.diff(onsets), 1))
    quarters = np.rint(4 * np.diff(octaves, prepend=octaves[..., :1]))
    return np.asarray(np.clip(quarters, -_SLOWEST, _SLOWEST), dtype=np.int64)


def _grams(intervals: Indices, ratios: Indices, n: int) -> Hashes:
    """Hash every window of n notes."""
    if len(intervals) < n - 1:
        return np.empty(0, dtype=np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view
    return _hash(windows(intervals, n - 1), windows(ratios, n - 1)[:, 1:])  # the first ratio looks outside


def _hash(intervals: Indices, ratios: Indices) -> Hashes:
    """Hash rows of n - 1 intervals and n - 2 ratios: a sum of products, mixed."""
    width = intervals.shape[1]
    factors = _mixed(np.arange(1, width + ratios.shape[1] + 1, dtype=np.uint64))
    told: Hashes = (intervals + 256).astype(np.uint64) @ factors[:width]
    told += (ratios + 256).astype(np.uint64) @ factors[width:]
    return _mixed(told)


def _mixed(numbers: Hashes) -> Hashes:
    """Scatter numbers over 64 bits: a step of splitmix64 (Steele, Lea & Flood 2014)."""
    told: Hashes = numbers * np.uint64(0x9E3779B97F4A7C15)
    told = (told ^ told >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    told = (told ^ told >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return told ^ told >> np.uint64(31)
