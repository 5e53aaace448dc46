"""Melodies on their way: what a network has heard of each, and what it expects next.

Conventions
    R melodies side by side, all at the same position i = notes heard so far; C kinds of copy of a head.
    Log-probabilities are natural, float64. They are those of the torch network; where a copied interval
    would leave the table of pitches its share is lost, so a row may sum to a little less than one.
    A melody whose rest was END is over; its numbers go on but mean nothing. Leave it out with `take`.

One position: `rest()`, then `duration(rest)`, then `pitch(rest, duration)`, then `hear(rest, duration, pitch)`.
Only `hear` is obligatory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from melodyrnn.compose.runtime import mixed
from melodyrnn.compose.timeline import Places
from melodyrnn.events import viewpoints as vp
from melodyrnn.events.vocabulary import DURATIONS, END, PITCHES, RESTS

if TYPE_CHECKING:
    from melodyrnn.compose.runtime import Floats, Indices, Logs, Network
    from melodyrnn.compose.timeline import Timeline

_RESTS: Final = np.asarray((*RESTS, 0))
_DURATIONS: Final = np.asarray(DURATIONS)
_LEAPS: Final = np.vstack(
    [np.zeros((1, len(PITCHES)), np.int64)]
    + [vp.interval_row(np.arange(len(PITCHES))[None] - last) for last in range(len(PITCHES))]
)
"""Rows of intervals from the last pitch (row 0: none yet) to every pitch."""
# What is kept of every note, by position. The first three are compared for match lengths.
PITCH, INTERVAL, RHYTHM, REST, DURATION, PLACE, BAR, AFTER_PLACE, AFTER_BAR = range(9)


@dataclass(frozen=True, slots=True)
class Told:
    """Conditions of each melody, arrays (R,); 0 = hidden."""

    mode: Indices  # 1 + index in MODES
    style: Indices  # corpus tag
    register: Indices  # 1 + MIDI number of the anchor
    bars: Indices  # bars in all

    def take(self, rows: Indices) -> Told:
        """Choose melodies."""
        return Told(self.mode[rows], self.style[rows], self.register[rows], self.bars[rows])


class Stream:
    """The state of R melodies. Plain arrays: `take` copies any choice of them, as resampling needs."""

    def __init__(self, network: Network, told: Told, timeline: Timeline, capacity: int = 64) -> None:
        """Begin before the first note."""
        rows = len(told.mode)
        self.network, self.told, self.timeline = network, told, timeline
        self.notes = 0
        self.tick = np.zeros(rows, np.int64)  # where the last note ended
        self.last = np.full(rows, -1)  # row of the last pitch, -1 before the first
        self.after = timeline.at(self.tick)
        self.spent: Logs | None = None  # (R, 2) bits chosen and bits expected, where who chooses counts them
        self.state = network.blank(rows)
        self.past = np.zeros((9, rows, capacity), np.int64)
        self.lengths = np.zeros((3, rows, capacity), np.int64)  # match lengths with each earlier position
        keys = network.config.keys
        self.keys = {n: np.zeros((h.copies, rows, keys, capacity), np.float32) for n, h in network.heads.items()}
        heard = np.zeros((rows, len(vp.HEARD)), np.int64)
        views = {"metre_beat": self.after.metre * vp.BEATS, "mode": told.mode, "style": told.style}
        for name, value in views.items():
            heard[:, _HEARD_AT[name]] = value
        self._advance(heard)

    def __len__(self) -> int:
        return len(self.tick)

    def take(self, rows: Indices) -> Stream:
        """A copy that holds these melodies, in any order and number."""
        new = object.__new__(Stream)
        new.network, new.told, new.timeline = self.network, self.told.take(rows), self.timeline.take(rows)
        new.notes, new.tick, new.last = self.notes, self.tick[rows], self.last[rows]
        new.spent = None if self.spent is None else self.spent[rows]
        after = self.after
        new.after = Places(after.place[rows], after.bar[rows], after.metre[rows], after.bar_ticks[rows])
        new.state, new.past, new.lengths = self.state[:, :, rows], self.past[:, rows], self.lengths[:, rows]
        new.keys = {name: keys[:, rows] for name, keys in self.keys.items()}
        new._forget()
        return new

    def rest(self) -> Logs:
        """Log-probabilities of the next rest, (R, END + 1)."""
        joint = self._joint("rest", self._stand(self.after), ())
        apart = self._apart(AFTER_BAR, self.after.bar, {4: (AFTER_PLACE, self.after.place)})
        logits = joint[:, self.network.heads["rest"].logits]
        return self._mixed("rest", joint, logits, apart, self._past(REST)[None])

    def duration(self, rest: Indices) -> Logs:
        """Log-probabilities of the next duration after this rest (R,): (R, len(DURATIONS))."""
        where, _ = self._standing(rest)
        joint = self._joint("duration", self._at_duration(rest), (rest,))
        apart = self._apart(BAR, where.bar, {4: (PLACE, where.place), 2: (REST, rest)})
        return self._mixed(
            "duration", joint, joint[:, self.network.heads["duration"].logits], apart, self._past(DURATION)[None]
        )

    def pitch(self, rest: Indices, duration: Indices) -> Logs:
        """Log-probabilities of the next pitch at this rest and duration (R,): (R, len(PITCHES))."""
        where, _ = self._standing(rest)
        joint = self._joint("pitch", self._at_pitch(rest, duration), (rest, duration))
        same = {4: (PLACE, where.place), 2: (REST, rest), 1: (DURATION, duration)}
        apart = self._apart(BAR, where.bar, same)
        head = self.network.heads["pitch"]
        logits = joint[:, head.logits] + np.take_along_axis(joint[:, head.extra], _LEAPS[self.last + 1], 1)
        leap = self._past(INTERVAL) - vp.MATCHES + self.last[:, None]  # the first note's interval lands below 0
        return self._mixed("pitch", joint, logits, apart, np.stack((self._past(PITCH), leap)))

    @property
    def heard(self) -> tuple[Indices, Indices, Indices]:
        """Rests, durations and pitches of the notes so far: rows of the tables, (R, notes)."""
        return self._past(REST), self._past(DURATION), self._past(PITCH)

    def hear(self, rest: Indices, duration: Indices, pitch: Indices) -> None:
        """Take in one note of each melody, rows (R,) of the tables."""
        (where, standing), i = self._standing(rest), self.notes
        self._keep_keys(rest, duration)
        if i == self.past.shape[2]:
            self._grow()
        over = rest == END
        leap = pitch - self.last + vp.MATCHES if i else np.full_like(pitch, -1)
        rhythm = duration * vp.RHYTHM_BASE + (rest if i else 0)
        self.past[:, :, i] = (
            pitch, leap, rhythm, rest, duration, where.place, where.bar, self.after.place, self.after.bar,
        )  # fmt: skip
        if i:  # a match goes on from one position to the next, or starts again
            compared = self.past[:3, :, : i + 1]
            same = compared[:, :, :-1] == compared[:, :, -1:]
            self.lengths[:, :, 1 : i + 1] = np.where(same, self.lengths[:, :, :i] + 1, 0)
        heard = self._heard(np.where(over, 0, rest + 1), duration, pitch, standing)
        more, place = np.divmod(where.place + _DURATIONS[duration], where.bar_ticks)
        self.after = Places(place, where.bar + more, where.metre, where.bar_ticks)
        self.tick = np.where(over, self.tick, self.tick + _RESTS[rest] + _DURATIONS[duration])
        self.last, self.notes = pitch, i + 1
        self._advance(heard)

    def where(self, rest: Indices) -> Places:
        """Where the next note stands after this rest."""
        return self.timeline.at(self.tick + _RESTS[rest])

    def _advance(self, heard: Indices) -> None:
        self.network.hear(self.state, heard)
        self._forget()

    def _forget(self) -> None:
        """Drop what was worked out for one position."""
        self._projected: dict[str, Floats] | None = None
        self._match_rows: Indices | None = None
        self._stood: tuple[Indices, Places, Indices] | None = None
        self._keyed: dict[str, tuple[Indices, ...]] = {}  # for which choices a head's key stands at this position

    def _past(self, field: int) -> Indices:
        return self.past[field, :, : self.notes]

    def _left(self, bar: Indices) -> Indices:
        return np.where(self.told.bars > 0, vp.bars_left_row(self.told.bars - bar), 0)

    def _stand(self, where: Places) -> Indices:
        """Rows of place, metre_beat and bars_left, (R, 3): what every head knows."""
        rows = np.empty((len(self), 3), np.int64)
        rows[:, 0] = vp.place_row(where.place)
        rows[:, 1] = vp.metre_beat_row(where.metre, where.place)
        rows[:, 2] = self._left(where.bar)
        return rows

    def _standing(self, rest: Indices) -> tuple[Places, Indices]:
        """Where the next note stands after this rest, and its rows; worked out once for each choice."""
        if self._stood is None or not np.array_equal(self._stood[0], rest):
            where = self.where(rest)
            self._stood = rest.copy(), where, self._stand(where)
        return self._stood[1:]

    def _at_duration(self, rest: Indices) -> Indices:
        rows = np.empty((len(self), len(vp.AT_DURATION)), np.int64)
        rows[:, :3] = self._standing(rest)[1]
        rows[:, 3] = np.where(rest == END, 0, rest + 1)
        return rows

    def _at_pitch(self, rest: Indices, duration: Indices) -> Indices:
        rows = np.empty((len(self), len(vp.AT_PITCH)), np.int64)
        rows[:, :4] = self._at_duration(rest)
        rows[:, 4], rows[:, 5] = duration + 1, self.told.mode
        return rows

    def _heard(self, rest_row: Indices, duration: Indices, pitch: Indices, standing: Indices) -> Indices:
        """Views of a finished note, (R, len(HEARD))."""
        views = {
            "pitch": pitch + 1, "degree": vp.degree(pitch) + 1,
            "interval": vp.interval_row(pitch - self.last) if self.notes else np.zeros_like(pitch),
            "from_first": vp.interval_row(pitch - self.past[PITCH, :, 0]),
            "duration": duration + 1, "rest": rest_row, "place": standing[:, 0], "metre_beat": standing[:, 1],
            "mode": self.told.mode, "style": self.told.style, "register": self.told.register,
            "bars_left": standing[:, 2],
        }  # fmt: skip
        return np.stack([views[name] for name in vp.HEARD], 1)

    def _joint(self, name: str, rows: Indices, choice: tuple[Indices, ...]) -> Floats:
        """A head's joint output; its key is kept for later positions."""
        if self._projected is None:
            self._projected = self.network.project(self.state)
        head = self.network.heads[name]
        joint = head(self._projected[name], rows)
        if self.notes == self.past.shape[2]:
            self._grow()
        key = joint[:, head.key].reshape(len(self), head.copies, self.network.config.keys)
        self.keys[name][:, :, :, self.notes] = key.transpose(1, 0, 2)
        self._keyed[name] = choice
        return joint

    def _keep_keys(self, rest: Indices, duration: Indices) -> None:
        """Work out the keys that no question has left behind, or that a question about another choice has."""
        if "rest" not in self._keyed:
            self._joint("rest", self._stand(self.after), ())
        if not self._asked("duration", rest):
            self._joint("duration", self._at_duration(rest), (rest,))
        if not self._asked("pitch", rest, duration):
            self._joint("pitch", self._at_pitch(rest, duration), (rest, duration))

    def _asked(self, name: str, *choice: Indices) -> bool:
        """Whether a head's key stands for just this choice."""
        asked = self._keyed.get(name)
        return asked is not None and all(map(np.array_equal, asked, choice))

    def _apart(self, bar_field: int, bar: Indices, same: dict[int, tuple[int, Indices]]) -> Indices:
        """Rows of PLACES_APART for each earlier position, (R, i)."""
        zero = np.zeros((1, 1), np.int64)
        agree = [
            (self._past(same[bit][0]) == same[bit][1][:, None]).astype(np.int64) if bit in same else zero
            for bit in (4, 2, 1)
        ]
        return vp.apart_row(bar[:, None] - self._past(bar_field), *agree)

    def _mixed(self, name: str, joint: Floats, logits: Floats, apart: Indices, offers: Indices) -> Logs:
        """Log-probabilities (R, V) from a head's output; `apart` (R, i) and `offers` (C, R, i) of earlier positions."""
        head = self.network.heads[name]
        if self._match_rows is None:
            self._match_rows = vp.match_row(*self.lengths[:, :, : self.notes])
        query = joint[:, head.query].reshape(len(self), head.copies, 1, self.network.config.keys).transpose(1, 0, 2, 3)
        scores = np.matmul(query, self.keys[name][:, :, :, : self.notes])[:, :, 0]
        scores += head.matches[:, self._match_rows]
        scores += head.apart[:, apart]
        return mixed(logits, joint[:, head.sentinel], scores, offers)

    def _grow(self) -> None:
        """Double the room for the past."""
        self.past = np.concatenate((self.past, np.zeros_like(self.past)), 2)
        self.lengths = np.concatenate((self.lengths, np.zeros_like(self.lengths)), 2)
        self.keys = {n: np.concatenate((k, np.zeros_like(k)), 3) for n, k in self.keys.items()}


_HEARD_AT: Final = {name: index for index, name in enumerate(vp.HEARD)}
