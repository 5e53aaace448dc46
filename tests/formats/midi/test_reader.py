"""Reading MIDI: what a sound file says, in hexdumps. Damage has its own tests, and the round trip those of writing."""

from __future__ import annotations

import io
import os
import time
from typing import TYPE_CHECKING

import mido
import pytest

from melodyrnn.errors import Unreadable
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.music.melody import Melody, Note

if TYPE_CHECKING:
    from pathlib import Path

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


def read(data: bytes, **options: str) -> list[tuple[int, int, int]]:
    """Onset, duration and pitch of what is read."""
    return [(n.onset, n.duration, n.pitch) for n in read_midi(data, **options).melody.notes]


@pytest.mark.parametrize("kind", [0, 1])
@pytest.mark.parametrize("division", [24, 96, 220, 480, 960, 32767])
def test_types_and_resolutions(kind: int, division: int) -> None:
    """Quarters are quarters whatever the file counts in."""
    file = mido.MidiFile(type=kind, ticks_per_beat=division)
    messages = [("note_on", 0), ("note_off", division), ("note_on", division), ("note_off", 2 * division)]
    file.tracks.append(mido.MidiTrack(mido.Message(kind, note=60, time=time) for kind, time in messages))
    buffer = io.BytesIO()
    file.save(file=buffer)
    assert read(buffer.getvalue()) == [(0, 24, 60), (48, 48, 60)]


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
    assert read(smf(dump)) == expected


def test_grace_notes_keep_their_order_and_number() -> None:
    """Three notes within one tick of the grid become neighbours; the two that move are counted."""
    reading = read_midi(smf("00 903c50 01 803c40 00 903e50 01 803e40 00 904050 5e 804040"))
    assert [(n.onset, n.pitch) for n in reading.melody.notes] == [(0, 60), (1, 62), (2, 64)]
    assert reading.snapped == 2
    assert reading.warnings == ("2 of 3 notes moved to the 24-per-quarter grid",)


def test_velocities_come_along() -> None:
    """Velocity is the note-on's."""
    assert read_midi(smf("00 903c21 18 803c40")).melody.notes[0].velocity == 0x21


NAMED = "00 ff03 03 %s"
FLUTE, PIANO, KIT = NAMED % b"Flu".hex(), NAMED % b"Pia".hex(), NAMED % b"Kit".hex()
VOCAL, BACKING = (f"00 ff03 {len(name):02x} {name.hex()}" for name in (b"Lead Vocal", b"Backing vocals"))
LOW = "00 91 3050 60 81 3040 00 91 3250 60 81 3240"  # C3, D3 on channel 2
HIGH = "00 904850 30 804840"  # C5, an eighth
DRUMS = "00 992450 60 892440"


def named(name: str) -> str:
    """The event of a track's name."""
    return f"00 ff03 {len(name.encode()):02x} {name.encode().hex()}"


LEAD, GUITAR, MELODY, VOICE = map(named, ("Lead", "Lead Guitar", "Melody", "歌 メロディ"))
SCALE = "00 903c50 18 803c40" + 30 * "00 3c50 18 3c00"
SHIFT_JIS = "00 ff03 08" + "メロディ".encode("cp932").hex()
RIVALS = "track 1 'Lead' and track 2 'Melody' are named as the melody; track 2 'Melody' is read"


