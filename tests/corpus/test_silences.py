"""Long silences are made short, and everything else stays where it was in its bar."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from melodyrnn.corpus.silences import shortened
from melodyrnn.music.harmony import Harmony
from melodyrnn.music.melody import LONGEST_BAR, Melody, Metre, Note


def melody(*onsets: int, **more) -> Melody:
    """Quarters at these ticks."""
    return Melody(tuple(Note(onset, 24, 60) for onset in onsets), **more)


def onsets(found: Melody) -> list[int]:
    """Where its notes begin."""
    return [note.onset for note in found.notes]


def test_a_silence_keeps_one_bar():
    """Ten silent bars become one; two notes that are near stay as they are; 0 leaves all."""
    assert onsets(shortened(melody(0, 11 * 96), None, 1)[0]) == [0, 192]
    assert onsets(shortened(melody(0, 192), None, 1)[0]) == [0, 192]
    assert onsets(shortened(melody(48, 288 + 24), None, 1)[0]) == [48, 192 + 24]
    assert onsets(shortened(melody(0, 11 * 96), None, 0)[0]) == [0, 11 * 96]


def test_what_comes_before_the_first_note_and_behind_the_last_goes():
    """An introduction of the piano alone, and what it plays in the end; an upbeat stays one."""
    found, _ = shortened(melody(4 * 96 + 72, 5 * 96, length=12 * 96), None, 1)
    assert (onsets(found), found.length, found.upbeat) == ([72, 96], 192, 24)


def test_chords_and_phrases_go_along():
    """What sounded in the bars that go is gone; the last of them leads into the entry."""
    chords = Harmony(((96, "C"), (96, "F"), (480, "Am"), (96, "G7"), (96, "C")), Metre())
    found, told = shortened(melody(0, 8 * 96, phrases=(768,)), chords, 1)
    assert (onsets(found), found.phrases) == ([0, 192], (192,))
    assert told.spans == ((96, "C"), (96, "G7"), (96, "C"))
    found, told = shortened(melody(6 * 96, 7 * 96), chords._replace(onset=96), 1)
    assert (told.onset, told.spans) == (0, ((192, "Am"), (96, "G7"), (96, "C")))
    assert shortened(melody(6 * 96, 7 * 96), Harmony(((96, "C"),), Metre()), 1)[1] is None


def test_metres_go_along():
    """A metre that changes in the silence holds from its end."""
    metres = (Metre(4, 4), Metre(3, 4, 4 * 96))
    found, _ = shortened(melody(0, 4 * 96 + 5 * 72, metres=metres), None, 1)
    assert found.metres == (Metre(4, 4), Metre(3, 4, 96))
    assert onsets(found) == [0, 96 + 72]


def test_long_bars_keep_none():
    """A silence that would be longer than the longest rest keeps no silent bar."""
    found, _ = shortened(melody(24, 5 * 192 + 144, metres=(Metre(4, 2),)), None, 1)
    assert onsets(found) == [24, 192 + 144]


@given(
    st.lists(st.tuples(st.sampled_from((0, 12, 24, 96, 300, 1000, 5000)), st.sampled_from((6, 24, 96))), min_size=1),
    st.sampled_from(((Metre(),), (Metre(6, 8),), (Metre(3, 4), Metre(4, 4, 144)), (Metre(2, 4), Metre(5, 8, 96)))),
    st.integers(1, 2),
)
def test_notes_keep_their_places(steps, metres, bars):
    """Law: every note has its length, metre and place in the bar; no silence is longer than asked for."""
    notes, at = [], 0
    for rest, length in steps:
        notes.append(Note(at + rest, length, 60))
        at += rest + length
    before = Melody(tuple(notes), metres, length=at + 700, phrases=tuple(note.onset for note in notes[1::3]))
    after, _ = shortened(before, None, bars)
    assert [n.duration for n in after.notes] == [n.duration for n in before.notes]
    for old, new in zip(before.notes, after.notes, strict=True):
        assert before.place(old.onset)[1] == after.place(new.onset)[1]
        assert before.metre_at(old.onset).bar_ticks == after.metre_at(new.onset).bar_ticks
    for (a, b), (c, d) in zip(pairwise(before.notes), pairwise(after.notes), strict=True):
        rest = d.onset - c.end
        assert rest <= b.onset - a.end
        assert rest <= LONGEST_BAR
        assert after.place(d.onset)[0] - after.place(c.end)[0] <= bars + 1
    assert after.place(after.notes[0].onset)[0] == 0
    assert {note.onset for note in after.notes} >= set(after.phrases)
    assert len(after.phrases) == len(before.phrases)
    assert after.length <= before.length
