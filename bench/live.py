"""The stage against a clock: melodyrnn plays on JACK's dummy driver, this process is the DAW.

    python -m bench.live [--only play clock jam kills ardour] [--page]

It starts a jackd of its own (package jackd2), without sound, 256 frames a period: a message leaves at the next period,
so that 1.3 ms in the median and 2.7 ms at most are no player's doing. `play`: notes lost, doubled, late; the drift of a
loop. `clock`: bar lines beside those of a sender. `jam`: answers beside their bar lines, with one of the cores busy.
`kills`: what sounds behind SIGTERM, Ctrl-C, a port that closes, a clock that stays away. `ardour`: what that records.
With --page the figures go to docs/benchmarks.md, section Live.

Contents: the measurements `play_figures`, `clock_figures`, `jam_figures`, `kill_figures`; main.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import linear_regression, median
from typing import TYPE_CHECKING, Any, Final

from bench.live_ardour import ardour_figures
from bench.live_daw import Daw, Scenario, clock_times, left_sounding, way_latency
from bench.sections import read_section, write_section
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.melody import Melody, Metre, Note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SERVER: Final = "melodyrnn-bench"
PASSES: Final = 50
EXCHANGES: Final = 32
_SCALE: Final = (0, 2, 4, 5, 7, 9, 11, 12)


@contextmanager
def jackd(folder: Path) -> Iterator[Path]:
    """A server of our own; gives the file that it tells its xruns in."""
    os.environ["JACK_DEFAULT_SERVER"] = SERVER
    log = folder / "jackd.log"
    command = ["jackd", "-n", SERVER, "-R", "-P", "60", "-d", "dummy", "-r", "48000", "-p", "256"]
    with log.open("wb") as out:
        server = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, "JACK_NO_AUDIO_RESERVATION": "1"})
    time.sleep(1.5)
    try:
        yield log
    finally:
        server.terminate()
        server.wait()


def xruns(log: Path) -> int:
    """Gaps that the server has told of."""
    return len(re.findall(rb"(?i)xrun", log.read_bytes()))


@contextmanager
def melodyrnn(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A run of the command line that is up: it has told what it plays."""
    command = [sys.executable, "-m", "melodyrnn", *arguments]
    run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert run.stderr is not None
    try:
        line = run.stderr.readline()
        if "Ctrl-C" not in line:
            raise RuntimeError(line + run.stderr.read())
        yield run
    finally:
        if run.poll() is None:
            run.kill()
        run.wait()


def stop(run: subprocess.Popen[str], how: int = signal.SIGTERM) -> str:
    """End a run; give what it said."""
    run.send_signal(how)
    return run.communicate(timeout=20)[1]


def told(errors: Sequence[float]) -> str:
    """Median, 99th percentile and the largest of times in ms."""
    sizes = sorted(abs(error) * 1000 for error in errors)
    high = sizes[min(len(sizes) - 1, round(0.99 * len(sizes)))]
    return f"{median(sizes):.2f} / {high:.2f} / {sizes[-1]:.2f}"


def play_figures(folder: Path, log: Path) -> list[str]:
    """Two runs of a bar of sixteenths, fifty times: what is lost, how late notes are, how the loop drifts."""
    tune = Melody(tuple(Note(6 * k, 5, 48 + 2 * k) for k in range(16)), tempo=240.0, length=96)
    file = folder / "loop.mid"
    file.write_bytes(midi_bytes(tune, loop=True))
    rows = [
        "| run | notes | lost | doubled | order | onset error (ms): median / p99 / max | drift a pass (ms) | xruns |"
    ]
    rows.append("|---|---|---|---|---|---|---|---|")
    wanted = [48 + 2 * k for k in range(16)] * PASSES
    with Daw() as daw:
        for number in (1, 2):
            before = xruns(log)
            daw.heard.clear()
            source = ["--port", daw.into]
            with melodyrnn("play", str(file), *source, "--loop", str(PASSES)) as run:
                run.wait(timeout=PASSES + 30)
            onsets = daw.onsets()
            pitches = [pitch for _, pitch in onsets]
            lost, doubled = _lost_and_doubled(pitches, PASSES)
            rows.append(
                f"| {number} | {len(wanted)} | {lost} | {doubled} | {'right' if pitches == wanted else 'see lost'} | "
                f"{_play_errors(onsets, wanted)} | {xruns(log) - before} |"
            )
    return ["**Playing.** A bar of sixteenths at 240, fifty times, two runs.", "", *rows]


