"""--best that was stopped: its candidates are kept, and the same command goes on to the same files."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from melodyrnn.cli.runs import generate_run
from melodyrnn.cli.runs.compose_run import MelodyWriter
from melodyrnn.compose import ranking


def contents(folder):
    """Every file of a folder."""
    return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


@pytest.fixture
def composed(monkeypatch):
    """A list of the numbers that are asked for; Ctrl-C comes behind `most` melodies of a run."""

    class Composed(list):
        most = 999

    asked, compose = Composed(), generate_run.compose_many

    def counted(*arguments, which, **more):
        asked.append([*which])
        yield from islice(compose(*arguments, which=which, **more), asked.most)
        if len(which) > asked.most:
            raise KeyboardInterrupt

    monkeypatch.setattr(generate_run, "compose_many", counted)
    return asked


def best(model, folder, *more, keep=3):
    """Arguments for the best of twelve."""
    return ("generate", "-m", model, "--best", keep, "--of", 12, "--bars", 2, "-o", folder, *more)


@pytest.mark.parametrize(("folder", "more"), [("out/", ()), ("out/", ("--format", "abc")), ("one.mid", ())])
def test_candidates_are_kept(command, model, composed, folder, more):
    """Five of twelve are not composed again; files are those of an unbroken run, and no state is left."""
    keep = 3 if folder == "out/" else 1
    whole = {"out/": "whole/", "one.mid": "whole.mid"}[folder]
    first = command(*best(model, whole, "--seed", 3, *more, keep=keep))
    assert first.status == 0
    composed.most = 5
    ended = command(*best(model, folder, "--seed", 3, *more, keep=keep))
    state = Path("out/candidates.state" if folder == "out/" else "one.mid.state")
    assert ended.status == 130
    assert f"{state}: 5 of 12 candidates are there; the same command goes on\n" in ended.err
    composed.most = 999
    ended = command(*best(model, folder, "--seed", 3, *more, keep=keep))
    assert ended.status == 0
    assert composed[-1] == [*range(5, 12)]
    assert ended.err.startswith(f"{state}: 5 of 12 candidates are there already; going on with the other 7\n")
    assert not state.exists()
    if folder == "out/":
        assert contents("out") == contents("whole")
    else:
        assert Path("one.mid").read_bytes() == Path("whole.mid").read_bytes()


def test_stopped_while_writing(command, model, composed, monkeypatch):
    """The first file stands and is not written again; nothing is composed again."""
    assert command(*best(model, "whole/", "--seed", 3)).status == 0
    write = MelodyWriter.write

    def second(self, position, made, more=None):
        if position:
            raise KeyboardInterrupt
        write(self, position, made, more)

    monkeypatch.setattr(MelodyWriter, "write", second)
    assert command(*best(model, "out/", "--seed", 3)).status == 130
    monkeypatch.setattr(MelodyWriter, "write", write)
    before = Path("out/melody-1.mid").stat().st_mtime_ns
    assert command(*best(model, "out/", "--seed", 3)).status == 0
    assert len(composed) == 2  # runs that have composed
    assert contents("out") == contents("whole")
    assert Path("out/melody-1.mid").stat().st_mtime_ns == before
    assert command(*best(model, "out/", "--seed", 3)).status == 1  # it has ended: as before


def test_a_drawn_seed_is_taken_again(command, model, composed):
    """It is told, and the same command without one goes on all the same."""
    composed.most = 4
    ended = command(*best(model, "out/"))
    seed = ended.err.split("the same command goes on with --seed ")[1].split("\n")[0]
    composed.most = 999
    assert command(*best(model, "out/")).status == 0
    assert composed[-1] == [*range(4, 12)]
    assert command(*best(model, "whole/", "--seed", seed)).status == 0
    assert contents("out") == contents("whole")


def test_another_request_begins_anew(command, model, composed):
    """Other options have no use for those candidates; a file that is there is refused before any is composed."""
    composed.most = 4
    assert command(*best(model, "out/", "--seed", 3)).status == 130
    composed.most = 999
    Path("out/melody-2.mid").write_bytes(b"mine")
    for more in (("--seed", 3), ("--seed", 3, "--scale", "C")):
        before = len(composed)
        ended = command(*best(model, "out/", *more))
        assert (ended.status, "out/melody-2.mid: already there" in ended.err) == (1, True)
        assert len(composed) == before
    Path("out/melody-2.mid").unlink()
    assert command(*best(model, "out/", "--seed", 3, "--scale", "C")).status == 0
    assert composed[-1] == [*range(12)]
    assert [*contents("out")] == ["melody-1.mid", "melody-2.mid", "melody-3.mid"]


def test_nothing_usable_leaves_nothing(command, model, monkeypatch):
    """Where every candidate is refused, neither a state nor a folder stays; the user's own folder does."""
    monkeypatch.setattr(ranking, "_unusable", lambda _melody: "silence")
    assert command(*best(model, "out/")).status == 1
    assert command(*best(model, "one.mid", keep=1)).status == 1
    assert not list(Path().iterdir())
    assert Path.cwd().is_dir()
