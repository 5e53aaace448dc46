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

KIN = 0.5: above it nearly all pairs are editions of one song; below it families begin to chain (docs/log.md).

Contents: identity, once, repeats, entries_of, Kin (an index of shingles), families, divide_families, deal_families.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.events.fingerprint import shingles
from melodyrnn.events.vocabulary import DURATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from melodyrnn.events.columns import Columns

KIN: Final = 0.5
HELD_OUT: Final = 0.1  # of the families, each for validation and for test
LEAST: Final = 4  # shingles in common; below it, chance and formulas
COMMON: Final = 200  # melodies
SHINGLE: Final = 6  # notes
_TICKS: Final = np.asarray(DURATIONS)
SECTION: Final = 8  # notes of the shortest section that counts as repeated
_LONGEST: Final = 1000  # notes; repeats are not looked for in longer melodies, for that takes their square
_ID: Final = np.uint64((1 << 24) - 1)  # 16 million melodies; leaves 40 bits of hash
HEAD_BITS: Final = ~_ID
_POWERS: Final = 1_000_003 ** np.arange(SECTION, dtype=np.int64)
_BATCH: Final = 256  # melodies
_LOW: Final = (1 << 32) - 1
_AT_ONCE: Final = 1 << 20  # entries that are looked at together
_MANY: Final = 20_000  # pairs of equal stretches of one melody
_BLOCK_BITS: Final = 4
_BLOCKS: Final = 1 << _BLOCK_BITS


