"""Corpora whose music people get themselves."""

from __future__ import annotations

import pytest

from melodyrnn.corpus import sources as catalogue
from melodyrnn.corpus.elsewhere import belonging, remember, remembered
from melodyrnn.errors import CorpusError, OutputError


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A user who has said nothing yet."""
    monkeypatch.setattr("melodyrnn.corpus.elsewhere.user_folder", lambda kind: tmp_path / "home" / kind)
    return tmp_path / "home"


def placed(folder, *names):
    """Files that are there, whatever is in them."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder


def test_both_layouts_give_the_same_names():
    """A clone and a folder of files taken from it."""
    info = catalogue.describe_corpus("songs")
    clones = [
        "L/scores/Abbott,_Jane_Bingham/_/Just_for_Today/lc6583477.mxl",
        "E/dataset/Antoine_Renard/Le_temps_des_cerises/Le_temps_des_cerises.mxl",
        "E/dataset/Claude_Debussy/Rêverie/Rêverie.mxl",
        "E/dataset/Al_Dubin-Joe_Burke/For_You/For_You.mxl",
    ]
    taken = [
        "c/lieder/Abbott-Jane-Bingham-Just-for-Today-lc6583477.mxl",
        "c/leadsheets/Antoine-Renard-Le-temps-des-cerises.mxl",
        "c/leadsheets/Claude-Debussy-Reverie.mxl",
        "c/leadsheets/Al-Dubin-Joe-Burke-For-You.mxl",
    ]
    found = [
        [(name, one and one.name) for _, name, one in belonging(info.collections, paths)] for paths in (clones, taken)
    ]
    assert (
        found[0][:3]
        == found[1][:3]
        == [
            ("lc6583477", "OpenScore Lieder Corpus"),
            ("antoinerenardletempsdescerises", "OpenEWLD"),
            ("claudedebussyreverie", "OpenEWLD"),
        ]
    )
    assert found[0][3][1] is found[1][3][1] is None


def test_songs_that_nobody_has_fetched(tmp_path):
    """The error says where they are to be got, and what to write."""
    with pytest.raises(CorpusError, match=r"OpenScore/Lieder and .*OpenEWLD.* corpus build songs --from FOLDER"):
        catalogue.sources("songs")
    info = catalogue.describe_corpus("songs")
    with pytest.raises(CorpusError, match="none of its files in"):
        catalogue.songs_in(info, [placed(tmp_path / "tunes", "a.mxl", "b.mid")])


def test_what_is_said_once_is_known(tmp_path):
    """Files by name, each once, as songs are read; of the other files of such a clone it is told that they are none."""
    one = placed(tmp_path / "one", "b-lc22.mxl", "a-lc3.mxl", "a-lc3.mscx", ".git/lc9.mxl")
    two = placed(tmp_path / "two", "x/lc3.mxl", "y/Claude-Debussy-Reverie.mxl", "y/Foe.mxl")
    info = catalogue.describe_corpus("songs")
    found, others = catalogue.songs_in(info, [one, two])
    assert [source.name for source in found] == ["songs/claudedebussyreverie", "songs/lc22", "songs/lc3"]
    assert found[2].path == str(one / "a-lc3.mxl")
    assert [(source.sung, source.harmony, source.longest_rest) for source in found][0::2] == [
        (False, True, 1),
        (True, True, 1),
    ]
    assert others == [str(two / "y" / "Foe.mxl")]
    remember("songs", [one, two])
    assert remembered("songs") == (one, two)
    assert catalogue.sources("songs") == found


def test_folders_that_are_gone(tmp_path):
    """Moved or deleted: the error names the folder and what to write."""
    one = placed(tmp_path / "one", "lc1.mxl")
    remember("songs", [one])
    one.rename(tmp_path / "moved")
    with pytest.raises(CorpusError, match=r"one is gone; say again: melodyrnn corpus build songs --from FOLDER"):
        catalogue.sources("songs")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"folders": 3}', '{"folders": ["zz"]}', "[" * 100_000])
def test_a_damaged_note_says_nothing(home, text):
    """As if nobody had said anything."""
    (home / "data" / "corpora").mkdir(parents=True)
    (home / "data" / "corpora" / "songs.json").write_text(text)
    assert remembered("songs") == ()


def test_a_note_that_cannot_be_written(home, tmp_path, monkeypatch):
    """A file in the way, and a user without a home."""
    home.mkdir()
    (home / "data").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        remember("songs", [tmp_path])
    monkeypatch.setattr("melodyrnn.corpus.elsewhere.user_folder", lambda _: None)
    with pytest.raises(OutputError, match="no home folder"):
        remember("songs", [tmp_path])
    assert remembered("songs") == ()
