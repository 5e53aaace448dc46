"""--rhythm, --pitches and --motif take a file, and what frames its melody comes along."""

import pytest

from melodyrnn.controls.options import options_of
from melodyrnn.formats.midi.reader import read_midi


@pytest.fixture
def answer(command, model, tmp_path):
    """Compose with these words; the melody."""

    def ask(*words):
        out = tmp_path / "made.mid"
        ended = command("generate", "-m", str(model), "--seed", "1", "--force", "-o", str(out), *words)
        assert ended.status == 0, ended.err
        return read_midi(out).melody

    return ask


def test_a_rhythm_has_its_own_frame(answer, tune, tune_file):
    """Onsets, lengths, metre, tempo and upbeat of the file; of its notes none must be the same."""
    made = answer("--rhythm", str(tune_file))
    assert [(n.onset, n.duration) for n in made.notes] == [(n.onset, n.duration) for n in tune.notes]
    assert (made.metres, made.tempo) == (tune.metres, tune.tempo)
    assert [n.pitch for n in made.notes] != [n.pitch for n in tune.notes]


def test_pitches_come_in_their_key(answer, tune, tune_file):
    """In order, in as many bars; what is asked for goes before what the file has."""
    made = answer("--pitches", str(tune_file), "--upbeat", "0", "--tempo", "60")
    assert [n.pitch for n in made.notes] == [n.pitch for n in tune.notes]
    assert (made.upbeat, made.tempo, made.bars, made.key) == (0, 60.0, 4, tune.key)


def test_a_motif_comes_back(answer, tune_file):
    """The file's notes at the beginning, and at half of the bars that are asked for."""
    made = answer("--motif", str(tune_file), "--bars", "10")
    first, again = ([n.pitch for n in made.notes if a <= n.onset < a + 288] for a in (48, 48 + 360))
    assert first == again
    assert made.notes[0].onset == 48


def test_a_file_without_notes_is_named(command, model, tmp_path):
    """And one that is not there."""
    ended = command("generate", "-m", str(model), "--rhythm", str(tmp_path / "none.mid"))
    assert ended.status != 0
    assert "none.mid" in ended.err
    assert options_of(rhythm="1/4").rhythm == "1/4"
