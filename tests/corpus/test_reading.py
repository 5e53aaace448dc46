"""Files read in parallel and in isolation."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from melodyrnn.corpus.reading import Limits, _Child, read_files, read_one
from melodyrnn.corpus.sources import Outcome, Source, find_files, source_of, suffix_of
from melodyrnn.corpus.worker import read_source
from melodyrnn.errors import REASONS, CorpusError, Unreadable
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Note

ABC = "X:1\nT:{}\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|\n"
SPINES = "**kern\n" + "".join("\t".join(["*^"] * 2**n) + "\n" for n in range(20))  # a million columns
LONG = "**kern\n*M4/4\n" + "=\n4c\n4d\n4e\n4f\n" * 3000 + "*-\n"  # four seconds of music21


SLOW = """
import time
import melodyrnn.formats.midi.container as container
import melodyrnn.formats.notation.music21_reader as notation

fetch, read_score = container.read_bytes_of, notation.read_score

def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass

def slow_fetch(path, name):
    if "wait" in name:
        time.sleep(1.5)
    return fetch(path, name)

def slow_read(data, *, name, **more):
    if "burn" in name:
        burn(0.4)
    if "stand" in name:
        time.sleep(100_000)
    if "stuck" in name:
        sum(range(10**13))  # no signal is heard in there
    return read_score(data, name=name, **more)

