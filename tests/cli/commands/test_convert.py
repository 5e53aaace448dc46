"""convert: one file, a pipe, a folder; what cannot be converted is told and passed over."""

from pathlib import Path

import pytest

from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.formats.notation.write import write_notation
from melodyrnn.music.chords import chord_notes
from melodyrnn.music.melody import Melody, Note

SHORT = Melody((Note(0, 12, 60), Note(12, 12, 64)), tempo=240.0)
BOOK = "X:1\nT:One\nM:4/4\nK:C\nCDEF|G4|]\n\nX:7\nT:Seven\nM:3/4\nK:G\nGAB|d3|]\n"


def test_one_file_keeps_what_the_format_can_hold(command, tune):
    """Title, tempo, key and chords; other tracks are told."""
    tracks = midi_bytes(tune, chords=chord_notes("C", tune), progression="C")
    Path("a.mid").write_bytes(tracks)
    ended = command("convert", "a.mid", "b.abc")
    assert (ended.status, ended.err) == (0, "b.abc: abc, 5 bars, 10 notes\n")
    text = Path("b.abc").read_text()
    assert all(part in text for part in ("T:A tune", "Q:1/4=96", "K:C", '"C"'))
    assert command("convert", "b.abc", "c.mid").status == 0
    assert read_midi(Path("c.mid")).melody.notes == tune.notes
    assert command("convert", "a.mid", "d.mid").status == 0
    assert Path("d.mid").read_bytes() == tracks
    other = midi_bytes(tune, chords=[(48, 96, (48, 52))])  # chords that nothing tells in words
    Path("o.mid").write_bytes(other)
    alone = command("convert", "o.mid", "e.mid", "--track", 1)
    assert read_midi(Path("e.mid")).others == ()
    assert "o.mid: the melody is written, not track 2 'Chords'" in alone.err


def test_through_a_pipe(command, tune):
    """- at both ends."""
    ended = command("convert", "-", "-", "--format", "abc", stdin=midi_bytes(tune))
    assert ended.status == 0
    assert ended.data == write_notation(tune, "abc")
    sound = command("convert", "-", "-", "--format", "wav", "--loop", stdin=midi_bytes(SHORT))
    assert sound.data[:4] == b"RIFF"
    assert len(sound.data) == 44 + 4 * 48_000


def test_a_folder_is_converted_as_it_lies(command, tune):
    """Names below stay; a book gives each of its tunes; two kinds of one name keep their suffix; damage is told."""
    deep = Path("in/deep")
    deep.mkdir(parents=True)
    (deep / "a.mid").write_bytes(midi_bytes(tune))
    (deep / "a.abc").write_bytes(write_notation(tune, "abc"))
    Path("in/book.abc").write_text(BOOK)
    Path("in/bad.mid").write_bytes(b"no MIDI at all")
    Path("in/score.musicxml").write_bytes(write_notation(tune, "musicxml"))
    Path("in/readme.txt").write_text("not music")
    ended = command("convert", "in", "out/", "--format", "abc")
    made = sorted(path.relative_to("out").as_posix() for path in Path("out").rglob("*.*"))
    assert made == ["book-1.abc", "book-7.abc", "deep/a.abc.abc", "deep/a.mid.abc", "score.abc"]
    assert (ended.status, ended.err.splitlines()) == (1, [
        "melodyrnn: warning: in/bad.mid: not a MIDI file",
        "out: 5 melodies in abc",
        "melodyrnn: error: 1 of 6 melodies could not be converted; the others are there",
    ])  # fmt: skip
    assert "T:Seven" in Path("out/book-7.abc").read_text()


