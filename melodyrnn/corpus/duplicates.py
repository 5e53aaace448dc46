"""Which melodies are the same, and which are variants of one tune.

Conventions
    identity    64 bits of a melody's normal form: intervals and ratios of durations, without upbeat, with
                sections that are repeated at once counted once. Equal for a melody in another key, octave
                or note value, with repeats written out, or with another upbeat.
    shingle     5 intervals in a row (6 notes), rhythm left out: variants of a tune keep most of them.
    kinship     shingles that two melodies share, as a share of the smaller melody's. Shingles that more than
                COMMON melodies have (scales, repeated notes) are nobody's property and are not counted.
    family      melodies linked by kinship of at least KIN, directly or through others.

The index holds 8 bytes a shingle (hash above, melody below), so 100,000 melodies take some 50 MB.

KIN = 0.5 was chosen by looking at pairs of Essen, the chorales and Ryan's (eight of each tenth):
above it nearly all are editions of one song; at 0.4-0.5 half are, and families begin to chain (largest family
of 8,600 melodies: 42 at 0.6, 74 at 0.5, 108 at 0.45, 580 at 0.4, 2897 at 0.3).

Contents: identity, entries_of, Kin (an index of shingles), families, divide.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.events.fingerprint import shingles
from melodyrnn.events.vocabulary import DURATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from melodyrnn.events.columns import Columns

KIN: Final = 0.5
HELD_OUT: Final = 0.1  # of the families, each for validation and for test
LEAST: Final = 4  # shingles in common; below it, chance and formulas
COMMON: Final = 200  # melodies
SHINGLE: Final = 6  # notes
_TICKS: Final = np.asarray(DURATIONS)
_SECTION: Final = 8  # notes of the shortest section that counts as repeated
_LONGEST: Final = 1000  # notes; repeats are not looked for in longer melodies, for that takes their square
_ID: Final = np.uint64((1 << 24) - 1)  # 16 million melodies; leaves 40 bits of hash
_BLOCK_BITS: Final = 4
_BLOCKS: Final = 1 << _BLOCK_BITS


def identity(melody: Columns) -> int:
    """The melody's normal form in 64 bits, the same on every machine."""
    kept = np.ones(len(melody), dtype=bool)
    if melody.place[0]:
        kept[melody.bar == melody.bar[0]] = False  # the upbeat
    if kept.sum() < _SECTION:
        kept[:] = True
    symbols = melody.pitch * 256 + melody.duration
    kept[kept] = _once(symbols[kept])
    pitch, duration = melody.pitch[kept], melody.duration[kept]
    ticks = np.log2(_TICKS[duration[:-1]])  # without the last, which one edition holds and another cuts
    form = np.concatenate([np.diff(pitch), np.rint(8 * np.diff(ticks)).astype(np.int64)]).astype("<i2")
    return int.from_bytes(hashlib.blake2b(form.tobytes(), digest_size=8).digest(), "little")


def entries_of(melody: Columns, number: int = 0) -> NDArray[np.uint64]:
    """The melody's different shingles, sorted, as entries of an index in which it has this number."""
    return np.unique(shingles(melody, SHINGLE, rhythm=False) & ~_ID) | np.uint64(number)


