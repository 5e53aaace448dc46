"""melodyrnn generate: what is written where, and what is refused."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from melodyrnn.compose.provenance import Provenance
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.formats.registry import OUTPUT_FORMATS
from melodyrnn.music.key import Key

*_SUFFIXES, _LAST = OUTPUT_FORMATS.values()
ENDINGS = f"{', '.join(_SUFFIXES)} or {_LAST}"


def names(folder="."):
    """List the files of a folder."""
    return sorted(path.name for path in Path(folder).iterdir())


def test_a_named_file_is_written_and_said(command, model):
    """-o FILE: the file, one line of talk, nothing on stdout."""
    ended = command("generate", "-m", model, "-o", "a.mid", "--seed", 3)
    assert (ended.status, ended.data) == (0, b"")
    assert re.fullmatch(r"a\.mid: 8 bars of 4/4, \d+ notes, C major, \d+\.\d\d bits a note; seed 3\n", ended.err)
    found = read_midi(Path("a.mid"))
    assert (found.melody.bars, found.melody.key) == (8, Key(0))
    recipe = Provenance.from_text(found.recipe)
    assert (recipe.verb, recipe.model, recipe.options, recipe.output) == ("generate", "small", {"seed": 3}, {})


def test_an_upbeat_comes_on_top_of_the_bars(command, model):
    """--bars 4 --upbeat 1/4 is told as it was asked for, whatever bar 1 is called in the file."""
    ended = command("generate", "-m", model, "--bars", 4, "--upbeat", "1/4", "-o", "a.mid", "--seed", 3)
    assert ended.err.startswith("a.mid: 4 bars and an upbeat of 4/4, ")
    assert read_midi(Path("a.mid")).melody.bars == 5


def test_without_a_name_bytes_go_into_a_pipe(command, model):
    """No -o and stdout no terminal: the same bytes as in a file."""
    command("generate", "-m", model, "-o", "a.mid", "--seed", 3)
    for arguments in ((), ("-o", "-")):
        ended = command("generate", "-m", model, "--seed", 3, *arguments)
        assert (ended.status, ended.data) == (0, Path("a.mid").read_bytes())


def test_without_a_name_on_a_terminal_a_new_file_is_named(command, model):
    """No -o and a terminal: never bytes on it, never over an old file."""
    for name in ("melody.mid", "melody-2.mid"):
        ended = command("generate", "-m", model, out_terminal=True)
        assert (ended.status, ended.data) == (0, b"")
        assert ended.err.startswith(f"{name}: 8 bars")
    assert names() == ["melody-2.mid", "melody.mid"]


def test_a_drawn_seed_is_told_and_gives_the_melody_again(command, model):
    """Without --seed one is drawn; the line says it, and it repeats the bytes."""
    drawn = command("generate", "-m", model)
    seed = re.search(r"--seed (\d+) writes it again\n", drawn.err)[1]
    assert command("generate", "-m", model, "--seed", seed).data == drawn.data


def test_bytes_on_a_terminal_are_refused(command, model):
    """-o - with a terminal is wrong use, told before anything is composed."""
    ended = command("generate", "-m", model, "-o", "-", out_terminal=True)
    text = "melodyrnn: error: -o: stdout is a terminal: name a file, or pipe the result into a program\n"
    assert (ended.status, ended.data, ended.err) == (2, b"", text)


def test_many_go_into_a_folder(command, model):
    """-n 3 -o out/: a file each, melody k that of seed + k alone, byte for byte."""
    ended = command("generate", "-m", model, "-n", 3, "-o", "out/", "--seed", 7)
    assert ended.status == 0
    assert names("out") == ["melody-1.mid", "melody-2.mid", "melody-3.mid"]
    for k in range(3):
        alone = command("generate", "-m", model, "--seed", 7 + k).data
        assert Path(f"out/melody-{k + 1}.mid").read_bytes() == alone


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["-n", 3, "-o", "a.mid"], "-o: a.mid is one file and there are 3 melodies: name a folder, a/"),
        (["-n", 3], "-o: 3 melodies do not fit into one stream: name a folder, -o out/"),
        (["-n", 0], "-n: 0 melodies cannot be written; give 1 or more"),
        (["--best", 3], "-o: 3 melodies do not fit into one stream: name a folder, -o out/"),
        (["--json", "-o", "-"], "-o: the JSON lines of --json already go to stdout: name a file"),
        (["-o", "a.ogg"], f"-o: a.ogg: .ogg cannot be written; end it in {ENDINGS}, or give --format"),
        (["-o", ""], "-o: names no file; leave it out, or name one"),
        (["--prime", ""], "FILE: names no file"),
        (["--format", "abc", "-o", "a.mid"], "-o: a.mid would hold abc, not midi; end it in .abc"),
        (["--format", "ogg"], f"--format: ogg: must be one of {', '.join(OUTPUT_FORMATS)}"),
        (["-t", "-1"], "temperature: -1.0 is not a number from 0 to 100"),
        (["-t", "nan"], "temperature: nan is not a number from 0 to 100"),
        (
            ["-t", "hot"],
            "Invalid value for '-t' / '--temperature': 'hot' is not a number (see melodyrnn generate --help)",
        ),
        (["--top-p", "0"], "top-p: 0 leaves nothing to choose from; give a share above 0, at most 1"),
        (["--bars", "0"], "bars: 0 is not a whole number from 1 to 64"),
        (["--metre", "4"], "metre: '4' is not a metre; write 4/4, 3/4, 6/8 or 5/4"),
        (["--style", "polka"], "style: the model knows no 'polka'; it knows reel"),
        (["--program", "128"], "program: 128 is not between 0 and 127"),
    ],
)
def test_wrong_use_is_told_and_nothing_written(command, model, arguments, text):
    """Status 2, one line, no file."""
    ended = command("generate", "-m", model, *arguments)
    assert (ended.status, ended.data, ended.err) == (2, b"", f"melodyrnn: error: {text}\n")
    assert names() == []


def test_a_melody_that_does_not_end_is_told(command, model):
    """The network never said END: the most bars there are, and a warning that says so."""
    asked = ("--bars", "free", "--density", "1-8", "--temperature", 0)
    ended = command("generate", "-m", model, *asked, "--seed", 1, "-o", "a.mid")
    assert ended.status == 0
    assert "it did not end by itself: 64 bars are the most; --bars N gives it a length" in ended.err


def test_an_existing_file_is_kept(command, model):
    """Without --force the old file stays; with it, it is replaced."""
    Path("a.mid").write_bytes(b"old")
    ended = command("generate", "-m", model, "-o", "a.mid")
    text = "melodyrnn: error: a.mid: already there; choose another name, or --force to replace it\n"
    assert (ended.status, ended.err, Path("a.mid").read_bytes()) == (1, text, b"old")
    assert command("generate", "-m", model, "-o", "a.mid", "--force").status == 0
    assert Path("a.mid").read_bytes().startswith(b"MThd")


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ("no/such/a.mid", "no/such/a.mid: there is no folder no/such; make it first"),
        ("no/such/", "no/such: there is no folder no; make it first"),
        ("file/a.mid", "file/a.mid: file is a file, not a folder; choose another name"),
    ],
)
def test_an_unwritable_place_is_told(command, output, text):
    """A missing folder is status 1 with the next move, before anything is composed: there is no such model."""
    Path("file").write_bytes(b"")
    ended = command("generate", "-m", "no.safetensors", "-o", output)
    assert (ended.status, ended.err) == (1, f"melodyrnn: error: {text}\n")


def test_a_folder_for_one_melody_is_made(command, model):
    """`-o out/` makes its folder, as it does for many melodies."""
    assert command("generate", "-m", model, "-o", "out/", "-q").status == 0
    assert names() == ["out"]
    assert Path("out/melody-1.mid").read_bytes().startswith(b"MThd")


def test_a_phrase_is_gone_on_from(command, model, tune, tune_file):
    """--prime keeps the phrase note for note and goes on after it; stdin and a file give the same."""
    by_name = command("generate", "-m", model, "--prime", tune_file, "--bars", 4, "--seed", 1, "--no-recipe")
    by_pipe = command(
        "generate", "-m", model, "--prime", "-", "-o", "-", "--bars", 4, "--seed", 1, "--no-recipe",
        stdin=tune_file.read_bytes(),
    )  # fmt: skip
    assert by_name.status == by_pipe.status == 0
    assert by_name.data == by_pipe.data
    melody = read_midi(by_pipe.data).melody
    assert melody.notes[: len(tune.notes)] == tune.notes
    assert melody.bars == tune.bars + 4
    assert (melody.tempo, melody.key) == (tune.tempo, tune.key)


def test_a_wrong_phrase_is_told(command, model):
    """Every kind of wrong prime is one line and status 1."""
    Path("empty.mid").write_bytes(b"")
    Path("photo.mid").write_bytes(b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(100))
    for name, text in (
        ("no.mid", "no.mid: no such file"),
        ("empty.mid", "empty.mid: the file is empty"),
        ("photo.mid", "photo.mid: not a MIDI file"),
    ):
        ended = command("generate", "-m", model, "--prime", name)
        assert (ended.status, ended.data, ended.err) == (1, b"", f"melodyrnn: error: {text}\n")


def test_names_from_files_are_harmless(command, model, tune):
    """A track name cannot smuggle a control sequence to the terminal."""
    nasty = midi_bytes(replace(tune, title="x\x1b]0;own\x07"), track_name="y\x1b[2J[bold]")
    ended = command("generate", "-m", model, "--prime", "-", "-v", stdin=nasty)
    assert ended.status == 0
    assert "\x1b" not in ended.err
    assert "\x07" not in ended.err


def test_a_wrong_model_is_told(command, model):
    """Unknown, missing, cut short, not a model: one line, status 1."""
    Path("cut.safetensors").write_bytes(model.read_bytes()[:5000])
    for name, text in (("nix", "nix: no model of this name"), ("no.safetensors", "no.safetensors: cannot be opened"),
                       ("cut.safetensors", "cut.safetensors: ")):  # fmt: skip
        ended = command("generate", "-m", name)
        assert (ended.status, ended.data) == (1, b"")
        assert ended.err.startswith(f"melodyrnn: error: {text}")
        assert ended.err.count("\n") == 1


def test_temperature_nought_is_greedy(command, model):
    """Temperature 0 always takes the likeliest: the seed no longer matters."""
    plain = ("generate", "-m", model, "--no-recipe", "--title", "One")
    some = [command(*plain, "-t", 0, "--seed", k).data for k in (1, 2)]
    assert some[0] == some[1] != command(*plain, "--seed", 1).data


@pytest.mark.parametrize(("name", "start"), [("a.abc", b"%abc-2.1\n"), ("a.musicxml", b"<?xml"), ("a.xml", b"<?xml")])
def test_the_suffix_says_the_format(command, model, name, start):
    """-o tune.abc writes ABC, -o tune.musicxml MusicXML; --format does the same for a pipe."""
    assert command("generate", "-m", model, "-o", name, "--seed", 1).status == 0
    assert Path(name).read_bytes().startswith(start)
    kind = "abc" if name == "a.abc" else "musicxml"
    assert command("generate", "-m", model, "--format", kind, "--seed", 1).data == Path(name).read_bytes()


def test_key_metre_and_tempo_are_obeyed(command, model):
    """What is asked for stands in the file."""
    ended = command("generate", "-m", model, "--key", "E dorian", "--metre", "6/8", "--tempo", 90, "--bars", 4)
    melody = read_midi(ended.data).melody
    assert (str(melody.key), str(melody.metres[0]), melody.tempo, melody.bars) == ("E dorian", "6/8", 90, 4)


def test_json_tells_each_melody(command, model):
    """--json: one object a melody on stdout; MIDI only where -o says."""
    ended = command("generate", "-m", model, "-n", 2, "--seed", 5, "--json")
    facts = [json.loads(line) for line in ended.out.splitlines()]
    assert [(f["seed"], f["file"], f["bars"]) for f in facts] == [(5, None, 8), (6, None, 8)]
    assert names() == []
    for fact in facts:
        assert abs(sum(fact["bits"].values()) - fact["bits_per_note"]) < 1e-5
    ended = command("generate", "-m", model, "--seed", 5, "--json", "-o", "a.mid")
    assert json.loads(ended.out)["file"] == "a.mid"
    assert names() == ["a.mid"]
    assert ended.err == ""
    begun = json.loads(command("generate", "-m", model, "--upbeat", "1/4", "--bars", 4, "--json").out)
    assert (begun["bars"], begun["upbeat"]) == (5, 24)


def test_quiet_is_quiet(command, model):
    """-q: nothing but the file."""
    ended = command("generate", "-m", model, "-q", "-o", "a.mid", err_terminal=True, environ={"TERM": "xterm"})
    assert (ended.status, ended.data, ended.err) == (0, b"", "")


@pytest.mark.parametrize(("environ", "drawn", "coloured"), [
    ({"TERM": "xterm"}, True, True), ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
    ({"TERM": "dumb"}, False, False),
])  # fmt: skip
def test_a_terminal_shows_the_melody(command, model, environ, drawn, coloured):
    """On a terminal a piano roll stands above the line, in colour if colours are wanted."""
    ended = command("generate", "-m", model, "--seed", 3, "-o", "a.mid", err_terminal=True, environ=environ)
    assert ended.status == 0
    assert (ended.err.count("\n") > 1) == drawn
    assert ("\x1b[" in ended.err) == coloured


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["-o", "x.abc", "--humanize", "0.5"], "--humanize: is for MIDI; abc holds the notes alone"),
        (["-o", "x.abc", "--velocity", "70"], "--velocity: is for MIDI"),
        (["--format", "musicxml", "-o", "x.xml", "--swing", "60"], "--swing: is for MIDI; musicxml holds"),
        (["-o", "x.mid", "--chord-tones", "rule"], "chord-tones: there are no chords to keep to"),
        (["-o", "x.mid", "--track", "2"], "--track: is that of the melody to go on from, or of the chords"),
    ],
)
def test_what_would_do_nothing_is_refused(command, model, arguments, text):
    """An option that the output cannot hold, or that means nothing beside the others, is not dropped in silence."""
    ended = command("generate", "-m", model, *arguments)
    assert ended.status == 2
    assert ended.err.startswith(f"melodyrnn: error: {text}")
    assert not list(Path().glob("x.*"))


def test_a_melody_that_sits_is_written_and_called_so(command, model):
    """Two pitches allowed: nothing else can come, and nobody has to find out by listening."""
    ended = command("generate", "-m", model, "--range", "C4-C4", "--density", "4", "--seed", 1, "-o", "x.mid")
    assert ended.status == 0
    assert "warning: it hardly leaves one pitch; another --seed" in ended.err
    assert "hardly" not in command("generate", "-m", model, "--seed", 1, "-o", "y.mid").err
    asked = ("--range", "C4-C4", "--density", "4", "--seed", 1, "-t", 0, "--json")
    (told,) = (json.loads(line) for line in command("generate", "-m", model, *asked).out.splitlines())
    assert told["warnings"] == ["it hardly leaves one pitch; a higher temperature or looser rules move it"]


def test_many_are_the_same_on_one_processor_and_on_three(command, model, monkeypatch):
    """Candidates with a rule that reaches ahead are dealt to processes; files, ranks and lines are those of one."""
    asked = ("generate", "-m", model, "--bars", 2, "--end", "tonic", "--best", 3, "--of", 9, "--seed", 5)
    monkeypatch.setattr("melodyrnn.compose.parallel.WORTH", 96)
    ended = []
    for count, folder in ((1, "one/"), (3, "three/")):
        monkeypatch.setattr("melodyrnn.compose.parallel.processors", lambda count=count: count)
        ended.append(command(*asked, "-o", folder))
    assert [e.status for e in ended] == [0, 0]
    assert ended[1].err.replace("three/", "one/") == ended[0].err
    names = sorted(p.name for p in Path("one").iterdir())
    assert len(names) == 3
    assert [Path("three", n).read_bytes() for n in names] == [Path("one", n).read_bytes() for n in names]
