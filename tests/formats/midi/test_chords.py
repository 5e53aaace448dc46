"""Chords of MIDI files: the progression we wrote, symbols of other programs, chordal tracks, and wild files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from music21 import chord as m21chord
from music21 import harmony, meter, stream
from music21.musicxml.m21ToXml import GeneralObjectExporter

from melodyrnn.corpus.reading import read_chords
from melodyrnn.errors import REASONS, Unreadable
from melodyrnn.formats.midi.chords import read_midi_chords
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.chord_symbols import QUALITIES
from melodyrnn.music.chords import chord_notes, progression
from melodyrnn.music.key import Key
from melodyrnn.music.melody import Melody, Metre, Note

if TYPE_CHECKING:
    import random

ROOTS = ("C", "C#", "Eb", "F#", "G", "Bb", "B")
METRES = (Metre(), Metre(3, 4), Metre(6, 8), Metre(5, 4), Metre(7, 8))
SYMBOLS = st.one_of(
    st.just("N.C."), st.builds("{}{}".format, st.sampled_from(ROOTS), st.sampled_from(sorted(QUALITIES)))
)
WORDS = st.builds(lambda s, n: f"{s}:{n}" if n else s, SYMBOLS, st.sampled_from(["", "1", "2", "3", "1.5", "1/3"]))
TEXTS = st.lists(WORDS, min_size=1, max_size=8).map(" ".join)


def with_chords(text, metre=None, *, bars=8, upbeat=0, key=None, kept=True):
    """A file with a melody and a chord track, with the text of the progression or without."""
    metre = metre or Metre()
    bar = metre.bar_ticks
    first = bar - upbeat if upbeat else 0
    melody = Melody((Note(first, 6, 72),), (metre,), key, length=bar * (bars + bool(upbeat)))
    chords = chord_notes(text, melody)
    return midi_bytes(melody, chords=chords, progression=text if kept else ""), chords


def spans(text, metre):
    """Lengths and symbols of a progression."""
    return [(ticks, chord.symbol) for ticks, chord in progression(text, metre)]


@settings(deadline=None)
@given(TEXTS, st.sampled_from(METRES), st.sampled_from([0, 12]))
def test_what_a_chord_track_says_is_read_back(text, metre, upbeat):
    """Text → MIDI → text: the same chords of the same lengths, wherever they begin again."""
    data, chords = with_chords(text, metre, upbeat=upbeat)
    if not chords:
        return
    read = read_midi_chords(data)
    assert read.source == "the progression that melodyrnn wrote"
    first, again = spans(text, metre), spans(read.text(), metre)
    assert sum(ticks for ticks, _ in first) == sum(ticks for ticks, _ in again)
    assert flat(first) == flat(again)


def flat(line):
    """The chord of every tick."""
    return [symbol for ticks, symbol in line for _ in range(ticks)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.builds("{}{}".format, st.sampled_from(ROOTS), st.sampled_from(["", "m", "7", "m7b5"])), min_size=1,
             max_size=8),
    st.sampled_from(METRES), st.sampled_from([0, 12]), st.integers(-6, 6),
)  # fmt: skip
def test_notes_alone_give_the_same_chords(symbols, metre, upbeat, fifths):
    """Without the text the notes say it: the same tones at every beat, a chord to a bar, over and over."""
    text = " | ".join(symbols)
    key = Key(fifths * 7 % 12)
    data, chords = with_chords(text, metre, upbeat=upbeat, key=key, kept=False)
    read = read_midi_chords(data)
    assert read.source == "track 2 'Chords'"
    melody = Melody((Note(metre.bar_ticks - upbeat if upbeat else 0, 6, 72),), (metre,),
                    length=metre.bar_ticks * (8 + bool(upbeat)))  # fmt: skip
    assert sounding(chord_notes(read.text(), melody)) == sounding(chords)


def sounding(chords):
    """Which tones sound at which tick."""
    return {t: {p % 12 for p in pitches} for on, ticks, pitches in chords for t in range(on, on + ticks)}


def test_a_chord_track_that_was_changed_is_believed():
    """The text of a progression counts only while the notes are its chords."""
    data, _ = with_chords("Am | F")
    other, _ = with_chords("Dm | G7", kept=False)
    lie = mido.MidiFile(file=io.BytesIO(other))
    text = next(m for m in mido.MidiFile(file=io.BytesIO(data)).tracks[2] if m.type == "text")
    lie.tracks[2].insert(1, text)
    assert read_midi_chords(saved(lie)).text().startswith("Dm | G7 | Dm")


def saved(file):
    """The bytes of a mido file."""
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def a_file(*tracks, division=480):
    """A file of tracks: lists of (tick, message)."""
    file = mido.MidiFile(ticks_per_beat=division)
    for events in tracks:
        track, now = mido.MidiTrack(), 0
        for tick, message in sorted(events, key=lambda e: e[0]):
            track.append(message.copy(time=tick - now))
            now = tick
        file.tracks.append(track)
    return saved(file)


def chord(onset, length, *pitches, channel=0):
    """The events of notes that sound together."""
    return [
        (tick, mido.Message(kind, note=pitch, velocity=80 * (kind == "note_on"), channel=channel))
        for pitch in pitches
        for tick, kind in ((onset, "note_on"), (onset + length, "note_off"))
    ]


@pytest.mark.parametrize("kind", ["text", "lyrics", "marker", "cue_marker"])
def test_symbols_of_other_programs_are_read(kind):
    """Chord symbols among the meta events, at their ticks; the notes are not asked."""
    key = {"marker": "text", "cue_marker": "text"}.get(kind, "text")
    said = [(1920 * k, mido.MetaMessage(kind, **{key: s})) for k, s in enumerate(("Am7", "D7", "Gmaj7", "N.C."))]
    read = read_midi_chords(a_file(said + chord(0, 4 * 1920, 60, 64, 67)))
    assert (read.text(), read.source) == ("Am7 | D7 | Gmaj7 | N.C.", "its chord symbols")


def test_symbols_that_are_not_known_are_named():
    """Few of them are left out, and told; with more there is no harmony, unless notes sound one."""
    tune = [e for k in range(8) for e in chord(480 * k, 480, 72 + k % 5)]

    def read(words, notes):
        said = [(1920 * k, mido.MetaMessage("marker", text=word)) for k, word in enumerate(words)]
        return read_midi_chords(a_file(said + notes))

    few = read(("Am7", "D7") * 5 + ("G7xyz",), tune)
    assert few.source == "its chord symbols, without 'G7xyz' in bar 11"
    with pytest.raises(Unreadable, match=r"no chords \(among its chord symbols 'G7xyz' in bar 3 cannot be read; write"):
        read(("Am7", "D7", "G7xyz", "Cmaj7"), tune)
    assert read(("Am7", "D7", "G7xyz", "Cmaj7"), chord(0, 1920, 60, 64, 67)).text() == "C"


@pytest.mark.parametrize("words", [("A", "B", "A"), ("Am", "I", "blue", "now"), ("Verse", "Am"), ("Ah", "Ah", "Ah")])
def test_words_and_rehearsal_letters_are_no_chords(words):
    """Letters alone, or a few names among other words: the notes are asked instead."""
    said = [(960 * k, mido.MetaMessage("marker", text=w)) for k, w in enumerate(words)]
    assert read_midi_chords(a_file(said + chord(0, 1920, 60, 64, 67))).text() == "C"


def test_the_most_chordal_track_is_taken_and_another_on_demand():
    """Neither the melody above nor the drums; `track` by number or name."""
    tune = [e for k in range(16) for e in chord(480 * k, 480, 72 + k % 5)]
    pad = [(0, mido.MetaMessage("track_name", name="Pad"))]
    pad += chord(0, 1920, 57, 60, 64) + chord(1920, 1920, 57, 60, 65)
    brass = chord(0, 3840, 55, 59, 62)
    drums = [e for k in range(32) for e in chord(240 * k, 120, 36, 42, 50, channel=9)]
    data = a_file(tune, drums, pad, brass)
    assert (read_midi_chords(data).text(), read_midi_chords(data).source) == ("Am | F/A", "track 3 'Pad'")
    assert read_midi_chords(data, track="pad").text() == "Am | F/A"
    assert read_midi_chords(data, track="4").text() == "G:8"
    with pytest.raises(Unreadable, match="has no track of that number or name"):
        read_midi_chords(data, track="5")


def test_chords_spread_over_tracks_are_read_together():
    """Three lines of one note each make chords."""
    lines = [chord(0, 1920, low) + chord(1920, 1920, high) for low, high in ((48, 55), (52, 59), (67, 62))]
    assert read_midi_chords(a_file(*lines)).text() == "C | G"


def test_hands_are_not_machines():
    """Rolled chords, late ones, and held common tones: the changes stand on the beats."""
    late = chord(30, 1800, 57) + chord(42, 1850, 60) + chord(55, 1800, 64)
    held = chord(1890, 1900, 53) + chord(1900, 1900, 60) + chord(1905, 1900, 57)
    common = chord(3840, 3840, 48, 52, 55)[:2] + chord(3840, 1920, 52, 55) + chord(5760, 1920, 53, 57)
    assert read_midi_chords(a_file(late + held + common)).text() == "Am | F | C | F/C"


def test_repeated_chords_are_one_and_bass_notes_belong_to_them():
    """Strumming is no change; a single note or a third of the chord leaves it as it is."""
    strummed = [e for k in range(4) for e in chord(480 * k, 400, 48, 52, 55)]
    oompah = [e for k in range(2) for e in chord(1920 + 960 * k, 400, 43) + chord(2400 + 960 * k, 400, 55, 59, 62)]
    assert read_midi_chords(a_file(strummed + oompah)).text() == "C:5 G:3"


def test_no_chords_are_a_reason():
    """A melody has none; percussion has none."""
    for events in (chord(0, 480, 60), chord(0, 480, 36, 42, 50, channel=9)):
        with pytest.raises(Unreadable, match=r"^-: holds no chords$"):
            read_midi_chords(a_file(events))


@settings(max_examples=200, deadline=None)
@given(st.randoms(use_true_random=False), st.booleans())
def test_damaged_files_give_chords_or_a_reason(rng: random.Random, kept):
    """Bytes changed at random: a harmony whose text reads, or one of the known reasons."""
    data = bytearray(with_chords("Am F:3 G:1 | C E7/G#", Metre(4, 4), kept=kept)[0])
    for _ in range(rng.randrange(1, 20)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    del data[rng.randrange(len(data)) :]
    try:
        read = read_midi_chords(bytes(data))
    except Unreadable as error:
        assert error.reason in REASONS  # noqa: PT017 - either is right, nothing else is
        return
    for metre in (read.metre, Metre(), Metre(6, 8)):
        assert progression(read.text(metre), metre)


def test_floods_end(tmp_path):
    """Notes that all sound on, and a track of nothing but progressions: an answer, whatever it is."""
    flood = b"".join(b"\x01" + bytes((0x90, k % 128, 64)) for k in range(100_000))
    talk = b"".join(b"\x00\xff\x01\x0b@Ichords: C "[:15] for _ in range(50_000))
    for payload in (flood, talk):
        body = payload + b"\x00\xff\x2f\x00"
        path = tmp_path / "flood.mid"
        path.write_bytes(b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk" + len(body).to_bytes(4) + body)
        try:
            assert progression(read_chords(path).text(), Metre())
        except Unreadable as error:
            assert error.reason in REASONS  # noqa: PT017 - either is right, nothing else is


def test_written_music_has_chords_too(tmp_path):
    """ABC's quoted symbols; a score's symbols and, without any, the chords of a part, read in a child."""
    abc = tmp_path / "tune.abc"
    abc.write_text('X:1\nM:6/8\nL:1/8\nK:G\n"D7"d|"G"GAB "D7/f#"ABc|"Em"B3 "^slow"E3|1 "C"CDE "D"DEF:|2 "G"G6|]\n')
    assert read_chords(abc).text() == "G D7 | Em | G"
    notes = [[57, 60, 64], [53, 57, 60], [55, 59, 62]]
    for named in (True, False):
        score = tmp_path / "score.musicxml"
        score.write_text(musicxml(notes, ["Am", "F7", ""] if named else ["", "", ""]))
        assert read_chords(score).text() == ("Am | F7:6" if named else "Am | F | G")
        assert read_chords(score).metre == Metre(3, 4)


def musicxml(chords, symbols):
    """A part of chords, a bar of three quarters each, some with symbols."""
    part = stream.Part()
    for k, (pitches, symbol) in enumerate(zip(chords, symbols, strict=True)):
        measure = stream.Measure(number=k + 1)
        if not k:
            measure.insert(0, meter.TimeSignature("3/4"))
        if symbol:
            measure.insert(0, harmony.ChordSymbol(symbol))
        measure.append(m21chord.Chord(pitches, quarterLength=3))
        part.append(measure)
    score = stream.Score([part])
    return GeneralObjectExporter(score).parse().decode()


@pytest.mark.parametrize(("name", "reason"), [("no.mid", "missing"), ("x.txt", "not-notation"), ("a.abc", "no-chords")])
def test_refusals_are_those_of_melodies(tmp_path, name, reason):
    """The reasons are the same keys."""
    (tmp_path / "a.abc").write_text("X:1\nK:C\nCDEF|\n")
    with pytest.raises(Unreadable) as refused:
        read_chords(tmp_path / name)
    assert refused.value.reason == reason
    assert Path(refused.value.where).name == name
