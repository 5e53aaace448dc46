"""What commands say of the files they are given: what is not taken, and what cannot be so."""

from __future__ import annotations

import io
import json
import os
from dataclasses import replace
from pathlib import Path

import mido
import platformdirs
import pytest

from melodyrnn.corpus import cache
from melodyrnn.corpus.reading import read_chords, read_one
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

BOOK = "X:1\nT:One\nM:4/4\nL:1/8\nK:C\nCDEFGABc|c4C4|]\n\nX:2\nT:Two\nM:4/4\nL:1/8\nK:G\nGABcdefg|g4G4|]\n"
MINOR = (69, 71, 72, 76, 74, 72, 71, 69)


def generated(command, model, *more, **kwargs):
    """Two bars after a prime."""
    return command("generate", "-m", model, "--bars", 1, "--seed", 1, "-o", "new.mid", "--force", *more, **kwargs)


def test_a_signature_that_the_notes_belie(command, model):
    """MuseScore writes A minor as C major: said with the next move; not of a file of ours, nor where a key is named."""
    notes = tuple(Note(24 * k, 24, pitch) for k, pitch in enumerate(MINOR * 2))
    Path("a.mid").write_bytes(midi_bytes(Melody(notes, (Metre(),), Key(0))))
    told = "a.mid: its signature says C major, its notes sound like A minor"
    assert told in generated(command, model, "--prime", "a.mid").err
    assert told in command("vary", "a.mid", "-m", model, "-o", "v.mid", "--effort", 2).err
    assert told not in generated(command, model, "--prime", "a.mid", "--key", "C").err
    Path("a.mid").write_bytes(midi_bytes(Melody(notes, (Metre(),), Key(9, "minor"))))
    assert "signature" not in generated(command, model, "--prime", "a.mid").err


def test_of_a_phrase_nothing_is_said(command, model):
    """E D C D E E E is in C major, and few notes of it would be in A minor as well."""
    notes = tuple(Note(24 * k, 24, pitch) for k, pitch in enumerate((64, 62, 60, 62, 64, 64, 64)))
    Path("a.mid").write_bytes(midi_bytes(Melody(notes, (Metre(),), Key(0))))
    assert "signature" not in generated(command, model, "--prime", "a.mid").err


def test_a_score_in_a_pipe_is_no_abc(command, model):
    """Whatever stands in its comments."""
    generated(command, model)
    command("generate", "-m", model, "--seed", 1, "--bars", 1, "-o", "a.musicxml")
    text = Path("a.musicxml").read_text().replace("<work>", "<!--\nK: c\n--><work>")
    assert "format       musicxml" in command("inspect", "-", stdin=text.encode()).out
    noise = command("inspect", "-", stdin=b"RIFF\0\0\nK:C\nCDEF|\n")
    assert (noise.status, "not a MIDI file" in noise.err) == (1, True)


def test_other_tracks_are_named_where_they_are_lost(command, model):
    """A score holds the melody alone; a MIDI file all that there was."""
    generated(command, model, "--chords", "Am F", "--chord-track", "--key", "Am", "--bars", 2, "--seed", 1)
    Path("new.mid").rename("c.mid")
    lost = "c.mid: only the melody is written again, not track 2 'Chords'"
    without = "c.mid: the melody is gone on from, without track 2"
    for verb in (("infill", "c.mid", "--bars", 2, "--seed", 1), ("vary", "c.mid", "--seed", 1)):
        assert lost in command(*verb, "-m", model, "-o", "x.abc", "--force", "--effort", 2).err
        assert lost not in command(*verb, "-m", model, "-o", "x.mid", "--force", "--effort", 2).err
        assert read_midi(Path("x.mid")).others == ("track 2 'Chords'",)
    assert without in command("generate", "-m", model, "--prime", "c.mid", "--bars", 1, "--seed", 1, "-o", "y.abc").err
    assert without not in generated(command, model, "--prime", "c.mid", "--seed", 1).err
    assert read_midi(Path("new.mid")).others == read_midi(Path("c.mid")).others == ("track 2 'Chords'",)


def test_a_book_of_tunes_is_not_taken_for_one(command, model):
    """The first is taken, and that is said."""
    Path("book.abc").write_text(BOOK)
    told = "book.abc: the first of 2 tunes is taken"
    assert told in generated(command, model, "--prime", "book.abc").err
    assert told in command("vary", "book.abc", "-m", model, "-o", "v.abc", "--effort", 2).err


def test_a_tune_of_a_book_is_called_by_its_number(command, model):
    """BOOK:NUMBER is the name that reports give to a tune, and every verb takes it."""
    Path("book.abc").write_text(BOOK + BOOK.replace("X:2", "X:1").replace("G2", "c2"))
    shown = {name: command("inspect", f"book.abc:{name}", "--json") for name in ("1", "2", "1-2")}
    assert len({ended.out for ended in shown.values()}) == 3
    assert not any(ended.err for ended in shown.values())
    assert json.loads(command("inspect", "book.abc", "--json").out)["title"] == json.loads(shown["1"].out)["title"]
    assert "first of" not in generated(command, model, "--prime", "book.abc:2").err
    for verb in ("vary", "score"):
        output = ("-o", "w.abc", "--effort", 2) if verb == "vary" else ()
        assert command(verb, "book.abc:2", "-m", model, *output).status == 0
    missing = command("inspect", "book.abc:7")
    assert (missing.status, missing.err.count("\n")) == (1, 1)
    assert "book.abc: has no tune of that number (asked for 7; 4 tunes: 1, 2, 1-2, 1-3)" in missing.err
    assert json.loads(command("inspect", "book.abc:02", "--json").out)["title"] == "Two"
    for nothing in ("other.abc:1", "book.abc:", "book.mid:2"):
        assert (command("inspect", nothing).status, command("inspect", nothing).err.count("\n")) == (1, 1)


