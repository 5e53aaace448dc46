"""MIDI ports: which there are, and how they are opened. The one file that knows a library of ports.

RtMidi is called by the Python binding that imports: python-rtmidi (wheels up to Python 3.12), else supriya-midi. Not by
way of mido's rtmidi backend: that opens a client at each look for names, which JACK pays for with a gap, and drops
messages within which a real-time byte stands. Where neither imports, or MIDO_BACKEND names one, mido's ports are used.

Conventions
    message     bytes of one MIDI message, status byte first.
    heard       called with a message and when it came (seconds of `time.monotonic`), in a thread of the library.
    api         how the system carries MIDI: ALSA, JACK, CoreMIDI, Windows. All that answer are asked, in this order.

Contents: OutPort, InPort, PortSystem (protocols); PortName, PortError; system_of_ports (what is installed),
RtMidiPorts, MidoPorts; found_name (a port by part of its name); NO_LIBRARY.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from melodyrnn.errors import MelodyRNNError
from melodyrnn.live.hushed import hushed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Heard = Callable[[bytes, float], None]

NO_LIBRARY: Final = "MIDI ports need a library: pip install 'melodyrnn[live]'"
CLIENT: Final = "melodyrnn"
"""How programs that list ports see us."""
_APIS: Final = ("LINUX_ALSA", "UNIX_JACK", "MACOSX_CORE", "WINDOWS_MM")
_ALSA: Final = Path("/dev/snd/seq")  # without which the library complains on stderr at each look
_DRAIN: Final = 0.03  # seconds in which what was sent last leaves the library before its port is closed


class PortError(MelodyRNNError):
    """A port that is not there, or not there any more."""


class PortName(NamedTuple):
    """A port that another program or a device has."""

    name: str
    takes: bool  # notes can be sent to it
    gives: bool  # notes come from it
    api: str


class OutPort(Protocol):
    """A port that messages are sent to."""

    name: str

    def send(self, message: bytes) -> None:
        """Send one message; raise PortError when the port is gone."""

    def is_there(self) -> bool:
        """Whether its other end still exists; a virtual port has none and is always there."""

    def close(self) -> None:
        """Close it; what was sent last still leaves."""


class InPort(Protocol):
    """A port that messages come from."""

    name: str

    def is_there(self) -> bool:
        """Whether its other end still exists."""

    def close(self) -> None:
        """Close it; nothing is heard afterwards."""


class PortSystem(Protocol):
    """All ports of this machine."""

    def names(self) -> list[PortName]:
        """The ports that are there now."""

    def open_output(self, name: str, *, virtual: bool = False) -> OutPort:
        """Open a port for sending, or make one that others connect to; raise PortError."""

    def open_input(self, name: str, heard: Heard, *, virtual: bool = False) -> InPort:
        """Open a port for listening, or make one that others connect to; raise PortError."""


def system_of_ports() -> PortSystem:
    """The ports of this machine by whichever library is installed. Raises PortError, which names what to install."""
    if not os.environ.get("MIDO_BACKEND"):
        for binding in ("rtmidi", "supriya_midi"):
            with suppress(ImportError):
                return RtMidiPorts(import_module(binding))
    import mido  # noqa: PLC0415 - 60 ms, for a library that few have

    try:
        return MidoPorts(mido.Backend(load=True), mido.Message.from_bytes)
    except (ImportError, OSError):
        raise PortError(NO_LIBRARY) from None


def found_name(ports: PortSystem, name: str, *, takes: bool) -> str:
    """The whole name of a port: as it is given, else the one port of which it is a part, in any case of letters.

    Raises PortError with the names that there are.
    """
    there = [port.name for port in ports.names() if (port.takes if takes else port.gives)]
    if name in there:
        return name
    like = [full for full in there if name.lower() in full.lower()]
    if len(like) == 1:
        return like[0]
    way = "output" if takes else "input"
    if like:
        raise PortError(f"{name}: several {way} ports have that in their name: {', '.join(like)}; write one out")
    told = f"there is {', '.join(there)}" if there else "there is none; --virtual makes one that others connect to"
    raise PortError(f"{name}: no {way} port of that name; {told}")


class RtMidiPorts:
    """Ports by RtMidi, through either of its bindings, whose classes differ little."""

    def __init__(self, binding: Any) -> None:
        self._binding = binding
        self._old = not hasattr(binding, "RtMidiAPI")  # python-rtmidi
        self._probes: dict[tuple[bool, str], Any] = {}  # clients that look for names, kept: each new one costs a gap

    def names(self) -> list[PortName]:
        """The ports of all systems that answer."""
        found: dict[tuple[str, str], PortName] = {}
        for takes in (True, False):
            for api in self._apis():
                for name in self.seen(takes=takes, api=api):
                    before = found.get((api, name))
                    gives = not takes or bool(before and before.gives)
                    found[api, name] = PortName(name, takes or bool(before and before.takes), gives, api)
        return list(found.values())

    def seen(self, *, takes: bool, api: str) -> list[str]:
        """Names of ports of one system that take, or give; our own are left out."""
        try:
            probe = self._probes.get((takes, api)) or self._client(api, takes=takes)
            self._probes[takes, api] = probe
            return [name for name in map(str, probe.get_ports()) if not name.startswith(f"{CLIENT}-look")]
        except PortError:
            return []

    def open_output(self, name: str, *, virtual: bool = False) -> RtMidiOutput:
        """Open a port for sending; raise PortError."""
        api, client = self._opened(name, takes=True, virtual=virtual)
        return RtMidiOutput(self, name, api, client, virtual=virtual)

    def open_input(self, name: str, heard: Heard, *, virtual: bool = False) -> RtMidiInput:
        """Open a port for listening; raise PortError."""
        api, client = self._opened(name, takes=False, virtual=virtual)
        port = RtMidiInput(self, name, api, client, virtual=virtual)
        client.ignore_types(False, False, True)  # long messages and clocks are heard, "I am still there" is not
        if self._old:
            client.set_callback(lambda event, _data: heard(bytes(event[0]), time.monotonic()))
        else:
            client.set_callback(lambda message, _delta, _data: heard(bytes(message), time.monotonic()))
        return port

    def _apis(self) -> Iterator[str]:
        compiled = self._binding.get_compiled_api() if self._old else self._binding.get_compiled_apis()
        for name in _APIS:
            value = self._api(name)
            if value is not None and value in compiled and (name != "LINUX_ALSA" or _ALSA.exists()):
                yield name

    def _api(self, name: str) -> Any:
        if self._old:
            return getattr(self._binding, f"API_{name}", None)
        return getattr(self._binding.RtMidiAPI, name, None)

    def _client(self, api: str, *, takes: bool, name: str = f"{CLIENT}-look") -> Any:
        kind = self._binding.MidiOut if takes else self._binding.MidiIn
        told = {"rtapi" if self._old else "api": self._api(api), "name" if self._old else "client_name": name}
        with _told_as_port(name), hushed():
            return kind(**told)

    def _opened(self, name: str, *, takes: bool, virtual: bool) -> tuple[str, Any]:
        """A client of the first system that has the port, or that makes a virtual one."""
        refused: list[str] = []
        for api in self._apis():
            if not virtual and name not in self.seen(takes=takes, api=api):
                continue
            try:
                client = self._client(api, takes=takes, name=CLIENT)
                with _told_as_port(name):
                    if virtual:
                        client.open_virtual_port(name)
                    else:
                        client.open_port(list(map(str, client.get_ports())).index(name))
                return api, client
            except (PortError, ValueError) as problem:
                refused.append(str(problem))
        nothing = "no MIDI system answers here" if virtual else "no such port any more; 'melodyrnn ports' lists them"
        if refused and virtual:
            refused.append("start JACK or PipeWire, or load ALSA's sequencer (modprobe snd-seq), and try again")
        raise PortError("; ".join(refused) or f"{name}: {nothing}")


@contextmanager
def _told_as_port(name: str) -> Iterator[None]:
    """What a library raises about a port, as PortError."""
    try:
        yield
    except (OSError, RuntimeError, NotImplementedError) as error:
        raise PortError(f"{name}: {error}") from error
    except Exception as error:
        if type(error).__name__ != "RtMidiError":
            raise
        raise PortError(f"{name}: {error}") from error


class _RtMidiPort:
    """What both directions share."""

    def __init__(self, ports: RtMidiPorts, name: str, api: str, client: Any, *, virtual: bool) -> None:
        self.name, self.api, self.is_virtual = name, api, virtual
        self._ports, self._client = ports, client
        self._takes = isinstance(self, RtMidiOutput)

    def is_there(self) -> bool:
        """Whether the system still lists the other end."""
        return self.is_virtual or self.name in self._ports.seen(takes=self._takes, api=self.api)

    def close(self) -> None:
        """Close it and let its client go."""
        if self._client is None:
            return
        client, self._client = self._client, None
        if self._takes:
            time.sleep(_DRAIN)
        else:
            client.cancel_callback()
        client.close_port()
        client.delete()


class RtMidiOutput(_RtMidiPort):
    """A port of RtMidi that messages are sent to."""

    def send(self, message: bytes) -> None:
        """Send one message; raise PortError."""
        with _told_as_port(self.name):
            self._client.send_message(message)


class RtMidiInput(_RtMidiPort):
    """A port of RtMidi that messages come from."""


class MidoPorts:
    """Ports by one of mido's backends: portmidi, pygame, or whatever MIDO_BACKEND names."""

    def __init__(self, backend: Any, message: Callable[[bytes], Any]) -> None:
        self._backend, self._message = backend, message

    def names(self) -> list[PortName]:
        """The ports that the backend lists."""
        takes, gives = self._backend.get_output_names(), self._backend.get_input_names()
        every = dict.fromkeys([*takes, *gives])
        return [PortName(name, name in takes, name in gives, self._backend.name) for name in every]

    def open_output(self, name: str, *, virtual: bool = False) -> MidoOutput:
        """Open a port for sending; raise PortError."""
        with _told_as_port(name):
            port = MidoOutput(self._backend.open_output(name, virtual=virtual), self.names, virtual=virtual)
        port.message = self._message
        return port

    def open_input(self, name: str, heard: Heard, *, virtual: bool = False) -> MidoInput:
        """Open a port for listening; raise PortError."""
        with _told_as_port(name):
            port = self._backend.open_input(
                name, virtual=virtual, callback=lambda message: heard(bytes(message.bytes()), time.monotonic())
            )
        return MidoInput(port, self.names, virtual=virtual)


class _MidoPort:
    def __init__(self, port: Any, names: Callable[[], Sequence[PortName]], *, virtual: bool) -> None:
        self.name, self.is_virtual = str(port.name), virtual
        self._port, self._names = port, names

    def is_there(self) -> bool:
        """Whether the backend still lists it."""
        return self.is_virtual or self.name in [port.name for port in self._names()]

    def close(self) -> None:
        """Close it."""
        self._port.close()


class MidoOutput(_MidoPort):
    """A port of mido that messages are sent to."""

    message: Callable[[bytes], Any]  # bytes → a message of mido's

    def send(self, message: bytes) -> None:
        """Send one message; raise PortError."""
        with _told_as_port(self.name):
            self._port.send(self.message(message))


class MidoInput(_MidoPort):
    """A port of mido that messages come from."""
