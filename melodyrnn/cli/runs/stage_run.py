"""What ports and play do: ports listed, a file made a clip, and played on a port until it is over or stopped.

Contents: run_ports; PlayRequest, goes_to_port, run_play; ClockWish, clock_wish (what --clock asks for), opened_voices,
clock_ears, ended_well (signals that close a terminal end a stage as Ctrl-C does), fresh_ports.
"""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from melodyrnn.cli.io.console import amount
from melodyrnn.cli.io.input import read_bytes, read_melody
from melodyrnn.errors import OptionError
from melodyrnn.formats.conversion import written_from
from melodyrnn.formats.registry import INPUT_FORMATS, format_of
from melodyrnn.live.clip import Clip, clip_of_midi
from melodyrnn.live.clock import ClockFollower
from melodyrnn.live.ears import Ears
from melodyrnn.live.player import ClipSource, Fixed, Player
from melodyrnn.live.ports import PortSystem, found_name, system_of_ports
from melodyrnn.live.stage_time import RealTime, urgently
from melodyrnn.live.voices import Voices
from melodyrnn.live.watched import Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from melodyrnn.cli.io.console import Console

_OF_PORTS: Final = ("channel", "tempo", "clock", "latency", "refresh", "watch")
_LOOK: Final = 0.2  # seconds from look to look at a file that is watched


def fresh_ports() -> PortSystem:
    """The ports of this machine; tests put others in its place. Raises PortError."""
    return system_of_ports()


