"""What a judge of a two-sample test hears."""

import numpy as np
import pytest

from melodyrnn.events.columns import columns
from melodyrnn.events.judge_views import JUDGED, hearing, without_last
from melodyrnn.events.tokenizer import encode
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

NAMES = list(JUDGED)


@pytest.fixture
def melody():
    """Two bars of 2/4: C D | C E (shorter), and a third one with a note off the beat."""
    notes = (Note(0, 24, 60), Note(24, 24, 62), Note(48, 24, 60), Note(72, 12, 64), Note(108, 12, 60))
    return columns(encode(Melody(notes, (Metre(2, 4),), Key(0))))


def test_what_stood_a_bar_ago_is_heard(melody):
    """The same pitch and duration, another pitch and duration, no note there."""
    heard = hearing(melody)
    assert heard.shape == (5, len(JUDGED))
    assert heard[:, NAMES.index("pitch_1")].tolist() == [0, 0, 2, 1, 0]
    assert heard[:, NAMES.index("duration_1")].tolist() == [0, 0, 2, 1, 0]
    assert not heard[:, NAMES.index("pitch_2")].any()


def test_every_row_lies_within_its_table(melody):
    """Rows of the tables that the network is built with; the notes to the end count down to 0."""
    heard = hearing(melody)
    assert (heard >= 0).all()
    assert (heard < list(JUDGED.values())).all()
    assert heard[:, NAMES.index("to_end")].tolist() == [4, 3, 2, 1, 0]


def test_a_melody_without_its_end_does_not_know_of_it(melody):
    """It is the beginning, note for note; its end is where it is cut."""
    cut = without_last(melody, 2)
    assert (len(cut), cut.bars) == (3, 2)
    assert hearing(cut)[:, NAMES.index("to_end")].tolist() == [2, 1, 0]
    others = [k for k, name in enumerate(NAMES) if name != "to_end"]
    assert np.array_equal(hearing(cut)[:, others], hearing(melody)[:3, others])
