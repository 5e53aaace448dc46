"""MIDI clock, rule by rule, and how near a follower keeps to it."""

import math
import random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from melodyrnn.live.clip import Clip
from melodyrnn.live.clock import GONE, ClockFollower, Cue, OwnTime
from melodyrnn.live.player import Fixed, Player

STEP = 60 / 120 / 24  # seconds a clock at 120


def heard(follower, *messages, start=0.0):
    """Let a follower hear messages, its clocks a clock apart; return when the next clock is due, and all cues."""
    cues = []
    for message in messages:
        cues += follower.hear(message, start - (0 if message == CLOCK else STEP / 2))
        start += STEP * (message == CLOCK)
    return start, cues


CLOCK, START, GO_ON, STOP = b"\xf8", b"\xfa", b"\xfb", b"\xfc"


def test_start_sets_0_and_the_next_clock_is_beat_0():
    """Between Start and that clock nobody knows when 0 comes."""
    follower = ClockFollower()
    now, cues = heard(follower, *[CLOCK] * 30, START)
    assert cues == [Cue.STARTED]
    assert follower.part == 0
    assert follower.time_of(0) == math.inf
    follower.hear(CLOCK, now)
    assert follower.time_of(0) == pytest.approx(now, abs=1e-9)
    assert follower.time_of(20) == pytest.approx(now + STEP)


def test_clocks_while_stopped_tell_the_tempo_and_move_nothing():
    """As many hosts send them."""
    follower = ClockFollower()
    heard(follower, *[CLOCK] * 48)
    assert follower.tempo == pytest.approx(120)
    assert (follower.part, follower.running) == (0, False)
    assert follower.time_of(0) == math.inf


def test_start_while_running_starts_over():
    """From bar 1."""
    follower = ClockFollower()
    now, _ = heard(follower, START, *[CLOCK] * 100)
    assert follower.part == 2000
    assert follower.hear(START, now) == [Cue.STARTED]
    follower.hear(CLOCK, now + STEP)
    assert follower.position(now + STEP) == pytest.approx(0, abs=0.01)


def test_continue_goes_on_at_the_next_clock():
    """The clock that comes while stopped does not count."""
    follower = ClockFollower()
    now, _ = heard(follower, START, *[CLOCK] * 49, STOP, CLOCK, CLOCK)
    assert follower.part == 49 * 20
    assert follower.hear(GO_ON, now) == [Cue.CONTINUED]
    assert follower.time_of(49 * 20) == math.inf
    follower.hear(CLOCK, now + STEP)
    assert follower.time_of(49 * 20) == pytest.approx(now + STEP, abs=1e-3)
    assert follower.part == 50 * 20


def test_stop_stops_at_once():
    """Nothing is due any more, however near."""
    follower = ClockFollower()
    now, cues = heard(follower, START, *[CLOCK] * 30, STOP)
    assert cues[-1] is Cue.STOPPED
    assert follower.time_of(600) == math.inf
    assert not follower.running
    assert follower.look(now + 10) == []


@pytest.mark.parametrize("sixteenth", [0, 1, 127, 128, 8, 16383])
def test_a_song_position_counts_sixteenths_in_14_bits(sixteenth):
    """Low seven bits first; a sixteenth is six clocks."""
    follower = ClockFollower()
    position = bytes((0xF2, sixteenth & 127, sixteenth >> 7))
    assert heard(follower, position)[1] == [Cue.MOVED]
    heard(follower, GO_ON, CLOCK, start=1)
    assert follower.part == sixteenth * 120 + 20


def test_real_time_bytes_stand_inside_other_messages():
    """A clock within a song position, and within a long message, counts; the message is read all the same."""
    follower = ClockFollower()
    heard(follower, START, CLOCK)
    assert follower.hear(b"\xf2\xf8\x10\xf8\x00", 1.0) == [Cue.MOVED]
    assert follower.part == 16 * 120
    follower.hear(b"\xf0\x01\xf8\x02\xf7", 1.1)
    assert follower.part == 16 * 120 + 20


def test_start_may_keep_the_position_it_was_given():
    """Some hosts loop with Stop, a song position, Start."""
    for keeps, part in ((False, 20), (True, 16 * 120 + 20)):
        follower = ClockFollower(keeps=keeps)
        _, cues = heard(follower, START, *[CLOCK] * 9, STOP, b"\xf2\x10\x00", START, CLOCK)
        assert follower.part == part
        assert cues[-1] is (Cue.CONTINUED if keeps else Cue.STARTED)
        heard(follower, STOP, START, CLOCK, start=2)
        assert follower.part == 20  # no position since that Stop


