"""MIDI's clock: followed, sent, and a tempo of our own.

Conventions
    part        1/480 of a quarter; a MIDI clock (F8) comes every 20. Position 0 is where Start begins.
    when        seconds of the clock that the player waits by.

Rules that a follower keeps (MIDI 1.0, "Timing Clock")
    F8 comes 24 times a quarter, also while stopped: then it tells the tempo and moves nothing.
    FA sets the position to 0, and the next F8 is beat 0; while running it starts over. FB goes on from the position at
    the next F8. FC stops at once. F2 counts sixteenths in 14 bits. Real-time bytes may stand inside other messages.
    The position is the count of clocks; where they stand in time is a fit over the last beat. A clock that stays away
    for `GONE` seconds lets go: nothing runs until the next Start or Continue.

Contents: Cue (what a message meant), ClockFollower; OwnTime; clock_message (what a sender sends at a position);
PARTS_A_QUARTER, PARTS_A_CLOCK, GONE.
"""

from __future__ import annotations

import math
from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, Final

from melodyrnn.music.groove import PARTS_A_QUARTER

if TYPE_CHECKING:
    from collections.abc import Sequence

CLOCKS_A_QUARTER: Final = 24
PARTS_A_CLOCK: Final = PARTS_A_QUARTER // CLOCKS_A_QUARTER
CLOCK, START, CONTINUE, STOP, POSITION = 0xF8, 0xFA, 0xFB, 0xFC, 0xF2
GONE: Final = 2.0  # seconds
_WINDOW: Final = CLOCKS_A_QUARTER  # clocks that are fitted
_FEWEST: Final = 6  # of them, from which a bend is fitted too
_AHEAD: Final = 1.5  # clocks beyond the last that are foreseen; where no more come the position stands
_BREAK: Final = 1.7  # times the usual distance, after which what came before tells nothing
_CLOCKS_A_SIXTEENTH: Final = 6


class Cue(Enum):
    """What a message of the clock meant."""

    STARTED = "started"  # from 0
    CONTINUED = "continued"
    STOPPED = "stopped"
    MOVED = "moved"  # to another position


class ClockFollower:
    """A position in the music by the clock of another program.

    `keeps`: Start goes on from a song position that was given since the last Stop, as some hosts that loop mean it.
    """

    def __init__(self, *, keeps: bool = False) -> None:
        self.running = False
        self._keeps = keeps
        self._placed = False  # a song position has come since the last Stop
        self._next = 0  # clock that the next F8 is
        self._waiting = False  # for the F8 from which the position goes on
        self._times: deque[float] = deque(maxlen=_WINDOW)
        self._pending: list[int] = []  # of a song position that is on its way
        self._fit: tuple[float, float, float] | None = None  # time of the last clock, seconds a clock, its change

    def hear(self, message: bytes, when: float) -> list[Cue]:
        """Take in bytes that came at a time; say what they meant, in order."""
        cues: list[Cue] = []
        for byte in message:
            if byte >= 0xF8:
                cues += self._real_time(byte, when)
            elif byte >= 0x80:
                self._pending = [byte] if byte == POSITION else []
            elif self._pending:
                self._pending.append(byte)
                if len(self._pending) == 3:
                    cues.append(self._placed_at(self._pending[1] | self._pending[2] << 7))
                    self._pending = []
        return cues

    def _real_time(self, byte: int, when: float) -> list[Cue]:
        if byte == CLOCK:
            self._tick(when)
        elif byte == START:
            kept, self._placed = self._keeps and self._placed, False
            self._next = self._next if kept else 0
            self.running = self._waiting = True
            return [Cue.CONTINUED if kept else Cue.STARTED]
        elif byte == CONTINUE:
            self.running = self._waiting = True
            self._placed = False
            return [Cue.CONTINUED]
        elif byte == STOP:
            self.running, self._placed = False, False
            return [Cue.STOPPED]
        return []

    def _placed_at(self, sixteenth: int) -> Cue:
        self._next, self._placed = sixteenth * _CLOCKS_A_SIXTEENTH, True
        self._waiting = self.running
        return Cue.MOVED

    def _tick(self, when: float) -> None:
        """Count a clock, and fit where clocks stand in time."""
        if self._times and when - self._times[-1] > self._patience():
            self._times.clear()
        self._times.append(when)
        self._fit = _fitted(self._times)
        self._next += self.running
        self._waiting = False

    def _patience(self) -> float:
        """Seconds between clocks after which the earlier ones tell nothing of the tempo now."""
        return _BREAK * self._fit[1] if self._fit and len(self._times) >= _FEWEST else GONE

    def look(self, now: float) -> list[Cue]:
        """Let go of a clock that has stayed away."""
        if self.running and self._times and now - self._times[-1] > GONE:
            self.running, self._fit = False, None
            self._times.clear()
            return [Cue.STOPPED]
        return []

    @property
    def tempo(self) -> float | None:
        """Quarters a minute, by the last beat; None until two clocks have come."""
        return 60 / (CLOCKS_A_QUARTER * self._fit[1]) if self._fit else None

    @property
    def part(self) -> float:
        """The position at the next clock, which is where Start, Continue and song positions lead."""
        return float(self._next * PARTS_A_CLOCK)

    def time_of(self, part: float) -> float:
        """When a position comes: now or before for what the clocks have reached, infinity for what nobody can say."""
        if not self.running or self._waiting or not self._times:
            return math.inf
        clocks = part / PARTS_A_CLOCK - (self._next - 1)  # after the last that came
        if clocks > _AHEAD:
            return math.inf
        if self._fit is None:
            return self._times[-1] if clocks <= 0 else math.inf
        last, step, bend = self._fit
        return min(last, self._times[-1]) if clocks <= 0 else last + clocks * step + clocks * clocks * bend / 2

    def position(self, when: float) -> float:
        """The part at a time, for what is played by others; never beyond what clocks foresee."""
        if self._waiting or not self._times:
            return self.part
        if self._fit is None:
            return self.part - PARTS_A_CLOCK
        last, step, _ = self._fit
        clocks = min((when - last) / step, _AHEAD) if step > 0 else 0.0
        return (self._next - 1 + clocks) * PARTS_A_CLOCK


