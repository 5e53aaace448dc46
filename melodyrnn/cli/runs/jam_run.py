"""What jam does: ports opened, the composing process warmed up, a player listened to and answered, all of it kept.

Contents: JamRequest, run_jam.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from melodyrnn.cli.io.console import amount
from melodyrnn.cli.io.output import results_of, write_free
from melodyrnn.cli.runs.compose_run import seeded
from melodyrnn.cli.runs.stage_run import ClockWish, clock_ears, clock_wish, ended_well, fresh_ports, opened_voices
from melodyrnn.controls.frame.bars import Bars
from melodyrnn.controls.options import Options
from melodyrnn.errors import MelodyRNNError, OptionError
from melodyrnn.live.clock import ClockFollower
from melodyrnn.live.composer import AnswerOrder, compose_for_stage
from melodyrnn.live.ears import Ears
from melodyrnn.live.knobs import Knobs, parse_knobs
from melodyrnn.live.player import Player
from melodyrnn.live.ports import found_name
from melodyrnn.live.session import JAM_MODES, Jam, JamSettings
from melodyrnn.live.stage_time import RealTime, urgently
from melodyrnn.music.melody import Metre
from melodyrnn.system import Helper

if TYPE_CHECKING:
    from melodyrnn.cli.io.console import Console
    from melodyrnn.cli.io.output import Results
    from melodyrnn.live.ports import PortSystem

_TEMPO: Final = 100.0
_WARM: Final = 60.0  # seconds that the first composing may take: it loads the model
_SCALE: Final = (60, 62, 64, 67)


@dataclass(frozen=True, slots=True, kw_only=True)
class JamRequest:
    """The options of jam as the user gave them."""

    model: str
    keyboard: str | None
    synth: str | None
    virtual: str | None
    channel: int | None
    bars: int
    mode: str
    click: bool
    knobs: str | None
    learn: bool
    clock: str | None
    keep_position: bool
    latency: float
    asked: Mapping[str, Any]
    output: str | None
    force: bool


def run_jam(console: Console, request: JamRequest) -> None:
    """Listen and answer until stopped, then keep what was played. Raises OptionError, PortError, OutputError."""
    clock = clock_wish(request.clock)
    order = _order(request)
    _refuse_contradictions(request)
    ports = fresh_ports()
    results = results_of(console, request.output, format="midi", force=request.force) if request.output else None
    knobs = Knobs(parse_knobs(request.knobs), console.say, learns=request.learn)
    with ExitStack() as stack:
        stack.enter_context(ended_well())
        helper = Helper(compose_for_stage)
        stack.callback(helper.close)
        _warm_up(helper, order)
        time = RealTime()
        ears = _listened(ports, request, clock, time, console)
        for one in ears:
            stack.callback(one.close)
        follower = ClockFollower(keeps=request.keep_position) if clock.follows else None
        out = request.virtual if request.synth is None else found_name(ports, request.synth, takes=True)
        voices = opened_voices(ports, str(out), console, stack, virtual=request.synth is None)
        click = request.click and not clock.follows
        jam = Jam(JamSettings(order, request.mode, click), helper, knobs, console.say)
        player = Player(
            voices, time, jam, follower=follower, tempo=order.tempo, latency=request.latency / 1000,
            sends_clock=clock.sends, ears=ears,
        )  # fmt: skip
        console.say(f"{ears[0].name} → {out}: {amount(order.bars, 'bar')} of {order.metre}; Ctrl-C ends it")
        stack.enter_context(urgently())
        try:
            player.play()
        finally:
            _keep(console, results, jam, player.part)


def _order(request: JamRequest) -> AnswerOrder:
    """The options, and what a phrase is. Raises OptionError."""
    asked: dict[str, Any] = {**seeded(request.asked), Bars.name(): request.bars}
    options = Options(**asked)
    setting = options.setting
    channel = (request.channel or 1) - 1
    return AnswerOrder(
        request.model, options, (), request.bars, setting.metre or Metre(), setting.tempo or _TEMPO, channel=channel
    )


def _refuse_contradictions(request: JamRequest) -> None:
    if request.mode not in JAM_MODES:
        raise OptionError("--mode", f"{request.mode}: must be one of {', '.join(JAM_MODES)}")
    if request.keyboard is None and request.virtual is None:
        raise OptionError(
            "--in", "name the port to listen to, or make one with --virtual; 'melodyrnn ports' lists them"
        )
    if request.synth is None and request.virtual is None:
        raise OptionError(
            "--out", "name the port to answer on, or make one with --virtual; 'melodyrnn ports' lists them"
        )


def _warm_up(helper: Helper, order: AnswerOrder) -> None:
    """Let the process load the model and answer once: what cannot be composed is refused before anybody plays."""
    beat = order.metre.beat_ticks * 20
    played = [
        event
        for k, pitch in enumerate(_SCALE)
        for event in ((float(k * beat), bytes((0x90, pitch, 80))), (k * beat + beat - 20.0, bytes((0x80, pitch, 64))))
        if (k + 1) * beat <= order.bars * order.metre.bar_ticks * 20
    ]
    helper.order(replace(order, played=tuple(played)))
    came = helper.answer(_WARM)
    if isinstance(came, Exception):
        raise came
    if came is None:
        raise MelodyRNNError(f"no answer was composed within {_WARM:g} s; ask for less, or take a smaller model")


def _listened(ports: PortSystem, request: JamRequest, wish: ClockWish, time: RealTime, console: Console) -> list[Ears]:
    """What is listened to, the keyboard first; one port may bring both keys and clock. Raises PortError."""

    def both(message: bytes, when: float) -> None:
        time.hear("clock" if message[0] > 0xF0 else "keys", message, when)

    made = request.keyboard is None
    keyboard = str(request.virtual) if made else found_name(ports, str(request.keyboard), takes=False)
    ears = [Ears(lambda: ports.open_input(keyboard, both, virtual=made), console.say)]
    if wish.port and found_name(ports, wish.port, takes=False) != keyboard:
        ears.append(clock_ears(ports, wish, time, console, own=keyboard, virtual=False))
    return ears


def _keep(console: Console, results: Results | None, jam: Jam, until: float) -> None:
    """Write what was played, if anything was: where that was asked for, else to a new file in the current folder."""
    if jam.recording.is_empty:
        return
    data = jam.recording.data(until)
    name = results.deliver(console, 0, data) if results is not None else str(write_free("jam", ".mid", data))
    console.say(f"{name or 'jam'}: player and answers, a track each")