@pytest.mark.parametrize(
    ("tracks", "sentence", "doubts"),
    [
        ((GUITAR + HIGH, VOCAL + LOW), "track 2 'Lead Vocal' (named as the melody)", ()),
        ((LEAD + HIGH, MELODY + LOW), "track 2 'Melody' (named as the melody)", (RIVALS,)),
        ((VOICE + HIGH, PIANO + LOW), "track 1 '歌 メロディ' (named as the melody)", ()),
        ((FLUTE + HIGH, SHIFT_JIS + LOW), "track 2 'メロディ' (named as the melody)", ()),
        (
            (PIANO + LOW, GUITAR + HIGH),
            "track 2 'Lead Guitar' (named as the melody)",
            ("track 2 'Lead Guitar' is taken for the melody by its name alone",),
        ),
        (
            (named("Drums") + SCALE, FLUTE + HIGH),
            "track 2 'Flu' (the single melodic track)",
            ("track 1 'Drums': drums, says the name; left out",),
        ),
        (
            (PIANO + "00 c076" + HIGH, FLUTE + "00 c174" + LOW),
            "the highest sounding line of tracks 1, 2",
            ("track 1 'Pia' and track 2 'Flu': drums, says the sound; read all the same: there is nothing else",),
        ),
    ],
)
def test_what_is_told_of_the_choice(tracks: tuple[str, ...], sentence: str, doubts: tuple[str, ...]) -> None:
    """The clearest name and then the first is read; rivals, a lead guitar and drums on another channel are told."""
    reading = read_midi(smf(*tracks))
    assert (reading.track, reading.warnings[: len(doubts)]) == (sentence, doubts)
    assert bool(reading.warnings) == bool(doubts)


def test_names_of_a_bomb_are_not_looked_at() -> None:
    """Thousands of tracks with long names cost no more than reading them."""
    tracks = [f"00 ff03 60 {bytes([0xE9, 0x20] * 48).hex()} {HIGH}"] * 5000
    started = time.process_time()
    assert read_midi(smf(VOCAL + HIGH, *tracks)).track.startswith("the highest sounding line")
    assert time.process_time() - started < 2


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
        ((FLUTE + HIGH, VOCAL + LOW), {}, "track 2 'Lead Vocal' (named as the melody)", [48, 50]),
        ((VOCAL + HIGH, VOCAL + LOW), {}, "the highest sounding line of tracks 1, 2", [72, 50]),
        ((FLUTE + HIGH, BACKING + LOW), {}, "the highest sounding line of tracks 1, 2", [72, 50]),
        (
            (FLUTE + HIGH, "00 ff03 08 4d656c6f64792032" + LOW),
            {},
            "the highest sounding line of tracks 1, 2",
            [72, 50],
        ),
        (
            (FLUTE + 5 * HIGH, VOCAL + "00 91 3050 8300 81 3040"),
            {},
            "the highest sounding line of tracks 1, 2",
            [72] * 5,
        ),
    ],
)
def test_which_voice(tracks: tuple[str, ...], options: dict, sentence: str, pitches: list[int]) -> None:
    """The voice asked for, the single melodic one, the one named so, else the highest line; the sentence says which."""
    reading = read_midi(smf(*tracks), **options)
    assert reading.track == sentence
    assert [note.pitch for note in reading.melody.notes] == pitches


def test_highest_line_is_cut_by_higher_notes_only() -> None:
    """A low note under a sounding high one is left out; a higher one cuts it."""
    low = "00 913050 8300 813040"  # C3, 384 ticks
    high = "60 904850 60 804840 00 903c50 60 803c40"  # C5 then C4
    assert read(smf(low, high)) == [(0, 24, 48), (24, 24, 72), (48, 24, 60)]


def test_chordal_track_gives_its_highest_line() -> None:
    """Both hands in one track: long low notes neither cut the tune nor enter it."""
    tune = "".join("00 904850 30 804840 00 904a50 30 804a40" for _ in range(4))
    hands = "00 903050" + tune + "00 803040 00 903250" + tune + "00 803240 00 903450" + tune + "00 803440"
    # Each bass note starts with the tune, which is higher: only the tune is read.
    assert {pitch for _, _, pitch in read(smf(hands))} == {72, 74}


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


