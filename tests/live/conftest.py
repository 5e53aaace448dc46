"""Ports and a clock that are not there: what is sent is written down, what is heard stands in a script."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from melodyrnn.live.clip import Clip
from melodyrnn.live.ports import PortError
from melodyrnn.live.stage_time import HeardMessage
from melodyrnn.live.voices import Voices


class TimeUpError(Exception):
    """The script is over."""


class FakeTime:
    """A clock that moves when it is waited by; messages come when their time does."""

    def __init__(self, script=(), until=math.inf):
        self.t, self.until = 0.0, until
        self.script = sorted((HeardMessage(*one) for one in script), key=lambda one: one.when)

    def now(self):
        """Seconds."""
        return self.t

    def wait(self, until):
        """Be there at once."""
        following = self.script[0].when if self.script else math.inf
        self.t = max(self.t, min(until, following))
        if self.t >= self.until:
            raise TimeUpError

    def heard(self):
        """What has come."""
        come = [one for one in self.script if one.when <= self.t]
        self.script = self.script[len(come) :]
        return come


class FakePort:
    """Writes down what is sent, and when."""

    def __init__(self, name, time):
        self.name, self.time = name, time
        self.sent = []
        self.there, self.closed = True, False
        self.trap = None  # called before each message

    def send(self, message):
        """Write it down."""
        if self.trap is not None:
            self.trap(message)
        if not self.there:
            raise PortError(f"{self.name}: gone")
        self.sent.append((self.time.now(), message))

    def is_there(self):
        """As it is set."""
        return self.there

    def close(self):
        """Remember."""
        self.closed = True

    def onsets(self, channel=None):
        """Times and pitches of the notes that were begun."""
        return [
            (when, m[1]) for when, m in self.sent
            if m[0] & 0xF0 == 0x90 and m[2] and channel in (None, m[0] & 15)
        ]  # fmt: skip


def sounding(sent):
    """What sounds after messages, as a synth would have it: notes that hang, and channels whose pedal is down."""
    notes, pedals = Counter(), {}
    for _, m in sent:
        kind, channel = m[0] & 0xF0, m[0] & 15
        if kind == 0x90 and m[2]:
            notes[channel, m[1]] += 1
        elif kind in (0x80, 0x90):
            notes[channel, m[1]] = max(notes[channel, m[1]] - 1, 0)
        elif kind == 0xB0 and m[1] == 64:
            pedals[channel] = m[2] >= 64
    return +notes, {channel for channel, down in pedals.items() if down}


@pytest.fixture
def stage():
    """A fake clock, a port and what is said of it."""

    class Stage:
        over, clocks, Port = TimeUpError, staticmethod(clock_script), FakePort

        def __init__(self):
            self.said = []
            self.ports = []
            self.missing = False

        def at(self, script=(), until=math.inf):
            self.time = FakeTime(script, until)
            self.voices = Voices(self._opened, self.said.append)
            return self.time

        def _opened(self):
            if self.missing:
                raise PortError("synth: not there")
            self.ports.append(FakePort("synth", self.time))
            return self.ports[-1]

        @property
        def port(self):
            return self.ports[-1]

        def left(self):
            """What sounds in the end on the port that is there."""
            return sounding(self.port.sent)

        @property
        def sent(self):
            return [one for port in self.ports for one in port.sent]

    return Stage()


@pytest.fixture
def quarters():
    """A function: a clip of quarters at these pitches."""

    def make(*pitches, tempo=120.0):
        events = [
            one
            for k, pitch in enumerate(pitches)
            for one in ((480.0 * k, bytes((0x90, pitch, 80))), (480.0 * k + 400, bytes((0x80, pitch, 64))))
        ]
        return Clip(tuple(events), 480.0 * len(pitches), ((0.0, tempo),))

    return make


def clock_script(tempo, quarters, *, start=1.0):
    """A sender: a quarter of clocks while stopped, Start, then clocks; gives the script and the time of each clock."""
    step = 60 / tempo / 24
    warm = [("clock", b"\xf8", start - (24 - k) * step) for k in range(24)]
    sent = [start + k * step for k in range(24 * quarters)]
    heard = [("clock", b"\xf8", when) for when in sent]
    return [*warm, ("clock", b"\xfa", start - step / 2), *heard], sent
