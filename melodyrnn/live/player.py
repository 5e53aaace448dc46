"""The player: sends what is due when it is due, pass after pass, by a tempo of its own or another program's clock.

Conventions
    part        1/480 of a quarter from the start of the music; a pass begins at its base, the sum of those before it.
    due         the time of a part less the latency. Every deadline is worked out from the start: no wait adds to
                the next, so nothing drifts.

All happens in one thread: what comes from ports waits in an inbox. Whatever ends the loop, all notes end with it.

Contents: Player, ClipSource (what is played, pass by pass), Fixed.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import TYPE_CHECKING, Final, Protocol

from melodyrnn.live.clip import Clip, is_note_on
from melodyrnn.live.clock import PARTS_A_CLOCK, STOP, ClockFollower, Cue, OwnTime, clock_message
from melodyrnn.live.stage_time import LONGEST_WAIT
from melodyrnn.music.groove import PARTS_A_QUARTER
from melodyrnn.system import held_back

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.live.ears import Ears
    from melodyrnn.live.stage_time import HeardMessage, StageTime
    from melodyrnn.live.voices import Voices

_STALE: Final = 1.0  # seconds after which a note that is late is not begun any more
_NEAR: Final = 1e-6  # parts


class ClipSource(Protocol):
    """What is played, pass by pass. Its methods return at once: they are called between two notes."""

    def take(self, number: int) -> Clip | None:
        """The clip of pass `number` (from 0), asked for at its beginning; None = the music is over."""

    def lead(self, seconds_a_part: float) -> float:
        """Parts before the end of a pass at which `prepare` is called; 0 = never."""

    def prepare(self) -> None:
        """Get the next pass ready."""

    def heard(self, message: bytes, part: float) -> None:
        """A player has played something."""


class Fixed:
    """One clip, so many times; 0 = for ever."""

    def __init__(self, clip: Clip, passes: int = 1) -> None:
        self.clip, self._passes = clip, passes

    def take(self, number: int) -> Clip | None:
        """The clip, as often as was asked for."""
        return self.clip if not self._passes or number < self._passes else None

    def lead(self, seconds_a_part: float) -> float:  # noqa: ARG002
        """Nothing is prepared."""
        return 0.0

    def prepare(self) -> None:
        """Nothing."""

    def heard(self, message: bytes, part: float) -> None:
        """Nobody listens."""


class Player:
    """Plays a source on a port.

    `follower`: the clock that is followed; without one the tempo of the clips counts, or `tempo` (quarters a minute).
    `sends_clock`: others follow us: a quarter of clocks, then Start, and Stop at the end. `latency`: seconds by which
    all is sent earlier. `ears`: ports that are listened to, which are looked after here.
    """

    def __init__(
        self, voices: Voices, time: StageTime, source: ClipSource, *, follower: ClockFollower | None = None,
        tempo: float | None = None, latency: float = 0.0, sends_clock: bool = False, ears: Sequence[Ears] = (),
    ) -> None:  # fmt: skip
        self._voices, self._time, self._source = voices, time, source
        self._follower, self._tempo, self._latency, self._sends_clock = follower, tempo, latency, sends_clock
        self._ears = ears
        self._own: OwnTime | None = None
        self._clip = Clip((), 0.0)
        self._number, self._base, self._index, self._prepared = -1, 0.0, 0, math.inf
        self._clock = -24 if sends_clock else 0  # that is sent next
        self._over = False

    def play(self) -> None:
        """Play until the source is over, or for ever; whatever ends it, no note is left sounding."""
        try:
            self._begin()
            while not self._over:
                self._step()
        finally:
            with held_back():
                if self._sends_clock:
                    self._voices.send(bytes((STOP,)))
                self._voices.hush()

    @property
    def part(self) -> float:
        """Where the music stands."""
        line = self._follower or self._own
        return max(line.position(self._time.now()), 0.0) if line is not None else 0.0

    def _begin(self) -> None:
        """Take the first pass; by a tempo of our own it begins at once, after a quarter of clocks if those are sent."""
        self._turn()
        if self._follower is None and not self._over:
            self._own = OwnTime(self._time.now() + self._latency, self._tempos())
            if self._sends_clock:
                self._own = OwnTime(self._own.time_of(PARTS_A_QUARTER), self._tempos())

    def _step(self) -> None:
        """Do what is due, or wait for what comes first."""
        now = self._time.now()
        self._listen(now)
        self._voices.look(now)
        for one in self._ears:
            one.look(now)
        part, clock_part = self._next_part(), self._clock * PARTS_A_CLOCK if self._sends_clock else math.inf
        due = self._due(min(part, clock_part, self._prepared))
        if due > now:
            self._time.wait(min(due, now + LONGEST_WAIT))
        elif clock_part <= min(part, self._prepared):
            self._send_clock()
        elif self._prepared <= part:
            self._prepared = math.inf
            self._source.prepare()
        elif self._index < len(self._clip.events):
            self._send(now - due)
        else:
            self._turn()

    def _next_part(self) -> float:
        """Where the next message stands, or the end of the pass."""
        if self._index < len(self._clip.events):
            return self._base + self._clip.events[self._index][0]
        return self._base + self._clip.length

    def _due(self, part: float) -> float:
        line = self._follower or self._own
        return line.time_of(part) - self._latency if line is not None else math.inf

    def _send(self, late: float) -> None:
        message = self._clip.events[self._index][1]
        self._index += 1
        if late < _STALE or not is_note_on(message):
            self._voices.send(message)

    def _send_clock(self) -> None:
        for message in clock_message(self._clock):
            self._voices.send(message)
        self._clock += 1

    def _turn(self) -> None:
        """Go on to the next pass."""
        self._base += self._clip.length
        self._number += 1
        clip = self._source.take(self._number)
        if clip is None or clip.length <= 0:
            self._over = True
            return
        self._clip, self._index = clip, 0
        if self._own is not None:
            self._own.enter(self._base, self._tempos())
        self._prepare_later()

    def _prepare_later(self) -> None:
        tempo = self._follower.tempo if self._follower else self._tempo or self._clip.tempos[-1][1]
        lead = self._source.lead(60 / ((tempo or 120.0) * PARTS_A_QUARTER))
        self._prepared = self._base + max(self._clip.length - lead, 0.0) if lead else math.inf

    def _tempos(self) -> tuple[tuple[float, float], ...]:
        return ((0.0, self._tempo),) if self._tempo else self._clip.tempos

    def _listen(self, now: float) -> None:
        """Take in what has come: the clock moves us, keys go to the source."""
        for one in self._time.heard():
            if one.source == "clock" and self._follower is not None:
                for cue in self._follower.hear(one.message, one.when):
                    self._obey(cue)
            elif one.source == "keys":
                self._source.heard(one.message, self._part_of(one))
        for cue in self._follower.look(now) if self._follower is not None else ():
            self._obey(cue)

    def _part_of(self, one: HeardMessage) -> float:
        line = self._follower or self._own
        return line.position(one.when) if line is not None else 0.0

    def _obey(self, cue: Cue) -> None:
        """Follow a clock that starts, stops or moves."""
        self._voices.hush()
        if cue is not Cue.STOPPED and self._follower is not None:
            self._seek(self._follower.part)

    def _seek(self, part: float) -> None:
        """Stand at a position: of music that is repeated, at its place in the pass."""
        length = self._clip.length
        self._number = math.floor(part / length + _NEAR) if length else 0
        self._base = self._number * length
        clip = self._source.take(self._number)
        self._over = clip is None
        self._clip = clip or self._clip
        self._index = bisect_left(self._clip.events, (part - self._base - _NEAR, b""))
        self._prepare_later()