def _lost_and_doubled(pitches: Sequence[int], passes: int) -> tuple[int, int]:
    counts = [pitches.count(48 + 2 * k) for k in range(16)]
    return sum(max(passes - n, 0) for n in counts), sum(max(n - passes, 0) for n in counts)


def _play_errors(onsets: Sequence[tuple[float, int]], wanted: Sequence[int]) -> str:
    """Times beside an even grid, its beginning aside; and the slope of a line through them, a pass."""
    if [pitch for _, pitch in onsets] != list(wanted):
        return "not told: notes are missing | "
    late = [when - k / 16 for k, (when, _) in enumerate(onsets)]
    middle = median(late)
    slope = 16 * linear_regression(range(len(late)), late).slope
    return f"{told([one - middle for one in late])} | {1000 * slope:+.4f}"


SCENARIOS: Final = (
    Scenario("60 a minute", lambda _: 60, 10),
    Scenario("90", lambda _: 90, 12),
    Scenario("140", lambda _: 140, 16),
    Scenario("200", lambda _: 200, 20),
    Scenario("60 to 200 within 16 bars", lambda bar: 60 + 140 * min(bar / 16, 1), 24),
    Scenario("120, clocks 1 ms early or late", lambda _: 120, 16, jitter=0.001),
    Scenario("120, no clocks for 0.5 s, twice", lambda _: 120, 16, holes=(5, 11)),
    Scenario("120, Stop, position, Continue", lambda _: 120, 16, relocates=(8, 3)),
    Scenario("120, Start while running", lambda _: 120, 16, restarts=8),
)


def clock_figures(folder: Path, log: Path) -> list[str]:
    """Notes on the bar lines of a sender, scenario by scenario; bars of two quarters."""
    tune = Melody(tuple(Note(48 * k, 20, 48 + k) for k in range(32)), (Metre(2, 4),), length=48 * 32)
    file = folder / "bars.mid"
    file.write_bytes(midi_bytes(tune, loop=True))
    rows = ["| clock | bar lines | played | error (ms): median / p99 / max | xruns |", "|---|---|---|---|---|"]
    with Daw() as daw:
        hop = 2 * way_latency()  # of the clock to us, of the note back
        for one in SCENARIOS:
            before = xruns(log)
            errors, bars = _followed(daw, one, file, hop)
            rows.append(f"| {one.name} | {bars} | {len(errors)} | {told(errors)} | {xruns(log) - before} |")
    head = (
        "**Following a clock.** Bars of 2/4; a note on each bar line, beside the sender's own. There and back "
        f"take {1000 * hop:.1f} ms, and so much was given as `--latency`; behind Start, when nobody knows how soon the "
        "first clock comes, it cannot be made up for, and that note is among the errors."
    )
    return [head, "", *rows]


def _followed(daw: Daw, scenario: Scenario, file: Path, hop: float) -> tuple[list[float], int]:
    """Seconds between bar lines of the sender and the notes that came for them, and how many bar lines there were."""
    daw.heard.clear()
    arguments = ["--port", daw.into, "--loop", "--clock", f"follow:{daw.clock}", "--latency", f"{1000 * hop:.2f}"]
    with melodyrnn("play", str(file), *arguments) as run:
        time.sleep(0.3)
        lines = daw.send_clock(scenario)
        time.sleep(0.2)
        stop(run)
    onsets = daw.onsets()
    errors = []
    for when, bar in lines:
        near = [t - when for t, pitch in onsets if pitch == 48 + bar % 32 and abs(t - when) < 0.1]
        if near:
            errors.append(min(near, key=abs))
    return errors, len(lines)