def test_a_book_whose_tunes_all_say_1(command):
    """As many programs write them: the last of ten thousand is found as soon as the first."""
    tune = "X:1\nM:4/4\nL:1/8\nK:C\nCDEFGABc|\n"
    Path("ones.abc").write_text("\n".join([tune] * 9_999 + [tune.replace("CDE", "EDC")]))
    last = json.loads(command("inspect", "ones.abc:1-10000", "--json").out)
    assert (last["notes"], last["highest"]) == (8, "C5")
    assert command("inspect", "ones.abc:1-10001").status == 1


def test_no_tune_of_a_book_is_lost(command):
    """Whatever their numbers are: a tune that is called as a twin would be, too."""
    bodies = {"A": "CDEFGABc" * 2, "B": "c2G2E2C2" * 2, "C": "CcDdEeFf" * 2}
    head = "M:4/4\nL:1/8\nK:C\n"
    numbered = zip(("3", "3", "3-2"), bodies.items(), strict=True)
    tunes = [f"X:{number}\nT:{title}\n{head}{body}|]\n" for number, (title, body) in numbered]
    Path("lost.abc").write_text("\n".join(tunes))
    titles = [json.loads(command("inspect", f"lost.abc:{n}", "--json").out)["title"] for n in ("3", "3-3", "3-2")]
    assert titles == ["A", "B", "C"]
    assert "3  melodies" in command("corpus", "check", "lost.abc").out


@pytest.mark.parametrize("before", ["", "% a tune of mine\n", "%%scale 0.7\n", "\n"])
def test_abc_in_a_pipe_is_told_by_its_key(command, before):
    """Whatever stands before its fields."""
    for body in (BOOK.partition("\n\n")[0], "M:4/4\nL:1/8\nK:G\nGABcdefg|g4G4|]\n"):
        ended = command("inspect", "-", stdin=(before + body).encode())
        assert (ended.status, "format       abc" in ended.out) == (0, True)


def test_a_tick_early_is_on_the_grid():
    """Score writers let notes end at 479 of 480; a player's notes are moved and counted."""
    for early, moved in ((1, 0), (4, 0), (9, 8)):
        track = mido.MidiTrack()
        for k, pitch in enumerate(MINOR):
            track.append(mido.Message("note_on", note=pitch, time=early if k else 0))
            track.append(mido.Message("note_off", note=pitch, time=480 - early))
        buffer = io.BytesIO()
        mido.MidiFile(ticks_per_beat=480, tracks=[track]).save(file=buffer)
        reading = read_midi(buffer.getvalue())
        assert [(n.onset, n.duration) for n in reading.melody.notes] == [(24 * k, 24) for k in range(8)]
        assert (reading.snapped, len(reading.warnings)) == (moved, moved > 0)


def test_a_model_of_any_name_can_be_followed(command, model, tmp_path):
    """A name that cannot be printed stands in the recipe as one that can."""
    named = tmp_path / "my\u3000model\n.safetensors"
    named.write_bytes(Path(model).read_bytes())
    generated(command, named)
    assert command("reproduce", "new.mid", "-m", named, "-q").data == Path("new.mid").read_bytes()


def test_without_a_home_there_is_no_cache(monkeypatch):
    """Neither an error nor a folder named ~."""

    def homeless(_):
        raise RuntimeError("could not determine the home directory")

    for found in (homeless, lambda _: "~/.cache/melodyrnn"):
        monkeypatch.setattr(platformdirs, "user_cache_dir", found)
        assert cache.user_cache().is_absolute()
        with pytest.raises(OSError, match="Not a directory"):
            cache.user_cache().mkdir(parents=True)


def test_a_working_folder_that_is_gone_is_named(command, model, tmp_path, monkeypatch):
    """Not "No such file or directory", of no file."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    ended = command("generate", "-m", model, "-o", "a.mid")
    os.chdir(tmp_path)
    assert (ended.status, ended.err) == (1, "melodyrnn: error: the working folder is gone; change to another\n")


def test_a_lead_sheet(command, model):
    """Chord symbols over the notes, where the chords of the MIDI file stand; without --chord-track none."""
    asked = ("--chords", "Am F | G7 C", "--key", "Am", "--bars", 4, "--upbeat", "1/4")
    for name in ("lead.abc", "lead.musicxml", "lead.mid"):
        assert command("generate", "-m", model, "--seed", 1, "-o", name, *asked, "--chord-track").status == 0
    found = [read_chords(name).text() for name in ("lead.abc", "lead.musicxml", "lead.mid")]
    assert found[0] == found[1]
    assert found[0].startswith("Am F | G7 C")
    assert read_one("lead.abc").notes[0].onset == read_one("lead.mid").notes[0].onset
    command("generate", "-m", model, "--seed", 1, "-o", "bare.abc", *asked)
    assert '"' not in Path("bare.abc").read_text()


def test_a_soft_clip_is_gone_on_from_softly(command, model, tune):
    """From the command line too."""
    Path("soft.mid").write_bytes(midi_bytes(replace(tune, notes=tuple(replace(n, velocity=30) for n in tune.notes))))
    generated(command, model, "--prime", "soft.mid")
    assert {note.velocity for note in read_midi(Path("new.mid")).melody.notes} == {30}
