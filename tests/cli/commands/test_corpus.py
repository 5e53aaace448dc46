"""melodyrnn corpus: what there is, and what a folder is good for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from melodyrnn.corpus.sources import names
from melodyrnn.formats.midi.write import midi_bytes


@pytest.fixture
def folder(tmp_path, monkeypatch, tune):
    """A folder with two tunes, a copy, and three files that are none; a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "tunes"
    path.mkdir()
    other = replace(tune, notes=tuple(replace(n, pitch=n.pitch + 2 * (k % 3)) for k, n in enumerate(tune.notes)))
    (path / "a.mid").write_bytes(midi_bytes(tune))
    (path / "b.mid").write_bytes(midi_bytes(other))
    (path / "copy.mid").write_bytes(midi_bytes(tune.transpose(3)))
    (path / "empty.mid").write_bytes(b"")
    (path / "photo.mid").write_bytes(b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(100))
    (path / "x\x1b[31my.mid").write_bytes(b"<html></html>")
    (path / "notes.txt").write_bytes(b"not looked at")
    return path


def test_list_names_every_corpus(command):
    """Name, size, source and licence, as lines and as JSON."""
    text, lines = command("corpus", "list"), command("corpus", "list", "--json")
    assert text.status == lines.status == 0
    facts = [json.loads(line) for line in lines.out.splitlines()]
    assert [fact["name"] for fact in facts] == list(names())
    assert all(fact["licence"] in text.out and fact["name"] in text.out for fact in facts)