def identity(melody: Columns) -> int:
    """The melody's normal form in 64 bits, the same on every machine."""
    kept = np.ones(len(melody), dtype=bool)
    if melody.place[0]:
        kept[melody.bar == melody.bar[0]] = False  # the upbeat
    if kept.sum() < SECTION:
        kept[:] = True
    symbols = melody.pitch * 256 + melody.duration
    kept[kept] = once(symbols[kept], _distances(symbols[kept]))
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
        """Index what `entries_of` gave for all melodies (sorted in place), without shingles of fewer than `least`."""
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

    def pairs(self, entries: NDArray[np.uint64]) -> Iterator[tuple[int, int]]:
        """Melodies of the index that are akin, each with later ones, of all `entries` of some, melody after melody."""
        heads, whose = entries & HEAD_BITS, (entries & _ID).astype(np.int64)
        own = ~np.isin(heads, self.commons)
        heads, whose = heads[own], whose[own]
        first, last = np.searchsorted(self.entries, heads), np.searchsorted(self.entries, heads | _ID, side="right")
        ends = np.cumsum(last - first)
        # in pieces of a bounded size, and never within a melody, whose shares are counted together
        edges = np.searchsorted(ends, np.arange(_AT_ONCE, int(ends[-1]) if len(ends) else 0, _AT_ONCE))
        edges = np.unique(np.searchsorted(whose, whose[edges]))
        pieces = (np.split(values, edges) for values in (first, last - first, whose))
        for begins, counts, melodies in zip(*pieces, strict=True):
            at = np.repeat(begins - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
            two, one = (self.entries[at] & _ID).astype(np.int64), np.repeat(melodies, counts)
            later = two > one
            both, shared = np.unique(one[later] << 32 | two[later], return_counts=True)
            sizes = np.minimum(self.sizes[both >> 32], self.sizes[both & _LOW])
            akin = both[(shared / np.maximum(sizes, 1) >= KIN) & (shared >= LEAST)]
            yield from zip((akin >> 32).tolist(), (akin & _LOW).tolist(), strict=True)


def families(melodies: int, of: Callable[[int], NDArray[np.uint64]], kin: Kin) -> NDArray[np.int64]:
    """Family of each melody, (melodies,): the number of its first member. `of` gives its entries."""
    parent = list(range(melodies))

    def root(member: int) -> int:
        while parent[member] != member:
            parent[member] = parent[parent[member]]
            member = parent[member]
        return member

    for begin in range(0, melodies, _BATCH):
        entries = [of(melody) for melody in range(begin, min(begin + _BATCH, melodies))]
        for melody, other in kin.pairs(np.concatenate(entries)):
            low, high = sorted((root(melody), root(other)))
            parent[high] = low
    return np.array([root(m) for m in range(melodies)], dtype=np.int64)


FEW: Final = 50
"""Families below which a corpus is divided by number instead of by chance."""


def divide_families(family: NDArray[np.int64], identities: NDArray[np.uint64], seed: int) -> NDArray[np.int64]:
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


def deal_families(family: Sequence[int], folds: int, rng: np.random.Generator) -> list[int]:
    """Deal melodies to folds of nearly equal size, in a drawn order, each family to one: a fold for each melody."""
    sizes, count, fold_of = [0] * folds, Counter(family), dict[int, int]()
    for k in rng.permutation(len(family)).tolist():
        if family[k] not in fold_of:
            fold_of[family[k]] = least = sizes.index(min(sizes))
            sizes[least] += count[family[k]]
    return [fold_of[own] for own in family]


def _draw(seed: int, own: int) -> float:
    digest = hashlib.blake2b(f"{seed} {own}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") / 2**64


def once(symbols: NDArray[np.int64], distances: Iterable[int]) -> NDArray[np.bool_]:
    """Which notes stay when each section that is repeated at once is counted once, longest sections first."""
    stay = np.ones(len(symbols), dtype=bool)
    for length in distances:
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
    if not 2 * SECTION <= len(symbols) <= _LONGEST:
        return []
    stretches = np.lib.stride_tricks.sliding_window_view(symbols, SECTION)
    told = stretches @ _POWERS  # wraps; equal by chance does no harm
    one, other = np.nonzero(told[:, None] == told)
    alike = np.bincount((other - one)[other > one], minlength=SECTION)
    # a section of d notes and its repeat have d - 7 equal stretches d apart
    distances = np.flatnonzero(alike >= np.maximum(np.arange(len(alike)) - SECTION + 1, 1))
    return [int(d) for d in distances[::-1] if d >= SECTION]


def repeats(symbols: NDArray[np.int64], bounds: NDArray[np.int64]) -> dict[int, list[int]]:
    """What `_distances` gives for melodies laid end to end, if anything; `bounds` (melodies + 1,): their edges."""
    lengths = np.diff(bounds)
    of = np.repeat(np.arange(len(lengths)), lengths)
    if len(symbols) < SECTION:
        return {}
    told = np.lib.stride_tricks.sliding_window_view(symbols, SECTION) @ _POWERS
    looked_at = (lengths >= 2 * SECTION) & (lengths <= _LONGEST)
    places = np.flatnonzero(looked_at[of[: len(told)]] & (of[: len(told)] == of[SECTION - 1 :]))
    if not len(places):
        return {}
    keys = told[places] + of[places] * np.int64(0x9E3779B97F4A7C1)  # wraps; stretches of one melody stay together
    order = keys.argsort()
    places, keys = places[order], keys[order]
    begins = np.flatnonzero(np.diff(keys, prepend=~keys[:1]))
    later = np.repeat(np.append(begins[1:], len(keys)), np.diff(begins, append=len(keys))) - np.arange(len(keys)) - 1
    pairs = np.bincount(of[places], later, minlength=len(lengths))
    found = {int(i): _distances(symbols[bounds[i] : bounds[i + 1]]) for i in np.flatnonzero(pairs > _MANY)}
    later[pairs[of[places]] > _MANY] = 0
    one = np.repeat(np.arange(len(keys)), later)
    other = one + 1 + np.arange(len(one)) - np.repeat(np.cumsum(later) - later, later)
    one, other = places[one], places[other]
    same = (of[one] == of[other]) & (told[one] == told[other])
    apart = np.abs(one - other)[same]
    counted, numbers = np.unique(of[one[same]] * (_LONGEST + 1) + apart, return_counts=True)
    melodies, apart = np.divmod(counted, _LONGEST + 1)
    fits = (apart >= SECTION) & (numbers >= np.maximum(apart - SECTION + 1, 1))
    for melody, length in zip(melodies[fits][::-1].tolist(), apart[fits][::-1].tolist(), strict=True):
        found.setdefault(melody, []).append(length)
    return {melody: lengths for melody, lengths in found.items() if lengths}
