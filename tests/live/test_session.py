"""A jam by a fake clock: who plays when, what is answered to, and what is kept of it."""

import io

import mido
import pytest

from melodyrnn.controls.options import Options
from melodyrnn.errors import OptionError
from melodyrnn.live.clock import ClockFollower
from melodyrnn.live.composer import AnswerOrder, StageAnswer
from melodyrnn.live.knobs import Knobs, parse_knobs
from melodyrnn.live.player import Player
from melodyrnn.live.session import Jam, JamSettings
from melodyrnn.music.melody import Metre

BAR = 2.0  # seconds, at 120
ORDER = AnswerOrder("folk", Options(bars=1), (), 1, Metre(), 120.0, channel=2)


class Answering:
    """Composes in so many seconds: quarters an octave above the first note of the phrase."""

    def __init__(self, time, quarters, seconds):
        self.time, self.quarters, self.seconds = time, quarters, seconds
        self.busy, self.orders = False, []

    def order(self, order):
        """One at a time."""
        assert not self.busy
        self.busy, self.ready = True, self.time.now() + self.seconds
        self.orders.append(order)

    def answer(self, seconds=0.0):
        """What is ready by now."""
        if not self.busy or self.time.now() < self.ready:
            return None
        self.busy = False
        first = next(m for _, m in self.orders[-1].played if m[0] & 0xF0 == 0x90)[1]
        clip = self.quarters(*[first + 12] * 4)
        return StageAnswer(clip._replace(name=f"answer {self.orders[-1].number + 1}"), "", 0, self.seconds)


def tap(bar, pitch, beat=0.0, length=0.4):
    """A note of a player."""
    when = bar * BAR + beat * 0.5
    return [("keys", bytes((0x90, pitch, 70)), when), ("keys", bytes((0x80, pitch, 0)), when + length)]


def cc(bar, number, value):
    """A controller."""
    return [("keys", bytes((0xB0, number, value)), bar * BAR)]


@pytest.fixture
def jam(stage, quarters):
    """A function: a jam over so many bars; gives the jam, its composer and (bar, pitch) of what it played."""

    def play(script, bars, *, seconds=0.05, mode="answer", click=False, knobs="", learn=False, **more):
        time = stage.at(script, until=bars * BAR - 0.01)
        composer = Answering(time, quarters, seconds)
        turned = Knobs(parse_knobs(knobs), stage.said.append, learns=learn)
        made = Jam(JamSettings(ORDER, mode, click), composer, turned, stage.said.append)
        player = Player(stage.voices, time, made, tempo=120.0, **more)
        with pytest.raises(stage.over):
            player.play()
        assert stage.left() == ({}, set())
        onsets = stage.port.onsets()
        played = [(round(when / BAR, 6), pitch) for when, pitch in onsets]
        return made, composer, [one for one in played if one[0] % 1 == 0]

    return play


def test_each_phrase_is_answered_on_its_bar_line(jam):
    """Listens to one bar, answers in the next; what is not played is not answered."""
    script = [*tap(0, 60), *tap(2, 62, 1.0), *tap(6, 65)]
    made, composer, played = jam(script, 8)
    assert played == [(1, 72), (3, 74), (7, 77)]
    assert made.late == 0
    assert [order.number for order in composer.orders] == [0, 1, 2]
    assert composer.orders[1].played == ((480.0, b"\x90\x3e\x46"), (480.0 + 384.0, b"\x80\x3e\x00"))


def test_a_note_just_before_the_bar_line_belongs_to_the_bar(jam):
    """By up to a thirty-second."""
    script = [*tap(0, 60), *[("keys", b"\x90\x40\x46", 2 * BAR - 0.03), ("keys", b"\x80\x40\x00", 2 * BAR + 0.2)]]
    _, composer, played = jam(script, 4)
    assert played == [(1, 72), (3, 76)]
    assert composer.orders[1].played[0] == (0.0, b"\x90\x40\x46")


def test_an_answer_that_is_late_gives_way_to_the_last_one(jam, stage):
    """And it is said; with no last one there is silence. Later ones are asked for earlier."""
    made, _, played = jam([*tap(0, 60), *tap(2, 62), *tap(4, 64)], 8, seconds=1.2)
    assert made.late == 1
    assert stage.said[0] == "no answer is ready"
    assert played == [(3, 74), (5, 76)]
    made, _, played = jam([*tap(0, 60), *tap(2, 62)], 4, seconds=0.1)
    assert (made.late, played) == (0, [(1, 72), (3, 74)])


