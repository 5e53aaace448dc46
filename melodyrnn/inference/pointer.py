"""What melodies remember of their own notes: what the pointers point at.

Conventions
    R melodies side by side with i notes each; position 0 is a melody's first note. C kinds of copy of a head, all
    heads' kinds in a row. Rows of MATCHES and PLACES_APART are those of melodyrnn.events.viewpoints, whose
    functions are tabulated here: looking up is one call where working out takes five.
    Values stand to the right of a margin, in which pitches, rests and durations count up their vocabularies, V
    values, and then say V, which is none of them: a row from there on says what a softmax, then a sentinel,
    then copies offer, as melodyrnn.inference.numpy_network.mixed wants it.

Contents: PointerQuery, Pointer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from melodyrnn.events import viewpoints as vp
from melodyrnn.events.vocabulary import DURATIONS, END, PITCHES
from melodyrnn.inference.numpy_network import mixed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.inference.numpy_network import Floats, Logs, Network

    Small = NDArray[np.uint8]

# What is kept of every note. The first three are compared for match lengths.
PITCH, INTERVAL, RHYTHM, REST, DURATION, PLACE, BAR, AFTER_PLACE, AFTER_BAR = range(9)
_SIZES: Final = {PITCH: len(PITCHES), REST: END + 1, DURATION: len(DURATIONS)}
FIELDS: Final = {
    "rest": (REST, AFTER_BAR, AFTER_PLACE),
    "duration": (DURATION, BAR, PLACE),
    "pitch": (PITCH, BAR, PLACE),
}
"""Of each head: what its pointers copy, and which bar and place of a note are compared with those asked about."""
MARGIN: Final = max(_SIZES.values()) + 1
_NO_INTERVAL: Final = -1000  # of the first note: equal to no interval, and below the table of pitches
_LEAPS: Final = np.array([len(PITCHES), *range(len(PITCHES)), len(PITCHES)])  # by 1 + row, clipped: lost on both sides
_NO: Final = np.zeros(1, np.int64)
_YES: Final = np.ones(1, np.int64)
FAR: Final = vp.apart_row(np.arange(vp.FURTHEST + 1), _NO, _NO, _NO).astype(np.uint8)
_SAME_PLACE: Final = vp.apart_row(_NO, _YES, _NO, _NO).astype(np.uint8)
SAME: Final = {
    PLACE: _SAME_PLACE,
    AFTER_PLACE: _SAME_PLACE,
    REST: vp.apart_row(_NO, _NO, _YES, _NO).astype(np.uint8),
    DURATION: vp.apart_row(_NO, _NO, _NO, _YES).astype(np.uint8),
}

# Match lengths are kept as states: three rulers of 0 … LONGEST_MATCH, for pitch, interval and rhythm.
_RULER: Final = np.arange(vp.LONGEST_MATCH + 1)
_START: Final = np.arange(3, dtype=np.uint8)[:, None, None] * np.uint8(len(_RULER))
_NEXT: Final = (np.minimum(_RULER + 1, vp.LONGEST_MATCH) + _START[:, 0]).ravel().astype(np.uint8)
MATCH: Final = np.concatenate([vp.match_row(*np.roll((_RULER, 0 * _RULER, 0 * _RULER), k, 0)) for k in range(3)])


class PointerQuery(NamedTuple):
    """What is asked about the next note of each melody, arrays (R,)."""

    bar: Indices  # in which it stands, so far as is known
    place: Indices
    rest: Indices | None = None  # as far as it has been chosen
    duration: Indices | None = None
    last: Indices | None = None  # where the pitch is asked for: the last one, -1 before the first …
    root: Indices | None = None  # … and the row of the chord's root, of a network that hears harmony


class Pointer:
    """The notes of R melodies, the keys under which heads find them, and how far each agrees with the present one."""

    def __init__(self, network: Network, rows: int, capacity: int) -> None:
        """Begin before the first note, with room for so many."""
        self.network, self.notes = network, 0
        self.values = np.zeros((9, rows, MARGIN + capacity), np.int64)
        for field, size in _SIZES.items():
            self.values[field, :, MARGIN - 1 - size : MARGIN] = np.arange(size + 1)
        self.states = np.zeros((3, rows, capacity), np.uint8)
        self.states[:] = _START
        self.keys = np.zeros((rows, len(network.matches), capacity, network.config.keys), np.float32)
        self._matches: Floats | None = None

    def select(self, rows: Indices) -> Pointer:
        """A copy of these melodies."""
        new = object.__new__(type(self))
        new.network, new.notes = self.network, self.notes
        new.values, new.states = self.values.take(rows, 1), self.states.take(rows, 1)
        new.keys = self.keys.take(rows, 0)
        new._matches = None
        return new

    def column(self, field: int) -> Indices:
        """One field of every note, (R, i)."""
        return self.values[field, :, MARGIN : MARGIN + self.notes]

    def add(self, note: tuple[Indices, ...]) -> None:
        """Take in one more note of each melody: its nine fields, (R,) each; the interval as an interval."""
        i = self.notes
        if i == self.states.shape[2]:
            self._grow()
        now = self.values[:, :, MARGIN + i]
        for field, value in enumerate(note):
            now[field] = value
        now[INTERVAL] = now[INTERVAL] + 1 if i else _NO_INTERVAL
        if i:  # a match goes on from one position to the next, or starts again
            same = self.values[:3, :, MARGIN : MARGIN + i] == now[:3, :, None]
            self.states[:, :, 1 : i + 1] = np.where(same, _NEXT.take(self.states[:, :, :i]), _START)
        self.notes, self._matches = i + 1, None

    def expect(self, name: str, projected: Floats, known: Indices, asked: PointerQuery) -> Logs:
        """A head's log-probabilities (R, V) of the next value, from what is projected and known; its key is kept."""
        joint, head, (copied, *_) = self._joint(name, projected, known), self.network.heads[name], FIELDS[name]
        logits, offers = joint[:, head.logits], self.offers(copied)
        if asked.last is not None and head.leaps is not None:
            logits = logits + joint[np.arange(len(joint))[:, None], head.leaps.take(asked.last + 1, 0)]
            offers = self.leaps(asked.last)
        if asked.root is not None and head.roots is not None:
            logits = logits + joint[np.arange(len(joint))[:, None], head.roots.take(asked.root, 0)]
        return mixed(logits, self.scores(name, joint, self.apart(name, asked)), offers)

    def keep(self, name: str, projected: Floats, known: Indices) -> None:
        """Keep the key under which a head will find the present note."""
        self._joint(name, projected, known)

    def _joint(self, name: str, projected: Floats, known: Indices) -> Floats:
        """A head's joint output; its key is kept for later positions."""
        if self.notes == self.states.shape[2]:
            self._grow()
        head = self.network.heads[name]
        joint = head(projected, known)
        self.keys[:, head.kinds, self.notes] = joint[:, head.key].reshape(len(joint), head.copies, self.keys.shape[3])
        return joint

    def apart(self, name: str, asked: PointerQuery) -> Small:
        """Rows of PLACES_APART, (R, i): how far each note is from the one asked about, and what they share."""
        _, bar, place = FIELDS[name]
        rows: Small = FAR.take(asked.bar[:, None] - self.column(bar), mode="clip")
        for field, value in ((place, asked.place), (REST, asked.rest), (DURATION, asked.duration)):
            if value is not None:
                rows += (self.column(field) == value[:, None]) * SAME[field]
        return rows

    def scores(self, name: str, joint: Floats, apart: Small) -> Floats:
        """What a head thinks of its sentinel and of each copy, (R, 1 + C i)."""
        head, rows, i = self.network.heads[name], len(joint), self.notes
        if not i:
            return joint[:, head.sentinel]
        if self._matches is None:
            self._matches = self.network.matches.take(np.add.reduce(MATCH.take(self.states[:, :, :i]), 0), 1)
        query = joint[:, head.query].reshape(rows, head.copies, self.keys.shape[3], 1)
        found = np.matmul(self.keys[:, head.kinds, :i], query)[..., 0]  # (R, C, i)
        found += self._matches[head.kinds].transpose(1, 0, 2)
        found += head.apart.take(apart, 1).transpose(1, 0, 2)
        scores = np.empty((rows, 1 + head.copies * i), np.float32)
        scores[:, :1], scores[:, 1:] = joint[:, head.sentinel], found.reshape(rows, head.copies * i)
        return scores

    def offers(self, field: int) -> Indices:
        """Every value of a vocabulary, none, and the value that copying each note would give, (R, V + 1 + i)."""
        return self.values[field, :, MARGIN - 1 - _SIZES[field] : MARGIN + self.notes]

    def leaps(self, last: Indices) -> Indices:
        """As `offers` of pitches, then what copying each interval from the last pitch (R,) would give."""
        leaps = _LEAPS.take(self.column(INTERVAL) + last[:, None], mode="clip")
        return np.concatenate((self.offers(PITCH), leaps), 1)

    def _grow(self) -> None:
        """Double the room."""
        more = self.states.shape[2]
        self.values = np.concatenate((self.values, np.zeros_like(self.values[:, :, MARGIN:])), 2)
        self.states = np.concatenate((self.states, np.broadcast_to(_START, (*self.states.shape[:2], more))), 2)
        self.keys = np.concatenate((self.keys, np.zeros_like(self.keys)), 2)
