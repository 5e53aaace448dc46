"""MIDI in and out: the round trip is a law, inputs are hexdumps, mido and pretty_midi give second opinions."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import mido
import pretty_midi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from melodyrnn.errors import OptionError, Unreadable
from melodyrnn.music.melody import MODES, Key, Melody, Metre, Note
from melodyrnn.music.midi import from_pretty_midi, midi_bytes, read_midi, to_pretty_midi

BENCHMARK = Path(__file__).parents[3] / "shared" / "benchmark"
END = "00 ff2f00"
NOTE = "00 903c50 60 803c40"  # middle C, velocity 80, 96 ticks


def track(dump: str) -> bytes:
    """A track chunk from a hexdump."""
    body = bytes.fromhex(dump)
    return b"MTrk" + len(body).to_bytes(4) + body


def smf(*tracks: bytes | str, kind: int = 1, division: int = 96) -> bytes:
    """A MIDI file from tracks (chunks or hexdumps without End-of-Track)."""
    chunks = [part if isinstance(part, bytes) else track(part + END) for part in tracks]
    header = b"MThd" + bytes((0, 0, 0, 6, 0, kind)) + len(chunks).to_bytes(2) + division.to_bytes(2)
    return header + b"".join(chunks)


def heard(data: bytes, **options: str) -> list[tuple[int, int, int]]:
    """Onset, duration and pitch of what is read."""
    return [(n.onset, n.duration, n.pitch) for n in read_midi(data, **options).melody.notes]


@st.composite
def melodies(draw: st.DrawFn) -> Melody:
    """Melodies as the reader gives them: the first note in the first bar, metres on bar lines, no short first bar."""
    metre = Metre(*draw(st.sampled_from([(4, 4), (3, 4), (6, 8), (5, 8), (2, 2), (12, 8), (7, 16)])))
    at = draw(st.integers(0, metre.bar_ticks - 1))
    notes = []
    for rest, duration in draw(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 200)), min_size=1, max_size=30)):
        at += rest if notes else 0
        notes.append(Note(at, duration, draw(st.integers(0, 127)), draw(st.integers(1, 127))))
        at += duration
    metres = [metre]
    change = draw(st.sampled_from([(4, 4), (3, 4), (9, 8)]))
    onset = metre.bar_ticks * draw(st.integers(2, 4))
    if onset < at and change != (metre.numerator, metre.denominator):
        metres.append(Metre(*change, onset))
    silence = draw(st.integers(0, metres[-1].bar_ticks))
    key = draw(st.none() | st.builds(Key, st.integers(0, 11), st.sampled_from(MODES)))
    title = draw(st.text(st.characters(categories=["L", "N", "P"]), max_size=20))
    tempo = draw(st.integers(40, 2400)) / 10
    return Melody(tuple(notes), tuple(metres), key, tempo, title, at + silence if silence else 0)


@given(melodies())
def test_what_is_written_is_read(melody: Melody) -> None:
    """A melody comes back equal: notes, velocities, metres, key and mode, tempo, title, trailing silence."""
    reading = read_midi(midi_bytes(melody, recipe="melodyrnn generate --seed 7"), strict=True)
    assert reading.melody == melody
    assert (reading.snapped, reading.warnings) == (0, ())
    assert reading.recipe == "melodyrnn generate --seed 7"


@given(melodies())
def test_pretty_midi_hears_the_same(melody: Melody) -> None:
    """pretty_midi finds our onsets, pitches and velocities, and gives the notes back."""
    pm = to_pretty_midi(melody)
    grid = [(round(pm.time_to_tick(n.start) / 20), n.pitch, n.velocity) for n in pm.instruments[0].notes]
    assert sorted(grid) == [(n.onset, n.pitch, n.velocity) for n in melody.notes]
    assert from_pretty_midi(pm).notes == melody.notes


def test_methods_of_the_melody_exchange_with_pretty_midi() -> None:
    """Melody.to_pretty_midi and Melody.from_pretty_midi are there."""
    melody = Melody((Note(0, 24, 60), Note(24, 48, 62)), tempo=90.0)
    pm = melody.to_pretty_midi()
    assert isinstance(pm, pretty_midi.PrettyMIDI)
    assert Melody.from_pretty_midi(pm) == melody


def test_mido_reads_what_a_daw_would() -> None:
    """Type 1, 480 a quarter, everything at tick 0, a named track, one program change, End-of-Track where music ends."""
    melody = Melody((Note(0, 24, 62), Note(24, 36, 66)), (Metre(6, 8),), Key(2), 97.0, "Jig")
    file = mido.MidiFile(file=io.BytesIO(midi_bytes(melody, program=73, track_name="Flute")))
    assert (file.type, file.ticks_per_beat, len(file.tracks)) == (1, 480, 2)
    first = {message.type: message for message in file.tracks[0] if message.time == 0}
    assert first["track_name"].name == "Jig"
    assert first["set_tempo"].tempo == 618557
    assert first["key_signature"].key == "D"
    metre = first["time_signature"]
    assert (metre.numerator, metre.denominator, metre.clocks_per_click) == (6, 8, 36)
    assert (file.tracks[1].name, file.tracks[1][1].program) == ("Flute", 73)
    assert [sum(m.time for m in t) for t in file.tracks] == [1200, 1200]


def test_loop_ends_on_the_bar_line() -> None:
    """A loop of one bar and a quarter is two bars long, one that fills its bars stays as it is."""
    assert read_midi(midi_bytes(Melody((Note(0, 120, 60),)), loop=True)).melody.end == 192
    assert read_midi(midi_bytes(Melody((Note(0, 96, 60),)), loop=True)).melody.end == 96


def test_chords_are_a_second_track() -> None:
    """Chords sound below and do not disturb the melody when a file of ours is read."""
    melody = Melody((Note(0, 24, 72), Note(48, 24, 74)))
    data = midi_bytes(melody, chords=((0, 96, (48, 52, 55)),), recipe="melodyrnn generate")
    assert read_midi(data).melody.notes == melody.notes
    assert "melodyrnn wrote" in read_midi(data).track
    assert [m.note for m in mido.MidiFile(file=io.BytesIO(data)).tracks[2] if m.type == "note_on"] == [48, 52, 55]


@pytest.mark.parametrize(
    ("melody", "options", "option"),
    [
        (Melody((Note(0, 24, 60),), tempo=0.0), {}, "tempo"),
        (Melody((Note(0, 24, 60),), tempo=float("nan")), {}, "tempo"),
        (Melody((Note(0, 24, 128),)), {}, "melody"),
        (Melody((Note(0, 24, 60),), (Metre(4, 3),)), {}, "metre"),
        (Melody((Note(0, 24, 60),)), {"program": 128}, "program"),
        (Melody((Note(0, 24, 60),)), {"chords": ((0, 0, (60,)),)}, "chords"),
    ],
)
def test_what_midi_cannot_say_is_refused(melody: Melody, options: dict, option: str) -> None:
    """An impossible value is an OptionError that names it."""
    with pytest.raises(OptionError) as caught:
        midi_bytes(melody, **options)
    assert caught.value.option == option


@pytest.mark.parametrize("kind", [0, 1])
@pytest.mark.parametrize("division", [24, 96, 220, 480, 960, 32767])
def test_types_and_resolutions(kind: int, division: int) -> None:
    """Quarters are quarters whatever the file counts in."""
    file = mido.MidiFile(type=kind, ticks_per_beat=division)
    messages = [("note_on", 0), ("note_off", division), ("note_on", division), ("note_off", 2 * division)]
    file.tracks.append(mido.MidiTrack(mido.Message(kind, note=60, time=time) for kind, time in messages))
    buffer = io.BytesIO()
    file.save(file=buffer)
    assert heard(buffer.getvalue()) == [(0, 24, 60), (48, 48, 60)]


@pytest.mark.parametrize(
    ("dump", "expected"),
    [
        ("00 903c50 18 803c40 00 3c50 18 3c40", [(0, 6, 60)]),  # running status: the second pair are note-offs
        ("00 903c50 18 3c00 00 3e50 18 3e00", [(0, 6, 60), (6, 6, 62)]),  # velocity 0 is a note-off
        ("00 903c50 18 ff010161 00 3c00", [(0, 6, 60)]),  # running status survives a text
        ("00 903c50 18 f0027ef7 00 3c00", [(0, 6, 60)]),  # ... and a system exclusive message
        ("00 f8 00 903c50 18 803c40", [(0, 6, 60)]),  # a real-time message that has no place in a file
        ("00 903c50 18 903c50 18 803c40 18 803c40", [(0, 6, 60), (6, 12, 60)]),  # one pitch overlaps itself
        ("00 903c50 20 903e50 08 803c40 18 803e40", [(0, 8, 60), (8, 8, 62)]),  # legato is cut at the onset
        ("00 903c50 00 904050 18 803c40 00 804040", [(0, 6, 64)]),  # of two together, the highest
        ("00 903c50 00 803c40 00 903e50 18 803e40", [(0, 6, 62)]),  # a note that lasts no time
        ("00 803c40 00 903c50 18 803c40", [(0, 6, 60)]),  # an end without a beginning
        ("00 903cff 18 803c40", [(0, 6, 60)]),  # a velocity out of range
        ("00 903c50 18 803c40 02 903c50 18 803c40 00 903e50 01 803e40", [(0, 6, 60), (7, 6, 60), (13, 1, 62)]),
    ],
)
def test_events(dump: str, expected: list[tuple[int, int, int]]) -> None:
    """What a track says, note by note (96 ticks a quarter: 4 file ticks are one of ours)."""
    assert heard(smf(dump)) == expected


def test_grace_notes_keep_their_order_and_number() -> None:
    """Three notes within one tick of the grid become neighbours, and are counted as moved."""
    reading = read_midi(smf("00 903c50 01 803c40 00 903e50 01 803e40 00 904050 5e 804040"))
    assert [(n.onset, n.pitch) for n in reading.melody.notes] == [(0, 60), (1, 62), (2, 64)]
    assert reading.snapped == 3
    assert reading.warnings == ("3 of 3 notes moved to the 24-per-quarter grid",)


def test_velocities_come_along() -> None:
    """Velocity is the note-on's."""
    assert read_midi(smf("00 903c21 18 803c40")).melody.notes[0].velocity == 0x21


