"""melodyrnn ports, play and jam: MIDI ports; music on them, or through the loudspeaker; music in answer to a player.

Contents: ports_command, play_command, jam_command.
"""

from __future__ import annotations

from typing import Annotated, Final

import typer

from melodyrnn.cli import options as o
from melodyrnn.cli.app import command
from melodyrnn.cli.manner import ready_to_play

_OUT: Final = "Ports"
_TIME: Final = "Time"
_NAME: Final = r"(?!-)(?!.*\.\w+$).+"  # a port's, not an option's or a file's
_ALONE: Final = {"--virtual [NAME]": ("melodyrnn", _NAME), "--loop [N]": ("0", "[0-9]+")}

VirtualOption = Annotated[
    str | None, o.option("--virtual [NAME]", "Make a port that others connect to (named melodyrnn).", _OUT)
]
ClockOption = Annotated[
    str | None,
    o.option("--clock send|follow[:PORT]", "Send MIDI clock, or follow that of another program.", _TIME),
]
KeepPlaceOption = Annotated[
    bool, o.option("--keep-position", "A Start behind a song position goes on from it, not from the top.", _TIME)
]
LatencyOption = Annotated[float, o.option("--latency MS", "Send everything so much earlier.", _TIME, min=-500, max=500)]
ChannelOption = Annotated[
    int | None, o.option("--channel N", "Send all on this channel, 1 to 16.", _OUT, min=1, max=16)
]


@command(see="melodyrnn play --help")
def ports_command(context: typer.Context, json: o.JsonOption = False) -> None:
    """List the MIDI ports of this machine.

    Examples:
      melodyrnn ports
      melodyrnn ports --json

    A name, or a part of one that no other has, is what --port, --in, --out
    and --clock follow:PORT take.
    """
    console = o.console_of(context, json=json)

    from melodyrnn.cli.runs.stage_run import run_ports  # noqa: PLC0415

    run_ports(console)


@command(see="melodyrnn ports --help, melodyrnn jam --help", alone=_ALONE)
def play_command(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="What to play, or - for stdin.", show_default=False)],
    port: Annotated[str | None, o.option("--port NAME", "The MIDI port to play on, or part of its name.", _OUT)] = None,
    virtual: VirtualOption = None,
    channel: ChannelOption = None,
    loop: Annotated[
        int | None, o.option("--loop [N]", "Over and over (or 0), or N times, in whole bars.", _TIME, min=0)
    ] = None,
    tempo: Annotated[
        float | None, o.option("--tempo N", "Quarters a minute, in place of the file's.", _TIME, min=5, max=1000)
    ] = None,
    clock: ClockOption = None,
    keep_position: KeepPlaceOption = False,
    latency: LatencyOption = 0.0,
    refresh: Annotated[
        int | None, o.option("--refresh N", "A new take every N passes, by the file's recipe.", "New music", min=1)
    ] = None,
    watch: Annotated[bool, o.option("--watch", "Play what the file holds now, pass by pass.", "New music")] = False,
    model: Annotated[
        str | None, o.option("-m --model MODEL", "For --refresh: the model, if it does not ship.", "New music")
    ] = None,
    soundfont: o.SoundfontOption = None,
    track: o.TrackOption = None,
    quiet: o.QuietOption = False,
    verbose: o.VerboseOption = False,
) -> None:
    """Play a file aloud, or into a DAW or a synth.

    Examples:
      melodyrnn play tune.mid
      melodyrnn generate --loop --bars 4 | melodyrnn play - --loop
      melodyrnn play book.abc:12 --soundfont piano.sf2
      melodyrnn play tune.mid --port Synth
      melodyrnn generate --loop --bars 4 | melodyrnn play - --virtual --loop
      melodyrnn play loop.mid --virtual --loop --clock follow:Ardour
      melodyrnn generate --loop --bars 4 | melodyrnn play - --virtual --loop --refresh 4
      melodyrnn play --watch tune.mid --virtual --loop

    All tracks of a MIDI file are played as they stand there; of other formats
    the melody, its chords softly beneath. On a terminal the roll moves along:
    space waits and goes on, left and right go a bar back and forth, q ends.
    MELODYRNN_AUDIO=null plays without a loudspeaker.

    With --port or --virtual it is played as MIDI: Ctrl-C ends it, and every
    note that sounds. With --refresh the next take is composed while this one
    plays and begins on the bar line; a recipe is in every MIDI file of
    melodyrnn.
    """
    console = o.console_of(context, quiet=quiet, verbose=verbose)

    from melodyrnn.cli.runs.stage_run import PlayRequest, goes_to_port, run_play  # noqa: PLC0415

    request = PlayRequest(
        file=file, track=track, port=port, virtual=virtual, channel=channel, loop=loop, tempo=tempo, clock=clock,
        keep_position=keep_position, latency=latency, refresh=refresh, watch=watch, model=model, soundfont=soundfont,
    )  # fmt: skip
    if goes_to_port(request):
        run_play(console, request)
        return
    ready_to_play()
    from melodyrnn.cli.runs.play_run import run_aloud  # noqa: PLC0415

    turns = 1 if loop is None else loop or None
    run_aloud(console, file, track=track, turns=turns, soundfont=soundfont)


