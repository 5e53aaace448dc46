"""Scores and pages from the commands that write: one, many, with the bits of a model, without what engraves them."""

import base64
import json
import re
from pathlib import Path

import mido
import pytest

from melodyrnn.formats import writing
from melodyrnn.formats.midi.reader import read_midi


def data_of(path):
    """What the scripts of a page read."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', Path(path).read_text(), re.DOTALL)
    return json.loads(found[1])


def test_a_page_holds_what_the_midi_file_is(command, model):
    """The same request as .mid and as .html: the same bytes to save, with the recipe in them and beside them."""
    asked = ("generate", "-m", model, "--bars", 2, "--seed", 3, "-o")
    assert command(*asked, "x.mid").status == command(*asked, "x.html").status == 0
    (take,) = data_of("x.html")["takes"]
    assert base64.b64decode(take["midi"]) == Path("x.mid").read_bytes()
    assert take["recipe"] == read_midi(Path("x.mid")).recipe != ""
    assert take["facts"][0] == ["seed", "3"]
    assert len(take["bits"]) == len(take["notes"])
    assert command(*asked, "y.html", "--no-recipe").status == 0
    assert data_of("y.html")["takes"][0]["recipe"] == ""


def test_many_melodies_become_one_page(command, model):
    """-n and --best: in order, told one by one; other formats say to name a folder."""
    ended = command("generate", "-m", model, "--bars", 2, "--seed", 3, "-n", 3, "-o", "takes.html")
    assert (ended.status, ended.err.count("takes.html: ")) == (0, 3)
    assert [dict(take["facts"])["seed"] for take in data_of("takes.html")["takes"]] == ["3", "4", "5"]
    ended = command("generate", "-m", model, "--bars", 2, "--seed", 3, "--best", 2, "--of", 6, "-o", "best.html")
    assert ended.status == 0
    assert [dict(take["facts"])["rank"] for take in data_of("best.html")["takes"]] == ["1", "2"]
    assert not list(Path().glob("*.state"))
    ended = command("generate", "-m", model, "--bars", 2, "-n", 3, "-o", "takes.svg")
    assert (ended.status, "name a folder, takes/" in ended.err) == (2, True)
    assert command("vary", "x.abc", "-m", model, "-n", 2, "-o", "v.html").status == 1


def test_many_pages_go_into_a_folder_and_one_into_a_pipe(command, model):
    """A folder has one page a melody; a stream takes the page of all."""
    asked = ("generate", "-m", model, "--bars", 2, "--seed", 3, "-n", 2, "--format", "html", "-o")
    assert command(*asked, "out/").status == 0
    assert sorted(path.name for path in Path("out").iterdir()) == ["melody-1.html", "melody-2.html"]
    assert command(*asked, "-").out.count('"bits a note"') == 2


@pytest.mark.parametrize(("name", "begins"), [("x.svg", b"<svg"), ("x.png", b"\x89PNG"), ("x.pdf", b"%PDF")])
def test_scores_are_pictures(command, model, name, begins):
    """By the suffix, of every verb that writes."""
    assert command("generate", "-m", model, "--bars", 2, "--seed", 3, "-o", name).status == 0
    assert Path(name).read_bytes().startswith(begins)
    command("generate", "-m", model, "--bars", 2, "--seed", 3, "-o", "a.abc")
    assert command("vary", "a.abc", "-m", model, "--effort", 2, "-o", f"v{name}").status == 0
    assert Path(f"v{name}").read_bytes().startswith(begins)


def test_what_is_not_installed_is_told_before_anything_is_composed(command, model, monkeypatch):
    """One line, with the command that brings it; a page needs nothing."""
    monkeypatch.setattr(writing, "find_spec", lambda _: None)
    ended = command("generate", "-m", model, "--bars", 2, "-o", "x.png")
    told = "melodyrnn: error: png needs verovio and resvg_py: pip install 'melodyrnn[score]'\n"
    assert (ended.status, ended.err) == (1, told)
    assert command("generate", "-m", model, "--bars", 2, "-o", "x.html").status == 0


def test_names_and_words_of_a_strangers_file_run_nothing(command, model):
    """Track names, lyrics and texts that are markup: in the page as data, in the picture as text, never as elements."""
    evil = "</title></script><script>window.hacked=1</script><img src=x onerror=alert(1)>"
    file, track = mido.MidiFile(), mido.MidiTrack()
    file.tracks.append(track)
    track += [mido.MetaMessage(kind, **{key: evil}) for kind, key in (("track_name", "name"), ("text", "text"))]
    for pitch in (60, 62, 64, 65):
        track.append(mido.MetaMessage("lyrics", text=evil))
        track += [mido.Message("note_on", note=pitch), mido.Message("note_off", note=pitch, time=480)]
    file.save("evil.mid")
    assert command("score", "evil.mid", "-m", model, "-o", "evil.html").status == 0
    assert command("convert", "evil.mid", "evil.svg").status == 0
    for path in ("evil.html", "evil.svg"):
        text = Path(path).read_text()
        assert "<script>window" not in text
        assert "<img" not in text
    assert data_of("evil.html")["takes"][0]["title"] == evil


def test_surprise_is_drawn(command, model, tune_file):
    """As a picture with the bits, as a page with them, the original's bytes in it; never as MIDI."""
    for name in ("s.svg", "s.html"):
        ended = command("score", tune_file, "-m", model, "-o", name)
        assert (ended.status, ended.data) == (0, b"")
        assert f"{name}: " in ended.err
    text = Path("s.svg").read_text()
    assert "tune.mid: " in text
    assert "bits a note to small" in text
    (take,) = data_of("s.html")["takes"]
    assert base64.b64decode(take["midi"]) == tune_file.read_bytes()
    facts = json.loads(command("score", tune_file, "-m", model, "--json").out)
    assert take["bits"] == [round(note["bits"]["total"], 2) for note in facts["notes"]]
    ended = command("score", tune_file, "-m", model, "-o", "s.mid")
    assert (ended.status, "surprise is shown in .svg, .png, .pdf and .html" in ended.err) == (2, True)
    assert not Path("s.mid").exists()
