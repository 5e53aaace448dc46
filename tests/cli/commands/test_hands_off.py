"""Files of strangers, gone on from and changed: what is not asked for is as it was, as mido reads it."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pytest

from bench.hands_off import broken, tried
from bench.stranger_files import chunks_of, facts_of, stranger_file
from melodyrnn.compose.model import Generated
from melodyrnn.compose.provenance import Provenance, written_file
from melodyrnn.formats.midi.reader import read_midi
from melodyrnn.music.melody import Note

LEAD, BASS = 3, 1


def clip(tmp_path, *, division=480, kind=1, late=(0, 14, -6, 9), velocities=(101, 70, 88, 64), gates=(95, 55, 80, 50)):
    """Four bars of eighths as a hand plays them, on channel 4, beside a bass; `late` in 1/480 of a quarter."""
    events = [(0, mido.MetaMessage("track_name", name="Lead synth"))]
    events += [(0, mido.Message("program_change", channel=LEAD, program=81))]
    for k in range(32):
        step, onset = k % 4, round((k * 240 + late[k % 4]) * division / 480)
        pitch, length = 60 + (0, 2, 4, 5, 7, 9, 7, 5)[k * 3 % 8], round(gates[step] * 2.4 * division / 480)
        events.append((onset, mido.Message("note_on", channel=LEAD, note=pitch, velocity=velocities[step])))
        events.append((onset + length, mido.Message("note_off", channel=LEAD, note=pitch, velocity=11)))
        events.append((onset + 1, mido.Message("pitchwheel", channel=LEAD, pitch=k)))
    bass = [(0, mido.MetaMessage("track_name", name="Bass")), (0, mido.Message("note_on", channel=BASS, note=36))]
    bass.append((1000, mido.Message("note_on", channel=BASS, note=36, velocity=0)))
    tempo = [(0, mido.MetaMessage("set_tempo", tempo=600_000)), (960, mido.MetaMessage("marker", text="Verse"))]
    parts = [tempo, events, bass] if kind else [[*tempo, *events, *bass]]
    file = mido.MidiFile(type=kind, ticks_per_beat=division)
    for part in parts:
        track, now = mido.MidiTrack(), 0
        for tick, message in sorted(part, key=lambda one: one[0]):
            track.append(message.copy(time=tick - now))
            now = tick
        file.tracks.append(track)
    path = tmp_path / f"clip-{division}-{kind}.mid"
    file.save(path)
    return path


def lead(data):
    """The facts of the track that holds the melody."""
    return facts_of([chunk for chunk in chunks_of(data) if chunk.name == b"MTrk"][1].payload)


@pytest.mark.parametrize("number", range(20))
def test_all_that_is_not_asked_for_is_as_it_was(number, tmp_path, model):
    """Formats 0 and 1, odd divisions, running status, controllers, bends, SysEx, lyrics, unknown chunks."""
    known = stranger_file(1000 + number)
    path = tmp_path / "stranger.mid"
    path.write_bytes(known.data)
    problems = dict(tried(path, known, number, reproduce=number % 5 == 0, model=model))
    assert problems == {"prime": "", "infill": "", "vary": ""}


def test_the_check_sees_what_is_not_as_it_was(tmp_path, command, model):
    """A note that is moved, an event that is lost, another track that is changed: each is told."""
    before = clip(tmp_path).read_bytes()
    ended = command("generate", "--prime", clip(tmp_path), "--bars", 1, "-m", model, "--seed", 1, "-o", "-")
    assert broken(before, ended.data, "prime") == ""
    for track, index in ((0, 1), (1, 5), (1, 7), (2, 1)):
        file = mido.MidiFile(file=io.BytesIO(ended.data))
        file.tracks[track][index].time += 1
        changed = io.BytesIO()
        file.save(file=changed)
        assert broken(before, changed.getvalue(), "prime")


@pytest.mark.parametrize("kind", [0, 1])
@pytest.mark.parametrize("division", [480, 220, 96])
def test_a_prime_keeps_its_ticks(tmp_path, command, model, division, kind):
    """Name, program, bends, every onset, end and velocity; new notes come after, on the same channel."""
    path = clip(tmp_path, division=division, kind=kind)
    ended = command("generate", "--prime", path, "--bars", 2, "-m", model, "--seed", 3, "-o", "new.mid")
    assert ended.status == 0, ended.err
    assert "grid" not in ended.err
    before, after = (
        facts_of(b) for b in (chunks_of(p.read_bytes())[-1 - kind].payload for p in (path, Path("new.mid")))
    )
    new = Counter(after.notes) - Counter(before.notes)
    assert not Counter(before.notes) - Counter(after.notes)
    assert new
    assert {note[4] for note in new} == {LEAD}
    assert after.end >= max(note[1] for note in new)
    assert (read_midi(Path("new.mid"), track="2" if not kind else "Lead synth").program) == 81


def test_what_is_new_is_played_as_the_prime_unless_exact(tmp_path, command, model):
    """The clip's velocities and lateness by default, on the grid with --feel exact; prime asked for is the default."""
    path = clip(tmp_path)
    old = Counter(lead(path.read_bytes()).notes)
    found = {}
    for feel in (None, "prime", "exact"):
        asked = () if feel is None else ("--feel", feel)
        data = command("generate", "--prime", path, "--bars", 4, "-m", model, "--seed", 5, "-o", "-", *asked).data
        found[feel] = sorted((Counter(lead(data).notes) - old).elements())
    assert found[None] == found["prime"] != found["exact"]
    assert all(note[0] % 20 == 0 for note in found["exact"])
    assert any(note[0] % 20 for note in found["prime"])
    assert {note[3] for note in found["prime"]} <= {101, 70, 88, 64}


