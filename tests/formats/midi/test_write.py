"""Writing MIDI: what is written is read, and mido and pretty_midi give second opinions."""

from __future__ import annotations

import io
import subprocess
import sys

import mido
import pretty_midi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from melodyrnn.errors import OptionError
from melodyrnn.formats.midi.reader import from_pretty_midi, read_midi, to_pretty_midi
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.key import MODES, Key
from melodyrnn.music.melody import Melody, Metre, Note


def track(dump: str) -> bytes:
    """A track chunk from a hexdump."""
    body = bytes.fromhex(dump)
    return b"MTrk" + len(body).to_bytes(4) + body


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
    reading = read_midi(midi_bytes(melody, recipe="melodyrnn generate --seed 7" + 30 * " --option value"), strict=True)
    assert reading.melody == melody
    assert (reading.snapped, reading.warnings) == (0, ())
    assert reading.recipe == "melodyrnn generate --seed 7" + 30 * " --option value"


@given(melodies())
def test_pretty_midi_hears_the_same(melody: Melody) -> None:
    """pretty_midi finds our onsets, pitches and velocities, and gives the notes back."""
    pm = to_pretty_midi(melody)
    grid = [(round(pm.time_to_tick(n.start) / 20), n.pitch, n.velocity) for n in pm.instruments[0].notes]
    assert sorted(grid) == [(n.onset, n.pitch, n.velocity) for n in melody.notes]
    assert from_pretty_midi(pm).notes == melody.notes


def test_the_methods_that_went_say_what_to_write() -> None:
    """Melody.to_pretty_midi and Melody.from_pretty_midi are functions now; whoever calls them is told so."""
    melody = Melody((Note(0, 24, 60), Note(24, 48, 62)), tempo=90.0)
    for owner in (Melody, melody):
        with pytest.raises(
            AttributeError, match=r"^Melody.to_pretty_midi is gone; write melodyrnn.to_pretty_midi\(mel"
        ):
            owner.to_pretty_midi()
        with pytest.raises(
            AttributeError, match=r"^Melody.from_pretty_midi is gone; write melodyrnn.from_pretty_midi\("
        ):
            owner.from_pretty_midi(None)
        assert not hasattr(owner, "to_pretty_midi")
    pm = to_pretty_midi(melody)
    assert isinstance(pm, pretty_midi.PrettyMIDI)
    assert from_pretty_midi(pm) == melody
    assert from_pretty_midi(pm, track="1") == melody


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
    assert [m.type for m in file.tracks[1][:3]] == ["track_name", "key_signature", "program_change"]
    assert (file.tracks[1].name, file.tracks[1][1].key, file.tracks[1][2].program) == ("Flute", "D", 73)
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


def test_same_bytes_every_time() -> None:
    """Writing is a function of its arguments: the bytes are these."""
    data = midi_bytes(Melody((Note(0, 24, 60),), key=Key(2, "dorian"), title="A"))
    conductor = "00ff0301 41 00ff5103 07a120 00ff5902 0000 00ff010f" + b"@Ikey: D dorian".hex() + "00ff5804 04021808"
    notes = "00ff0306" + b"Melody".hex() + "00ff5902 0000 00c000 00903c50 8360803c40"
    assert data == b"MThd" + bytes.fromhex("00000006 0001 0002 01e0") + track(conductor + "8360ff2f00") + track(
        notes + "00ff2f00"
    )


def test_writing_and_short_files_need_no_midi_library() -> None:
    """Composing from a primed phrase imports neither mido nor pretty_midi nor numpy."""
    code = (
        "import sys; from melodyrnn import Melody, Note, midi_bytes, read_midi;"
        "read_midi(midi_bytes(Melody((Note(0, 24, 60),))));"
        "sys.exit(any(m in sys.modules for m in ('mido', 'pretty_midi', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
