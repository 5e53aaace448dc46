"""A MIDI file as a clip: every message at its part, every note ended."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from melodyrnn.errors import Unreadable
from melodyrnn.formats.midi.parser import MidiEvent
from melodyrnn.formats.midi.write import midi_bytes, tracks_bytes
from melodyrnn.live.clip import clip_of_midi, closed
from melodyrnn.music.melody import Melody, Metre, Note

TUNE = Melody((Note(0, 24, 60, 70), Note(24, 30, 62, 90)), (Metre(3, 4),), tempo=97.0)


def test_a_melody_becomes_its_messages():
    """At 480 a quarter, with its tempo and bar; the program change to the default sound is left out."""
    clip = clip_of_midi(midi_bytes(TUNE))
    assert clip.events == (
        (0.0, b"\x90\x3c\x46"), (480.0, b"\x80\x3c\x40"), (480.0, b"\x90\x3e\x5a"), (1080.0, b"\x80\x3e\x40"),
    )  # fmt: skip
    assert (clip.length, clip.bar, clip.notes) == (1080.0, 1440.0, 2)
    assert clip.tempos[0][1] == pytest.approx(97, abs=1e-3)


def test_a_loop_lasts_whole_bars():
    """To the bar line at or after its end; what ends on one is as long as it is."""
    assert clip_of_midi(midi_bytes(TUNE), loop=True).length == 1440.0
    assert clip_of_midi(midi_bytes(TUNE, loop=True), loop=True).length == 1440.0


def test_channel_and_sound():
    """All on the channel that is asked for; a sound that was asked for is kept."""
    clip = clip_of_midi(midi_bytes(TUNE, program=41), channel=9)
    assert {message[0] & 15 for _, message in clip.events} == {9}
    assert clip.events[0] == (0.0, b"\xc9\x29")


def test_other_tracks_and_controllers_are_played():
    """Tracks are merged; tempo changes are kept."""
    head = [MidiEvent(0, 0xFF, b"\x51\x07\xa1\x20"), MidiEvent(960, 0xFF, b"\x51\x0f\x42\x40")]
    voice = [MidiEvent(0, 0xB0, b"\x40\x7f"), MidiEvent(0, 0x90, b"\x3c\x50"), MidiEvent(480, 0x80, b"\x3c\x40")]
    other = [MidiEvent(240, 0x91, b"\x30\x50"), MidiEvent(480, 0x91, b"\x30\x00")]
    end = MidiEvent(1920, 0xFF, b"\x2f")
    clip = clip_of_midi(tracks_bytes([[*head, end], [*voice, end], [*other, end]]))
    assert clip.tempos == ((0.0, 120.0), (960.0, 60.0))
    assert [message for _, message in clip.events] == [
        b"\xb0\x40\x7f", b"\x90\x3c\x50", b"\x91\x30\x50", b"\x80\x3c\x40", b"\x81\x30\x40",
    ]  # fmt: skip


def test_a_file_without_notes_is_refused():
    """There is nothing to play."""
    with pytest.raises(Unreadable, match="holds no notes"):
        clip_of_midi(tracks_bytes([[MidiEvent(0, 0xB0, b"\x40\x7f"), MidiEvent(9, 0xFF, b"\x2f")]]), name="x.mid")


MESSAGES = st.tuples(
    st.integers(0, 60), st.sampled_from([0x80, 0x90, 0xB0]), st.integers(0, 1), st.integers(60, 62), st.integers(0, 2)
)


@given(st.lists(MESSAGES, max_size=30))
def test_every_note_that_begins_ends(rows):
    """Whatever a file says: as many ends as beginnings, each behind its own, none beyond the pass."""
    events = [(float(part), bytes((kind | channel, pitch, loud))) for part, kind, channel, pitch, loud in sorted(rows)]
    sounding = {}
    for part, message in closed(events, 50.0):
        assert 0 <= part <= 50
        voice = message[0] & 15, message[1]
        if message[0] & 0xF0 == 0x90:
            sounding.setdefault(voice, []).append(part)
        elif message[0] & 0xF0 == 0x80:
            assert sounding[voice].pop(0) < part
    assert not any(sounding.values())
