"""What Ardour records of what melodyrnn plays: a part of bench.live, without a screen.

Contents: ardour_figures.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import mido
import rtmidi

from bench.live_daw import Daw

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PROGRAM: Final = "ardour7-lua"
_SCRIPT: Final = Path(__file__).with_name("ardour_record.lua")
_QUARTER: Final = 0.5  # seconds, at the tempo of a new session
_TICKS: Final = 1920  # of Ardour, a quarter
_SECONDS: Final = 20

_Onsets = list[tuple[float, int]]  # seconds, pitch


def ardour_figures(
    folder: Path, run: Callable[..., Any], stop: Callable[..., str], told: Callable[..., str]
) -> list[str]:
    """A loop and answers of a jam, as Ardour has them, beside the files that they come from."""
    head = f"**Ardour** (`{_PROGRAM}`, without a screen) records from our port."
    if shutil.which(_PROGRAM) is None:
        return [head, "", "Not measured: it is not installed."]
    rows = ["| recorded | notes | pitch and order | onset error (ms): median / p99 / max |", "|---|---|---|---|"]
    for name, way in (("a loop of two bars", _loop), ("answers of a jam", _jam)):
        found, wanted = way(folder, run, stop)
        at = _place([pitch for _, pitch in found], [pitch for _, pitch in wanted])
        if at is None:
            rows.append(f"| {name} | {len(found)} | differ | |")
            continue
        late = [a - b for (a, _), (b, _) in zip(found, wanted[at:], strict=False)]
        rows.append(f"| {name} | {len(found)} | equal | {told([one - median(late) for one in late])} |")
    return [head, "", *rows]


def _loop(folder: Path, run: Callable[..., Any], stop: Callable[..., str]) -> tuple[_Onsets, _Onsets]:
    file = folder / "ardour.mid"
    command = ("generate", "--bars", "2", "--loop", "--tempo", "120", "--seed", "11", "-o", str(file), "-q")
    subprocess.run([sys.executable, "-m", "melodyrnn", *command], check=True)
    with run("play", str(file), "--virtual", "--loop") as playing:
        found = _recorded(folder)
        stop(playing)
    once = _onsets_of(file, 1)
    return found, [(when + 4.0 * k, pitch) for k in range(20) for when, pitch in once]


def _jam(folder: Path, run: Callable[..., Any], stop: Callable[..., str]) -> tuple[_Onsets, _Onsets]:
    file = folder / "ardour-jam.mid"
    options = ("--bars", "1", "--tempo", "120", "--no-click", "--seed", "1", "-o", str(file))
    with Daw() as daw, run("jam", "--in", daw.keys, "--virtual", *options) as playing:
        recording = _recorder(folder)
        end = time.monotonic() + _SECONDS + 6
        while recording.poll() is None and time.monotonic() < end:
            for pitch in (60, 64, 67, 65):
                daw.play(bytes((0x90, pitch, 80)))
                time.sleep(0.2)
                daw.play(bytes((0x80, pitch, 0)))
                time.sleep(0.05)
        found = _notes_of(recording)
        stop(playing)
    return found, _onsets_of(file, 2)


def _recorded(folder: Path) -> _Onsets:
    return _notes_of(_recorder(folder))


def _recorder(folder: Path) -> subprocess.Popen[str]:
    """Ardour, recording from our port."""
    probe = rtmidi.MidiIn(rtapi=rtmidi.API_UNIX_JACK, name="look")
    port = next(name for name in probe.get_ports() if name.endswith(":melodyrnn"))
    probe.delete()
    session = tempfile.mkdtemp(dir=folder)
    command = [_PROGRAM, str(_SCRIPT), port, str(_SECONDS), f"{session}/session"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _notes_of(recording: subprocess.Popen[str]) -> _Onsets:
    """What the script has printed."""
    said = recording.communicate(timeout=_SECONDS + 60)[0]
    rows = re.findall(r"^note\s+(\d+)\s+(\d+):(\d+)\s+(\d+)", said, re.MULTILINE)
    first = [row[1:] for row in rows if row[0] == rows[0][0]]  # a take may be there twice
    if not first:
        raise RuntimeError(f"Ardour recorded nothing:\n{said}")
    return [((int(beat) + int(tick) / _TICKS) * _QUARTER, int(pitch)) for beat, tick, pitch in first]


def _onsets_of(file: Path, track: int) -> _Onsets:
    """Seconds at 120 a minute, and pitches, of a track."""
    now, found, read = 0, list[tuple[float, int]](), mido.MidiFile(file)
    for message in read.tracks[track]:
        now += message.time
        if message.type == "note_on" and message.velocity:
            found.append((now / read.ticks_per_beat * _QUARTER, message.note))
    return found


def _place(found: Sequence[int], wanted: Sequence[int]) -> int | None:
    """Where in a row another one stands."""
    places = range(len(wanted) - len(found) + 1)
    return next((k for k in places if found and list(wanted[k : k + len(found)]) == list(found)), None)
