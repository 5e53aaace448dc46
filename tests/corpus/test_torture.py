"""A folder of everything that can be wrong with a file: each costs itself, has a reason, and harms nobody."""

from __future__ import annotations

import io
import json
import os
import random
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from melodyrnn.corpus.cache import load_corpus
from melodyrnn.corpus.prepare import prepare
from melodyrnn.corpus.reading import Limits, read_files
from melodyrnn.corpus.sources import Source, find_files
from melodyrnn.corpus.worker import read_source_bytes
from melodyrnn.errors import REASONS, Unreadable

ROOT = Path(__file__).parents[2]
END = b"\x00\xff\x2f\x00"


def chunk(kind: bytes, payload: bytes, length: int | None = None) -> bytes:
    """A chunk of a MIDI file, its length told wrongly if so wished."""
    return kind + struct.pack(">I", len(payload) if length is None else length) + payload


def midi(track: bytes, *, form=0, division=96, tracks=1, length=None) -> bytes:
    """A MIDI file of one track."""
    return chunk(b"MThd", struct.pack(">HHH", form, tracks, division)) + chunk(b"MTrk", track, length)


def line(seed: int, notes: int = 16) -> bytes:
    """A line of quarters, another for each seed."""
    chance = random.Random(seed)  # noqa: S311 - music, no secrets
    pitches = [60 + chance.choice((0, 2, 4, 5, 7, 9, 11)) for _ in range(notes)]
    return b"".join(bytes((0, 0x90, pitch, 80, 96, 0x80, pitch, 0)) for pitch in pitches)


TUNE = line(50)
GOOD = [midi(line(100 + k, 20 + k) + END) for k in range(12)]

# What must be refused, and as what; "" where the notes are there to be read all the same.
MIDI = {
    "chunk-longer": (midi(line(70) + END, length=10**9), {"", "cut-short"}),
    "chunk-shorter": (midi(line(71) + END, length=20), {"", "cut-short", "too-short"}),
    "endless-number": (midi(b"\xff" * 200_000), {"cut-short", "no-notes"}),
    "endless-number-after-notes": (midi(line(51) + b"\xff" * 200_000), {"", "cut-short"}),
    "no-end": (midi(line(52)), {""}),
    "type-2": (midi(line(53) + END, form=2, tracks=1), {"", "not-midi"}),
    "type-9": (midi(line(54) + END, form=9), {"", "not-midi"}),
    "smpte": (midi(line(55) + END, division=0xE728), {"smpte"}),
    "division-0": (midi(line(56) + END, division=0), {"absurd-ticks", "not-midi", "cut-short"}),
    "tempo-0": (midi(b"\x00\xff\x51\x03\x00\x00\x00" + line(57) + END), {""}),
    "tempo-slowest": (midi(b"\x00\xff\x51\x03\xff\xff\xff" + line(58) + END), {""}),
    "a-million-notes-on": (midi(b"\x00\x90\x3c\x50" + b"\x01\x3c\x50" * 1_000_000), set(REASONS)),
    "overlapping": (midi(b"".join(bytes((24, 0x90, 60 + i, 80)) for i in range(16)) + END), {"", "polyphonic"}),
    "sysex-open": (midi(b"\x00\xf0\x7f" + b"\x01" * 50), {"cut-short", "no-notes"}),
    "running-status": (midi(line(59) + b"\x00\xff\x01\x01a\x00\x3c\x50\x60\x3c\x00" + END), {"", "cut-short"}),
    "huge-times": (midi(b"\xff\xff\xff\x7f\x90\x3c\x50" * 30 + END), {"absurd-ticks", "too-long", "no-notes"}),
    "latin-1-text": (midi(b"\x00\xff\x03\x04\xe9\xe8\xff\xfe" + line(60) + END), {""}),
    "utf-16-text": (midi(b"\x00\xff\x03\x06\xff\xfea\x00\x1b\x00" + line(61) + END), {""}),
    "riff": (b"RIFF" + struct.pack("<I", 12 + len(GOOD[0])) + b"RMIDdata" + struct.pack("<I", len(GOOD[0])) + GOOD[0],
             {"", "duplicate"}),
    "html": (b"<!DOCTYPE html><html>not found</html>", {"not-midi"}),
    "zip": (b"PK\x03\x04" + b"\0" * 60, {"not-midi"}),
    "empty": (b"", {"empty"}),
    "drums": (midi(line(36).replace(b"\x90", b"\x99").replace(b"\x80", b"\x89") + END), {"drums-only"}),
    "no-notes": (midi(END), {"no-notes"}),
    "three-notes": (midi(line(62, 3) + END), {"too-short"}),
}  # fmt: skip
ABC = {
    "repeats": ("X:1\nL:1/4\nK:C\n" + "|:" * 5000 + "CDEF|" + ":|" * 5000, set(REASONS) | {""}),
    "endless-line": ("X:1\nL:1/4\nK:C\n" + "C" * 500_000, set(REASONS) | {""}),
    "long-notes": ("X:1\nL:1/4\nK:C\n" + "C999999999999 " * 20, set(REASONS)),
    "tuplets": ("X:1\nL:1/4\nK:C\n" + "(999999999:1:1CDEFGABC" * 3, set(REASONS) | {""}),
    "metre-0": ("X:1\nM:0/0\nL:0/0\nK:C\nCDEFGABcdefg|\n", set(REASONS) | {""}),
    "binary": (bytes(range(256)).decode("latin-1") * 20, set(REASONS)),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twelve good files among all the bad ones."""
    path = tmp_path_factory.mktemp("torture") / "tunes"
    path.mkdir()
    for k, content in enumerate(GOOD):
        (path / f"good{k:02}.mid").write_bytes(content)
    for name, (content, _) in MIDI.items():
        (path / f"{name}.mid").write_bytes(content)
    for name, (text, _) in ABC.items():
        (path / f"{name}.abc").write_text(text, encoding="latin-1")
    for end in range(1, 23):  # within the header, and the beginning of the track's
        (path / f"cut{end:02}.mid").write_bytes(midi(TUNE + END)[:end])
    with (path / "hundred-megabytes.mid").open("wb") as file:
        file.truncate(100 << 20)
    odd = (b"\x1b]0;evil\x07.mid", b"two\nlines.mid", b"[bold]x.mid", b"\xff\xfe.mid", b"\xe2\x80\xae.mid")
    for name in odd:
        Path(os.fsdecode(os.fsencode(path) + b"/" + name)).write_bytes(b"noise")
    special(path)
    return path


def special(path: Path) -> None:
    """What is no file."""
    (path / "folder.mid").mkdir()
    os.mkfifo(path / "pipe.mid")
    (path / "loop.mid").symlink_to(path / "loop.mid")
    (path / "up").symlink_to(path)
    (path / "zero.mid").symlink_to("/dev/zero")
    (path / "terminal.abc").symlink_to("/dev/tty")
    (path / "broken.mid").symlink_to("nowhere")


def melodyrnn(*arguments, folder, cache):
    """Run the program; status, stdout and stderr as bytes."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(cache)}
    command = [sys.executable, "-m", "melodyrnn", *(str(a) for a in arguments)]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=False, timeout=900)
    return done.returncode, done.stdout, done.stderr


