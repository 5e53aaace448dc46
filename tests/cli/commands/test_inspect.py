"""melodyrnn inspect: everything a file holds, nothing that it could do."""

from __future__ import annotations

import json
import os
import re
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from melodyrnn.cli.io.input import read_named_pipe
from melodyrnn.compose.told_sections import told_sections
from melodyrnn.errors import Unreadable
from melodyrnn.formats.midi.write import midi_bytes

TABLE = """\
tune.mid
  format       midi
  title        A tune
  key          C major
  metre        3/4
  upbeat       1 quarter
  tempo        96 quarters a minute
  bars         5
  notes        10
  lowest       G4
  highest      G5
  track        track 1 'Melody' (the single melodic track)
"""


def test_a_midi_file_is_described(command, tune_file):
    """Key, metre, bars, range, and which track was taken and why."""
    ended = command("inspect", "tune.mid")
    assert (ended.status, ended.out, ended.err) == (0, TABLE, "")


def test_a_pipe_is_described_alike(command, tune_file):
    """`… | melodyrnn inspect -`."""
    ended = command("inspect", "-", stdin=tune_file.read_bytes())
    assert (ended.status, ended.out) == (0, TABLE.replace("tune.mid", "-"))


def test_json_has_the_same_facts(command, tune_file):
    """One object, for programs."""
    facts = json.loads(command("inspect", "tune.mid", "--json").out)
    assert facts["key"] == "C major"
    assert facts["metre"] == [{"bar": 1, "metre": "3/4"}]
    assert (facts["bars"], facts["notes"], facts["lowest"], facts["snapped"]) == (5, 10, "G4", 0)


ABC = b"X:1\nT:Jig\nM:6/8\nL:1/8\nK:Gmaj\nGAB dBG|ABA G3|]\n"
XML = b"""<?xml version="1.0"?><score-partwise version="4.0"><part-list><score-part id="P1"><part-name>Flute</part-name>
</score-part></part-list><part id="P1"><measure number="1"><attributes><divisions>1</divisions><key><fifths>1</fifths>
<mode>major</mode></key><time><beats>2</beats><beat-type>4</beat-type></time></attributes><note><pitch><step>G</step>
<octave>4</octave></pitch><duration>1</duration></note><note><pitch><step>B</step><octave>4</octave></pitch>
<duration>1</duration></note></measure></part></score-partwise>"""
KERN = b"**kern\n*M2/4\n*G:\n=1\n4g\n4b\n==\n*-\n"


@pytest.mark.parametrize(("suffix", "content", "notes"), [(".abc", ABC, 10), (".musicxml", XML, 2), (".krn", KERN, 2)])
def test_every_format_is_read_by_name_and_from_a_pipe(command, suffix, content, notes):
    """The suffix says the format of a file, the first bytes that of a pipe."""
    path = Path(f"a{suffix}")
    path.write_bytes(content)
    for ended in (command("inspect", path, "--json"), command("inspect", "-", "--json", stdin=content)):
        assert ended.err == ""
        facts = json.loads(ended.out)
        assert (facts["notes"], facts["key"]) == (notes, "G major")


def test_a_pipe_that_is_named_is_read(command, tune):
    """`inspect <(…)`: a FIFO, by its name or as /dev/fd/N; a folder of them is another matter."""
    for suffix, content in ((".mid", midi_bytes(tune)), ("", ABC), (".any", XML)):
        os.mkfifo(f"pipe{suffix}")
        writer = threading.Thread(target=Path(f"pipe{suffix}").write_bytes, args=[content])
        writer.start()
        ended = command("inspect", f"pipe{suffix}", "--json")
        writer.join(600)
        assert ended.err == ""
        assert json.loads(ended.out)["notes"] == (2 if content == XML else 10)
    reader, writer = os.pipe()
    os.write(writer, midi_bytes(tune))
    os.close(writer)
    assert json.loads(command("inspect", f"/dev/fd/{reader}", "--json").out)["notes"] == 10
    os.close(reader)


