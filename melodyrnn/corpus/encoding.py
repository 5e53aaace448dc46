"""Many melodies encoded at once: what encode, columns, identity and entries_of say of each, in a tenth of the time.

Melodies are laid end to end and every step is taken for all of them by one operation of NumPy, for on a single
melody an operation costs as much to call as to carry out. Melodies with values that stand in no table are encoded
one by one, as ever. A test holds the results equal, number for number.

Conventions
    flat        arrays over all notes of all melodies, one melody after the other; `of` says whose each note is.
    edges       where each melody begins in the flat arrays, and behind them where the last ends.

Contents: Entry, encode_many, entry_of.
"""

from __future__ import annotations

import hashlib
from itertools import chain, pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from melodyrnn.corpus.duplicates import HEAD_BITS, SECTION, SHINGLE, entries_of, identity, once, repeats
from melodyrnn.events.columns import Columns, columns
from melodyrnn.events.context import MOST_TICKS_LEFT, Harmonic, timeline
from melodyrnn.events.fingerprint import grams_of
from melodyrnn.events.tokenizer import LOWEST_FIRST, encode
from melodyrnn.events.vocabulary import DURATIONS, PITCHES, metre_index
from melodyrnn.music.key import MODES
from melodyrnn.music.key_finding import find_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.music.harmony import Harmony
    from melodyrnn.music.key import Key
    from melodyrnn.music.melody import Melody

Flat = NDArray[np.int64]
_ROWS: Final = np.full(max(DURATIONS) + 2, -1)
_ROWS[list(DURATIONS)] = np.arange(len(DURATIONS))
"""Ticks → row of DURATIONS; -1 where there is none, and behind the end."""
_REST_ROWS: Final = np.concatenate(([0], np.where(_ROWS[1:] < 0, -1, _ROWS[1:] + 1)))
"""Ticks → row of RESTS, likewise."""
_LAST: Final = len(_ROWS) - 1
_OCTAVES: Final = np.log2(np.asarray(DURATIONS))
_METRE: Final = attrgetter("numerator", "denominator", "onset", "bar_ticks")
_MOST_TICKS: Final = 1 << 31  # of a melody; keeps the places of all metres of a batch apart


class Entry(NamedTuple):
    """A melody as a prepared corpus takes it."""

    columns: Columns
    snapped: int  # values that went to the nearest entry of a table
    widest: int  # ticks of its longest bar
    identity: int
    entries: NDArray[np.uint64]  # as `entries_of` gives them for number 0


def entry_of(melody: Columns, snapped: int = 0) -> Entry:
    """What is to be known of one melody that is encoded already."""
    return Entry(melody, snapped, int(melody.bar_ticks.max()), identity(melody), entries_of(melody))


