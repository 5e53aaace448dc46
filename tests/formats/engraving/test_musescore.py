"""Twelve engravings beside MuseScore's of the same melodies, by what stands in them.

MuseScore (Debian's package; skipped where it is not) writes each of the twelve again twice, all in one run: from our
MusicXML without its beams and accidentals, which it then sets itself, and from MIDI, where it chooses clef, note values
and ties as well. Where it differs by habit, and not by mistake of ours, is said at the test.
"""

import json
import os
import shutil
import subprocess
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from bench.engraved import TWELVE
from melodyrnn.formats.midi.write import midi_bytes
from melodyrnn.formats.notation.write import score_tree

pytestmark = pytest.mark.skipif(shutil.which("musescore3") is None, reason="musescore3 is not installed")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """Name and source → MusicXML as MuseScore writes it."""
    folder = tmp_path_factory.mktemp("musescore")
    jobs = []
    for one in TWELVE:
        score = score_tree(one.melody, one.symbols, folded=True)
        for note in score.iter("note"):
            for mark in (*note.findall("beam"), *note.findall("accidental")):
                note.remove(mark)
        (folder / f"{one.name}.xml.musicxml").write_bytes(ET.tostring(score))
        (folder / f"{one.name}.midi.mid").write_bytes(midi_bytes(whole(one.melody)))
        for source in ("xml.musicxml", "midi.mid"):
            out = folder / f"{one.name}.{source.partition('.')[0]}.out.musicxml"
            jobs.append({"in": str(folder / f"{one.name}.{source}"), "out": str(out)})
    (folder / "jobs.json").write_text(json.dumps(jobs))
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(folder)}
    subprocess.run(
        ["musescore3", "-j", str(folder / "jobs.json")], env=environment, capture_output=True, check=True, timeout=300
    )
    return {
        (one.name, source): ET.parse(folder / f"{one.name}.{source}.out.musicxml").getroot()
        for one in TWELVE
        for source in ("xml", "midi")
    }


def whole(melody):
    """With a last bar that is full, as MIDI files and MuseScore have them."""
    return replace(melody, length=melody.bar_onset(melody.bars))


def pitch(note):
    """Step, alteration and octave; none for a rest."""
    found = note.find("pitch")
    return () if found is None else tuple(found.findtext(name) for name in ("step", "alter", "octave"))


def signs(root):
    """Pitch, note value, dots, ties and triplets of each note and rest, bar by bar; full-bar rests have no value."""
    return [
        [
            (
                pitch(note),
                note.findtext("type"),
                len(note.findall("dot")),
                sorted(tie.get("type") for tie in note.findall("tie")),
                note.findtext("time-modification/actual-notes"),
            )
            for note in measure.findall("note")
        ]
        for measure in root.iter("measure")
    ]


def accidentals(root):
    """What is printed before each note."""
    return [note.findtext("accidental") for note in root.iter("note") if note.find("pitch") is not None]


def beams(root):
    """Which notes each beam binds, by their number; and how many beams each note has."""
    groups, levels = [], []
    for number, note in enumerate(root.iter("note")):
        found = {beam.get("number"): beam.text for beam in note.findall("beam")}
        levels.append(len(found))
        if found.get("1") == "begin":
            groups.append([])
        if "1" in found:
            groups[-1].append(number)
    return groups, levels


def symbols(root):
    """Root, bass and kind of each chord symbol, and where in its bar it stands."""
    told = []
    for bar, measure in enumerate(root.iter("measure")):
        at, divisions = 0, int(root.findtext(".//divisions"))
        for one in measure:
            if one.tag == "note":
                at += int(one.findtext("duration"))
            if one.tag == "harmony":
                place = (at + int(one.findtext("offset") or 0)) / divisions
                names = (one.findtext(name) for name in ("root/root-step", "root/root-alter", "bass/bass-step", "kind"))
                told.append((bar, place, *names))
    return told


def clef(root):
    """The first clef."""
    return root.findtext(".//clef/sign"), root.findtext(".//clef/line")


def bar_lines(root):
    """Repeat signs, and the bars that they stand at."""
    return [
        (bar, sign.get("direction"))
        for bar, measure in enumerate(root.iter("measure"))
        for sign in measure.iterfind("barline/repeat")
    ]


@pytest.mark.parametrize("one", TWELVE, ids=lambda one: one.name)
def test_what_musescore_makes_of_our_score(one, theirs):
    """The same notes, ties, beams, accidentals, clef, chord symbols and repeats."""
    ours, read = score_tree(one.melody, one.symbols), theirs[one.name, "xml"]
    assert signs(read) == signs(ours)
    assert beams(read) == beams(ours)
    assert accidentals(read) == accidentals(ours)
    assert clef(read) == clef(ours)
    assert symbols(read) == symbols(ours)
    assert bar_lines(read) == bar_lines(ours)


@pytest.mark.parametrize("one", TWELVE, ids=lambda one: one.name)
def test_what_musescore_writes_from_midi(one, theirs):
    """The same notes, values, ties, accidentals and clef; repeats it does not look for, and upbeats it fills up."""
    ours = score_tree(whole(one.melody), folded=False)
    read = theirs[one.name, "midi"]
    heard = [[[note for note in bar if note[0]] for bar in signs(root)] for root in (read, ours)]
    assert heard[0] == heard[1]
    assert clef(read) == clef(ours)
    assert accidentals(read) == accidentals(ours)
