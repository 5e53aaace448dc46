"""Replacing a folder: whatever moment a process dies at, a whole folder is there next time, and nothing else."""

from __future__ import annotations

import os

import pytest

from melodyrnn.corpus.prepare import prepare
from melodyrnn.corpus.prepared import open_prepared
from melodyrnn.corpus.replacing import growing, put, settle
from melodyrnn.corpus.sources import Outcome
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Note

CALLS = ("rename", "fsync", "mkdir", "unlink", "rmdir")


def dies_at(name, count, work):
    """Do some work in a child that ends, as if killed, just before or after a call of the system; whether it did."""
    child = os.fork()
    if not child:
        true, seen = getattr(os, name), [0]

        def deadly(*values, **more):
            seen[0] += 1
            if seen[0] == (count + 1) // 2 and count % 2:
                os._exit(9)
            result = true(*values, **more)
            if seen[0] == count // 2:
                os._exit(9)
            return result

        setattr(os, name, deadly)
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def write(target, text):
    """Put a folder of three files that hold a text in place."""
    with growing(target) as part:
        for name in "abc":
            (part / name).write_text(text)
        put(part, target)


@pytest.mark.parametrize("name", CALLS)
def test_killed_at_every_call_the_folder_is_whole(tmp_path, name):
    """Killed before or after each rename, fsync, mkdir and removal: old or new, never both, halves or nothing."""
    deaths = alive = count = 0
    while alive < 3:  # calls that fail end nobody after them
        count += 1
        home = tmp_path / f"{count}"
        home.mkdir()
        write(home / "f", "old")
        if not dies_at(name, count, lambda to=home / "f": write(to, "new")):
            alive += 1
            continue
        deaths += 1
        settle(home / "f")
        assert [p.name for p in home.iterdir()] == ["f"]
        assert {p.read_text() for p in (home / "f").iterdir()} in ({"old"}, {"new"})
        assert len(list((home / "f").iterdir())) == 3
    assert deaths >= 2


def tunes(count):
    """Outcomes of reading."""
    return [
        Outcome(f"{k}", Melody(tuple(Note(24 * i, 24, 60 + (i * (k + 1)) % 12) for i in range(9)), key=Key(0)))
        for k in range(count)
    ]


def test_a_prepared_corpus_survives_death_between_the_renames(tmp_path):
    """Killed while the older one stands aside: whoever opens or prepares it next finds it; nothing lies beside it."""
    target = tmp_path / "p"
    prepare(tunes(3), target)
    assert dies_at("rename", 2, lambda: prepare(tunes(5), target))  # after the first of the two
    assert not target.exists()
    assert len(open_prepared(target)) == 3
    assert dies_at("rename", 2, lambda: prepare(tunes(5), target))
    assert len(prepare(tunes(4), target)) == 4
    assert [p.name for p in tmp_path.iterdir()] == ["p"]


def test_what_is_in_use_is_left_alone(tmp_path):
    """A folder that grows, or stands aside in a living process, is nobody else's to remove or to move back."""
    target = tmp_path / "f"
    with growing(target) as part:
        settle(target)
        with growing(target) as other:
            assert sorted(tmp_path.iterdir()) == sorted([part, other])
    assert not list(tmp_path.iterdir())
    (tmp_path / ".f.12345678.old.txt").mkdir()
    (tmp_path / ".f.12345678.old").symlink_to(tmp_path)
    settle(target)
    assert sorted(p.name for p in tmp_path.iterdir()) == [".f.12345678.old", ".f.12345678.old.txt"]


def test_a_rename_that_fails_leaves_the_older_folder(tmp_path, monkeypatch):
    """What cannot be put in place is an error, and what was there stays."""
    write(tmp_path / "f", "old")
    with growing(tmp_path / "f") as part:
        (part / "a").write_text("new")
        true = type(part).rename

        def rename(path, to):
            if path == part:
                raise OSError(28, "no room")
            return true(path, to)

        monkeypatch.setattr(type(part), "rename", rename)
        with pytest.raises(OSError, match="no room"):
            put(part, tmp_path / "f")
    assert [(p.name, (p / "a").read_text()) for p in tmp_path.iterdir()] == [("f", "old")]
