"""Ranking: what cannot be used goes out, the rest is ordered by named criteria, the same every time."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from melodyrnn.checkpoint.file import Card, Checkpoint
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import Generated, Model
from melodyrnn.compose.ranking import CRITERIA, rank
from melodyrnn.controls.options import Options
from melodyrnn.events.columns import columns
from melodyrnn.events.fingerprint import Index
from melodyrnn.events.tokenizer import encode
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Note


def tune(seed, notes=40, spread=4):
    """A random melody in eighths and quarters."""
    rng = np.random.default_rng(seed)
    lengths = rng.choice([12, 24], notes)
    ends, pitches = np.cumsum(lengths), 60 + np.clip(np.cumsum(rng.integers(-spread, spread + 1, notes)), -24, 24)
    rows = zip((ends - lengths).tolist(), lengths.tolist(), pitches.tolist(), strict=True)
    return Melody(tuple(Note(*row) for row in rows), key=Key(0))


def made(melody, seed, bits=2.5, primed=0):
    """A candidate of so many bits a note."""
    return Generated(melody, seed, np.full((len(melody.notes), 3), bits / 3), primed, 0.0)


@pytest.fixture
def judge(model):
    """A model that knows tune 0 by heart, with the facts of a corpus on its card."""
    index = Index.build([("the tune", columns(encode(tune(0))))])
    card = Card(bits={"total": 2.5}, facts={"range_mean": 16.0, "range_sd": 6.0, "copy_median": 9.0, "copy_p95": 16.0})
    known = model.checkpoint
    return Model(Checkpoint(known.config, card, known.weights, index.to_tensors()), model.network)


def test_a_copy_ranks_below_an_invention(judge):
    """Of two otherwise fair melodies, the training tune itself scores nothing for originality."""
    ranking = rank(judge, [made(tune(0).transpose(2), 0), made(tune(5), 1)], 2)
    assert [one.made.seed for one in ranking.best] == [1, 0]
    assert ranking.best[0].scores.originality == 1
    assert ranking.best[1].scores.originality == 0
    assert ranking.best[1].copied.tune == "the tune"


@pytest.mark.parametrize(("bits", "place"), [(2.5, 0), (0.4, 1), (6.0, 1)])
def test_surprise_far_from_the_corpus_ranks_lower(judge, bits, place):
    """Neither dull nor wild: the one near the corpus mean comes first."""
    ranking = rank(judge, [made(tune(5), 9, bits), made(tune(5).transpose(1), 10, 2.6)], 1)
    assert ranking.best[0].made.seed == (9 if place == 0 else 10)


def _bar_after_bar(bars):
    one = [(0, 24, 60), (24, 24, 62), (48, 48, 64)]
    return Melody(tuple(Note(96 * b + o, d, p) for b in range(bars) for o, d, p in one), key=Key(0))


OUT = {
    "one bar over and over": (_bar_after_bar(8), "repetition"),
    "one pitch": (Melody(tuple(Note(24 * i, 24, 60) for i in range(32)), key=Key(0)), "repetition"),
    "mostly rests": (Melody(tuple(Note(96 * i, 24, 60 + i * i % 7) for i in range(8)), key=Key(0)), "silence"),
    "a long hole": (
        Melody((*tune(3).notes, *(replace(n, onset=n.onset + 1100) for n in tune(4).notes)), key=Key(0)), "silence",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", OUT)
def test_what_cannot_be_used_goes_out(judge, what):
    """Endless repetition and silence are named and left out; the rest stays."""
    melody, reason = OUT[what]
    ranking = rank(judge, [made(melody, 0), made(tune(5), 1)], 2)
    assert [one.made.seed for one in ranking.best] == [1]
    assert ranking.out == {reason: 1}


def test_near_duplicates_go_out(judge):
    """The same melody in another key, or with one note changed, is taken once."""
    notes = list(tune(6).notes)
    notes[20] = replace(notes[20], pitch=notes[20].pitch + 1)
    alike = [tune(6), tune(6).transpose(3), replace(tune(6), notes=tuple(notes)), tune(7)]
    ranking = rank(judge, [made(m, k) for k, m in enumerate(alike)], 4)
    assert len(ranking.best) == 2
    assert ranking.out == {"duplicates": 2}


def test_short_melodies_are_told_apart_too(judge):
    """Of melodies shorter than a figure, those that are the same note for note are taken once."""
    short = [Melody(tuple(Note(24 * k, 24, p) for k, p in enumerate(pitches)), key=Key(0))
             for pitches in ((60, 62, 64, 65), (60, 62, 64, 65), (60, 64, 62, 65))]  # fmt: skip
    ranking = rank(judge, [made(melody, k) for k, melody in enumerate(short)], 3)
    assert len(ranking.best) == 2
    assert ranking.out == {"duplicates": 1}


def test_a_prime_is_not_judged(judge):
    """Two candidates after the same long prime are no duplicates of one another."""
    prime = tune(8, 30)
    end = prime.end
    candidates = [
        made(
            Melody((*prime.notes, *(replace(n, onset=n.onset + end) for n in tune(k).notes)), key=Key(0)), k, primed=30
        )
        for k in (5, 7)
    ]
    assert len(rank(judge, candidates, 2).best) == 2


def test_a_prime_is_no_copy_of_the_new_notes(judge):
    """The prime is the training tune itself: inventing after it scores as inventing, going on with it as copying."""
    notes = tune(0).notes
    prime, rest = notes[:20], notes[20:]
    end = prime[-1].end
    invented = Melody((*prime, *(replace(n, onset=n.onset + end) for n in tune(5).notes)), key=Key(0))
    ranking = rank(judge, [made(Melody((*prime, *rest), key=Key(0)), 1, primed=20), made(invented, 2, primed=20)], 2)
    found = {one.made.seed: one for one in ranking.best}
    assert (found[2].scores.originality, found[2].copied.length) == (1, 0)
    assert found[1].copied.length == len(notes)


def test_ranking_is_repeatable_and_complete(judge):
    """The same candidates rank the same; best first; every criterion has its score; a total is their mean."""
    candidates = list(generate(judge, Options(seed=1, bars=6), 24))
    one, again = rank(judge, candidates, 5), rank(judge, iter(candidates), 5)
    assert [x.made.seed for x in one.best] == [x.made.seed for x in again.best]
    totals = [x.scores.total for x in one.best]
    assert totals == sorted(totals, reverse=True)
    for x in one.best:
        facts = x.facts()
        assert set(facts["scores"]) == set(CRITERIA)
        assert all(0 <= score <= 1 for score in facts["scores"].values())
        assert facts["score"] == pytest.approx(sum(facts["scores"].values()) / len(CRITERIA), abs=1e-5)


def test_ranking_needs_no_card(model):
    """A model without fingerprints or facts ranks by what folk songs are like."""
    assert rank(model, list(generate(model, Options(bars=4), 8)), 3).best


def _bars(text):
    """A bar of quarters for each letter."""
    bars = {
        "A": (60, 62, 64, 60),
        "B": (67, 65, 64, 62),
        "C": (60, 67, 69, 71),
        "D": (72, 71, 67, 65),
        "E": (62, 64, 65, 69),
    }
    pitches = [pitch for letter in text for pitch in bars[letter]]
    return Melody(tuple(Note(24 * k, 24, pitch) for k, pitch in enumerate(pitches)), key=Key(0))


@pytest.mark.parametrize(("bars", "out"), [("AAAACBDECBDE", {"repetition": 1}), ("ABABCDEC", {})])
def test_four_times_the_same_bar(judge, bars, out):
    """One bar after itself goes out; two bars that return are a form."""
    assert rank(judge, [made(_bars(bars), 0)], 1).out == out


def test_a_range_is_scored_by_the_card(judge):
    """A bell around the mean range of the training melodies."""
    (one,) = rank(judge, [made(tune(5), 0)], 1).best
    assert one.scores.range == pytest.approx(math.exp(-(((one.semitones - 16) / 6) ** 2) / 2))


def test_a_piece_of_another_melody_is_its_duplicate(judge):
    """What stands whole in another candidate is not a second one."""
    whole = tune(6)
    piece = Melody(whole.notes[:16], key=Key(0))
    assert rank(judge, [made(whole, 0), made(piece, 1)], 2).out == {"duplicates": 1}
