"""Melodies that are read with their chords: of a piano, of lead sheets, in ABC and MIDI."""

from __future__ import annotations

import pytest

from melodyrnn.errors import Unreadable
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.formats.notation.music21_reader import read_score
from melodyrnn.music.chords import spans_over
from melodyrnn.music.melody import Melody, Note


def note(step: str, octave: int, length: int = 1, *, word: str = "", chord: bool = False, staff: int = 0) -> str:
    """A note of so many quarters."""
    lyric = f"<lyric><text>{word}</text></lyric>" if word else ""
    where = f"<staff>{staff}</staff>" if staff else ""
    begin = "<chord/>" if chord else ""
    pitch = f"<pitch><step>{step}</step><octave>{octave}</octave></pitch>"
    return f"<note>{begin}{pitch}<duration>{length}</duration><voice>1</voice>{where}{lyric}</note>"


def rest(length: int) -> str:
    """Silence of so many quarters."""
    return f"<note><rest/><duration>{length}</duration><voice>1</voice></note>"


def triad(*steps: str, length: int = 4) -> str:
    """Notes struck together."""
    return "".join(note(step, 3, length, chord=k > 0) for k, step in enumerate(steps))


def symbol(root: str, kind: str = "major") -> str:
    """A chord symbol."""
    return f"<harmony><root><root-step>{root}</root-step></root><kind>{kind}</kind></harmony>"


def score(**parts: list[str]) -> str:
    """A score of parts of bars, in 4/4."""
    time = "<attributes><divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>"
    listed = "".join(f"<score-part id='{name}'><part-name>{name}</part-name></score-part>" for name in parts)
    music = "".join(
        f"<part id='{name}'>"
        + "".join(f"<measure number='{k}'>{time if k == 1 else ''}{bar}</measure>" for k, bar in enumerate(bars, 1))
        + "</part>"
        for name, bars in parts.items()
    )
    return f"<score-partwise version='4.0'><part-list>{listed}</part-list>{music}</score-partwise>"


def read(text: str, form: str = "musicxml", **options):
    """Read one tune with its chords."""
    (found,) = read_score(text, format=form, name="t", chords=True, **options)
    if isinstance(found, Unreadable):
        raise found
    return found


VOICE = [rest(4), *("".join(note(step, 5, word="la") for step in bar) for bar in ("EDEF", "FEDC", "CDEC"))]
PIANO = [triad(*bar) for bar in ("CEG", "CEG", "GBD", "CEG")]


def test_the_piano_of_a_song_is_its_harmony():
    """The voice is the melody, its piano the chords, on the same ticks."""
    found = read(score(Voice=VOICE, Piano=PIANO))
    assert found.track == "Voice"
    assert found.melody.notes[0].onset == 96
    assert (found.chords.onset, found.chords.spans) == (0, ((192, "C"), (96, "G"), (96, "C")))
    (without,) = read_score(score(Voice=VOICE, Piano=PIANO), format="musicxml", name="t")
    assert without.chords is None
    assert without.melody == found.melody


def test_lower_voices_are_harmony():
    """Of a choir, one note to a part."""
    lower = {
        "Alto": [note("G", 4, 4), note("G", 4, 4)],
        "Tenor": [note("C", 4, 4), note("D", 4, 4)],
        "Bass": [note("C", 3, 4), note("B", 2, 4)],
    }
    found = read(score(Soprano=[note("E", 5, 4), note("D", 5, 4)], **lower))
    assert [name for _, name in found.chords.spans] == ["C", "G"]


def test_symbols_go_before_what_is_played():
    """Where they are written they are what its writer means."""
    bars = [symbol("A", "minor") + VOICE[1], symbol("D", "dominant") + VOICE[2]]
    found = read(score(Voice=bars))
    assert found.chords.spans == ((96, "Am"), (96, "D7"))
    assert read(score(Voice=bars, Piano=PIANO[:2])).chords.spans == ((96, "Am"), (96, "D7"))


def test_one_symbol_in_a_long_song_is_no_harmony():
    """Then the piano is asked."""
    bars = [symbol("A", "minor") + VOICE[1], *VOICE[1:] * 4]
    found = read(score(Voice=bars, Piano=[PIANO[0]] * len(bars)))
    assert {name for _, name in found.chords.spans} == {"C"}


def test_a_melody_alone_has_no_chords():
    """None, and no complaint."""
    assert read(score(Voice=VOICE)).chords is None
    assert read(score(Voice=VOICE, Piano=[rest(4)] * 4)).chords is None


def test_a_part_of_other_bars_is_no_accompaniment():
    """One that has not as many bars as the melody cannot be laid beside it; the melody is read all the same."""
    found = read(score(Voice=VOICE, Piano=PIANO[:3]))
    assert found.chords is None
    assert len(found.melody.notes) == 12


def test_symbols_that_are_none_cost_no_melody():
    """A root without a sense."""
    found = read(score(Voice=[symbol("C", "other") + VOICE[1], VOICE[2]]))
    assert len(found.melody.notes) == 8


def test_chords_of_bars_that_are_left_out_go_too():
    """Of alternative endings the last is kept, in both."""
    ends = [
        f"<barline location='left'><ending number='{n}' type='start'/></barline>{bar}"
        f"<barline location='right'><ending number='{n}' type='stop'/></barline>"
        for n, bar in ((1, VOICE[2]), (2, VOICE[3]))
    ]
    found = read(
        score(Voice=[VOICE[1], *ends], Piano=[triad("C", "E", "G"), triad("F", "A", "C"), triad("G", "B", "D")])
    )
    assert found.chords.spans == ((96, "C"), (96, "G"))
    assert len(found.melody.notes) == 8


def test_what_is_not_sung_is_left_out_where_songs_are_read():
    """A prelude for the piano has a reason."""
    with pytest.raises(Unreadable, match="no part with words to sing"):
        read(score(Piano=PIANO), sung=True)
    assert read(score(Voice=VOICE, Piano=PIANO), sung=True).chords


def test_marks_of_abc():
    """Symbols in quotes; other words are none; a tune without any has no chords."""
    found = read('X:1\nM:4/4\nL:1/4\nK:C\n"C"CDEF|"G7"GFED|"Fine"C4|\n', "abc")
    assert found.chords.spans == ((96, "C"), (192, "G7"))
    assert read("X:1\nM:4/4\nL:1/4\nK:C\nCDEF|GFED|C4|\n", "abc").chords is None


def test_long_tunes_keep_all_their_chords():
    """More bars than are composed over."""
    text = "X:1\nM:4/4\nL:1/4\nK:C\n" + "\n".join(f'"{"CFG"[k % 3]}"CDEF|' for k in range(200))
    assert len(read(text, "abc").chords.spans) == 200


def test_what_a_midi_file_tells_in_words():
    """The progression that melodyrnn writes, over the whole melody; a file without has none."""
    notes = tuple(Note(24 * k, 24, 60 + k % 5) for k in range(16))
    played = [(at, ticks, tuple(48 + t for t in chord.tones)) for at, ticks, chord in spans_over("Am F", Melody(notes))]
    data = midi_bytes(Melody(notes), chords=played, progression="Am F")
    chords = read_midi(data, chords=True).chords
    assert [name for _, name in chords.spans][:4] == ["Am", "F", "Am", "F"]
    assert sum(ticks for ticks, _ in chords.spans) >= 16 * 24
    assert read_midi(data).chords is None
    assert read_midi(midi_bytes(Melody(notes)), chords=True).chords is None
