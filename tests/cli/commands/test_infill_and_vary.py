"""melodyrnn infill and vary: files in, files out, what stays, and what is refused."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.formats.midi.write import midi_bytes

SMALL = ("--effort", 2, "--seed", 4)


def notes_in_bar(source):
    """Notes of a MIDI file, or of its bytes."""
    return read_midi(Path(source) if isinstance(source, str) else source).melody.notes


def test_infill_writes_what_it_says(command, model, tune, tune_file):
    """-o FILE: bars 3-4 are new, every other note is as it was, and one line says so; the input is not touched."""
    before = tune_file.read_bytes()
    ended = command("infill", tune_file, "--bars", "3-4", "-m", model, "-o", "new.mid", *SMALL)
    assert (ended.status, ended.data) == (0, b"")
    assert ended.err.startswith("new.mid: 5 bars of 3/4, ")
    assert ended.err.endswith("; seed 4\n")
    assert tune_file.read_bytes() == before
    new = notes_in_bar("new.mid")
    assert [n for n in new if not 144 <= n.onset < 288] == [n for n in tune.notes if not 144 <= n.onset < 288]
    assert new != tune.notes


def test_a_key_that_nobody_named_is_not_told(command, model, tune):
    """A file without a key signature: the line goes from the notes to the bits."""
    Path("i.mid").write_bytes(midi_bytes(replace(tune, key=None)))
    for verb in (("infill", "i.mid", "--bars", 3), ("vary", "i.mid")):
        ended = command(*verb, "-m", model, "-o", "new.mid", "--force", *SMALL)
        assert re.fullmatch(r"new\.mid: 5 bars of 3/4, \d+ notes, \d+\.\d\d bits a note; seed 4\n", ended.err)


def test_the_instrument_stays(command, model, tune):
    """infill, vary and a prime keep the file's sound, --program gives another, and reproduce writes the same."""
    Path("i.mid").write_bytes(midi_bytes(tune, program=40))
    for verb in (("infill", "i.mid", "--bars", 3), ("vary", "i.mid"), ("generate", "--prime", "i.mid", "--bars", 1)):
        for more, program in (((), 40), (("--program", 0), 0), (("--program", 7), 7)):
            ended = command(*verb, *more, "-m", model, "-o", "new.mid", "--force", *SMALL)
            assert (ended.status, read_midi(Path("new.mid")).program) == (0, program)
            assert command("reproduce", "new.mid", "-m", model, "-q").data == Path("new.mid").read_bytes()


def test_infill_in_a_pipe(command, model, tune, tune_file):
    """`-` and no -o: from stdin to stdout, the same bytes as by name."""
    named = command("infill", tune_file, "--bars", 3, "-m", model, "-q", *SMALL)
    piped = command("infill", "-", "--bars", 3, "-m", model, "-q", *SMALL, stdin=midi_bytes(tune))
    assert (piped.status, piped.err) == (0, "")
    assert notes_in_bar(piped.data) == notes_in_bar(named.data)


def test_many_fillings_as_json(command, model, tune_file):
    """-n 2 --json: a file each, seeds that follow one another, the price of each, and they differ."""
    ended = command("infill", tune_file, "--bars", "2-4", "-m", model, "-n", 2, "-o", "out/", "--json", *SMALL)
    told = [json.loads(line) for line in ended.out.splitlines()]
    assert ended.status == 0
    assert [one["seed"] for one in told] == [4, 5]
    assert all(one["price"] > 0 and one["bars"] == 5 for one in told)
    first, second = (notes_in_bar(f"out/melody-{k}.mid") for k in (1, 2))
    assert first != second


def test_infill_reads_and_writes_other_formats(command, model):
    """ABC in, MusicXML out."""
    Path("tune.abc").write_text("X:1\nT:Tune\nM:2/4\nL:1/8\nK:C\nCDEF|GAGF|EDCD|E2C2|\n")
    ended = command("infill", "tune.abc", "--bars", 2, "-m", model, "-o", "new.musicxml", *SMALL)
    assert ended.status == 0, ended.err
    assert Path("new.musicxml").read_bytes().startswith(b"<?xml")


def test_infill_keeps_constraints(command, model, tune_file):
    """What is asked for holds for the new notes."""
    ended = command(
        "infill", tune_file, "--bars", "3-4", "-m", model, "--range", "C4-C5", "--scale", "C D E G A", *SMALL
    )
    new = [n.pitch for n in notes_in_bar(ended.data) if 144 <= n.onset < 288]
    assert new
    assert all(60 <= p <= 72 and p % 12 in {0, 2, 4, 7, 9} for p in new)


def test_vary_keeps_a_rhythm(command, model, tune, tune_file):
    """--keep rhythm --keep bars=1-2: onsets, durations, and the notes of two bars."""
    ended = command(
        "vary", tune_file, "--keep", "rhythm", "--keep", "bars=1-2", "--strength", 1, "-m", model, "-o", "new.mid",
        *SMALL,
    )  # fmt: skip
    assert ended.status == 0, ended.err
    new = notes_in_bar("new.mid")
    assert [(n.onset, n.duration, n.velocity) for n in new] == [(n.onset, n.duration, n.velocity) for n in tune.notes]
    assert [n for n in new if n.onset < 144] == [n for n in tune.notes if n.onset < 144]
    assert new != tune.notes


