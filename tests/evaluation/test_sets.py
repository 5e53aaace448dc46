"""Sets, folds, and melodies that a model has seen."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from melodyrnn.errors import CorpusError, OptionError, Unreadable
from melodyrnn.evaluation.cross_validation import assign, divided, family_of, read_folds
from melodyrnn.evaluation.sets import MelodySet, find_seen, read_melody_columns, read_set, shared
from melodyrnn.events.columns import columns
from melodyrnn.events.fingerprint import Index
from melodyrnn.events.tokenizer import encode
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Note

from .conftest import melody_of


@given(st.integers(2, 40), st.integers(2, 10), st.integers(0, 5))
def test_folds_are_even_and_repeatable(count, folds, seed):
    """Every melody is tested once, no fold is larger than another by more than one."""
    names = [f"{k}.mid" for k in range(max(count, folds))]
    alone = range(len(names))
    dealt = assign(names, alone, folds, seed)
    sizes = np.bincount(list(dealt.values()), minlength=folds)
    assert sorted(dealt) == sorted(names)
    assert sizes.max() - sizes.min() <= 1
    assert dealt == assign(names, alone, folds, seed)


@pytest.mark.parametrize("folds", [0, 1, 4])
def test_too_few_or_too_many_folds_are_refused(folds):
    """Three tunes make two or three folds, however often each is there."""
    with pytest.raises(OptionError, match="of 3 different tunes"):
        assign(["a", "b", "c"], [0, 1, 2], folds, 0)
    with pytest.raises(OptionError, match="of 3 different tunes"):
        assign(["a", "b", "c", "d", "e"], [0, 1, 2, 2, 0], folds, 0)
    with pytest.raises(OptionError, match="only one tune"):
        assign(["a", "b"], [0, 0], folds, 0)


@given(st.lists(st.integers(0, 12), min_size=30, max_size=60), st.integers(2, 4), st.integers(0, 3))
def test_families_stay_together(family, folds, seed):
    """No family is divided, and no fold lacks more than the largest family."""
    names = [f"{k}.mid" for k in range(len(family))]
    if len(set(family)) < folds:
        return
    dealt = assign(names, family, folds, seed)
    assert divided(family, [dealt[name] for name in names]) == 0
    sizes = np.bincount(list(dealt.values()), minlength=folds)
    assert sizes.max() - sizes.min() <= max(family.count(one) for one in set(family))


def test_copies_and_variants_are_a_family(melodies):
    """In another key, or with one note changed, a tune is of its own family; other tunes are not. Short copies too."""
    tune = melodies[4]
    moved = replace(tune, pitch=tune.pitch + 3)
    pitch = tune.pitch.copy()
    pitch[9] += 1
    variant = replace(tune, pitch=pitch)
    short = read_melody_columns(melody_of([(0, 24, 60), (0, 24, 64), (0, 12, 62), (0, 12, 65), (0, 48, 60)]))
    found = family_of([tune, melodies[7], moved, short, variant, replace(short, pitch=short.pitch + 2), melodies[9]])
    assert found[0] == found[2] == found[4]
    assert found[3] == found[5]
    assert len(set(found)) == 4
    assert divided(found, [0, 0, 1, 0, 0, 0, 1]) == 3


def test_a_folds_file_names_files_or_sets(tmp_path):
    """Flat, or one object for each set; tunes of a collection go with their file."""
    flat, nested = tmp_path / "flat.json", tmp_path / "nested.json"
    flat.write_text('{"a.mid": 0, "b.abc": 1}')
    nested.write_text('{"ours": {"a.mid": 0, "b.abc": 1}, "theirs": {}}')
    names = ["a.mid", "b.abc:1", "b.abc:2"]
    for path in (flat, nested):
        assert read_folds(path, "ours", names) == {"a.mid": 0, "b.abc:1": 1, "b.abc:2": 1}


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("[", "is not JSON"),
        ("[]", "holds no object"),
        ('{"a.mid": 0}', "1 of 2 melodies, among them b.mid"),
        ('{"a.mid": 0, "b.mid": "1"}', "among them b.mid"),
        ('{"a.mid": 0, "b.mid": true}', "among them b.mid"),
        ('{"a.mid": 3, "b.mid": 3}', "all melodies into one fold"),
    ],
)
def test_a_bad_folds_file_is_refused(tmp_path, text, match):
    """One line says what is missing."""
    path = tmp_path / "folds.json"
    path.write_text(text)
    with pytest.raises(CorpusError, match=match):
        read_folds(path, "ours", ["a.mid", "b.mid"])


def test_a_seen_melody_is_known_in_any_key_and_note_value(melodies):
    """Transposed, in doubled values, or with a changed ending, it is the same tune; another tune is not."""
    index = Index.build((str(k), m) for k, m in enumerate(melodies[:6]))
    assert [s.index for s in find_seen(index, melodies, [str(k) for k in range(12)])] == list(range(6))
    events = [(0, 12 * (1 + k % 3), 60 + (7 * k * k) % 11) for k in range(30)]
    tune = Index.build([("tune", read_melody_columns(melody_of(events)))])
    changed = [(rest, 2 * duration, pitch + 5) for rest, duration, pitch in events[:20]] + [(0, 24, 60)] * 8
    seen = list(find_seen(tune, [columns(encode(melody_of(changed, Key(5))))], ["variant"]))
    assert seen[0].run.tune == "tune"
    assert seen[0].run.length == 20


def test_a_formula_is_no_copy(melodies):
    """Eight notes in common in a long melody do not make it a training melody."""
    shared = [(0, 12 * (1 + k % 3), 60 + (7 * k * k) % 11) for k in range(9)]
    index = Index.build([("tune", read_melody_columns(melody_of(shared + [(0, 24, 60)] * 20)))])
    other = read_melody_columns(melody_of(shared + [(0, 6 + 6 * (k % 4), 60 + (5 * k) % 13) for k in range(40)]))
    assert index.longest_run(other).length >= 8
    assert not list(find_seen(index, [other], ["other"]))


def test_a_folder_is_a_set_named_by_its_files(tmp_path, monkeypatch):
    """Names are paths within the folder; what cannot be read is counted by reason; no key is found out."""
    monkeypatch.setattr("melodyrnn.corpus.cache.user_cache", lambda: tmp_path / "cache")
    folder = tmp_path / "tunes"
    (folder / "more").mkdir(parents=True)
    tune = Melody(tuple(Note(24 * k, 24, p) for k, p in enumerate((60, 62, 64, 65, 67, 65, 64, 62, 60))))
    for name in ("b.mid", "more/a.mid"):
        (folder / name).write_bytes(midi_bytes(tune))
    (folder / "broken.mid").write_bytes(b"MThd")
    found = read_set(str(folder))
    assert (found.name, found.names, found.notes) == ("tunes", ("b.mid", "more/a.mid"), 18)
    assert found.refused.total() == 1
    assert found.melodies[0].tonic == 0
    assert read_set(str(folder / "b.mid")).names == ("b.mid",)
    with pytest.raises(Unreadable):
        read_set(str(folder / "broken.mid"))
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(CorpusError, match="holds no melody to judge by"):
        read_set(str(empty))
    assert json.dumps(found.refused)


def test_what_folds_share_is_counted(melodies):
    """A tune and the same with its last notes changed in two folds: both share a run; in one fold neither does."""
    tune = melodies[4]
    pitch = tune.pitch.copy()
    pitch[-2:] += 1
    twin = replace(tune, pitch=pitch)
    told = MelodySet("t", ("a", "b", "c"), (tune, twin, melodies[5]), Counter())
    assert shared(told, {"a": 0, "b": 1, "c": 1}) == 2
    assert shared(told, {"a": 0, "b": 0, "c": 1}) == 0
