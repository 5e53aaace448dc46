"""What the melodyrnn of this interpreter answers to a list of requests: digests of melodies, or refusals.

    python -P bench/golden_answers.py < requests.json > answers.json

A script that stands alone, so that any version of the package can be asked: it knows `melodyrnn.cli.main`, the names of
the command line's options and Standard MIDI Files, and nothing else of the program. `bench.golden` and the tests run it
with the interpreter, and the PYTHONPATH, of the version they ask; -P keeps this folder off the path.

Conventions
    input       {"melodies": {name: melody}, "requests": [request]}, as in tests/golden/requests.json.
    melody      tempo, key, metre as in mido, notes [onset, duration, pitch] in ticks of 1/24 of a quarter, and perhaps
                chords [onset, duration, [pitch]] on a second track. Requests find it as NAME.mid.
    request     verb, file (the argument of infill and vary), seed, count, and options by their long names without
                dashes: a text; true for a flag; a list for an option that is given again.
    answer      {"melodies": [digest]}, or {"exit": status, "about": what the error names, "message": its text}.
    digest      16 hexadecimal digits of the SHA-256 of what the file says of the music: see `heard`.
    alike       one thread, NumPy instead of the compiled kernel, and instructions of processors with AVX2 only
                (`PINS`), so that most processors round alike. What may still make a difference is told as `processor`.

Contents: PINS, answers_of, answer_of, about, digest_of, heard, processor.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import re
import shutil
import sys
import tempfile
from contextlib import chdir, redirect_stderr, redirect_stdout
from fractions import Fraction
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import mido

PINS: Final = {
    "MELODYRNN_RUNTIME": "numpy",
    "OPENBLAS_NUM_THREADS": "1",
    "OPENBLAS_CORETYPE": "Haswell",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
}
"""The environment in which NumPy is imported."""

NAMES: Final = {
    "o": "output", "n": "count", "t": "temperature", "m": "model", "": "stdin",
    "constraints": "together", "rules": "together",
}  # fmt: skip
"""What errors say for an option, for stdin, and where several options exclude each other."""

TICKS: Final = 24  # a quarter, of the melodies in the requests
VELOCITY: Final = 90


def main() -> None:
    """Answer stdin on stdout."""
    asked = json.load(sys.stdin)
    os.environ.update(PINS)
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        for name, melody in asked["melodies"].items():
            midi_of(melody).save(f"{name}.mid")
        answers = answers_of(asked["requests"])
    json.dump({"package": str(package()), "processor": processor(), "answers": answers}, sys.stdout)


def answers_of(requests: list[dict[str, Any]]) -> dict[str, Any]:
    """Answer each request in this folder; by id. Raises SystemExit where the compiled kernel had a part in it."""
    answers = {request["id"]: answer_of(request) for request in requests}
    if compiled():
        raise SystemExit("the compiled kernel was in use: digests are those of the NumPy runtime")
    return answers


def answer_of(request: dict[str, Any]) -> dict[str, Any]:
    """Answer one request."""
    shutil.rmtree("out", ignore_errors=True)
    status, out, err = called(arguments(request))
    if status:
        message = err.decode().strip().splitlines()[-1].removeprefix("melodyrnn: error: ")
        return {"exit": status, "about": about(message), "message": message}
    files = [(path.suffix, path.read_bytes()) for path in sorted(Path().glob("out/*"))]
    return {"melodies": [digest_of(suffix, content) for suffix, content in files or [(".mid", out)]]}


def arguments(request: dict[str, Any]) -> list[str]:
    """A request as words of a command line; what it does not say goes to the folder `out`, and quietly."""
    given = {name: request[name] for name in ("seed", "count") if name in request}
    words = [request["verb"], *([request["file"]] if "file" in request else [])]
    for name, value in {"output": "out/", "quiet": True, **given, **request["options"]}.items():
        if isinstance(value, bool):
            words += [f"--{name}"] * value
        else:
            words += [f"--{name}={one}" for one in (value if isinstance(value, list) else [value])]
    return words


def called(words: list[str]) -> tuple[int, bytes, bytes]:
    """Run a command in this process: its status, and the bytes on stdout and stderr."""
    from melodyrnn.cli import main as command  # noqa: PLC0415 - with NumPy, which reads the environment as it is now

    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    sys.argv = ["melodyrnn", *words]
    status = 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            command()
        except SystemExit as leaving:
            status = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    return status, contents(out), contents(err)


def contents(stream: io.TextIOWrapper) -> bytes:
    """What was written to a stream in memory."""
    stream.flush()
    raw = stream.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue()


def about(message: str) -> str:
    """What an error is about: the option that it names first, several of them together, a file, or something other.

    >>> about("--key: 'Zz' is no key"), about("max_leap: 0 is none"), about("-n: 0 melodies cannot be written")
    ('key', 'max-leap', 'count')
    >>> about("rules: no note is left"), about("tune.mid: no such file"), about("no candidate can be used (3 alike)")
    ('together', 'file', 'other')
    >>> about("Invalid value for '--program': 200 is more than 127")
    'program'
    """
    head = message.partition(":")[0]
    if re.fullmatch(r"-{0,2}[A-Za-z_-]*", head):
        name = head.lstrip("-").lower().replace("_", "-")
        return NAMES.get(name, name)
    if re.fullmatch(r"\S+\.\w+", head):
        return "file"
    named = re.search(r"--([a-z][a-z-]*)", message)
    return named[1] if named else "other"


def digest_of(suffix: str, content: bytes) -> str:
    """The digest of a file that was written."""
    told = {".mid": heard, ".abc": _abc, ".musicxml": _musicxml}[suffix](content)
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:16]


def heard(content: bytes) -> dict[str, Any]:
    """Tempo, keys and metres of a MIDI file and its tracks with their notes; times in quarters, as fractions.

    Neither the file's resolution, nor the order of its events, nor any text but the name of a mode makes a difference.
    """
    file = mido.MidiFile(file=io.BytesIO(content))
    frame: dict[tuple[str, str, str], None] = {}
    tracks = []
    for track in file.tracks:
        now, notes, programs, sound = 0, [], [], {}
        for event in track:
            now += event.time
            time = str(Fraction(now, file.ticks_per_beat))
            if event.type == "note_on" and event.velocity:
                sound[event.note] = now, event.velocity
            elif event.type in {"note_on", "note_off"}:
                begun, velocity = sound.pop(event.note)
                notes.append((*_quarters(begun, now - begun, file.ticks_per_beat), event.note, velocity))
            elif event.type == "program_change":
                programs.append(event.program)
            elif told := _told(event):
                frame[time, event.type, told] = None
        if notes:
            tracks.append(
                {"programs": programs, "notes": sorted(notes), "end": str(Fraction(now, file.ticks_per_beat))}
            )
    return {"frame": sorted(frame), "tracks": tracks}


def _told(event: mido.MetaMessage) -> str:
    """What an event says of tempo, key or metre; nothing otherwise."""
    match event.type:
        case "set_tempo":
            return str(event.tempo)
        case "key_signature":
            return str(event.key)
        case "time_signature":
            return f"{event.numerator}/{event.denominator}"
        case "text" if match := re.fullmatch(r"(?:@I)?key: (.+)", event.text):
            return match[1]
    return ""


def _quarters(onset: int, duration: int, resolution: int) -> tuple[str, str]:
    return str(Fraction(onset, resolution)), str(Fraction(duration, resolution))


def _abc(content: bytes) -> list[str]:
    """The lines of a tune but for comments and its title."""
    return [line for line in content.decode().splitlines() if not line.startswith(("%", "T:", "X:"))]


def _musicxml(content: bytes) -> list[str]:
    """The measures of a score; what stands before them tells of programs and days."""
    root = ET.fromstring(content)  # noqa: S314 - written by us a moment ago
    return [ET.canonicalize(ET.tostring(measure), strip_text=True) for measure in root.iter("measure")]


def midi_of(melody: dict[str, Any]) -> mido.MidiFile:
    """A melody of the requests as a file."""
    over, under = melody["metre"].split("/")
    conductor = mido.MidiTrack(
        [
            mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(melody["tempo"])),
            mido.MetaMessage("key_signature", key=melody["key"]),
            mido.MetaMessage("time_signature", numerator=int(over), denominator=int(under)),
        ]
    )
    notes = [(onset, duration, [pitch]) for onset, duration, pitch in melody["notes"]]
    voices = {"Melody": notes} | ({"Chords": melody["chords"]} if "chords" in melody else {})
    tracks = [_track(channel, name, sounds) for channel, (name, sounds) in enumerate(voices.items())]
    return mido.MidiFile(type=1, ticks_per_beat=TICKS, tracks=[conductor, *tracks])


def _track(channel: int, name: str, sounds: list[Any]) -> mido.MidiTrack:
    """A voice's notes; at one tick those that end stand before those that begin."""
    events = sorted(
        (tick, kind, pitch)
        for onset, duration, pitches in sounds
        for pitch in pitches
        for tick, kind in ((onset, "note_on"), (onset + duration, "note_off"))
    )
    track, now = mido.MidiTrack([mido.MetaMessage("track_name", name=name)]), 0
    for tick, kind, pitch in events:
        track.append(mido.Message(kind, channel=channel, note=pitch, velocity=VELOCITY, time=tick - now))
        now = tick
    return track


def package() -> Path:
    """The folder of the package that answered."""
    return Path(sys.modules["melodyrnn"].__file__ or "").resolve().parent


def compiled() -> bool:
    """Whether a library of the package's own has been loaded; where the system does not tell, whether there is one."""
    maps = Path("/proc/self/maps")
    if maps.exists():
        mapped = (line.rpartition(" ")[2] for line in maps.read_text(encoding="utf-8").splitlines())
        return any(name.endswith(".so") and Path(name).is_relative_to(package()) for name in mapped)
    return any(package().rglob("*.so"))


def processor() -> dict[str, Any]:
    """What may round differently elsewhere: the machine, NumPy, its instructions and its BLAS, the C library."""
    import numpy as np  # noqa: PLC0415 - reads the environment as it is now

    told: Any = np.show_config(mode="dicts")
    simd, blas = told["SIMD Extensions"], told["Build Dependencies"]["blas"]
    return {
        "machine": platform.machine(),
        "libc": " ".join(platform.libc_ver()),
        "numpy": np.__version__,
        "simd": " ".join([*simd.get("baseline", []), *simd.get("found", [])]),
        "blas": f"{blas['name']} {blas['version']}",
    }


if __name__ == "__main__":
    main()