def test_songs_are_built_from_where_they_lie(command, tmp_path, monkeypatch):
    """Counted with their chords, each refusal with its reason; afterwards they are a corpus like any other."""
    for kind in ("CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))
    folder = tmp_path / "clone"
    folder.mkdir()
    for k in range(3):
        bars = "".join(
            f'<measure number="{n}"><attributes><divisions>1</divisions></attributes>'
            "<harmony><root><root-step>C</root-step></root><kind>major</kind></harmony>"
            + "".join(
                f"<note><pitch><step>{step}</step><octave>4</octave></pitch><duration>1</duration>{word}</note>"
                for step in ("CDEF", "GABC", "EGEC", "DFAF")[(n + k) % 4]
            )
            + "</measure>"
            for n, word in enumerate(["<lyric><text>la</text></lyric>" if k < 2 else ""] * 4, 1)
        )
        listed = '<part-list><score-part id="P"><part-name>Voice</part-name></score-part></part-list>'
        text = f'<score-partwise version="4.0">{listed}<part id="P">{bars}</part></score-partwise>'
        (folder / f"lc{k}.mxl").write_text(text)
    (folder / "Mine.mxl").write_text("<score-partwise/>")
    assert command("corpus", "build", "songs").status == 1
    ended = command("corpus", "build", "songs", "--from", folder)
    assert ended.status == 0
    assert ended.err.splitlines()[-3:] == [
        "songs: 2 melodies, 32 notes, 2 with chords, 2 refused",
        "          songs/lc2: holds no part with words to sing (part 'Voice')",
        "          1 file not on the list of what may be used",
    ]
    told = json.loads(command("corpus", "build", "songs", "--json").out)
    assert (told["melodies"], told["with_chords"], told["refused"]) == (2, 2, {"songs/lc2": "no-words"})
    prepared = command("corpus", "prepare", "songs", "-o", tmp_path / "prepared", "--json")
    assert json.loads(prepared.out)["harmonised"] == 2
    folder.rename(tmp_path / "moved")
    assert "is gone; say again: melodyrnn corpus build songs --from" in command("corpus", "build", "songs").err


def test_from_is_for_one_corpus_that_lies_elsewhere(command, tmp_path):
    """Others come with music21."""
    for corpora in (["kinder"], ["songs", "kinder"]):
        ended = command("corpus", "build", *corpora, "--from", tmp_path)
        assert ended.status == 2
        assert "for one corpus whose music does not come with music21: songs" in ended.err


def test_check_counts_reasons_with_examples(command, folder):
    """The table: melodies, then each reason with its count and names, harmless ones."""
    ended = command("corpus", "check", folder)
    assert ended.status == 0
    assert ended.out == (
        "       2  melodies to learn from, 20 notes; 0 read with warnings\n"
        "       2  left out, not-midi: not a MIDI file\n"
        f"              {folder}/photo.mid\n"
        f"              {folder}/x\\x1b[31my.mid\n"
        "       1  left out, duplicate: the same melody as another file\n"
        f"              {folder}/copy.mid\n"
        "       1  left out, empty: the file is empty\n"
        f"              {folder}/empty.mid\n"
        "          of other kinds, not read: .txt 1; of scores export MusicXML\n"
    )


def test_check_reports_every_reason(command, folder):
    """--report: a JSON line for every melody, and one for every tune that is left out, with the detail."""
    ended = command("corpus", "check", folder, "--report", "report.jsonl", "--json")
    rows = [json.loads(line) for line in Path("report.jsonl").read_text().splitlines()]
    told = {"reason": "", "detail": "", "title": "A tune", "notes": 10, "bars": 5, "key": "C major"}
    assert rows[:2] == [{"name": f"{folder}/{name}.mid", **told} for name in "ab"]
    assert {Path(row["name"]).name: row["reason"] for row in rows[2:]} == {
        "copy.mid": "duplicate", "empty.mid": "empty", "photo.mid": "not-midi", "x\x1b[31my.mid": "not-midi",
    }  # fmt: skip
    assert json.loads(ended.out)["left_out"] == {"not-midi": 2, "duplicate": 1, "empty": 1}
    again = command("corpus", "check", folder, "--report", "report.jsonl")
    text = "melodyrnn: error: report.jsonl: already there; choose another name, or --force to replace it\n"
    assert (again.status, again.err) == (1, text)


def test_strict_makes_a_refusal_a_failure(command, folder):
    """--strict: status 1 while a file is refused; copies alone are no fault."""
    assert command("corpus", "check", folder, "--strict").status == 1
    for name in ("empty.mid", "photo.mid", "x\x1b[31my.mid"):
        (folder / name).unlink()
    assert command("corpus", "check", folder, "--strict").status == 0


def test_a_folder_without_melodies_says_why(command, folder):
    """Nothing to learn from is a failure with reasons and the next move."""
    for name in ("a.mid", "b.mid", "copy.mid"):
        (folder / name).unlink()
    ended = command("corpus", "check", folder)
    assert ended.status == 1
    assert ended.out.startswith("       0  melodies to learn from, 0 notes")
    told = "2 × not-midi (not a MIDI file), 1 × empty (the file is empty)"
    assert ended.err == f"melodyrnn: error: no melody came in: {told}\n"  # no advice to call it again
    for file in folder.iterdir():
        file.unlink()
    ended = command("corpus", "check", folder)
    assert (ended.status, ended.out) == (1, "")
    kinds = ".mid .midi .kar .rmi .musicxml .xml .mxl .abc .krn .kern"
    assert ended.err == f"melodyrnn: error: {folder}: holds no file of music ({kinds})\n"
    (folder / "score.mscz").write_bytes(b"PK")
    (folder / ".hidden").write_bytes(b"")
    ended = command("corpus", "check", folder)
    assert ended.err.endswith(f"({kinds}); of other kinds, not read: .mscz 1; of scores export MusicXML\n")


@pytest.mark.parametrize("arguments", [("check", "nowhere"), ("build", "kindr"), ("build", "kinder", "nix")])
def test_an_unknown_corpus_is_told(command, arguments):
    """Status 1 and the names that there are."""
    ended = command("corpus", *arguments)
    assert ended.status == 1
    assert ended.err.startswith(f"melodyrnn: error: {arguments[-1]}: ")
    assert "kinder" in ended.err
    assert ended.err.count("\n") == 1


def test_what_has_not_changed_is_not_read_again(command, folder, monkeypatch):
    """The second check, and train, only look at the files; what is new, changed, gone or asked otherwise is read."""
    first = command("corpus", "check", folder, "--json")
    with monkeypatch.context() as patch:
        patch.setattr("melodyrnn.corpus.cache.load_corpus", lambda *_values, **_options: pytest.fail("read again"))
        assert command("corpus", "check", folder, "--json").out == first.out
        trained = command("train", folder, "-o", "m.safetensors", "--hidden", 8, "--epochs", 1)
        assert trained.err.startswith("2 melodies, 20 notes (")
    before = json.loads(first.out)
    (folder / "new.mid").write_bytes((folder / "a.mid").read_bytes())
    assert json.loads(command("corpus", "check", folder, "--json").out)["left_out"]["duplicate"] == 2
    (folder / "new.mid").write_bytes(b"noise")
    assert json.loads(command("corpus", "check", folder, "--json").out)["left_out"]["not-midi"] == 3
    (folder / "new.mid").unlink()
    assert json.loads(command("corpus", "check", folder, "--json").out) == before
    assert command("corpus", "check", folder, "--track", "7").status == 1