def jam_figures(folder: Path, log: Path) -> list[str]:
    """A scripted player with a hand's timing, a bar at 200 a minute, 32 exchanges; a process keeps one core busy."""
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    before, rng = xruns(log), random.Random(1)  # noqa: S311 - no secret
    try:
        with Daw() as daw:
            hop = 2 * way_latency()  # of the clock to us, of the note back
            scenario = Scenario("jam", lambda _: 200, 2 * EXCHANGES, quarters=4)
            arguments = ["--in", daw.keys, "--out", daw.into, "--clock", f"follow:{daw.clock}", "--bars", "1"]
            more = ["--seed", "1", "--latency", f"{1000 * hop:.2f}", "-o", str(folder / "jam.mid")]
            with melodyrnn("jam", *arguments, *more) as run:
                time.sleep(0.3)
                lines = daw.send_clock(scenario, keys=_phrases(scenario, rng))
                time.sleep(0.3)
                said = stop(run)
            onsets, left = daw.onsets(), left_sounding(daw.heard)
    finally:
        busy.kill()
        busy.wait()
    errors = []
    for when, _ in lines[1::2]:
        near = [t - when for t, _ in onsets if -0.05 < t - when < 0.15]
        if near:
            errors.append(min(near, key=abs))
    late = said.count("no answer is ready")
    took = (folder / "jam.mid").exists()
    head = (
        "**In answer to a player.** `jam --bars 1` at 200 a minute by the DAW's clock, one core kept busy; a scripted "
        "player whose hand is 12 ms beside the grid (standard deviation)."
    )
    row = f"| {EXCHANGES} | {len(errors)} | {late} | {told(errors)} | {left} | {'yes' if took else 'no'} |"
    return [
        head,
        "",
        "| exchanges | answered | late | first note (ms): median / p99 / max | left sounding | file kept | xruns |",
        "|---|---|---|---|---|---|---|",
        f"{row} {xruns(log) - before} |",
    ]


def _phrases(scenario: Scenario, rng: random.Random) -> list[tuple[float, bytes]]:
    """Notes on and off for every other bar, by seconds from Start."""
    ticks, keys = clock_times(scenario), list[tuple[float, bytes]]()
    for bar in range(0, scenario.bars, 2):
        for beat in (0.0, 1.0, 1.5, 2.0, 3.0):
            when = max(ticks[round(96 * bar + 24 * beat)] + rng.gauss(0, 0.012), 0.002)
            pitch = 60 + _SCALE[rng.randrange(8)]
            keys += [(when, bytes((0x90, pitch, rng.randrange(60, 110)))), (when + 0.12, bytes((0x80, pitch, 0)))]
    return sorted(keys)


def kill_figures(folder: Path, _log: Path) -> list[str]:
    """What sounds behind each way out."""
    tune = Melody((Note(0, 90, 60), Note(96, 90, 64)), tempo=240.0, length=192)
    file = folder / "long.mid"
    file.write_bytes(midi_bytes(tune, loop=True))
    ways: dict[str, tuple[int, Callable[[Path], int]]] = {
        "SIGTERM, play": (15, lambda path: _killed(path, signal.SIGTERM)),
        "Ctrl-C, play": (5, lambda path: _killed(path, signal.SIGINT)),
        "SIGTERM, jam": (10, _killed_jam),
        "port closed, and back": (10, _port_closed),
        "clock gone": (10, _clock_gone),
    }
    rows = ["| way out | times | notes left sounding |", "|---|---|---|"]
    for name, (times, way) in ways.items():
        rows.append(f"| {name} | {times} | {sum(way(file) for _ in range(times))} |")
    return ["**Nothing hangs.** Each at another moment within a note.", "", *rows]