def test_a_pipe_has_limits(tmp_path, monkeypatch):
    """One that nobody writes to, or never ends, is not waited for; one that brings too much is not read whole."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Unreadable, match=r"^p: took longer to read than allowed \(its writer was not done in 0\.2 s"):
        read_named_pipe(tmp_path / "pipe", "p", seconds=0.2)
    reader, writer = os.pipe()
    os.write(writer, bytes(20))
    with pytest.raises(Unreadable, match="took longer"):  # the writer holds it open
        read_named_pipe(Path(f"/dev/fd/{reader}"), "p", seconds=0.2)
    os.write(writer, bytes(20))
    monkeypatch.setattr("melodyrnn.cli.io.input.MAX_STDIN", 10)
    with pytest.raises(Unreadable, match="larger than the reader's limit"):
        read_named_pipe(Path(f"/dev/fd/{reader}"), "p")
    os.close(reader)
    os.close(writer)


def test_a_model_is_described(command, model):
    """Configuration, size and card; found by name without a suffix only where no file is."""
    ended = command("inspect", model)
    assert ended.status == 0
    for line in (
        "  cell         lstm\n",
        "  hidden       16\n",
        "  corpora      none\n",
        "  bits         total: 9.5\n",
    ):
        assert line in ended.out
    facts = json.loads(command("inspect", model, "--json").out)
    assert (facts["config"]["hidden"], facts["card"]["notes"], facts["format"]) == (16, 40, "model")
    for asked in (("--track", "1"), ("--strict",)):
        ended = command("inspect", model, *asked)
        assert (ended.status, ended.err) == (2, f"melodyrnn: error: {asked[0]}: {model} is a model; leave it out\n")


def test_long_facts_of_a_model_are_told_by_json_alone(command):
    """Counts of lengths, endings and registers do not bury what a person looks for."""
    ended = command("inspect", "folk")
    assert len(ended.out.splitlines()) < 60
    assert re.search(r"^  forms        1,\d{3}, which --json tells$", ended.out, re.MULTILINE)
    assert len(json.loads(command("inspect", "folk", "--json").out)["card"]["forms"]) > 1000


def test_what_is_wrong_is_one_line(command, model):
    """Missing, a folder, a picture, no notes, a track that is not there, a model cut short: status 1."""
    Path("folder.mid").mkdir()
    Path("photo.mid").write_bytes(b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(100))
    Path("bare.mid").write_bytes(b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0")
    Path("cut.safetensors").write_bytes(model.read_bytes()[:100])
    Path("nuts.mxl").write_bytes(b"PK\x03\x04 nothing")
    for name, text in {
        "no.mid": "no.mid: no such file\n",
        "folder.mid": "folder.mid: not a regular file (directory, pipe, device or broken link)\n",
        "photo.mid": "photo.mid: not a MIDI file\n",
        "bare.mid": "bare.mid: holds no notes\n",
        "cut.safetensors": "cut.safetensors: ",
        "nuts.mxl": "nuts.mxl: ",
        "nothing": "nothing: no model of this name ships",
    }.items():
        ended = command("inspect", name)
        assert (ended.status, ended.out) == (1, "")
        assert ended.err.startswith(f"melodyrnn: error: {text}")
        assert ended.err.count("\n") == 1


def test_titles_are_harmless(command, tune):
    """Control sequences in a title come out escaped or not at all, in the table and in JSON."""
    nasty = midi_bytes(replace(tune, title="x\x1b]0;own\x07\x1b[2J[red]y"))
    for ended in (command("inspect", "-", stdin=nasty), command("inspect", "-", "--json", stdin=nasty)):
        assert ended.status == 0
        assert "\x1b" not in ended.out
        assert "\x07" not in ended.out
        assert "[red]" in ended.out


def test_models_are_known_by_what_they_hold(command, model):
    """Under any name; an interrupted training is called so, and a tune that looks a little like one stays a tune."""
    Path("m.txt").write_bytes(Path(model).read_bytes())
    assert json.loads(command("inspect", "m.txt", "--json").out)["format"] == "model"
    Path("m.safetensors.state").write_bytes(save({"x": np.zeros(1, np.float32)}, {"melodyrnn-state": "{}"}))
    for command_line in (["inspect", "m.safetensors.state"], ["generate", "-m", "m.safetensors.state", "-o", "x.mid"]):
        ended = command(*command_line)
        assert ended.status == 1
        assert "m.safetensors.state: is a training that was interrupted, no model" in ended.err
    Path("t.abc").write_text("X:1\nK:C\n{g}CDEF GABc|cBAG FEDC|\n")
    assert json.loads(command("inspect", "t.abc", "--json").out)["format"] == "abc"


def test_the_roll_goes_through_a_pipe(command, model):
    """On stdout, without colour, chords and sections above the bars; other recipes tell no sections."""
    asked = ("--chords", "Am | F", "--chord-track", "--key", "Am", "--bars", 4, "--form", "AABA", "--seed", 1)
    made = command("generate", "-m", model, *asked).data
    lines = command("inspect", "-", "--roll", stdin=made).out.splitlines()
    assert [line.split() for line in lines[:3]] == [
        ["[A]", "[A]", "[B]", "[A]"], ["Am", "F", "Am", "F"], ["1", "2", "3", "4"]
    ]  # fmt: skip
    assert any(line.startswith("  format") for line in lines)
    assert max(map(len, lines[:3])) <= 80
    plain = command("inspect", "-", "--roll", stdin=command("generate", "-m", model, "--bars", 2).data).out
    assert "[" not in plain.splitlines()[0]
    assert told_sections("melodyrnn {}", None) == ()