def test_files_that_are_there_stay(command, tune):
    """Refused before anything is read; --force replaces them."""
    for name in ("a.mid", "b.mid"):
        Path(name).write_bytes(midi_bytes(tune))
    assert command("convert", "a.mid", "b.mid", "out/", "--format", "abc").status == 0
    Path("out/a.abc").unlink()
    again = command("convert", "a.mid", "b.mid", "out/", "--format", "abc")
    assert (again.status, again.err) == (
        1, "melodyrnn: error: out/b.abc: already there; choose another name, or --force to replace it\n"
    )  # fmt: skip
    assert not Path("out/a.abc").exists()
    assert command("convert", "a.mid", "b.mid", "out", "--format", "abc", "--force").status == 0


def test_sound_of_a_folder(command):
    """All of it, in 24 bits."""
    Path("in").mkdir()
    Path("in/a.mid").write_bytes(midi_bytes(SHORT))
    ended = command("convert", "in", "out/", "--format", "flac", "--depth", 24)
    assert (ended.status, ended.err) == (0, "out: 1 melody in flac\n")
    assert Path("out/a.flac").read_bytes()[:4] == b"fLaC"


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (["a.mid"], 2, "OUT: names where to write, after what is read: melodyrnn convert a.mid OUT"),
        (["a.mid", "b.mid", "-"], 2, "OUT: many files do not fit into one stream: name a folder, out/"),
        (["a.mid", "b.mid", "x.mid"], 1, "x.mid: not a folder, and there are many files; choose another name"),
        (["a.mid", "b.mid", "out/", "--format", "ogg"], 2, "--format: ogg: must be one of "),
        (["a.mid", "c.txt", "out/"], 1, "c.txt: no such file"),
        (["a.mid", "empty/c.txt", "out/"], 1, "empty/c.txt: not a score this program reads"),
        (["empty", "out/"], 2, "IN: no file there that is read"),
        (["a.mid", "no/out/"], 1, "no/out: there is no folder no; make it first"),
        (["a.mid", "y.abc", "--depth", "24"], 2, "--depth: is for sound, and abc is none"),
        (["a.mid", "y.wav", "--depth", "20"], 2, "--depth: 20: a sample has 16 or 24 bits"),
        (["a.mid", "y.mid", "--soundfont", "a.mid"], 2, "--soundfont: is for sound, and midi is none"),
        (["a.mid", "y.wav", "--soundfont", "a.mid"], 2, "--soundfont: a.mid: no SoundFont 2 file (.sf2)"),
        (["a.mid", "b.mid", "y.mid"], 2, "OUT: y.mid is one file, and more than one is converted; name a folder"),
        (["none/", "out/"], 1, "none/: no such file"),
        (["none.mid", "y.abc"], 1, "none.mid: no such file"),
    ],
)  # fmt: skip
def test_wrong_use_is_told(command, tune, arguments, status, text):
    """One line, and nothing is written."""
    for name in ("a.mid", "b.mid", "x.mid"):
        Path(name).write_bytes(midi_bytes(tune))
    Path("empty").mkdir()
    Path("empty/c.txt").touch()
    ended = command("convert", *arguments)
    assert (ended.status, ended.err.count("\n")) == (status, 1)
    assert ended.err.startswith(f"melodyrnn: error: {text}")
    assert sorted(path.name for path in Path().iterdir()) == ["a.mid", "b.mid", "empty", "x.mid"]


def test_other_verbs_write_sound_and_scores_too(command, model, tune):
    """Humanize and reproduce, by suffix and by --format."""
    command("generate", "-m", model, "--bars", 1, "--tempo", 400, "-o", "a.mid")
    assert command("reproduce", "a.mid", "-m", model, "-o", "b.abc").status == 0
    assert b"K:" in Path("b.abc").read_bytes()
    assert command("humanize", "a.mid", "-o", "-", "--format", "wav").data[:4] == b"RIFF"
    assert command("generate", "-m", model, "--bars", 1, "-n", 2, "--format", "wav", "-o", "takes/").status == 0
    assert len(list(Path("takes").glob("*.wav"))) == 2
    assert command("vary", "a.mid", "-m", model, "--effort", 2, "-o", "c.flac").status == 0
