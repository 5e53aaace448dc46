"""ports, play and jam from the command line, on ports that are not there."""

import json
import signal
import time
from pathlib import Path

import pytest

from melodyrnn.cli.runs import jam_run, refresh_input, stage_run
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.live.ports import PortError, PortName
from melodyrnn.music.melody import Melody, Note

TUNE = Melody(tuple(Note(24 * k, 20, 60 + k) for k in range(4)), tempo=1000.0)


class Port:
    """Keeps what is sent."""

    def __init__(self, name):
        self.name, self.sent, self.closed = name, [], False

    def send(self, message):
        """Keep it, and stop on demand."""
        self.sent.append(message)

    def is_there(self):
        """Always."""
        return True

    def close(self):
        """Remember."""
        self.closed = True


class Machine:
    """A synth and a keyboard."""

    def __init__(self):
        self.outputs, self.inputs = [], {}

    def names(self):
        """What it has."""
        return [PortName("Synth 1", True, False, "JACK"), PortName("Keys 1", False, True, "JACK")]

    def open_output(self, name, *, virtual=False):
        """Open any."""
        self.outputs.append(Port(name))
        return self.outputs[-1]

    def open_input(self, name, heard, *, virtual=False):
        """Open any."""
        self.inputs[name] = heard
        return Port(name)


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine with ports, and a tune to play."""
    made = Machine()
    monkeypatch.setattr(stage_run, "fresh_ports", lambda: made)
    monkeypatch.setattr(jam_run, "fresh_ports", lambda: made)
    (tmp_path / "tune.mid").write_bytes(midi_bytes(TUNE))
    return made


def notes(port):
    """Pitches of the notes that were begun."""
    return [m[1] for m in port.sent if m[0] & 0xF0 == 0x90]


def test_ports_are_listed(command, machine):
    """A line each, or a record each."""
    assert command("ports").out.splitlines() == ["out     Synth 1", "in      Keys 1"]
    rows = [json.loads(line) for line in command("ports", "--json").out.splitlines()]
    assert rows[0] == {"name": "Synth 1", "out": True, "in": False, "api": "JACK"}


def test_a_file_is_played(command, machine):
    """On the port that is meant by a part of its name; then all is off and the port closed."""
    ended = command("play", "tune.mid", "--port", "synth")
    assert (ended.status, notes(machine.outputs[0])) == (0, [60, 61, 62, 63])
    assert ended.err == "Synth 1: 4 notes, once; Ctrl-C ends it\n"
    assert machine.outputs[0].closed
    assert machine.outputs[0].sent[-2:] == [b"\xb0\x40\x00", b"\xb0\x7b\x00"]


def test_options_that_may_stand_alone(command, machine):
    """--virtual with and without a name, --loop with and without a number, the file before and behind them."""
    data = midi_bytes(TUNE)
    for words, name, count in (
        (("play", "-", "--loop", "3", "--virtual"), "melodyrnn", 12),
        (("play", "--virtual", "--loop", "2", "-"), "melodyrnn", 8),
        (("play", "--virtual", "tune.mid"), "melodyrnn", 4),
        (("play", "--virtual", "Lead", "tune.mid", "--channel", "3"), "Lead", 4),
    ):
        assert command(*words, "-q", stdin=data).status == 0
        assert (machine.outputs[-1].name, len(notes(machine.outputs[-1]))) == (name, count)
    assert machine.outputs[-1].sent[0][0] == 0x92


def stop_after(machine, messages):
    """Ctrl-C comes behind so many messages."""
    opened = machine.open_output

    def stopping(name, *, virtual=False):
        port = opened(name, virtual=virtual)
        send = port.send

        def until(message):
            send(message)
            if len(port.sent) == messages:
                raise KeyboardInterrupt

        port.send = until
        return port

    machine.open_output = stopping


class Inline:
    """Composes at once, where it is asked to."""

    def __init__(self, work):
        self.work, self.busy, self.closed = work, False, False

    def order(self, order):
        """Do it."""
        self.busy, self.made = True, self.work(order)

    def answer(self, seconds=0.0):
        """What was made."""
        made, self.made, self.busy = getattr(self, "made", None), None, False
        return made

    def close(self):
        """Nothing is left."""
        self.closed = True


def test_new_takes_are_played(command, machine, model, monkeypatch):
    """By the recipe that the file keeps, each by the next seed, as generate would write it."""
    monkeypatch.setattr(refresh_input, "Helper", Inline)
    words = ("generate", "-m", model, "--loop", "--bars", 1, "--tempo", 1000)
    tunes = []
    for seed in (4, 5, 6):
        assert command(*words, "--seed", seed, "-o", f"{seed}.mid", "-q").status == 0
        tunes += [note.pitch for note in read_midi(Path(f"{seed}.mid")).melody.notes]
    ended = command("play", "4.mid", "--virtual", "--loop", 3, "--refresh", 1, "-m", model)
    assert (ended.status, notes(machine.outputs[0])) == (0, tunes)
    assert "pass 2: seed 5" in ended.err


def test_a_jam_answers_and_keeps_both_sides(command, machine, model, monkeypatch):
    """Until Ctrl-C; the file is written then."""
    monkeypatch.setattr(jam_run, "Helper", Inline)
    opened = machine.open_input

    def playing(name, heard, *, virtual=False):
        port = opened(name, heard, virtual=virtual)
        now = time.monotonic()
        for k in range(4):
            heard(bytes((0x90, 60 + k, 80)), now + 0.02 * k)
            heard(bytes((0x80, 60 + k, 0)), now + 0.02 * k + 0.015)
        return port

    machine.open_input = playing
    stop_after(machine, 1)
    words = ("--in", "Keys", "--out", "Synth", "--bars", 1, "--tempo", 1000, "--no-click", "-o", "jam.mid")
    ended = command("jam", "-m", model, *words, "--seed", 1, "--channel", 2)
    assert ended.status == 130
    assert "Keys 1 \u2192 Synth 1: 1 bar of 4/4; Ctrl-C ends it" in ended.err
    assert machine.outputs[0].sent[0][0] == 0x91
    assert [note.pitch for note in read_midi(Path("jam.mid"), track="Player").melody.notes] == [60, 61, 62, 63]
    machine.outputs.clear()
    assert command("jam", "-m", model, *words[:-2], "--seed", 2).status == 130
    assert Path("jam-2.mid").is_file()  # nobody named one


def test_ctrl_c_ends_a_loop_and_its_notes(command, machine):
    """Exit status 130, nothing sounding."""
    stop_after(machine, 9)
    ended = command("play", "tune.mid", "--virtual", "--loop")
    assert ended.status == 130
    sent = machine.outputs[0].sent
    assert sum(m[0] & 0xF0 == 0x90 for m in sent) <= sum(m[0] & 0xF0 == 0x80 for m in sent)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("play", "tune.mid", "--port", "a", "--virtual"), "--virtual: makes a port of its own"),
        (("play", "tune.mid", "--port", "Moog"), "Moog: no output port of that name; there is Synth 1"),
        (("play", "tune.mid", "--virtual", "--clock", "slave"), "--clock: 'slave' must be send, follow or follow:PORT"),
        (("play", "-", "--virtual", "--watch"), "--watch: is for a file that is edited"),
        (("play", "tune.mid", "--virtual", "--refresh", "1"), "tune.mid: keeps no recipe to make new takes by"),
        (("play", "none.mid", "--virtual"), "none.mid: no such file"),
        (("jam", "--out", "Synth"), "--in: name the port to listen to"),
        (("jam", "--in", "Keys"), "--out: name the port to answer on"),
        (("jam", "--virtual", "--mode", "duet"), "--mode: duet: must be one of answer, continue, loop"),
        (("jam", "--virtual", "--knobs", "pan=1"), "--knobs: 'pan=1' must be one of temperature, density, mute"),
    ],
)
def test_what_cannot_be_is_refused(command, machine, words, said):
    """In a line that says the next move, before a port is opened."""
    ended = command(*words, stdin=midi_bytes(TUNE))
    assert ended.status != 0
    assert said in ended.err
    assert machine.outputs == []


def test_without_the_library_one_line_says_what_to_install(command, machine, monkeypatch):
    """Whatever was asked for."""

    def missing():
        raise PortError("MIDI ports need a library: pip install 'melodyrnn[live]'")

    monkeypatch.setattr(stage_run, "fresh_ports", missing)
    for words in (("ports",), ("play", "tune.mid", "--virtual")):
        ended = command(*words)
        assert (ended.status, ended.err.count("\n")) == (1, 1)
        assert "pip install 'melodyrnn[live]'" in ended.err


def test_a_clock_is_followed_from_a_port(command, machine):
    """That is named, or has the name of the one that is played on."""
    opened = machine.open_input

    def starting(name, heard, *, virtual=False):
        port = opened(name, heard, virtual=virtual)
        now = time.monotonic()
        for k, message in enumerate([b"\xf8"] * 24 + [b"\xfa"] + [b"\xf8"] * 97):
            heard(message, now + (k - 24) * 0.001)
        return port

    machine.open_input = starting
    assert command("play", "tune.mid", "--virtual", "--clock", "follow:keys").status == 0
    assert list(machine.inputs) == ["Keys 1"]
    assert notes(machine.outputs[0]) == [60, 61, 62, 63]
    assert command("play", "tune.mid", "--virtual", "--clock", "follow").status == 0
    assert list(machine.inputs) == ["Keys 1", "melodyrnn"]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="a system without terminals that hang up")
def test_a_terminal_that_is_closed_ends_it_as_sigterm_does(monkeypatch):
    """As long as something plays; notes end behind the exception."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    hung_up = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup ignores it
    try:
        with pytest.raises(KeyboardInterrupt), stage_run.ended_well():
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.signal(signal.SIGHUP, hung_up)
