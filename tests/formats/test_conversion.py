"""From every format that is read to every one that is written, and there and back without loss."""

import random
from fractions import Fraction

import pytest

from bench.convert import differences, sources_for, there_and_back
from melodyrnn.formats.conversion import symbols_along, written_from, written_from_midi
from melodyrnn.formats.midi.chords import read_midi_chords
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.formats.notation.music21_reader import read_notation, read_score
from melodyrnn.formats.registry import FORMATS, OUTPUT_FORMATS
from melodyrnn.formats.writing import write_as
from melodyrnn.music.chords import chord_notes
from melodyrnn.music.harmony import Harmony
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

READ = [row.name for row in FORMATS if row.reads]
NOTES = [name for name in OUTPUT_FORMATS if name in READ]
REST = [name for name in OUTPUT_FORMATS if name not in READ]
BEGINS = {"wav": b"RIFF", "flac": b"fLaC", "svg": b"<", "png": b"\x89PNG", "html": b"<!", "pdf": b"%PDF"}


def melody_of(number):
    """One of many: keys, modes, metres, upbeats, tempos, triplets, ties over bar lines."""
    rng = random.Random(number)  # noqa: S311 - music, no secrets
    metre = Metre(*rng.choice([(4, 4), (3, 4), (6, 8), (2, 4), (5, 4), (7, 8)]))
    at, notes = rng.choice([0, 0, metre.bar_ticks - 12]), []
    while len(notes) < 14:
        single = (rng.choice([6, 12, 12, 18, 24, 24, 36, 48]),)
        lengths = (8, 8, 8) if at % 24 == 0 and rng.random() < 0.2 else single
        at += rng.choice([0, 0, 0, 12]) if notes and len(lengths) == 1 else 0
        for length in lengths:
            notes.append(Note(at, length, rng.randint(55, 81)))
            at += length
        at += -at % 6
    key = rng.choice(
        [Key(0), Key(2, "minor"), Key(8), Key(4, "dorian"), Key(11), Key(6, "minor"), Key(7, "mixolydian")]
    )
    metres = (metre, Metre(4, 4, 2 * metre.bar_ticks)) if number % 3 == 0 and at > 3 * metre.bar_ticks else (metre,)
    return Melody(tuple(notes), metres, key, rng.choice([97.0, 120.0, 63.5, 144.0]), f"Tune {number}")


TUNES = [melody_of(number) for number in range(20)]


def rows(melody):
    """Its notes, in order."""
    return [(note.onset, note.duration, note.pitch) for note in melody.notes]


@pytest.fixture(scope="module")
def readings():
    """Each of twenty melodies out of a file of each format: the tune and what was read."""
    found = {}
    for form in READ:
        files = [sources_for(tune, form) for tune in TUNES]
        if form == "midi":
            found[form] = [read_midi(data).melody for data in files]
        else:
            found[form] = [read_notation(data, format=form, name="t") for data in files]
    return found


@pytest.mark.parametrize("form", READ)
def test_what_is_read_is_what_was_written(readings, form):
    """Onset, length and pitch of all notes; and that these files are what is converted below."""
    assert [rows(found) for found in readings[form]] == [rows(tune) for tune in TUNES]
    assert sum(len(tune.metres) == 2 for tune in TUNES) > 2


@pytest.mark.parametrize("to", NOTES)
@pytest.mark.parametrize("form", READ)
def test_every_format_becomes_every_other(readings, form, to):
    """Twenty of each: the notes are the same, and tempo and key where both can say them."""
    for melody in readings[form]:
        data = write_as(to, written_from(melody, to))
        back = read_midi(data).melody if to == "midi" else read_notation(data, format=to, name="t")
        assert (rows(back), back.tempo) == (rows(melody), melody.tempo)
        assert back.key == melody.key


@pytest.mark.parametrize("to", REST)
@pytest.mark.parametrize("form", READ)
def test_every_format_becomes_sound_and_picture(readings, form, to):
    """All twenty of each."""
    for melody in readings[form]:
        data = write_as(to, written_from(melody, to))
        assert data.startswith(BEGINS[to])
        assert len(data) > 2_000


@pytest.mark.parametrize("form", ["musicxml", "abc"])
def test_nothing_is_lost_there_and_back(form):
    """MIDI → score → MIDI: onset, length, pitch, metres, tempo, key. `bench.convert` does it with 787 melodies."""
    for tune in TUNES:
        assert differences(*there_and_back(midi_bytes(tune), form)) == []


def test_differences_are_told():
    """Of notes by their number, of all else by name."""
    other = Melody((*TUNES[0].notes[:3], Note(500, 24, 60)), (Metre(9, 8),), Key(1), 100.0)
    told = [line.split(":")[0] for line in differences(TUNES[0], other)]
    assert told == ["notes", "metres", "tempo", "key"]
    assert "from number 4 on" in differences(TUNES[0], other)[0]


LEAD = Melody(tuple(Note(24 * k, 24, 60 + k % 5) for k in range(16)), key=Key(0))


@pytest.mark.parametrize("form", ["musicxml", "abc"])
def test_chords_go_along(form):
    """From the chord track of a MIDI file to symbols, and from symbols to a chord track."""
    text = "C | Am7 F | G7 | C"
    midi = midi_bytes(LEAD, chords=chord_notes(text, LEAD), progression=text)
    score = write_as(form, written_from_midi(midi, form, "t"))
    assert written_from_midi(midi, form, "t").symbols == {0: "C", 96: "Am7", 144: "F", 192: "G7", 288: "C"}
    read = next(read_score(score, format=form, name="t", chords=True))
    again = write_as("midi", written_from(read.melody, "midi", chords=read.chords))
    assert read_midi_chords(again).text() == text
    assert again.count(b"MTrk") == 3


def test_chords_end_with_the_melody_and_silence_is_told():
    """N.C. where they stop sounding; a chord that begins behind the last note is none of its own."""
    chords = Harmony(((96, "C"), (96, "N.C."), (96, "G"), (500, "F")), Metre())
    assert dict(symbols_along(LEAD, chords)) == {0: "C", 96: "N.C.", 192: "G", 288: "F"}
    short = Harmony(((96, "C"),), Metre(), onset=96)
    assert dict(symbols_along(LEAD, short)) == {96: "C", 192: "N.C."}
    midi = write_as("midi", written_from(LEAD, "midi", chords=short))
    assert read_midi_chords(midi).spans[0] == (96, "C")


def test_chords_over_changing_metres_are_kept_or_left_out():
    """What no text of beats can say does not stop the conversion."""
    bars = Melody(tuple(Note(12 * k, 12, 60) for k in range(20)), (Metre(7, 8), Metre(3, 4, 84)))
    odd = Harmony(((84, "C"), (Fraction(7).numerator, "F"), (149, "G")), Metre(7, 8))
    assert read_midi(write_as("midi", written_from(bars, "midi", chords=odd))).melody.size == 20


def test_a_midi_file_stays_as_it_is():
    """Byte for byte; without the RIFF around it."""
    midi = midi_bytes(LEAD, chords=[(0, 96, (48, 52))])
    riff = b"RIFF" + (len(midi) + 12).to_bytes(4, "little") + b"RMIDdata" + len(midi).to_bytes(4, "little") + midi
    for data in (midi, riff):
        assert write_as("midi", written_from_midi(data, "midi", "t")) == midi
