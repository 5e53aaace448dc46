"""New music without stopping: on the bar line, and where there is none in time, the last one again."""

import pytest

from melodyrnn.errors import OptionError, Unreadable
from melodyrnn.live.composer import StageAnswer, TakeOrder
from melodyrnn.live.player import Player
from melodyrnn.live.takes import Refreshed
from melodyrnn.live.watched import Watched


class Composer:
    """Composes in so many seconds of a fake clock: a clip of one pitch, the order's number above 60."""

    def __init__(self, time, quarters, seconds):
        self.time, self.quarters, self.seconds = time, quarters, seconds
        self.busy, self.orders, self.dies = False, [], False

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
        if self.dies:
            raise ChildProcessError
        number = self.orders[-1].number
        if number == 3:
            return OptionError("--density", "cannot be met")
        return StageAnswer(self.quarters(*[60 + number] * 4), f"seed {number}")


@pytest.fixture
def played(stage, quarters):
    """A function: pitches of the passes, with a composer that takes so long."""

    def play(seconds, *, every=1, passes=5, dies=False):
        time = stage.at()
        composer = Composer(time, quarters, seconds)
        composer.dies = dies
        order = TakeOrder("", 0)
        source = Refreshed(quarters(*[60] * 4), order, composer, stage.said.append, every=every, passes=passes)
        Player(stage.voices, time, source).play()
        onsets = stage.port.onsets()
        assert [when for when, _ in onsets] == pytest.approx([0.5 * k for k in range(4 * passes)])
        return [pitch for _, pitch in onsets[::4]]

    return play


def test_a_new_take_each_pass(played, stage):
    """Handed over on the bar line; one that cannot be composed is told, and the last one stays."""
    assert played(1.0, passes=6) == [60, 61, 62, 62, 64, 65]
    assert stage.said[0] == "pass 2: seed 1"
    assert "nothing new was composed: --density: cannot be met" in stage.said


def test_a_new_take_every_few_passes(played):
    """As often as was asked for."""
    assert played(1.0, every=2, passes=6) == [60, 60, 61, 61, 62, 62]


def test_one_that_is_late_comes_a_pass_later(played, stage):
    """And it is said."""
    assert played(2.5, passes=4) == [60, 60, 61, 61]
    assert stage.said[0] == "pass 2: the new take is not ready; the last one again"


def test_a_composer_that_is_killed_is_told(played, stage):
    """The music goes on."""
    assert played(1.0, passes=3, dies=True) == [60, 60, 60]
    assert "the process that composes was killed; another is started" in stage.said


def test_a_watched_file_is_heard_at_the_next_pass(stage, quarters):
    """What cannot be read, half saved, leaves the last version; what is not there is no version."""
    time, version = stage.at(), [1]

    def read():
        if version[0] == 3:
            raise Unreadable("tune.mid", "cut-short")
        return quarters(60 + version[0])

    source = Watched(quarters(60), lambda: version[0], read, stage.said.append, passes=5)
    wait = time.wait

    def edited(until):
        wait(until)
        version[0] = [1, 2, 3, None, None, None][int(time.now() / 0.5)]
        source.look()

    time.wait = edited
    Player(stage.voices, time, source).play()
    assert [pitch for _, pitch in stage.port.onsets()] == [60, 62, 62, 62, 62]
    assert [text.split(":")[0] for text in stage.said] == ["pass 2", "tune.mid"]
    assert "is cut short or damaged; the last version plays on" in stage.said[1]