def test_the_feel_of_a_file_is_kept_in_the_recipe(tmp_path, command, model):
    """--feel FILE needs no prime, and reproduce needs no file."""
    path = clip(tmp_path)
    made = command("generate", "--feel", path, "--bars", 2, "-m", model, "--seed", 3, "-o", "new.mid")
    assert made.status == 0, made.err
    path.unlink()
    assert command("reproduce", "new.mid", "-m", model, "-q").data == Path("new.mid").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--feel", "prime"), "feel: prime is the feel of a MIDI file that is given"),
        (("--feel", "loose"), "feel: must be prime, exact or a MIDI file"),
        (("--feel", "gone.mid"), "gone.mid: no such file"),
        (("--feel", "exact", "--format", "abc"), "--feel: is for MIDI; abc holds the notes alone"),
        (("--feel", "96/24;0,0,200,50"), "feel: the numbers of this groove are beyond what can be played"),
    ],
)
def test_a_feel_that_makes_no_sense_is_refused(command, model, arguments, text):
    """One line, and no file."""
    ended = command("generate", "--bars", 1, "-m", model, *arguments)
    assert ended.status in {1, 2}
    assert text in ended.err


def test_two_things_that_say_how_it_is_played_are_refused(tmp_path, command, model):
    """--feel and --humanize."""
    ended = command("generate", "--prime", clip(tmp_path), "--feel", "prime", "--humanize", 0.5, "-m", model, "-o", "-")
    assert ended.status == 2
    assert "leave out one" in ended.err


def test_a_file_too_large_for_a_recipe_is_asked_for(tmp_path, command, model):
    """The recipe keeps its hash alone; reproduce says so, and takes it with --prime, but no other."""
    noise = np.random.default_rng(1).bytes(9000)
    path = clip(tmp_path)
    path.write_bytes(path.read_bytes() + b"XFIH" + len(noise).to_bytes(4) + noise)
    assert command("infill", path, "--bars", 2, "-m", model, "--effort", 2, "-o", "new.mid").status == 0
    alone = command("reproduce", "new.mid", "-m", model)
    assert (alone.status, "give that with --prime" in alone.err) == (1, True)
    assert command("reproduce", "new.mid", "-m", model, "--prime", path, "-q").data == Path("new.mid").read_bytes()
    other = command("reproduce", "new.mid", "-m", model, "--prime", clip(tmp_path))
    assert (other.status, "another file than that of --prime" in other.err) == (1, True)


