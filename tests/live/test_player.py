"""What is sent when, and that nothing is left sounding."""

import pytest

from melodyrnn.live.clip import Clip
from melodyrnn.live.clock import ClockFollower
from melodyrnn.live.ears import Ears
from melodyrnn.live.player import Fixed, Player
from melodyrnn.live.ports import PortError

PEDALLED = Clip(
    (
        (0.0, b"\xb0\x40\x7f"), (0.0, b"\x90\x3c\x50"), (0.0, b"\x93\x40\x50"), (240.0, b"\x90\x3e\x50"),
        (470.0, b"\x80\x3c\x40"), (475.0, b"\x80\x3e\x40"), (480.0, b"\x83\x40\x40"),
    ),
    480.0,
)  # fmt: skip


def test_passes_follow_each_other_exactly(stage, quarters):
    """Fifty passes, each note where it belongs to a millionth of a second."""
    time = stage.at()
    Player(stage.voices, time, Fixed(quarters(60, 62, 64), 50)).play()
    assert [pitch for _, pitch in stage.port.onsets()] == [60, 62, 64] * 50
    assert [when for when, _ in stage.port.onsets()] == pytest.approx([0.5 * k for k in range(150)], abs=1e-6)
    assert stage.left() == ({}, set())


def test_tempo_and_latency(stage, quarters):
    """A tempo in place of the clip's; a latency makes all earlier alike."""
    time = stage.at()
    Player(stage.voices, time, Fixed(quarters(60, 62), 2), tempo=60.0, latency=0.1).play()
    assert [when for when, _ in stage.port.onsets()] == pytest.approx([0, 1, 2, 3])


class Killed(BaseException):
    """As Ctrl-C and SIGTERM come: at any moment."""


@pytest.mark.parametrize("moment", range(50))
def test_no_kill_leaves_a_note(stage, moment):
    """Whatever message or wait it strikes before, all notes end and the pedal is lifted."""
    time = stage.at()
    count = iter(range(1000))

    def trap(*_):
        if next(count) == moment:
            raise Killed

    time_wait = time.wait
    time.wait = lambda until: (trap(), time_wait(until))
    stage.port.trap = trap
    with pytest.raises(Killed):
        Player(stage.voices, time, Fixed(PEDALLED, 0)).play()
    stage.voices.close()
    assert stage.left() == ({}, set())
    assert stage.port.closed


def test_a_port_that_is_lost_is_taken_again(stage, quarters):
    """Time goes on meanwhile; what sounded when it went is ended when it is back; both are told."""
    time = stage.at()
    player = Player(stage.voices, time, Fixed(quarters(60, 62, 64, 65), 5))
    first = stage.port

    def gone(_):
        if time.now() >= 3.0:
            first.there, stage.missing = False, True

    first.trap = gone
    wait = time.wait

    def later(until):
        wait(until)
        stage.missing = stage.missing and time.now() < 5.2

    time.wait = later
    player.play()
    assert [text.split(":")[1][:5] for text in stage.said] == [" lost", " is b"]
    assert first.closed
    assert stage.port is not first
    begun = [when for when, _ in stage.port.onsets()]
    assert begun == pytest.approx([0.5 * k for k in range(12, 20)])  # looked for once a second, at 6.0 again
    assert stage.port.sent[0][1] == b"\xb0\x40\x00"
    assert stage.left() == ({}, set())


def test_a_port_that_disappears_in_silence_is_noticed(stage, quarters):
    """Where sending raises nothing, the list of ports tells."""
    time = stage.at()
    port = stage.port
    port.is_there = lambda: time.now() < 2
    Player(stage.voices, time, Fixed(quarters(60, 62), 6)).play()
    assert "lost (it is not there any more)" in stage.said[0]
    assert len(stage.ports) == 2


