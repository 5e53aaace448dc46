"""Counts of how long melodies are and where they end."""

from dataclasses import replace

import numpy as np

from melodyrnn.events.columns import columns
from melodyrnn.events.statistics import (
    Form,
    count_ends,
    count_forms,
    count_phrases,
    count_tails,
    ends_in,
    form_of,
    forms_in,
    phrase_length,
    phrase_lengths,
    tail_of,
    tails_known,
    usual_form,
    usual_metre,
)
from melodyrnn.events.tokenizer import encode
from melodyrnn.events.vocabulary import onsets_of
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note


def tune(bars, *, first=0, last=60, key=None, metre=None, style=0):
    """A note at the start, one on each further bar line, and one at the end of so many bars."""
    metre = metre or Metre()
    end = bars * metre.bar_ticks
    lines = range(metre.bar_ticks, end, metre.bar_ticks)
    notes = (Note(first, 12, 64), *(Note(t, 12, 62) for t in lines), Note(end - 24, 24, last))
    return columns(encode(Melody(notes, (metre,), key or Key(0))), style=style)


def test_an_upbeat_is_no_bar():
    """What stands before the first bar line is told apart from the full bars after it."""
    assert form_of(tune(4)) == Form(0, 4)
    assert form_of(tune(5, first=72)) == Form(24, 4)
    assert form_of(tune(5, first=60, metre=Metre(6, 8))) == Form(12, 4)


def phrased(bars, *ends, **told):
    """The same, of which phrases are known to end on these ticks."""
    melody = tune(bars, **told)
    onsets = onsets_of(melody.rest, melody.duration)
    ends = np.array([*ends, bars * 96])
    return replace(melody, phrase=ends[np.searchsorted(ends, onsets, "right")] - onsets)


def test_phrases_of_one_length_are_told_from_others():
    """The last may be shorter; one that is longer, or that differs, makes them irregular, and silence tells nothing."""
    assert phrase_length(phrased(8, 192, 384, 576)) == 2
    assert phrase_length(phrased(6, 384)) == 4
    assert phrase_length(phrased(8, 192)) == phrase_length(phrased(8, 192, 480)) == 0
    assert phrase_length(phrased(8, 204, 372, 588)) == 2  # upbeats of their own
    assert phrase_length(tune(8)) == 0


def test_lengths_of_phrases_are_counted_by_metre_and_bars():
    """Those of as many bars count, else all that are longer; melodies that tell of none are left out."""
    melodies = [phrased(8, 192, 384, 576), phrased(8, 384), phrased(8, 192), phrased(6, 384, style=3), tune(8)]
    counts = count_phrases(melodies)
    assert counts == {"0 4/4 8 2": 1, "0 4/4 8 4": 1, "0 4/4 8 0": 1, "3 4/4 6 4": 1}
    assert phrase_lengths(counts, "4/4", 8, None) == [(0, 1), (2, 1), (4, 1)]
    assert phrase_lengths(counts, "4/4", 3, None) == [(0, 1), (2, 1)]
    assert phrase_lengths(counts, "4/4", 8, 3) == [(4, 1)]
    assert phrase_lengths(counts, "3/4", 8, None) == []


def closing(silence, **told):
    """Four bars of 4/4 whose last note ends so many ticks before the bar line."""
    melody = tune(4, **told)
    place = melody.place.copy()
    place[-1] -= silence
    return replace(melody, place=place)


def test_silences_at_the_end_are_counted_by_metre_and_upbeat():
    """A style of its own, if it has any, else all; an upbeat of another length has other endings."""
    assert [tail_of(closing(ticks)) for ticks in (0, 24, 48)] == [0, 24, 48]
    begun = closing(24, first=72)
    counts = count_tails([closing(0), closing(0, style=2), closing(24, style=2), begun, begun])
    assert counts == {"0 4/4 0 0": 1, "2 4/4 0 0": 1, "2 4/4 0 24": 1, "0 4/4 24 24": 2}
    assert tails_known(counts, "4/4", 24, None) == tails_known(counts, "4/4", 24, 2) == [(24, 2)]
    assert sorted(tails_known(counts, "4/4", 0, 2)) == [(0, 1), (24, 1)]
    assert sorted(tails_known(counts, "4/4", 0, None)) == [(0, 1), (0, 1), (24, 1)]
    assert tails_known(counts, "4/4", 12, None) == tails_known(counts, "3/4", 0, None) == []


def test_counts_can_be_asked_by_metre_mode_and_style():
    """A style of its own, or all together; other metres and modes stay out."""
    melodies = [tune(4, style=1), tune(4, style=2), tune(8, style=2), tune(4, style=2, metre=Metre(3, 4))]
    counts = count_forms(melodies)
    assert counts == {"1 4/4 0 4": 1, "2 3/4 0 4": 1, "2 4/4 0 4": 1, "2 4/4 0 8": 1}
    assert sorted(forms_in(counts, "4/4", 2)) == [(Form(0, 4), 1), (Form(0, 8), 1)]
    assert sorted(forms_in(counts, "4/4", None)) == [(Form(0, 4), 1), (Form(0, 4), 1), (Form(0, 8), 1)]
    assert list(forms_in(counts, "7/8", None)) == []
    ends = count_ends([tune(4), tune(4, last=67), tune(4, last=64, key=Key(9, "minor")), tune(4, last=60, style=3)])
    assert ends == {"0 major 0": 1, "0 major 7": 1, "0 minor 7": 1, "3 major 0": 1}
    assert list(ends_in(ends, "major", 3)) == [(0, 1)]
    assert sorted(ends_in(ends, "major", None)) == [(0, 1), (0, 1), (7, 1)]


def test_a_melody_longer_than_any_form_is_not_counted():
    """A card tells forms of up to 9,999 bars; what is longer would keep it from being read."""
    long = replace(tune(4), bars=10_000)
    assert count_forms([long, tune(4)]) == {"0 4/4 0 4": 1}
    assert count_forms([replace(tune(4), bars=9_999)]) == {"0 4/4 0 9999": 1}


def test_metres_without_a_name_are_not_counted():
    """A form in 19/16 could not be asked for by its name among METRES."""
    assert count_forms([tune(2, metre=Metre(19, 16)), tune(2)]) == {"0 4/4 0 2": 1}


def test_what_is_usual_in_a_style():
    """The metre of most of its melodies; an upbeat where most have one, then the commonest form."""
    counts = {"2 4/4 0 8": 9, "2 6/8 0 16": 4, "2 6/8 12 8": 3, "2 6/8 12 16": 3, "2 6/8 24 16": 1, "3 4/4 0 8": 99}
    assert usual_metre(counts, 2) == "6/8"
    assert usual_metre(counts, 4) is None
    assert usual_form(forms_in(counts, "6/8", 2)) == Form(12, 16)
    assert usual_form(forms_in(counts, "4/4", 2)) == Form(0, 8)
    assert usual_form(()) is None