container.read_bytes_of, notation.read_score = slow_fetch, slow_read
"""


@pytest.fixture
def slow(tmp_path, monkeypatch):
    """A function: names of ABC files → the outcomes of children that read some of them slowly, told by their names."""
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "sitecustomize.py").write_text(SLOW)
    monkeypatch.syspath_prepend(tmp_path / "path")

    def read(*names, timeout):
        for name in names:
            (tmp_path / f"{name}.abc").write_text(ABC.format(name))
        return list(read_many([tmp_path / f"{name}.abc" for name in names], jobs=1, timeout=timeout))

    return read


@pytest.fixture
def folder(tmp_path):
    """Twelve good tunes, and of each bad kind one."""
    for n in range(12):
        (tmp_path / f"{n:02}.abc").write_text(ABC.format(n))
    (tmp_path / "20.abc").mkdir()
    (tmp_path / "21.abc").symlink_to(tmp_path / "21.abc")
    (tmp_path / "22.abc").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "23.mid")
    (tmp_path / "24.mid").touch()
    (tmp_path / "25.mid").write_bytes(b"\xff\xd8\xff\xe0 a picture")
    (tmp_path / "26.abc").write_text("no tune")
    (tmp_path / "27.mxl").write_bytes(b"PK\x03\x04")
    (tmp_path / "28.txt").write_text("never looked at")
    return tmp_path


def read_many(items, *, jobs=None, **limits):
    """The outcome of every tune of some files, in order."""
    return (outcome for _, found in read_files(items, jobs=jobs, limits=Limits(**limits)) for outcome in found)


def summary(outcomes):
    """Name, title or reason."""
    return [(o.name.rpartition("/")[2], o.melody.title if o.melody else o.reason) for o in outcomes]


def test_good_and_bad_files_in_order_whatever_the_jobs(folder):
    """Each bad file costs itself and nothing else, under its reason; order does not depend on the jobs."""
    expected = [(f"{n:02}.abc", str(n)) for n in range(12)] + [
        ("20.abc", "special"), ("21.abc", "special"), ("22.abc", "special"), ("23.mid", "special"),
        ("24.mid", "empty"), ("25.mid", "not-midi"), ("26.abc", "not-notation"), ("27.mxl", "cut-short"),
    ]  # fmt: skip
    for jobs in (1, 3):
        assert summary(read_many(find_files(folder), jobs=jobs)) == expected


def test_a_file_of_no_known_kind_is_refused_in_its_place(folder):
    """A suffix that nothing reads is a refusal too."""
    found = summary(read_many([folder / "00.abc", folder / "28.txt", folder / "missing.abc"], jobs=1))
    assert found == [("00.abc", "0"), ("28.txt", "not-notation"), ("missing.abc", "missing")]


def test_a_stuck_file_is_given_up(tmp_path):
    """A score on which music21 chews too long ends with `timeout`; what it could not swallow is refused before."""
    (tmp_path / "a.krn").write_text(LONG)
    (tmp_path / "b.abc").write_text(ABC.format("b"))
    (tmp_path / "c.krn").write_text(SPINES)
    found = summary(read_many(find_files(tmp_path), jobs=1, timeout=1.0, memory_mb=1000))
    assert found == [("a.krn", "timeout"), ("b.abc", "b"), ("c.krn", "too-large")]


def test_only_the_work_on_a_tune_is_counted(slow):
    """What waits longer than allowed, for a disk or for the processor, is read; a limit is a file's, not a child's."""
    names = ("wait", *(f"burn{n}" for n in range(3)))
    assert [outcome.reason for outcome in slow(*names, timeout=0.8)] == [""] * 4


def test_importing_a_reader_is_no_work_on_a_score(tmp_path):
    """The first score of a child waits for music21, which takes longer than most scores."""
    (tmp_path / "a.krn").write_text("**kern\n*M4/4\n" + "4c\n4d\n4e\n4f\n=\n" * 4 + "*-\n")
    code = "import time; t = time.process_time(); import music21.converter; print(time.process_time() - t)"
    importing = float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    (outcome,) = read_many([tmp_path / "a.krn"], jobs=1, timeout=importing / 2)
    assert outcome.reason == ""


@pytest.mark.slow
def test_a_reader_that_hears_no_alarm_is_ended(slow, monkeypatch):
    """Stuck outside Python: the system ends it by its processor time, and the next file is read."""
    first, second, third = slow("a", "stuck", "b", timeout=0.5)
    assert (first.reason, second.reason, third.reason) == ("", "timeout", "")
    assert "0.5 s of the processor" in str(second.error)


def test_a_reader_that_stands_still_is_given_up(slow, monkeypatch):
    """One that does nothing at all is ended from outside, by the clock."""
    monkeypatch.setattr("melodyrnn.corpus.reading._PATIENCE", 0.5)
    (outcome,) = slow("stand", timeout=0.01)
    assert (outcome.reason, outcome.detail) == ("timeout", "its reader stood still")


def test_a_dead_child_costs_the_file_in_work(folder):
    """What was being read when the reader died is refused as `crash`."""
    child = _Child(Limits())
    child.process.kill()
    child.process.wait()
    ((outcome,),) = child.read([Source("x", folder / "00.abc", "abc")], Limits())
    child.end()
    assert (outcome.name, outcome.reason) == ("x", "crash")


def test_closing_early_ends_the_children(folder):
    """Who stops half way leaves no process behind."""
    files = read_files([folder / "00.abc"] * 200, jobs=2)
    next(files)
    files.close()
    children = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "args="], capture_output=True, text=True, check=False
    ).stdout
    assert "melodyrnn.corpus.worker" not in children


# The first ring may fall into a destructor, which swallows it with a warning; the alarm rings again.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_alarm_rings_in_the_reader(tmp_path):
    """A tune that takes longer than allowed is refused in the process that reads it."""
    (tmp_path / "a.abc").write_text("X:1\nL:1/4\nK:C\n" + "CDEF GABc|" * 20000)
    (outcome,) = read_source(source_of(tmp_path / "a.abc"), timeout=0.05)
    assert outcome.reason == "timeout"


def test_read_one(folder):
    """One file: a melody, or the error with its reason."""
    assert read_one(folder / "03.abc").title == "3"
    with pytest.raises(Unreadable) as caught:
        read_one(folder / "27.mxl")
    assert caught.value.reason == "cut-short"


def test_midi_in_riff_is_read_from_folders_too(tmp_path):
    """.rmi is a kind of its own name: alone, in a folder, in capitals."""
    melody = Melody((Note(0, 24, 60), Note(24, 24, 64)))
    data = midi_bytes(melody)
    wrapped = b"RIFF" + (len(data) + 12).to_bytes(4, "little") + b"RMIDdata" + len(data).to_bytes(4, "little") + data
    for name in ("a.rmi", "B.RMI"):
        (tmp_path / name).write_bytes(wrapped + b"\0")
    assert [note.pitch for note in read_one(tmp_path / "a.rmi").notes] == [60, 64]
    assert sorted(Path(name).name for name in find_files(tmp_path)) == ["B.RMI", "a.rmi"]


def test_a_collection_gives_many_outcomes(tmp_path):
    """One ABC file, three tunes, one of them empty."""
    (tmp_path / "c.abc").write_text("\n".join(ABC.format(n).replace("X:1", f"X:{n}") for n in (1, 2)) + "\nX:3\nK:C\n")
    assert summary(read_many([tmp_path / "c.abc"])) == [("c.abc:1", "1"), ("c.abc:2", "2"), ("c.abc:3", "no-notes")]


@pytest.mark.parametrize("name", ["a.MID", ".mid", "..mid", "a.", "a", "a.b.Krn", "a..", ".a.abc"])
def test_suffixes_are_those_of_pathlib(name):
    """Looked up without a path, for there are many."""
    assert suffix_of(name) == Path(name).suffix.lower()


def test_walking_does_not_go_in_circles(tmp_path):
    """A link to a folder above is not entered; hidden folders are left alone; order is by name."""
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / "b" / "c" / "up").symlink_to(tmp_path)
    for name in ("z.MID", "a.abc", "b/c/x.krn", ".git/y.abc", "b/n.txt"):
        (tmp_path / name).touch()
    assert [Path(p).relative_to(tmp_path).as_posix() for p in find_files(tmp_path)] == ["a.abc", "b/c/x.krn", "z.MID"]


def test_a_folder_that_is_none():
    """The message names it."""
    with pytest.raises(CorpusError, match="nowhere"):
        list(find_files(Path("/nowhere")))


def test_an_outcome_travels_as_json():
    """Law: both kinds come back whole; a damaged one is refused."""
    good = Outcome("a", Melody((Note(0, 24, 60),), key=Key(0)), warnings=("w",), track="t")
    bad = Outcome("b", reason="empty", detail="d")
    assert [Outcome.from_json(o.to_json()) for o in (good, bad)] == [good, bad]
    for damaged in ([], {"name": "x"}, {"name": "x", "reason": "magic"}, good.to_json() | {"reason": "empty"}):
        with pytest.raises(CorpusError):
            Outcome.from_json(damaged)
    assert bad.error.reason in REASONS


def test_names_that_are_no_text(tmp_path):
    """A file name of any bytes is read."""
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n.abc")
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(ABC.format("odd"))
    (outcome,) = read_many(find_files(tmp_path), jobs=1)
    assert outcome.melody.title == "odd"


def test_reading_midi_and_abc_does_not_import_music21(folder):
    """Only scores pay for music21."""
    code = (
        "import sys; from pathlib import Path; from melodyrnn.corpus.reading import read_one\n"
        f"read_one(Path({str(folder)!r}) / '00.abc'); sys.exit('music21' in sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], check=False, env=environment).returncode == 0
