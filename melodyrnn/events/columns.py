"""One melody, or many side by side, as the integer columns that the network reads.

Conventions
    Columns     one melody: arrays of shape (notes,) and a few scalars; what a prepared corpus stores.
    Batch       several melodies, padded: arrays of shape (B, P) with P = longest + 1 positions. Position i
                predicts note i (after the last note: END) and hears note i - 1 (at 0: nothing yet).
    pair arrays have shape (B, P, P): entry [b, i, c] compares position i with an earlier position c < i.

Contents: Columns, `columns` (makes them); Batch, `collate` (of Columns); `match_lengths`; Withheld, answers_hidden,
told_rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from melodyrnn.events import viewpoints as vp
from melodyrnn.events.context import harmonic, phrase_ticks
from melodyrnn.events.vocabulary import DURATION_TICKS, END, REST_OR_END_TICKS, Indices, metre_index, onsets_of
from melodyrnn.music.key import MODES

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from melodyrnn.events.context import Harmonic
    from melodyrnn.events.tokenizer import Encoded
    from melodyrnn.music.harmony import Harmony

Small = NDArray[np.int16]  # what pairs are counted in: there are millions of them

_BOUNDED: Final = np.arange(vp.LONGEST_MATCH + 1)
_MATCH: Final = vp.match_row(_BOUNDED[:, None, None], _BOUNDED[:, None], _BOUNDED).ravel()
"""Row of MATCHES for each three bounded match lengths."""
_FLAGS: Final = np.arange(8)
_APART: Final = vp.apart_row(np.arange(vp.FURTHEST + 1)[:, None], _FLAGS >> 2, _FLAGS >> 1 & 1, _FLAGS & 1).ravel()
"""Row of PLACES_APART for a bounded number of bars and what is shared: bars * 8 + place * 4 + rest * 2 + duration."""
_PLACE, _REST = np.int16(4), np.int16(2)


@dataclass(frozen=True, slots=True)
class Columns:
    """One melody as the network reads it. Arrays are (notes,) integers."""

    rest: Indices  # rows of RESTS
    duration: Indices  # rows of DURATIONS
    pitch: Indices  # rows of PITCHES
    place: Indices  # ticks from the bar line to the onset
    bar: Indices  # bar number of the onset, from 0
    metre: Indices  # row of METRES at the onset
    bar_ticks: Indices  # length of that bar
    bars: int  # bars in all
    mode: int  # index in MODES
    tonic: int  # pitch class
    anchor: int  # MIDI number
    style: int = 0  # corpus tag, 1..STYLES; 0 = none
    begins: bool = True  # false of a piece out of a longer melody, whose first rest is no upbeat …
    ends: bool = True  # … and after whose last note the melody is not over
    phrase: Indices | None = None  # ticks from the onset to where the phrase ends; None = not told
    harmony: Harmonic | None = None  # the chords that sound; None = not told

    def __len__(self) -> int:
        return len(self.rest)


@dataclass(frozen=True, slots=True)
class Batch:
    """Melodies side by side. B melodies, P positions; see the module's conventions."""

    heard: NDArray[np.int64]  # (B, P, len(HEARD)) rows
    at_rest: NDArray[np.int64]  # (B, P, len(AT_REST)) rows
    at_duration: NDArray[np.int64]  # (B, P, len(AT_DURATION))
    at_pitch: NDArray[np.int64]  # (B, P, len(AT_PITCH))
    rest: NDArray[np.int64]  # (B, P) targets; END where a melody is over
    duration: NDArray[np.int64]  # (B, P) targets, 0 where there is no note
    pitch: NDArray[np.int64]  # (B, P)
    notes: NDArray[np.bool_]  # (B, P) true where a note is predicted
    rests: NDArray[np.bool_]  # (B, P) true where a rest or END is predicted
    matches: NDArray[np.int64]  # (B, P, P) rows of MATCHES
    apart_rest: NDArray[np.int64]  # (B, P, P) rows of PLACES_APART as known when the rest is predicted
    apart_duration: NDArray[np.int64]  # … and the duration
    apart_pitch: NDArray[np.int64]  # … and the pitch


