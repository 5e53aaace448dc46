"""The loudspeaker, on the device that swallows all: what it plays, when it ends, what keys do to it."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest

from melodyrnn.errors import OutputError
from melodyrnn.live import loudspeaker
from melodyrnn.live.loudspeaker import Loudspeaker, check_loudspeaker

RATE = 48_000
RAMP = np.repeat(np.arange(4_800, dtype=np.float32)[:, None] / 32_767, 2, axis=1)


@pytest.fixture(autouse=True)
def _null(monkeypatch):
    monkeypatch.setenv("MELODYRNN_AUDIO", "null")


def handed(speaker, *amounts):
    """The samples that a device is given that asks for so many frames, time after time."""
    source = speaker._source()
    next(source)
    return np.concatenate([np.frombuffer(source.send(n), "<i2").reshape(-1, 2)[:, 0] for n in amounts])


def test_it_plays_to_the_end_and_is_over():
    """All frames once, in due time, then silence."""
    begun = time.monotonic()
    with Loudspeaker(RAMP, rate=RATE) as speaker:
        assert not speaker.over
        while not speaker.over and time.monotonic() < begun + 10:
            time.sleep(0.01)
    assert 0.1 <= time.monotonic() - begun < 5
    assert speaker.over


def test_turns_follow_without_a_gap():
    """Over the seam go on the first frames; after the last turn comes silence."""
    speaker = Loudspeaker(RAMP, rate=RATE, turns=2)
    given = handed(speaker, 4_000, 4_000, 4_000)
    assert given[:9_600].tolist() == [*range(4_800)] * 2
    assert not given[9_600:].any()
    assert speaker.turn == 1
    endless = Loudspeaker(RAMP, rate=RATE, turns=None)
    assert handed(endless, 20_000)[-3:].tolist() == [797, 798, 799]


def test_it_waits_and_goes_elsewhere():
    """Paused it gives silence and stays where it is."""
    speaker = Loudspeaker(RAMP, rate=RATE)
    source = speaker._source()
    next(source)
    source.send(100)
    speaker.pause()
    assert speaker.paused
    assert not any(source.send(100))
    assert speaker.position == 100
    speaker.seek(4_000)
    speaker.pause()
    assert np.frombuffer(source.send(2), "<i2")[::2].tolist() == [4_000, 4_001]
    assert speaker.position == 4_000
    speaker.seek(10**9)
    assert speaker.position == len(RAMP) - 1


def test_nothing_to_play_is_over_at_once():
    """Even for ever."""
    speaker = Loudspeaker(RAMP[:0], rate=RATE, turns=None)
    assert not handed(speaker, 10, 10).any()


def test_without_a_device_the_way_to_a_file_is_told(monkeypatch):
    """One line, and nothing of what libraries of the system say."""

    def none(**_):
        raise loudspeaker.miniaudio.MiniaudioError("failed to init device")

    monkeypatch.setattr(loudspeaker.miniaudio, "PlaybackDevice", none)
    with pytest.raises(OutputError, match=r"^no loudspeaker is here; generate -o tune\.wav and convert FILE tune\.wav"):
        check_loudspeaker()


def test_the_null_device_is_taken_only_where_it_is_asked_for():
    """Else a machine without sound would play into nothing, and say nothing."""
    code = (
        "from melodyrnn.live import loudspeaker as l; asked = []\n"
        "def device(backends, **_): asked.append(backends); raise l.miniaudio.MiniaudioError('none')\n"
        "l.miniaudio.PlaybackDevice = device\n"
        "try: l.check_loudspeaker()\n"
        "except l.OutputError: print(l.miniaudio.Backend.NULL in asked[0], len(asked[0]) > 3)\n"
    )
    environment = {"PATH": "", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"
