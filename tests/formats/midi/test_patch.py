"""A file with some of its notes changed: what stays, and what new notes give way to."""

from __future__ import annotations

import io

import mido
import pytest

from melodyrnn.formats.midi.original import SoundingNote, track_of_recipe
from melodyrnn.formats.midi.patch import Changes, free_channel, patched
from melodyrnn.formats.midi.reader import read_midi

EOT = bytes.fromhex("00 ff2f00")


def file_of(*payloads, division=96, kind=None, between=b""):
    """A file of these track payloads."""
    kind = int(len(payloads) > 1) if kind is None else kind
    head = b"MThd" + (6).to_bytes(4) + b"".join(n.to_bytes(2) for n in (kind, len(payloads), division))
    return head + b"".join(b"MTrk" + len(p).to_bytes(4) + p + between for p in payloads)


def notes_of(data, track=0):
    """(onset, end, pitch, velocity) as mido reads them."""
    sounding, notes, now = {}, [], 0
    for message in mido.MidiFile(file=io.BytesIO(data)).tracks[track]:
        now += message.time
        if message.type == "note_on" and message.velocity:
            sounding[message.note] = (now, message.velocity)
        elif message.type in {"note_on", "note_off"}:
            onset, loud = sounding.pop(message.note)
            notes.append((onset, now, message.note, loud))
    assert not sounding
    return sorted(notes)


# Four quarters: C, a chord of D and A (the higher is read), E that rings into F, F.
PLAYED = (
    bytes.fromhex("00903c50 60803c40 00903e51 00904552 60803e40 00804540 00904053 60904154 0a804040 56804140") + EOT
)


def original_of(data, **how):
    """The file as it was read."""
    return read_midi(data, **how).original


def test_no_changes_are_the_same_bytes():
    """All of them, junk behind the last track included."""
    data = file_of(PLAYED, between=b"XFIH\0\0\0\3abc") + b"tail"
    assert patched(original_of(data), Changes()).data == data


def test_a_note_that_is_hidden_stays_where_the_melody_goes():
    """The melody's A goes, the D beneath it and what rings on stay to the tick."""
    original = original_of(file_of(PLAYED))
    result = patched(original, Changes(gone=frozenset({1}), new=[SoundingNote(96, 190, 72, 66)]))
    assert notes_of(result.data) == [
        (0, 96, 60, 80), (96, 190, 72, 66), (96, 192, 62, 81), (192, 298, 64, 83), (288, 384, 65, 84),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("new", "there"),
    [
        (SoundingNote(200, 250, 64, 9), (298, 298)),  # within E: no room
        (SoundingNote(200, 350, 64, 9), (298, 350)),  # after E
        (SoundingNote(150, 250, 64, 9), (150, 192)),  # up to E
        (SoundingNote(298, 310, 64, 9), (298, 310)),
    ],
)
def test_a_new_note_gives_way_to_one_of_its_pitch(new, there):
    """It begins when that is over, or ends when that begins; without room it is left out, and told."""
    original = original_of(file_of(PLAYED))
    result = patched(original, Changes(new=[new]))
    before, after = notes_of(file_of(PLAYED)), notes_of(result.data)
    added = [(*there, 64, 9)] if there[0] < there[1] else []
    assert sorted(before + added) == after
    assert result.left_out == (not added)


def test_another_pitch_stands_in_its_place():
    """Tick, velocity, the velocity of the release and the status bytes stay."""
    original = original_of(file_of(PLAYED))
    sound = original.places()[0][0].pair.sound
    result = patched(original, Changes(moved={0: sound._replace(pitch=67)}))
    assert result.data[22:30] == bytes.fromhex("00904350 60804340")


def test_another_pitch_takes_no_end_of_a_note_that_stays():
    """A cannot become the D that sounds beneath it for as long: it would be told which of two ends is its own."""
    original = original_of(file_of(PLAYED))
    sound = original.places()[2][0].pair.sound  # E, from 192 to 298
    there = patched(original, Changes(moved={2: sound._replace(pitch=65)}))  # F sounds from 288 to 384: in turn
    assert there.left_out == 0
    nested = bytes.fromhex("00903c50 18904552 18804540 60803c40") + EOT  # A above a C that lasts longer
    both = original_of(file_of(nested))
    assert [owned[0].pair.sound.pitch for owned in both.places()] == [60, 69]
    result = patched(both, Changes(moved={1: SoundingNote(24, 48, 60, 82)}))
    assert (result.left_out, notes_of(result.data)) == (1, notes_of(file_of(nested)))


