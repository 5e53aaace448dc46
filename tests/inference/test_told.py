"""What melodies on their way are told is what known melodies say at their onsets."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from melodyrnn.checkpoint.file import NetworkConfig
from melodyrnn.events.columns import Withheld, answers_hidden, collate
from melodyrnn.events.context import harmonic, phrase_ticks
from melodyrnn.events.viewpoints import AT_DURATION, AT_REST, HEARD, Hears, sizes, ticks_left_row
from melodyrnn.inference.decoder import Conditions, Decoder, of_columns
from melodyrnn.inference.layout import layout_of
from melodyrnn.inference.numpy_network import Network
from melodyrnn.inference.told import NOTHING, Context, chords_told, context_of_columns, phrases_told, rows_to
from melodyrnn.music.chords import chord_of
from melodyrnn.music.harmony import Harmony
from melodyrnn.music.melody import Metre

CONFIG = NetworkConfig(hidden=8, embed=6, head=8, keys=4, phrases=True, harmony=True)
SYMBOLS = st.sampled_from(["C", "Am7", "G7", "N.C.", "F#dim"])


@given(
    st.lists(st.tuples(st.integers(1, 200), SYMBOLS), min_size=1, max_size=8), st.integers(0, 90), st.integers(0, 11)
)
@settings(max_examples=60)
def test_chords_laid_out_are_those_of_a_file(spans, onset, tonic):
    """At every tick: before the first chord, at each change, after the last one."""
    ticks = np.arange(onset + sum(length for length, _ in spans) + 30)
    expected = harmonic(ticks.tolist(), Harmony(tuple(spans), Metre(), onset=onset), tonic)
    laid, at = [], onset
    for length, symbol in spans:
        laid.append((at, length, chord_of(symbol)))
        at += length
    told = chords_told(laid, tonic, len(ticks)).at(ticks)
    assert told.chord.tolist() == expected.chord.tolist()
    assert told.next_chord.tolist() == expected.next_chord.tolist()
    assert told.chord_left.tolist() == ticks_left_row(expected.chord_left).tolist()


@given(st.sets(st.integers(1, 300), max_size=6), st.integers(301, 400))
@settings(max_examples=60)
def test_phrases_laid_out_are_those_of_a_melody(begins, end):
    """At every tick the same ticks are left; behind the last phrase nothing is told."""
    ticks, phrases = np.arange(end + 9), tuple(sorted(begins))
    found = phrases_told([[*phrases, end]] * len(ticks)).end(ticks)
    rows = rows_to(found, ticks)
    assert rows[:end].tolist() == ticks_left_row(phrase_ticks(range(end), end, phrases)).tolist()
    assert not rows[end:].any()


def test_every_row_is_that_of_a_batch(told_columns, random_weights):
    """All views at all positions, of melodies that tell of phrases, of chords, of both and of neither."""
    melodies = [told_columns(30, k) for k in range(8)]
    shown = answers_hidden(8, told=Withheld._fields)
    batch, layout = collate(melodies, shown), layout_of(CONFIG.hears)
    told = Conditions(
        *(np.array(v) for v in zip(*((m.mode + 1, m.style, m.anchor + 1, m.bars) for m in melodies), strict=True))
    )
    context = context_of_columns(melodies, shown)
    decoder = Decoder(Network(CONFIG, random_weights(CONFIG)), told, of_columns(melodies), context=context)
    first_known, first_heard = (np.array(list(rows.values())) for rows in (layout.known, layout.heard))
    for i in range(30):
        came = [np.array([getattr(m, name)[i] for m in melodies]) for name in ("rest", "duration", "pitch")]
        heard = decoder._heard - first_heard
        heard[:, list(HEARD).index("register")] *= i > 0  # it is there already when the first note is awaited
        assert (heard == batch.heard[:, i]).all()
        for views, rows, known in (
            (AT_REST, batch.at_rest, decoder._stand_after()),
            (AT_DURATION, batch.at_duration, decoder._standing(came[0])[1]),
        ):
            assert (known[:, : len(views)] - first_known[: len(views)] == rows[:, i]).all()
        decoder.pitch(*came[:2])
        assert (decoder._standing(came[0])[1] - first_known == batch.at_pitch[:, i]).all()
        decoder.step(*came)


def test_chosen_melodies_go_on_as_alone(told_columns, random_weights):
    """What is told travels with its melody, bit for bit."""
    melodies, network = [told_columns(20, k) for k in range(5)], Network(CONFIG, random_weights(CONFIG))

    def heard(some, notes):
        told = Conditions(*(np.array([getattr(m, n) + 1 for m in some]) for n in ("mode", "style", "anchor", "bars")))
        context = context_of_columns(some, answers_hidden(len(some), told=Withheld._fields))
        decoder = Decoder(network, told, of_columns(some), context=context)
        for i in range(notes):
            decoder.step(*(np.array([getattr(m, n)[i] for m in some]) for n in ("rest", "duration", "pitch")))
        return decoder

    chosen = np.array([3, 3, 0, 4])
    taken, alone = heard(melodies, 12).select(chosen), heard([melodies[k] for k in chosen], 12)
    assert taken.rest().tobytes() == alone.rest().tobytes()
    rest, duration = (np.array([getattr(melodies[k], n)[12] for k in chosen]) for n in ("rest", "duration"))
    assert taken.pitch(rest, duration).tobytes() == alone.pitch(rest, duration).tobytes()


def test_a_network_without_ears_is_told_nothing(model, told_columns):
    """The context is left out, and the rows are those there always were."""
    melodies = [told_columns(5, 0)]
    context = context_of_columns(melodies, answers_hidden(1, told=Withheld._fields))
    zero = np.zeros(1, np.int64)
    decoder = Decoder(model.network, Conditions(zero, zero, zero, zero), of_columns(melodies), context=context)
    assert decoder.context == NOTHING == Context()
    assert len(sizes(HEARD, Hears())) == decoder._heard.shape[1] == 12
    assert decoder._stand_after().shape[1] == 6
