"""Corpora read once."""

import os
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from melodyrnn.corpus import cache
from melodyrnn.corpus import sources as catalogue
from melodyrnn.corpus.cache import load_corpus
from melodyrnn.corpus.worker import out_of_time
from melodyrnn.errors import CorpusError

ABC = "X:1\nT:{}\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|\n"


@pytest.fixture
def folder(tmp_path):
    """Three tunes, one of them bad."""
    (tmp_path / "music").mkdir()
    for name, text in (("a", ABC.format("a")), ("b", "nothing"), ("c", ABC.format("c"))):
        (tmp_path / "music" / f"{name}.abc").write_text(text)
    return tmp_path / "music"


@pytest.fixture
def read(monkeypatch, tmp_path):
    """Load a corpus; also say which files were read rather than known."""

    def load(corpus):
        seen = []

        def spy(items, **options):
            def noted():
                for item in items:
                    seen.append(Path(item.path).name)
                    yield item

            return original(noted(), **options)

        monkeypatch.setattr(cache, "read_files", spy)
        outcomes = list(load_corpus(corpus, cache_dir=tmp_path / "cache", jobs=1))
        return outcomes, seen

    original = cache.read_files
    return load


def test_the_second_time_nothing_is_read(folder, read):
    """Outcomes are the same, refusals included, in the same order."""
    first, seen = read(folder)
    assert seen == ["a.abc", "b.abc", "c.abc"]
    assert [o.reason for o in first] == ["", "not-notation", ""]
    assert read(folder) == (first, [])


def test_only_what_is_new_is_read(folder, read):
    """A new file and a changed one are read, in their places."""
    read(folder)
    (folder / "b.abc").write_text(ABC.format("b"))
    (folder / "bb.abc").write_text(ABC.format("bb"))
    outcomes, seen = read(folder)
    assert seen == ["b.abc", "bb.abc"]
    assert [o.melody.title for o in outcomes] == ["a", "b", "bb", "c"]


def test_a_moved_file_is_known_by_its_content(folder, read):
    """A copy under another name is not read again and has the new name."""
    read(folder)
    (folder / "a.abc").rename(folder / "x.abc")
    os.utime(folder / "x.abc", (1, 1))
    outcomes, seen = read(folder)
    assert seen == []
    assert outcomes[-1].name == str(folder / "x.abc")


def test_another_reader_reads_again(folder, read, monkeypatch):
    """The key holds the source code of the readers."""
    read(folder)
    monkeypatch.setattr(cache, "_recipe", lambda form: f"{form}-other")
    assert read(folder)[1] == ["a.abc", "b.abc", "c.abc"]


def test_passing_troubles_are_not_kept(folder, read):
    """A file that could not be opened is tried again."""
    (folder / "d.abc").symlink_to(folder / "nowhere")
    read(folder)
    outcomes, seen = read(folder)
    assert (seen, outcomes[-1].reason) == (["d.abc"], "special")


def test_a_file_refused_for_time_is_read_again(folder, read, tmp_path, monkeypatch):
    """What was too slow today is no property of the file."""
    with monkeypatch.context() as patch:
        patch.setattr(cache, "read_files", lambda items, **_: ((i, [out_of_time(i.name, 20)]) for i in items))
        refused = list(load_corpus(folder, cache_dir=tmp_path / "cache"))
    assert [outcome.reason for outcome in refused] == ["timeout"] * 3
    assert [outcome.reason for outcome in read(folder)[0]] == ["", "not-notation", ""]


@pytest.mark.parametrize("damage", ["file", "rows"])
def test_a_damaged_cache_is_no_error(folder, read, tmp_path, damage):
    """What cannot be understood is read from the files again."""
    first, _ = read(folder)
    path = tmp_path / "cache" / "readings.sqlite"
    if damage == "file":
        path.write_bytes(b"not a database, not a database, not a database")
    else:
        with sqlite3.connect(path) as database:
            database.execute("UPDATE outcomes SET data = ?", (b"\x00junk",))
        database.close()
    assert read(folder)[0] == first


def test_a_damaged_cache_that_cannot_be_thrown_away_is_no_error(folder, read, tmp_path, monkeypatch):
    """It is left where it lies, and the corpus is read all the same."""
    first, _ = read(folder)
    (tmp_path / "cache" / "readings.sqlite").write_bytes(b"not a database, not a database, not a database")

    def refuse(*_args, **_settings):
        raise PermissionError

    monkeypatch.setattr(Path, "unlink", refuse)
    assert read(folder)[0] == first


def test_a_cache_that_cannot_be_written(folder, tmp_path):
    """Without a cache the corpus is read all the same."""
    (tmp_path / "file").touch()
    outcomes = list(load_corpus(folder, cache_dir=tmp_path / "file" / "cache", jobs=1))
    assert [o.reason for o in outcomes] == ["", "not-notation", ""]


def test_a_single_collection(folder, read):
    """A file may stand where a folder may."""
    (folder / "both.abc").write_text(ABC.format(1) + "\n" + ABC.format(2).replace("X:1", "X:2"))
    assert [o.melody.title for o in read(folder / "both.abc")[0]] == ["1", "2"]


def test_neither_name_nor_folder():
    """The message lists the built-in names, at once."""
    with pytest.raises(CorpusError, match="kinder"):
        load_corpus("no such thing")


def test_kinder_is_what_its_description_says(read):
    """213 melodies, 8393 notes; the second time from the cache."""
    info = catalogue.describe_corpus("kinder")
    outcomes, _ = read("kinder")
    assert Counter(o.reason for o in outcomes) == {"": info.melodies}
    assert sum(len(o.melody.notes) for o in outcomes) == info.notes == 8393
    assert outcomes[0].name == "kinder/kinder0:1"
    assert read("kinder") == (outcomes, [])
