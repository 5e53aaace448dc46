"""Preparing: what goes in comes out as columns, divided by family, and everything left out has a reason."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pytest

from melodyrnn.corpus.prepare import prepare
from melodyrnn.corpus.prepared import open_prepared
from melodyrnn.corpus.sources import Outcome
from melodyrnn.corpus.stamp import MANIFEST
from melodyrnn.errors import CorpusError, OutputError
from melodyrnn.events.columns import Columns, columns
from melodyrnn.events.tokenizer import encode
from melodyrnn.events.viewpoints import STYLES
from melodyrnn.music.harmony import Harmony
from melodyrnn.music.key import Key
from melodyrnn.music.key_finding import find_key
from melodyrnn.music.melody import Melody, Metre, Note


def tune(seed: int, notes: int = 40) -> Melody:
    """A random melody with a title and a key."""
    rng = np.random.default_rng(seed)
    lengths = rng.choice([12, 24], notes)
    pitches = 60 + np.clip(np.cumsum(rng.integers(-4, 5, notes)), -12, 12)
    rows = zip((np.cumsum(lengths) - lengths).tolist(), lengths.tolist(), pitches.tolist(), strict=True)
    return Melody(tuple(Note(*row) for row in rows), (Metre(3, 4),), Key(seed % 12), title=f"Tüne {seed}")


def outcomes(count: int, first: int = 0) -> list[Outcome]:
    """Outcomes of reading that many good files."""
    return [Outcome(f"f{i}.mid", tune(i)) for i in range(first, first + count)]


def telling(one: Outcome) -> Outcome:
    """The same outcome, with phrases of about eight notes and two chords."""
    onsets = [note.onset for note in one.melody.notes]
    chords = Harmony(((144, "Am"), (240, "F7")), Metre(3, 4), onset=72)
    return replace(one, melody=replace(one.melody, phrases=tuple(onsets[8::8])), chords=chords)


def retold(folder, **facts):
    """Change what the manifest says."""
    told = json.loads((folder / MANIFEST).read_text()) | facts
    (folder / MANIFEST).write_text(json.dumps(told))


def test_phrases_and_chords_come_back(tmp_path):
    """Of melodies that have them, and of no other; corpora without any have no such files."""
    offered = [telling(one) if i % 3 else one for i, one in enumerate(outcomes(9))]
    prepared = prepare(offered, tmp_path / "p")
    assert (prepared.report.phrased, prepared.report.harmonised) == (6, 6)
    for i, one in enumerate(offered):
        ours, theirs = columns(encode(one.melody), chords=one.chords), prepared.columns(i)
        assert (theirs.phrase is None, theirs.harmony is None) == (i % 3 == 0, i % 3 == 0)
        for field in fields(Columns):
            np.testing.assert_array_equal(getattr(ours, field.name), getattr(theirs, field.name))
    plain = prepare(outcomes(9), tmp_path / "plain")
    told = {path.name for path in (tmp_path / "p").iterdir()} - {path.name for path in (tmp_path / "plain").iterdir()}
    assert told == {"notes.phrase", "notes.chord", "notes.next_chord", "notes.chord_left"}
    assert (plain.report.phrased, plain.report.harmonised) == (0, 0)


def test_a_style_that_a_file_says_is_the_melodys(tmp_path):
    """Else its corpus is, where there are several; a style called as a corpus is that one's."""
    said = [replace(one, style=("", "reel", "jig", "b")[i % 4]) for i, one in enumerate(outcomes(12))]
    alone = prepare(said, tmp_path / "alone")
    assert (alone.styles, alone.report.styles) == (("b", "jig", "reel"), {"b": 3, "jig": 3, "reel": 3})
    assert [alone.columns(i).style for i in range(4)] == [0, 3, 2, 1]
    several = prepare({"a": said, "b": outcomes(8, 20)}, tmp_path / "several")
    assert (several.styles, several.corpora) == (("a", "b", "jig", "reel"), 2)
    assert several.report.styles == {"a": 3, "b": 11, "jig": 3, "reel": 3}
    assert [several.columns(i).style for i in (0, 1, 2, 3, 12)] == [1, 4, 3, 2, 2]


def test_of_many_styles_the_most_frequent_are_told_apart(tmp_path):
    """As many as there are rows; melodies of another have their corpus's."""
    said = [replace(one, style=f"dance {i % 60 if i < 60 else 7}") for i, one in enumerate(outcomes(62))]
    prepared = prepare({"a": said}, tmp_path / "p")
    assert len(prepared.styles) == STYLES
    assert prepared.styles[0] == "a"
    assert prepared.report.styles["dance 7"] == 3
    assert prepared.report.styles["a"] == 62 - STYLES - 1