NAMED = "00 ff03 03 %s"
FLUTE, PIANO, KIT = NAMED % b"Flu".hex(), NAMED % b"Pia".hex(), NAMED % b"Kit".hex()
LOW = "00 91 3050 60 81 3040 00 91 3250 60 81 3240"  # C3, D3 on channel 2
HIGH = "00 904850 30 804840"  # C5, an eighth
DRUMS = "00 992450 60 892440"


@pytest.mark.parametrize(
    ("tracks", "options", "sentence", "pitches"),
    [
        ((FLUTE + HIGH,), {}, "track 1 'Flu' (the single melodic track)", [72]),
        ((KIT + DRUMS, FLUTE + HIGH), {}, "track 2 'Flu' (the single melodic track)", [72]),
        ((FLUTE + HIGH, PIANO + LOW), {}, "the highest sounding line of tracks 1, 2", [72, 50]),
        ((FLUTE + HIGH, PIANO + LOW), {"track": "2"}, "track 2 'Pia' (asked for)", [48, 50]),
        ((FLUTE + HIGH, PIANO + LOW), {"track": "pia"}, "track 2 'Pia' (asked for)", [48, 50]),
        ((HIGH + LOW,), {}, "the highest sounding line of tracks 1, 2", [72, 48, 50]),
        ((HIGH + LOW,), {"track": "2"}, "track 2 (asked for)", [48, 50]),
    ],
)
def test_which_voice(tracks: tuple[str, ...], options: dict, sentence: str, pitches: list[int]) -> None:
    """The voice asked for, else the single melodic one, else the highest line; the sentence says which."""
    reading = read_midi(smf(*tracks), **options)
    assert reading.track == sentence
    assert [note.pitch for note in reading.melody.notes] == pitches


