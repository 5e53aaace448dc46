"""Note values are kept in a gap whose neighbours are played a little beside the lines on which they are heard."""

import pytest

from melodyrnn.compose.edit import infill
from melodyrnn.controls.options import Options
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note


def played(ends, begins):
    """Three bars, the second to be filled: a note that rings on into it, and one that comes before it is over."""
    notes = (Note(0, 24, 60), Note(24, ends - 24, 62), Note(begins, 216 - begins, 64), Note(216, 72, 60))
    return Melody(notes, (Metre(),), Key(0), 120.0, "t", 288)


@pytest.mark.parametrize("values", ["1/8", "1/8 1/4", "1/4"])
@pytest.mark.parametrize(("ends", "begins"), [(134, 192), (182, 192), (98, 192), (134, 194), (97, 193)])
def test_no_new_note_is_cut(model, ends, begins, values):
    """It begins once the one before it is over; where there is no room for one there is a silence."""
    melody = played(ends, begins)
    allowed = {12, 24} if " " in values else {96 // int(values[-1])}
    for seed in range(4):
        made = infill(model, melody, [1], Options(seed=seed, durations=values)).melody
        new = [note for note in made.notes if note not in melody.notes]
        assert {*melody.notes} <= {*made.notes}
        assert {note.duration for note in new} <= allowed
        assert all(ends <= note.onset and note.end <= begins for note in new)
        if ends == 182:
            assert not new


def test_without_a_promise_a_new_note_is_played_from_where_it_can(model):
    """As one plays on from a note that rings a little over the line."""
    made = [infill(model, played(134, 192), [1], Options(seed=seed)).melody for seed in range(12)]
    assert any(note.onset == 134 for melody in made for note in melody.notes)
