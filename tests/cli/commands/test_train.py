"""melodyrnn train: from a folder to a model, however often it is interrupted."""

from __future__ import annotations

import json
import os
import random
import shlex
import signal
from pathlib import Path

import pytest

from melodyrnn.checkpoint.file import load
from melodyrnn.cli.io import ExitStatus
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Note
from melodyrnn.training.state import write_state

SMALL = ("tunes", "-o", "m.safetensors", "--hidden", 8, "--epochs", 2)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Twenty short tunes, and a cache of their own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "tunes"
    path.mkdir()
    for k in range(20):
        chance = random.Random(k)  # noqa: S311 - tunes, not secrets
        notes = tuple(Note(24 * i, 24, 60 + chance.choice(Key(0).scale)) for i in range(16))
        (path / f"{k:02d}.mid").write_bytes(midi_bytes(Melody(notes, key=Key(0))))
    return path


def files():
    """Names in the current folder beside the corpus and its cache."""
    return sorted(path.name for path in Path().iterdir() if path.name not in {"tunes", "cache"})


def test_a_folder_becomes_a_model(command, folder):
    """Plain lines on stderr, nothing on stdout, one file that composes; the card knows how it was made."""
    ended = command("train", *SMALL)
    assert (ended.status, ended.data) == (0, b"")
    lines = ended.err.splitlines()
    assert lines[0].startswith("20 melodies, 320 notes (")
    assert lines[1] == "20 melodies: --from folk would start from what the shipped model knows"
    assert lines[2].startswith("counting alone reaches unigram ")
    assert lines[4].startswith("epoch 1: training ")
    assert " notes/s" in lines[5]
    assert lines[-1].startswith("m.safetensors: test melodies ")
    assert files() == ["m.safetensors"]
    card = load(Path("m.safetensors")).card
    assert card.recipe == "melodyrnn train tunes --seed 0 --hidden 8 --epochs 2 -o FILE"
    assert (card.corpora, card.program) == (("tunes",), "0.3.0")
    assert command("generate", "-m", "m.safetensors", "-o", "x.mid").status == 0
    again = command("train", *SMALL)
    text = "melodyrnn: error: m.safetensors: already there; choose another name, or --force to replace it\n"
    assert (again.status, again.err) == (1, text)


def test_what_is_not_held_out_is_not_called_best(command, folder):
    """One tune is learnt from, none is left to judge by: no epoch is said to be the best."""
    for path in sorted(folder.iterdir())[1:]:
        path.unlink()
    lines = [line for line in command("train", *SMALL).err.splitlines() if line.startswith("epoch ")]
    assert len(lines) == 2
    assert all("nothing held out" in line and "best" not in line for line in lines)


