"""Fingerprints: the same melody is known in any key, tempo, note value and place; another one is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from melodyrnn.checkpoint.verify import read_container
from melodyrnn.errors import CheckpointError
from melodyrnn.events.columns import Columns, columns
from melodyrnn.events.fingerprint import SPAN, Index, SharedRun, profile, shingles
from melodyrnn.events.tokenizer import encode
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note


def tune(seed: int, notes: int = 60) -> Melody:
    """A random melody in eighths, quarters and halves."""
    rng = np.random.default_rng(seed)
    lengths = rng.choice([12, 24, 48], notes)
    ends, pitches = np.cumsum(lengths), 60 + np.clip(np.cumsum(rng.integers(-4, 5, notes)), -12, 12)
    rows = zip((ends - lengths).tolist(), lengths.tolist(), pitches.tolist(), strict=True)
    return Melody(tuple(Note(*row) for row in rows), key=Key(0))


def cols(melody: Melody) -> Columns:
    """The columns of a melody."""
    return columns(encode(melody))


def scaled(melody: Melody, numerator: int, denominator: int = 1) -> Melody:
    """The melody in other note values."""

    def value(ticks: int) -> int:
        return ticks * numerator // denominator

    notes = (replace(n, onset=value(n.onset), duration=value(n.duration)) for n in melody.notes)
    return replace(melody, notes=tuple(notes))


def later(melody: Melody, ticks: int) -> Melody:
    """The melody shifted in time."""
    return replace(melody, notes=tuple(replace(n, onset=n.onset + ticks) for n in melody.notes))


def staccato(melody: Melody) -> Melody:
    """Every note cut to half, silence in its place."""
    return replace(melody, notes=tuple(replace(n, duration=n.duration // 2) for n in melody.notes))


SAME = {
    "higher": lambda m: m.transpose(7),
    "lower": lambda m: m.transpose(-9),
    "doubled": lambda m: scaled(m, 2),
    "halved": lambda m: scaled(m, 1, 2),
    "a bar later": lambda m: later(m, 96),
    "on the upbeat": lambda m: later(m, 72),
    "in three": lambda m: replace(m, metres=(Metre(3, 4),)),
    "staccato": staccato,
    "another key": lambda m: replace(m, key=Key(5, "dorian")),
}


@pytest.mark.parametrize("how", SAME)
@given(seed=st.integers(0, 10**6))
@settings(max_examples=10)
def test_the_profile_does_not_change(how, seed):
    """Transposition, note values, place and articulation leave profile and grams as they are."""
    melody = tune(seed, 30)
    before, after = cols(melody), cols(SAME[how](melody))
    for a, b in zip(profile(before), profile(after), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(shingles(before), shingles(after))


def test_grams_are_the_same_on_every_machine():
    """The hash is fixed data: a checkpoint's fingerprints must be found by every later program."""
    scale = Melody(tuple(Note(24 * i, 24, 60 + i) for i in range(9)), key=Key(0))
    assert shingles(cols(scale)).tolist() == [13253696893202169219] * 2


def test_rhythm_counts_unless_it_is_left_out():
    """The same pitches in another rhythm share no gram, but all interval grams."""
    even = tune(1)
    slower = (Note(i * (i + 50) * 6, 6, n.pitch) for i, n in enumerate(even.notes))
    uneven = replace(even, notes=tuple(slower))
    assert not set(shingles(cols(even))) & set(shingles(cols(uneven)))
    np.testing.assert_array_equal(shingles(cols(even), 6, rhythm=False), shingles(cols(uneven), 6, rhythm=False))


@given(st.lists(st.integers(-12, 12), min_size=7, max_size=7), st.lists(st.integers(-12, 12), min_size=7, max_size=7))
def test_small_differences_change_the_hash(one, other):
    """Different interval sequences have different grams (a linear hash without mixed factors fails this)."""
    melodies = []
    for intervals in (one, other):
        pitches = (60 + np.cumsum([0, *np.clip(intervals, -4, 4)])).tolist()
        melodies.append(cols(Melody(tuple(Note(24 * i, 24, p) for i, p in enumerate(pitches)), key=Key(0))))
    same = profile(melodies[0])[0].tolist() == profile(melodies[1])[0].tolist()
    assert (shingles(melodies[0])[0] == shingles(melodies[1])[0]) == same


def test_no_two_short_grams_collide():
    """All 7^5 sequences of five small intervals have different leading 38 bits."""
    from melodyrnn.events.fingerprint import _grams  # noqa: PLC0415

    steps = np.stack(np.meshgrid(*[np.arange(-3, 4)] * 5), -1).reshape(-1, 5)
    hashes = np.array([_grams(s, np.zeros(5, np.int64), 6)[0] for s in steps])
    assert len(np.unique(hashes >> np.uint64(26))) == 7**5


def planted(source: Melody, first: int, count: int, how: str, seed: int) -> tuple[Melody, int]:
    """A random melody with a run of another planted in it, changed; and where the run starts."""
    host, run = tune(seed, 20), SAME[how](source).notes[first : first + count]
    head, tail = host.notes[:10], host.notes[10:]
    at = head[-1].end + 240
    moved = tuple(replace(n, onset=n.onset - run[0].onset + at) for n in run)
    rest = tuple(replace(n, onset=n.onset - tail[0].onset + moved[-1].end + 240) for n in tail)
    return Melody((*head, *moved, *rest), key=Key(0)), 10


