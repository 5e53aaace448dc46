"""The decoder: melodies on their way, what a network has heard of each, and what it expects next.

Conventions
    R melodies side by side, all at the same position i = notes heard so far; C kinds of copy of a head; M stretches of
    one metre. Ticks count from the first bar line, bars from 0; the arithmetic is that of melodyrnn.events.columns.
    Log-probabilities are natural, float64. They are those of the torch network; where a copied interval
    would leave the table of pitches its share is lost, so a row may sum to a little less than one.
    A melody whose rest was END is over; its numbers go on but mean nothing. Leave it out with `select`.

One position: `rest()`, then `duration(rest)`, then `pitch(rest, duration)`, then `step(rest, duration, pitch)`.
Only `step` is obligatory.

What is told of phrases and chords: melodyrnn.inference.told.

Contents: Places, Timeline, of_metres, of_columns; Conditions, Decoder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from melodyrnn.events import viewpoints as vp
from melodyrnn.events.vocabulary import DURATION_TICKS, PITCHES, REST_OR_END_TICKS, Indices, metre_index, onsets_of
from melodyrnn.inference.compiled import pointer_of
from melodyrnn.inference.layout import layout_of
from melodyrnn.inference.pointer import DURATION, PITCH, REST, PointerQuery
from melodyrnn.inference.told import BEYOND_ANY_TICK, NOTHING, Context, PhraseEnds, rows_to

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.events.columns import Columns
    from melodyrnn.events.vocabulary import Indices
    from melodyrnn.inference.numpy_network import Logs, Network
    from melodyrnn.music.melody import Metre


class Places(NamedTuple):
    """Where one tick of each melody stands. Arrays (R,)."""

    place: Indices  # ticks since the bar line
    bar: Indices
    metre: Indices  # row of METRES
    bar_ticks: Indices


class Timeline(NamedTuple):
    """Stretches of one metre, of each melody. Arrays (R, M)."""

    starts: Indices  # first tick
    bars: Indices  # number of the first bar
    metres: Indices  # row of METRES
    bar_ticks: Indices

    def at(self, tick: Indices) -> Places:
        """Find the bars in which ticks (R,) lie."""
        if self.starts.shape[1] == 1:
            start, bars, metre, length = (x[:, 0] for x in (self.starts, self.bars, self.metres, self.bar_ticks))
        else:
            which = np.maximum((self.starts <= tick[:, None]).sum(1) - 1, 0)
            rows = np.arange(len(tick))
            start, bars, metre, length = (
                x[rows, which] for x in (self.starts, self.bars, self.metres, self.bar_ticks)
            )  # fmt: skip
        bar, place = np.divmod(tick - start, length)
        return Places(place, bar + bars, metre, length)

    def select(self, rows: Indices) -> Timeline:
        """Choose melodies, in any order and number."""
        return Timeline(self.starts[rows], self.bars[rows], self.metres[rows], self.bar_ticks[rows])


def of_metres(metres: Sequence[Metre], rows: int) -> Timeline:
    """The timeline of one frame, for so many melodies.

    >>> from melodyrnn.music.melody import Metre
    >>> of_metres((Metre(3, 4), Metre(4, 4, 144)), 1).at(np.array([150])).bar.tolist()
    [2]
    """
    starts = np.array([m.onset for m in metres])
    ticks = np.array([m.bar_ticks for m in metres])
    bars = np.concatenate(([0], np.cumsum(-(-np.diff(starts) // ticks[:-1]))))
    names = np.array([metre_index(m.numerator, m.denominator) for m in metres])
    return Timeline(*(np.tile(x, (rows, 1)) for x in (starts, bars, names, ticks)))


def of_columns(melodies: Sequence[Columns]) -> Timeline:
    """The timelines of known melodies, as far as their notes tell: one stretch for each note."""
    shape = (len(melodies), max(len(m) for m in melodies))
    starts, bars = np.full(shape, BEYOND_ANY_TICK), np.zeros(shape, dtype=np.int64)
    metres, ticks = np.zeros(shape, dtype=np.int64), np.ones(shape, dtype=np.int64)
    for row, melody in enumerate(melodies):
        upto = slice(len(melody))
        starts[row, upto], bars[row, upto] = onsets_of(melody.rest, melody.duration) - melody.place, melody.bar
        metres[row, upto], ticks[row, upto] = melody.metre, melody.bar_ticks
    return Timeline(starts, bars, metres, ticks)


# The views of melodyrnn.events.viewpoints, tabulated: rows of the joint tables, by what a note is. Of those that stand
# in the same column and from the same row on in every layout, both are known here.
_LAYOUT: Final = layout_of(vp.Hears())
_KNOWN, _HEARD, _KNOWN_AT, _HEARD_AT = _LAYOUT.known, _LAYOUT.heard, _LAYOUT.known_at, _LAYOUT.heard_at
_ALL: Final = np.arange(len(PITCHES))
_TICKS: Final = np.arange(vp.PLACES)  # by tick, clipped
_PLACE_KNOWN: Final = vp.place_row(_TICKS) + _KNOWN["place"]
_BEAT_KNOWN: Final = vp.metre_beat_row(0 * _TICKS, _TICKS) + _KNOWN["metre_beat"]
_LEFT: Final = vp.bars_left_row(np.arange(vp.LONGEST_BARS + 2))  # by bars left, clipped
_NUMBER: Final = vp.bar_number_row(np.arange(vp.BAR_NUMBERS))  # by the number of the bar, clipped
_PITCH_HEARD: Final = _ALL + 1 + _HEARD["pitch"]
_DEGREE_HEARD: Final = vp.degree(_ALL) + 1 + _HEARD["degree"]
_LEAP: Final = vp.interval_row(np.append(_ALL, _ALL[1:] - len(_ALL)))  # by semitones, wrapped


class Conditions(NamedTuple):
    """Conditions of each melody, arrays (R,); 0 = hidden."""

    mode: Indices  # 1 + index in MODES
    style: Indices  # corpus tag
    register: Indices  # 1 + MIDI number of the anchor
    bars: Indices  # bars in all

    def select(self, rows: Indices) -> Conditions:
        """Choose melodies."""
        return Conditions(self.mode[rows], self.style[rows], self.register[rows], self.bars[rows])


class Decoder:
    """The state of R melodies. Plain arrays: `take` copies any choice of them, as resampling needs."""

    def __init__(
        self, network: Network, conditions: Conditions, timeline: Timeline, capacity: int = 64,
        context: Context = NOTHING,
    ) -> None:  # fmt: skip
        """Begin before the first note. What the network does not hear of the context is left out."""
        rows = len(conditions.mode)
        self.network, self.conditions, self.timeline = network, conditions, timeline
        hears = network.config.hears
        self.context = Context(context.phrases if hears.phrases else None, context.chords if hears.harmony else None)
        self._layout = layout_of(hears)
        self.notes = 0
        self.tick = np.zeros(rows, np.int64)  # where the last note ended
        self.last = np.full(rows, -1)  # row of the last pitch, -1 before the first
        self.after = timeline.at(self.tick)
        self.spent: Logs | None = None  # (R, 2) bits chosen, and their sum over the notes, where they are counted
        self.states: Indices | None = None  # (R,) where rules remember more than the notes tell, see `LogitRules`
        self.state = network.blank(rows)
        self.pointer = pointer_of(network, rows, capacity)
        self._known = np.tile(np.array(list(self._layout.known.values())), (rows, 1))
        self._known[:, self._layout.known_at["mode"]] += conditions.mode
        self._shown = conditions.bars > 0
        self._phrase_end = None if self.context.phrases is None else self.context.phrases.end(self.tick)
        self._heard: Indices = np.tile(np.array(list(self._layout.heard.values())), (rows, 1))
        views = {"metre_beat": self.after.metre * vp.BEATS, "mode": conditions.mode, "style": conditions.style}
        for name, value in views.items():
            self._heard[:, _HEARD_AT[name]] += value
        self._advance()
        self._heard[:, _HEARD_AT["register"]] += conditions.register  # from the second note on: the first would tell it

    def __len__(self) -> int:
        return len(self.tick)

    def select(self, rows: Indices) -> Decoder:
        """A copy that holds these melodies, in any order and number."""
        new = object.__new__(Decoder)
        new.network, new._layout = self.network, self._layout
        new.conditions, new.timeline = self.conditions.select(rows), self.timeline.select(rows)
        new.context = self.context.select(rows)
        new.notes, new.tick, new.last = self.notes, self.tick[rows], self.last[rows]
        new.spent = None if self.spent is None else self.spent[rows]
        new.states = None if self.states is None else self.states[rows]
        after = self.after
        new.after = Places(after.place[rows], after.bar[rows], after.metre[rows], after.bar_ticks[rows])
        new.state, new.pointer = self.state.take(rows, 2), self.pointer.select(rows)
        new._known, new._shown, new._heard = self._known[rows], self._shown[rows], self._heard[rows]
        new._phrase_end = None if self._phrase_end is None else self._phrase_end[rows]
        new._projected = self._projected.take(rows, 0)
        new._forget()
        return new

    def tell_phrases(self, phrases: PhraseEnds) -> None:
        """Tell where the phrases of each melody end, from here on; a network that hears none is told nothing."""
        if not self.network.config.phrases:
            return
        self.context = self.context._replace(phrases=phrases)
        self._phrase_end = phrases.end(self.tick)
        self._forget()

    def rest(self) -> Logs:
        """Log-probabilities of the next rest, (R, END + 1)."""
        return self._ask("rest", self._stand_after(), b"", PointerQuery(self.after.bar, self.after.place))

    def duration(self, rest: Indices) -> Logs:
        """Log-probabilities of the next duration after this rest (R,): (R, len(DURATIONS))."""
        where, known = self._standing(rest)
        return self._ask("duration", known, rest.tobytes(), PointerQuery(where.bar, where.place, rest))

    def pitch(self, rest: Indices, duration: Indices) -> Logs:
        """Log-probabilities of the next pitch at this rest and duration (R,): (R, len(PITCHES))."""
        where, known = self._standing(rest)
        self._lasts(known, duration)
        asked = PointerQuery(where.bar, where.place, rest, duration, self.last, self._root(known))
        return self._ask("pitch", known, _key(rest, duration), asked)

    @property
    def heard(self) -> tuple[Indices, Indices, Indices]:
        """Rests, durations and pitches of the notes so far: rows of the tables, (R, notes)."""
        return self.pointer.column(REST), self.pointer.column(DURATION), self.pointer.column(PITCH)

    def step(self, rest: Indices, duration: Indices, pitch: Indices) -> None:
        """Take in one note of each melody, rows (R,) of the tables."""
        where, known = self._standing(rest)
        self._keep_keys(rest, duration)
        ticks = DURATION_TICKS.take(duration)
        rhythm = duration * vp.RHYTHM_BASE
        if self.notes:
            rhythm += rest
        self.pointer.add((
            pitch, pitch - self.last, rhythm, rest, duration,
            where.place, where.bar, self.after.place, self.after.bar,
        ))  # fmt: skip
        self._hearing(duration, pitch, known)
        more, place = np.divmod(where.place + ticks, where.bar_ticks)
        more += where.bar
        self.after = Places(place, more, where.metre, where.bar_ticks)
        self.tick = self.tick + REST_OR_END_TICKS.take(rest)
        if self.context.phrases is not None:
            self._phrase_end = self.context.phrases.end(self.tick)
        self.tick += ticks
        self.last, self.notes = pitch, self.notes + 1
        self._advance()

    def where(self, rest: Indices) -> Places:
        """Where the next note stands after this rest."""
        return self.timeline.at(self.tick + REST_OR_END_TICKS.take(rest))

    def _advance(self) -> None:
        self._projected = self.network.step(self.state, self._heard)
        self._forget()

    def _forget(self) -> None:
        """Drop what was worked out for one position."""
        self._ended: Indices | None = None
        self._stood: tuple[bytes, tuple[Places, Indices]] | None = None
        self._asked: dict[str, bytes] = {}  # for which choices a head's key stands at this position

    def _stand(self, where: Places) -> Indices:
        """Rows of what heads know, (R, views), of which place, metre_beat and bars_left are filled in, and the mode."""
        known = self._known.copy()
        known[:, _KNOWN_AT["place"]] = _PLACE_KNOWN.take(where.place, mode="clip")
        known[:, _KNOWN_AT["metre_beat"]] = _BEAT_KNOWN.take(where.place, mode="clip") + where.metre * vp.BEATS
        left, number = self.conditions.bars - where.bar, where.bar
        known[:, _KNOWN_AT["bars_left"]] += np.where(
            self._shown, _LEFT.take(left, mode="clip"), _NUMBER.take(number, mode="clip")
        )
        return known

    def _stand_after(self) -> Indices:
        """The same where the last note has ended."""
        if self._ended is None:
            self._ended = self._stand(self.after)
            if self._phrase_end is not None:
                at, first = self._layout.known_at["phrase_left"], self._layout.known["phrase_left"]
                self._ended[:, at] = rows_to(self._phrase_end, self.tick) + first
        return self._ended

    def _standing(self, rest: Indices) -> tuple[Places, Indices]:
        """Where the next note stands after this rest, and what is known of it. Worked out once for each choice."""
        key = rest.tobytes()
        if self._stood is None or self._stood[0] != key:
            if self.timeline.starts.shape[1] == 1 and not rest.any():  # most notes begin where the last has ended
                where, known = self.after, self._stand_after().copy()
            else:
                where = self.where(rest)
                known = self._stand(where)
            known[:, self._layout.known_at["rest"]] = self._layout.rests.take(rest)
            if self.context != NOTHING:
                self._tell(known, self.tick + REST_OR_END_TICKS.take(rest))
            self._stood = key, (where, known)
        return self._stood[1]

    def _tell(self, known: Indices, onset: Indices) -> None:
        """Fill in what is told of phrases and chords where a note begins."""
        told, (phrases, chords) = {}, self.context
        if phrases is not None:
            told["phrase_left"] = rows_to(phrases.end(onset), onset)
        if chords is not None:
            told |= chords.at(onset)._asdict()
        for name, rows in told.items():
            known[:, self._layout.known_at[name]] = rows + self._layout.known[name]

    def _lasts(self, known: Indices, duration: Indices) -> None:
        """Fill in how long a note lasts."""
        known[:, self._layout.known_at["duration"]] = duration + (1 + self._layout.known["duration"])

    def _chord(self, known: Indices) -> Indices:
        """Rows of the chords that are known."""
        return known[:, self._layout.known_at["chord"]] - self._layout.known["chord"]

    def _root(self, known: Indices) -> Indices | None:
        """Rows of their roots; None where the network hears none."""
        return vp.root_row(self._chord(known)) if self.network.config.harmony else None

    def _hearing(self, duration: Indices, pitch: Indices, known: Indices) -> None:
        """Set the views of a finished note, which is among those remembered; mode, style and register stay."""
        heard, first = self._heard, self.pointer.column(PITCH)[:, 0]
        heard[:, _HEARD_AT["pitch"]] = _PITCH_HEARD.take(pitch)
        heard[:, _HEARD_AT["degree"]] = _DEGREE_HEARD.take(pitch)
        leap = _LEAP.take(pitch - self.last, mode="wrap") if self.notes else 0  # before the first note: NONE
        heard[:, _HEARD_AT["interval"]] = leap + _HEARD["interval"]
        heard[:, _HEARD_AT["from_first"]] = _LEAP.take(pitch - first, mode="wrap") + _HEARD["from_first"]
        heard[:, _HEARD_AT["duration"]] = duration + (1 + _HEARD["duration"])
        heard[:, self._layout.also_heard] = known.take(self._layout.also_known, 1) + self._layout.apart
        if self.context.chords is not None:
            degree = vp.chord_degree_row(pitch, self._chord(known))
            heard[:, self._layout.heard_at["chord_degree"]] = degree + self._layout.heard["chord_degree"]

    def _ask(self, name: str, known: Indices, choice: bytes, asked: PointerQuery) -> Logs:
        """What a head expects, given rows of what is known; its key is kept for later positions."""
        self._asked[name] = choice
        return self.pointer.expect(name, self._projected, known, asked)

    def _keep_keys(self, rest: Indices, duration: Indices) -> None:
        """Work out the keys that no question has left behind, or that a question about another choice has."""
        asked, known = self._asked, self._standing(rest)[1]
        if "rest" not in asked:
            self.pointer.keep("rest", self._projected, self._stand_after())
        if asked.get("duration") != rest.tobytes():
            self.pointer.keep("duration", self._projected, known)
        if asked.get("pitch") != _key(rest, duration):
            self._lasts(known, duration)
            self.pointer.keep("pitch", self._projected, known)


def _key(rest: Indices, duration: Indices) -> bytes:
    """A choice, to be compared."""
    return rest.tobytes() + duration.tobytes()
