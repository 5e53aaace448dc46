"""play and --listen, on the device that swallows all."""

from pathlib import Path

import pytest

from melodyrnn.formats import writing
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.formats.notation.write import write_notation
from melodyrnn.live import loudspeaker
from melodyrnn.music.melody import Melody, Note

SHORT = Melody(tuple(Note(24 * k, 24, 60 + k) for k in range(4)), tempo=600.0)


@pytest.fixture(autouse=True)
def _null(monkeypatch):
    monkeypatch.setenv("MELODYRNN_AUDIO", "null")


def test_a_melody_goes_from_one_command_to_the_next(command, model):
    """`generate | play -`, and scores as well."""
    made = command("generate", "-m", model, "--bars", 1, "--tempo", 600).data
    played = command("play", "-", stdin=made)
    assert (played.status, played.data) == (0, b"")
    assert played.err.startswith("-: ")
    Path("a.abc").write_bytes(write_notation(SHORT, "abc"))
    assert command("play", "a.abc", "--loop", 2).err == "a.abc: 0.4 s, 1 bar\n"


def test_listening_comes_with_writing(command, model):
    """--listen writes as ever, and plays."""
    ended = command("generate", "-m", model, "--bars", 1, "--tempo", 600, "--listen", "-o", "x.mid")
    assert ended.status == 0
    assert Path("x.mid").is_file()
    assert ended.err.count("x.mid: ") == 2
    again = command("vary", "x.mid", "-m", model, "--effort", 2, "--listen", "-o", "y.abc")
    assert (again.status, again.err.count("y.abc: ")) == (0, 2)


def test_the_roll_moves_along(command):
    """On a terminal the bars that are heard are drawn over those before, the place pointed at."""
    ended = command("play", "-", stdin=midi_bytes(SHORT), err_terminal=True, environ={"NO_COLOR": "1"})
    drawings = ended.err.split("\x1b[")
    assert ended.status == 0
    assert "▼" in ended.err
    assert "bar 1 of 1" in ended.err
    assert any(part.startswith("7A") for part in drawings)


def test_what_cannot_be_heard_is_told_before_anything_is_composed(command, model, monkeypatch):
    """No device, or no package: one line."""

    def none(**_):
        raise loudspeaker.miniaudio.MiniaudioError("failed to init device")

    monkeypatch.setattr(loudspeaker.miniaudio, "PlaybackDevice", none)
    for arguments in (("play", "a.mid"), ("generate", "-m", model, "--listen", "-o", "x.mid")):
        ended = command(*arguments)
        assert (ended.status, ended.err.count("\n")) == (1, 1)
        assert "no loudspeaker is here; generate -o tune.wav and convert FILE tune.wav write a file" in ended.err
    assert not Path("x.mid").exists()


def test_a_missing_package_is_one_line(command, model, monkeypatch):
    """That names the command which installs it, for sound and for files of sound."""
    there, gone = writing.find_spec, {"midirenderer", "miniaudio"}
    monkeypatch.setattr(writing, "find_spec", lambda name: None if name in gone else there(name))
    told = "pip install 'melodyrnn[sound]'\n"
    for arguments in (
        ("play", "a.mid"), ("generate", "-m", model, "--listen"), ("generate", "-m", model, "-o", "a.wav"),
        ("convert", "a.mid", "a.flac"), ("convert", "a.mid", "out/", "--format", "wav"),
    ):  # fmt: skip
        ended = command(*arguments)
        assert (ended.status, ended.err.count("\n"), ended.err.endswith(told)) == (1, 1, True)
    assert not list(Path().iterdir())