_WATCHED = (
    "import resource, subprocess, sys\n"
    "done = subprocess.run(sys.argv[1:], check=False)\n"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)\n"
    "sys.exit(done.returncode)"
)


def most_memory(*arguments, folder, cache):
    """The largest resident size of the program and its children in kB; it must end well and say nothing on stderr.

    A small process starts it: the kernel counts among a child's memory what its parent held when it was started.
    """
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(cache)}
    command = [sys.executable, "-c", _WATCHED, sys.executable, "-m", "melodyrnn", *(str(a) for a in arguments)]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=True, timeout=900)
    return int(done.stderr)


def test_corpus_check_survives_the_folder(folder, tmp_path):
    """Status 0, a reason for every file, nothing raw on the terminal, under 1 GB; with --strict status 1."""
    check = ("corpus", "check", folder, "--report", tmp_path / "report.jsonl", "--force")
    status, out, err = melodyrnn(*check, folder=tmp_path, cache=tmp_path / "cache")
    assert (status, err) == (0, b"")
    assert all(c.isprintable() or c == "\n" for c in out.decode())
    assert b"special" in out
    rows = [json.loads(row) for row in (tmp_path / "report.jsonl").read_text().splitlines()]
    left_out = {row["name"].removeprefix(f"{folder}/"): row["reason"] for row in rows if row["reason"]}
    assert set(left_out.values()) <= set(REASONS)
    for names, suffix in ((MIDI, "mid"), (ABC, "abc")):
        for name, (_, allowed) in names.items():
            assert left_out.get(f"{name}.{suffix}", "") in allowed, name
    for name in ("folder.mid", "pipe.mid", "loop.mid", "zero.mid", "terminal.abc", "broken.mid"):
        assert left_out[name] in {"special", "missing"}, name
    assert all(left_out[f"cut{end:02}.mid"] in {"not-midi", "cut-short", "no-notes"} for end in range(1, 23))
    assert left_out["hundred-megabytes.mid"] == "too-large"
    assert not any(name.startswith("good") for name in left_out)
    assert sum(1 for name in left_out if name.endswith("x.mid") or "evil" in name or "lines" in name) == 3
    assert most_memory(*check, folder=tmp_path, cache=tmp_path / "another") < 1 << 20
    status, _, err = melodyrnn(*check, "--strict", folder=tmp_path, cache=tmp_path / "cache")
    assert status == 1
    assert b"Traceback" not in err