def test_what_is_asked_for_changes(tmp_path, command, model):
    """--tempo, --metre, --key, --program and --chord-track; the track that was chosen is chosen again."""
    path = clip(tmp_path)
    ended = command(
        "generate", "--prime", path, "--track", "Lead synth", "--tempo", 90, "--metre", "2/4", "--key", "D dorian",
        "--program", 5, "--chords", "Dm", "--chord-track", "--bars", 2, "-m", model, "--seed", 1, "-o", "new.mid",
    )  # fmt: skip
    assert ended.status == 0, ended.err
    found = read_midi(Path("new.mid"))
    assert (found.melody.tempo, str(found.melody.metres[0]), str(found.melody.key)) == (90, "2/4", "D dorian")
    assert (found.program, found.track) == (5, "track 1 'Lead synth' (asked for)")
    assert found.others == ("track 2 'Bass'", "track 3 'Chords'")
    assert command("reproduce", "new.mid", "-m", model, "-q").data == Path("new.mid").read_bytes()
    used = [{m.channel for m in track if not m.is_meta} for track in mido.MidiFile("new.mid").tracks]
    assert used == [set(), {LEAD}, {BASS}, {0}]


def test_a_second_change_takes_the_place_of_the_first_recipe(tmp_path, command, model):
    """One recipe a file; --no-recipe takes the last one out."""
    assert command("infill", clip(tmp_path), "--bars", 2, "--effort", 2, "-m", model, "-o", "a.mid").status == 0
    assert command("generate", "--prime", "a.mid", "--bars", 1, "-m", model, "-o", "b.mid").status == 0
    assert Path("b.mid").read_bytes().count(b"melodyrnn {") == 1
    bare = command("generate", "--prime", "a.mid", "--bars", 1, "-m", model, "--no-recipe", "-o", "-")
    assert b"melodyrnn {" not in bare.data


def test_no_room_before_the_file_is_told(model):
    """A first bar that is only an upbeat: a new note would begin before the file does, so it is written anew."""
    file, track = mido.MidiFile(type=0, ticks_per_beat=480), mido.MidiTrack()
    track.append(mido.MetaMessage("time_signature", numerator=1, denominator=4))
    track += [mido.Message("note_on", note=67, velocity=80), mido.Message("note_off", note=67, time=480)]
    track.append(mido.MetaMessage("time_signature", numerator=4, denominator=4))
    for pitch in (72, 74, 76, 77) * 3:
        track += [mido.Message("note_on", note=pitch, velocity=80), mido.Message("note_off", note=pitch, time=480)]
    file.tracks.append(track)
    content = io.BytesIO()
    file.save(file=content)
    reading = read_midi(content.getvalue())
    recipe = Provenance(verb="infill", digest="0" * 16, given=reading.melody, original=reading.original)
    for onset, told in ((48, 1), (72, 0)):
        notes = (Note(onset, 24, 60), *reading.melody.notes[1:])
        made = Generated(replace(reading.melody, notes=notes), 1, np.zeros((13, 3)), 0, 0.0, (None, *range(1, 13)))
        written = written_file(made, recipe)
        assert len(written.notices) == told
        assert read_midi(written.data).melody.notes == notes


def test_a_tempo_map_keeps_its_shape(tmp_path, command, model):
    """With --tempo of vary a file that slows down does so from the new tempo."""
    file = mido.MidiFile(clip(tmp_path))
    file.tracks[0].append(mido.MetaMessage("set_tempo", tempo=900_000, time=960))
    file.save("map.mid")
    asked = ("--tempo", 200, "--strength", 0, "-m", model, "-o", "new.mid")
    assert command("vary", "map.mid", "--track", "Lead synth", *asked).status == 0
    tempos = [m.tempo for track in mido.MidiFile("new.mid").tracks for m in track if m.type == "set_tempo"]
    assert tempos == [300_000, 450_000]