def encode_many(
    melodies: Sequence[Melody], styles: Sequence[int], chords: Sequence[Harmony | None] | None = None
) -> list[Entry]:
    """Encode melodies that have notes, each with its style and its chords, their keys found where they say none."""
    chords = chords or [None] * len(melodies)
    keys = _keys(melodies)
    told = [melody.columns for melody in melodies]
    edges = np.cumsum([0, *(len(columns.onsets) for columns in told)])
    of = np.repeat(np.arange(len(told)), np.diff(edges))
    onset, duration, pitch, _ = (
        np.fromiter(chain.from_iterable(values), np.int64, len(of)) for values in zip(*told, strict=True)
    )
    first = pitch[edges[:-1]] - LOWEST_FIRST
    anchors = first - (first - np.array([key.tonic for key in keys])) % 12
    ends = np.maximum((onset + duration)[edges[1:] - 1], [melody.length for melody in melodies])
    rows = _rows(onset, duration, edges) | {"pitch": pitch - anchors[of] - PITCHES[0]}
    strange = (rows["rest"] < 0) | (rows["duration"] < 0) | (rows["pitch"] < 0) | (rows["pitch"] >= len(PITCHES))
    singly = set(of[strange | (ends >= _MOST_TICKS)[of]].tolist())
    places, bars = _places(melodies, onset, of, ends)
    rows |= places
    widest = np.maximum.reduceat(places["bar_ticks"], edges[:-1]).tolist()
    identities, entries = _identities(rows, edges, of), _entries(rows["pitch"], edges, of)
    heard = onset, of, edges
    phrases = _phrases(melodies, (onset + duration)[edges[1:] - 1], *heard)
    harmonies = _harmonies(chords, [key.tonic for key in keys], *heard)
    fits: list[Entry] = []
    each = zip(keys, styles, edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    for i, (key, style, begin, end) in enumerate(each):
        if i in singly:
            encoded = encode(melodies[i], key)
            fits.append(entry_of(columns(encoded, style, chords[i]), encoded.snapped))
            continue
        own: dict[str, Any] = {name: flat[begin:end] for name, flat in rows.items()}
        facts: dict[str, Any] = {"mode": MODES.index(key.mode), "tonic": key.tonic, "anchor": int(anchors[i])}
        made = Columns(**own, **facts, bars=bars[i], style=style, phrase=phrases.get(i), harmony=harmonies.get(i))
        fits.append(Entry(made, 0, widest[i], identities[i], entries[i]))
    return fits


def _rows(onset: Flat, duration: Flat, edges: Flat) -> dict[str, Flat]:
    """Rests and durations as rows of their tables, -1 where a value stands in none."""
    rests = np.diff(onset, prepend=0)
    rests[1:] -= duration[:-1]
    rests[edges[:-1]] = onset[edges[:-1]]
    return {"rest": _REST_ROWS[np.clip(rests, -1, _LAST)], "duration": _ROWS[np.clip(duration, -1, _LAST)]}


def _keys(melodies: Sequence[Melody]) -> list[Key]:
    """The key in which each melody is heard."""
    silent = [melody for melody in melodies if melody.key is None]
    found = iter(find_keys(silent) if silent else ())
    return [melody.key or next(found) for melody in melodies]


def _places(melodies: Sequence[Melody], onset: Flat, of: Flat, ends: Flat) -> tuple[dict[str, Flat], list[int]]:
    """Where each note stands in its bar, flat; and how many bars each melody has."""
    whose = np.repeat(np.arange(len(melodies)), [len(melody.metres) for melody in melodies])
    facts = np.array([_METRE(metre) for melody in melodies for metre in melody.metres])
    starts, ticks = facts[:, 2], facts[:, 3]
    names = np.array([metre_index(above, below) for above, below in facts[:, :2].tolist()])
    passed = np.zeros(len(whose), np.int64)  # bars before each metre, those of melodies before it as well
    np.cumsum(np.where(np.diff(whose), 0, -(-np.diff(starts) // ticks[:-1])), out=passed[1:])
    passed -= passed[np.searchsorted(whose, whose)]
    ordered = whose << 31 | starts
    which = np.searchsorted(ordered, of << 31 | np.minimum(onset, _MOST_TICKS - 1), side="right") - 1
    bar, place = np.divmod(onset - starts[which], ticks[which])
    last = np.searchsorted(ordered, np.arange(len(ends)) << 31 | np.minimum(ends, _MOST_TICKS) - 1, side="right") - 1
    bars = passed[last] + (ends - 1 - starts[last]) // ticks[last] + 1
    places = {"place": place, "bar": bar + passed[which], "metre": names[which], "bar_ticks": ticks[which]}
    return places, bars.tolist()


def _phrases(melodies: Sequence[Melody], ends: Flat, onset: Flat, of: Flat, edges: Flat) -> dict[int, Flat]:
    """Ticks to the end of the phrase, as `phrase_ticks` has them, of each melody that tells its phrases."""
    telling = [i for i, melody in enumerate(melodies) if melody.phrases]
    if not telling:
        return {}
    starts = [[*melodies[i].phrases, int(ends[i])] for i in telling]
    at, which, bounds = _changes(starts, telling, onset, of, edges)
    last = np.cumsum([len(own) for own in starts]) - 1
    own = np.repeat(np.arange(len(telling)), np.diff(bounds))
    flat = np.fromiter(chain.from_iterable(starts), np.int64)
    left = np.clip(flat[np.minimum(which, last[own])] - onset[at], 1, MOST_TICKS_LEFT)
    return {i: left[a:b] for i, (a, b) in zip(telling, pairwise(bounds.tolist()), strict=True)}


def _harmonies(
    chords: Sequence[Harmony | None], tonics: Sequence[int], onset: Flat, of: Flat, edges: Flat
) -> dict[int, Harmonic]:
    """Chords at the onsets of each melody's notes, as `harmonic` has them, where it has any."""
    known = {i: one for i, one in enumerate(chords) if one}
    if not known:
        return {}
    laid = [timeline(one, tonics[i]) for i, one in known.items()]
    starts = [changes for changes, _ in laid]
    at, which, bounds = _changes(starts, list(known), onset, of, edges)
    # One row more a melody than it has changes: what holds before the first of them.
    own = np.repeat(np.arange(len(laid)), np.diff(bounds))
    first = np.cumsum([0, *(len(changes) for changes in starts)])
    rows = np.fromiter(chain.from_iterable(rows for _, rows in laid), np.int64)
    flat = np.append(np.fromiter(chain.from_iterable(starts), np.int64), 0)
    now = which + own
    following = rows[np.minimum(now + 1, first[own + 1] + own)]
    left = np.where(which < first[own + 1], np.minimum(flat[which] - onset[at], MOST_TICKS_LEFT), 0)
    cut = (slice(a, b) for a, b in pairwise(bounds.tolist()))
    return {i: Harmonic(rows[now[s]], following[s], left[s]) for i, s in zip(known, cut, strict=True)}


def _changes(
    starts: Sequence[Sequence[int]], owners: Sequence[int], onset: Flat, of: Flat, edges: Flat
) -> tuple[Flat, Flat, Flat]:
    """The notes of some melodies (indices), how many of all changes are past at each, and where each melody begins."""
    lengths = np.diff(edges)[owners]
    bounds = np.concatenate(([0], np.cumsum(lengths)))
    at = np.repeat(edges[:-1][owners] - bounds[:-1], lengths) + np.arange(bounds[-1])
    whose = np.repeat(owners, [len(own) for own in starts])
    ticks = np.clip(np.fromiter(chain.from_iterable(starts), np.int64), 0, _MOST_TICKS - 1)
    ordered = whose << 31 | ticks
    which = np.searchsorted(ordered, of[at] << 31 | np.minimum(onset[at], _MOST_TICKS - 1), side="right")
    return at, which, bounds


def _identities(rows: dict[str, Flat], edges: Flat, of: Flat) -> list[int]:
    """Identity of each melody, as `identity` finds it."""
    begins = edges[:-1]
    upbeat = (rows["place"][begins] != 0)[of] & (rows["bar"] == rows["bar"][begins][of])
    few = np.bincount(of[~upbeat], minlength=len(begins)) < SECTION
    kept = np.flatnonzero(~upbeat | few[of])
    symbols = rows["pitch"][kept] * 256 + rows["duration"][kept]
    bounds = np.searchsorted(of[kept], np.arange(len(edges)))
    stay = np.ones(len(kept), dtype=bool)
    for melody, distances in repeats(symbols, bounds).items():
        own = slice(bounds[melody], bounds[melody + 1])
        stay[own] = once(symbols[own], distances)
    kept = kept[stay]
    bounds = np.searchsorted(of[kept], np.arange(len(edges))).tolist()
    intervals = np.diff(rows["pitch"][kept]).astype("<i2").tobytes()
    ratios = np.rint(8 * np.diff(_OCTAVES[rows["duration"][kept]])).astype(np.int64).astype("<i2").tobytes()
    forms = (intervals[2 * a : 2 * b - 2] + ratios[2 * a : max(2 * b - 4, 0)] for a, b in pairwise(bounds))
    return [int.from_bytes(hashlib.blake2b(form, digest_size=8).digest(), "little") for form in forms]


def _entries(pitch: Flat, edges: Flat, of: Flat) -> list[NDArray[np.uint64]]:
    """Entries of each melody, as `entries_of` finds them."""
    if len(pitch) < SHINGLE:
        return [np.empty(0, np.uint64) for _ in edges[1:]]
    windows = np.lib.stride_tricks.sliding_window_view(pitch, SHINGLE)
    steady = np.arange(SHINGLE)[None]  # one rhythm for all: none
    whole = of[: len(windows)] == of[SHINGLE - 1 :]
    heads = (grams_of(steady, windows) & HEAD_BITS)[whole]
    bounds = np.searchsorted(of[: len(windows)][whole], np.arange(len(edges)))
    for begin, end in pairwise(bounds.tolist()):
        heads[begin:end].sort()
    new = np.ones(len(heads), dtype=bool)
    new[1:] = heads[1:] != heads[:-1]
    new[bounds[:-1][bounds[:-1] < len(heads)]] = True
    bounds = np.concatenate(([0], np.cumsum(new)))[bounds].tolist()
    heads = heads[new]
    return [heads[begin:end] for begin, end in pairwise(bounds)]
