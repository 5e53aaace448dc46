"""Nothing in the working folder is ever run, and nothing in it is taken for a model or a corpus that ships."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import melodyrnn
from melodyrnn.checkpoint.file import find, shipped
from melodyrnn.corpus.prepared import is_prepared
from melodyrnn.errors import CheckpointError

ROOT = Path(__file__).parents[2]
PLANTED = (
    "json", "signal", "numpy", "music21", "socket", "pickle", "threading", "types", "multiprocessing", "selectors",
    "re", "zipfile", "struct", "os", "logging", "copy", "tempfile",
)  # fmt: skip
KERN = "**kern\n*M4/4\n*C:\n4c\n4d\n4e\n4f\n=\n4g\n4a\n4b\n4cc\n=\n1cc\n==\n*-\n"
BARS = ("CDEF|GABc|cBAG|FEDC|", "EFGA|Bcde|dcBA|GFED|", "c2BA|G2FE|D2EF|G4|", "GECE|FDBD|ECGE|C4|", "AcBd|ceA2|BGAF|E4")
COMMANDS = (
    ("inspect", "tunes/0.krn"),
    ("corpus", "check", "tunes"),
    ("corpus", "list"),
    ("corpus", "build", "kinder"),
    ("corpus", "prepare", "tunes", "-o", "prepared"),
    ("corpus", "prepare", "tunes", "--shard", "1/2", "-o", "one"),
    ("corpus", "prepare", "tunes", "--shard", "2/2", "-o", "two"),
    ("corpus", "merge", "one", "two", "-o", "merged"),
    ("train", "tunes", "-o", "mine.safetensors", "--hidden", "8", "--epochs", "1"),
    ("generate", "-o", "tune.mid"),
    ("generate", "-n", "200", "-o", "out/"),
    ("generate", "--best", "2", "--of", "60", "-o", "best/"),
    ("generate", "--prime", "tunes/0.krn", "-o", "on.mid"),
    ("infill", "tune.mid", "--bars", "3", "-o", "filled.mid"),
    ("vary", "tune.mid", "-o", "varied.mid"),
    ("score", "tunes/0.krn"),
    ("originality", "tune.mid"),
    ("reproduce", "tune.mid", "-o", "again.mid"),
    ("evaluate", "folk", "tunes"),
    ("evaluate", "folk", "tunes", "--statistics", "--samples", "10"),
    ("memory", "--corpus", "tunes", "--hidden", "8", "--epochs", "1", "--notes", "3"),
    ("evaluate", "--cross-validate", "2", "tunes", "--hidden", "8", "--epochs", "1", "--jobs", "2"),
)


@pytest.fixture
def planted(tmp_path):
    """A folder of tunes in which every module that a child might import lies as a trap."""
    room = tmp_path / "room"
    (room / "tunes").mkdir(parents=True)
    for name in PLANTED:
        (room / f"{name}.py").write_text(f"open({str(tmp_path / 'PWNED')!r}, 'a').write({name!r} + '\\n')\n")
    for number, bars in enumerate(BARS):
        (room / "tunes" / f"{number}.abc").write_text(f"X:1\nT:{number}\nM:4/4\nL:1/4\nK:C\n{bars}\n")
    (room / "tunes" / "0.krn").write_text(KERN)
    return room


@pytest.mark.slow
def test_nothing_in_the_working_folder_is_run(planted, tmp_path):
    """Every command does its work beside seventeen modules of Python's own names, and none of them runs."""
    script = tmp_path / "bin" / "melodyrnn"  # as pip writes it: what lies beside it is on the path, the folder is not
    script.parent.mkdir()
    script.write_text("from melodyrnn.cli import main\nif __name__ == '__main__':\n    main()\n")
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    for arguments in COMMANDS:
        done = subprocess.run(
            [sys.executable, str(script), *arguments], cwd=planted, env=environ, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        ran = (tmp_path / "PWNED").read_text() if (tmp_path / "PWNED").exists() else ""
        assert (ran, done.returncode) == ("", 0), f"{arguments}: {done.stderr}"
        assert "crash" not in done.stdout + done.stderr
    assert len(list((planted / "out").iterdir())) == 200


def test_spawned_processes_look_nowhere_near(planted, tmp_path):
    """Composing in processes from an interactive Python, whose path names the current folder, runs nothing there."""
    code = (
        "import sys, os\n"
        "import melodyrnn\n"
        "from melodyrnn.compose.parallel import compose_many\n"
        "model = melodyrnn.load_model('folk')\n"
        "def work():\n"
        "    made = list(compose_many(model, melodyrnn.Options(bars=2), 4, jobs=2))\n"
        f"    return made, melodyrnn.read_one({str(planted / 'tunes' / '0.krn')!r})\n"
        "work()  # what this process itself still had to import\n"
        f"os.chdir({str(planted)!r})\n"
        "sys.path.insert(0, '')\n"
        "made, read = work()\n"
        "print(len(made), len(read.notes), sys.path[0] == '', 'PYTHONSAFEPATH' in os.environ)\n"
    )
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env={**environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert not (tmp_path / "PWNED").exists()
    assert done.stdout == "4 9 True False\n", done.stderr


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_bare_name_is_a_model_that_ships(command, kind):
    """What is called `folk` in the working folder is not the model, whatever it is; ./folk is what lies there."""
    here = Path("folk")
    if kind == "file":
        here.write_bytes(b"no model")
    else:
        here.mkdir()
    assert find("folk") == shipped()["folk"]
    assert command("generate", "-q", "-o", "tune.mid").status == 0
    assert command("inspect", "folk").status == 0
    refused = command("generate", "-m", "./folk", "-o", "other.mid")
    assert refused.status == 1
    assert refused.err.startswith("melodyrnn: error: ./folk: is not")


def test_a_bare_name_that_does_not_ship_says_how_to_write_the_file(tmp_path, monkeypatch):
    """The message tells which was meant, and how the other is written."""
    monkeypatch.chdir(tmp_path)
    Path("mine").write_bytes(shipped()["folk"].read_bytes())
    told = r"^mine: no model of this name ships \(there is folk, songs\); for the file of this folder write \./mine$"
    with pytest.raises(CheckpointError, match=told):
        find("mine")
    assert melodyrnn.load_model("./mine").checkpoint.digest == melodyrnn.load_model("folk").checkpoint.digest


def test_a_folder_called_like_a_corpus_is_not_that_corpus(command):
    """`kinder` is the built-in corpus though a prepared one of that name lies here."""
    Path("tunes").mkdir()
    for number, bars in enumerate(BARS):
        Path("tunes", f"{number}.abc").write_text(f"X:1\nM:4/4\nL:1/4\nK:C\n{bars}\n")
    assert command("corpus", "prepare", "tunes", "-o", "chorales").status == 0
    assert is_prepared("./chorales")
    assert not is_prepared("chorales")


@pytest.mark.parametrize(
    "words",
    [("inspect", "x.mid"), ("generate", "-m", "./mine.safetensors"), ("generate", "--prime", "x.mid"),
     ("corpus", "check", "t"), ("reproduce", "x.mid"), ("generate", "--bars", "2", "-o", "t.mid"),
     ("memory", "--corpus", "tunes")],
)  # fmt: skip
def test_a_working_folder_that_is_gone_is_called_that(words, tmp_path):
    """Whatever is not found for that reason."""
    room = tmp_path / "gone"
    room.mkdir()
    call = f"import os, sys; os.rmdir({str(room)!r}); from melodyrnn.cli import main; sys.argv[1:] = {words!r}; main()"
    told = {"cwd": room, "env": os.environ | {"PYTHONPATH": str(ROOT)}, "capture_output": True, "text": True}
    ended = subprocess.run([sys.executable, "-P", "-c", call], check=False, **told)
    assert ended.returncode == 1
    assert ended.stderr.endswith("the working folder is gone; change to another\n")
    assert ended.stderr.count("\n") == 1