def test_json_tells_the_same_events(command, folder):
    """--json: one object an event, no NaN, nothing but JSON on stdout."""
    ended = command("train", *SMALL, "--json", "-q")
    events = [json.loads(line) for line in ended.out.splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds == ["prepared", "floor", "started", "evaluated", "evaluated", "finished", "made"]
    assert events[3]["heldout"]["total"] > 0
    assert ended.err == ""


def test_stopped_and_resumed_is_as_if_never_stopped(command, folder, monkeypatch):
    """The first signal saves the state and gives 130; --resume ends with the bytes of the uninterrupted run."""
    from melodyrnn.cli.runs.models.train_run import Stop  # noqa: PLC0415

    assert command("train", *SMALL).status == 0
    whole = Path("m.safetensors").read_bytes()
    Path("m.safetensors").unlink()

    with monkeypatch.context() as patched:
        patched.setattr(Stop, "__call__", lambda stop: setattr(stop, "status", ExitStatus.INTERRUPTED) or True)
        stopped = command("train", *SMALL)
    assert stopped.status == ExitStatus.INTERRUPTED
    last = "the state is safe in m.safetensors.state: --resume goes on from it"
    assert stopped.err.splitlines()[-1] == f"stopped after step 1; {last}"
    assert files() == ["m.safetensors.state"]

    refused = command("train", *SMALL)
    text = "m.safetensors.state: an unfinished run; --resume goes on from it, --force starts afresh"
    assert (refused.status, refused.err) == (1, f"melodyrnn: error: {text}\n")

    assert command("train", *SMALL, "--resume").status == 0
    assert Path("m.safetensors").read_bytes() == whole
    assert files() == ["m.safetensors"]


def test_a_terminal_shows_a_live_picture(command, folder):
    """On a terminal: progress, bits and a melody; names are never read as markup."""
    folder.rename(folder.parent / "[bold]x")
    Path("[").mkdir()
    ended = command(
        "train", "[bold]x", "-o", "[/red].safetensors", "--hidden", 8, "--epochs", 1,
        err_terminal=True, environ={"TERM": "xterm", "NO_COLOR": "1"},
    )  # fmt: skip
    assert ended.status == 0
    assert "[/red].safetensors" in ended.err
    assert "100%" in ended.err
    assert "bits per note" in ended.err
    assert "■" in ended.err


def test_bad_files_are_counted_and_strict_refuses_them(command, folder):
    """Three bad files of many: a warning with reasons, status 0; with --strict status 1."""
    for k in range(3):
        (folder / f"bad{k}.mid").write_bytes(b"x" * 20)
    strict = command("train", *SMALL, "--strict")
    assert strict.status == 1
    reasons = "3 of 23 tunes refused: 3 not-midi"
    assert strict.err.splitlines()[-1] == f"melodyrnn: error: {reasons}; --strict allows none"
    assert files() == []
    lenient = command("train", *SMALL)
    assert lenient.status == 0
    assert f"melodyrnn: warning: {reasons}; `melodyrnn corpus check` tells more\n" in lenient.err


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (["nix", "-o", "m.safetensors"], 1, "nix: neither a folder nor a built-in corpus ("),
        (["tunes", "-o", "no/m.safetensors"], 1, "no/m.safetensors: there is no folder "),
        (["tunes", "-o", "tunes"], 1, "tunes: a folder; name a file in it\n"),
        (["tunes", "-o", "m.safetensors", "--cell", "cnn"], 2, "--cell: cnn: must be one of rnn, gru, lstm\n"),
        (
            ["tunes", "-o", "m.safetensors", "--set", "wheels=4"],
            2,
            "--set: wheels is not a field of the recipe;",
        ),
        (["tunes", "-o", "m.safetensors", "--set", "rate"], 2, "--set: 'rate': write rate=NUMBER\n"),
        (["tunes", "-o", "m.safetensors", "--from", "nix"], 1, "nix: no model of this name ships"),
        (["tunes"], 2, "Missing option '-o' / '--output' (see melodyrnn train --help)\n"),
    ],
)
def test_what_cannot_work_is_told_at_once(command, folder, arguments, status, text):
    """Before any training: one line, nothing written."""
    ended = command("train", *arguments)
    assert (ended.status, ended.data) == (status, b"")
    assert ended.err.startswith(f"melodyrnn: error: {text}")
    assert ended.err.count("\n") == 1
    assert files() == []


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("phase", ["baselines", "_fingerprints"])
def test_a_signal_before_or_after_training_is_obeyed_at_once(command, folder, monkeypatch, phase, number, status):
    """While tables are counted or the model is made, nothing waits; what was learnt is safe and goes on from there."""

    def slow(*_values):
        os.kill(os.getpid(), number)
        pytest.fail("it went on")

    with monkeypatch.context() as patch:
        patch.setattr(f"melodyrnn.training.pipeline.{phase}", slow)
        ended = command("train", *SMALL)
    assert ended.status == status
    last = ended.err.splitlines()[-1]
    if phase == "baselines":
        assert last == f"melodyrnn: error: {'interrupted' if status == 130 else 'terminated'}"
        assert files() == []
    else:
        assert last == "stopped; the state is safe in m.safetensors.state: --resume goes on from it"
        assert files() == ["m.safetensors.state"]
        assert command("train", *SMALL, "--resume").status == 0
        assert files() == ["m.safetensors"]


def test_a_signal_in_the_last_epoch_keeps_its_state(command, folder, monkeypatch):
    """Asked to stop while the last state is written, the run does not begin to make the model."""
    true, states = write_state, []

    def slow(path, state):
        states.append(state.place.epoch)
        true(path, state)
        if state.place.epoch == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr("melodyrnn.training.trainer.write_state", slow)
        ended = command("train", *SMALL)
    assert (ended.status, states) == (130, [1, 2])
    assert ended.err.endswith("stopped; the state is safe in m.safetensors.state: --resume goes on from it\n")
    assert files() == ["m.safetensors.state"]


def test_a_finished_model_is_not_taken_for_another(command, folder):
    """--resume on a model that other options made is refused, with what made it."""
    assert command("train", *SMALL).status == 0
    before = Path("m.safetensors").read_bytes()
    again = command("train", *SMALL, "--resume")
    assert (again.status, again.err) == (0, "m.safetensors: finished already; --force trains it anew\n")
    other = command("train", *SMALL, "--seed", 9, "--resume")
    assert other.status == 1
    assert other.err.startswith("melodyrnn: error: m.safetensors: finished already, by melodyrnn train tunes ")
    assert Path("m.safetensors").read_bytes() == before


