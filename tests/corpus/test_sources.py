"""The built-in corpora."""

from pathlib import Path

import pytest

from melodyrnn.corpus import sources as catalogue
from melodyrnn.errors import CorpusError

HERE = ("airds", "chorales", "essen", "kinder", "oneills", "ryans")
"""Those that come with music21."""


def test_the_seven_corpora_are_there():
    """Names in alphabetical order."""
    assert catalogue.names() == (*HERE, "songs")
    assert [name for name in catalogue.names() if not catalogue.describe_corpus(name).collections] == [*HERE]


@pytest.mark.parametrize("name", HERE)
def test_each_is_described(name):
    """Title, source with an address or a name, licence, counts, and files that are there."""
    info = catalogue.describe_corpus(name)
    assert info.title
    assert "music21" in info.source
    assert len(info.licence) > 40
    assert info.melodies > 0 < info.notes
    assert all(Path(source.path).is_file() for source in catalogue.sources(name))


def test_names_of_sources_are_unique():
    """No two files of the catalogue share a name."""
    names = [source.name for name in HERE for source in catalogue.sources(name)]
    assert len(set(names)) == len(names) > 1500


def test_songs_are_free_and_say_where_they_are():
    """Two repositories with their commits, terms, and the list of those lead sheets that may be used."""
    info = catalogue.describe_corpus("songs")
    assert {one.repository for one in info.collections} == {
        "https://github.com/OpenScore/Lieder", "https://github.com/00sapo/OpenEWLD",
    }  # fmt: skip
    assert all(one.repository in info.source and one.commit in info.source for one in info.collections)
    assert "CC0" in info.licence
    assert "non-commercial" not in info.licence
    assert [len(one.listed) for one in info.collections] == [0, 104]


def test_essen_leaves_the_childrens_songs_to_kinder():
    """A song is not in two corpora by our doing, and test files are in none."""
    stems = {Path(source.path).stem for source in catalogue.sources("essen")}
    assert not stems & {"kinder0", "test0", "testd", "variant0"}
    assert all(source.tonic_only for source in catalogue.sources("kinder"))


def test_an_unknown_corpus_names_those_there_are():
    """The message is the way on."""
    with pytest.raises(CorpusError, match="airds, chorales, essen"):
        catalogue.sources("mozart")