@command(see="melodyrnn play --help, melodyrnn generate --help", alone=_ALONE)
@o.with_controls("jam")
def jam_command(
    context: typer.Context,
    model: o.ModelOption = o.DEFAULT_MODEL,
    keyboard: Annotated[str | None, o.option("--in PORT", "The port that is listened to, a keyboard's.", _OUT)] = None,
    synth: Annotated[str | None, o.option("--out PORT", "The port that is answered on, a synth's.", _OUT)] = None,
    virtual: VirtualOption = None,
    channel: ChannelOption = None,
    bars: Annotated[int, o.option("--bars N", "Bars to listen to, and of an answer.", "Jam", min=1, max=16)] = 2,
    mode: Annotated[str, o.option("--mode MODE", "answer, continue or loop.", "Jam")] = "answer",
    click: Annotated[bool, o.option("--click/--no-click", "A metronome on channel 10 to listen by.", "Jam")] = True,
    knobs: Annotated[
        str | None, o.option("--knobs NAME=N,...", "Controllers for temperature, density and mute.", "Jam")
    ] = None,
    learn: Annotated[bool, o.option("--learn", "Controllers take these meanings as they are moved.", "Jam")] = False,
    clock: ClockOption = None,
    keep_position: KeepPlaceOption = False,
    latency: LatencyOption = 0.0,
    *,
    asked: o.Wishes,
    output: o.OutputOption = None,
    force: o.ForceOption = False,
    quiet: o.QuietOption = False,
    verbose: o.VerboseOption = False,
) -> None:
    """Listen to a player for some bars, and answer.

    Examples:
      melodyrnn jam --in Keystation --out Synth --bars 2
      melodyrnn jam --in Keystation --virtual --clock follow:Bitwig --bars 4
      melodyrnn jam --in Pads --out Synth --mode loop --key Dm --density 2-6
      melodyrnn jam --in Keystation --out Synth --knobs temperature=1,mute=64

    It listens for --bars bars and answers as many, in the key that it hears
    or --key, at the tempo of --tempo or of the clock that it follows, played
    as it was played to: what was played is its prime. Mode continue plays on by
    itself until it hears something, loop repeats its answer until then.
    Ctrl-C ends it. What was played is kept, player and answers on a track
    each: in a new file jam.mid here, or where -o says.
    """
    console = o.console_of(context, quiet=quiet, verbose=verbose)

    from melodyrnn.cli.runs.jam_run import JamRequest, run_jam  # noqa: PLC0415

    run_jam(
        console,
        JamRequest(
            model=model, keyboard=keyboard, synth=synth, virtual=virtual, channel=channel, bars=bars, mode=mode,
            click=click, knobs=knobs, learn=learn, clock=clock, keep_position=keep_position, latency=latency,
            asked=asked, output=output, force=force,
        ),
    )  # fmt: skip