def test_clock_is_sent_24_a_quarter_from_a_quarter_before(stage, quarters):
    """Start stands before clock 0, notes behind theirs, Stop at the end."""
    time = stage.at()
    Player(stage.voices, time, Fixed(quarters(60, 62), 2), sends_clock=True).play()
    ticks = [when for when, m in stage.sent if m == b"\xf8"]
    assert ticks == pytest.approx([k * 0.5 / 24 for k in range(24 * 5 + 1)])
    messages = [m for _, m in stage.sent]
    start = messages.index(b"\xfa")
    assert messages[start + 1 : start + 3] == [b"\xf8", b"\x90\x3c\x50"]
    assert messages.count(b"\xfa") == messages.count(b"\xfc") == 1
    assert stage.port.onsets()[0][0] == pytest.approx(0.5)


def test_a_stopped_clock_ends_notes_at_once_and_a_position_is_taken_up(stage, quarters):
    """Stop within a note; then a position within the loop, and Continue."""
    script, sent = stage.clocks(120, 8)
    stop = sent[30] + 0.001
    script = [one for one in script if one[2] <= stop]
    script += [("clock", b"\xfc", stop), ("clock", b"\xf2\x0c\x00", stop + 0.5), ("clock", b"\xfb", stop + 0.6)]
    script += [("clock", b"\xf8", stop + 0.7 + k * 0.5 / 24) for k in range(49)]
    time = stage.at(script, until=stop + 0.7 + 1.0)
    with pytest.raises(stage.over):
        Player(stage.voices, time, Fixed(quarters(60, 62, 64, 65), 0), follower=ClockFollower()).play()
    off = [when for when, m in stage.sent if m == b"\x80\x3e\x40"]
    assert off[0] == pytest.approx(stop)
    onsets = stage.port.onsets()
    assert [pitch for _, pitch in onsets] == [60, 62, 65, 60]
    assert onsets[2][0] == pytest.approx(stop + 0.7, abs=1e-6)
    assert stage.left() == ({}, set())


def test_a_lost_clock_ends_notes(stage, quarters):
    """Two seconds after the last one; the program waits on."""
    script, sent = stage.clocks(120, 1)
    time = stage.at(script, until=10)
    with pytest.raises(stage.over):
        Player(stage.voices, time, Fixed(quarters(60, 62), 0), follower=ClockFollower()).play()
    assert [pitch for _, pitch in stage.port.onsets()] == [60, 62]
    last = next(when for when, m in stage.sent if m == b"\x80\x3e\x40")
    assert 2.0 < last - sent[-1] < 2.3


def test_notes_that_are_far_too_late_are_left_out(stage, quarters):
    """A machine that slept does not send all it has missed at once."""
    time = stage.at()
    wait = time.wait

    def sleepy(until):
        wait(until)
        if 1.9 < time.t < 2.5:
            time.t = 6.0

    time.wait = sleepy
    Player(stage.voices, time, Fixed(quarters(*range(60, 80)), 1)).play()
    pitches = [pitch for _, pitch in stage.port.onsets()]
    assert pitches[:4] == [60, 61, 62, 63]
    assert pitches[4:] == list(range(71, 80))


def test_a_port_that_is_listened_to_is_taken_again(stage, quarters):
    """Within a second or two of its coming back; the player looks after it."""
    time, opened, there = stage.at(), [], [True]

    def open_port():
        if not there[0]:
            raise PortError("clock: not there")
        opened.append(stage.Port("clock", time))
        opened[-1].is_there = lambda: there[0]
        return opened[-1]

    ears = Ears(open_port, stage.said.append)
    wait = time.wait

    def later(until):
        wait(until)
        there[0] = not 2.2 < time.now() < 4.5

    time.wait = later
    Player(stage.voices, time, Fixed(quarters(60, 62), 8), ears=[ears]).play()
    assert stage.said == ["clock: lost; it is listened to again when it comes back", "clock: is back"]
    assert [port.closed for port in opened] == [True, False]
    ears.close()
    assert opened[1].closed
