"""Chords of other melodies, as a control, and what evaluate --with refuses."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from melodyrnn.checkpoint.file import Card, Checkpoint, NetworkConfig, save
from melodyrnn.cli.app import app
from melodyrnn.errors import OptionError
from melodyrnn.evaluation.cross_validation import Trial, cross_validate
from melodyrnn.evaluation.kept_folds import fold_from_plain, fold_to_plain
from melodyrnn.evaluation.told import tellers, with_others_chords
from melodyrnn.events.columns import columns
from melodyrnn.events.context import chord_row, harmonic
from melodyrnn.events.tokenizer import encode
from melodyrnn.events.vocabulary import onsets_of
from melodyrnn.music.chords import chord_of
from melodyrnn.music.harmony import Harmony
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note
from melodyrnn.training.config import TrainingConfig


def song(symbols, bars, tonic=0, metre=None, mode="major"):
    """Quarters over a chord each bar."""
    metre = metre or Metre()
    notes = tuple(Note(t, 24, 60 + tonic) for t in range(0, bars * metre.bar_ticks, 24))
    told = columns(encode(Melody(notes, (metre,), Key(tonic, mode))))
    chords = Harmony(tuple((metre.bar_ticks, symbol) for symbol in symbols), metre)
    return replace(told, harmony=harmonic([n.onset for n in notes], chords, tonic))


def test_chords_of_another_come_bar_by_bar_and_again():
    """In the key of the melody that gets them; the ticks left and the next chord are those of the new place."""
    first, second = song(["C", "F"], 2), song(["A", "A", "E7"], 3, tonic=9)
    got, given = with_others_chords([first, second])
    tonic, dominant, below = (chord_row(chord_of(s), 0) for s in ("C", "G7", "F"))
    assert got.harmony.chord.tolist() == [tonic] * 8
    assert got.harmony.next_chord.tolist() == [dominant] * 8
    assert got.harmony.chord_left.tolist() == [192 - 24 * k for k in range(8)]
    assert given.harmony.chord.tolist() == [tonic] * 4 + [below] * 4 + [tonic] * 4
    assert (given.pitch == second.pitch).all()


def test_a_giver_is_another_of_the_same_metre_and_mode_if_there_is_one(told_columns):
    """Never the melody itself; the same for the same seed."""
    songs = [song([s], 4, metre=m, mode=mode) for s, m, mode in (
        ("C", None, "major"), ("Dm", Metre(3, 4), "major"), ("G", None, "major"), ("Am", Metre(3, 4), "minor"),
        ("F", Metre(3, 4), "major"), ("Em", Metre(5, 4), "major"))]  # fmt: skip
    got = with_others_chords(songs, seed=3)
    own = [int(m.harmony.chord[0]) for m in songs]
    given = [int(m.harmony.chord[0]) for m in got]
    assert [given[0], given[2], given[1], given[4]] == [own[2], own[0], own[4], own[1]]
    assert given[3] in (own[1], own[4])
    assert given[5] != own[5]
    jumping = [told_columns(20, k) for k in (0, 1, 3, 4, 5, 7)]
    once, again = with_others_chords(jumping), with_others_chords(jumping)
    for one, same, before in zip(once, again, jumping, strict=True):
        assert all((a == b).all() for a, b in zip(one.harmony, same.harmony, strict=True))
        assert len(one.harmony.chord) == len(before)
        assert (one.harmony.chord > 0).all()
        assert not all(np.array_equal(a, b) for a, b in zip(one.harmony, before.harmony, strict=True))
        assert (np.diff(onsets_of(one.rest, one.duration)) > 0).all()


def test_who_tells(told_columns):
    """By what is there."""
    melodies = [told_columns(5, k) for k in range(4)]
    assert tellers(melodies, "phrases") == [0, 2, 3]
    assert tellers(melodies, "chords") == [0, 1, 3]


@pytest.mark.parametrize(
    ("what", "why"), [("chords", "hears no chords"), ("phrases", "hears no phrases"), ("x", "must be one of")]
)
def test_what_cannot_be_told_is_refused_at_once(what, why, random_weights, tmp_path):
    """Before anything is read."""
    config, deaf = NetworkConfig(hidden=4, embed=4, head=4, keys=2), tmp_path / "deaf.safetensors"
    save(deaf, Checkpoint(config, Card(), random_weights(config)))
    result = CliRunner().invoke(app, ["evaluate", str(deaf), "nowhere", "--with", what])
    assert isinstance(result.exception, OptionError)
    assert why in str(result.exception)


def test_folds_are_judged_with_what_is_told_besides(told_columns):
    """Under the first network of a fold, of the melodies that tell; kept with the fold and read again."""
    melodies = [told_columns(12, k) for k in range(8)]
    names = [str(k) for k in range(8)]
    tiny, brief = NetworkConfig(hidden=4, embed=4, head=4, keys=2, phrases=True, harmony=True), TrainingConfig(epochs=1)
    trial = Trial(config=tiny, recipe=brief, told=("phrases", "chords"))
    (done,) = cross_validate(melodies, names, {name: int(name) % 2 for name in names}, trial, only=[0])
    assert list(done.told) == [
        "without phrases",
        "with phrases",
        "without chords",
        "with chords",
        "with others' chords",
    ]
    assert [j.name for j in done.told["with phrases"]] == ["0", "2", "4", "6"]
    assert [j.name for j in done.told["with chords"]] == ["0", "4"]
    assert (done.told["without chords"][0].bits == done.single[0].bits).all()
    assert (done.told["with chords"][0].bits != done.single[0].bits).any()
    again = fold_from_plain(json.loads(json.dumps(fold_to_plain(done))))
    for way, judged in done.told.items():
        assert all((a.bits == b.bits).all() for a, b in zip(judged, again.told[way], strict=True))
