"""The floor: unigram and bigram, against counting by hand."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from melodyrnn.events.columns import columns
from melodyrnn.events.tokenizer import encode
from melodyrnn.events.vocabulary import DURATIONS, END, PITCHES
from melodyrnn.training.validation import SIZES, baselines


def test_unigrams_are_counts(melodies):
    """-log2 of the share of each value (a tenth added to every count), summed and divided by the notes."""
    train, heldout = melodies[:6], melodies[6:]
    notes = sum(len(m) for m in heldout)
    for name, rows in (("duration", len(DURATIONS)), ("pitch", len(PITCHES)), ("rest", END + 1)):
        counts = Counter(int(v) for m in train for v in getattr(m, name))
        said = [int(v) for m in heldout for v in getattr(m, name)]
        if name == "rest":  # END is counted in the rest
            counts[END] += len(train)
            said += [END] * len(heldout)
        total = sum(counts.values()) + 0.1 * rows
        assert SIZES[name] == rows
        by_hand = -sum(math.log2((counts[v] + 0.1) / total) for v in said) / notes
        assert baselines(train, heldout)["unigram"][name] == pytest.approx(by_hand)


def test_totals_are_sums(melodies):
    """The total is rest, duration and pitch together."""
    for terms in baselines(melodies[:6], melodies[6:]).values():
        assert terms["total"] == pytest.approx(terms["rest"] + terms["duration"] + terms["pitch"])


def test_what_always_follows_is_learnt_by_bigrams(tune):
    """In melodies that only go up and down between two notes, the note before says the next; counts alone do not."""
    two = [60 + 2 * (i % 2) for i in range(40)]
    melody = tune(0, 40)
    notes = tuple(type(n)(24 * i, 24, p) for i, (n, p) in enumerate(zip(melody.notes, two, strict=True)))
    zigzag = columns(encode(type(melody)(notes, melody.metres, melody.key)))
    bits = baselines([zigzag] * 20, [zigzag])
    assert bits["unigram"]["pitch"] > 0.9
    assert bits["bigram"]["pitch"] < 0.2


def test_what_was_never_seen_costs_a_finite_price(melodies):
    """No training melody: every value is equally likely, and nothing is infinite."""
    bits = baselines([], melodies)
    assert bits["unigram"]["pitch"] == pytest.approx(math.log2(len(PITCHES)))
    assert bits["bigram"]["pitch"] == pytest.approx(math.log2(len(PITCHES)))