def test_vary_with_no_strength_gives_the_melody_back(command, model, tune, tune_file):
    """--strength 0 changes no note, at more strength more."""
    notes = {
        strength: notes_in_bar(command("vary", tune_file, "--strength", strength, "-m", model, *SMALL).data)
        for strength in (0, 1)
    }
    assert notes[0] == tune.notes
    assert notes[1] != tune.notes


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("infill", "--bars", "9"), "bars: the melody has bars 1 to 5"),
        (("infill", "--bars", "4-6"), "bars: the melody has bars 1 to 5"),
        (("infill", "--bars", "0"), "--bars: '0' must be bars such as 3-4, or 3"),
        (("infill", "--bars", "4-3"), "--bars: '4-3' must be bars such as 3-4, or 3"),
        (("infill", "--bars", "two"), "--bars: 'two' must be bars such as 3-4, or 3"),
        (("infill", "--bars", "2", "--range", "C5-C4"), None),
        (("vary", "--keep", "tempo"), "keep: must be one of rhythm, pitches, contour, bars=1-2, not 'tempo'"),
        (("vary", "--keep", "bars=7"), "keep: the melody has bars 1 to 5"),
        (("vary", "--keep", "bars=x"), "--keep: 'x' must be bars such as 3-4, or 3"),
        (("vary", "--strength", "1.5"), "strength: 1.5 is not a number from 0 to 1"),
        (
            ("vary", "--keep", "rhythm", "--keep", "pitches"),
            "keep: with the pitches and the rhythm or contour kept nothing is left to vary",
        ),
    ],
)
def test_wrong_use_is_refused(command, model, tune_file, arguments, text):
    """Status 2, one line that names the option, and no file."""
    ended = command(arguments[0], tune_file, *arguments[1:], "-m", model, "-o", "new.mid", *SMALL)
    assert (ended.status, ended.data) == (2, b"")
    assert ended.err.count("\n") == 1
    assert text is None or ended.err == f"melodyrnn: error: {text}\n"
    assert not Path("new.mid").exists()


@pytest.mark.parametrize("verb", [("infill", "--bars", "2"), ("vary",)])
def test_files_that_cannot_be_read_or_written(command, model, tune_file, verb):
    """No such file and no melody: status 1; a file that is there is left alone without --force."""
    gone = command(verb[0], "gone.mid", *verb[1:], "-m", model)
    assert (gone.status, gone.data) == (1, b"")
    assert "gone.mid" in gone.err
    Path("empty.mid").write_bytes(b"")
    assert command(verb[0], "empty.mid", *verb[1:], "-m", model).status == 1
    Path("old.mid").write_bytes(b"old")
    kept = command(verb[0], tune_file, *verb[1:], "-m", model, "-o", "old.mid", *SMALL)
    assert kept.status != 0
    assert "old.mid" in kept.err
    assert Path("old.mid").read_bytes() == b"old"
    forced = command(verb[0], tune_file, *verb[1:], "-m", model, "-o", "old.mid", "--force", *SMALL)
    assert forced.status == 0
    assert notes_in_bar("old.mid")


def test_what_cannot_fit_is_refused(command, model, tune_file):
    """Notes that lie two octaves off, reached by semitones, and at least three of them: status 2 and the reason."""
    asked = ("--range", "C7-C8", "--max-leap", 1, "--density", "3-6")
    ended = command("infill", tune_file, "--bars", "3", "-m", model, *asked, *SMALL)
    assert (ended.status, ended.data) == (2, b"")
    reason = "in bar 3, between the notes that stay, nothing meets all that is asked; it could be filled without"
    guilty = "range C7-C8, max-leap 1, density 3-6"
    assert ended.err == f"melodyrnn: error: constraints: {reason} any one of: {guilty}\n"


def test_vary_changes_what_is_asked_for(command, model, tune, tune_file):
    """--bars, --end, --chords of a file and --tempo, each; the recipe makes the same bytes."""
    Path("chords.abc").write_text('X:1\nM:3/4\nL:1/4\nK:C\n"F"FAc|"G7"GBd|]\n')
    asked = ("--bars", "4-5", "--end", "open", "--chords", "chords.abc", "--tempo", "3/8=60", "--strength", 1)
    ended = command("vary", tune_file, *asked, "-m", model, "-o", "new.mid", *SMALL)
    assert ended.status == 0, ended.err
    found = read_midi(Path("new.mid")).melody
    assert (found.tempo, found.title) == (90.0, tune.title)
    assert [n for n in found.notes if n.onset < 216] == [n for n in tune.notes if n.onset < 216]
    assert found.notes[-1].pitch % 12 in {2, 7, 11}
    assert command("reproduce", "new.mid", "-m", model, "-q").data == Path("new.mid").read_bytes()
    refused = command("vary", tune_file, "--keep", "bars=5", "--end", "open", "-m", model, *SMALL)
    assert "end: the last note stands in bar 5, which stays" in refused.err


def test_a_title_that_is_asked_for(command, model, tune_file):
    """In place of the file's own names, which stay where none is asked for; in a score likewise."""
    for asked, title, track in ((("--title", "Another"), "Another", "Another"), ((), "A tune", "Melody")):
        command("vary", tune_file, *asked, "-m", model, "-o", "new.mid", "--force", *SMALL)
        found = read_midi(Path("new.mid"))
        assert (found.melody.title, found.track) == (title, f"track 1 '{track}' (the single melodic track)")
        assert command("reproduce", "new.mid", "-m", model, "-q").data == Path("new.mid").read_bytes()
    scores = [command("generate", *asked, "--key", "G", "-m", model, "--format", "abc", "-o", "-", *SMALL).out
              for asked in (("--title", "One"), ())]  # fmt: skip
    assert ["T:One" in scores[0], "T:G, 8 bars, seed 4" in scores[1]] == [True, True]
    refused = command("generate", "--title", " ", "-m", model, "-o", "x.mid")
    assert refused.err == "melodyrnn: error: --title: a title is a line of 1 to 200 characters\n"
