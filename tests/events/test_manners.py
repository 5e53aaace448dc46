"""Counts of a model's own manners."""

import pytest

from melodyrnn.checkpoint.card import Card, NetworkConfig, card_text, read_card_text
from melodyrnn.errors import CheckpointError
from melodyrnn.events.columns import columns
from melodyrnn.events.manners import OwnManner, count_manners, manners_in
from melodyrnn.events.tokenizer import encode
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note


def tune(metre, key, *, first=0, style=0):
    """Four notes that end a second bar, the first of them at this tick."""
    notes = (Note(first, 12, 64), *(Note(metre.bar_ticks + 12 * k, 12, 62) for k in range(3)))
    return columns(encode(Melody(notes, (metre,), key, length=2 * metre.bar_ticks)), style=style)


def test_manners_are_counted_whole():
    """Metre, upbeat, bars, key and tempo of a melody stay together, and come back."""
    jig, reel = Metre(6, 8), Metre(2, 4)
    heard = [tune(jig, Key(9, "minor"), first=60, style=2)] * 2 + [tune(reel, Key(2)), tune(Metre(37, 16), Key(0))]
    counts = count_manners(heard, [168, 168, 104, 120])  # the last metre has no name
    assert counts == {"0 2/4 0 2 major 2 104": 1, "2 6/8 12 1 minor 9 168": 2}
    assert list(manners_in(counts)) == [
        (OwnManner(0, reel, 0, 2, Key(2), 104), 1), (OwnManner(2, jig, 12, 1, Key(9, "minor"), 168), 2),
    ]  # fmt: skip


def test_a_card_keeps_them_and_trusts_none():
    """What is no manner is refused; a card without any has no such field, as before."""
    text = card_text(NetworkConfig(), Card(manners={"0 2/4 0 2 major 2 104": 1}))
    assert read_card_text(text)[1].manners == {"0 2/4 0 2 major 2 104": 1}
    assert "manners" not in card_text(NetworkConfig(), Card())
    for wrong in ("2/0", "2/3", "0/4"):
        with pytest.raises(CheckpointError, match="manners counts"):
            read_card_text(text.replace("2/4", wrong))


def test_a_tempo_that_nobody_said_is_not_known():
    """Readers give 120 where a file says none."""
    assert count_manners([tune(Metre(2, 4), Key(2))], [120]) == {"0 2/4 0 2 major 2 0": 1}
