"""Batches: every note once an epoch, little padding, and nothing that depends on anything but seed and place."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from melodyrnn.events import viewpoints as vp
from melodyrnn.events.columns import Withheld, answers_hidden, collate
from melodyrnn.events.context import Harmonic
from melodyrnn.events.vocabulary import END
from melodyrnn.training.batches import (
    Share,
    Span,
    cut,
    dropped,
    heldout,
    plan_epoch,
    spans,
    training_step,
    withheld,
)

LENGTHS = st.lists(st.integers(1, 900), min_size=1, max_size=60)


@settings(deadline=None)
@given(LENGTHS, st.integers(1, 400))
def test_pieces_hold_every_note_once(lengths, longest):
    """Pieces of a melody follow each other without gap, none is too long, and they are of nearly equal length."""
    pieces = spans(np.array(lengths), longest)
    for index, length in enumerate(lengths):
        own = [p for p in pieces if p.melody == index]
        sizes = [p.stop - p.start for p in own]
        assert [p.start for p in own] == [0, *(p.stop for p in own[:-1])]
        assert own[-1].stop == length
        assert max(sizes) <= longest
        assert max(sizes) - min(sizes) <= 1


@settings(deadline=None)
@given(LENGTHS, st.integers(1, 2000), st.integers(0, 2**32), st.integers(0, 50))
def test_every_piece_comes_once_an_epoch(lengths, positions, seed, epoch):
    """An epoch is all pieces, each once, in steps that hold no more than asked for (or a single piece)."""
    pieces = spans(np.array(lengths), 400)
    steps = plan_epoch(pieces, positions, seed, epoch)
    assert Counter(p for step in steps for p in step) == Counter(pieces)
    assert all(len(s) == 1 or len(s) * (max(p.stop - p.start for p in s) + 1) <= positions for s in steps)


def test_an_epoch_is_a_function_of_seed_and_epoch():
    """The same twice; another order in another epoch or with another seed."""
    pieces = spans(np.random.default_rng(0).integers(8, 200, 100), 400)
    assert plan_epoch(pieces, 720, 1, 2) == plan_epoch(pieces, 720, 1, 2)
    assert plan_epoch(pieces, 720, 1, 2) != plan_epoch(pieces, 720, 1, 3) != plan_epoch(pieces, 720, 2, 3)


def test_little_is_padded():
    """Melodies of like length stand together: under a tenth of the positions of a usual corpus are padding."""
    lengths = np.random.default_rng(0).gamma(4.0, 12.0, 500).astype(int) + 8
    steps = plan_epoch(spans(lengths, 400), 720, 0, 0)
    widths = [[p.stop - p.start + 1 for p in step] for step in steps]
    padded = sum(max(w) * len(w) for w in widths)
    assert sum(map(sum, widths)) / padded > 0.9


@pytest.mark.parametrize("of", [2, 3, 5])
def test_processes_share_the_rows_of_one_batch(melodies, config, recipe, of):
    """Put together, the rows of all processes are the batch and the dropout of one."""
    whole, dropped = training_step(melodies, recipe, config, 7, Share())
    seen = []
    for rank in range(of):
        rows = [row if row < len(melodies) else 0 for row in Share(rank, of).rows(len(melodies))]
        seen += Share(rank, of).rows(len(melodies))
        own, own_dropped = training_step(melodies, recipe, config, 7, Share(rank, of))
        width = own.rest.shape[1]
        for name in ("heard", "rest", "duration", "pitch", "notes", "rests"):
            mine, all_ = getattr(own, name), getattr(whole, name)[rows, :width]
            if name == "heard":
                mine, all_ = mine[own.rests], all_[own.rests]
            assert torch.equal(mine, all_), name
        assert all(torch.equal(a, b[rows]) for a, b in zip(own_dropped, dropped, strict=True))
    assert sorted(seen)[: len(melodies)] == list(range(len(melodies)))
    assert len(seen) == -(-len(melodies) // of) * of


def test_a_step_draws_from_its_number(melodies, config, recipe):
    """Dropout and what is hidden follow from (seed, step) alone."""

    def draw(step, seed):
        inputs, dropped = training_step(melodies, replace(recipe, seed=seed), config, step, Share())
        return [*inputs, *dropped]

    assert all(map(torch.equal, draw(3, 0), draw(3, 0)))
    assert not all(map(torch.equal, draw(3, 0), draw(4, 0)))
    assert not all(map(torch.equal, draw(3, 0), draw(3, 1)))


def test_dropout_keeps_the_mean(melodies, config, recipe):
    """What is kept is scaled up by as much as is left out; with rate 0 nothing happens."""
    draws = [training_step(melodies, recipe, config, step, Share())[1] for step in range(200)]
    for name, rate in (("views", recipe.drop_views), ("state", recipe.drop_state), ("pitch", recipe.drop_head)):
        every = torch.cat([getattr(d, name).flatten() for d in draws])
        assert abs(float(every.mean()) - 1) < 0.05
        assert abs(float((every == 0).float().mean()) - rate) < 0.05
    still = replace(recipe, drop_views=0.0, drop_state=0.0, drop_head=0.0)
    assert all((term == 1).all() for term in training_step(melodies, still, config, 0, Share())[1])


def test_a_piece_is_a_melody_of_its_own(melodies):
    """Cut out, a piece keeps its notes and their places in the bar, begins in bar 0, and has as many bars left."""
    melody = melodies[8]
    assert cut(melody, Span(0, 0, len(melody))) is melody
    piece = cut(melody, Span(0, 10, 20))
    first = int(melody.bar[10])
    for name in ("duration", "pitch", "place", "metre", "bar_ticks"):
        np.testing.assert_array_equal(getattr(piece, name), getattr(melody, name)[10:20])
    np.testing.assert_array_equal(piece.bar, melody.bar[10:20] - first)
    assert piece.bars == melody.bars - first
    np.testing.assert_array_equal(piece.rest[1:], melody.rest[11:20])
    assert piece.phrase is piece.harmony is None


def test_a_piece_keeps_its_phrases_and_chords(melodies):
    """What is told of its notes goes with them."""
    rows = np.arange(len(melodies[8])) + 1
    told = replace(melodies[8], phrase=rows, harmony=Harmonic(rows + 100, rows + 200, rows + 300))
    piece = cut(told, Span(0, 10, 20))
    assert piece.phrase.tolist() == list(range(11, 21))
    assert [column.tolist() for column in piece.harmony] == [list(range(k + 11, k + 21)) for k in (100, 200, 300)]


def test_pieces_teach_no_upbeat_and_no_end_within_a_melody(melodies):
    """Of a melody in three pieces END is predicted after the last, the first rest in the first, all notes once."""
    melody = melodies[8]
    pieces = [cut(melody, span) for span in (Span(0, 0, 10), Span(0, 10, 20), Span(0, 20, len(melody)))]
    batch = collate(pieces, answers_hidden(3))
    over = batch.rests & (batch.rest == END)
    assert over.sum(1).tolist() == [0, 0, 1]
    assert batch.rests[:, 0].tolist() == [True, False, False]
    assert batch.rests.sum() == len(melody) - 2 + 1
    assert batch.notes.sum() == len(melody)


def test_held_out_batches_hide_the_answers(melodies):
    """Bars left and style are withheld; each melody ends with END and nothing is predicted after it."""
    from melodyrnn.events import viewpoints as vp  # noqa: PLC0415 - the order of the columns

    batch = heldout([replace(m, style=3) for m in melodies])
    names = list(vp.HEARD)
    bars = batch.heard[..., names.index("bars_left")], batch.at_pitch[..., list(vp.AT_PITCH).index("bars_left")]
    for rows in bars:  # hidden, or the number of the bar, which is no answer
        assert ((rows == 0) | (rows >= vp.HEARD["bars_left"])).all()
    assert not batch.heard[..., names.index("style")].any()
    over = batch.rests & ~batch.notes
    assert (batch.rest[over] == END).all()
    assert batch.notes.sum(1).tolist() == [len(m) for m in melodies]
    assert over.sum(1).tolist() == [1] * len(melodies)


def test_what_was_drawn_before_there_were_phrases_is_drawn_still(recipe, config):
    """Old conditions and dropout of a network without the new views come from the same numbers."""
    rng = np.random.default_rng((5, 7, 3))
    hidden = withheld(recipe, 6, rng)
    drawn = dropped(recipe, config, 6, rng, list(range(6)))
    again = np.random.default_rng((5, 7, 3))
    chance = again.random((4, 6))
    rates = (recipe.hide_bars, recipe.hide_style, recipe.hide_mode, recipe.hide_register)
    assert all((row < rate).tolist() == flags.tolist() for row, rate, flags in zip(chance, rates, hidden, strict=False))
    heads = [again.random((6, 1, config.head), dtype=np.float32) >= recipe.drop_head for _ in range(3)]
    assert all((ours.numpy() > 0).tolist() == kept.tolist() for ours, kept in zip(drawn[2:], heads, strict=True))
    assert drawn.views.shape == (6, 1, 12)
    both = dropped(recipe, replace(config, phrases=True, harmony=True), 6, rng, [0])
    assert both.views.shape == (1, 1, 15)


def test_phrases_and_chords_are_hidden_as_often_as_the_recipe_says(recipe):
    """Apart from each other."""
    hidden = withheld(replace(recipe, hide_phrases=0.2, hide_harmony=0.7), 4_000, np.random.default_rng(0))
    assert abs(hidden.phrase.mean() - 0.2) < 0.03
    assert abs(hidden.harmony.mean() - 0.7) < 0.03
    assert abs((hidden.phrase & hidden.harmony).mean() - 0.14) < 0.03


def test_a_piece_of_a_melody_tells_of_its_own_notes(told_columns):
    """Phrases and chords of a span are those of its notes; its places, and the ticks left, do not change."""
    melody = told_columns(30, 0)
    piece = cut(melody, Span(0, 10, 20))
    assert piece.phrase.tolist() == melody.phrase[10:20].tolist()
    assert all(
        own.tolist() == of.tolist() for own, of in zip(piece.harmony, (c[10:20] for c in melody.harmony), strict=True)
    )
    whole, part = (collate([m], answers_hidden(1, told=Withheld._fields)) for m in (melody, piece))
    for name in ("at_duration", "at_pitch"):
        left = list(getattr(vp, name.upper())).index("phrase_left")
        assert getattr(part, name)[0, :10, left].tolist() == getattr(whole, name)[0, 10:20, left].tolist()