def test_highest_line_is_cut_by_higher_notes_only() -> None:
    """A low note under a sounding high one is not heard; a higher one cuts it."""
    low = "00 913050 8300 813040"  # C3, 384 ticks
    high = "60 904850 60 804840 00 903c50 60 803c40"  # C5 then C4
    assert heard(smf(low, high)) == [(0, 24, 48), (24, 24, 72), (48, 24, 60)]


def test_chordal_track_gives_its_highest_line() -> None:
    """Both hands in one track: long low notes neither cut the tune nor enter it."""
    tune = "".join("00 904850 30 804840 00 904a50 30 804a40" for _ in range(4))
    hands = "00 903050" + tune + "00 803040 00 903250" + tune + "00 803240 00 903450" + tune + "00 803440"
    # Each bass note starts with the tune, which is higher: only the tune is heard.
    assert {pitch for _, _, pitch in heard(smf(hands))} == {72, 74}


@pytest.mark.parametrize(
    ("tracks", "options", "reason", "detail"),
    [
        (("",), {}, "no-notes", ""),
        ((DRUMS,), {}, "drums-only", ""),
        ((FLUTE + HIGH, PIANO + LOW), {"track": "3"}, "no-track", "asked for '3'; tracks with notes: 1 'Flu', 2 'Pia'"),
        ((KIT + DRUMS, HIGH), {"track": "Kit"}, "drums-only", "track 1 'Kit' is percussion"),
    ],
)
def test_no_voice(tracks: tuple[str, ...], options: dict, reason: str, detail: str) -> None:
    """Without a melody the reason says why, and what there is instead."""
    with pytest.raises(Unreadable) as caught:
        read_midi(smf(*tracks), name="x.mid", **options)
    assert (caught.value.where, caught.value.reason, caught.value.detail) == ("x.mid", reason, detail)


