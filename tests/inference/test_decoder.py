"""Streams can be copied, chosen from and asked in any order."""

import numpy as np

from melodyrnn.inference.decoder import Conditions, Decoder, of_columns, of_metres
from melodyrnn.music.melody import Melody, Metre, Note


def heard(model, melodies, notes):
    """A stream that has heard the first notes of melodies."""
    told = Conditions(*(np.array([getattr(m, n) + 1 for m in melodies]) for n in ("mode", "style", "anchor", "bars")))
    decoder = Decoder(model.network, told, of_columns(melodies))
    for i in range(notes):
        decoder.step(*(np.array([getattr(m, n)[i] for m in melodies]) for n in ("rest", "duration", "pitch")))
    return decoder


def test_take_continues_each_choice_as_the_original(model, random_columns):
    """Resampled streams go on bit for bit as if they had been alone, and do not touch their source."""
    melodies = [random_columns(20, k) for k in range(5)]
    decoder = heard(model, melodies, 12)
    before = decoder.rest().copy()
    chosen = np.array([3, 3, 0, 4])
    taken = decoder.select(chosen)
    rows = [np.array([getattr(melodies[k], n)[12] for k in chosen]) for n in ("rest", "duration", "pitch")]
    assert (
        taken.duration(rows[0]).tobytes() == heard(model, [melodies[k] for k in chosen], 12).duration(rows[0]).tobytes()
    )
    taken.step(*rows)
    assert taken.rest()[0].tobytes() == heard(model, [melodies[3]], 13).rest()[0].tobytes()
    assert decoder.rest().tobytes() == before.tobytes()


def test_questions_about_other_choices_leave_no_trace(model, random_columns):
    """Asking for a rest that is then not taken does not change what follows."""
    melody = random_columns(20, 6)
    curious, plain = heard(model, [melody], 5), heard(model, [melody], 5)
    rest, duration, pitch = (getattr(melody, n)[5:6] for n in ("rest", "duration", "pitch"))
    curious.rest()
    curious.pitch(rest + 1, duration)
    curious.duration(rest + 2)
    for decoder in (curious, plain):
        decoder.step(rest, duration, pitch)
    assert curious.pitch(rest, duration).tobytes() == plain.pitch(rest, duration).tobytes()


def test_timeline_agrees_with_melody():
    """Bars and places under metre changes are those of Melody.place, at every tick."""
    metres = (Metre(3, 4), Metre(7, 8, 216), Metre(4, 4, 300))
    melody = Melody((Note(0, 24, 60),), metres)
    where = of_metres(metres, 500).at(np.arange(500))
    assert list(zip(where.bar.tolist(), where.place.tolist(), strict=True)) == [melody.place(t) for t in range(500)]
    assert [melody.metre_at(t).bar_ticks for t in range(500)] == where.bar_ticks.tolist()