@pytest.mark.parametrize(
    ("tracks", "options", "program"),
    [
        (("00 c028" + NOTE,), {}, 40),
        (("00 c128" + NOTE,), {}, 0),  # another channel's
        ((NOTE + "00 c028",), {}, 40),  # between notes
        (("00 c028" + NOTE * 200,), {"track": "1"}, 40),  # long
        (("00 c028" + HIGH, "00 c129" + LOW), {}, 40),
        (("00 c028" + HIGH, "00 c129" + LOW), {"track": "2"}, 41),
        ((NOTE,), {}, 0),
    ],
)
def test_program(tracks: tuple[str, ...], options: dict, program: int) -> None:
    """The sound of the voice that is read, of its channel, however the file is read."""
    assert read_midi(smf(*tracks), **options).program == program


def test_a_second_key_is_said() -> None:
    """A signature that differs later on is told; the same one again, or another at the same moment, is not."""
    told = {"0100": ("the key changes; the first, D major, is kept",), "0200": ()}
    for later, warnings in told.items():
        reading = read_midi(smf("00 ff5902 0200 60 ff5902 " + later, NOTE))
        assert (str(reading.melody.key), reading.warnings) == ("D major", warnings)
    assert read_midi(smf("00 ff5902 0200 00 ff5902 0100", NOTE)).warnings == ()


def test_cut_overlaps_are_said() -> None:
    """A note that sounds on into the next is cut and counted, unless on the grid it is none the shorter."""
    legato = read_midi(smf("00 903c50 20 903e50 08 803c40 18 803e40"))
    assert legato.warnings == ("1 note cut where the next begins",)
    touching = read_midi(smf("00 903c50 20 903e50 01 803c40 1f 803e40"))
    assert (touching.warnings, [n.duration for n in touching.melody.notes]) == ((), [8, 8])


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
    """Control characters of titles and track names stay in the file; what is no UTF-8 is read as Latin-1."""
    name = b"a\x1b]0;x\x07\r\n\xe2\x80\xaeb\xff"
    reading = read_midi(smf(f"00 ff03 {len(name):02x} {name.hex()}" + NOTE))
    assert reading.melody.title == "a]0;x  â®bÿ"
    assert reading.track == "track 1 'a]0;x  â®bÿ' (the single melodic track)"


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


def test_real_melodies_are_read_without_a_word(melody_files: list[Path]) -> None:
    """There is nothing to warn of in the sets (the tokenizer's tests count their notes)."""
    assert {read_midi(path).warnings for path in melody_files} == {()}


def test_an_impossible_metre_alone_is_none():
    """Nothing over four quarters: the file is read in 4/4, and that is told."""
    reading = read_midi(smf("00 ff5804 00021808", TWO_BARS))
    assert str(reading.melody.metres[0]) == "4/4"
    assert "1 impossible time signature ignored" in " ".join(reading.warnings)


def test_a_tempo_that_comes_back_has_changed():
    """The same tempo before and after another one."""
    reading = read_midi(smf("00 ff5103 0927c0 18 ff5103 07a120 18 ff5103 0927c0", NOTE))
    assert "the tempo changes; the first, 100 quarters a minute, is kept" in reading.warnings


@pytest.mark.parametrize(
    ("ticks", "place"), [(96 - 1, 0), (96 - 2, 0), (96 - 3, 3), (1, 0), (2, 0), (3, 93), (96 + 1, 0)]
)
def test_a_first_note_beside_its_bar_line_is_on_it(ticks, place):
    """Played a little early or late: not an upbeat of a tick, from which all bars would be counted."""
    for off in (0, 3):  # of 480 a quarter; only what lies beside our grid was played by hand
        track = mido.MidiTrack()
        for onset, pitch in ((20 * ticks + off, 60), (480, 62)):
            track.append(mido.Message("note_on", note=pitch, time=onset))
            track.append(mido.Message("note_off", note=pitch, time=480))
        file, buffer = mido.MidiFile(ticks_per_beat=480, tracks=[track]), io.BytesIO()
        file.save(file=buffer)
        reading = read_midi(buffer.getvalue())
        assert reading.melody.upbeat == (place if off else -ticks % 96)
        assert any("moved onto its bar line" in text for text in reading.warnings) == (
            off > 0 and ticks % 96 in {1, 2, 94, 95}
        )