def _fitted(times: Sequence[float]) -> tuple[float, float, float] | None:
    """Time of the last clock, seconds a clock and their change by least squares: a line, from six on a parabola.

    A line alone lags behind a tempo that changes: by 6 ms where 60 a minute become 200 within half a minute.
    """
    count = len(times)
    if count < 2:
        return None
    base, middle, mean = times[-1], (count - 1) / 2, 0.0
    offsets = [time - base for time in times]
    mean = math.fsum(offsets) / count
    places = [k - middle for k in range(count)]
    squares = math.fsum(x * x for x in places)
    slope = math.fsum(x * y for x, y in zip(places, offsets, strict=True)) / squares
    if count < _FEWEST:
        return base + mean + slope * middle, slope, 0.0
    bends = [x * x - squares / count for x in places]
    curve = math.fsum(b * y for b, y in zip(bends, offsets, strict=True)) / math.fsum(b * b for b in bends)
    return base + mean + slope * middle + curve * bends[-1], slope + 2 * curve * middle, 2 * curve


class OwnTime:
    """A tempo of our own, which may change within a pass; exact over any number of passes.

    `tempos` are (part, quarters a minute), the first at 0.
    """

    running = True

    def __init__(self, start: float, tempos: Sequence[tuple[float, float]]) -> None:
        self._pieces: list[tuple[float, float, float]] = []  # part, when, seconds a part
        self._lay(0.0, start, tempos)

    def enter(self, part: float, tempos: Sequence[tuple[float, float]]) -> None:
        """Let tempos hold from a part on, counted from there."""
        self._lay(part, self.time_of(part), tempos)

    def _lay(self, part: float, when: float, tempos: Sequence[tuple[float, float]]) -> None:
        pieces: list[tuple[float, float, float]] = []
        for offset, tempo in tempos:
            if pieces:
                begun, at, pace = pieces[-1]
                when = at + (part + offset - begun) * pace
            pieces.append((part + offset, when, 60 / (tempo * PARTS_A_QUARTER)))
        self._pieces = pieces

    def time_of(self, part: float) -> float:
        """When a position comes."""
        begun, at, pace = next((piece for piece in reversed(self._pieces) if piece[0] <= part), self._pieces[0])
        return at + (part - begun) * pace

    def position(self, when: float) -> float:
        """The part at a time."""
        begun, at, pace = next((piece for piece in reversed(self._pieces) if piece[1] <= when), self._pieces[0])
        return begun + (when - at) / pace

    @property
    def tempo(self) -> float:
        """Quarters a minute where the pass begins."""
        return 60 / (self._pieces[0][2] * PARTS_A_QUARTER)


def clock_message(clock: int) -> tuple[bytes, ...]:
    r"""What a sender sends at a clock counted from the start: Start before the first, and the clock itself.

    >>> clock_message(-1), clock_message(0), clock_message(24)
    ((b'\xf8',), (b'\xfa', b'\xf8'), (b'\xf8',))
    """
    tick = bytes((CLOCK,))
    return (bytes((START,)), tick) if clock == 0 else (tick,)
