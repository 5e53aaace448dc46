"""Into another process, over JACK's dummy driver: what is played arrives, a clock is followed, nothing hangs."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

if shutil.which("jackd") is None:
    pytest.skip("jackd (package jackd2) is not here", allow_module_level=True)
pytest.importorskip("rtmidi")

from bench.live_daw import Daw, Scenario, left_sounding
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.melody import Melody, Note


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A JACK server of our own, without sound."""
    name, log = f"melodyrnn-{os.getpid()}", tmp_path_factory.mktemp("jack") / "log"
    before = {key: os.environ.get(key) for key in ("JACK_DEFAULT_SERVER", "JACK_NO_AUDIO_RESERVATION")}
    os.environ.update(JACK_DEFAULT_SERVER=name, JACK_NO_AUDIO_RESERVATION="1")
    with log.open("wb") as out:
        running = subprocess.Popen(["jackd", "-n", name, "-r", "-d", "dummy", "-p", "256"], stdout=out, stderr=out)
    try:
        time.sleep(1)
        if running.poll() is not None:
            pytest.skip("jackd does not start here")
        yield
    finally:
        running.terminate()
        running.wait()
        for key, value in before.items():
            os.environ.pop(key) if value is None else os.environ.update({key: value})


@pytest.fixture
def start(server):
    """A function: a run of the command line that is up, ended with the test."""
    runs = []

    def up(*arguments):
        path = os.pathsep.join(entry for entry in sys.path if entry)
        command = [sys.executable, "-m", "melodyrnn", *map(str, arguments)]
        run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path})
        runs.append(run)
        line = run.stderr.readline()
        assert "Ctrl-C ends it" in line, line + run.stderr.read()
        return run

    yield up
    for run in runs:
        if run.poll() is None:
            run.kill()
        run.communicate()


def test_what_is_played_arrives_and_a_kill_leaves_nothing(start, tmp_path):
    """All notes of two passes in order; then SIGTERM within a note of a loop."""
    file = tmp_path / "a.mid"
    file.write_bytes(midi_bytes(Melody(tuple(Note(6 * k, 5, 60 + k) for k in range(16)), tempo=480.0), loop=True))
    with Daw() as daw:
        assert start("play", file, "--port", daw.into, "--loop", 2).wait(timeout=20) == 0
        time.sleep(0.1)
        assert [pitch for _, pitch in daw.onsets()] == [60 + k for k in range(16)] * 2
        assert left_sounding(daw.heard) == 0
        run = start("play", file, "--port", daw.into, "--loop", "--tempo", 60)
        end = time.monotonic() + 10
        while not left_sounding(daw.heard) and time.monotonic() < end:
            time.sleep(0.005)
        assert left_sounding(daw.heard)
        run.send_signal(signal.SIGTERM)
        assert run.wait(timeout=10) == 143
        time.sleep(0.1)
        assert left_sounding(daw.heard) == 0


def test_a_jam_follows_a_clock_and_answers_on_its_bar_line(start, tmp_path):
    """One bar at 200 a minute; both sides are in the file."""
    with Daw() as daw:
        keep = tmp_path / "jam.mid"
        ports = ["--in", daw.keys, "--out", daw.into, "--clock", f"follow:{daw.clock}"]
        run = start("jam", *ports, "--bars", 1, "--seed", 1, "-o", keep)
        keys = [(0.3 * k, bytes((0x90, 60 + 2 * k, 80))) for k in range(3)]
        keys += [(0.3 * k + 0.2, bytes((0x80, 60 + 2 * k, 0))) for k in range(3)]
        lines = daw.send_clock(Scenario("jam", lambda _: 200, 2, quarters=4), keys=keys)
        time.sleep(0.1)
        run.send_signal(signal.SIGINT)
        said = run.communicate(timeout=10)[1]
        assert run.returncode == 130
        assert "answer 1" in said
        assert daw.onsets()[0][0] - lines[1][0] == pytest.approx(0, abs=0.1)  # a busy machine; bench.live has figures
        assert left_sounding(daw.heard) == 0
        assert keep.is_file()
