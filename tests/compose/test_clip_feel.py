"""How a clip is played: learnt by place, and given to new notes."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest

from melodyrnn.compose.generate import generate
from melodyrnn.compose.performing.clip_feel import groove_of, grooved, in_turn, is_played
from melodyrnn.controls.options import Options
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.melody import Melody, Metre, Note

DICE = np.random.default_rng(7)
LATE, LOUD, GATE = DICE.normal(0, 9, 8), DICE.integers(50, 120, 8), DICE.uniform(0.5, 0.98, 8)  # by eighth of a bar


def clip(bars=4):
    """Eighths as one hand plays them, in a file of 480 to a quarter; and as read."""
    notes = tuple(Note(12 * k, 12, 60 + (0, 2, 4, 5, 7, 9, 7, 5)[k * 3 % 8], int(LOUD[k % 8])) for k in range(8 * bars))
    starts = [240 * k + round(LATE[k % 8] + DICE.normal(0, 1)) for k in range(8 * bars)]
    starts[0] = max(starts[0], 0)
    times = [(start, start + round(240 * GATE[k % 8])) for k, start in enumerate(starts)]
    return read_midi(midi_bytes(Melody(notes, (Metre(),)), timing=times))


def by_place(rows):
    """Means of lateness, velocity and gate by place."""
    found = defaultdict(list)
    for place, *values in rows:
        found[place].append(values)
    return {place: np.mean(values, 0) for place, values in found.items()}


def apart(one, other):
    """How far new notes are from a clip at the places that both have, in the clip's own spread."""
    shared = sorted(set(one) & set(other))
    a, b = (np.array([table[place] for place in shared]) for table in (one, other))
    return float(np.abs((a - b) / np.std(b, 0)).mean())


def played(model, feel_of, seeds=range(12)):
    """New notes after a prime, as (place, late, velocity, gate)."""
    rows = []
    for seed in seeds:
        made = next(iter(generate(model, Options(seed=seed, bars=4), prime=feel_of.melody)))
        new = [origin is None for origin in made.origins]
        melody, spans = grooved(made.melody, new, groove_of(feel_of.melody, feel_of.original), seed)
        for note, (start, end), is_new in zip(melody.notes, spans, new, strict=True):
            if is_new and note.onset % 12 == 0:
                gate = 100 * (end - start) / note.duration
                rows.append((melody.place(note.onset)[1], (start - note.onset) * 20, note.velocity, gate))
    return rows


def test_new_notes_are_nearer_to_the_clip_than_to_its_numbers_elsewhere(model):
    """Timing, velocity and gate by place: nearer than to the same numbers shuffled over places, 19 times of 19."""
    found = clip()
    groove = groove_of(found.melody, found.original)
    own, new = by_place(groove.hits), by_place(played(model, found))
    places, values = list(own), list(own.values())
    near = apart(new, own)
    for _ in range(19):
        order = DICE.permutation(len(places))
        shuffled = {place: values[k] for place, k in zip(places, order, strict=True)}
        assert near < 0.5 * apart(new, shuffled)


def test_the_groove_of_a_clip_says_what_was_played():
    """Lateness, velocity and gate of each place, to a few ticks."""
    found = clip()
    for place, (late, loud, gate) in by_place(groove_of(found.melody, found.original).hits).items():
        k = place // 12
        assert (late, loud) == (pytest.approx(LATE[k], abs=2.5), LOUD[k])
        assert gate == pytest.approx(100 * GATE[k], abs=4)


@pytest.mark.parametrize("division", [24, 100, 220, 480])
def test_written_music_is_not_played(division):
    """Notes on the lines, in any division, thirds of a quarter included; the same a little late are."""
    notes = tuple(Note(8 * k, 8, 60 + k % 5) for k in range(24))
    raw = bytearray(midi_bytes(Melody(notes)))
    exact = read_midi(bytes(raw))
    assert not is_played(exact.melody, exact.original)
    assert is_played(clip().melody, clip().original)
    times = [(round(note.onset * division / 24), round(note.end * division / 24)) for note in notes]
    raw = bytearray(midi_bytes(Melody(notes), timing=times))
    raw[12:14] = division.to_bytes(2)
    odd = read_midi(bytes(raw))
    assert not is_played(odd.melody, odd.original)


def test_spans_of_a_line_stay_in_order():
    """New ones between those that stay; none begins before its forerunner, or sounds into the next or past the end."""
    spans = [(0.0, 30.0), (9.0, 50.0), (8.0, 20.0), (30.0, 40.0), (29.0, 99.0)]
    new = [True, True, True, False, True]
    turned = in_turn(spans, new, 2.0, 48.0)
    assert turned[3] == spans[3]
    assert turned[0][0] == 2.0
    assert all(a[0] < b[0] for a, b in pairwise(turned))
    assert all(a[1] <= b[0] for (a, b), is_new in zip(pairwise(turned), new, strict=False) if is_new)
    assert turned[-1][1] <= 48
