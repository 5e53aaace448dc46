"""Rhythms, lines and motifs are read as they are written, and written of melodies as they are read."""

import pytest

from melodyrnn.controls.material import line_of, line_text, motif_of, motif_text, rhythm_of, rhythm_text
from melodyrnn.errors import OptionError
from melodyrnn.music.melody import Melody, Note

TUNE = Melody((Note(24, 24, 60), Note(60, 5, 61), Note(65, 96, 75)), length=192)


def test_a_melody_comes_back():
    """Its rhythm with all silences but the first, its pitches, and both."""
    assert rhythm_of(rhythm_text(TUNE)) == (24, -12, 5, 96, -31)
    assert line_of(line_text(TUNE)) == (60, 61, 75)
    assert motif_of(motif_text(TUNE)) == ((24, 60), (12, None), (5, 61), (96, 75), (31, None))


@pytest.mark.parametrize(
    ("read", "text", "reason"),
    [
        (rhythm_of, "", "names no note"),
        (rhythm_of, "r1/4 1/4", "begins with a silence"),
        (rhythm_of, "1/7", "'1/7' is not a note value"),
        (rhythm_of, "1/0", "is not a note value"),
        (rhythm_of, "5/1", "is not a note value"),
        (rhythm_of, "1/4 " * 513, "at most 512"),
        (line_of, "C4 E", "'E' names no octave; write E4"),
        (line_of, "H4", "is not a pitch"),
        (motif_of, "C4", "is not a note value"),
        (motif_of, "r:1/4", "begins with a silence"),
        (motif_of, "C4:1/4 " * 65, "at most 64"),
    ],
)
def test_what_is_none_is_refused(read, text, reason):
    """With the word that is wrong."""
    with pytest.raises(OptionError, match=reason):
        read(text)
