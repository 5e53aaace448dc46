"""The other side of bench.live: ports of a DAW, its clock, a hand on a keyboard.

Contents: Daw; Scenario, clock_times; way_latency; left_sounding.
"""

from __future__ import annotations

import itertools
import os
import random
import time
from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Final, Self

import rtmidi

from melodyrnn.live.stage_time import urgently

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CLOCK, START, CONTINUE, STOP = b"\xf8", b"\xfa", b"\xfb", b"\xfc"
_NUMBERS: Final = itertools.count()


@dataclass(frozen=True)
class Scenario:
    """How a sender's clock goes; bars of `quarters`."""

    name: str
    tempo: Callable[[float], float]  # of a bar
    bars: int
    quarters: int = 2
    jitter: float = 0.0  # seconds
    holes: tuple[int, ...] = ()  # bars in the middle of which clocks stay away for half a second
    relocates: tuple[int, int] | None = None  # before this bar: Stop, a position at that bar, Continue
    restarts: int = 0  # before this bar: Start


def clock_times(scenario: Scenario) -> list[float]:
    """Seconds from Start of each clock, the one behind the last bar too."""
    when, times, bar = 0.0, [0.0], 24 * scenario.quarters
    for k in range(bar * scenario.bars):
        when += 60 / scenario.tempo(k / bar) / 24
        if k % bar == bar // 2 and k // bar in scenario.holes:
            when += 0.5
        times.append(when)
    return times


class Daw:
    """Ports of a DAW: one that is played on, a clock, a keyboard. Heard messages come with `time.monotonic`."""

    def __init__(self) -> None:
        number = f"{os.getpid()}-{next(_NUMBERS)}"
        self.heard: list[tuple[float, bytes]] = []
        self._name = f"daw{number}"
        self._clock, self._keys = self._out("clock"), self._out("keys")
        self._in = self._input()
        self.into, self.clock, self.keys = (f"{self._name}{kind}:{kind}" for kind in ("in", "clock", "keys"))

    def _out(self, kind: str) -> Any:
        port = rtmidi.MidiOut(rtapi=rtmidi.API_UNIX_JACK, name=f"{self._name}{kind}")
        port.open_virtual_port(kind)
        return port

    def _input(self) -> Any:
        port = rtmidi.MidiIn(rtapi=rtmidi.API_UNIX_JACK, name=f"{self._name}in")
        port.open_virtual_port("in")
        port.ignore_types(False, False, True)
        port.set_callback(lambda event, _: self.heard.append((time.monotonic(), bytes(event[0]))))
        return port

    def __enter__(self) -> Self:
        """Be there."""
        return self

    def __exit__(self, *_: object) -> None:
        for port in (self._in, self._clock, self._keys):
            port.close_port()
            port.delete()

    def reopen(self) -> None:
        """Close the port that is played on, and have it again after more than a second."""
        self._in.cancel_callback()
        self._in.close_port()
        self._in.delete()
        time.sleep(1.2)
        self._in = self._input()

    def onsets(self) -> list[tuple[float, int]]:
        """When notes began, and their pitches."""
        return [(when, m[1]) for when, m in self.heard if m[0] & 0xF0 == 0x90 and m[2]]

    def play(self, message: bytes) -> None:
        """A key."""
        self._keys.send_message(message)

    def send_clock(self, scenario: Scenario, keys: Sequence[tuple[float, bytes]] = ()) -> list[tuple[float, int]]:
        """Send a quarter of clocks, Start, clocks to the end, and a player's keys; give (time, bar) of bar lines."""
        rng = random.Random(3)  # noqa: S311 - no secret
        step, bar = 60 / scenario.tempo(0) / 24, 24 * scenario.quarters
        first = time.monotonic() + 0.05 + 24 * step
        plan: list[tuple[float, bytes, int]] = [(first - (24 - k) * step, CLOCK, -1) for k in range(24)]
        plan.append((first - step / 2, START, -1))
        count, times = 0, clock_times(scenario)
        for k, when in enumerate(times[:-1]):
            if k and scenario.relocates and k == bar * scenario.relocates[0]:
                count = bar * scenario.relocates[1]
                sixteenth = count // 6
                ahead = first + when - step / 2
                position = bytes((0xF2, sixteenth & 127, sixteenth >> 7))
                plan += [(ahead, STOP, -1), (ahead + 0.001, position, -1), (ahead + 0.002, CONTINUE, -1)]
            if k and k == bar * scenario.restarts:
                count = 0
                plan.append((first + when - step / 2, START, -1))
            off = rng.uniform(-scenario.jitter, scenario.jitter) if k % bar else 0.0
            plan.append((first + when + off, CLOCK, count // bar if count % bar == 0 else -1))
            count += 1
        plan += [(first + when, message, -2) for when, message in keys]
        plan.append((first + times[-1] - step / 2, STOP, -1))
        lines = []
        with urgently():
            for when, message, line in sorted(plan, key=lambda one: one[0]):
                time.sleep(max(when - time.monotonic(), 0))
                (self._keys if line == -2 else self._clock).send_message(message)
                if line >= 0:
                    lines.append((when, line))
        return lines


def way_latency(count: int = 100) -> float:
    """Seconds that a message takes to another client, in the median; it leaves at any moment of a period."""
    name, came = f"way{os.getpid()}-{next(_NUMBERS)}", list[float]()
    out = rtmidi.MidiOut(rtapi=rtmidi.API_UNIX_JACK, name=f"{name}a")
    into = rtmidi.MidiIn(rtapi=rtmidi.API_UNIX_JACK, name=f"{name}b")
    into.open_virtual_port("in")
    out.open_port(out.get_ports().index(f"{name}b:in"))
    into.set_callback(lambda _event, _: came.append(time.monotonic()))
    rng, took = random.Random(4), []  # noqa: S311 - no secret
    for _ in range(count):
        before, begun = len(came), time.monotonic()
        out.send_message(b"\x90\x3c\x50")
        time.sleep(0.03 + rng.uniform(0, 0.01))
        if len(came) > before:
            took.append(came[before] - begun)
    for port in (out, into):
        port.close_port()
        port.delete()
    return median(took)


def left_sounding(heard: Sequence[tuple[float, bytes]]) -> int:
    """Notes that a synth would still sound."""
    notes: Counter[tuple[int, int]] = Counter()
    for _, m in heard:
        kind, channel = m[0] & 0xF0, m[0] & 15
        if kind == 0x90 and m[2]:
            notes[channel, m[1]] = 1
        elif kind in (0x80, 0x90):
            notes[channel, m[1]] = 0
        elif kind == 0xB0 and m[1] == 123:
            notes.clear()
    return sum(notes.values())