def test_the_cut_moves_with_the_time_that_answers_take(jam):
    """The first guess is a fifth of a second; who took longer is asked earlier."""
    made, _, _ = jam([*tap(0, 60), *tap(2, 62)], 4, seconds=0.3)
    assert made.late == 0
    assert made.lead(1 / 960) / 960 == pytest.approx(0.65)


def test_mode_continue_plays_on(jam):
    """From what was played meanwhile, else from itself."""
    _, _, played = jam([*tap(1, 60), *tap(4, 40)], 7, mode="continue")
    assert [pitch for _, pitch in played] == [72, 84, 96, 52, 64]
    assert [bar for bar, _ in played] == [2, 3, 4, 5, 6]


def test_mode_loop_repeats_until_something_is_played(jam):
    """Without composing anew."""
    _, composer, played = jam([*tap(0, 60), *tap(3, 50)], 6, mode="loop")
    assert played == [(1, 72), (2, 72), (3, 72), (4, 62), (5, 62)]
    assert len(composer.orders) == 2


def test_a_click_counts_in(jam):
    """A bar of it on channel 10, then in the bars that are listened to; the phrase begins behind it."""
    _, composer, played = jam([*tap(1, 60)], 4, click=True)
    assert played == [(0, 76), (1, 76), (2, 72), (3, 76)]
    assert composer.orders[0].played[0][0] == 0


def test_controllers(jam):
    """Temperature and density go into the options, mute keeps an answer silent."""
    script = [*cc(0, 1, 127), *cc(0, 2, 0), *tap(0, 60), *cc(2, 3, 100), *tap(2, 62), *cc(4, 3, 0), *tap(4, 64)]
    _, composer, played = jam(script, 6, knobs="temperature=1,density=2,mute=3")
    assert played == [(1, 72), (5, 76)]
    assert composer.orders[0].options == Options(bars=1, temperature=1.5, density="1-3")


def test_controllers_are_learnt_in_turn(stage):
    """The first that is moved is temperature; it is said how to keep that."""
    knobs = Knobs({}, stage.said.append, learns=True)
    assert knobs.turned(21, 64)
    assert knobs.turned(22, 127)
    assert knobs.applied(Options()).density == "11-13"
    assert knobs.turned(23, 127)
    assert knobs.muted
    assert not knobs.turned(24, 1)
    assert stage.said[-1].endswith("--knobs temperature=21,density=22,mute=23 says so from the start")


@pytest.mark.parametrize("text", ["volume=7", "mute", "mute=200", "mute=1,density=1"])
def test_knobs_that_make_no_sense(text):
    """Names and controllers are checked."""
    with pytest.raises(OptionError, match="--knobs"):
        parse_knobs(text)


def test_a_clock_is_followed_and_started_over(jam, stage):
    """Blocks are counted from Start; a new Start listens again."""
    script, _ = stage.clocks(120, 6, start=1.0)
    again, _ = stage.clocks(120, 8, start=5.0)
    keys = [("keys", bytes((0x90, 60, 70)), 1.1), ("keys", bytes((0x80, 60, 0)), 1.5)]
    script = [one for one in script if one[2] < 4.9] + [one for one in again if one[2] > 4.9]
    jam([*script, *keys], 4.4, follower=ClockFollower())
    onsets = stage.port.onsets()
    assert onsets[0] == (pytest.approx(3.0), 72)
    assert all(when < 5 for when, _ in onsets)


def test_what_was_played_is_kept_on_two_tracks(jam):
    """Player and answers, each where it stood; what was to come is left out, and its notes end."""
    made, _, _ = jam([*tap(0, 60), *tap(2, 62)], 4)
    file = mido.MidiFile(file=io.BytesIO(made.recording.data(3.75 * 1920)))
    assert [track.name for track in file.tracks][1:] == ["Player", "melodyrnn"]
    assert file.ticks_per_beat == 480
    starts = [[], []]
    for track, found in zip(file.tracks[1:], starts, strict=True):
        now, open_notes = 0, 0
        for message in track:
            now += message.time
            open_notes += (message.type == "note_on") - (message.type == "note_off")
            if message.type == "note_on":
                found.append((now, message.note))
        assert open_notes == 0
    assert starts[0] == [(0, 60), (3840, 62)]
    assert starts[1] == [(1920 + 480 * k, 72) for k in range(4)] + [(5760 + 480 * k, 74) for k in range(3)]
    assert made.recording.data(0.5) != b""
    assert not made.recording.is_empty