def run_ports(console: Console) -> None:
    """Tell the ports of this machine. Raises PortError."""
    names = fresh_ports().names()
    if console.json:
        for port in names:
            console.record({"name": port.name, "out": port.takes, "in": port.gives, "api": port.api})
        return
    for port in names:
        way = "out, in" if port.takes and port.gives else "out" if port.takes else "in"
        console.lines([f"{way:8}{port.name}"])
    if not names:
        console.say(
            "no MIDI port is there; where JACK, PipeWire or ALSA's sequencer runs, play --virtual makes one that other "
            "programs connect to"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayRequest:
    """The options of play as the user gave them."""

    file: str
    track: str | None = None
    port: str | None = None
    virtual: str | None = None
    channel: int | None = None  # 1 to 16
    loop: int | None = None  # 0 = for ever
    tempo: float | None = None
    clock: str | None = None
    keep_position: bool = False
    latency: float = 0.0  # milliseconds
    refresh: int | None = None
    watch: bool = False
    model: str | None = None
    soundfont: str | None = None

    @property
    def passes(self) -> int:
        """How often it is played; 0 = for ever."""
        return (0 if self.refresh or self.watch else 1) if self.loop is None else self.loop

    @property
    def wire(self) -> int | None:
        """The channel as messages have it, 0 to 15."""
        return None if self.channel is None else self.channel - 1

    @property
    def loops(self) -> bool:
        """Whether a pass lasts whole bars."""
        return self.passes != 1


def goes_to_port(request: PlayRequest) -> bool:
    """Whether it is played on a MIDI port, and not aloud. Raises OptionError for what only the other knows."""
    given = request.port is not None or request.virtual is not None
    if given and request.soundfont is not None:
        raise OptionError("--soundfont", "is for the loudspeaker; a port's sound is that of whoever listens there")
    for name in _OF_PORTS:
        if getattr(request, name) and not given:
            raise OptionError(f"--{name}", "is for MIDI ports: name one with --port, or make one with --virtual")
    return given


def run_play(console: Console, request: PlayRequest) -> None:
    """Play a file on a port. Raises OptionError, Unreadable, RecipeError, PortError."""
    clock = clock_wish(request.clock)
    if request.port is not None and request.virtual is not None:
        raise OptionError("--virtual", "makes a port of its own; leave out --port, or this")
    if request.watch and (request.refresh or request.file == "-"):
        raise OptionError("--watch", "is for a file that is edited, without --refresh; name one")
    ports = fresh_ports()
    data = _midi_of(console, request)
    clip = _clip(request, data)
    with ExitStack() as stack:
        stack.enter_context(ended_well())
        time = RealTime()
        source = _source(console, request, clip, data, stack)
        name = request.virtual or found_name(ports, str(request.port), takes=True)
        virtual = request.virtual is not None
        ears = [clock_ears(ports, clock, time, console, own=name, virtual=virtual)] if clock.follows else []
        for one in ears:
            stack.callback(one.close)
        follower = ClockFollower(keeps=request.keep_position) if clock.follows else None
        voices = opened_voices(ports, name, console, stack, virtual=virtual)
        player = Player(
            voices, time, source, follower=follower, tempo=request.tempo, latency=request.latency / 1000,
            sends_clock=clock.sends, ears=ears,
        )  # fmt: skip
        console.say(f"{name}: {_told(request, clip)}; Ctrl-C ends it")
        stack.enter_context(urgently())
        player.play()


def _told(request: PlayRequest, clip: Clip) -> str:
    passes = {0: "over and over", 1: "once"}.get(request.passes, f"{request.passes} times")
    waits = ", from when the clock starts" if (request.clock or "").startswith("follow") else ""
    return f"{amount(clip.notes, 'note')}, {passes}{waits}"


class ClockWish(NamedTuple):
    """What --clock asks for."""

    sends: bool = False
    follows: bool = False
    port: str = ""  # '' = the port that is played on


def clock_wish(text: str | None) -> ClockWish:
    """Read --clock; raise OptionError.

    >>> clock_wish("follow:Bitwig")
    ClockWish(sends=False, follows=True, port='Bitwig')
    """
    kind, _, port = (text or "").partition(":")
    if text is None:
        return ClockWish()
    if kind == "send" and not port:
        return ClockWish(sends=True)
    if kind == "follow":
        return ClockWish(follows=True, port=port)
    raise OptionError("--clock", f"{text!r} must be send, follow or follow:PORT")


def opened_voices(ports: PortSystem, name: str, console: Console, stack: ExitStack, *, virtual: bool) -> Voices:
    """A port to play on, that is closed with the stack. Raises PortError."""
    voices = Voices(lambda: ports.open_output(name, virtual=virtual), console.say)
    stack.callback(voices.close)
    return voices


def clock_ears(
    ports: PortSystem, wish: ClockWish, time: RealTime, console: Console, *, own: str, virtual: bool
) -> Ears:
    """The port whose clock is followed: one of another program, or one made beside our own. Raises PortError."""
    made = virtual and not wish.port
    name = own if made else found_name(ports, wish.port or own, takes=False)

    def heard(message: bytes, when: float) -> None:
        time.hear("clock", message, when)

    console.detail(f"{name}: its clock is followed")
    return Ears(lambda: ports.open_input(name, heard, virtual=made), console.say)


@contextmanager
def ended_well() -> Iterator[None]:
    """A terminal that is closed ends what runs in it as SIGTERM does: by an exception, behind which notes end."""
    hangup = getattr(signal, "SIGHUP", None)
    main = threading.current_thread() is threading.main_thread()
    if hangup is None or not main or signal.getsignal(hangup) is not signal.SIG_DFL:
        yield
        return
    signal.signal(hangup, signal.getsignal(signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(hangup, signal.SIG_DFL)


def _midi_of(console: Console, request: PlayRequest) -> bytes:
    """The bytes of a MIDI file; of another format its melody as one. Raises Unreadable."""
    path = Path(request.file)
    named = INPUT_FORMATS.get(path.suffix.lower(), "")
    raw = named == "midi" or (not named and (request.file == "-" or path.exists()))
    if raw and request.track is None:
        data = read_bytes(console, request.file)
        if named or format_of(data[:512]) == "midi":
            return data
        raise OptionError("FILE", f"{request.file} holds no MIDI file: give others a name with their suffix")
    found = read_melody(console, request.file, track=request.track, chords=True)
    return written_from(found.melody, "midi", chords=found.chords, program=found.program).midi


def _clip(request: PlayRequest, data: bytes) -> Clip:
    return clip_of_midi(data, channel=request.wire, loop=request.loops, name=request.file)


def _source(console: Console, request: PlayRequest, clip: Clip, data: bytes, stack: ExitStack) -> ClipSource:
    """What is played, pass by pass."""
    if request.refresh is not None:
        from melodyrnn.cli.runs.refresh_input import refreshed  # noqa: PLC0415 - only new takes wait for composing

        helper, source = refreshed(
            console, request.file, data, clip, every=request.refresh, passes=request.passes, channel=request.wire,
            model=request.model,
        )  # fmt: skip
        stack.callback(helper.close)
        return source
    if not request.watch:
        return Fixed(clip, request.passes)
    path = Path(request.file)
    watched = Watched(
        clip, lambda: _stamp(path), lambda: _clip(request, _midi_of(console, request)), console.say,
        passes=request.passes,
    )  # fmt: skip
    stack.callback(_often(watched.look))
    return watched


def _stamp(path: Path) -> object:
    """Which version of a file is there; None while there is none."""
    with suppress(OSError):
        found = path.stat()
        return (found.st_mtime_ns, found.st_size) if found.st_size else None
    return None


def _often(look: Callable[[], Any]) -> Callable[[], None]:
    """Look from a thread of its own until what is returned is called."""
    done = threading.Event()

    def run() -> None:
        while not done.wait(_LOOK):
            look()

    threading.Thread(target=run, daemon=True).start()
    return done.set