def test_columns_come_back(tmp_path):
    """Every melody's columns, name, title and style are what went in; lengths and parts agree."""
    prepared = prepare({"a": outcomes(20), "b": outcomes(10, 20)}, tmp_path / "p", seed=3)
    assert (len(prepared), prepared.styles) == (30, ("a", "b"))
    for i in range(30):
        ours, theirs = columns(encode(tune(i)), 1 if i < 20 else 2), prepared.columns(i)
        for field in fields(Columns):
            np.testing.assert_array_equal(getattr(ours, field.name), getattr(theirs, field.name))
    assert prepared.names == [f"f{i}.mid" for i in range(30)]
    assert prepared.titles == [f"Tüne {i}" for i in range(30)]
    assert prepared.lengths.tolist() == [40] * 30
    together = np.concatenate([prepared.part(p) for p in ("train", "validation", "test")])
    assert sorted(together.tolist()) == list(range(30))
    assert prepared.report.parts == {p: len(prepared.part(p)) for p in ("train", "validation", "test")}
    assert prepared.report.styles == {"a": 20, "b": 10}


def test_everything_left_out_has_a_reason(tmp_path):
    """Refusals, short, off-grid and endless ones, duplicates and benchmark copies are counted and named."""
    odd = replace(tune(50), notes=tuple(replace(n, onset=n.onset * 1000, duration=900) for n in tune(50).notes))
    wide = replace(tune(51), metres=(Metre(3000, 4),))
    variant = tune(60).notes[:20] + tuple(replace(n, pitch=n.pitch + 1) for n in tune(60).notes[20:])
    offered = [
        Outcome("bad.mid", reason="not-midi"),
        Outcome("short.mid", tune(1, 7)),
        Outcome("odd.mid", odd),
        Outcome("wide.mid", wide),
        *outcomes(5),
        Outcome("again.mid", tune(3).transpose(2)),
        Outcome("seen.mid", tune(60).transpose(-5)),
        Outcome("alike.mid", replace(tune(60), notes=variant)),
    ]
    prepared = prepare(offered, tmp_path / "p", exclude=[tune(60)])
    report = prepared.report
    assert report.refused == {"not-midi": 1, "off-grid": 1, "too-long": 1, "too-short": 1}
    assert (report.offered, report.melodies, report.duplicates, report.excluded) == (12, 5, 1, 2)
    assert report.offered == report.melodies + report.duplicates + report.excluded + sum(report.refused.values())
    left = {line["name"]: (line["reason"], line["detail"]) for line in prepared.left_out()}
    assert left["again.mid"] == ("duplicate", "f3.mid")
    assert left["seen.mid"] == left["alike.mid"] == ("benchmark", "copy or variant of Tüne 60")
    assert left["short.mid"] == ("too-short", "7 notes; at least 8")


def test_families_are_never_divided(tmp_path):
    """Variants of one tune, named and placed far apart, are in one part; the report counts them."""
    offered = []
    for i in range(60):
        one = tune(i)
        end = replace(one.notes[-1], pitch=one.notes[-1].pitch + 1)
        offered += [Outcome(f"{i}", one), Outcome(f"{i}b", replace(one.transpose(3), notes=(*one.notes[:-1], end)))]
    prepared = prepare(offered[::2] + offered[1::2], tmp_path / "p", seed=1)
    part = prepared.arrays["part"]
    assert (part[:60] == part[60:]).all()
    assert (prepared.families[:60] == prepared.families[60:]).all()
    assert (prepared.report.families, prepared.report.related) == (60, 120)
    assert len(set(part.tolist())) == 3


def test_bad_files_and_order_change_nothing(tmp_path):
    """With refusals mixed in the files are the same bytes; in another order each melody keeps its part."""
    bad = [Outcome(f"bad{i}", reason="empty") for i in range(9)]
    good = outcomes(40)
    one = prepare(good, tmp_path / "one", seed=2)
    mixed = prepare([x for pair in zip(good, (bad * 5)[:40], strict=True) for x in pair], tmp_path / "mixed", seed=2)
    turned = prepare(good[::-1], tmp_path / "turned", seed=2)
    for file in (tmp_path / "one").iterdir():
        if file.name not in (MANIFEST, "left_out.jsonl"):
            assert file.read_bytes() == (tmp_path / "mixed" / file.name).read_bytes(), file
    assert mixed.report.refused == {"empty": 40}
    parts = [dict(zip(p.names, p.arrays["part"].tolist(), strict=True)) for p in (one, turned)]
    assert parts[0] == parts[1]


