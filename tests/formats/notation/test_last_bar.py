"""The last bar makes room for the upbeat, on paper and read back."""

from dataclasses import replace

import pytest

from melodyrnn.formats.notation.layout import engrave, written_end
from melodyrnn.formats.notation.music21_reader import read_notation
from melodyrnn.formats.notation.write import write_notation
from melodyrnn.formats.writing import Manner, Written, write_as
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

BAR, UPBEAT = 72, 12  # 6/8, an eighth
NOTES = tuple(
    Note(onset, length, pitch)
    for onset, length, pitch in ((60, 12, 69), (72, 36, 74), (108, 36, 78), (144, 36, 76), (180, 24, 74))
)
TUNE = Melody(NOTES, (Metre(6, 8),), Key(2), 120.0, "t", 3 * BAR)


def sounding(melody):
    """Onset, duration and pitch of each note."""
    return [(note.onset, note.duration, note.pitch) for note in melody.notes]


def last_bar(melody, symbols=None):
    """Ticks of it as written."""
    return engrave(melody, over=written_end(melody, symbols or {}))[-1].ticks


@pytest.mark.parametrize("form", ["abc", "musicxml"])
def test_it_is_short_by_the_upbeat(form):
    """Nothing but the end is another when it is read again, which is where the tune begins once more."""
    data = write_notation(TUNE, form)
    back = read_notation(data, format=form, name="t")
    assert (sounding(back), back.metres, back.upbeat) == (sounding(TUNE), TUNE.metres, TUNE.upbeat)
    assert back.end == TUNE.end - UPBEAT
    assert write_notation(back, form) == data
    assert form == "musicxml" or b"d2 |]" in data


def test_a_note_that_ends_earlier_is_followed_by_a_rest():
    """Up to where the upbeat would come."""
    early = replace(TUNE, notes=(*NOTES[:-1], Note(180, 12, 74)))
    assert write_notation(early, "abc").decode().rstrip().endswith("d z |]")


def test_it_is_full_where_something_is_there():
    """A note, the symbol of a chord, or nothing else in the bar; a tune without an upbeat, or of one bar."""
    assert last_bar(TUNE) == last_bar(TUNE, {144: "D", 180: "A7"}) == BAR - UPBEAT
    assert last_bar(replace(TUNE, notes=(*NOTES[:-1], Note(180, 36, 74)))) == BAR
    assert last_bar(replace(TUNE, notes=(*NOTES[:-1], Note(180, 25, 74)))) == BAR
    assert last_bar(TUNE, {204: "A7"}) == BAR
    assert last_bar(replace(TUNE, length=4 * BAR)) == BAR
    assert last_bar(replace(TUNE, notes=(Note(0, 12, 69), *NOTES[1:]))) == BAR
    assert last_bar(replace(TUNE, notes=(Note(12, 12, 69),), length=BAR)) == BAR
    assert last_bar(replace(TUNE, length=3 * BAR - 6)) == BAR - 6


def test_in_another_metre_the_same_time_is_left():
    """Two quarters after 6/8, of which the upbeat takes an eighth."""
    changed = replace(TUNE, metres=(Metre(6, 8), Metre(2, 4, 144)), notes=(*NOTES[:-2], Note(144, 24, 76)), length=192)
    assert last_bar(changed) == 48 - UPBEAT
    assert sounding(read_notation(write_notation(changed, "abc"), format="abc", name="t")) == sounding(changed)


@pytest.mark.parametrize("form", ["abc", "musicxml"])
def test_the_bars_of_a_loop_are_full(form):
    """It comes back as long as it was."""
    written = Written(TUNE)
    back = read_notation(write_as(form, written, Manner(loop=True)), format=form, name="t")
    assert back.end == TUNE.end
    assert read_notation(write_as(form, written), format=form, name="t").end == TUNE.end - UPBEAT