def test_a_clock_that_is_gone_lets_go():
    """After two seconds; till then the position stands a clock and a half beyond the last."""
    follower = ClockFollower()
    now, _ = heard(follower, START, *[CLOCK] * 30)
    assert follower.position(now + 1) == pytest.approx(29 * 20 + 30)
    assert follower.time_of(31 * 20) == math.inf
    assert follower.look(now + GONE - 0.1) == []
    assert follower.look(now + GONE) == [Cue.STOPPED]
    assert not follower.running


@given(st.binary(max_size=40), st.integers(1, 60))
def test_no_bytes_break_a_follower(noise, step):
    """Whatever comes, the position is a count and the tempo a number."""
    follower = ClockFollower()
    for k, byte in enumerate(noise):
        follower.hear(bytes((byte,)), k * step / 1000)
        follower.look(k * step / 1000)
    assert follower.part % 20 == 0
    assert follower.tempo is None or follower.tempo > 0


def bar_errors(stage, script, sent, bars, latency=0.0):
    """Seconds between a sender's bar lines and the notes of a follower that stand on them."""
    clip = Clip(((0.0, b"\x90\x3c\x50"), (400.0, b"\x80\x3c\x40")), 1920.0)
    time = stage.at(script)
    Player(stage.voices, time, Fixed(clip, bars), follower=ClockFollower(), latency=latency).play()
    onsets = stage.port.onsets()
    assert len(onsets) == bars
    return [when - (sent[96 * k] - latency) for k, (when, _) in enumerate(onsets)]


def sender(tempo_at, bars, jitter=0.0, seed=1):
    """A script: clocks while stopped, Start, and clocks by a tempo that may change; and the time of each clock."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    when, warm, sent = 0.0, [], []
    for k in range(-24, 96 * bars + 24):
        when += 60 / tempo_at(max(k, 0) / 96) / 24
        (warm if k < 0 else sent).append(when)
    late = [max(0.0, when + rng.uniform(-jitter, jitter)) for when in sent]
    script = [("clock", CLOCK, when) for when in warm] + [("clock", START, (warm[-1] + late[0]) / 2)]
    return script + [("clock", CLOCK, when) for when in late], sent


@pytest.mark.parametrize(
    ("tempo_at", "jitter"),
    [
        (lambda _: 60, 0.001), (lambda _: 133.7, 0.001), (lambda _: 200, 0.001),
        (lambda bar: 60 + 140 * min(bar / 16, 1), 0.001), (lambda bar: 140 if bar < 8 else 100, 0.001),
    ],
    ids=["60", "133.7", "200", "ramp 60 to 200", "jump"],
)  # fmt: skip
def test_bar_lines_are_met(stage, tempo_at, jitter):
    """Within 4 ms in the median, and 8 ms at most, none lost, with clocks that come a millisecond early or late."""
    script, sent = sender(tempo_at, 24, jitter)
    errors = [abs(e) for e in bar_errors(stage, script, sent, 24)]
    assert median(errors) < 0.002
    assert max(errors) < 0.008


def test_latency_is_made_up_for_once_the_tempo_is_known(stage):
    """All but the first note go out early."""
    script, sent = sender(lambda _: 120, 8)
    errors = bar_errors(stage, script, sent, 8, latency=0.005)
    assert errors[0] == pytest.approx(0.005)  # at Start nobody knows when the first clock comes
    assert max(map(abs, errors[1:])) < 0.001


def test_a_clock_that_drops_out_is_waited_for(stage):
    """For less than two seconds: the music stands, and goes on with the count."""
    script, sent = sender(lambda _: 120, 8)
    hole = sent[300]
    script = [(a, b, when + (1.5 if when > hole else 0)) for a, b, when in script]
    sent = [when + (1.5 if when > hole else 0) for when in sent]
    errors = bar_errors(stage, script, sent, 8)
    assert max(map(abs, errors)) < 0.004


def test_own_time_is_exact_over_any_number_of_passes():
    """No pass adds an error that lasts."""
    line = OwnTime(5.0, ((0.0, 97.0),))
    for k in range(1, 5000):
        line.enter(1920.0 * k, ((0.0, 97.0),))
    assert line.time_of(1920.0 * 5000) == pytest.approx(5 + 5000 * 4 * 60 / 97, abs=1e-6)


def test_a_tempo_may_change_within_a_pass():
    """Positions and times are each other's inverse."""
    line = OwnTime(1.0, ((0.0, 120.0), (960.0, 60.0)))
    assert [line.time_of(p) for p in (0, 480, 960, 1440)] == [1.0, 1.5, 2.0, 3.0]
    assert [line.position(t) for t in (1.0, 1.5, 2.0, 3.0)] == [0, 480, 960, 1440]
    assert line.tempo == pytest.approx(120)
