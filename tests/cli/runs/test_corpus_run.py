"""melodyrnn corpus prepare and merge: read once, in shards or at once, and not again when nothing has changed."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest

from melodyrnn.checkpoint.file import load
from melodyrnn.corpus.stamp import NAME, read_stamp
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Note

SKIPPED = {"stamp.json", "manifest.json", "left_out.jsonl"}


def write(path, seed):
    """Write a short tune."""
    chance = random.Random(seed)  # noqa: S311 - music, no secrets
    notes = tuple(Note(24 * i, 24, 60 + chance.choice(Key(0).scale)) for i in range(16))
    path.write_bytes(midi_bytes(Melody(notes, key=Key(0))))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Twenty tunes and a bad file; a cache of their own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "tunes"
    path.mkdir()
    for k in range(20):
        write(path / f"{k:02}.mid", k)
    (path / "bad.mid").write_bytes(b"noise")
    return path


def test_shards_merge_to_the_whole_and_train(command, folder):
    """Three shards, merged, are the folder prepared at once; `train` takes them as they are."""
    whole = command("corpus", "prepare", folder, "-o", "whole")
    assert (whole.status, whole.err.splitlines()[-1].split(":")[1]) == (0, " 20 melodies, 320 notes; left out")
    for k in (1, 2, 3):
        assert command("corpus", "prepare", folder, "-o", f"s{k}", "--shard", f"{k}/3", "-q").status == 0
    assert command("corpus", "merge", "s3", "s1", "s2", "-o", "merged").status == 0
    for file in Path("whole").iterdir():
        if file.name not in SKIPPED:
            assert file.read_bytes() == Path("merged", file.name).read_bytes(), file.name
    trained = command("train", "merged", "-o", "m.safetensors", "--hidden", 8, "--epochs", 1)
    assert trained.status == 0
    assert trained.err.startswith("20 melodies, 320 notes (")


def test_what_has_not_changed_is_not_prepared_again(command, folder, monkeypatch):
    """The second time nothing is read; a new, touched or removed file, or another option, is noticed."""
    first = command("corpus", "prepare", folder, "-o", "p", "--json")
    with monkeypatch.context() as patch:
        patch.setattr("melodyrnn.corpus.prepare.prepare", lambda *_args, **_settings: pytest.fail("prepared again"))
        assert command("corpus", "prepare", folder, "-o", "p", "--json").out == first.out
    for change, melodies in (
        (lambda: write(folder / "new.mid", 99), 21),
        (lambda: write(folder / "new.mid", 100), 21),
        (lambda: os.utime(folder / "new.mid", (1, 1)), 21),
        (lambda: (write(folder / "new.mid", 101), os.utime(folder / "new.mid", (1, 1))), 21),  # as touch -r does
        ((folder / "new.mid").unlink, 20),
    ):
        before = read_stamp(Path("p"))
        change()
        ended = command("corpus", "prepare", folder, "-o", "p", "--json", "-q")
        assert json.loads(ended.out)["melodies"] == melodies
        assert read_stamp(Path("p")) != before
    refused = command("corpus", "prepare", folder, "-o", "p", "--seed", 5)  # another division is another corpus
    assert (refused.status, "divided with seed 0" in refused.err) == (1, True)
    assert command("corpus", "prepare", folder, "-o", "p", "--seed", 5, "--force").status == 0
    assert json.loads(Path("p/manifest.json").read_text())["seed"] == 5


@pytest.mark.parametrize("name", ["notes.pitch", "melodies.starts", "manifest.json", "left_out.jsonl", "stamp.json"])
def test_a_damaged_corpus_is_prepared_again(command, folder, name):
    """Nothing has changed in the folder of tunes, but what was made of it is no longer whole."""
    first = command("corpus", "prepare", folder, "-o", "p", "--json")
    content = Path("p", name).read_bytes()
    for damaged in (content[:-3] + b"\x7f}\n", content[:-3], b""):
        Path("p", name).write_bytes(damaged)
        assert command("corpus", "prepare", folder, "-o", "p", "--json", "--force").out == first.out
        assert Path("p", name).read_bytes() == content
    Path("p", name).unlink()
    again = command("corpus", "prepare", folder, "-o", "p", "--json", "--force")
    assert again.out == (first.out if name != "manifest.json" else "")  # without it nobody knows whose folder it is


def test_what_is_not_ours_is_not_replaced(command, folder):
    """Another corpus needs --force, another folder is never touched; a damaged stamp is none."""
    assert command("corpus", "prepare", folder, "-o", "p", "-q").status == 0
    Path("other").mkdir()
    write(Path("other", "a.mid"), 1)
    assert command("corpus", "prepare", "other", "-o", "p").status == 1
    assert command("corpus", "prepare", "other", "-o", "p", "--force").status == 0
    refused = command("corpus", "prepare", folder, "-o", "other", "--force")
    assert (refused.status, Path("other", "a.mid").exists()) == (1, True)
    for content in ("", "[]", "{", '{"corpora": 1, "digest": 2}', "[" * 100_000):
        Path("p", NAME).write_text(content)
        assert read_stamp(Path("p")) is None


@pytest.mark.parametrize("shard", ["0/3", "4/3", "x", "1/0", "1", "-1/3"])
def test_a_shard_that_is_none(command, folder, shard):
    """Status 2 and the way to write it."""
    ended = command("corpus", "prepare", folder, "-o", "p", "--shard", shard)
    assert ended.status == 2
    assert ended.err.endswith("is not a shard; write 3/8 for the third of eight\n")


def test_folders_of_one_name_are_two_corpora(command, folder):
    """a/tunes and b/tunes are both read, told apart by their paths; one corpus given twice is refused."""
    for place in ("a", "b"):
        Path(place, "tunes").mkdir(parents=True)
        for k in range(6):
            write(Path(place, "tunes", f"{k}.mid"), f"{place}{k}")
    ended = command("corpus", "prepare", "a/tunes", "b/tunes", "-o", "both", "--json")
    assert json.loads(ended.out)["styles"] == {"a/tunes": 6, "b/tunes": 6}
    trained = command("train", "a/tunes", "b/tunes", "tunes", "-o", "m.safetensors", "--hidden", 8, "--epochs", 1)
    assert trained.err.startswith("32 melodies, ")
    assert load(Path("m.safetensors")).card.styles == {"a/tunes": 1, "b/tunes": 2, "tunes": 3}
    judged = command("evaluate", "m.safetensors", "--part", "train")
    assert (judged.status, judged.out.count("tunes")) == (0, 3)
    for again in ("./a/tunes", "a/tunes/"):
        refused = command("corpus", "prepare", "a/tunes", again, "-o", "twice")
        assert (refused.status, refused.err) == (2, f"melodyrnn: error: CORPUS: {again} is given twice\n")


def test_what_is_prepared_already_is_not_read_beside_others(command, folder):
    """Alone it trains; beside another corpus, or to be prepared again, it is refused with the way out."""
    assert command("corpus", "prepare", folder, "-o", "p", "-q").status == 0
    text = "melodyrnn: error: CORPUS: p is prepared already; train takes it alone, `corpus merge` joins several\n"
    judged = command("evaluate", "--cross-validate", 2, "p", "--track", 1)
    assert (judged.status, judged.err) == (
        2, "melodyrnn: error: --track: p is prepared already: its melodies were chosen then\n"
    )  # fmt: skip
    for arguments in (("train", "p", "tunes", "-o", "m.safetensors"), ("corpus", "prepare", "p", "-o", "q")):
        ended = command(*arguments)
        assert (ended.status, ended.err) == (2, text)


def test_a_corpus_that_brings_nothing_is_told(command, folder):
    """An empty folder beside a full one is no failure, but somebody has expected something of it."""
    Path("empty").mkdir()
    told = "empty: no melody came of it; `melodyrnn corpus check` tells why"
    assert told in command("corpus", "prepare", "empty", folder, "-o", "p").err
    assert told in command("train", "empty", folder, "-o", "m.safetensors", "--hidden", 8, "--epochs", 1).err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["1/3", "3/3"], "shard 2/3 is missing; give all 3, prepared with --shard"),
        (["1/2", "1/2"], "shard 1/2 is given twice; give each of the 2 once"),
        (["1/2", "3/3"], "these are shards of 2 and of 3; give those of one preparation"),
        (
            ["1/2", "", "2/2"],
            "p1: is no shard but a whole corpus, or an older melodyrnn prepared it; give shards alone",
        ),
    ],
)
def test_what_are_not_all_shards_is_not_merged(command, folder, given, said):
    """A machine whose part is missing would make a smaller corpus that nobody notices."""
    for k, shard in enumerate(given):
        command("corpus", "prepare", folder, "-o", f"p{k}", *(("--shard", shard) if shard else ()))
    ended = command("corpus", "merge", *(f"p{k}" for k in range(len(given))), "-o", "merged")
    assert (ended.status, ended.err) == (1, f"melodyrnn: error: {said}\n")
    assert not Path("merged").exists()


def test_a_shard_may_be_empty(command, folder):
    """More machines than files: the shards that got none merge with the others, and train to nothing."""
    shards = [f"p{k}" for k in range(1, 31)]
    for k, shard in enumerate(shards, 1):
        assert command("corpus", "prepare", folder, "-o", shard, "--shard", f"{k}/30", "-q").status == 0
    empty = next(shard for shard in shards if not Path(shard, "melodies.names").stat().st_size)
    assert "no melodies to train on" in command("train", empty, "-o", "m.safetensors").err
    assert "an empty shard: holds no melody to judge by" in command("evaluate", "folk", empty).err
    Path(shards[0], "stamp.json").write_text('{"corpora": [], "digest": "", "contents": "", "shard": "x"}')
    assert "shard 1/30 is missing" in command("corpus", "merge", *shards, "-o", "merged").err
    command("corpus", "prepare", folder, "-o", shards[0], "--shard", "1/30", "-q", "--force")
    assert command("corpus", "merge", *shards, "-o", "merged").status == 0
    command("corpus", "prepare", folder, "-o", "whole")
    assert Path("merged", "melodies.names").read_bytes() == Path("whole", "melodies.names").read_bytes()