TWO_BARS = "00 903c50 8600 803c40"  # 768 ticks: eight quarters


@pytest.mark.parametrize(
    ("facts", "metres", "warning"),
    [
        ("", "4/4@0", ""),
        ("00 ff5804 03021808", "3/4@0", ""),
        ("00 ff5804 04021808 8300 ff5804 03021808", "4/4@0 3/4@96", ""),
        (
            "00 ff5804 04021808 60 ff5804 03021808",
            "4/4@0 3/4@96",
            "1 metre change inside a bar moved to the next bar line",
        ),
        ("00 ff5804 00021808 00 ff5804 04ff1808", "4/4@0", "2 impossible time signatures ignored"),
        ("00 ff5804 01021808 60 ff5804 04021808", "4/4@0", ""),  # a quarter upbeat as MuseScore writes it
    ],
)
def test_metres(facts: str, metres: str, warning: str) -> None:
    """Time signatures hold from bar lines; what cannot be is said and left."""
    reading = read_midi(smf(facts, TWO_BARS))
    assert " ".join(f"{m}@{m.onset}" for m in reading.melody.metres) == metres
    assert warning in " ".join(reading.warnings)


def test_upbeat_bar_of_a_notation_program_is_an_upbeat() -> None:
    """1/4 for one bar, then 4/4: the first note is the fourth quarter of a bar."""
    melody = read_midi(smf("00 ff5804 01021808 60 ff5804 04021808", NOTE + "00 903e50 60 803e40")).melody
    assert [n.onset for n in melody.notes] == [72, 96]
    assert melody.upbeat == 24


def test_silent_bars_before_the_first_note_are_left_out() -> None:
    """Two empty bars and a quarter rest: the first note is on the second quarter of the first bar."""
    reading = read_midi(smf("8660 903c50 60 803c40"))
    assert [n.onset for n in reading.melody.notes] == [24]
    assert reading.warnings == ("2 bars of silence before the first note left out",)


