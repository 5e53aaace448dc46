"""Ports by whichever library is there: the same calls, the same errors."""

import sys
from types import SimpleNamespace

import pytest

from melodyrnn.live import ports as module
from melodyrnn.live.ports import MidoPorts, PortError, RtMidiPorts, found_name, system_of_ports


class Wire:
    """A MIDI system of one process: what is sent on a port arrives at the callback of that port."""

    def __init__(self):
        self.ports = {"Synth": None, "Keys": None}
        self.clients = 0

    def client(self, *, takes, error=None):
        """A class of clients."""
        wire = self

        class Client:
            def __init__(self, rtapi=0, name="", api=0, client_name=""):
                wire.clients += 1
                self.name, self.open = name or client_name, None
                if (rtapi or api) == 7:
                    raise OSError("no server")

            def get_ports(self):
                return list(wire.ports)

            def open_port(self, number, name=""):
                self.open = list(wire.ports)[number]

            def open_virtual_port(self, name):
                if error:
                    raise error
                wire.ports[name] = None
                self.open = name

            def ignore_types(self, *kinds):
                self.ignored = kinds

            def set_callback(self, function):
                wire.ports[self.open] = function

            def cancel_callback(self):
                wire.ports[self.open] = None

            def send_message(self, message):
                if self.open not in wire.ports:
                    raise OSError("the port is gone")
                heard = wire.ports[self.open]
                if heard is not None:
                    wire.deliver(heard, message)

            def close_port(self):
                self.open = None

            def delete(self):
                self.gone = True

        return Client


@pytest.fixture(params=["python-rtmidi", "supriya-midi"])
def binding(request, monkeypatch):
    """Each binding of RtMidi, as far as it is called."""
    monkeypatch.setattr(module, "_DRAIN", 0)
    wire = Wire()
    kinds = {"MidiIn": wire.client(takes=False), "MidiOut": wire.client(takes=True), "wire": wire}
    if request.param == "python-rtmidi":
        wire.deliver = lambda heard, message: heard((list(message), 0.0), None)
        return SimpleNamespace(API_UNIX_JACK=3, API_MACOSX_CORE=7, get_compiled_api=lambda: [3, 7], **kinds)
    wire.deliver = lambda heard, message: heard(list(message), 0.0, None)
    names = SimpleNamespace(UNIX_JACK=3, MACOSX_CORE=7)
    return SimpleNamespace(RtMidiAPI=names, get_compiled_apis=lambda: [3, 7], **kinds)


def test_what_is_sent_is_heard(binding):
    """Through a virtual port; clocks too; after closing nothing."""
    ports, heard = RtMidiPorts(binding), []
    into = ports.open_input("in", lambda message, when: heard.append((message, when)), virtual=True)
    out = ports.open_output("in")
    for message in (b"\x90\x3c\x50", b"\xf8"):
        out.send(message)
    assert [message for message, _ in heard] == [b"\x90\x3c\x50", b"\xf8"]
    into.close()
    out.send(b"\xfa")
    assert len(heard) == 2
    out.close()
    out.close()


def test_ports_are_listed_by_one_client(binding):
    """However often: a new client costs JACK a gap. A system that does not answer has none."""
    ports = RtMidiPorts(binding)
    assert [(port.name, port.takes, port.gives, port.api) for port in ports.names()] == [
        ("Synth", True, True, "UNIX_JACK"), ("Keys", True, True, "UNIX_JACK"),
    ]  # fmt: skip
    before = binding.wire.clients
    ports.names()
    assert binding.wire.clients - before <= 2  # those of the system that refuses


def test_a_port_that_goes_is_noticed(binding):
    """By looking, and by sending."""
    out = RtMidiPorts(binding).open_output("Synth")
    assert out.is_there()
    del binding.wire.ports["Synth"]
    assert not out.is_there()
    with pytest.raises(PortError, match="Synth: the port is gone"):
        out.send(b"\xf8")
    with pytest.raises(PortError, match="no such port any more"):
        RtMidiPorts(binding).open_output("Synth")


def test_a_system_that_makes_no_ports_says_so(binding):
    """As Windows: the reason of the library is told."""
    binding.MidiOut = binding.wire.client(takes=True, error=NotImplementedError("not supported by Windows"))
    with pytest.raises(PortError, match="melodyrnn: not supported by Windows"):
        RtMidiPorts(binding).open_output("melodyrnn", virtual=True)


def test_a_name_may_be_a_part(binding):
    """Of one port alone; else the names are told."""
    ports = RtMidiPorts(binding)
    assert found_name(ports, "syn", takes=True) == "Synth"
    assert found_name(ports, "Keys", takes=False) == "Keys"
    with pytest.raises(PortError, match="several output ports have that in their name: Synth, Keys"):
        found_name(ports, "y", takes=True)
    with pytest.raises(PortError, match="Moog: no input port of that name; there is Synth, Keys"):
        found_name(ports, "Moog", takes=False)


def test_without_a_library_one_line_says_what_to_install(monkeypatch):
    """Whichever is missing."""
    for name in ("rtmidi", "supriya_midi"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setenv("MIDO_BACKEND", "mido.backends.no_such")
    with pytest.raises(PortError, match=r"pip install 'melodyrnn\[live\]'"):
        system_of_ports()
    monkeypatch.delenv("MIDO_BACKEND")
    with pytest.raises(PortError, match=r"pip install 'melodyrnn\[live\]'"):
        system_of_ports()


def test_ports_of_mido():
    """For whoever has another of its backends."""
    sent, opened = [], {}

    def open_port(name, *, virtual=False, callback=None):
        if name == "none":
            raise OSError("unknown port")
        opened[name] = callback
        return SimpleNamespace(name=name, send=sent.append, close=lambda: sent.append("closed"))

    backend = SimpleNamespace(
        name="test", open_output=open_port, open_input=open_port,
        get_output_names=lambda: ["Synth"], get_input_names=lambda: ["Synth", "Keys"],
    )  # fmt: skip
    ports, heard = MidoPorts(backend, bytes.hex), []
    assert [tuple(port)[:3] for port in ports.names()] == [("Synth", True, True), ("Keys", False, True)]
    out = ports.open_output("Synth")
    out.send(b"\x90\x3c\x50")
    assert out.is_there()
    out.close()
    assert sent == ["903c50", "closed"]
    ports.open_input("Keys", lambda message, _: heard.append(message))
    opened["Keys"](SimpleNamespace(bytes=lambda: [0x80, 60, 64]))
    assert heard == [b"\x80\x3c\x40"]
    with pytest.raises(PortError, match="none: unknown port"):
        ports.open_output("none")