@dataclass(frozen=True, slots=True)
class Kin:
    """An index of shingles that finds the relatives of a melody."""

    entries: NDArray[np.uint64]  # sorted; hash above, melody below
    commons: NDArray[np.uint64]  # sorted heads (hash above, 0 below) of shingles that are nobody's property
    sizes: NDArray[np.int64]  # (melodies,) shingles of each that are not common

    @classmethod
    def build(cls, entries: NDArray[np.uint64], melodies: int, *, least: int = 1) -> Kin:
        """Index what `entries_of` gave for each melody, laid end to end; sorts `entries` in place.

        Shingles of fewer than `least` melodies are left out: 2 is enough to compare melodies of the index.
        """
        entries.sort()
        kept, commons, sizes = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)], np.zeros(melodies, np.int64)
        edges = np.searchsorted(entries, np.arange(1, _BLOCKS, dtype=np.uint64) << np.uint64(64 - _BLOCK_BITS))
        for block in np.split(entries, edges):  # blocks, so that what is worked out beside the entries stays small
            heads = block & ~_ID
            begins = np.flatnonzero(np.diff(heads, prepend=~heads[:1]))
            counts = np.diff(begins, append=len(heads))
            commons.append(heads[begins[counts > COMMON]])
            own = np.repeat(counts <= COMMON, counts)
            sizes += np.bincount((block[own] & _ID).astype(np.int64), minlength=melodies)
            kept.append(block[own & np.repeat(counts >= least, counts)])
        return cls(np.concatenate(kept), np.concatenate(commons), sizes)

    def relatives(self, entries: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Melodies of the index akin to one with these entries (itself too, if it is there), and their kinship."""
        heads = entries & ~_ID
        heads = heads[~np.isin(heads, self.commons)]
        first, last = np.searchsorted(self.entries, heads), np.searchsorted(self.entries, heads | _ID, side="right")
        counts = last - first
        if not counts.any():
            return np.empty(0, np.int64), np.empty(0)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        owners = (self.entries[np.repeat(first, counts) + within] & _ID).astype(np.int64)
        others, shared = np.unique(owners, return_counts=True)
        kinship = shared / np.maximum(np.minimum(self.sizes[others], len(heads)), 1)
        akin = (kinship >= KIN) & (shared >= LEAST)
        return others[akin], kinship[akin]


def families(melodies: int, of: Callable[[int], NDArray[np.uint64]], kin: Kin) -> NDArray[np.int64]:
    """Family of each melody, (melodies,): the number of its first member. `of` gives its entries."""
    parent = list(range(melodies))

    def root(member: int) -> int:
        while parent[member] != member:
            parent[member] = parent[parent[member]]
            member = parent[member]
        return member

    for melody in range(melodies):
        for other in kin.relatives(of(melody))[0].tolist():
            low, high = sorted((root(melody), root(other)))
            parent[high] = low
    return np.array([root(m) for m in range(melodies)], dtype=np.int64)


FEW: Final = 50
"""Families below which a corpus is divided by number instead of by chance."""


def divide(family: NDArray[np.int64], identities: NDArray[np.uint64], seed: int) -> NDArray[np.int64]:
    """Part of each melody: each family draws a number that follows from the seed and its smallest identity."""
    least: dict[int, int] = {}
    for group, own in zip(family.tolist(), identities.tolist(), strict=True):
        least[group] = min(own, least.get(group, own))
    draws = {group: _draw(seed, own) for group, own in least.items()}
    parts = {group: 2 if d >= 1 - HELD_OUT else 1 if d >= 1 - 2 * HELD_OUT else 0 for group, d in draws.items()}
    if len(draws) < FEW:  # chance could hold out nearly all of a few: the highest draws are held out, by number
        ordered = sorted(draws, key=draws.__getitem__, reverse=True)
        each = max(1, round(HELD_OUT * len(draws))) if len(draws) > 2 else 0
        parts = {group: 2 if k < each else 1 if k < 2 * each else 0 for k, group in enumerate(ordered)}
    return np.array([parts[group] for group in family.tolist()], dtype=np.int64)


def _draw(seed: int, own: int) -> float:
    digest = hashlib.blake2b(f"{seed} {own}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") / 2**64


def _once(symbols: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which notes stay when each section that is repeated at once is counted once, longest sections first."""
    stay = np.ones(len(symbols), dtype=bool)
    for length in _distances(symbols):
        while True:
            kept = np.flatnonzero(stay)
            here = symbols[kept]
            differ = np.concatenate(([0], np.cumsum(here[length:] != here[:-length])))
            found = np.flatnonzero(differ[length:] == differ[:-length])  # sections equal to the one after
            if not len(found):
                break
            stay[kept[found[0] : found[0] + length]] = False
    return stay


def _distances(symbols: NDArray[np.int64]) -> list[int]:
    """Lengths that a section repeated at once may have, longest first: few or none."""
    if not 2 * _SECTION <= len(symbols) <= _LONGEST:
        return []
    stretches = np.lib.stride_tricks.sliding_window_view(symbols, _SECTION)
    told = stretches @ (1_000_003 ** np.arange(_SECTION, dtype=np.int64))  # wraps; equal by chance does no harm
    one, other = np.nonzero(told[:, None] == told)
    alike = np.bincount((other - one)[other > one], minlength=_SECTION)
    # a section of d notes and its repeat have d - 7 equal stretches d apart
    distances = np.flatnonzero(alike >= np.maximum(np.arange(len(alike)) - _SECTION + 1, 1))
    return [int(d) for d in distances[::-1] if d >= _SECTION]