def test_a_chord_goes_along_where_that_is_asked():
    """What begins with a note of the melody in its voice is as late, and as much louder."""
    original = original_of(file_of(PLAYED))
    sound = original.places()[1][0].pair.sound
    moved = {1: sound._replace(onset=99, end=195, velocity=90)}
    together = notes_of(patched(original, Changes(moved=moved, together=True)).data)
    assert (99, 195, 62, 89) in together
    assert (99, 195, 69, 90) in together
    assert (96, 192, 62, 81) in notes_of(patched(original, Changes(moved=moved)).data)


def test_a_note_that_nobody_ended_ends_where_the_track_did():
    """Where the track goes on."""
    hanging = bytes.fromhex("00903c50 60904051 60ff2f00")
    original = original_of(file_of(hanging))
    result = patched(original, Changes(new=[SoundingNote(192, 288, 67, 70)], end=384))
    assert notes_of(result.data) == [(0, 192, 60, 80), (96, 192, 64, 81), (192, 288, 67, 70)]
    assert sum(message.time for message in mido.MidiFile(file=io.BytesIO(result.data)).tracks[0]) == 384


def test_notes_too_close_for_the_grid_go_with_the_one_before():
    """An ornament of a note that is replaced goes with it."""
    crowd = b"".join(bytes((0 if not k else 1, 0x90, 72 + k, 80, 1, 0x80, 72 + k, 64)) for k in range(8))
    data = file_of(crowd + bytes.fromhex("60903c50 60803c40") + EOT, division=480)
    reading = read_midi(data)
    assert reading.melody.size < 9
    owned = [len(places) for places in reading.original.places()]
    assert sum(owned) == 9
    gone = frozenset(range(reading.melody.size - 1))
    assert [note[2] for note in notes_of(patched(reading.original, Changes(gone=gone)).data)] == [60]


def test_a_file_in_riff_and_a_damaged_one_are_written_as_sound_files():
    """The tracks as they are, in a header of their own."""
    data = file_of(PLAYED, PLAYED)
    for wrapped in (b"RIFF\0\0\0\0RMIDdata" + len(data).to_bytes(4, "little") + data, data[:-3]):
        original = original_of(wrapped, track="1")
        result = patched(original, Changes(gone=frozenset({0}))).data
        assert result[:14] == data[:14]
        assert min(notes_of(result))[0] == 96


def test_facts_take_the_place_of_all_of_their_kind():
    """One tempo at the beginning, whatever tracks said; the program in its place, or at the beginning."""
    tempos = bytes.fromhex("00ff510307a120 60ff5103061a80") + EOT
    named = bytes.fromhex("00ff030141 00c505 00953c50 60853c40 00c506 00953e50 60853e40") + EOT
    original = original_of(file_of(tempos, named))
    result = patched(original, Changes(facts={0x51: b"\1\2\3"}, program=9))
    file = mido.MidiFile(file=io.BytesIO(result.data))
    assert [(m.type, m.time) for m in file.tracks[0]] == [("set_tempo", 0), ("end_of_track", 96)]
    assert [m.program for m in file.tracks[1] if m.type == "program_change"] == [9, 9]
    bare = patched(original_of(file_of(PLAYED)), Changes(program=9, recipe="melodyrnn {}"))
    kinds = [m.type for m in mido.MidiFile(file=io.BytesIO(bare.data)).tracks[0]][:2]
    assert sorted(kinds) == ["program_change", "text"]
    assert patched(original_of(bare.data), Changes(recipe="")).data.count(b"melodyrnn") == 0


def test_a_free_channel_and_the_track_of_a_recipe():
    """The first that nothing is on, never that of drums; a recipe that is no JSON names no track."""
    assert free_channel(original_of(file_of(PLAYED))) == 1
    full = b"".join(bytes((0, 0x90 | c, 60, 80, 1, 0x80 | c, 60, 64)) for c in range(9))
    assert free_channel(original_of(file_of(full + EOT), track="1")) == 10
    assert track_of_recipe('melodyrnn {"source_hash":"0","track":"\\q"}') == (True, None)