_MOMENT: Final = random.Random(2)  # noqa: S311 - no secret


def _sounds(daw: Daw) -> None:
    """Wait until a note sounds, and a little."""
    end = time.monotonic() + 20
    while not left_sounding(daw.heard) and time.monotonic() < end:
        time.sleep(0.005)
    assert left_sounding(daw.heard), "nothing sounded"
    time.sleep(_MOMENT.uniform(0, 0.1))


def _killed(file: Path, how: int) -> int:
    with Daw() as daw, melodyrnn("play", str(file), "--port", daw.into, "--loop") as run:
        _sounds(daw)
        stop(run, how)
        time.sleep(0.1)
        return left_sounding(daw.heard)


def _killed_jam(_file: Path) -> int:
    arguments = (
        "--bars",
        "1",
        "--tempo",
        "240",
        "--no-click",
        "--durations",
        "1/2 1/4",
        "--seed",
        "3",
        "-o",
        os.devnull,
    )
    with Daw() as daw, melodyrnn("jam", "--in", daw.keys, "--out", daw.into, "--mode", "continue", *arguments) as run:
        end = time.monotonic() + 20
        while not left_sounding(daw.heard) and time.monotonic() < end:
            daw.play(b"\x90\x3c\x50")
            time.sleep(0.05)
            daw.play(b"\x80\x3c\x00")
            time.sleep(0.05)
        _sounds(daw)
        stop(run)
        time.sleep(0.1)
        return left_sounding(daw.heard)


def _port_closed(file: Path) -> int:
    with Daw() as daw, melodyrnn("play", str(file), "--port", daw.into, "--loop") as run:
        _sounds(daw)
        daw.reopen()  # what is heard is kept: a synth goes on sounding
        time.sleep(2.5)
        stop(run)
        time.sleep(0.1)
        return left_sounding(daw.heard)


def _clock_gone(file: Path) -> int:
    with Daw() as daw:
        arguments = ("--port", daw.into, "--loop", "--clock", f"follow:{daw.clock}")
        with melodyrnn("play", str(file), *arguments) as run:
            time.sleep(0.2)
            daw.send_clock(Scenario("", lambda _: 240, 1, quarters=_MOMENT.randrange(1, 7)))
            time.sleep(2.6)
            assert daw.onsets(), "nothing sounded"
            left = left_sounding(daw.heard)
            stop(run)
            return left


PARTS: Final = {
    "play": play_figures, "clock": clock_figures, "jam": jam_figures, "kills": kill_figures,
    "ardour": lambda folder, _log: ardour_figures(folder, melodyrnn, stop, told),
}  # fmt: skip


def main() -> None:
    """Measure, print, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=PARTS, default=list(PARTS))
    parser.add_argument("--page", action="store_true", help="write docs/benchmarks.md, section Live")
    given = parser.parse_args()
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # which a shell's background jobs ignore, and so their children
    done = _parts_of(read_section("live"))
    with tempfile.TemporaryDirectory() as name, jackd(Path(name)) as log:
        for part in given.only:
            load = os.getloadavg()[0]
            lines = PARTS[part](Path(name), log)
            lines.append(f"\nLoad before it: {load:.1f} on {os.cpu_count()} processors.")
            done[part] = "\n".join(lines)
            print(done[part], flush=True)
            if given.page:
                text = "\n\n".join(f"<!-- {part} -->\n{done[part]}" for part in PARTS if part in done)
                write_section("live", "## Live\n\n" + text)


def _parts_of(section: str) -> dict[str, str]:
    """What the page has already of each part."""
    found: dict[str, Any] = {}
    with suppress(ValueError):
        for piece in section.split("<!-- ")[1:]:
            name, _, text = piece.partition(" -->\n")
            found[name] = text.rstrip()
    return found


if __name__ == "__main__":
    main()