@pytest.mark.parametrize("how", [h for h in SAME if h != "staccato"])
def test_a_planted_copy_is_named_with_tune_and_bar(how):
    """A run of 14 notes from tune 7, in whatever guise, is found with its length, tune and bar."""
    tunes = [(f"tune {i}", cols(tune(i))) for i in range(20)]
    index = Index.build(tunes)
    melody, start = planted(tune(7), 23, 14, how, seed=99)
    run = index.longest_run(cols(melody))
    assert (run.length, run.tune, run.start) == (14, "tune 7", start)
    assert run.bar == tunes[7][1].bar[23]


def test_a_whole_tune_is_found_whole_and_a_stranger_not_at_all():
    """Every training tune shares all its notes with the index; a random one shares no gram; an empty index none."""
    index = Index.build((f"t{i}", cols(tune(i))) for i in range(20))
    runs = [index.longest_run(cols(tune(i).transpose(3))) for i in (0, 19)]
    assert runs == [SharedRun(60, "t0", 0, 0), SharedRun(60, "t19", 0, 0)]
    assert index.longest_run(cols(tune(1000))) == SharedRun()
    assert index.longest_run(cols(tune(0, SPAN - 1))) == SharedRun()
    assert Index.build(()).longest_run(cols(tune(0))) == SharedRun()


def test_runs_do_not_reach_over_the_end_of_a_tune():
    """Two tunes sung one after the other are two runs, not one."""
    one, two = tune(1, 20), tune(2, 20)
    index = Index.build([("one", cols(one)), ("two", cols(two))])
    both = Melody((*one.notes, *later(two, one.end).notes), key=Key(0))
    assert index.longest_run(cols(both)).length == 20


def test_an_index_survives_the_checkpoint():
    """to_tensors and from_tensors are inverse; ten bytes a note; names lose their control characters."""
    index = Index.build([("A\x1b[31m", cols(tune(1))), ("B\nC", cols(tune(2))), ("", cols(tune(3, 4)))])
    tensors = index.to_tensors()
    again = Index.from_tensors(tensors)
    assert again.names == ("A [31m", "B C", "")
    assert again.longest_run(cols(tune(2))) == index.longest_run(cols(tune(2))) == SharedRun(60, "B C", 0, 0)
    assert tensors["fingerprints.grams"].nbytes + tensors["fingerprints.bars"].nbytes <= 10 * 124
    assert Index.from_tensors({}).names == ()
    assert Index.from_tensors(Index.build(()).to_tensors()).names == ()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("fingerprints.grams", lambda a: a | np.uint64(0x3FFFFFF)),
        ("fingerprints.bars", lambda a: a[:-1]),
        ("fingerprints.span", lambda a: a[:0]),
        ("fingerprints.span", lambda a: a * 0),
        ("tunes.starts", lambda a: a[::-1].copy()),
        ("tunes.starts", lambda a: a[:0]),
        ("tunes.names", lambda _: np.frombuffer(b"\n" * 50, np.uint8)),
        ("tunes.names", lambda a: a.astype(np.uint32)),
        ("fingerprints.grams", None),
    ],
)
def test_hostile_fingerprints_are_refused(name, change):
    """Arrays that contradict each other are a CheckpointError, never an IndexError later."""
    tensors = Index.build((f"t{i}", cols(tune(i, 20))) for i in range(3)).to_tensors()
    if change is None:
        del tensors[name]
    else:
        tensors[name] = change(tensors[name])
    with pytest.raises(CheckpointError, match="its fingerprints"):
        Index.from_tensors(tensors)


def test_fingerprints_may_stand_in_a_checkpoint():
    """The names and types of the arrays are those that checkpoints allow."""
    from melodyrnn.checkpoint.file import Card, Checkpoint, NetworkConfig, _to_bytes, expected_shapes  # noqa: PLC0415

    config = NetworkConfig(cell="rnn", hidden=2, embed=2, head=2, keys=1)
    weights = {n: np.zeros(s, np.float32) for n, s in expected_shapes(config).items()}
    index = Index.build([("one", cols(tune(1)))])
    _, _, arrays = read_container(_to_bytes(Checkpoint(config, Card(), weights, index.to_tensors())))
    extras = {n: a for n, a in arrays.items() if n not in weights}
    assert Index.from_tensors(extras).longest_run(cols(tune(1))).length == 60


@given(seed=st.integers(0, 10**6), first=st.integers(0, 40), count=st.integers(1, 20), since=st.integers(0, 60))
@settings(max_examples=25, deadline=None)
def test_runs_that_are_over_before_a_note_do_not_count(seed, first, count, since):
    """With `since`, the longest run is that of all stretches that hold a note from there on."""
    index = Index.build((f"t{i}", cols(tune(i))) for i in range(4))
    melody = cols(planted(tune(2), first, count, "higher", seed)[0])
    grams = index.known(shingles(melody))
    run = index.longest_run(melody, since=since)
    assert run.length <= index.longest_run(melody).length
    assert not run.length or run.start + run.length > since
    assert bool(run.length) == bool(grams[max(0, since - SPAN + 1) :].any())