def test_a_state_says_what_it_was_begun_with(command, folder, monkeypatch):
    """Resumed with other options: refused, and the options that differ are named."""
    from melodyrnn.cli.runs.models.train_run import Stop  # noqa: PLC0415

    with monkeypatch.context() as patched:
        patched.setattr(Stop, "__call__", lambda stop: setattr(stop, "status", ExitStatus.INTERRUPTED) or True)
        assert command("train", *SMALL, "--set", "clip=2").status == ExitStatus.INTERRUPTED
    refused = command("train", *SMALL, "--resume")
    text = "m.safetensors.state: belongs to another recipe (clip 2.0, not 1.0); give the same options, or start afresh"
    assert (refused.status, refused.err.splitlines()[-1]) == (1, f"melodyrnn: error: {text}")


def test_a_prepared_corpus_keeps_its_division(command, folder):
    """Another seed is that of the training alone, and said so; a track is refused; evaluate finds the same parts."""
    assert command("corpus", "prepare", "tunes", "-o", "p", "--seed", 4).status == 0
    small = ["p", *SMALL[1:]]
    assert command("train", *small, "--track", 2).err.endswith(
        "--track: p is prepared already: give it to corpus prepare\n"
    )
    ended = command("train", *small)
    assert "warning: p was divided with seed 4 when it was prepared, and stays so\n" in ended.err
    told = load("m.safetensors").card.bits["total"]
    judged = json.loads(command("evaluate", "m.safetensors", "--part", "test", "--json").out.splitlines()[0])
    assert judged["bits"]["total"] == pytest.approx(told, abs=2e-3)  # weights are kept in 16 bits


def test_a_model_is_judged_on_its_own_test_part(command, folder):
    """Without --seed evaluate divides as the training did, whatever its seed was."""
    assert command("train", *SMALL, "--seed", 3).status == 0
    told = load("m.safetensors").card.bits["total"]
    own, other = (
        json.loads(command("evaluate", "m.safetensors", "--part", "test", "--json", *seed).out.splitlines()[0])
        for seed in ((), ("--seed", 0))
    )
    assert own["bits"]["total"] == pytest.approx(told, abs=2e-3)
    assert other["bits"]["total"] != own["bits"]["total"]
    Path("tunes").rename("elsewhere")
    lost = command("evaluate", "m.safetensors", "--part", "test")
    assert lost.err.endswith("PATH: the model was trained on tunes, not found here: say where it lies\n")


def test_the_command_on_the_card_makes_the_model_again(command, folder):
    """Settings, the track and flags are told so that they can be given again; the bytes are the same."""
    asked = (
        "--epochs",
        1,
        "--set",
        "drop_state=0.25",
        "--set",
        "longest=50",
        "--hidden",
        8,
        "--precision",
        "fp32",
        "--strict",
    )
    assert command("train", "tunes", *asked, "--track", "1", "-o", "m.safetensors").status == 0
    told = load(Path("m.safetensors")).card.recipe
    assert told == (
        "melodyrnn train tunes --seed 0 --hidden 8 --track 1 --precision fp32 --epochs 1 --set drop_state=0.25 "
        "--set longest=50 --strict -o FILE"
    )
    again = shlex.split(told)[1:-1]
    assert command(*again, "again.safetensors").status == 0
    assert Path("again.safetensors").read_bytes() == Path("m.safetensors").read_bytes()
    other = command("train", "tunes", *asked, "--track", "Melody", "-o", "m.safetensors", "--resume")
    assert other.status == 1
    assert "m.safetensors: finished already, by melodyrnn train tunes" in other.err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--epochs", 1, "--set", "epochs=2"), "--set: epochs is given twice"),
        (("--set", "drop_head=0.2", "--set", "drop_head=0.3"), "--set: drop_head is given twice"),
        (("-o", "-"), "-o: a model is a file; name one, such as mine.safetensors"),
        (("--seed", -1), "Invalid value for '--seed': -1 is less than 0 (see melodyrnn train --help)"),
        (
            ("--seed", 2**64),
            f"Invalid value for '--seed': {2**64} is more than {2**53 - 1} (see melodyrnn train --help)",
        ),
        (
            ["--set", "hold=1"],
            "--set: hold is for a model that is fine-tuned; name its base with --from",
        ),
    ],
)
def test_what_contradicts_itself_is_refused(command, folder, arguments, text):
    """One line, status 2, nothing written."""
    ended = command("train", "tunes", *(() if "-o" in arguments else ("-o", "m.safetensors")), *arguments)
    assert (ended.status, ended.err) == (2, f"melodyrnn: error: {text}\n")
    assert files() == []