def test_bad_files_leave_the_prepared_corpus_as_it_was(folder, tmp_path):
    """With and without the bad files mixed in, the same melodies come in, and the tally is exact."""
    good = [path for path in find_files(folder) if Path(path).name.startswith("good")]
    alone = prepare([outcome for _, found in read_files(good) for outcome in found], tmp_path / "alone")
    among = prepare(
        (o for o in load_corpus(folder, cache_dir=tmp_path / "cache") if "good" in o.name or o.melody is None),
        tmp_path / "among",
    )
    assert among.report.melodies == alone.report.melodies == len(GOOD)
    assert among.arrays["pitch"].tobytes() == alone.arrays["pitch"].tobytes()
    assert among.arrays["part"].tobytes() == alone.arrays["part"].tobytes()
    assert among.report.offered == among.report.melodies + sum(among.report.refused.values())


def test_special_files_are_never_opened(folder, monkeypatch):
    """Pipes, devices, folders and loops are refused by what the system says of them."""

    def forbidden(*_args, **_settings):
        raise AssertionError("opened")

    monkeypatch.setattr(os, "open", forbidden)
    monkeypatch.setattr("builtins.open", forbidden)
    for name in ("folder.mid", "pipe.mid", "zero.mid", "terminal.abc"):
        with pytest.raises(Unreadable, match="not a regular file"):
            read_source_bytes(Source(name, folder / name, "midi"))


def test_nothing_but_bad_files(tmp_path):
    """No melodies: status 1, the reasons first, then one line with the next move."""
    bad = tmp_path / "bad"
    bad.mkdir()
    for k in range(3):
        (bad / f"{k}.mid").write_bytes(b"noise")
    reasons = "melodyrnn: error: no melody came in: 3 × not-midi (not a MIDI file)"
    moves = {"check": "", "train": "; `melodyrnn corpus check` says more about each file"}  # never to itself
    for command in (("corpus", "check", bad), ("train", bad, "-o", tmp_path / "m.safetensors")):
        status, _, err = melodyrnn(*command, folder=tmp_path, cache=tmp_path / "cache")
        assert status == 1
        last = err.decode().splitlines()[-1]
        assert last == reasons + next(move for verb, move in moves.items() if verb in command)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad", "cache"]


def scores() -> dict[str, bytes]:
    """Scores that attack their reader."""
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    part = '<part-list><score-part id="P1"><part-name>{}</part-name></score-part></part-list><part id="P1">{}</part>'
    beats = "<measure number='1'><attributes><time><beats>999999999</beats><beat-type>4</beat-type></time></attributes>"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
        root = "<container><rootfiles><rootfile full-path='x.xml'/></rootfiles></container>"
        bomb.writestr("META-INF/container.xml", root)
        bomb.writestr("x.xml", b" " * (300 << 20))
    inside = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><score-partwise>'
    return {
        "laughs.musicxml": f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><score-partwise>&l11;</score-partwise>'.encode(),
        "passwd.musicxml": (inside + part.format("&e;", "") + "</score-partwise>").encode(),
        "beats.musicxml": ("<score-partwise>" + part.format("", beats + "</measure>") + "</score-partwise>").encode(),
        "bomb.mxl": packed.getvalue(),
        "empty.mxl": b"PK\x05\x06" + b"\0" * 18,
        "spines.krn": ("**kern\n" + "".join("\t".join(["*^"] * 2**n) + "\n" for n in range(16))).encode(),
    }


@pytest.mark.slow
def test_scores_cannot_attack(tmp_path):
    """Entities, bombs and absurd metres end in a refusal of that file and leak nothing; the next is read."""
    for name, content in scores().items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "z.abc").write_text("X:1\nL:1/4\nK:C\nCDEF GABc|\n")
    read = read_files(find_files(tmp_path), limits=Limits(timeout=4.0, memory_mb=1000))
    *bad, good = (outcome for _, found in read for outcome in found)
    assert good.melody is not None
    for outcome in bad:
        assert outcome.reason in REASONS, outcome.name
        assert "root:" not in outcome.detail