def test_a_missing_key_is_found(tmp_path):
    """A melody without key gets the one that find_key gives."""
    melody = replace(tune(0), key=None)
    prepared = prepare([Outcome("x", melody)], tmp_path / "p")
    assert prepared.columns(0).tonic == find_key(melody).tonic


def test_nothing_half_made_is_visible(tmp_path):
    """When reading fails in the middle, the old corpus is still there, and no temporary folder."""
    prepare(outcomes(3), tmp_path / "p")

    def failing():
        yield from outcomes(2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(failing(), tmp_path / "p")
    assert [p.name for p in tmp_path.iterdir()] == ["p"]
    assert len(open_prepared(tmp_path / "p")) == 3
    assert len(prepare(outcomes(4), tmp_path / "p")) == 4
    assert [p.name for p in tmp_path.iterdir()] == ["p"]


def test_nothing_else_is_overwritten(tmp_path):
    """A folder or file that is no prepared corpus is left alone; an empty folder will do."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    (tmp_path / "file").write_text("x")
    for name in ("mine", "file"):
        with pytest.raises(CorpusError, match="is there already and is no prepared corpus; choose another folder"):
            prepare(outcomes(3), tmp_path / name)
    (tmp_path / "empty").mkdir()
    assert len(prepare(outcomes(3), tmp_path / "empty")) == 3
    with pytest.raises(OutputError, match="cannot be written"):
        prepare(outcomes(3), tmp_path / "file" / "below")


def test_no_melody_says_why(tmp_path):
    """An empty corpus is an error that counts the reasons, and writes nothing."""
    with pytest.raises(
        CorpusError,
        match=r"no melody came in: 2 × empty \(the file is empty\), 1 × too-short \(too few .* than 8\); `melodyrnn",
    ):
        prepare([Outcome("a", reason="empty"), Outcome("b", reason="empty"), Outcome("c", tune(1, 3))], tmp_path / "p")
    with pytest.raises(CorpusError, match="no melody came in: nothing was offered"):
        prepare([], tmp_path / "p")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "damage",
    [
        lambda p: (p / MANIFEST).unlink(),
        lambda p: (p / MANIFEST).write_text("{"),
        lambda p: (p / MANIFEST).write_text("[" * 100_000),
        lambda p: (p / MANIFEST).write_text("[]"),
        lambda p: (p / MANIFEST).write_text('{"version": 1, "vocabulary": 1}'),
        lambda p: retold(p, version=1),
        lambda p: retold(p, corpora="1"),
        lambda p: (p / "melodies.corpus").write_bytes(b"\x01\x00\x00"),
        lambda p: (p / "notes.phrase").unlink(),
        lambda p: (p / "notes.phrase").write_bytes(np.array([0] + [24] * 119, "<u2").tobytes()),
        lambda p: (p / "notes.phrase").write_bytes(bytes(240)),
        lambda p: (p / "notes.chord").write_bytes(b"\xff" * 120),
        lambda p: (p / "notes.chord").write_bytes(b"\x00" * 40 + b"\x02" * 80),
        lambda p: (p / "notes.next_chord").write_bytes(b"\x02" * 119),
        lambda p: (p / "notes.chord_left").write_bytes(b""),
        lambda p: (p / "notes.pitch").write_bytes(b"\xff" * 120),
        lambda p: (p / "notes.pitch").write_bytes(b""),
        lambda p: (p / "melodies.starts").write_bytes(np.array([0, 999, 80, 120], "<u8").tobytes()),
        lambda p: (p / "melodies.part").write_bytes(b"\x09\x00\x00"),
        lambda p: (p / "melodies.name_ends").write_bytes(np.array([9, 2, 18], "<u8").tobytes()),
        lambda p: (p / "melodies.titles").unlink(),
    ],
)
def test_a_damaged_corpus_is_refused_when_opened(tmp_path, damage):
    """Files that are missing, cut short or contradict each other are one CorpusError."""
    assert len(prepare([telling(one) for one in outcomes(3)], tmp_path / "p")) == 3
    damage(tmp_path / "p")
    with pytest.raises(CorpusError):
        open_prepared(tmp_path / "p")


def test_memory_does_not_grow_with_the_corpus(tmp_path):
    """What Python holds while 400 more melodies are prepared stays under 2 kB a melody."""
    import tracemalloc  # noqa: PLC0415

    def peak(count: int) -> int:
        tracemalloc.start()
        prepare((Outcome(f"f{i}.mid", tune(i)) for i in range(count)), tmp_path / "p")
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    small = peak(300)  # more than are worked on together
    assert peak(700) - small < 400 * 2000
