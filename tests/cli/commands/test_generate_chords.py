"""generate --chords FILE: chords of a file, told, followed, written again, and kept in the recipe as text."""

from __future__ import annotations

import itertools
from pathlib import Path

import mido
import pytest

from melodyrnn.compose.provenance import Provenance
from melodyrnn.formats.midi.chords import read_midi_chords
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.chords import chord_of
from melodyrnn.music.melody import Melody, Note


def recipe_of(name):
    """The recipe that a file keeps."""
    return Provenance.from_text(read_midi(Path(name)).recipe)


def test_a_chord_track_is_read_back_and_the_file_need_not_stay(command, model):
    """What --chord-track writes, --chords reads; reproduce needs the text alone."""
    asked = ("-m", model, "--seed", 3, "--chord-tones", "rule", "--chord-track")
    assert command("generate", *asked, "--chords", "Am F:3 G:1 | C", "-o", "a.mid").status == 0
    ended = command("generate", *asked, "--chords", "a.mid", "-v", "-o", "b.mid")
    assert "a.mid: the progression that melodyrnn wrote: Am | F:3 G:1 | C\n" in ended.err
    assert recipe_of("b.mid").options["chords"] == "Am | F:3 G:1 | C"
    assert read_midi(Path("a.mid")).melody.notes == read_midi(Path("b.mid")).melody.notes
    Path("a.mid").unlink()
    ended = command("reproduce", "b.mid", "-m", model, "-o", "c.mid")
    assert (ended.status, Path("c.mid").read_bytes()) == (0, Path("b.mid").read_bytes())


def test_tracks_that_are_left_out_of_a_prime_are_told(command, model, tmp_path):
    """Where they are lost: a score has the melody of a file of several tracks alone."""
    melody = Melody((Note(0, 48, 60), Note(48, 48, 67)))
    (tmp_path / "two.mid").write_bytes(midi_bytes(melody, chords=((0, 96, (48, 52, 55)),)))
    ended = command("generate", "-m", model, "--prime", "two.mid", "--bars", 2, "--seed", 1, "--format", "abc")
    assert "two.mid: the melody is gone on from, without track 2 'Chords'" in ended.err


def test_the_file_says_the_metre_unless_the_user_or_the_prime_does(command, model, tune_file):
    """A file in 6/8 gives a melody in 6/8; --metre and a prime come first, and the lengths stay what they are."""
    Path("t.abc").write_text('X:1\nM:6/8\nL:1/8\nK:G\n"Am"A6|"F"A6|\n')
    cases = {(): "6/8", ("--metre", "4/4"): "4/4", ("--prime", tune_file): "3/4"}
    texts = {"6/8": "Am | F", "4/4": "Am:3 F:5", "3/4": "Am | F"}
    for more, metre in cases.items():
        ended = command("generate", "-m", model, "--chords", "t.abc", "--seed", 1, "-o", "o.mid", "--force", *more)
        assert ended.status == 0, ended.err
        assert str(read_midi(Path("o.mid")).melody.metres[0]) == metre
        assert recipe_of("o.mid").options["chords"] == texts[metre]


def test_strong_beats_keep_to_the_chords_of_the_file(command, model):
    """A rule from a file is kept as one from a text: every downbeat is a tone of its chord."""
    Path("t.abc").write_text('X:1\nM:4/4\nL:1/4\nK:C\n"Dm7"D4|"G7"G4|"Cmaj7"C4|\n')
    command("generate", "-m", model, "--chords", "t.abc", "--chord-tones", "rule", "--seed", 5, "-o", "o.mid")
    names = ("Dm7", "G7", "Cmaj7")
    downbeats = [n for n in read_midi(Path("o.mid")).melody.notes if n.onset % 96 == 0]
    assert downbeats
    assert all(n.pitch % 12 in chord_of(names[n.onset // 96 % 3]).tones for n in downbeats)


def test_a_track_is_named_behind_a_colon(command, model):
    """FILE:TRACK, by number or by name; a track that is not there is told with those that are."""
    command("generate", "-m", model, "--seed", 3, "--chords", "Am F", "--chord-track", "-o", "a.mid")
    for track in ("2", "chords"):
        ended = command("generate", "-m", model, "--chords", f"a.mid:{track}", "-v", "-o", "b.mid", "--force")
        assert "a.mid: track 2 'Chords': Am F | Am F" in ended.err
    ended = command("generate", "-m", model, "--chords", "a.mid:5", "-o", "b.mid", "--force")
    text = "asked for '5'; tracks with notes: 1 'Am, 8 bars, seed 3', 2 'Chords'"
    assert (ended.status, ended.err) == (1, f"melodyrnn: error: a.mid: has no track of that number or name ({text})\n")


def test_an_upbeat_does_not_shift_the_chords(command, model):
    """Written over an upbeat and read again: the first chord is that of the first full bar."""
    asked = ("-m", model, "--seed", 3, "--upbeat", "1/4", "--chord-track", "--bars", "4")
    command("generate", *asked, "--chords", "Am | F | G | C", "-o", "a.mid")
    assert read_midi_chords(Path("a.mid")).text() == "Am | F | G | C"
    assert read_midi_chords(Path("a.mid"), track="2").text() == "Am | F | G | C"


def test_a_free_upbeat_leaves_chords_on_their_bars(command, model):
    """Where the network chooses the upbeat, chords begin on the first bar line, in the rule and in the track."""
    asked = ("-m", model, "--upbeat", "free", "--chord-track", "--chord-tones", "rule", "--chords", "Dm | Eb")
    late = 0
    for seed in range(12):
        command("generate", *asked, "--seed", seed, "-o", f"{seed}.mid")
        notes = read_midi(Path(f"{seed}.mid")).melody.notes
        downbeats = [n for n in notes if n.onset % 96 == 0]
        assert all(n.pitch % 12 in chord_of(("Dm", "Eb")[n.onset // 96 % 2]).tones for n in downbeats)
        assert read_midi_chords(Path(f"{seed}.mid"), track="Chords").text().startswith("Dm | Eb | Dm")
        assert begins(f"{seed}.mid") == 0
        late += notes[0].onset > 0
    assert late  # some begin off the bar line


def begins(name):
    """Ticks before the first note of the chord track."""
    before = itertools.takewhile(lambda message: message.type != "note_on", mido.MidiFile(name).tracks[2])
    return sum(message.time for message in before)


def test_stdin_is_no_file_of_chords(command, model):
    """--chords - says what it wants; status 2."""
    ended = command("generate", "-m", model, "--chords", "-", "-o", "o.mid")
    reason = '--chords: chords are not read from stdin; write them, "Am F | G C", or name a file, song.mid'
    assert (ended.status, ended.err) == (2, f"melodyrnn: error: {reason}\n")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("no.mid", None, "no.mid: no such file"),
        ("e.mid", b"", "e.mid: the file is empty"),
        ("x.mid", b"RIFF", "x.mid: not a MIDI file"),
        ("x.abc", b"X:1\nK:C\nCDEF|\n", "x.abc: holds no chords"),
        ("x.mxl", b"PK", "x.mxl: the file is cut short or damaged (not a whole zip file: File is not a zip file)"),
    ],
)
def test_what_holds_no_chords_is_told_in_a_line(command, model, name, content, said):
    """The same refusals as for melodies, before anything is composed."""
    if content is not None:
        Path(name).write_bytes(content)
    ended = command("generate", "-m", model, "--chords", name, "-o", "o.mid")
    assert (ended.status, ended.err) == (1, f"melodyrnn: error: {said}\n")
    assert not Path("o.mid").exists()
