"""Kept corpora: what was prepared comes back as it was, or not at all."""

from __future__ import annotations

import json
import os

import pytest

from melodyrnn.corpus.prepare import prepare
from melodyrnn.corpus.prepared import keep, recall
from melodyrnn.corpus.sources import Outcome
from melodyrnn.corpus.stamp import Stamp, unchanged
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Note

STAMP = Stamp(("/tunes",), "a1")


def tunes(count, *refused):
    """Outcomes of reading, some files refused for these reasons."""
    read = [
        Melody(tuple(Note(24 * i, 24, 60 + (i * (k + 1)) % 12) for i in range(9)), key=Key(0)) for k in range(count)
    ]
    return [Outcome(f"{k}", melody) for k, melody in enumerate(read)] + [Outcome("x", reason=r) for r in refused]


def test_what_is_kept_comes_back(tmp_path):
    """Columns, names, what was left out and the facts; another stamp has nothing."""
    prepared = prepare(tunes(3, "empty"), tmp_path / "p")
    keep(prepared, STAMP, {"notes": 27}, tmp_path / "cache")
    again, facts = recall(STAMP, tmp_path / "cache")
    assert facts == {"notes": 27}
    assert (again.report, again.names, list(again.left_out())) == (
        prepared.report, prepared.names, list(prepared.left_out()),
    )  # fmt: skip
    assert [again.columns(i).pitch.tolist() for i in range(3)] == [prepared.columns(i).pitch.tolist() for i in range(3)]
    for other in (Stamp(("/tunes",), "a2"), Stamp(("/other",), "a1")):
        assert recall(other, tmp_path / "cache") is None


@pytest.mark.parametrize("reason", ["timeout", "memory", "crash", "unreadable"])
def test_what_another_day_may_bring_is_not_kept(tmp_path, reason):
    """A file that took too long today is tried again tomorrow."""
    keep(prepare(tunes(3, reason), tmp_path / "p", stamp=STAMP), STAMP, {}, tmp_path / "cache")
    assert recall(STAMP, tmp_path / "cache") is None
    assert not unchanged(tmp_path / "p", STAMP)


def test_a_damaged_one_is_not_used(tmp_path):
    """A changed byte anywhere, a missing file, nonsense in the facts: nothing comes back, and it can be kept anew."""
    prepared, cache = prepare(tunes(3), tmp_path / "p"), tmp_path / "cache"
    for file in (*(f.name for f in prepared.folder.iterdir() if f.stat().st_size), "kept.json"):
        keep(prepared, STAMP, {}, cache)
        assert recall(STAMP, cache) is not None
        (path,) = (cache / "prepared").glob(f"*/{file}")
        path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])
        assert recall(STAMP, cache) is None, file
        path.unlink()
        assert recall(STAMP, cache) is None, file
        for text in ("", "[]", "{}", json.dumps({"sum": 1, "facts": {}}), "[" * 100_000):
            (path.parent / "kept.json").write_text(text)
            assert recall(STAMP, cache) is None


def test_the_eight_used_last_are_kept(tmp_path):
    """The oldest goes, unless it was used since; a cache that cannot be written is no error."""
    prepared, cache = prepare(tunes(3), tmp_path / "p"), tmp_path / "cache"
    for k in range(8):
        keep(prepared, Stamp((), f"{k}"), {}, cache)
    for k, folder in enumerate((cache / "prepared").iterdir()):
        os.utime(folder, (k, k))
    recall(Stamp((), "0"), cache)
    keep(prepared, Stamp((), "8"), {}, cache)
    assert len(list((cache / "prepared").iterdir())) == 8
    assert recall(Stamp((), "0"), cache)
    assert recall(Stamp((), "8"), cache)
    (tmp_path / "file").write_text("")
    keep(prepared, STAMP, {}, tmp_path / "file")
    assert recall(STAMP, tmp_path / "file") is None
