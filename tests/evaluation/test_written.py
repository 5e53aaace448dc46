"""What a model writes under the frames of melodies."""

import pytest

from melodyrnn.errors import CorpusError
from melodyrnn.evaluation.written import Framed, framed, write_under_frames
from melodyrnn.events.columns import columns
from melodyrnn.events.statistics import form_of
from melodyrnn.events.tokenizer import encode
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

from .conftest import melody_of

FRAMES = [Framed(2, 7, 0, 24), Framed(3, 9, 1, 0), Framed(2, 7, 0, 24), Framed(0, 0, 2, 12)]


def test_a_frame_is_metre_key_and_upbeat():
    """An upbeat of a quarter in 3/4; none; one that no rest of the tables leads to; a metre without a name."""
    upbeat = Melody((Note(48, 24, 67), Note(72, 72, 67)), (Metre(3, 4),), Key(7, "dorian"))
    assert framed(columns(encode(upbeat))) == Framed(2, 7, 2, 24)
    assert framed(columns(encode(melody_of([(0, 24, 60)])))) == Framed(0, 0, 0, 0)
    assert framed(columns(encode(melody_of([(0, 24, 60)], metre=Metre(17, 16))))) is None


def test_each_is_written_under_the_frame_of_one(model):
    """Metre, key and upbeat; those of one frame stand together, and each says whose it is."""
    written = list(write_under_frames(model, FRAMES, seed=3, jobs=1))
    assert sorted(one.under for one in written) == [0, 1, 2, 3]
    assert [one.seed for one in written] == [3, 4, 5, 6]
    for one in written:
        assert one.frame == FRAMES[one.under]
        assert (int(one.melody.metre[0]), one.melody.tonic, one.melody.mode) == one.frame[:3]
        assert form_of(one.melody).upbeat == one.frame.upbeat


def test_who_composes_does_not_matter(model):
    """The same melodies in two processes, and as `generate` makes them from the seed and the frame."""
    alone, together = (list(write_under_frames(model, FRAMES, jobs=jobs)) for jobs in (1, 2))
    assert [one.name for one in alone] == [one.name for one in together]
    for one, other in zip(alone, together, strict=True):
        assert one.melody.pitch.tolist() == other.melody.pitch.tolist()
        assert one.melody.rest.tolist() == other.melody.rest.tolist()


def test_no_frame_is_refused(model):
    """There is nothing to write."""
    with pytest.raises(CorpusError, match="no melody of the set"):
        next(write_under_frames(model, []))