@pytest.mark.parametrize(
    ("facts", "key"),
    [
        ("00 ff5902 0200", "D major"),
        ("00 ff5902 ff01", "D minor"),
        ("00 ff5902 fb00", "Db major"),
        ("00 ff5902 0000 00 ff01" + "0d" + b"key: D dorian".hex(), "D dorian"),
        ("00 ff5902 0100 00 ff01" + "0d" + b"key: D dorian".hex(), "G major"),  # the signature was changed since
        ("00 ff5902 0900", "None"),
        ("", "None"),
    ],
)
def test_key(facts: str, key: str) -> None:
    """The first signature is the key; a text of ours restores its mode."""
    assert str(read_midi(smf(facts, NOTE)).melody.key) == key


def test_tempo_is_the_first() -> None:
    """A change is said; a tempo of 0 is no tempo."""
    changing = read_midi(smf("00 ff5103 000000 00 ff5103 0927c0 60 ff5103 07a120", NOTE))
    assert changing.melody.tempo == 100.0
    assert changing.warnings == ("a tempo of 0 ignored", "the tempo changes; the first, 100 quarters a minute, is kept")


@pytest.mark.parametrize(("silence", "length"), [("00", 0), ("60", 48), ("01", 0), ("8d00", 0)])
def test_end_of_track_is_the_end_of_the_music(silence: str, length: int) -> None:
    """Silence up to two bars belongs to the melody when it is on the grid."""
    assert read_midi(smf(track(NOTE + silence + "ff2f00"))).melody.length == length


def test_texts_cannot_reach_a_terminal_raw() -> None:
    """Control characters of titles and track names stay in the file; odd bytes are replaced."""
    name = b"a\x1b]0;x\x07\r\n\xe2\x80\xaeb\xff"
    reading = read_midi(smf(f"00 ff03 {len(name):02x} {name.hex()}" + NOTE))
    assert reading.melody.title == "a]0;x  b\ufffd"
    assert reading.track == "track 1 'a]0;x  b\ufffd' (the single melodic track)"


def test_sources(tmp_path: Path) -> None:
    """A path, its string, bytes, a file and a pipe that cannot seek give the same."""
    melody = Melody((Note(0, 24, 60),))
    data = midi_bytes(melody)
    path = tmp_path / "a.mid"
    path.write_bytes(data)
    readable, writable = os.pipe()
    with os.fdopen(writable, "wb") as pipe:
        pipe.write(data)
    with os.fdopen(readable, "rb", buffering=0) as pipe:
        assert read_midi(pipe).melody == melody
    assert all(read_midi(source).melody == melody for source in (path, str(path), data, io.BytesIO(data)))


def test_same_bytes_every_time() -> None:
    """Writing is a function of its arguments: the bytes are these."""
    data = midi_bytes(Melody((Note(0, 24, 60),), key=Key(2, "dorian"), title="A"))
    conductor = "00ff0301 41 00ff5103 07a120 00ff5902 0000 00ff010d" + b"key: D dorian".hex() + "00ff5804 04021808"
    notes = "00ff0306" + b"Melody".hex() + "00c000 00903c50 8360803c40"
    assert data == smf(track(conductor + "8360ff2f00"), track(notes + END), division=480)


def test_writing_and_short_files_need_no_midi_library() -> None:
    """Composing from a primed phrase imports neither symusic nor mido nor pretty_midi nor numpy."""
    code = (
        "import sys; from melodyrnn.music.melody import *; from melodyrnn.music.midi import *;"
        "read_midi(midi_bytes(Melody((Note(0, 24, 60),))));"
        "sys.exit(any(m in sys.modules for m in ('symusic', 'mido', 'pretty_midi', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.skipif(not BENCHMARK.is_dir(), reason="the benchmark melodies lie beside the repository, not in it")
@pytest.mark.parametrize(("name", "count"), [("chorales", 9227), ("kinder", 8393), ("nova", 8552), ("shanxi", 11056)])
def test_benchmark_melodies_are_read_whole(name: str, count: int) -> None:
    """No note of the benchmark is lost."""
    readings = [read_midi(path) for path in sorted((BENCHMARK / name).glob("*.mid"))]
    assert sum(len(reading.melody.notes) for reading in readings) == count
    assert {reading.warnings for reading in readings} == {()}