def columns(encoded: Encoded, style: int = 0, chords: Harmony | None = None) -> Columns:
    """Work out where each note of an encoded melody stands, and with which of its file's chords it sounds."""
    lengths = DURATION_TICKS[encoded.durations]
    onsets = onsets_of(encoded.rests, encoded.durations)
    metres = encoded.frame.metres
    starts = np.array([m.onset for m in metres])
    bar_ticks = np.array([m.bar_ticks for m in metres])
    first_bars = np.concatenate(([0], np.cumsum(-(-np.diff(starts) // bar_ticks[:-1]))))
    which = np.searchsorted(starts, onsets, side="right") - 1
    bar, place = np.divmod(onsets - starts[which], bar_ticks[which])
    bar += first_bars[which]
    rows = np.array([metre_index(m.numerator, m.denominator) for m in metres])
    end = max(encoded.frame.length, int(onsets[-1] + lengths[-1]))
    last = int(np.searchsorted(starts, end - 1, side="right")) - 1
    bars = int(first_bars[last] + (end - 1 - starts[last]) // bar_ticks[last]) + 1
    places, phrases = onsets.tolist(), encoded.frame.phrases
    phrase = phrase_ticks(places, int(onsets[-1] + lengths[-1]), phrases) if phrases else None
    harmony = harmonic(places, chords, encoded.key.tonic) if chords else None
    return Columns(
        encoded.rests, encoded.durations, encoded.pitches, place, bar, rows[which], bar_ticks[which], bars,
        MODES.index(encoded.key.mode), encoded.key.tonic, encoded.anchor, style, phrase=phrase, harmony=harmony,
    )  # fmt: skip


def match_lengths(values: Indices) -> Small:
    """How many notes in a row, ending just before position i, equal those ending just before c.

    `values` (B, N), negative where nothing may match; the result is (B, N + 1, N + 1), 0 for c >= i.
    """
    batch, length = values.shape
    lengths = np.zeros((batch, length + 1, length + 1), dtype=np.int16)
    known = values >= 0
    for i in range(1, length + 1):
        same = (values[:, : i - 1] == values[:, i - 1 : i]) & known[:, i - 1 : i]
        np.multiply(lengths[:, i - 1, : i - 1] + np.int16(1), same, out=lengths[:, i, 1:i])
    return lengths


class Withheld(NamedTuple):
    """Conditions hidden from the network, one flag a melody: arrays (B,), true = hidden."""

    bars_left: NDArray[np.bool_]
    style: NDArray[np.bool_]
    mode: NDArray[np.bool_]
    register: NDArray[np.bool_]
    phrase: NDArray[np.bool_]
    harmony: NDArray[np.bool_]

    def select(self, rows: Sequence[int] | Indices) -> Withheld:
        """What is hidden from these melodies, in any order and number."""
        return Withheld(*(flags[rows] for flags in self))


def answers_hidden(melodies: int, told: Collection[str] = ()) -> Withheld:
    """What is hidden when a figure is measured, for it would tell: all but mode, register and `told` (fields)."""
    hide, show = np.ones(melodies, dtype=bool), np.zeros(melodies, dtype=bool)
    return Withheld(*(show if name in ("mode", "register", *told) else hide for name in Withheld._fields))


def collate(melodies: Sequence[Columns], withheld: Withheld) -> Batch:
    """Lay melodies side by side as the network's inputs and targets."""
    positions = max(len(m) for m in melodies) + 1
    length = np.array([len(m) for m in melodies])
    notes = np.arange(positions) < length[:, None]

    def padded(name: str) -> Indices:
        return _padded([getattr(melody, name) for melody in melodies], positions)

    rest, duration, pitch = padded("rest"), padded("duration"), padded("pitch")
    place, bar, metre, bar_ticks = padded("place"), padded("bar"), padded("metre"), padded("bar_ticks")
    over = np.arange(positions) == length[:, None]
    rest[over] = END
    rests = notes | (over & np.array([m.ends for m in melodies])[:, None])
    rests[:, 0] &= [m.begins for m in melodies]
    heard_before = np.roll(notes, 1, axis=1)
    heard_before[:, 0] = False
    static = {name: rows[:, None] for name, rows in told_rows(melodies, withheld).items()}
    after = _after(place, bar, metre, bar_ticks, duration, static["metre"])
    left, left_after = (_bars_left(melodies, withheld, at) for at in (bar, after["bar"]))
    at = {
        "place": vp.place_row(place), "metre_beat": vp.metre_beat_row(metre, place), "bars_left": left,
        "rest": rest + 1, "duration": duration + 1, "mode": np.broadcast_to(static["mode"], rest.shape),
    }  # fmt: skip
    at["rest"] = np.where(over, 0, at["rest"])
    at["phrase_left"], ended = _phrases(melodies, withheld, rest, duration)
    at |= _chords(melodies, withheld, positions)
    heard = _heard(pitch, at, heard_before, static, left)
    at_rest = [vp.place_row(after["place"]), vp.metre_beat_row(after["metre"], after["place"]), left_after, ended]
    pairs = _pairs(rest, duration, pitch, notes, place, bar, after)
    return Batch(
        heard, np.stack(at_rest, -1),
        np.stack([at[k] for k in vp.AT_DURATION], -1), np.stack([at[k] for k in vp.AT_PITCH], -1),
        rest, duration, pitch, notes, rests, *pairs,
    )  # fmt: skip


def _padded(columns: Sequence[Indices | None], positions: int) -> Indices:
    """Columns (notes,) side by side, (B, P), 0 behind and where there is none."""
    out = np.zeros((len(columns), positions), dtype=np.int64)
    for row, column in zip(out, columns, strict=True):
        if column is not None:
            row[: len(column)] = column
    return out


def told_rows(melodies: Sequence[Columns], withheld: Withheld) -> dict[str, Indices]:
    """Conditions of whole melodies, (B,) rows, 0 where withheld; and the metre in which each begins."""
    register = np.clip([m.anchor + 1 for m in melodies], 1, 128)
    return {
        "mode": np.where(withheld.mode, 0, [m.mode + 1 for m in melodies]),
        "style": np.where(withheld.style, 0, [m.style for m in melodies]),
        "register": np.where(withheld.register, 0, register),
        "metre": np.array([m.metre[0] for m in melodies]),
    }


def _bars_left(melodies: Sequence[Columns], withheld: Withheld, bar: Indices) -> Indices:
    """Rows of the bars left at these bars (B, P), or of their numbers where that is withheld."""
    total = np.array([m.bars for m in melodies])[:, None]
    return np.where(withheld.bars_left[:, None], vp.bar_number_row(bar), vp.bars_left_row(total - bar))


def _phrases(
    melodies: Sequence[Columns], withheld: Withheld, rest: Indices, duration: Indices
) -> tuple[Indices, Indices]:
    """Rows of the ticks to the phrase's end from each onset, and from where the note before has ended, (B, P)."""
    left = _padded([m.phrase for m in melodies], rest.shape[1])
    ended = np.roll(left - DURATION_TICKS[duration], 1, axis=1)
    ended[:, 0] = left[:, 0] + REST_OR_END_TICKS[rest[:, 0]]  # from the first bar line
    told = np.array([m.phrase is not None for m in melodies]) & ~withheld.phrase
    onset, after = (np.where(told[:, None], vp.ticks_left_row(np.maximum(x, 0)), 0) for x in (left, ended))
    return onset, after


def _chords(melodies: Sequence[Columns], withheld: Withheld, positions: int) -> dict[str, Indices]:
    """Rows of the chord at each onset, of the next one and of the ticks until it comes, (B, P)."""
    shown = [None if hidden else m.harmony for m, hidden in zip(melodies, withheld.harmony, strict=True)]
    names = ("chord", "next_chord", "chord_left")
    found = {name: _padded([one and getattr(one, name) for one in shown], positions) for name in names}
    found["chord_left"] = np.where(found["chord"] > 0, vp.ticks_left_row(found["chord_left"]), 0)
    return found


def _after(
    place: Indices, bar: Indices, metre: Indices, bar_ticks: Indices, duration: Indices, first_metre: Indices
) -> dict[str, Indices]:
    """Where the last note has ended, seen from each position: at 0, the first bar line. Arrays (B, P)."""
    more, rest = np.divmod(place + DURATION_TICKS[duration], np.maximum(bar_ticks, 1))
    shifted = {"place": rest, "bar": bar + more, "metre": metre}
    out = {name: np.roll(value, 1, axis=1) for name, value in shifted.items()}
    for value in out.values():
        value[:, 0] = 0
    out["metre"][:, 0] = first_metre[:, 0]
    return out


def _heard(
    pitch: Indices, at: dict[str, Indices], before: NDArray[np.bool_], static: dict[str, Indices], left: Indices
) -> Indices:
    """Views of the note that each position has just heard: (B, P, len(HEARD)) rows."""
    previous = np.roll(pitch, 1, axis=1)
    interval = vp.interval_row(pitch - previous)
    interval[:, 0] = 0
    views = {
        "pitch": pitch + 1, "degree": vp.degree(pitch) + 1, "interval": interval,
        "from_first": vp.interval_row(pitch - pitch[:, :1]),
        "duration": at["duration"], "rest": at["rest"], "place": at["place"], "metre_beat": at["metre_beat"],
        "register": np.broadcast_to(static["register"], pitch.shape), "bars_left": left,
        "phrase_left": at["phrase_left"], "chord": at["chord"],
        "chord_degree": vp.chord_degree_row(pitch, at["chord"]),
    }  # fmt: skip
    shifted = {name: np.where(before, np.roll(view, 1, axis=1), 0) for name, view in views.items()}
    shifted["metre_beat"][:, 0] = static["metre"][:, 0] * vp.BEATS
    for name in ("mode", "style"):
        shifted[name] = np.broadcast_to(static[name], pitch.shape)
    return np.stack([shifted[name] for name in vp.HEARD], -1)


def _pairs(
    rest: Indices, duration: Indices, pitch: Indices, notes: NDArray[np.bool_],
    place: Indices, bar: Indices, after: dict[str, Indices],
) -> tuple[Indices, Indices, Indices, Indices]:  # fmt: skip
    """Compare every position with every earlier one: MATCHES rows, then PLACES_APART rows for each attribute."""
    rhythm = duration * vp.RHYTHM_BASE + rest
    rhythm[:, 0] = duration[:, 0] * vp.RHYTHM_BASE  # the first rest says the upbeat, not a silence
    interval = np.diff(pitch, axis=1, prepend=0) + vp.MATCHES
    interval[:, 0] = -1
    values = np.where(notes, np.stack((pitch, interval, rhythm)), -1)[:, :, :-1]
    lengths = match_lengths(values.reshape(-1, values.shape[2])).reshape(3, *bar.shape, -1)
    same = {n: v[:, :, None] == v[:, None, :] for n, v in
            (("rest", rest), ("duration", duration), ("place", place), ("after", after["place"]))}  # fmt: skip
    # One block for all four: it is large enough to lie in huge pages, which cost nothing to be given.
    rows = np.empty((4, *bar.shape, bar.shape[1]), np.int64)
    _matches(lengths, rows[0])
    apart = _bars_apart(after["bar"])
    apart += same["after"] * _PLACE
    _look_up(_APART, apart, rows[1])
    apart = _bars_apart(bar)
    apart += same["place"] * _PLACE
    apart += same["rest"] * _REST
    _look_up(_APART, apart, rows[2])
    apart += same["duration"]
    _look_up(_APART, apart, rows[3])
    return rows[0], rows[1], rows[2], rows[3]


def _look_up(table: Indices, entries: Small, out: Indices) -> None:
    """table[entries] into `out`, which holds the entries first."""
    out[...] = entries
    table.take(out, out=out, mode="clip")


def _bars_apart(bar: Indices) -> Small:
    """Bars between every two positions, 0 … the most that is told apart, times 8: (B, P, P) rows of _APART."""
    small = bar.astype(np.int16)
    apart = small[:, :, None] - small[:, None, :]
    np.clip(apart, 0, vp.FURTHEST, out=apart)
    apart *= 8
    return apart


def _matches(lengths: Small, out: Indices) -> None:
    """Rows of MATCHES from the match lengths in pitch, interval and rhythm, (3, B, P, P)."""
    np.minimum(lengths, vp.LONGEST_MATCH, out=lengths)
    row, interval, rhythm = lengths
    row *= vp.LONGEST_MATCH + 1
    row += interval
    row *= vp.LONGEST_MATCH + 1
    row += rhythm
    _look_up(_MATCH, row, out)
