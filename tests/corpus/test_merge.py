"""A corpus prepared in shards and merged is the corpus prepared at once."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from melodyrnn.corpus.cache import load_corpus
from melodyrnn.corpus.prepare import merge, prepare
from melodyrnn.corpus.sources import Shard
from melodyrnn.corpus.stamp import MANIFEST
from melodyrnn.errors import CorpusError
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.harmony import Harmony
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note


@pytest.fixture
def folder(tmp_path):
    """Tunes in two folders, with copies in other keys and a length of no table, one bad file, a collection in ABC."""
    folder = tmp_path / "tunes"
    (folder / "b").mkdir(parents=True)
    for k in range(40):
        chance = random.Random(k % 33)  # noqa: S311 - music, no secrets
        notes = tuple(
            Note(24 * i, 25 if i == 15 else 24, 60 + k // 33 + chance.choice(Key(0).scale)) for i in range(16)
        )
        where = folder / ("b" if k % 3 else ".") / f"{k:02}.mid"
        where.write_bytes(midi_bytes(Melody(notes, key=Key(0), title=f"Tune {k}")))
    (folder / "bad.mid").write_bytes(b"noise")
    lines = ("CDEF GABc|cBAG FEDC|CEGc GECE|", "GABc dcBA|GFED CDEF|GEDC DEFG|")
    (folder / "c.abc").write_text("\n".join(f"X:{k}\nL:1/4\nK:C\n{line}\n" for k, line in enumerate(lines, 1)))
    return folder


@pytest.mark.parametrize("of", [1, 2, 5])
def test_merged_shards_are_the_whole(folder, tmp_path, of):
    """Every column is the same bytes, and the counts agree; each file is in one shard."""
    cache = tmp_path / "cache"
    whole = prepare(load_corpus(folder, cache_dir=cache), tmp_path / "whole", seed=3)
    shards = [
        prepare(load_corpus(folder, cache_dir=cache, shard=Shard(i, of)), tmp_path / f"shard{i}", seed=9)
        for i in range(of)
    ]
    assert sum(shard.report.offered for shard in shards) == whole.report.offered
    merged = merge([shard.folder for shard in shards][::-1], tmp_path / "merged", seed=3)
    for file in (tmp_path / "whole").iterdir():
        if file.name not in {MANIFEST, "left_out.jsonl"}:
            assert file.read_bytes() == (tmp_path / "merged" / file.name).read_bytes(), file.name
    assert merged.report == whole.report
    assert (merged.report.duplicates, merged.report.snapped) == (7, 40)
    assert merged.report.refused == {"not-midi": 1}


def test_shards_follow_the_names_and_not_the_place(folder, tmp_path):
    """A corpus moved elsewhere is divided in the same way."""

    def names(where):
        outcomes = load_corpus(where, cache_dir=tmp_path / "cache", shard=Shard(0, 3))
        return [outcome.name.removeprefix(str(where)) for outcome in outcomes]

    before = names(folder)
    assert 0 < len(before) < 42
    assert names(folder.rename(tmp_path / "moved")) == before


def test_shards_of_different_corpora_do_not_merge(folder, tmp_path):
    """What does not belong together is refused, and so is what is no shard."""
    one = prepare(load_corpus(folder, cache_dir=tmp_path / "cache"), tmp_path / "one")
    other = prepare({"style": load_corpus(folder, cache_dir=tmp_path / "cache")}, tmp_path / "other")
    with pytest.raises(CorpusError, match="different corpora"):
        merge([one.folder, other.folder], tmp_path / "merged")
    with pytest.raises(CorpusError, match="not a prepared corpus"):
        merge([folder], tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_styles_phrases_and_chords_go_through_shards(folder, tmp_path):
    """What files say of style, phrases and chords is the same in merged shards, whatever shard has seen which."""

    def told(shard):
        for outcome in load_corpus(folder, cache_dir=tmp_path / "cache", shard=shard):
            notes = () if outcome.melody is None else outcome.melody.notes
            if not notes:
                yield outcome
                continue
            kind = sum(note.pitch for note in notes) % 3
            phrases = tuple(note.onset for note in notes[4::4]) if kind else ()
            chords = Harmony(((96, "C"), (96, "G7")), Metre()) if kind > 1 else None
            melody = replace(outcome.melody, phrases=phrases)
            yield replace(outcome, melody=melody, chords=chords, style=("", "jig", "reel")[kind])

    whole = prepare({"a": told(Shard()), "b": []}, tmp_path / "whole", seed=3)
    shards = [prepare({"a": told(Shard(i, 4)), "b": []}, tmp_path / f"s{i}").folder for i in range(4)]
    merged = merge(shards, tmp_path / "merged", seed=3)
    assert merged.report == whole.report
    assert (whole.styles, whole.corpora) == (("a", "b", "jig", "reel"), 2)
    assert 0 < whole.report.harmonised < whole.report.phrased < len(whole)
    for file in (tmp_path / "whole").iterdir():
        if file.name != "left_out.jsonl":
            assert file.read_bytes() == (tmp_path / "merged" / file.name).read_bytes(), file.name


def _forged(folder, name, change):
    """A prepared corpus one file of which is changed."""
    file = folder / name
    file.write_bytes(change(file.read_bytes()))
    return folder


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("notes.bar_ticks", lambda raw: bytes(len(raw))),
        ("notes.place", lambda raw: b"\xff" * len(raw)),
        ("notes.bar", lambda raw: b"\xff\xff" + raw[2:]),
        ("melodies.style", lambda raw: b"\x05" + raw[1:]),
        ("melodies.anchor", lambda raw: b"\xff\x7f" + raw[2:]),
        ("melodies.bars", lambda raw: bytes(len(raw))),
        ("melodies.family", lambda raw: b"\xff" * len(raw)),
        ("left_out.jsonl", lambda _: b'{"name": 3}\n'),
        ("left_out.jsonl", lambda _: b"[]\n"),
        ("left_out.jsonl", lambda _: b"{"),
        ("left_out.jsonl", lambda _: b"[" * 99_999),
        ("left_out.jsonl", lambda _: b"\xff\xfe\n"),
        (MANIFEST, lambda raw: raw.replace(b'"snapped": ', b'"snapped": "x", "y": ')),
        (MANIFEST, lambda raw: raw.replace(b'"snapped": ', b'"snapped": -1')),
        (MANIFEST, lambda raw: raw.replace(b'"train": ', b'"train": -')),
    ],
)
def test_forged_shards_are_refused(folder, tmp_path, name, change):
    """Whatever a stranger's folder says: one line, nothing written."""
    shards = [
        prepare(load_corpus(folder, cache_dir=tmp_path / "cache", shard=Shard(i, 2)), tmp_path / f"shard{i}").folder
        for i in range(2)
    ]
    with pytest.raises(CorpusError):
        merge([shards[0], _forged(shards[1], name, change)], tmp_path / "merged")
    assert not (tmp_path / "merged").exists()
